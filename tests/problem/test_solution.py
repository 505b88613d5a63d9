"""Solutions recompute every figure, and `check` refuses every false claim."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.problem import Mixture, Solution, Status, StopReason


@pytest.fixture
def solution():
    channel = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
    return mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5, channel, 0.9))


def test_figures_follow_from_the_mixture(solution):
    coupling = solution.coupling
    joint = coupling[coupling > 0]
    entropies = -(coupling.sum(0) @ np.log2(coupling.sum(0))) - (coupling.sum(1) @ np.log2(coupling.sum(1)))
    assert solution.mutual_information == pytest.approx(entropies + joint @ np.log2(joint), abs=1e-12)
    assert solution.log_loss == pytest.approx(solution.problem.entropy_x - solution.mutual_information)
    assert solution.posterior.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert solution.rate <= 0.5 + 1e-9
    assert solution.label_entropy_with_seed <= 0.9 + 1e-9
    assert solution.label_entropy_with_seed <= solution.label_entropy_without_seed + 1e-12
    assert solution.objective == solution.mutual_information
    assert solution.objective_bound == solution.upper_bound
    assert solution.gap == solution.upper_bound - solution.mutual_information


def test_the_posterior_of_a_letter_without_mass_is_nan():
    solution = mb.solve(mb.Problem([0.5, 0.5], [1, 0]))
    assert np.isnan(solution.posterior[1]).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda s: {"mixture": Mixture(s.mixture.mappings[:1], [1.0])}, "marginal p_y"),
        (lambda s: {"problem": s.problem.replace(rate=0.1)}, "the rate"),
        (lambda s: {"problem": s.problem.replace(max_label_entropy=0.7)}, "max_label_entropy"),
        (lambda s: {"upper_bound": s.mutual_information - 1e-3}, "upper bound"),
        (lambda s: {"upper_bound": s.mutual_information + 1e-3}, "gap"),
        (lambda s: {"status": Status.INVALID}, "invalid"),
        (lambda s: {"status": Status.INFEASIBLE}, "there is a mixture"),
        (lambda s: {"mixture": None}, "no mixture"),
        (lambda s: {"mixture": Mixture([[0, 1]], [1.0])}, "n, m = (3, 2)"),
        (lambda s: {"mixture": Mixture([[0, 1, 2]], [1.0])}, "largest letter 2"),
    ],
)
def test_check_refuses_a_false_claim(solution, change, word):
    solution.check()
    with pytest.raises(mb.SolutionError) as caught:
        dataclasses.replace(solution, **change(solution)).check()
    assert word in str(caught.value)


def test_without_a_coupling_the_figures_are_nan_or_none():
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, [[0.9, 0.1], [0.1, 0.9]], 0.5)
    solution = Solution(problem, Status.INFEASIBLE, StopReason.EXHAUSTED, None, -math.inf)
    assert math.isnan(solution.mutual_information)
    assert solution.coupling is None
    assert solution.posterior is None
    assert solution.label_entropy_with_seed is None
    solution.check()


@pytest.mark.parametrize(
    ("mappings", "weights"),
    [
        ([[0, 1]], [0.5]),
        ([[0, 1], [1, 0]], [1.0, 0.0]),
        ([[0, -1]], [1.0]),
        ([0, 1], [1.0]),
        ([[0]], [math.nan]),
        ([[0, 1], [1, 0]], [math.inf, -math.inf]),
    ],
)
def test_a_mixture_that_is_none_is_refused(mappings, weights):
    with pytest.raises(mb.SolutionError):
        Mixture(mappings, weights)


@pytest.mark.parametrize("enum", [Status, StopReason])
def test_every_state_says_what_it_means(enum):
    for member in enum:
        assert member.meaning.endswith(".")
        assert member.remedy.endswith(".")
        assert member.__doc__ == f"{member.meaning} {member.remedy}"
        assert enum(member.value) is member


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda mixture: mixture.rate([0.5]), "p_x"),
        (lambda mixture: mixture.rate("half"), "p_x"),
        (lambda mixture: mixture.coupling([[0.5, 0.5]]), "p_x"),
        (lambda mixture: mixture.coupling([0.5, 0.5], letters_y=1), "letters_y"),
        (lambda mixture: mixture.output_laws([0.5, 0.5], letters_y=1), "letters_y"),
        (lambda mixture: mixture.label_entropy_with_seed([0.5, 0.5], [1, 0]), "p_s_given_x"),
        (lambda mixture: mixture.label_entropy_without_seed([0.5, 0.5], [[1.0]]), "p_s_given_x"),
    ],
)
def test_a_mixture_refuses_what_does_not_fit_it(ask, name):
    with pytest.raises(mb.ProblemError) as caught:
        ask(Mixture([[0, 1], [1, 0]], [0.5, 0.5]))
    assert caught.value.argument == name


def test_values_and_arrays_of_a_solution_are_frozen_also_after_pickling(solution):
    for copy in (solution, pickle.loads(pickle.dumps(solution))):
        for array in (copy.mixture.weights, copy.mixture.mappings, copy.coupling, copy.problem.p_s_given_x):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    assert copy.equals(solution)
    assert copy != solution
    assert repr(solution).startswith("Solution(optimal, I(X;Y) = ")
    assert "\n" not in repr(solution)


def test_a_smallest_label_entropy_that_is_not_proved_is_shown_with_its_bound():
    """Beyond 13 letters what is found may depend on the seed: one number alone would be a claim."""
    random = np.random.default_rng(0)
    channel = random.dirichlet(np.ones(3), size=16)
    problem = mb.Problem(random.dirichlet(np.ones(16)), [0.5, 0.3, 0.2], 0.8, channel, 0.0)
    found = mb.solve(problem, method="greedy")
    assert found.status is Status.INFEASIBLE
    assert found.smallest_label_entropy_bound < found.smallest_label_entropy - 1e-3
    words = f"{found.smallest_label_entropy_bound:.6f} to {found.smallest_label_entropy:.6f}"
    assert f"smallest label entropy {words}" in repr(found)
    assert words in found._repr_html_()
    proved = mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5, channel[:3], 0.0))
    assert f"smallest label entropy {proved.smallest_label_entropy:.6f})" in repr(proved)
