"""Constraints of a user's own, on the cvxpy expression of the coupling: how far a coupling violates one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import NotSupportedError, ProblemError

__all__ = ["violation"]


def violation(constraint: Callable[[Any], Any], coupling: NDArray[np.float64]) -> float:
    """The largest violation, in the constraint's own units, at a coupling of shape (n, m).

    Raises
    ------
    NotSupportedError
        cvxpy is not installed.
    ProblemError
        The function does not return cvxpy constraints.
    """
    try:
        import cvxpy
    except ImportError as error:
        raise NotSupportedError(
            "constraints need the package 'cvxpy', which is not installed", remedy="pip install cvxpy"
        ) from error
    variable = cvxpy.Variable(coupling.shape)
    variable.value = coupling
    returned = constraint(variable)
    worst = 0.0
    for part in returned if isinstance(returned, (list, tuple)) else [returned]:
        if not isinstance(part, cvxpy.constraints.constraint.Constraint):
            raise ProblemError(
                argument="constraints",
                value=part,
                found=f"returned a {type(part).__name__}",
                required="return a cvxpy constraint or a list of them",
            )
        worst = max(worst, float(np.max(part.violation())))
    return worst
