"""A free law of Y: equal to all bases, bounds that hold at every stop, clear refusals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.testing import pmfs
from tests.engines.tolerance_oracle import greatest_information, label_values, mappings_of
from tests.oracle import bits


def best_of_all_bases(p_x, m, rate):
    """The greatest I(X;Y) over the simplex of all mappings and the rate: every basis of the two rows."""
    p_x = np.asarray(p_x, dtype=float)
    cells = []
    for mapping in itertools.product(range(m), repeat=len(p_x)):
        cell = np.zeros((len(p_x), m))
        cell[np.arange(len(p_x)), mapping] = p_x
        cells.append(cell)
    rates = [bits(cell.sum(axis=0)).sum() for cell in cells]

    def information(joint):
        return bits(joint.sum(axis=0)).sum() + bits(p_x).sum() - bits(joint).sum()

    best = max(information(cell) for cell, spent in zip(cells, rates, strict=True) if spent <= rate + 1e-12)
    for (low, a), (high, b) in itertools.combinations(zip(cells, rates, strict=True), 2):
        if (a - rate) * (b - rate) < 0:
            share = (rate - a) / (b - a)
            best = max(best, information((1 - share) * low + share * high))
    return best


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3), (3, 3), (4, 2)])
def test_it_equals_all_bases(shape, seed):
    random = np.random.default_rng([*shape, seed])
    p_x = random.dirichlet(np.ones(shape[0]))
    rate = random.uniform(0.05, 1.0) * math.log2(shape[1])
    solution = mb.solve(mb.Problem(p_x, y_size=shape[1], rate=rate))
    solution.check(1e-9)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.engine == "free_law"
    assert len(solution.mixture) <= 2
    best = best_of_all_bases(p_x, shape[1], rate)
    assert solution.mutual_information == pytest.approx(best, abs=1e-9)
    assert best - 1e-12 <= solution.upper_bound <= best + 1e-6


@given(pmfs(2, 4), st.integers(2, 3), st.fractions(0, 2, max_denominator=16))
def test_no_law_that_is_given_does_better(p_x, m, rate):
    """V of the free law is at least V of the law that it finds, and at least V of an even one."""
    free = mb.solve(mb.Problem(p_x, y_size=m, rate=rate))
    found = free.coupling.sum(axis=0)
    even = mb.solve(mb.Problem(p_x, [1.0 / m] * m, rate=rate))
    assert free.upper_bound >= even.mutual_information - 1e-9
    fixed = mb.solve(mb.Problem(p_x, found / found.sum(), rate=rate))
    assert fixed.mutual_information <= free.upper_bound + 1e-9
    assert fixed.upper_bound >= free.mutual_information - 1e-9


@pytest.mark.parametrize(("letters", "m", "rate"), [(3, 3, 0.5), (300, 3, 0.99), (300, 8, 2.0)])
def test_a_letter_left_free_makes_the_whole_rate_count(letters, m, rate):
    """V(R) = R where m - 1 letters can spend R, at any size."""
    p_x = np.random.default_rng(letters).dirichlet(np.full(letters, 5.0))
    solution = mb.solve(mb.Problem(p_x, y_size=m, rate=rate))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(rate, abs=1e-12)


def test_without_a_limit_the_best_quantiser_is_the_evenest_partition():
    solution = mb.solve(mb.Problem([0.5, 0.25, 0.125, 0.125], y_size=2))
    assert solution.mutual_information == pytest.approx(1.0)
    assert len(solution.mixture) == 1
    assert mb.solve(mb.Problem([0.5, 0.25, 0.25], y_size=5)).mutual_information == pytest.approx(1.5)


def test_bounds_hold_at_every_stop():
    problem = mb.Problem(np.random.default_rng(5).dirichlet(np.ones(10)), y_size=2, rate=0.4)
    optimum = mb.solve(problem)
    assert optimum.status is mb.Status.OPTIMAL
    for nodes in (0, 1, 1000, 50_000):
        stopped = mb.solve(problem, node_limit=nodes)
        stopped.check()
        assert stopped.mutual_information <= optimum.mutual_information + 1e-9
        assert stopped.upper_bound >= optimum.mutual_information - 1e-12
    assert mb.solve(problem, time_limit=1e-6).stop_reason is mb.StopReason.TIME_LIMIT


@pytest.mark.parametrize("rate", [0, 1e-13, 0.3])
def test_a_single_letter_and_no_rate_carry_nothing(rate):
    assert mb.solve(mb.Problem([0.5, 0.5], y_size=1, rate=rate)).mutual_information == 0.0
    assert mb.solve(mb.Problem([1.0], y_size=3, rate=rate)).mutual_information == 0.0
    assert mb.solve(mb.Problem([0.5, 0.5], y_size=2, rate=rate)).mutual_information <= rate


def test_letters_without_mass_are_carried_along():
    solution = mb.solve(mb.Problem([0.5, 0.0, 0.3, 0.2], y_size=2, rate=0.5))
    solution.check()
    assert solution.mutual_information == pytest.approx(
        mb.solve(mb.Problem([0.5, 0.3, 0.2], y_size=2, rate=0.5)).mutual_information, abs=1e-12
    )


@pytest.mark.parametrize("seed", range(9))
def test_beside_a_label_and_a_linear_row_it_equals_every_basis(seed):
    """The oracle's tolerance of 1 leaves the law free."""
    random = np.random.default_rng(seed)
    n, m = [(2, 2), (3, 2), (2, 3)][seed % 3]
    p_x, even = random.dirichlet(np.ones(n)), np.full(m, 1.0 / m)
    channel = random.dirichlet(np.full(2, 0.5), size=n)
    cells, rates = mappings_of(p_x, m)
    rate = 0.6 * math.log2(m)
    label = label_values(p_x, m, channel)
    most = float(random.uniform(label.min(), label.max()))
    share = float(np.eye(n, m).ravel() @ np.outer(p_x, even).ravel())
    rows = [(rates, rate), (label, most), (-(cells * np.eye(n, m)).sum(axis=(1, 2)), -share)]
    best = greatest_information(p_x, even, 1.0, rows)
    solution = mb.solve(
        mb.Problem(
            p_x,
            y_size=m,
            rate=rate,
            p_s_given_x=channel,
            max_label_entropy=most,
            constraints=[mb.Agreement(at_least=share)],
        )
    )
    solution.check(1e-9)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
    else:
        assert solution.status is mb.Status.OPTIMAL
        assert solution.mutual_information == pytest.approx(best, abs=1e-6)
        assert len(solution.mixture) <= 4


def test_the_least_distortion_of_a_free_law_is_that_of_the_best_letters():
    solution = mb.solve(mb.Problem([0.5, 0.3, 0.2], y_size=2, distortion=[[0, 2], [3, 1], [1, 1]]))
    solution.check(1e-9)
    assert solution.objective == pytest.approx(0.5 * 0 + 0.3 * 1 + 0.2 * 1)
    assert solution.status is mb.Status.OPTIMAL


@pytest.mark.parametrize("method", ["local", "greedy"])
def test_methods_without_a_proof_stay_below_the_optimum(method):
    problem = mb.Problem([0.4, 0.3, 0.2, 0.1], y_size=2, rate=0.5)
    optimum, found = mb.solve(problem), mb.solve(problem, method=method)
    found.check(1e-9)
    assert found.mutual_information <= optimum.upper_bound + 1e-9
    assert found.upper_bound >= optimum.mutual_information - 1e-9


def test_too_many_pairs_are_left_to_the_tree_or_the_local_search():
    many = mb.Problem(np.full(20, 0.05), y_size=3, rate=1.5)
    with pytest.raises(mb.NotSupportedError, match=r"pairs of mappings.*12 letters.*method='local'"):
        mb.solve(many, method="exact")
    assert mb.solve(many, time_limit=0.2).engine == "local"
    fewer = mb.Problem(np.arange(1, 11) / 55, y_size=3, rate=1.2)
    assert mb.solve(fewer, node_limit=1).engine == "compiled"
