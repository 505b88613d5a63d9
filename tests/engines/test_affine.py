"""Linear constraints on the coupling against all bases of an independent oracle, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mecbopt as mb
from tests import oracle
from tests.oracle import Polytope, bits

cvxpy = pytest.importorskip("cvxpy")


def _with_rows(body, rows):
    """The polytope of the oracle with further rows a . P <= c."""
    count, width = body.count, body.columns.shape[1]
    further = [np.r_[body.cells[:count] @ a.ravel(), np.zeros(width - count)] for a, _ in rows]
    columns = np.vstack([body.columns, *further])
    slacks = np.eye(len(columns))[:, -len(rows) :]
    cells = np.vstack([body.cells, np.zeros((len(rows), body.cells.shape[1]))])
    target = np.r_[body.target, [c for _, c in rows]]
    return Polytope(np.hstack([columns, slacks]), target, cells, count, body.entropies)


def _below(a, c):
    return lambda coupling: cvxpy.sum(cvxpy.multiply(a, coupling)) <= c


@pytest.mark.parametrize("seed", range(30))
def test_linear_constraints_find_the_best_vertex(seed):
    random = np.random.default_rng([31, seed])
    n, m = ((2, 2), (3, 2), (2, 3))[seed % 3]
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    rate = random.uniform(0.1, 1.1) * float(bits(p_y).sum())
    rows = []
    for _ in range(1 + seed % 2):
        a = random.normal(size=(n, m))
        rows.append((a, float((a * np.outer(p_x, p_y)).sum() + random.uniform(-0.1, 0.15))))
    problem = mb.Problem(p_x, p_y, rate, constraints=[_below(a, c) for a, c in rows])
    best = oracle.best_over_all_bases(_with_rows(oracle.polytope(p_x, p_y, rate), rows))
    solution = mb.solve(problem)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
        return
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-12
    cut = mb.solve(problem, engine="highs", node_limit=1)
    cut.check()
    assert cut.upper_bound >= best - 1e-12


P_X, P_Y = [0.5, 0.3, 0.2], [0.4, 0.35, 0.25]


def test_named_constraints_say_what_expressions_say():
    costs = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    x, y = [0.0, 1.0, 2.0], [-1.0, 0.0, 1.0]
    pairs = [
        (mb.Forbidden([(0, 2), (1, 0)]), lambda P: [P[0, 2] == 0, P[1, 0] == 0]),
        (mb.CostCap(costs, at_most=0.6), lambda P: cvxpy.sum(cvxpy.multiply(costs, P)) <= 0.6),
        (mb.Agreement(at_least=0.5), lambda P: cvxpy.trace(P) >= 0.5),
        (mb.Moment(x, y, at_least=0.05), lambda P: x @ P @ y >= 0.05),
    ]
    for named, own in pairs:
        found = [mb.solve(mb.Problem(P_X, P_Y, 0.7, constraints=[one])) for one in (named, own)]
        for solution in found:
            solution.check()
            assert solution.status is mb.Status.OPTIMAL
        assert found[0].mutual_information == pytest.approx(found[1].mutual_information, abs=2e-6)


def test_an_equation_and_a_distortion_go_together():
    problem = mb.Problem(
        P_X, P_Y, 0.7, distortion=1.0 - np.eye(3), constraints=[lambda P: P[0, 0] + P[1, 1] == 0.45]
    )
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.coupling[0, 0] + solution.coupling[1, 1] == pytest.approx(0.45, abs=1e-9)


@pytest.mark.parametrize(
    ("constraint", "error", "words"),
    [
        (lambda P: cvxpy.sum_squares(P) >= 1, mb.ProblemError, r"constraints\[0\].*not convex.*convex"),
        (lambda P: cvxpy.sum_squares(P) <= 1, mb.NotSupportedError, r"constraints\[0\].*not affine"),
        (lambda P: P[0, 0] <= cvxpy.Variable(name="t"), mb.NotSupportedError, "variable 't'"),
        (lambda P: 1.0, mb.ProblemError, "returned a float"),
        (lambda P: P[7, 7] <= 1, mb.ProblemError, r"constraints\[0\].*raised"),
        (mb.Forbidden([(3, 0)]), mb.ProblemError, "within the coupling"),
        (mb.CostCap(np.eye(2), at_most=1), mb.ProblemError, "one entry for each cell"),
    ],
)
def test_what_is_refused_is_named(constraint, error, words):
    with pytest.raises(error, match=words):
        mb.solve(mb.Problem(P_X, P_Y, 0.7, constraints=[constraint]))


@pytest.mark.parametrize(
    "build",
    [
        lambda: mb.Forbidden([]),
        lambda: mb.Forbidden([(0, -1)]),
        lambda: mb.Forbidden([(0, 0.5)]),
        lambda: mb.CostCap([[0, math.nan]], at_most=1),
        lambda: mb.CostCap([[0, 1]]),
        lambda: mb.Agreement(at_least=math.inf),
        lambda: mb.Moment([[1]], [1], at_most=1),
    ],
)
def test_named_constraints_check_their_arguments(build):
    with pytest.raises(mb.ProblemError, match=r"constraints\."):
        build()
