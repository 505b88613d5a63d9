"""The rows of the solver's relaxation against the same linear program written out from the theory."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from mecbopt.engines.branch_and_bound.boxes import Box
from mecbopt.engines.branch_and_bound.relaxation import NodeRelaxation
from mecbopt.formulation import Formulation


def phi(p):
    return 0.0 if p <= 0 else -p * math.log2(p)


def extended(point, lower, upper):
    """The function phi on the box, its end tangents outside."""
    if lower <= point <= upper:
        return phi(point)
    at = lower if point < lower else upper
    return phi(at) - (math.log2(at) + 1 / math.log(2)) * (point - at)


def reference(p_x, p_y, rate, channel, limit, lower, upper, jensen):
    """Least sum of t, or infinity; one variable for each weight and each t(x, y)."""
    n, m = len(p_x), len(p_y)
    mappings = list(itertools.product(range(m), repeat=n))
    count = len(mappings)
    above, at_most, equal, exact = [], [], [], []
    laws = np.array([[sum(p_x[x] for x in range(n) if f[x] == y) for y in range(m)] for f in mappings])
    for y in range(m):
        equal.append([*laws[:, y], *np.zeros(n * m)])
        exact.append(p_y[y])
    above.append([*(sum(phi(q) for q in law) for law in laws), *np.zeros(n * m)])
    at_most.append(rate)
    if channel is not None:
        entropies = []
        for f in mappings:
            joint = np.zeros((len(channel[0]), m))
            for x in range(n):
                joint[:, f[x]] += p_x[x] * np.array(channel[x])
            entropies.append(sum(map(phi, joint.ravel())) - sum(map(phi, joint.sum(axis=0))))
        above.append([*entropies, *np.zeros(n * m)])
        at_most.append(limit)
    for x, y in itertools.product(range(n), range(m)):
        cell = np.array([p_x[x] * (f[x] == y) for f in mappings])
        low, high = lower[x, y], upper[x, y]
        t = np.zeros(n * m)
        t[x * m + y] = 1.0
        above += [[*cell, *(0 * t)], [*-cell, *(0 * t)]]
        at_most += [high, -low]
        slope = (phi(high) - phi(low)) / (high - low)
        above.append([*(slope * cell), *-t])
        at_most.append(slope * low - phi(low))
        if jensen:
            row = [
                laws[k, y] / p_y[y] * extended(p_y[y] * cell[k] / laws[k, y], low, high)
                if laws[k, y] > 0
                else 0.0
                for k in range(count)
            ]
            above.append([*row, *-t])
            at_most.append(0.0)
    costs = [*np.zeros(count), *np.ones(n * m)]
    result = linprog(
        costs, A_ub=above, b_ub=at_most, A_eq=equal, b_eq=exact, bounds=(0, None), method="highs-ds"
    )
    return result.fun if result.status == 0 else math.inf


@pytest.mark.parametrize("jensen", [True, False], ids=["with Jensen rows", "secants only"])
@pytest.mark.parametrize("label", [True, False], ids=["label", "no label"])
@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_a_box_is_that_of_the_written_out_program(seed, label, jensen):
    random = np.random.default_rng([seed, label])
    n, m = (2, 2) if seed < 2 else (3, 2) if seed < 4 else (2, 3)
    p_x, p_y = random.dirichlet(2 * np.ones(n)), random.dirichlet(2 * np.ones(m))
    rate = random.uniform(0.2, 1.0) * sum(map(phi, p_y))
    channel = random.dirichlet(np.ones(3), size=n) if label else None
    limit = math.inf
    if label:
        joint = p_x[:, None] * channel
        told, whole = sum(map(phi, joint.ravel())) - sum(map(phi, p_x)), sum(map(phi, joint.sum(axis=0)))
        limit = whole - 0.5 * min(rate, whole - told) * random.random()
    relaxation = NodeRelaxation(Formulation.of(p_x, p_y, rate, channel, limit), jensen)
    whole_box = np.zeros((n, m)), np.minimum(p_x[:, None], p_y)
    middle = np.outer(p_x, p_y)
    finite = 0
    for shrink in (0.0, 0.3, 0.7, 0.95):
        lower = whole_box[0] + shrink * (middle - whole_box[0])
        upper = whole_box[1] - shrink * (whole_box[1] - middle) * random.random((n, m))
        expected = reference(p_x, p_y, rate, channel, limit, lower, upper, jensen)
        bound = relaxation.bound(Box(lower, upper))
        assert bound.lower_bound == pytest.approx(expected, abs=1e-7)
        if math.isfinite(expected):
            finite += 1
            assert bound.coupling.sum() == pytest.approx(1, abs=1e-7)
            assert bound.underestimate.sum() == pytest.approx(expected, abs=1e-6)
    assert finite >= 2


def test_jensen_rows_are_there_unless_switched_off():
    p_x, p_y = np.array([0.4, 0.6]), np.array([0.3, 0.7])
    instance = Formulation.of(p_x, p_y, 0.2, None, math.inf)
    box = Box(np.zeros((2, 2)), np.minimum(p_x[:, None], p_y))
    plain, secants = NodeRelaxation(instance), NodeRelaxation(instance, jensen_rows=False)
    assert plain.bound(box).lower_bound > secants.bound(box).lower_bound + 0.01
    assert plain.solves == 1


@pytest.mark.parametrize(
    ("rate", "limit", "rows"), [(9.0, None, 0), (0.2, None, 1), (9.0, 0.9, 1), (0.2, 0.9, 2)]
)
def test_a_vertex_has_as_many_mappings_as_the_support_lemma_says(rate, limit, rows):
    """There are m marginal rows, one more for a rate that can bind, one more for a label."""
    channel = None if limit is None else np.array([[0.9, 0.1], [0.2, 0.8]])
    bound = math.inf if limit is None else limit
    rate = math.inf if rate > 1 else rate
    instance = Formulation.of(np.array([0.4, 0.6]), np.array([0.2, 0.3, 0.5]), rate, channel, bound)
    assert instance.vertex_size == 3 + rows
