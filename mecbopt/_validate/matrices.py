"""Matrices of finite numbers, exact where they are given exactly."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._validate.containers import entries, rows
from mecbopt._validate.numbers import exact_number
from mecbopt.errors import ProblemError

__all__ = ["Matrix", "finite_matrix"]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix: floats, and its entries as they were given.

    Attributes
    ----------
    floats : ndarray, shape (n, m)
    given : tuple of tuples of Fraction or float
    letters, columns : tuple or None
        Names of the rows and of the columns, where the container had any.
    """

    floats: NDArray[np.float64]
    given: tuple[tuple[Fraction | float, ...], ...]
    letters: tuple[Hashable, ...] | None = None
    columns: tuple[Hashable, ...] | None = None

    def reordered(self, rows: list[int] | None = None, columns: list[int] | None = None) -> Matrix:
        """The same entries with rows, columns or both in another order."""
        n, m = self.floats.shape
        rows, columns = rows or list(range(n)), columns or list(range(m))
        floats = self.floats[np.ix_(rows, columns)]
        floats.setflags(write=False)
        given = tuple(tuple(self.given[row][column] for column in columns) for row in rows)
        letters = None if self.letters is None else tuple(self.letters[row] for row in rows)
        named = None if self.columns is None else tuple(self.columns[column] for column in columns)
        return Matrix(floats, given, letters, named)

    @cached_property
    def exact(self) -> tuple[tuple[Fraction, ...], ...]:
        """The entries as Fractions; a float is taken at its binary value."""
        return tuple(tuple(Fraction(entry) for entry in row) for row in self.given)


def finite_matrix(name: str, values: Any, shape: tuple[int, int]) -> Matrix:
    """A matrix of finite numbers of a given shape.

    Raises
    ------
    ProblemError
        Another shape, entries that are no finite numbers.
    """
    if isinstance(values, Matrix):
        found = values
    else:
        wanted = f"be a matrix of shape {shape}"
        table = rows(name, values, wanted)
        given = tuple(
            tuple(
                _finite(f"{name}[{row}][{column}]", entry)
                for column, entry in enumerate(entries(f"{name}[{row}]", line, wanted).values)
            )
            for row, line in enumerate(table.values)
        )
        widths = sorted({len(line) for line in given})
        if len(given) != shape[0] or widths != [shape[1]]:
            raise ProblemError(
                argument=name,
                value=values,
                found=f"has {len(given)} rows of lengths {widths}",
                required=wanted,
            )
        floats = np.array([[float(entry) for entry in line] for line in given])
        floats.setflags(write=False)
        found = Matrix(floats, given, table.letters, table.columns)
    if found.floats.shape != shape:
        raise ProblemError(
            argument=name,
            value=values,
            found=f"has shape {found.floats.shape}",
            required=f"be a matrix of shape {shape}",
        )
    return found


def _finite(name: str, entry: Any) -> Fraction | float:
    number = exact_number(name, entry, "be a finite number")
    try:
        finite = math.isfinite(number)
    except OverflowError:
        finite = False
    if not finite:
        raise ProblemError(argument=name, value=entry, required="be a finite number")
    return number
