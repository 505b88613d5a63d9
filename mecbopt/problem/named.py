"""Constraints on the coupling that have a name: for Python, for files and for the command line.

Each is a function from the cvxpy expression of the coupling, shape (n, m), to constraints, as every entry of
`Problem.constraints`; unlike those of the user's own it can be written to a file.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mecbopt.errors import ProblemError

__all__ = ["Agreement", "CostCap", "Forbidden", "Moment", "NamedConstraint", "named_constraint"]


@dataclass(frozen=True)
class NamedConstraint(ABC):
    """What all named constraints share."""

    kind: ClassVar[str]

    @abstractmethod
    def __call__(self, coupling: Any) -> list[Any]:
        """The cvxpy constraints on the coupling."""

    def to_document(self) -> dict[str, Any]:
        """The entry of a problem file."""
        fields = {name: _plain(value) for name, value in vars(self).items() if value is not None}
        return {"kind": self.kind, **fields}


@dataclass(frozen=True)
class Forbidden(NamedConstraint):
    """Cells without mass: P(x, y) = 0.

    Parameters
    ----------
    cells : sequence of pairs (x, y) of positions, from 0

    Examples
    --------
    >>> Forbidden([(0, 1)]).to_document()
    {'kind': 'forbidden', 'cells': [[0, 1]]}
    """

    cells: Sequence[tuple[int, int]]
    kind = "forbidden"

    def __post_init__(self) -> None:
        """Pairs of positions."""
        try:
            cells = tuple((_position(x), _position(y)) for x, y in self.cells)
        except (TypeError, ValueError):
            cells = ()
        if not cells:
            raise ProblemError(
                argument="constraints.cells",
                value=self.cells,
                required="be pairs of positions x, y that count from 0",
            )
        object.__setattr__(self, "cells", cells)

    def __call__(self, coupling: Any) -> list[Any]:
        """P(x, y) <= 0 for each cell: masses are not negative."""
        n, m = coupling.shape
        for x, y in self.cells:
            if x >= n or y >= m:
                raise ProblemError(
                    argument="constraints.cells",
                    value=(x, y),
                    required=f"lie within the coupling of shape {n} x {m}; positions count from 0",
                )
        return [coupling[x, y] <= 0.0 for x, y in self.cells]


@dataclass(frozen=True)
class CostCap(NamedConstraint):
    """E c(X,Y) within limits.

    Parameters
    ----------
    costs : matrix, shape (n, m)
    at_most, at_least : float, optional
        One of them at least.
    """

    costs: Any
    at_most: float | None = None
    at_least: float | None = None
    kind = "cost"

    def __post_init__(self) -> None:
        """A finite matrix and a limit."""
        object.__setattr__(self, "costs", _numbers("costs", self.costs, 2))
        _check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        return _within(coupling, np.array(self.costs), self.at_most, self.at_least, "costs")


@dataclass(frozen=True)
class Moment(NamedConstraint):
    """E g(X) h(Y) within limits: a product moment of values that are given to the letters.

    Parameters
    ----------
    x_values, y_values : sequences of float, lengths n and m
    at_most, at_least : float, optional
        One of them at least.
    """

    x_values: Any
    y_values: Any
    at_most: float | None = None
    at_least: float | None = None
    kind = "moment"

    def __post_init__(self) -> None:
        """Finite values and a limit."""
        object.__setattr__(self, "x_values", _numbers("x_values", self.x_values, 1))
        object.__setattr__(self, "y_values", _numbers("y_values", self.y_values, 1))
        _check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        products = np.outer(self.x_values, self.y_values)
        return _within(coupling, products, self.at_most, self.at_least, "values")


@dataclass(frozen=True)
class Agreement(NamedConstraint):
    """P(X = Y) within limits, letters being compared by their positions.

    Parameters
    ----------
    at_least, at_most : float, optional
        One of them at least.
    """

    at_least: float | None = None
    at_most: float | None = None
    kind = "agreement"

    def __post_init__(self) -> None:
        """A limit."""
        _check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        return _within(coupling, np.eye(*coupling.shape), self.at_most, self.at_least, "costs")


_KINDS: dict[str, Callable[..., NamedConstraint]] = {
    kind.kind: kind for kind in (Forbidden, CostCap, Moment, Agreement)
}


def named_constraint(entry: Any, place: str) -> NamedConstraint:
    """The constraint of an entry of a problem file.

    Raises
    ------
    ProblemError
        No table, an unknown kind, or keys and values that do not fit.
    """
    if not isinstance(entry, Mapping) or entry.get("kind") not in _KINDS:
        raise ProblemError(
            argument=place,
            value=entry,
            required=f"be a table whose kind is one of {', '.join(_KINDS)}",
        )
    given = {key: value for key, value in entry.items() if key != "kind"}
    try:
        return _KINDS[entry["kind"]](**given)
    except TypeError as error:
        raise ProblemError(
            argument=place, value=entry, found=f"has keys that do not fit ({error})", remedy="see the guide"
        ) from error


def _position(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ValueError("no position")
    return int(value)


def _numbers(name: str, values: Any, dimensions: int) -> tuple[Any, ...]:
    """An array of finite floats as nested tuples, which compare and do not change."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != dimensions or array.size == 0 or not np.isfinite(array).all():
        shape = "a matrix, one row for each letter of X" if dimensions == 2 else "a list, one for each letter"
        raise ProblemError(
            argument=f"constraints.{name}", value=values, required=f"be finite numbers in {shape}"
        )
    return tuple(tuple(row) for row in array.tolist()) if dimensions == 2 else tuple(array.tolist())


def _check_limits(at_most: Any, at_least: Any) -> None:
    for name, value in (("at_most", at_most), ("at_least", at_least)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if value is not None and not number:
            raise ProblemError(argument=f"constraints.{name}", value=value, required="be a finite number")
    if at_most is None and at_least is None:
        raise ProblemError(
            argument="constraints.at_most",
            found="and constraints.at_least are both missing",
            remedy="give one of them",
        )


def _within(coupling: Any, costs: Any, at_most: float | None, at_least: float | None, name: str) -> list[Any]:
    if costs.shape != tuple(coupling.shape):
        raise ProblemError(
            argument=f"constraints.{name}",
            value=costs.shape,
            found=f"has the shape {costs.shape}",
            required=f"have one entry for each cell of the coupling, {tuple(coupling.shape)}",
        )
    total = coupling.flatten(order="C") @ costs.ravel()
    return [
        *([] if at_most is None else [total <= at_most]),
        *([] if at_least is None else [total >= at_least]),
    ]


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
