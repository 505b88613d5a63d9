"""Group fairness: what it says of a coupling, what it asks of its arguments, and the optimum under it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.problem.constraints import violation
from tests.engines.tolerance_oracle import greatest_information, mappings_of

P_X, P_Y = [0.3, 0.2, 0.3, 0.2], [0.5, 0.5]
LABEL = [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9]]


def rates(coupling, channel, outcomes):
    """P(Y in A | S = s) from the joint law of S and Y, by hand."""
    joint = np.asarray(channel).T @ coupling
    return joint[:, outcomes].sum(axis=1) / joint.sum(axis=1)


@pytest.mark.parametrize("outcomes", [[0], [1], [0, 2]])
@pytest.mark.parametrize("groups", [None, [[0, 1], [2, 3]], [[3], [0], [1]]])
def test_its_violation_is_the_largest_difference_of_rates(outcomes, groups):
    random = np.random.default_rng(3)
    coupling = random.dirichlet(np.ones(12)).reshape(4, 3)
    channel = LABEL if groups is None else [[float(x in group) for group in groups] for x in range(4)]
    problem = mb.Problem(
        coupling.sum(axis=1),
        coupling.sum(axis=0),
        p_s_given_x=LABEL,
        constraints=[mb.GroupFairness(outcomes, 0.01, groups)],
    )
    found = rates(coupling, channel, outcomes)
    worst = max(abs(a - b) for a, b in itertools.combinations(found, 2)) - 0.01
    assert violation(problem.constraints[0], coupling) == pytest.approx(worst, abs=1e-12)


@pytest.mark.parametrize("disparity", [0.0, 0.1, 0.4])
def test_the_optimum_under_it_equals_every_basis(disparity):
    """With groups of two letters each and binary Y the constraint is two rows over all mappings."""
    p_x, groups = np.array(P_X), [[0, 1], [2, 3]]
    cells, spent = mappings_of(p_x, 2)
    apart = cells[:, [0, 1], 1].sum(axis=1) / 0.5 - cells[:, [2, 3], 1].sum(axis=1) / 0.5
    limits = [(spent, 0.6), (apart, disparity), (-apart, disparity)]
    best = greatest_information(p_x, P_Y, 0.0, limits)
    fair = mb.GroupFairness([1], disparity, groups)
    solution = mb.solve(mb.Problem(p_x, P_Y, 0.6, constraints=[fair]))
    solution.check(1e-9)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    first, second = rates(solution.coupling, [[1, 0], [1, 0], [0, 1], [0, 1]], [1])
    assert abs(first - second) <= disparity + 1e-9


def test_equal_rates_cost_information_and_groups_without_mass_do_not_count():
    problem = mb.Problem(P_X, P_Y, 0.6, LABEL)
    free = mb.solve(problem)
    fair = mb.solve(problem.replace(constraints=[mb.GroupFairness([0], 0.0)]))
    fair.check(1e-9)
    assert np.ptp(rates(fair.coupling, LABEL, [0])) < 1e-8
    assert fair.mutual_information < free.mutual_information - 1e-3
    empty = mb.Problem([0.5, 0.5, 0.0], P_Y, constraints=[mb.GroupFairness([0], 0.0, [[0, 1], [2]])])
    assert mb.solve(empty).mutual_information == pytest.approx(1.0)


def test_a_problem_tells_it_the_law_anew_and_a_file_holds_what_was_stated(tmp_path):
    fair = mb.GroupFairness([1], 0.1, [[0], [1]])
    problem = mb.Problem([0.5, 0.5], [0.3, 0.7], constraints=[fair])
    other = problem.replace(p_x=[0.9, 0.1])
    again = mb.Problem([0.9, 0.1], [0.3, 0.7], constraints=[fair])
    coupling = np.array([[0.27, 0.63], [0.03, 0.07]])
    assert violation(other.constraints[0], coupling) == violation(again.constraints[0], coupling)
    assert problem.constraints == (fair,)
    path = tmp_path / "fair.json"
    mb.solve(problem).to_json(path)
    assert mb.Solution.from_json(path).problem.equals(problem)
    assert problem.to_document()["constraints"] == [
        {"kind": "group_fairness", "outcomes": [1], "at_most": 0.1, "groups": [[0], [1]]}
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], 0.1), "outcomes"),
        (([0, 0], 0.1), "different positions"),
        (([-1], 0.1), "outcomes"),
        ((["a"], 0.1), "outcomes"),
        (([0], -0.1), "at_most.*at least 0"),
        (([0], float("nan")), "at_most"),
        (([0], 0.1, [[0]]), "groups"),
        (([0], 0.1, [[0, 1], [1]]), "groups.*one at most"),
        (([0], 0.1, [[0], []]), "groups"),
        (([0], 0.1, 3), "groups"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(mb.ProblemError, match=words):
        mb.GroupFairness(*arguments)


@pytest.mark.parametrize(
    ("fair", "words"),
    [
        (mb.GroupFairness([0], 0.1), "there is no label"),
        (mb.GroupFairness([0], 0.1, [[0], [2]]), "below 2, the letters of X"),
        (mb.GroupFairness([2], 0.1, [[0], [1]]), "below 2, the letters of Y"),
    ],
)
def test_what_does_not_fit_the_problem_is_named(fair, words):
    with pytest.raises(mb.ProblemError, match=words):
        mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], constraints=[fair]))
    with pytest.raises(mb.ProblemError, match="put the constraint into"):
        violation(fair, np.full((2, 2), 0.25))
