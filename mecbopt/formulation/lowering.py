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
from mecbopt.formulation.limits import LabelLimit, Limit, RateLimit
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
    return (LabelLimit(problem.p_x, problem.p_s_given_x, len(problem.require_p_y()), limit, exact),)


def _constraints(problem: Problem) -> tuple[Limit | ConvexLimit, ...]:
    return coupling_limits(problem.constraints, problem.p_x, len(problem.require_p_y()))


def _privacy(problem: Problem) -> tuple[ConvexLimit, ...]:
    if problem.p_s_given_x is None or problem.min_label_entropy is None:
        return ()
    return (PrivacyLimit(problem.p_x, problem.p_s_given_x, problem.min_label_entropy),)


def _distortion(problem: Problem) -> Objective:
    if problem.distortion is None:
        raise ValueError("the distortion is lowered where one is given")
    return LinearObjective(problem.distortion)


def _free_law(problem: Problem) -> Objective:
    return ConditionalEntropy(problem.p_x, problem.shape[1], problem.rate)


#: Argument -> the limits that it states.  Extend it to lower another one.
LIMITS: dict[str, LowerLimit] = {
    "rate": _rate,
    "max_label_entropy": _label,
    "label_sees_seed": _label,
    "min_label_entropy": _privacy,
    "constraints": _constraints,
}
#: Argument -> the objective that takes the place of the mutual information.
OBJECTIVES: dict[str, LowerObjective] = {"distortion": _distortion, "y_size": _free_law}

#: What is lowered beside a free law of Y.
_WITH_FREE_LAW = ("y_size", "rate")
#: What a refusal says of an argument that nothing lowers.
_REFUSED = {
    "p_y_tolerance": "is {value:g}: a law of Y within a tolerance",
}


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
        if problem.p_y is None and argument not in _WITH_FREE_LAW:
            raise NotSupportedError(
                argument=argument,
                found="beside a free law of Y is not supported yet",
                remedy=("leave ", Name(argument), " out, or give ", Name("p_y")),
            )
        if argument in OBJECTIVES:
            objective = OBJECTIVES[argument](problem)
        elif argument in LIMITS:
            found.extend(LIMITS[argument](problem))
        else:
            raise _refusal(problem, argument)
    # What is no sum over preimages is a convex set.
    convex: list[ConvexLimit] = [limit for limit in found if hasattr(limit, "cuts")]
    limits: list[Limit] = [limit for limit in found if not hasattr(limit, "cuts")]
    # Rate first: the others are met where the marginals and it allow (`mecbopt.engines.feasibility`).
    limits.sort(key=lambda limit: not isinstance(limit, RateLimit))
    free = problem.p_y is None
    p_y = np.full(problem.shape[1], 1.0 / problem.shape[1]) if free else problem.require_p_y()
    return Formulation(
        problem.p_x,
        p_y,
        objective or _joint_entropy(problem),
        tuple(limits),
        convex=tuple(convex),
        free_law=free,
        unseen_label=not problem.label_sees_seed and any(isinstance(limit, LabelLimit) for limit in limits),
    )


def _joint_entropy(problem: Problem) -> JointEntropy:
    """The objective that is there unless another one is stated; the problem keeps its figures."""
    offset = problem.entropy_x + problem.entropy_y
    bound = offset - problem.value_upper_bound
    return JointEntropy(problem.p_x, problem.require_p_y(), offset, bound, problem.rate)


def _refusal(problem: Problem, argument: str) -> NotSupportedError:
    found = _REFUSED[argument].format(value=getattr(problem, argument))
    return NotSupportedError(
        argument=argument,
        found=f"{found} is not supported yet",
        remedy=("leave ", Name(argument), " out"),
    )
