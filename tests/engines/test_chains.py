"""Two letters of Y: chains of nested sets against an oracle, bounds over boxes, long alphabets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import norm

import mecbopt as mb
from mecbopt.engines.chains.bounds import box_bounds, h
from mecbopt.engines.chains.masses import Masses
from tests import oracle
from tests.instances import TREE_ENGINES


def _least_entropy(masses, b, rate):
    """Least H(Y|X) over weights of three nested sets: every basis by hand."""
    rows = np.array([np.ones(3), masses, h(masses)])
    found = []
    if abs(np.linalg.det(rows)) > 1e-9:
        found.append(np.linalg.solve(rows, [1.0, b, rate]))
    for pair in itertools.combinations(range(3), 2):
        weights = np.zeros(3)
        weights[list(pair)] = np.linalg.solve(rows[:2][:, list(pair)], [1.0, b])
        found.append(weights)
    values = [
        (masses[1] - masses[0]) * h(np.clip(w[1] + w[2], 0, 1))
        + (masses[2] - masses[1]) * h(np.clip(w[2], 0, 1))
        for w in found
        if w.min() > -1e-12 and w @ h(masses) <= rate + 1e-12
    ]
    return min(values, default=np.inf)


def _bound(low, high, b, rate):
    """The least over the box of triples and the three boxes of pairs."""
    lows, highs, pair = [low], [high], [False]
    for i, j in itertools.combinations(range(3), 2):
        lows.append([0.0, low[i], low[j]])
        highs.append([0.0, high[i], high[j]])
        pair.append(True)
    return box_bounds(np.array(lows), np.array(highs), np.array(pair), b, rate).values.min()


def test_a_point_has_its_exact_value_and_a_box_never_more():
    """Bound and value on 300 random boxes around three masses, and equality where the box is a point."""
    random = np.random.default_rng(7)
    for k in range(300):
        masses = np.sort(random.uniform(0, 1, 3))
        if k % 3 == 0:
            masses[0] = 0.0
        if k % 5 == 0:
            masses[2] = 1.0
        b, rate = random.uniform(size=2)
        exact = _least_entropy(masses, b, rate)
        assert _bound(masses, masses, b, rate) == pytest.approx(exact, abs=1e-9)
        low = np.clip(masses - random.uniform(0, 0.2, 3), 0, 1)
        high = np.clip(masses + random.uniform(0, 0.2, 3), 0, 1)
        assert _bound(low, high, b, rate) <= exact + 1e-11


@pytest.mark.parametrize("seed", range(40))
def test_chains_find_the_best_vertex(seed):
    random = np.random.default_rng([11, seed])
    n = int(random.integers(2, 5))
    if seed % 3:
        p_x, b = random.dirichlet(np.ones(n)), random.uniform(0.02, 0.98)
    else:  # equal masses, equal sums, and sets of exactly the mass of a letter of Y
        weights = random.integers(1, 5, n)
        p_x, b = weights / weights.sum(), float(random.integers(1, 10)) / 10
    problem = mb.Problem(p_x, [1 - b, b])
    problem = problem.replace(rate=random.uniform(0.02, 1.2) * problem.entropy_y)
    best = oracle.best_over_all_bases(oracle.polytope(p_x, [1 - b, b], problem.rate))
    solution = mb.solve(problem, engine="chains")
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-12
    for nodes in (0, 1, 5, 20):
        cut = mb.solve(problem, engine="chains", node_limit=nodes)
        cut.check()
        assert cut.upper_bound >= best - 1e-12


def _normal_cells():
    return np.diff(np.concatenate([[0.0], norm.cdf(np.linspace(-3, 3, 15)), [1.0]]))


def test_the_normal_quantiser_of_16_cells():
    solution = mb.solve(mb.Problem(_normal_cells(), [0.5, 0.5], rate=0.6))
    solution.check()
    assert solution.engine == "chains"
    assert solution.status is mb.Status.OPTIMAL
    assert 0.3662995 <= solution.mutual_information <= 0.366417


@pytest.mark.parametrize(
    "p_x",
    [
        np.random.default_rng(3).dirichlet(np.ones(20)),
        np.arange(1, 21) / 210,  # thousands of sets of one mass
        np.ones(20) / 20,
        np.append(2.0 ** -np.arange(1, 20), 2.0**-19),
    ],
    ids=["random", "integers", "equal", "dyadic"],
)
def test_twenty_letters_are_proved(p_x):
    problem = mb.Problem(p_x, [0.5, 0.5], rate=0.5)
    solution = mb.solve(problem, time_limit=120)
    solution.check()
    assert (solution.engine, solution.status) == ("chains", mb.Status.OPTIMAL)
    local = mb.solve(problem, method="local", time_limit=1)
    assert local.mutual_information <= solution.mutual_information + 1e-6


def test_256_letters_are_proved_to_a_ten_thousandth():
    p_x = np.random.default_rng(4).dirichlet(np.ones(256))
    solution = mb.solve(mb.Problem(p_x, [0.5, 0.5], rate=0.5), gap=1e-4, time_limit=120)
    solution.check()
    assert (solution.engine, solution.status) == ("chains", mb.Status.OPTIMAL)


@pytest.mark.skipif("compiled" not in TREE_ENGINES, reason="the compiled core is not built")
def test_chains_and_the_tree_agree():
    random = np.random.default_rng(9)
    for _ in range(3):
        p_x = random.dirichlet(np.ones(7))
        b = random.uniform(0.1, 0.9)
        problem = mb.Problem(p_x, [1 - b, b], rate=0.4 * float(oracle.bits([b, 1 - b]).sum()))
        values = [mb.solve(problem, engine=name).mutual_information for name in ("chains", "compiled")]
        assert values[0] == pytest.approx(values[1], abs=1.1e-6)


def test_intervals_hold_every_mass_where_not_all_sets_are_listed():
    random = np.random.default_rng(5)
    masses = Masses(random.dirichlet(np.ones(40)))
    assert not masses.complete
    sums = (random.integers(0, 2, (200, 40)) @ masses.p_x)[:, None]
    low, high, empty = masses.shrink(sums - 1e-6, sums + 1e-6)
    assert not empty.any()
    assert np.all((low <= sums + 1e-13) & (sums - 1e-13 <= high))


def test_what_chains_do_not_take_is_said():
    with pytest.raises(mb.NotSupportedError, match="takes two letters of Y"):
        mb.solve(mb.Problem([0.5, 0.5], [0.3, 0.3, 0.4], rate=0.2), engine="chains")
    labelled = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.6, [[0.9, 0.1], [0.1, 0.9]], 0.9)
    with pytest.raises(mb.NotSupportedError, match="max_label_entropy"):
        mb.solve(labelled, engine="chains")


def test_without_a_label_they_bound_the_problem_with_one():
    """At no node at all the bound is what the chains prove at the rate alone, and no value exceeds it."""
    random = np.random.default_rng(21)
    p_x, p_y = random.dirichlet(np.ones(10)), random.dirichlet(np.ones(2))
    free = mb.Problem(p_x, p_y, 0.5 * float(oracle.bits(p_y).sum()), random.dirichlet(np.ones(2), size=10))
    alone = mb.solve(free, gap=1e-3)
    assert alone.engine == "chains"
    limit = 0.5 * (alone.label_entropy_with_seed + free.label_entropy)
    for sees in (True, False):
        labelled = free.replace(max_label_entropy=limit, label_sees_seed=sees)
        solution = mb.solve(labelled, node_limit=0, gap=1e-3)
        assert solution.engine == "compiled"
        assert solution.mutual_information <= solution.upper_bound <= alone.upper_bound + 1e-3
        assert solution.upper_bound < free.rate - 0.05
