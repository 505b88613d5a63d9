"""Local search, greedy start, extreme inputs, feasibility."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.info import binary_entropy
from tests.instances import TREE_ENGINES, dirichlet_marginals
from tests.oracle import bits


@pytest.mark.parametrize("method", ["local", "greedy"])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_heuristics_are_feasible_and_never_called_optimal(method, share):
    p_x, p_y = dirichlet_marginals(4, 4, 1)
    problem = mb.Problem(p_x, p_y)
    solution = mb.solve(problem.replace(rate=share * problem.entropy_y), method=method)
    solution.check()
    assert solution.status is mb.Status.FEASIBLE
    assert solution.stop_reason is mb.StopReason.LOCAL_SEARCH_DONE
    assert solution.mutual_information <= solution.upper_bound
    assert len(solution.mixture) <= 5


@pytest.mark.parametrize("labelled", [False, True])
def test_a_tree_that_is_cut_off_returns_no_less_than_the_local_search(labelled):
    p_x, p_y = dirichlet_marginals(8, 3, 3)
    problem = mb.Problem(p_x, p_y, 0.5 * float(bits(p_y).sum()))
    if labelled:
        channel = np.random.default_rng(3).dirichlet(np.ones(2), size=8)
        problem = problem.replace(p_s_given_x=channel, max_label_entropy=0.98 * bits(p_x @ channel).sum())
    cut_off = mb.solve(problem, node_limit=1)
    assert cut_off.engine == "compiled"
    cut_off.check()
    local = mb.solve(problem, method="local")
    assert cut_off.mutual_information >= local.mutual_information - 1e-12


def test_local_search_finds_the_optimum_of_small_instances():
    for seed in range(5):
        p_x, p_y = dirichlet_marginals(3, 3, seed)
        problem = mb.Problem(p_x, p_y, rate=0.4)
        exact, local = mb.solve(problem), mb.solve(problem, method="local")
        assert local.mutual_information == pytest.approx(exact.mutual_information, abs=1e-6)


def test_local_search_with_a_label_keeps_both_limits():
    p_x, p_y = dirichlet_marginals(5, 4, 2)
    channel = np.random.default_rng(0).dirichlet(np.ones(3), size=5)
    label_entropy = mb.Problem(p_x, p_y, 0.8, channel).label_entropy
    solution = mb.solve(mb.Problem(p_x, p_y, 0.8, channel, 0.9 * label_entropy), method="local")
    solution.check()
    assert solution.has_coupling
    assert len(solution.mixture) <= 6


def test_alphabets_too_large_to_enumerate_are_searched_locally():
    p_x, p_y = dirichlet_marginals(14, 5, 0)
    solution = mb.solve(mb.Problem(p_x, p_y, rate=1.0), method="local", time_limit=3)
    solution.check()
    assert solution.status is mb.Status.FEASIBLE
    assert solution.mutual_information > 0.3


SIZES = [
    ([1], [1]),
    ([1], [0.5, 0.5]),
    ([0.5, 0.5], [1]),
    ([1, 0], [0.5, 0.5]),
    ([1e-300, 0.5, 0.5], [0.5, 0.5]),
    ([0.5, 0.5], [1e-300, 0.5, 0.5]),
    ([1e-12, 0.5, 0.5 - 1e-12], [0.3, 0.7]),
    ([Fraction(1, 3), Fraction(2, 3)], [Fraction(1, 7), Fraction(6, 7)]),
    ([0.35, 0.2, 0.15, 0.12, 0.1, 0.08], [0.45, 0.55]),
    ([0.5, 0.5], [0.2] * 5),
]


@pytest.mark.parametrize(("p_x", "p_y"), SIZES)
@pytest.mark.parametrize("rate", [0.0, 0.3, math.inf])
def test_extreme_inputs_are_solved(p_x, p_y, rate):
    solution = mb.solve(mb.Problem(p_x, p_y, rate=rate))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert 0.0 <= solution.mutual_information <= solution.problem.value_upper_bound + 1e-9


def test_a_start_is_used_where_it_is_feasible_and_ignored_where_not():
    p_x, p_y = dirichlet_marginals(3, 3, 0)
    low, high = mb.Problem(p_x, p_y, rate=0.2), mb.Problem(p_x, p_y, rate=0.6)
    at_high = mb.solve(high)
    started = mb.solve(high, method="greedy", start=at_high.mixture)
    assert started.mutual_information >= at_high.mutual_information - 1e-12
    mb.solve(low, method="greedy", start=at_high.mixture).check()


LABEL = [[0.9, 0.1], [0.1, 0.9]]


def test_an_infeasible_problem_says_what_would_be_feasible():
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, LABEL, 0.6)
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.upper_bound == -math.inf
    # t h(eta) + (1 - t) h(1/2) <= C with t = R (theory, section 3).
    eta = -(0.1 * math.log2(0.1) + 0.9 * math.log2(0.9))
    assert solution.smallest_label_entropy == pytest.approx(0.1 * eta + 0.9, abs=1e-9)
    assert solution.smallest_rate == pytest.approx((1 - 0.6) / (1 - eta), abs=1e-9)
    relaxed = mb.solve(problem.replace(max_label_entropy=solution.smallest_label_entropy))
    assert relaxed.status is mb.Status.OPTIMAL
    raised = mb.solve(problem.replace(rate=solution.smallest_rate))
    assert raised.status is mb.Status.OPTIMAL


def test_a_label_entropy_that_no_rate_attains_has_no_smallest_rate():
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, LABEL, 0.1))
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.smallest_rate is None


def test_a_label_without_a_limit_is_only_measured():
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5, LABEL))
    assert solution.label_entropy_with_seed is not None
    assert solution.mutual_information == pytest.approx(1 - binary_entropy(0.25))


def test_the_low_rate_theorem_is_used_only_below_its_rate():
    p_x, p_y = [0.5, 0.3, 0.2], [0.4, 0.3, 0.3]
    low = mb.solve(mb.Problem(p_x, p_y, rate=0.2))
    assert low.engine == "low_rate"
    assert len(low.mixture) == 4
    by_search = mb.solve(mb.Problem(p_x, p_y, rate=0.2), engine="highs")
    assert by_search.engine == "highs"
    assert by_search.mutual_information == pytest.approx(low.mutual_information, abs=1e-6)
    assert mb.solve(mb.Problem(p_x, p_y, rate=0.5)).engine != "low_rate"


@pytest.mark.parametrize(("letters", "rate"), [(5, math.inf), (8, math.inf), (7, 4.0)])
def test_without_limits_that_bind_the_search_for_plain_couplings_serves(letters, rate):
    p_x, p_y = dirichlet_marginals(letters, letters, 1)
    solution = mb.solve(mb.Problem(p_x, p_y, rate=rate))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.engine == "plain"
    assert len(solution.mixture) <= letters
    expected = solution.problem.entropy_x + solution.problem.entropy_y - mb.mec.exact(p_x, p_y).entropy
    assert solution.mutual_information == pytest.approx(expected, abs=1e-8)


def test_the_plain_coupling_and_the_tree_agree():
    p_x, p_y = dirichlet_marginals(5, 5, 3)
    plain, tree = (mb.solve(mb.Problem(p_x, p_y), engine=engine) for engine in ("auto", TREE_ENGINES[-1]))
    assert plain.mutual_information == pytest.approx(tree.mutual_information, abs=1e-6)


def test_a_plain_coupling_that_is_cut_short_keeps_valid_bounds():
    p_x, p_y = dirichlet_marginals(12, 12, 0)
    solution = mb.solve(mb.Problem(p_x, p_y), time_limit=0.3)
    solution.check()
    assert solution.stop_reason in (mb.StopReason.TIME_LIMIT, mb.StopReason.EXHAUSTED)
    assert solution.upper_bound <= solution.problem.value_upper_bound + 1e-12


@pytest.mark.skipif("compiled" not in TREE_ENGINES, reason="equal masses need the compiled engine's symmetry")
@pytest.mark.parametrize("rate", [0.3, 0.6, math.inf])
def test_ten_equal_letters_are_solved(rate):
    solution = mb.solve(mb.Problem([0.1] * 10, [0.5, 0.5], rate=rate))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@pytest.mark.parametrize("odd", [np.array(["a", "b"]), True, 0, mb.engines.Tree])
@pytest.mark.parametrize("argument", ["method", "engine", "start"])
def test_odd_objects_as_options_are_refused_by_name(argument, odd):
    problem = mb.Problem([0.5, 0.5], [0.6, 0.4])
    with pytest.raises(mb.ProblemError) as caught:
        mb.solve(problem, **{argument: odd})
    assert caught.value.argument == argument
