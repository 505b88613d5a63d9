"""Values and derivatives of a cvxpy expression of the coupling, without its overhead.

cvxpy builds the matrices of affine parts anew for every derivative: milliseconds for what is multiplied in
microseconds.  Here they are read off once; above them the chain rule uses the atoms' own derivatives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Slopes", "affine_parts"]

FloatArray = NDArray[np.float64]


def affine_parts(expression: Any, variable: Any) -> tuple[FloatArray, FloatArray]:
    """An affine expression of the variable as constants, shape (r,), and a matrix, shape (r, n m).

    Entries of the expression and of the variable are counted by columns, as cvxpy does.
    """

    def value(point: FloatArray) -> FloatArray:
        variable.value = point.reshape(variable.shape, order="F")
        return np.asarray(_dense(expression.value), dtype=float).ravel(order="F")

    constants = value(np.zeros(variable.size))
    if expression.is_constant():
        return constants, np.zeros((len(constants), variable.size))
    columns = [value(unit) - constants for unit in np.eye(variable.size)]
    return constants, np.stack(columns, axis=1)


class Slopes:
    """A convex or affine expression of one variable that is not negative.

    Parameters
    ----------
    expression, variable : cvxpy objects
    """

    def __init__(self, expression: Any, variable: Any) -> None:
        self._expression = expression
        self._affine: dict[int, tuple[FloatArray, FloatArray]] = {}
        # Of atoms that are affine in arguments that are not: their matrices, one for each argument.
        self._linear: dict[int, list[FloatArray]] = {}
        self._read(expression, variable)

    def _read(self, expression: Any, variable: Any) -> None:
        if expression.is_affine():
            self._affine[id(expression)] = affine_parts(expression, variable)
        else:
            for argument in expression.args:
                self._read(argument, variable)
            if expression.is_atom_convex() and expression.is_atom_concave():
                self._linear[id(expression)] = _matrices(expression)

    def values(self, point: FloatArray) -> FloatArray:
        """The entries of the expression, shape (r,), at a value of the variable."""
        with np.errstate(divide="ignore", invalid="ignore"):  # outside its domain it is not a number
            return self._value(self._expression, point.ravel(order="F")).ravel(order="F")

    def at(self, point: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """The same with their derivatives, shape (r, n m); None where there are none."""
        with np.errstate(divide="ignore", invalid="ignore"):  # at empty cells derivatives may be infinite
            value, matrix = self._with_slopes(self._expression, point.ravel(order="F"))
        return value.ravel(order="F"), matrix

    def _value(self, expression: Any, cells: FloatArray) -> FloatArray:
        known = self._affine.get(id(expression))
        if known is not None:
            return (known[0] + known[1] @ cells).reshape(expression.shape, order="F")
        arguments = [self._value(argument, cells) for argument in expression.args]
        return np.asarray(_dense(expression.numeric(arguments)), dtype=float)

    def _with_slopes(self, expression: Any, cells: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        known = self._affine.get(id(expression))
        if known is not None:
            return (known[0] + known[1] @ cells).reshape(expression.shape, order="F"), known[1]
        parts = [self._with_slopes(argument, cells) for argument in expression.args]
        arguments = [value for value, _ in parts]
        value = np.asarray(_dense(expression.numeric(arguments)), dtype=float)
        slopes = self._linear.get(id(expression)) or _derivatives(expression, arguments)
        total: FloatArray = np.zeros((expression.size, len(cells)))
        for slope, (_, matrix) in zip(slopes, parts, strict=True):
            if matrix is not None and not matrix.any():
                continue  # a constant, by which no atom need have a derivative
            if slope is None or matrix is None:
                return value, None
            total += np.asarray(_dense(slope), dtype=float).reshape(len(matrix), -1).T @ matrix
        return value, total


def _derivatives(atom: Any, arguments: list[FloatArray]) -> list[Any]:
    """Shapes (size of an argument, r), None where there is none; without cvxpy's care for the commonest."""
    name = type(atom).__name__
    if name in ("Pnorm", "PnormApprox") and atom.p == 2 and atom.axis is None:
        entries = arguments[0].ravel(order="F")
        length = float(np.linalg.norm(entries))
        return [entries[:, None] / length if length > 0.0 else None]
    if name == "quad_over_lin" and getattr(atom, "axis", None) is None:
        entries, divisor = arguments[0].ravel(order="F"), float(arguments[1])
        return [2.0 * entries[:, None] / divisor, np.array([[-(entries @ entries) / divisor**2]])]
    slopes: list[Any] = atom._grad(arguments)
    return slopes


def _matrices(atom: Any) -> list[FloatArray]:
    """Of an atom that is affine in its arguments: by each of them its derivative, shape (size of it, r)."""
    base = [
        np.asarray(_dense(part.value), dtype=float) if part.is_constant() else np.zeros(part.shape)
        for part in atom.args
    ]

    def value(arguments: list[FloatArray]) -> FloatArray:
        return np.asarray(_dense(atom.numeric(arguments)), dtype=float).ravel(order="F")

    at_base = value(base)
    matrices = []
    for place, part in enumerate(atom.args):
        rows = np.zeros((part.size, len(at_base)))
        for entry in range(0 if part.is_constant() else part.size):
            unit = np.zeros(part.size)
            unit[entry] = 1.0
            changed = unit.reshape(part.shape, order="F")
            rows[entry] = value([*base[:place], changed, *base[place + 1 :]]) - at_base
        matrices.append(rows)
    return matrices


def _dense(value: Any) -> Any:
    return value.toarray() if hasattr(value, "toarray") else value
