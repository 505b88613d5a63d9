"""INFEASIBLE is said with a proof over all mappings, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

import mecbopt as mb

THIRTEEN = mb.Problem(
    [20, 20, 17, 14, 9, 15, 9, 9, 29, 22, 13, 10, 26],
    [0.3, 0.7],
    0.44064544961534635,
    [[1 - s, s] for s in (0.1, 0.1, 0.7, 0.1, 0.8, 1, 0.1, 0.6, 0, 0.4, 0.4, 0.6, 0.2)],
    0.83,
    normalize=True,
)
#: The linear program over all 8,192 mappings.
SMALLEST = 0.782781742214914


@pytest.mark.parametrize("seed", range(3))
def test_thirteen_letters_are_feasible_whatever_the_seed(seed):
    solution = mb.solve(THIRTEEN, method="greedy", seed=seed)
    solution.check()
    assert solution.has_coupling


def test_thirteen_letters_on_either_side_of_the_smallest_label_entropy():
    below = mb.solve(THIRTEEN.replace(max_label_entropy=SMALLEST - 1e-6), method="greedy")
    assert below.status is mb.Status.INFEASIBLE
    assert below.smallest_label_entropy == pytest.approx(SMALLEST, abs=1e-9)
    assert below.smallest_label_entropy_bound == pytest.approx(SMALLEST, abs=1e-9)
    assert mb.solve(THIRTEEN.replace(max_label_entropy=SMALLEST + 1e-9), method="greedy").has_coupling


@pytest.mark.parametrize("letters", [(12, 3), (13, 2), (16, 2), (18, 2)])
def test_the_bound_on_the_smallest_label_entropy_is_attained(letters):
    """Exact pricing: what is found and what is proved are the same number."""
    random = np.random.default_rng(letters)
    n, m = letters
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    problem = mb.Problem(p_x, p_y, 0.3, random.dirichlet(np.ones(2), n), 0.0)
    solution = mb.solve(problem, method="greedy")
    assert solution.status is mb.Status.INFEASIBLE
    found, proved = solution.smallest_label_entropy, solution.smallest_label_entropy_bound
    assert found == pytest.approx(proved, abs=1e-8)


def _large(limit):
    random = np.random.default_rng(0)
    p_x, p_y = random.dirichlet(np.ones(24)), random.dirichlet(np.ones(4))
    return mb.Problem(p_x, p_y, 0.8, random.dirichlet(np.ones(3), 24), limit)


def test_beyond_exact_pricing_the_question_stays_open_with_bounds():
    problem = _large(0.0)
    entropy = mb.solve(problem, method="greedy")
    # C = 0 is below H(S|X), which is a proof by data processing.
    assert entropy.status is mb.Status.INFEASIBLE
    bound, found = entropy.smallest_label_entropy_bound, entropy.smallest_label_entropy
    assert 0.0 < bound < found
    open_question = mb.solve(problem.replace(max_label_entropy=(bound + found) / 2), method="greedy")
    open_question.check()
    assert open_question.status is mb.Status.UNKNOWN
    assert not open_question.has_coupling
    assert bound - 1e-9 <= open_question.smallest_label_entropy_bound
    assert open_question.smallest_label_entropy_bound <= (bound + found) / 2
    assert open_question.smallest_label_entropy > (bound + found) / 2
    assert mb.solve(problem.replace(max_label_entropy=found), method="greedy").has_coupling


def test_a_label_that_is_independent_of_x_is_met_by_all_or_by_none():
    problem = mb.Problem([0.5, 0.5], [0.3, 0.7], 0.5, [[0.4, 0.6], [0.4, 0.6]], 0.5)
    solution = mb.solve(problem)
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.smallest_rate is None
    assert solution.smallest_label_entropy == pytest.approx(problem.label_entropy, abs=1e-12)
    assert mb.solve(problem.replace(max_label_entropy=solution.smallest_label_entropy)).has_coupling
