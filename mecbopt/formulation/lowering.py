"""From a problem to a formulation: every argument that is stated becomes the objective or a limit.

`LOWERINGS` maps the name of an argument to the function that lowers it.  A new constraint or objective is one
function, registered under the argument that states it; an argument without one is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from mecbopt.errors import Name, NotSupportedError
from mecbopt.formulation.affine import coupling_limits
from mecbopt.formulation.convex import ConvexLimit, PrivacyLimit
from mecbopt.formulation.exact_label import ExactLabel
from mecbopt.formulation.formulation import Formulation
from mecbopt.formulation.limits import LabelLimit, Limit, LinearLimit, RateLimit
from mecbopt.formulation.objectives import ConditionalEntropy, JointEntropy, LinearObjective, Objective
from mecbopt.problem import Problem

__all__ = ["LIMITS", "OBJECTIVES", "lower", "stated"]

LowerLimit = Callable[[Problem], tuple[Limit | ConvexLimit, ...]]
LowerObjective = Callable[[Problem], Objective]


def _rate(problem: Problem) -> tuple[Limit, ...]:
    return (RateLimit(problem.p_x, problem.shape[1], problem.rate),)


def _label(problem: Problem) -> tuple[Limit, ...]:
    limit = problem.max_label_entropy
    if problem.p_s_given_x is None or limit is None or math.isinf(limit):
        return ()
    channel, exact_limit = problem.exact_p_s_given_x, problem.exact_number("max_label_entropy")
    exact = None
    if channel is not None and isinstance(exact_limit, Fraction):
        exact = ExactLabel(problem.exact_p_x, channel, exact_limit)
    return (LabelLimit(problem.p_x, problem.p_s_given_x, problem.shape[1], limit, exact),)


def _constraints(problem: Problem) -> tuple[Limit | ConvexLimit, ...]:
    return coupling_limits(problem.constraints, problem.p_x, problem.shape[1])


def _privacy(problem: Problem) -> tuple[ConvexLimit, ...]:
    if problem.p_s_given_x is None or problem.min_label_entropy is None:
        return ()
    return (PrivacyLimit(problem.p_x, problem.p_s_given_x, problem.min_label_entropy),)


def _distortion(problem: Problem) -> Objective:
    if problem.distortion is None:
        raise ValueError("the distortion is lowered where one is given")
    return LinearObjective(problem.distortion)


def _varying_law(problem: Problem) -> Objective:
    return ConditionalEntropy(problem.p_x, problem.shape[1], problem.rate)


def _tolerance(problem: Problem) -> tuple[Limit, ...]:
    """P_Y(B) <= p_Y(B) + eps for every set B of letters: the greatest excess is the total variation."""
    p_y, m = problem.require_p_y(), problem.shape[1]
    if m > MAX_TOLERANCE_LETTERS:
        raise NotSupportedError(
            argument="p_y_tolerance",
            value=problem.p_y_tolerance,
            found=f"is {problem.p_y_tolerance:g} on {m} letters of Y",
            required=f"go with at most {MAX_TOLERANCE_LETTERS}, of which 2^m - 2 sets are limited",
            remedy=("merge letters of Y, or leave ", Name("p_y_tolerance"), " out"),
        )
    sets = (np.arange(1, 2**m - 1)[:, None] >> np.arange(m)) & 1
    return tuple(
        LinearLimit(
            problem.p_x,
            np.broadcast_to(chosen.astype(float), problem.shape),
            float(chosen @ p_y) + problem.p_y_tolerance,
            "p_y_tolerance",
        )
        for chosen in sets
    )


#: Argument -> the limits that it states.  Extend it to lower another one.
LIMITS: dict[str, LowerLimit] = {
    "rate": _rate,
    "max_label_entropy": _label,
    "label_sees_seed": _label,
    "min_label_entropy": _privacy,
    "constraints": _constraints,
    "p_y_tolerance": _tolerance,
}
#: Argument -> the objective that takes the place of the mutual information.
#: Where several arguments state one, the first of `stated` counts.
OBJECTIVES: dict[str, LowerObjective] = {
    "distortion": _distortion,
    "y_size": _varying_law,
    "p_y_tolerance": _varying_law,
}
#: Letters of Y up to which the law may vary within a tolerance.
MAX_TOLERANCE_LETTERS = 10


def stated(problem: Problem) -> Iterator[str]:
    """The arguments beside the marginals that say something, those of a special kind first."""
    if problem.distortion is not None:
        yield "distortion"
    if problem.constraints:
        yield "constraints"
    if problem.p_y is None:
        yield "y_size"
    if problem.p_y_tolerance > 0:
        yield "p_y_tolerance"
    if problem.min_label_entropy is not None:
        yield "min_label_entropy"
    if problem.max_label_entropy is not None:
        # A label that does not see the seed is another constraint altogether.
        yield "max_label_entropy" if problem.label_sees_seed else "label_sees_seed"
    if math.isfinite(problem.rate):
        yield "rate"


def lower(problem: Problem) -> Formulation:
    """The formulation of a problem, letters as given.

    Raises
    ------
    NotSupportedError
        An argument that nothing lowers, by name.
    """
    objective: Objective | None = None
    found: list[Any] = []
    for argument in stated(problem):
        if argument in OBJECTIVES and objective is None:
            objective = OBJECTIVES[argument](problem)
        if argument in LIMITS:
            found.extend(LIMITS[argument](problem))
        elif argument not in OBJECTIVES:
            raise NotSupportedError(
                argument=argument,
                value=getattr(problem, argument),
                found="is not supported yet",
                remedy=("leave ", Name(argument), " out"),
            )
    # What is no sum over preimages is a convex set.
    convex: list[ConvexLimit] = [limit for limit in found if hasattr(limit, "cuts")]
    limits: list[Limit] = [limit for limit in found if not hasattr(limit, "cuts")]
    if len(limits) > 1:
        # Rate first: the others are met where the marginals and it allow (`mecbopt.engines.feasibility`).
        limits.sort(key=lambda limit: not isinstance(limit, RateLimit))
    m = problem.shape[1]
    p_y = np.full(m, 1.0 / m) if problem.p_y is None else problem.p_y
    varies = m > 1 and (problem.p_y is None or problem.p_y_tolerance > 0)
    unseen = not problem.label_sees_seed and any(isinstance(limit, LabelLimit) for limit in limits)
    return Formulation(
        problem.p_x,
        p_y,
        objective or _joint_entropy(problem),
        tuple(limits),
        convex=tuple(convex),
        free_law=varies,
        unseen_label=unseen,
    )


def _joint_entropy(problem: Problem) -> JointEntropy:
    """The objective that is there unless another one is stated; the problem keeps its figures."""
    offset = problem.entropy_x + problem.entropy_y
    bound = offset - problem.value_upper_bound
    return JointEntropy(problem.p_x, problem.require_p_y(), problem.entropy_y, offset, bound, problem.rate)
