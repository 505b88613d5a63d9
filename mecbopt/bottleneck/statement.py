"""Which problems have a form without common randomness: two given laws and a rate, nothing else."""

from __future__ import annotations

from typing import Any

from mecbopt.errors import Name, NotSupportedError, ProblemError, shown
from mecbopt.problem import Problem

__all__ = ["accepted"]

#: What may not be limited or minimised here.
_OTHERS = ("distortion", "max_label_entropy", "min_label_entropy", "constraints", "p_y_tolerance")


def accepted(problem: Any) -> Problem:
    """The problem, where it has a form without common randomness.

    A label without a limit changes nothing.

    Raises
    ------
    ProblemError
        It is no problem.
    NotSupportedError
        It limits or minimises something else, or leaves the law of Y free.
    """
    if not isinstance(problem, Problem):
        raise ProblemError(argument="problem", value=problem, required="be a mecbopt.Problem")
    problem.require_p_y()
    for name in _OTHERS:
        value = getattr(problem, name)
        if value is not None and not (isinstance(value, (tuple, float)) and not value):
            raise NotSupportedError(
                argument=name,
                value=value,
                found=f"is {shown(value)}" if isinstance(value, float) else "is given",
                required="be left out without common randomness",
                remedy=("leave ", Name(name), " out, or use mecbopt.solve, whose seed is shared"),
            )
    return problem
