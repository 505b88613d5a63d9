"""Constraints of a user's own on the coupling: affine cvxpy constraints as rows of linear programs.

A function receives a cvxpy variable of shape (n, m) in the place of the coupling.  Of an affine constraint
every scalar row a . P <= c is read off by its values at 0 and at the single cells; what is not affine, or
brings variables of its own, is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import MecboptError, NotSupportedError, ProblemError
from mecbopt.formulation.limits import LinearLimit

__all__ = ["affine_limits"]

FloatArray = NDArray[np.float64]

#: Coefficients below this share of the largest of their row are roundings of an expression's evaluation.
_ROUNDING = 1e-14


def affine_limits(
    constraints: tuple[Callable[[Any], Any], ...], p_x: FloatArray, letters_y: int
) -> tuple[LinearLimit, ...]:
    """The rows of affine constraints; an equation gives two.

    Parameters
    ----------
    constraints : tuple of callables
        Each takes the coupling, a cvxpy variable of shape (n, m), and returns constraints.
    p_x : ndarray, shape (n,)
    letters_y : int

    Raises
    ------
    NotSupportedError
        cvxpy is not installed; a constraint is convex but not affine, or has variables of its own.
    ProblemError
        A function fails or returns no cvxpy constraints; a constraint is not convex (with cvxpy's reason).
    """
    try:
        import cvxpy
    except ImportError as error:
        raise NotSupportedError(
            "constraints need the package 'cvxpy', which is not installed", remedy="pip install cvxpy"
        ) from error
    limits: list[LinearLimit] = []
    for position, constraint in enumerate(constraints):
        name = f"constraints[{position}]"
        coupling = cvxpy.Variable((len(p_x), letters_y), nonneg=True, name="coupling")
        for part in _parts(cvxpy, constraint, coupling, name):
            for coefficients, bound in _rows(cvxpy, part, coupling, name):
                limits.append(LinearLimit(p_x, coefficients, bound, name))
    return tuple(limits)


def _parts(cvxpy: Any, constraint: Callable[[Any], Any], coupling: Any, name: str) -> list[Any]:
    """The constraints that a function returns."""
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


def _rows(cvxpy: Any, part: Any, coupling: Any, name: str) -> Iterator[tuple[FloatArray, float]]:
    """(a, c) of every scalar row a . P <= c."""
    if not part.is_dcp():
        raise ProblemError(
            argument=name,
            value=str(part),
            found=f"is {part}, which is not convex by cvxpy's rules: {_reason(part)}",
            required="be affine in the coupling",
        )
    kinds = cvxpy.constraints
    equation = isinstance(part, (kinds.Equality, kinds.Zero))
    known = (kinds.Equality, kinds.Zero, kinds.Inequality, kinds.NonPos, kinds.NonNeg)
    if not isinstance(part, known) or not all(argument.is_affine() for argument in part.args):
        raise NotSupportedError(
            argument=name,
            value=str(part),
            found=f"is {part}, which is not affine in the coupling",
            required="be linear equations and inequalities",
            remedy="convex constraints are not supported yet",
        )
    others = [variable.name() for variable in part.variables() if variable.id != coupling.id]
    if others:
        raise NotSupportedError(
            argument=name,
            value=str(part),
            found=f"has the variable {others[0]!r} beside the coupling",
            required="speak of the coupling alone",
        )
    expression = -part.args[0] if isinstance(part, kinds.NonNeg) else part.expr
    constants, slopes = _evaluated(expression, coupling)
    for constant, slope in zip(constants, slopes, strict=True):
        yield slope, -float(constant)
        if equation:
            yield -slope, float(constant)


def _evaluated(expression: Any, coupling: Any) -> tuple[FloatArray, FloatArray]:
    """An affine expression as constants, shape (r,), and coefficients, shape (r, n, m)."""
    n, m = coupling.shape

    def value(point: FloatArray) -> FloatArray:
        coupling.value = point
        return np.asarray(expression.value, dtype=float).ravel(order="F")

    constants = value(np.zeros((n, m)))
    slopes = np.zeros((len(constants), n, m))
    for x in range(n):
        for y in range(m):
            point = np.zeros((n, m))
            point[x, y] = 1.0
            slopes[:, x, y] = value(point) - constants
    sizes = np.abs(slopes).max(axis=(1, 2), keepdims=True)
    slopes[np.abs(slopes) <= _ROUNDING * sizes] = 0.0
    return constants, slopes


def _reason(part: Any) -> str:
    """What cvxpy says of each side."""
    return ", ".join(f"{argument} is {argument.curvature.lower()}" for argument in part.args)
