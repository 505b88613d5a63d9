"""Constraints of a user's own on the coupling: affine cvxpy constraints as rows, others as convex limits.

A function receives a cvxpy variable of shape (n, m) in the place of the coupling.  Of an affine constraint
every scalar row a . P <= c is read off by its values at 0 and at the single cells; what is not convex, or
brings variables of its own, is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import NotSupportedError, ProblemError
from mecbopt.formulation.convex import CvxpyLimit
from mecbopt.formulation.cvxpy_slopes import affine_parts
from mecbopt.formulation.limits import LinearLimit
from mecbopt.problem.constraints import constraint_parts, cvxpy_module

__all__ = ["coupling_limits"]

FloatArray = NDArray[np.float64]

#: Coefficients below this share of the largest of their row are roundings of an expression's evaluation.
_ROUNDING = 1e-14


def coupling_limits(
    constraints: tuple[Callable[[Any], Any], ...], p_x: FloatArray, letters_y: int
) -> tuple[LinearLimit | CvxpyLimit, ...]:
    """The rows of affine constraints, an equation gives two, and the others that are convex.

    Parameters
    ----------
    constraints : tuple of callables
        Each takes the coupling, a cvxpy variable of shape (n, m), and returns constraints.
    p_x : ndarray, shape (n,)
    letters_y : int

    Raises
    ------
    NotSupportedError
        cvxpy is not installed; a constraint has variables of its own.
    ProblemError
        A function fails or returns no cvxpy constraints; a constraint is not convex (with cvxpy's reason).
    """
    cvxpy = cvxpy_module()
    limits: list[LinearLimit | CvxpyLimit] = []
    for position, constraint in enumerate(constraints):
        name = f"constraints[{position}]"
        coupling = cvxpy.Variable((len(p_x), letters_y), nonneg=True, name="coupling")
        for part in constraint_parts(constraint, coupling, name):
            _refuse(part, coupling, name)
            if _is_affine(cvxpy, part):
                for coefficients, bound in _rows(cvxpy, part, coupling):
                    limits.append(LinearLimit(p_x, coefficients, bound, name))
            else:
                limits.append(CvxpyLimit(p_x, part, coupling, name))
    return tuple(limits)


def _refuse(part: Any, coupling: Any, name: str) -> None:
    """What is not convex, or speaks of more than the coupling."""
    if not part.is_dcp():
        raise ProblemError(
            argument=name,
            value=str(part),
            found=f"is {part}, which is not convex by cvxpy's rules: {_reason(part)}",
            required="be convex in the coupling",
        )
    others = [variable.name() for variable in part.variables() if variable.id != coupling.id]
    if others:
        raise NotSupportedError(
            argument=name,
            value=str(part),
            found=f"has the variable {others[0]!r} beside the coupling",
            required="speak of the coupling alone",
        )


def _is_affine(cvxpy: Any, part: Any) -> bool:
    kinds = cvxpy.constraints
    known = (kinds.Equality, kinds.Zero, kinds.Inequality, kinds.NonPos, kinds.NonNeg)
    return isinstance(part, known) and all(argument.is_affine() for argument in part.args)


def _rows(cvxpy: Any, part: Any, coupling: Any) -> Iterator[tuple[FloatArray, float]]:
    """(a, c) of every scalar row a . P <= c of an affine constraint."""
    kinds = cvxpy.constraints
    equation = isinstance(part, (kinds.Equality, kinds.Zero))
    expression = -part.args[0] if isinstance(part, kinds.NonNeg) else part.expr
    constants, slopes = _evaluated(expression, coupling)
    for constant, slope in zip(constants, slopes, strict=True):
        yield slope, -float(constant)
        if equation:
            yield -slope, float(constant)


def _evaluated(expression: Any, coupling: Any) -> tuple[FloatArray, FloatArray]:
    """An affine expression as constants, shape (r,), and coefficients, shape (r, n, m)."""
    constants, matrix = affine_parts(expression, coupling)
    slopes = matrix.reshape(len(constants), *coupling.shape[::-1]).swapaxes(1, 2).copy()
    sizes = np.abs(slopes).max(axis=(1, 2), keepdims=True)
    slopes[np.abs(slopes) <= _ROUNDING * sizes] = 0.0
    return constants, slopes


def _reason(part: Any) -> str:
    """What cvxpy says of each side."""
    return ", ".join(f"{argument} is {argument.curvature.lower()}" for argument in part.args)
