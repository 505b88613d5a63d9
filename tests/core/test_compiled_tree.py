"""The tree of the compiled search: bounds of boxes, slices, determinism, memory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.errors import ProblemError
from tests.instances import dirichlet_marginals, random_instance
from tests.oracle import best_over_all_bases, bits, polytope


def random_mixture(random, p_x, p_y, rate):
    """A feasible coupling: constants that yield p_Y, mixed with mappings as far as the rate allows."""
    n, m = len(p_x), len(p_y)
    # A quantile coupling after random orders of the letters spends what its pieces spend.
    order_x, order_y = random.permutation(n), random.permutation(m)
    edges = np.concatenate([[0.0], np.cumsum(p_y[order_y])])
    total, spent = np.zeros((n, m)), 0.0
    shifts = random.random(3)
    for shift in shifts:
        # f_u: the cyclic quantile map at seed u averages to the marginal p_Y over u; sample it on a grid.
        for u in (np.arange(40) + shift) / 40:
            starts = np.concatenate([[0.0], np.cumsum(p_x[order_x])[:-1]])
            points = (starts + p_x[order_x] / 2 + u) % 1.0
            letters = order_y[np.clip(np.searchsorted(edges, points, side="right") - 1, 0, m - 1)]
            cell = np.zeros((n, m))
            cell[order_x, letters] = p_x[order_x]
            total += cell / (40 * len(shifts))
            spent += float(bits(cell.sum(axis=0)).sum()) / (40 * len(shifts))
    share = random.random() * min(1.0, rate / max(spent, 1e-9))
    # The grid misses p_Y by its coarseness: the constants make up for it.
    rest = p_y - share * total.sum(axis=0)
    if (rest < 0).any():
        return None
    return share * total + np.outer(p_x, rest)


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (3, 4), (4, 4), (5, 5)])
def test_no_bound_of_a_box_exceeds_a_coupling_in_it(shape):
    """LB(box) <= sum phi(P) for every feasible P in the box, with every choice of Jensen rows."""
    random = np.random.default_rng(shape[0] * 10 + shape[1])
    checked = 0
    for seed in range(8):
        p_x, p_y = dirichlet_marginals(*shape, seed)
        rate = float(random.uniform(0.05, 1.0) * bits(p_y).sum())
        search = CompiledSearch(p_x, p_y, rate, settings=Settings(symmetry=False))
        for _ in range(10):
            coupling = random_mixture(random, p_x, p_y, rate)
            if coupling is None:
                continue
            width = random.choice([1e-6, 1e-3, 0.05, 0.3]) * random.random((2, *shape))
            lower = np.clip(coupling - width[0], 0.0, None)
            upper = np.minimum(coupling + width[1], np.minimum.outer(p_x, p_y))
            upper = np.maximum(upper, coupling)
            for rounds in (1, 3):
                bound = search.relaxation_bound(lower, upper, rounds=rounds)
                assert bound <= bits(coupling).sum() + 1e-11
            checked += 1
    assert checked > 40


def test_the_bound_of_a_point_is_its_value():
    """On a box of width 1e-7 the relaxation is exact up to the box."""
    random = np.random.default_rng(3)
    p_x, p_y = dirichlet_marginals(4, 4, 3)
    rate = 0.5 * float(bits(p_y).sum())
    search = CompiledSearch(p_x, p_y, rate)
    couplings = [random_mixture(random, p_x, p_y, rate) for _ in range(20)]
    couplings = [coupling for coupling in couplings if coupling is not None and coupling.min() > 1e-4]
    assert couplings
    for coupling in couplings:
        bound = search.relaxation_bound(coupling - 1e-7, coupling + 1e-7)
        assert bits(coupling).sum() - 1e-4 <= bound <= bits(coupling).sum() + 1e-11


def test_an_empty_box_has_an_infinite_bound():
    """No feasible coupling inside: proved by Farkas multipliers over all mappings."""
    p_x, p_y = dirichlet_marginals(3, 3, 0)
    search = CompiledSearch(p_x, p_y, 0.2)
    upper = np.minimum.outer(p_x, p_y)
    upper[0] *= 0.1
    assert search.relaxation_bound(np.zeros((3, 3)), upper) == math.inf
    with pytest.raises(ProblemError, match="shape"):
        search.relaxation_bound(np.zeros((2, 3)), upper)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_valid_and_monotone_at_every_step(seed):
    """After each of the first steps: bound <= optimum <= incumbent, the bound never falls."""
    case = random_instance(3, 3, 20 + seed)
    best = best_over_all_bases(polytope(case.p_x, case.p_y, case.rate))
    optimum = float(bits(case.p_x).sum() + bits(case.p_y).sum()) - best
    search = CompiledSearch(case.p_x, case.p_y, case.rate, settings=Settings(random_starts=2))
    previous_bound, previous_incumbent = -math.inf, math.inf
    for _ in range(50):
        search.run(nodes=1)
        assert search.entropy_lower_bound >= previous_bound
        assert search.incumbent_entropy <= previous_incumbent
        assert search.entropy_lower_bound <= optimum + 1e-10
        assert search.incumbent_entropy >= optimum - 1e-10
        previous_bound, previous_incumbent = search.entropy_lower_bound, search.incumbent_entropy
    search.run(seconds=20)
    assert search.incumbent_entropy - search.entropy_lower_bound <= 1e-6


def trace(p_x, p_y, rate, slices, seed=0):
    search = CompiledSearch(p_x, p_y, rate, seed=seed)
    for steps in slices:
        search.run(nodes=steps)
    return search


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_tree_does_not_depend_on_the_slices(share):
    """Same input and seed: same bounds, incumbent, nodes, linear programs and pivots after 300 steps."""
    p_x, p_y = dirichlet_marginals(5, 5, 1)
    rate = share * float(bits(p_y).sum())
    runs = [trace(p_x, p_y, rate, slices) for slices in ([300], [1] * 300, [7] * 42 + [6])]
    states = [
        (run.entropy_lower_bound, run.incumbent_entropy, run.nodes, run.lps, run.pivots, run.columns)
        for run in runs
    ]
    assert states[0] == states[1] == states[2]
    np.testing.assert_array_equal(runs[0].incumbent_mappings, runs[1].incumbent_mappings)
    np.testing.assert_array_equal(runs[0].incumbent_weights, runs[2].incumbent_weights)


def test_seeds_change_the_starts_and_not_the_value():
    """The seed belongs to the random starts alone."""
    p_x, p_y = dirichlet_marginals(4, 4, 4)
    rate = 0.4 * float(bits(p_y).sum())
    values = []
    for seed in (0, 1, 2**63, -1):
        search = CompiledSearch(p_x, p_y, rate, seed=seed)
        search.run(seconds=20)
        values.append(search.incumbent_entropy)
    assert max(values) - min(values) <= 1e-6


def test_a_relabelling_of_the_letters_keeps_the_value():
    """V is invariant under permutations of X and of Y."""
    p_x, p_y = dirichlet_marginals(4, 3, 6)
    rate = 0.3 * float(bits(p_y).sum())
    values = []
    for order_x, order_y in (([0, 1, 2, 3], [0, 1, 2]), ([3, 0, 2, 1], [2, 0, 1])):
        search = CompiledSearch(p_x[order_x], p_y[order_y], rate)
        search.run(seconds=20)
        values.append(search.incumbent_entropy)
    assert values[0] == pytest.approx(values[1], abs=1e-6)


@pytest.mark.parametrize("size", [7, 8])
def test_large_alphabets_start_improve_and_bound(size):
    """823,543 and 16.8 million mappings, none of them enumerated."""
    p_x, p_y = dirichlet_marginals(size, size, 0)
    search = CompiledSearch(p_x, p_y, 0.5 * float(bits(p_y).sum()), settings=Settings(random_starts=8))
    search.run(nodes=1)
    first_incumbent = search.incumbent_entropy
    search.run(nodes=8)
    root_bound = search.entropy_lower_bound
    search.run(nodes=60)
    # The relaxation of the whole box alone, without a floor, is as good as I <= R (pricing rounds).
    assert root_bound >= float(bits(p_x).sum() + 0.5 * bits(p_y).sum()) - 1e-8
    assert root_bound <= search.entropy_lower_bound < search.incumbent_entropy < first_incumbent
    assert search.incumbent_entropy - search.entropy_lower_bound < 0.1
    assert search.columns < 20_000


def test_open_nodes_take_less_than_a_kilobyte():
    """Memory: 6x6 stays below 2 GiB for over two million open nodes."""
    p_x, p_y = dirichlet_marginals(6, 6, 1)
    search = CompiledSearch(p_x, p_y, 0.1 * float(bits(p_y).sum()))
    search.run(nodes=1500)
    assert search.open_nodes > 100
    assert search.peak_node_bytes / search.open_nodes < 1024


def test_a_zero_gap_is_served():
    """Without a gap the search goes on to rounding, and the bounds stay in order."""
    p_x, p_y = dirichlet_marginals(2, 3, 0)
    search = CompiledSearch(p_x, p_y, 0.4)
    search.run(nodes=400, gap=0.0)
    assert search.entropy_lower_bound <= search.incumbent_entropy
    assert search.incumbent_entropy - search.entropy_lower_bound < 1e-7


def test_full_memory_turns_to_depth_first_and_changes_no_value():
    """Beyond the memory of open nodes their number stays nearly constant; the optimum is still proved."""
    p_x, p_y = dirichlet_marginals(4, 4, 2)
    rate = 0.1 * float(bits(p_y).sum())
    values, peaks = [], []
    for node_bytes in (3 << 29, 4_000):
        search = CompiledSearch(p_x, p_y, rate, settings=Settings(node_bytes=node_bytes))
        previous = -math.inf
        while not search.finished and search.incumbent_entropy - search.entropy_lower_bound > 1e-6:
            search.run(nodes=50)
            assert search.entropy_lower_bound >= previous
            previous = search.entropy_lower_bound
        values.append(search.incumbent_entropy)
        peaks.append(search.peak_node_bytes)
    assert values[0] == pytest.approx(values[1], abs=1e-6)
    assert peaks[1] < 12_000 < peaks[0]


@pytest.mark.parametrize("gap", [1e-6, 1e-8, 1e-10, 3e-12])
@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_boxes_with_narrow_sides_hold(gap, seed):
    """Chords of Jensen rows over short gaps magnify the rounding of phi; a coupling is in each box."""
    random = np.random.default_rng(seed)
    n, m = random.integers(2, 5, 2)
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    search = CompiledSearch(p_x, p_y, 0.5 * float(bits(p_y).sum()), seed=seed)
    search.run(seconds=1)
    coupling = np.zeros((n, m))
    for mapping, weight in zip(search.incumbent_mappings, search.incumbent_weights, strict=True):
        coupling[np.arange(n), mapping] += weight * p_x
    for _ in range(8):
        below, above = (
            np.where(random.random((n, m)) < 0.5, 1.0, gap) * random.random((n, m)) for _ in range(2)
        )
        lower, upper = (
            np.maximum(coupling - below, 0.0),
            np.minimum(coupling + above, np.minimum.outer(p_x, p_y)),
        )
        bound = search.relaxation_bound(lower, np.maximum(upper, coupling), rounds=int(random.integers(1, 6)))
        assert bound <= search.incumbent_entropy + 1e-13
