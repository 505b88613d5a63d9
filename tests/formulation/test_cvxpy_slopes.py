"""Values and derivatives read off a cvxpy expression equal cvxpy's own."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

from mecbopt.formulation.cvxpy_slopes import Slopes, affine_parts

PRIOR = np.random.default_rng(0).random((3, 2)) / 6.0
WEIGHTS = np.random.default_rng(1).normal(size=(4, 3))

EXPRESSIONS = {
    "distance": lambda P: cvxpy.norm(P - PRIOR, "fro") - 0.1,
    "largest difference": lambda P: cvxpy.norm(P - PRIOR, "inf") - 0.1,
    "variation": lambda P: cvxpy.norm1(P - PRIOR),
    "third norm": lambda P: cvxpy.pnorm(cvxpy.vec(P, order="F"), 3),
    "squares": lambda P: cvxpy.sum_squares(WEIGHTS @ P) - 0.3,
    "squares by a mass": lambda P: cvxpy.quad_over_lin(P[:, 0], cvxpy.sum(P[:, 1])),
    "divergence": lambda P: cvxpy.sum(cvxpy.kl_div(P, PRIOR)),
    "minus entropy of sums": lambda P: -cvxpy.sum(cvxpy.entr(cvxpy.sum(P, axis=0))),
    "entries": lambda P: cvxpy.square(P) - 2 * P + PRIOR,
    "rows": lambda P: cvxpy.norm(WEIGHTS @ P, 2, axis=1),
    "nested": lambda P: cvxpy.exp(cvxpy.max(cvxpy.square(P - 0.1)) + cvxpy.sum(P[0])) + 3 * cvxpy.norm(P),
    "affine": lambda P: WEIGHTS @ P - 0.2,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_slopes_equal_those_of_cvxpy(name):
    variable = cvxpy.Variable((3, 2), nonneg=True)
    expression = EXPRESSIONS[name](variable)
    slopes = Slopes(expression, variable)
    random = np.random.default_rng(2)
    for _ in range(5):
        point = random.random((3, 2)) / 3.0
        values, matrix = slopes.at(point)
        variable.value = point
        gradient = expression.grad[variable]
        dense = np.asarray(gradient.toarray() if hasattr(gradient, "toarray") else gradient)
        expected = np.asarray(expression.value).ravel(order="F")
        assert values == pytest.approx(expected, abs=1e-13)
        assert slopes.values(point) == pytest.approx(expected, abs=1e-13)
        assert matrix == pytest.approx(dense.reshape(6, -1).T, abs=1e-12)


def test_where_cvxpy_has_no_slope_there_is_none():
    variable = cvxpy.Variable((3, 2), nonneg=True)
    assert Slopes(cvxpy.norm(variable, "fro"), variable).at(np.zeros((3, 2)))[1] is None
    variable.value = np.full((3, 2), 0.5)
    outside = Slopes(-cvxpy.sum(cvxpy.log(variable - 1.0)), variable)
    assert outside.at(np.full((3, 2), 0.5))[1] is None


def test_affine_parts_are_constants_and_a_matrix():
    variable = cvxpy.Variable((3, 2), nonneg=True)
    constants, matrix = affine_parts(WEIGHTS @ variable + 1.0, variable)
    point = np.arange(6.0).reshape(3, 2)
    assert constants + matrix @ point.ravel(order="F") == pytest.approx(
        (WEIGHTS @ point + 1.0).ravel(order="F")
    )
