"""Constraints on the coupling that have a name: for Python, for files and for the command line.

Each is a function from the cvxpy expression of the coupling, shape (n, m), to constraints, as every entry of
`Problem.constraints`; unlike those of the user's own it can be written to a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mecbopt.errors import ProblemError
from mecbopt.problem.fairness import GroupFairness
from mecbopt.problem.named_base import NamedConstraint, check_limits, numbers, position, within

__all__ = [
    "Agreement",
    "CostCap",
    "Forbidden",
    "GroupFairness",
    "Moment",
    "NamedConstraint",
    "named_constraint",
]


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
            cells = tuple((position(x), position(y)) for x, y in self.cells)
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
        object.__setattr__(self, "costs", numbers("costs", self.costs, 2))
        check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        return within(coupling, np.array(self.costs), self.at_most, self.at_least, "costs")


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
        object.__setattr__(self, "x_values", numbers("x_values", self.x_values, 1))
        object.__setattr__(self, "y_values", numbers("y_values", self.y_values, 1))
        check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        products = np.outer(self.x_values, self.y_values)
        return within(coupling, products, self.at_most, self.at_least, "values")


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
        check_limits(self.at_most, self.at_least)

    def __call__(self, coupling: Any) -> list[Any]:
        """One inequality for each limit."""
        return within(coupling, np.eye(*coupling.shape), self.at_most, self.at_least, "costs")


_KINDS: dict[str, Callable[..., NamedConstraint]] = {
    kind.kind: kind for kind in (Forbidden, CostCap, Moment, Agreement, GroupFairness)
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
