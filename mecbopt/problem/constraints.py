"""Constraints of a user's own on the cvxpy expression of the coupling, and how far one is violated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import MecboptError, NotSupportedError, ProblemError

__all__ = ["constraint_parts", "cvxpy_module", "violation"]


def cvxpy_module() -> Any:
    """The package cvxpy, imported when it is asked for.

    Raises
    ------
    NotSupportedError
        It is not installed.
    """
    try:
        import cvxpy
    except ImportError as error:
        raise NotSupportedError(
            "constraints need the package 'cvxpy', which is not installed", remedy="pip install cvxpy"
        ) from error
    return cvxpy


def constraint_parts(constraint: Callable[[Any], Any], coupling: Any, name: str) -> list[Any]:
    """The cvxpy constraints that a function returns for an expression of the coupling.

    Parameters
    ----------
    constraint : callable
    coupling : cvxpy expression, shape (n, m)
    name : str
        What errors call it: "constraints[0]".

    Raises
    ------
    ProblemError
        The function fails, or returns something else.
    """
    cvxpy = cvxpy_module()
    try:
        returned = constraint(coupling)
    except MecboptError:
        raise
    except (
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
        cvxpy.error.DCPError,
    ) as error:
        raise ProblemError(
            argument=name,
            value=constraint,
            found=f"raised {type(error).__name__}: {error}",
            required="return cvxpy constraints on a coupling of this shape",
        ) from error
    parts = list(returned) if isinstance(returned, (list, tuple)) else [returned]
    for part in parts:
        if not isinstance(part, cvxpy.constraints.constraint.Constraint):
            raise ProblemError(
                argument=name,
                value=part,
                found=f"returned a {type(part).__name__}",
                required="return a cvxpy constraint or a list of them",
            )
    return parts


def violation(constraint: Callable[[Any], Any], coupling: NDArray[np.float64]) -> float:
    """The largest violation, in the constraint's own units, at a coupling of shape (n, m).

    Raises
    ------
    NotSupportedError
        cvxpy is not installed.
    ProblemError
        The function does not return cvxpy constraints.
    """
    variable = cvxpy_module().Variable(coupling.shape)
    variable.value = coupling
    parts = constraint_parts(constraint, variable, "constraints")
    return max((float(np.max(part.violation())) for part in parts), default=0.0)
