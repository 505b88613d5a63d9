"""Curves over the rate and many problems at once."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.analysis.curve import _sharpened
from tests.instances import dirichlet_marginals


@pytest.fixture(scope="module")
def problem():
    return mb.Problem(*dirichlet_marginals(3, 3, 3))


def test_a_curve_rises_and_its_bounds_enclose_each_optimum(problem):
    rates = np.linspace(0.0, problem.entropy_y, 9)
    curve = mb.rate_curve(problem, rates)
    assert np.all(np.diff(curve.mutual_information) >= 0)
    assert np.all(np.diff(curve.upper_bound) >= 0)
    for rate, solution in zip(rates, curve.solutions, strict=True):
        solution.check()
        alone = mb.solve(problem.replace(rate=rate))
        assert solution.mutual_information == pytest.approx(alone.mutual_information, abs=1e-6)


def test_a_loose_curve_still_has_monotone_bounds(problem):
    curve = mb.rate_curve(problem, [0.2, 0.4, 0.6, 0.8], engine="highs", node_limit=2)
    assert np.all(np.diff(curve.mutual_information) >= 0)
    assert np.all(np.diff(curve.upper_bound) >= 0)
    for solution in curve.solutions:
        solution.check()


def test_a_coupling_of_more_information_does_not_replace_one_of_less_distortion():
    """Points were sharpened by I(X;Y) whatever the objective: the larger rate got the worse coupling."""
    apart = mb.Mixture([[0, 0], [1, 1]], [0.5, 0.5])
    alike = mb.Mixture([[0, 1], [0, 0], [1, 1]], [0.5, 0.25, 0.25])
    states = (mb.Status.FEASIBLE, mb.StopReason.NODE_LIMIT)
    for distortion, kept in (([[1, 0], [0, 1]], apart), ([[0, 1], [1, 0]], alike)):
        problem = mb.Problem([0.5, 0.5], [0.5, 0.5], distortion=distortion)
        points = [
            mb.Solution(problem.replace(rate=rate), *states, mixture, math.nan, distortion_lower_bound=bound)
            for rate, mixture, bound in ((0.8, alike, 0.1), (0.9, apart, 0.2))
        ]
        first, second = _sharpened(points)
        assert second.mixture is kept
        # What no coupling undercuts at the larger rate, none does at the smaller one.
        assert (first.distortion_lower_bound, second.distortion_lower_bound) == (0.2, 0.2)


def test_a_solution_becomes_a_point_and_sharpens_the_others(problem):
    loose = mb.rate_curve(problem, [0.2, 0.4, 0.6, 0.8], engine="highs", node_limit=0)
    sharp = mb.solve(problem.replace(rate=0.5))
    curve = loose.including(sharp)
    assert curve.rates.tolist() == [0.2, 0.4, 0.5, 0.6, 0.8]
    assert curve.solutions[2].equals(sharp)
    assert curve.mutual_information[3] >= sharp.mutual_information
    assert curve.upper_bound[1] <= sharp.upper_bound
    again = curve.including(mb.solve(problem.replace(rate=0.8)))
    assert again.rates.tolist() == curve.rates.tolist()
    assert again.solutions[-1].status is mb.Status.OPTIMAL
    for solution in again.solutions:
        solution.check()
    for other in (problem, problem.replace(rate=0.5, p_y=[0.5, 0.25, 0.25])):
        with pytest.raises(mb.ProblemError, match="solution"):
            loose.including(mb.solve(other))


def test_the_number_of_workers_changes_nothing(problem):
    rates = np.linspace(0.05, 1.0, 12)
    one, two = (mb.rate_curve(problem, rates, workers=w) for w in (1, 2))
    assert all(a.equals(b) for a, b in zip(one.solutions, two.solutions, strict=True))


def test_rates_below_feasibility_are_nan(tmp_path):
    label = [[0.9, 0.1], [0.1, 0.9]]
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], math.inf, label, 0.7)
    curve = mb.rate_curve(problem, [0.1, 0.9])
    assert math.isnan(curve.mutual_information[0])
    assert math.isnan(curve.upper_bound[0])
    assert curve.feasible.tolist() == [False, True]
    curve.to_csv(tmp_path / "curve.csv")
    lines = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert lines[0]["status"] == "infeasible"
    assert lines[0]["mutual_information"] == ""
    assert float(lines[1]["mutual_information"]) == curve.mutual_information[1]


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ([], ["rates is empty"]),
        ([0.2, 0.1], ["rates[1]", "ascending"]),
        ([0.1, 0.1], ["rates[1]", "ascending"]),
        ([-0.1], ["rates[0]", "-0.1"]),
        ([math.nan], ["rates[0]", "nan"]),
    ],
)
def test_malformed_rates_are_named(problem, rates, words):
    with pytest.raises(mb.ProblemError) as caught:
        mb.rate_curve(problem, rates)
    for word in words:
        assert word in str(caught.value)


def test_many_problems_keep_their_order(problem):
    rates = [0.4, 0.1, 0.7]
    solutions = mb.solve_many([problem.replace(rate=rate) for rate in rates], workers=2)
    assert [solution.problem.rate for solution in solutions] == rates
    with pytest.raises(mb.ProblemError, match=r"problems\[0\]"):
        mb.solve_many([1])
