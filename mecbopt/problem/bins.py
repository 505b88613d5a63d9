"""Continuous columns as letters: a few cut points, each letter the interval between two of them.

The cut points stand in the names of the letters, `[1.5, 2.7)`, so a problem says how its numbers were cut and
`Bins.of_letters` cuts further numbers alike.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.errors import ProblemError

__all__ = ["Bins", "BinsLike", "codes_in", "columns_to_bin", "is_continuous", "named_bins"]

#: A number of bins, or cut points.
BinsLike = Any
#: Digits of a cut point that is taken from the data: what a name of a letter can hold and still be read.
_DIGITS = 6
_INTERVAL = re.compile(r"\[(\S+), (\S+)\)|\((-inf), (\S+)\)")


@dataclass(frozen=True)
class Bins:
    """Intervals between ascending cut points; the first and the last reach to infinity.

    Parameters
    ----------
    cuts : sequence of float
        Strictly ascending and finite; k cut points make k + 1 bins, each with its lower end.

    Examples
    --------
    >>> bins = Bins([0.5, 2.0])
    >>> bins.letters
    ('(-inf, 0.5)', '[0.5, 2.0)', '[2.0, inf)')
    >>> bins.of([0.5, -1, 7])
    ['[0.5, 2.0)', '(-inf, 0.5)', '[2.0, inf)']
    """

    cuts: tuple[float, ...]

    def __init__(self, cuts: Iterable[float]) -> None:
        object.__setattr__(self, "cuts", _ascending("cuts", cuts))

    @classmethod
    def quantiles(cls, values: Sequence[float] | NDArray[np.float64], count: int) -> Bins:
        """At most `count` bins of about equally many of the values; cut points have six digits.

        Parameters
        ----------
        values : sequence of float, length N
            Finite numbers.
        count : int
            Equal values stay together, so columns with many of them get fewer bins.

        Raises
        ------
        ProblemError
            No values, one that is no finite number, or a count below 1.

        Examples
        --------
        >>> Bins.quantiles(range(100), 4).cuts
        (24.75, 49.5, 74.25)
        """
        _validate.positive_integer("bins", count)
        column = _numbers("values", values)
        levels = np.quantile(column, np.arange(1, count) / count)
        rounded = {float(f"{level:.{_DIGITS}g}") for level in levels}
        cuts: list[float] = []
        below = 0
        for cut, here in ((cut, int(np.count_nonzero(column < cut))) for cut in sorted(rounded)):
            # No bin stays empty: something lies between two cut points, and above the last.
            if below < here < len(column):
                cuts.append(cut)
                below = here
        return cls(cuts)

    @classmethod
    def of_letters(cls, letters: Iterable[Hashable]) -> Bins:
        """The bins whose names some letters have, such as those of a problem; bins between them are kept.

        Raises
        ------
        ProblemError
            A letter that is no name of a bin.

        Examples
        --------
        >>> Bins.of_letters(["(-inf, 0.5)", "[2.0, inf)"]).cuts
        (0.5, 2.0)
        """
        ends: set[float] = set()
        for letter in letters:
            found = _INTERVAL.fullmatch(letter) if isinstance(letter, str) else None
            if found is None:
                raise ProblemError(argument="letters", value=letter, required="be the name of a bin, [a, b)")
            ends |= {_end(text) for text in found.groups() if text is not None}
        return cls(sorted(end for end in ends if math.isfinite(end)))

    @property
    def letters(self) -> tuple[str, ...]:
        """The intervals by name, ascending."""
        ends = (-math.inf, *self.cuts, math.inf)
        return tuple(f"{'(' if low == -math.inf else '['}{low!r}, {high!r})" for low, high in pairwise(ends))

    def codes(self, values: Any) -> NDArray[np.int64]:
        """The position of the bin of each of N values, shape (N,).

        Raises
        ------
        ProblemError
            No values, or one that is no finite number.
        """
        return codes_in(self, "values", values)

    def of(self, values: Any) -> list[str]:
        """The letter of each value, by name; values and errors as for `codes`."""
        names = self.letters
        return [names[code] for code in self.codes(values)]


def named_bins(letters: Iterable[Hashable]) -> Bins | None:
    """The bins that letters are the names of; None if one of them is the name of none."""
    names = list(letters)
    if not names or not all(isinstance(name, str) and _INTERVAL.fullmatch(name) for name in names):
        return None
    return Bins.of_letters(names)


def codes_in(bins: Bins, name: str, values: Any) -> NDArray[np.int64]:
    """The position of the bin of each value of a column that errors call by its name."""
    codes: NDArray[np.int64] = np.searchsorted(bins.cuts, _numbers(name, values), side="right")
    return codes


def _ascending(name: str, cuts: Any) -> tuple[float, ...]:
    """Finite cut points, each above the one before it."""
    required = "be finite numbers, strictly ascending"
    if isinstance(cuts, str) or not isinstance(cuts, Iterable):
        raise ProblemError(argument=name, value=cuts, required=required)
    entries = list(cuts)
    values = tuple(_float(_validate.exact_number(name, entry, required)) for entry in entries)
    if not all(map(math.isfinite, values)) or any(later <= earlier for earlier, later in pairwise(values)):
        raise ProblemError(argument=name, value=entries, required=required)
    return values


def _float(number: Fraction | float) -> float:
    """The float of a number; what is beyond all floats is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _end(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ProblemError(argument="letters", value=text, required="be an end of a bin, a number") from None


def _numbers(name: str, values: Any) -> NDArray[np.float64]:
    """Finite numbers, the first that is none named."""
    entries = list(values)
    required = "be a finite number, since the column is cut into bins"
    for position, entry in enumerate(entries):
        if not _is_number(entry) or not math.isfinite(entry):
            raise ProblemError(argument=f"{name}[{position}]", value=entry, required=required)
    if not entries:
        raise ProblemError(argument=name, value=values, found="is empty", remedy="give at least one number")
    return np.array(entries, dtype=np.float64)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def is_continuous(values: Sequence[Any], count: int) -> bool:
    """Whether a column holds numbers alone, more than `count` different ones."""
    return all(map(_is_number, values)) and len(set(values)) > count


def columns_to_bin(bins: Any, columns: Mapping[str, Sequence[Any] | None]) -> dict[str, Bins]:
    """The bins of each column that is to be cut.

    Parameters
    ----------
    bins : int, or mapping from "x", "y", "label" to int, cut points or Bins; None for none
        One number is for x and y, where these hold more different numbers than that.
    columns : mapping
        The samples that are there; None where a column is not given.
    """
    if bins is None:
        return {}
    if isinstance(bins, Mapping):
        return {name: _of_column(name, wanted, columns) for name, wanted in bins.items()}
    count = _validate.positive_integer("bins", bins, minimum=2)
    chosen = {
        name: values
        for name in ("x", "y")
        if (values := columns.get(name)) is not None and is_continuous(values, count)
    }
    if not chosen:
        raise ProblemError(
            argument="bins",
            value=bins,
            found=f"is {bins}, but no column holds more than {bins} different numbers and nothing else",
            remedy="leave it out",
        )
    return {name: Bins.quantiles(values, count) for name, values in chosen.items()}


def _of_column(name: Any, wanted: Any, columns: Mapping[str, Sequence[Any] | None]) -> Bins:
    values = columns.get(name) if isinstance(name, str) else None
    if values is None:
        given = ", ".join(column for column, samples in columns.items() if samples is not None)
        raise ProblemError(
            argument="bins", value=name, found=f"names the column {name!r}", required=f"name one of {given}"
        )
    if isinstance(wanted, Bins):
        return wanted
    if isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool):
        _numbers(name, values)
        return Bins.quantiles(values, _validate.positive_integer(f"bins[{name!r}]", wanted, minimum=2))
    return Bins(_ascending(f"bins[{name!r}]", wanted))
