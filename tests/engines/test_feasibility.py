"""Feasibility with a label against the same linear programs written in cvxpy, over all mappings."""

from __future__ import annotations

import itertools

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from tests.instances import random_instance
from tests.oracle import polytope

TOLERANCE_BITS = 1e-7  # of the interior point solver


def _programs(instance):
    """The weights, and the expressions of rate and label entropy, in cvxpy."""
    body = polytope(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)
    rows = body.columns[:, : body.count]
    weights = cvxpy.Variable(body.count, nonneg=True)
    marginal = [rows[: len(instance.p_y)] @ weights == instance.p_y]
    return marginal, rows[-2] @ weights, rows[-1] @ weights


def _least(objective, constraints):
    return cvxpy.Problem(cvxpy.Minimize(objective), constraints).solve(solver=cvxpy.CLARABEL)


@pytest.mark.parametrize(("shape", "seed"), list(itertools.product([(2, 3), (3, 2), (3, 3)], range(4))))
def test_what_would_be_feasible_is_the_optimum_of_a_linear_program(shape, seed):
    instance = random_instance(*shape, seed, "infeasible")
    solution = mb.solve(
        mb.Problem(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)
    )
    assert solution.status is mb.Status.INFEASIBLE
    marginal, rate, label = _programs(instance)
    least_label = _least(label, [*marginal, rate <= instance.rate])
    assert solution.smallest_label_entropy == pytest.approx(least_label, abs=TOLERANCE_BITS)
    attainable = _least(label, marginal)
    if attainable > instance.limit + TOLERANCE_BITS:
        assert solution.smallest_rate is None
    else:
        least_rate = _least(rate, [*marginal, label <= instance.limit])
        assert solution.smallest_rate == pytest.approx(least_rate, abs=10 * TOLERANCE_BITS)
        assert solution.smallest_rate > instance.rate


@pytest.mark.parametrize("seed", range(3))
def test_at_the_smallest_label_entropy_the_problem_is_solved(seed):
    instance = random_instance(3, 3, seed, "infeasible")
    problem = mb.Problem(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)
    least = mb.solve(problem).smallest_label_entropy
    assert np.isfinite(least)
    solution = mb.solve(problem.replace(max_label_entropy=least))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
