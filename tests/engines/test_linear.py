"""The least distortion against one linear program over all mappings, written without the package."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

import mecbopt as mb
from tests.oracle import bits


def _least_distortion(problem):
    """Min E d(X,Y) over mixtures of all m^n mappings; None where no mixture meets the limits."""
    p_x, (n, m) = problem.p_x, problem.shape
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    laws = np.stack([(mappings == y) @ p_x for y in range(m)], axis=1)
    costs = problem.distortion[np.arange(n), mappings] @ p_x
    rows, bounds = [bits(laws).sum(axis=1)], [min(problem.rate, 100.0)]
    if problem.p_s_given_x is not None:
        joint = np.stack([(mappings == y) @ (p_x[:, None] * problem.p_s_given_x) for y in range(m)], axis=1)
        rows.append(bits(joint).sum(axis=(1, 2)) - bits(laws).sum(axis=1))
        bounds.append(problem.max_label_entropy)
    result = linprog(costs, A_ub=rows, b_ub=bounds, A_eq=laws.T, b_eq=problem.p_y)
    return None if result.status == 2 else float(result.fun)


def _problem(seed):
    random = np.random.default_rng([23, seed])
    n, m = random.integers(2, 4, 2)
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    distortion = (
        random.uniform(-1, 3, (n, m)) if seed % 2 else np.abs(np.subtract.outer(np.arange(n), range(m)))
    )
    problem = mb.Problem(p_x, p_y, distortion=distortion)
    problem = problem.replace(rate=random.uniform(0.02, 1.2) * problem.entropy_y)
    if seed % 3 == 0:
        return problem
    channel = random.dirichlet(np.ones(2), n)
    least = float(p_x @ bits(channel).sum(axis=1))
    limit = least + (float(bits(p_x @ channel).sum()) - least) * random.uniform(0.2, 1.0)
    return problem.replace(p_s_given_x=channel, max_label_entropy=limit)


@pytest.mark.parametrize("seed", range(60))
def test_the_least_distortion_is_found_and_proved(seed):
    problem = _problem(seed)
    best = _least_distortion(problem)
    solution = mb.solve(problem)
    if best is None:
        assert solution.status is mb.Status.INFEASIBLE
        assert solution.smallest_label_entropy > problem.max_label_entropy
        return
    solution.check()
    assert (solution.engine, solution.status) == ("linear", mb.Status.OPTIMAL)
    assert solution.objective == pytest.approx(best, abs=1e-9)
    assert solution.objective_bound <= best + 1e-12
    assert math.isnan(solution.upper_bound)
    local = mb.solve(problem, method="local")
    local.check()
    assert local.objective >= best - 1e-9


def test_units_of_the_distortion_do_not_matter():
    """A distortion of nanometres or of light years is solved alike: c d + e has the same optimum."""
    problem = _problem(3)
    best = mb.solve(problem).objective
    for scale, shift in ((1e-6, 0.0), (1e5, 0.0), (1.0, -7.0)):
        changed = problem.replace(distortion=scale * problem.distortion + shift)
        solution = mb.solve(changed)
        assert solution.objective == pytest.approx(scale * best + shift, rel=1e-9)
        assert solution.objective_bound <= scale * best + shift + 1e-12 * max(1.0, scale)


def test_a_constant_distortion_is_that_constant():
    solution = mb.solve(_problem(0).replace(distortion=np.full(_problem(0).shape, 2.5)))
    assert solution.objective == pytest.approx(2.5, abs=1e-12)
    assert solution.status is mb.Status.OPTIMAL


def test_what_the_predecessor_printed():
    """Binary Hamming distortion, q_X = .3, q_Y = .4, q_S1 = .1; it never falls below |q_X - q_Y|."""

    def solved(rate, limit):
        return mb.solve(
            mb.Problem(
                [0.7, 0.3], [0.6, 0.4], rate, [[0.9, 0.1], [0.1, 0.9]], limit, distortion=[[0, 1], [1, 0]]
            )
        )

    assert solved(0.85, 0.95).objective == pytest.approx(0.1, abs=1e-9)  # its first branch prints .054912
    refused = solved(0.5, 0.6)
    assert refused.status is mb.Status.INFEASIBLE
    assert refused.smallest_label_entropy == pytest.approx(0.6662076653, abs=1e-8)
    assert refused.smallest_rate == pytest.approx(0.6280062626, abs=1e-8)
    assert solved(0.5, 0.67).objective == pytest.approx(0.221713, abs=1e-6)


def test_a_time_limit_and_a_large_alphabet_leave_valid_bounds():
    random = np.random.default_rng(2)
    p_x, p_y = random.dirichlet(np.ones(16)), random.dirichlet(np.ones(4))
    problem = mb.Problem(p_x, p_y, 0.5, distortion=random.uniform(size=(16, 4)))
    with pytest.raises(mb.NotSupportedError, match="linear takes 13 letters"):
        mb.solve(problem, method="exact")
    solution = mb.solve(problem, time_limit=1)
    solution.check()
    assert solution.objective_bound <= solution.objective
