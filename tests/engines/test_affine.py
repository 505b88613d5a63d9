"""Linear constraints on the coupling against all bases of an independent oracle, and what is refused."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree
from tests import oracle
from tests.oracle import Polytope, bits

needs_the_core = pytest.mark.skipif(not tree.available(), reason="the compiled core is not built")


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


def _instance(seed):
    """A problem with one to three rows, dense or sparse; every third has a label beside."""
    random = np.random.default_rng([77, seed])
    n, m = ((2, 2), (3, 2), (2, 3), (3, 3))[seed % 4]
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    entropy_y = float(bits(p_y).sum())
    rate = random.uniform(0.1, 1.1) * entropy_y
    rows = []
    for _ in range(1 + random.integers(0, 3 if n * m < 9 else 2)):
        a = random.normal(size=(n, m))
        if random.random() < 0.4:
            a *= random.random((n, m)) < 0.3
        if not a.any():
            a[0, 0] = 1.0
        room = random.uniform(-0.1, 0.15) * np.abs(a).max()
        rows.append((a, float((a * np.outer(p_x, p_y)).sum() + room)))
    channel = limit = None
    if seed % 3 == 0:
        channel = random.dirichlet(np.ones(2), size=n)
        entropy_s, told = bits(p_x @ channel).sum(), (p_x * bits(channel).sum(axis=1)).sum()
        keep = random.uniform(0, 0.8) * min(rate / entropy_y, 1.0)
        limit = float(entropy_s - keep * (entropy_s - told))
    label = {} if limit is None else {"p_s_given_x": channel, "max_label_entropy": limit}
    problem = mb.Problem(p_x, p_y, rate, constraints=[_below(a, c) for a, c in rows], **label)
    body = oracle.polytope(p_x, p_y, rate if rate < entropy_y else math.inf, channel, limit)
    return problem, oracle.best_over_basis_graph(_with_rows(body, rows))


def _has_the_optimum(problem, best):
    """Status, value and bounds against the oracle, at the end and after a few nodes; the solution."""
    solution = mb.solve(problem)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
        return solution
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-9
    for node_limit in (1, 3):
        cut = mb.solve(problem, node_limit=node_limit)
        cut.check()
        assert cut.upper_bound >= best - 1e-9
    return solution


@pytest.mark.parametrize("seed", range(24))
def test_linear_constraints_find_the_best_vertex(seed):
    problem, best = _instance(seed)
    solution = _has_the_optimum(problem, best)
    if best > -math.inf and tree.available():
        assert solution.engine == "compiled"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24, 200))
def test_linear_constraints_find_the_best_vertex_of_200(seed):
    _has_the_optimum(*_instance(seed))


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_the_tree_on_highs_agrees(seed):
    problem, best = _instance(seed)
    assert best > -math.inf
    other = mb.solve(problem, engine="highs")
    other.check()
    assert other.status is mb.Status.OPTIMAL
    assert other.mutual_information == pytest.approx(best, abs=1e-6)
    cut = mb.solve(problem, engine="highs", node_limit=1)
    cut.check()
    assert cut.upper_bound >= best - 1e-12


def _of_4x4(seed):
    """4x4 with an inequality and an equation."""
    random = np.random.default_rng([4, seed])
    p_x, p_y = random.dirichlet(np.ones(4)), random.dirichlet(np.ones(4))
    a = random.normal(size=(4, 4))
    level = float((a * np.outer(p_x, p_y)).sum())
    half = float(p_x[0] * p_y[0] + p_x[1] * p_y[1])
    return mb.Problem(
        p_x,
        p_y,
        0.4 * float(bits(p_y).sum()),
        constraints=[_below(a, level), lambda P: P[0, 0] + P[1, 1] == half],
    )


@needs_the_core
def test_threads_and_executors_carry_the_rows():
    problem = _of_4x4(3)
    whole = mb.solve(problem)
    with ThreadPoolExecutor(2) as executor:
        others = [mb.solve(problem, workers=2), mb.solve(problem, executor=executor)]
    for other in others:
        other.check()
        assert other.status is whole.status is mb.Status.OPTIMAL
        assert other.mutual_information == pytest.approx(whole.mutual_information, abs=2e-6)


@needs_the_core
def test_a_checkpoint_knows_the_rows(tmp_path):
    problem, path = _of_4x4(3), tmp_path / "state"
    mb.solve(problem, node_limit=30, checkpoint=path)
    with pytest.raises(mb.ProblemError, match="another problem"):
        mb.solve(problem.replace(constraints=problem.constraints[:1]), checkpoint=path)
    again, whole = mb.solve(problem, checkpoint=path), mb.solve(problem)
    again.check()
    assert again.status is mb.Status.OPTIMAL
    assert again.mutual_information == pytest.approx(whole.mutual_information, abs=2e-6)


@needs_the_core
def test_letters_that_a_row_tells_apart_are_not_exchanged():
    """Uniform masses: only the row says which of the optimal couplings is allowed."""
    uniform = np.full(3, 1 / 3)
    rows = [(np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]), 0.02)]
    rows.append((-np.array([[0, 0.0, 0], [0, 0, 0], [0, 1.0, 0]]), -0.15))
    problem = mb.Problem(uniform, uniform, 0.6, constraints=[_below(a, c) for a, c in rows])
    solution = mb.solve(problem)
    solution.check()
    free = mb.solve(problem, engine=mb.engines.Tree(symmetry=False))
    assert solution.mutual_information == pytest.approx(free.mutual_information, abs=2e-6)


@needs_the_core
def test_more_rows_than_the_tree_takes_go_elsewhere():
    forms = np.random.default_rng(1).uniform(0, 1, size=(65, 3, 2))
    forms[:, 0, 0], forms[:, 2, 1] = 1.0, 0.0
    constraint = lambda P: [cvxpy.sum(cvxpy.multiply(a, P)) <= 0.8 for a in forms]  # noqa: E731
    problem = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5, constraints=[constraint])
    with pytest.raises(mb.NotSupportedError, match="at most 63 linear rows"):
        mb.solve(problem, engine="compiled")


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
