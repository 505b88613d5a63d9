"""What the solvers take of the family of problems that `Problem` states; the rest is refused by name."""

from __future__ import annotations

from mecbopt.errors import MecboptError, Name, NotSupportedError
from mecbopt.problem import Problem

__all__ = ["refuse_unsupported"]


def refuse_unsupported(problem: Problem) -> None:
    """Raise NotSupportedError, naming the argument, for a problem that no engine here solves."""
    reason = _reason(problem)
    if reason is not None:
        raise reason


def _reason(problem: Problem) -> MecboptError | None:
    """The first argument that stands in the way."""
    if problem.distortion is not None:
        return _refused("distortion", "is given: a distortion objective")
    if problem.constraints:
        return _refused("constraints", "is given: constraints of your own")
    if problem.p_y is None:
        return _refused("y_size", f"is {problem.y_size}: a free law of Y")
    if problem.p_y_tolerance > 0:
        return _refused("p_y_tolerance", f"is {problem.p_y_tolerance:g}: a law of Y within a tolerance")
    if problem.min_label_entropy is not None:
        return _refused("min_label_entropy", f"is {problem.min_label_entropy:g}: H(S|Y) >= c")
    if problem.max_label_entropy is not None and not problem.label_sees_seed:
        return _refused("label_sees_seed", "is False: the constraint H(S|Y) <= C")
    return None


def _refused(argument: str, found: str) -> NotSupportedError:
    return NotSupportedError(
        argument=argument,
        found=f"{found} is not supported yet",
        remedy=("leave ", Name(argument), " out"),
    )
