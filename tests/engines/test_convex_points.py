"""The last mixture inside on the way to one outside, whatever the limit tells of its inside."""

from __future__ import annotations

from dataclasses import replace

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from mecbopt.engines.convex_points import coupling_of, last_inside, violation
from mecbopt.engines.feasibility import first_incumbent
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import presolve

P_X, P_Y = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.35, 0.25])
INDEPENDENT = np.outer(P_X, P_Y)
RADIUS = float(np.linalg.norm(INDEPENDENT)) + 0.05
#: A constraint, and the centre and radius of its ball.
FORMS = {
    "ball": (lambda P: cvxpy.norm(P - INDEPENDENT, "fro") <= 0.1, INDEPENDENT, 0.1),
    "squares": (lambda P: cvxpy.sum_squares(P - INDEPENDENT) <= 0.01, INDEPENDENT, 0.1),
    "cone": (lambda P: cvxpy.SOC(cvxpy.Constant(RADIUS), cvxpy.vec(P, order="F")), 0.0, RADIUS),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_way_ends_on_the_border(form):
    """The border of a ball lies at its radius."""
    constraint, centre, radius = FORMS[form]
    problem = mb.Problem(P_X, P_Y, constraints=[constraint])
    formulation = presolve(problem).formulation
    inside = first_incumbent(replace(formulation, convex=()))
    best = mb.solve(mb.Problem(P_X, P_Y)).mixture
    outside = Incumbent(best.mappings, best.weights, formulation.cost(best.mappings, best.weights))
    assert violation(formulation, outside) > 1e-3
    edge = last_inside(formulation, inside, outside)
    assert violation(formulation, edge) <= 0.0
    distance = np.linalg.norm(coupling_of(formulation, edge) - centre)
    assert distance == pytest.approx(radius, abs=1e-9)
    assert last_inside(formulation, inside, inside) is inside
