"""Conjectures about optima: false ones are refuted with a proof, true ones stand."""

from __future__ import annotations

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree
from mecbopt.testing import Optimum, claims, optimum, rational_problems, refute

needs_core = pytest.mark.skipif(not tree.available(), reason="certificates are written by the compiled core")
BINARY = rational_problems(2, 2)
HAMMING = BINARY.map(lambda problem: problem.replace(distortion=[[0, 1], [1, 0]]))


@needs_core
@pytest.mark.parametrize(
    ("claim", "problems", "certificates"),
    [
        (claims.printed_theorem_2, BINARY, 1),
        (claims.printed_distortion_theorem, HAMMING, 1),
        (claims.value_is_convex_in_the_rate, BINARY, 3),
        (claims.optima_use_at_most_m_mappings, rational_problems(3, 2), 1),
    ],
)
def test_false_claims_are_refuted_and_proved(claim, problems, certificates, tmp_path):
    found = refute(claim, problems, max_examples=100)
    assert found is not None
    assert found.violation >= 1e-5
    assert len(found.certificates) == certificates
    found.solution.check()
    # The certificate is of this very problem, and is checked anew from its file.
    path = tmp_path / "counterexample.json"
    found.certificate.to_json(path)
    interval = mb.check_certificate(path)
    distorted = found.problem.distortion is not None
    value = found.solution.expected_distortion if distorted else found.solution.mutual_information
    assert float(interval.lower) - 1e-12 <= value <= float(interval.upper) + 1e-12
    masses = [*found.problem.exact_p_x, *found.problem.exact_p_y]
    assert max(mass.denominator for mass in masses) <= 6  # shrunk


@pytest.mark.parametrize(
    ("claim", "problems"),
    [(claims.corrected_theorem_2, BINARY), (claims.corrected_distortion_theorem, HAMMING)],
)
def test_a_true_claim_stands(claim, problems):
    assert refute(claim, problems, max_examples=60) is None


@needs_core
def test_the_predecessors_theorem_runs_below_the_difference_of_the_masses():
    """At R >= h(a) it prints D_ind - 2 a (1 - a) = |b - a| (1 - 2a) or less, below |a - b| for a != b."""
    found = refute(claims.printed_distortion_theorem, HAMMING, max_examples=100)
    a, b = found.problem.exact_p_x[1], found.problem.exact_p_y[1]
    interval = found.certificate.interval
    assert interval.lower <= abs(a - b) <= interval.upper
    assert interval.upper - interval.lower < 1e-5 <= found.violation
    assert "<= E d(X,Y) <=" in str(interval)


def test_an_optimum_of_a_distortion_has_its_ends():
    """The ends of an interval take the place of the solution's figures."""
    problem = mb.Problem(["1/2", "1/2"], ["1/4", "3/4"], "1/2", distortion=[[0, 1], [1, 0]])
    solution = optimum(problem)
    ends = Optimum(solution, 0.5, 0.25)
    assert (ends.expected_distortion, ends.distortion_lower_bound) == (0.5, 0.25)
    assert "at least 0.25" in repr(ends)
    assert ends.status is solution.status


def test_the_result_is_a_function_of_the_seed():
    def claim(problem, solution):
        return solution.mutual_information < 0.3

    first, again = (refute(claim, BINARY, max_examples=60, certify=False, seed=5) for _ in range(2))
    assert first.problem.equals(again.problem)
    assert first.violation is None
    assert first.certificates == ()
    assert first.certificate is None
    assert "not proved" in str(first)


@needs_core
def test_a_failure_within_the_width_of_the_interval_is_not_called_a_proof():
    """The claim fails for the value found and holds for the upper end."""

    def claim(problem, solution):
        return isinstance(solution, Optimum) and solution.mutual_information == solution.upper_bound

    found = refute(claim, BINARY, max_examples=20)
    assert found is not None
    assert found.certificates == ()


def test_problems_without_an_optimum_are_passed_over():
    seen = []

    def claim(problem, solution):
        seen.append(solution.status)
        return True

    assert refute(claim, rational_problems(2, 2, label=True), max_examples=60) is None
    assert set(seen) == {mb.Status.OPTIMAL}


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ((3,), "claim"),
        ((claims.printed_theorem_2, BINARY, 0), "max_examples"),
        ((claims.printed_theorem_2, BINARY, 5, True, -1), "seed"),
        ((lambda problem, solution: "yes", BINARY, 5), "what the claim returns"),
    ],
)
def test_wrong_arguments_are_named(arguments, argument):
    with pytest.raises(mb.ProblemError) as caught:
        refute(*arguments)
    assert caught.value.argument == argument


def test_an_error_of_the_claim_is_not_swallowed():
    with pytest.raises(mb.ProblemError, match="binary"):
        refute(claims.printed_theorem_2, rational_problems(3, 3, min_x=3), max_examples=5)


def test_an_optimum_of_an_infeasible_problem_is_refused():
    with pytest.raises(mb.ProblemError, match="infeasible"):
        optimum(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.0, [[1, 0], [0, 1]], 0.1))


def test_claims_name_what_they_are_about():
    problem = mb.Problem([0.5, 0.3, 0.2], [0.3, 0.3, 0.4], 0.4)
    solution = mb.solve(problem)
    for claim in (
        claims.printed_theorem_2,
        claims.printed_distortion_theorem,
        claims.optima_use_at_most_m_mappings,
    ):
        with pytest.raises(mb.ProblemError):
            claim(problem, solution)


@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_of_numpy_is_one(truth):
    """Comparisons with numbers of numpy give numpy.bool_, whose name is another one from numpy 2 on."""
    found = refute(lambda problem, solution: np.bool_(truth), rational_problems(2, 2), max_examples=3)
    assert (found is None) is truth
