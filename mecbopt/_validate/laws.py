"""Pmfs and channels: floats for the solvers, exact Fractions for whoever asks, the form as it was given."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._validate.containers import Entries, entries, rows
from mecbopt._validate.numbers import exact_number
from mecbopt.errors import Name, ProblemError
from mecbopt.tolerances import NORMALIZATION

__all__ = ["Channel", "Law", "channel", "law", "pmf", "row_stochastic"]

FloatArray = NDArray[np.float64]

#: Roundings that a sum or a mass may be off by, in units of the precision of its type: what a softmax or a
#: division in that type leaves.
_ROUNDINGS = 8.0
#: Sums of exact masses are refused beyond this: denominators without common factors multiply.
_MAX_SUM_BITS = 1 << 17
#: Floats outside this range are added as Fractions: float sums would overflow or lose all their digits.
_SAFE = (1e-150, 1e150)


@dataclass(frozen=True, eq=False)
class Law:
    """A pmf.

    Attributes
    ----------
    floats : ndarray, shape (n,)
        The masses, renormalised, each within 2 roundings of its exact value.
    masses : tuple of Fraction or float, or ndarray of int, length n
        As they were given, negative roundings clipped; proportional to the pmf.  An array holds counts.
    letters : tuple or None
        Their names, where the container had any.
    off : bool
        Whether the masses do not sum to 1 by themselves (`normalize` was needed).
    clipped : tuple of int
        Letters whose mass was negative by a rounding and was set to 0.
    pseudo_count : Fraction
        Added to every one of the counts.
    """

    floats: FloatArray
    masses: Any
    letters: tuple[Hashable, ...] | None = None
    off: bool = False
    clipped: tuple[int, ...] = ()
    pseudo_count: Fraction = Fraction(0)

    def __len__(self) -> int:
        return len(self.floats)

    @cached_property
    def exact(self) -> tuple[Fraction, ...]:
        """The pmf as Fractions that sum to exactly 1."""
        if isinstance(self.masses, np.ndarray):
            return _shares(self.masses, self.pseudo_count)
        masses = [Fraction(mass) for mass in self.masses]
        total = sum(masses, Fraction(0))
        return tuple(masses) if total == 1 else tuple(mass / total for mass in masses)

    @property
    def given(self) -> tuple[Fraction | float, ...]:
        """Masses to write into a file: counts become shares, since they are no form of a pmf."""
        return self.exact if isinstance(self.masses, np.ndarray) else self.masses

    def reordered(self, order: list[int]) -> Law:
        """The same masses in another order of the letters."""
        masses = (
            self.masses[order] if isinstance(self.masses, np.ndarray) else [self.masses[k] for k in order]
        )
        letters = None if self.letters is None else tuple(self.letters[k] for k in order)
        clipped = tuple(place for place, k in enumerate(order) if k in self.clipped)
        kept = masses if isinstance(masses, np.ndarray) else tuple(masses)
        return Law(_frozen(self.floats[order]), kept, letters, self.off, clipped, self.pseudo_count)

    @classmethod
    def of_counts(cls, counts: NDArray[np.int64], pseudo_count: Fraction = Fraction(0)) -> Law:
        """Counts, each raised by the pseudo-count, divided by their positive sum.  Cost O(n)."""
        if pseudo_count > Fraction(_SAFE[1]):
            floats = np.array([float(share) for share in _shares(counts, pseudo_count)])
        else:
            cells = counts + float(pseudo_count)
            floats = cells / cells.sum()
        return cls(_frozen(floats), counts, pseudo_count=pseudo_count)


def _shares(counts: NDArray[np.int64], pseudo_count: Fraction) -> tuple[Fraction, ...]:
    """Counts, each raised by the pseudo-count, divided by their sum, exactly."""
    raised, scale = pseudo_count.numerator, pseudo_count.denominator
    cells = [scale * count + raised for count in counts.tolist()]
    whole = sum(cells)
    return tuple(Fraction(cell, whole) for cell in cells)


def law(name: str, values: Any, normalize: bool | None = None, precision: float = 0.0) -> Law:
    """A pmf from whatever may hold one.

    Parameters
    ----------
    name : str
        The argument's name for the message.
    values : PmfLike, shape (n,)
    normalize : bool, optional
        True: divide by the sum whatever it is.  Else it must be 1 within 1e-9, or within 8 roundings of the
        entries' own type; False says that the caller has the option, None that there is none to speak of.
    precision : float
        Relative precision of the entries where their type does not say it.

    Raises
    ------
    ProblemError
        Empty, of a wrong shape, with entries that are negative, not finite or no numbers, or a sum off 1.
    """
    if isinstance(values, Law):
        return values
    found = entries(name, values, "be a sequence of probabilities, shape (n,)")
    rounding = _ROUNDINGS * max(found.precision, precision)
    tolerance = max(NORMALIZATION, rounding)
    masses, clipped = _nonnegative(name, found, rounding)
    if isinstance(masses, np.ndarray):
        high = float(masses.max())
        if high == 0 or _SAFE[0] < high < _SAFE[1]:
            total = math.fsum(masses)
            off = _is_off(name, total, normalize, tolerance)
            floats = masses if total == 1.0 else masses / total
            return Law(_frozen(floats), tuple(masses.tolist()), found.letters, off, clipped)
        masses = masses.tolist()
    exact = [Fraction(mass) for mass in masses]
    exact_total = _sum(name, exact)
    off = _is_off(name, exact_total, normalize, tolerance)
    floats = np.array([float(mass / exact_total) for mass in exact])
    return Law(_frozen(floats), tuple(masses), found.letters, off, clipped)


def _nonnegative(name: str, found: Entries, rounding: float) -> tuple[Any, tuple[int, ...]]:
    """The masses, finite and not negative; those that are negative by a rounding are clipped and named."""
    required = "be finite, and not be negative"
    masses: list[Any]
    if isinstance(found.values, np.ndarray):
        if np.isfinite(found.values).all() and found.values.min() >= 0:
            return found.values, ()
        masses = found.values.tolist()
    else:
        masses = [exact_number(f"{name}[{k}]", entry, required) for k, entry in enumerate(found.values)]
    for position, mass in enumerate(masses):
        if isinstance(mass, float) and not math.isfinite(mass):
            raise ProblemError(argument=f"{name}[{position}]", value=mass, required=required)
    # As Fractions: an exact count beside a float may be larger than every float.
    allowed = -Fraction(rounding) * Fraction(max(masses))
    clipped = [position for position, mass in enumerate(masses) if mass < 0]
    for position in clipped:
        if not isinstance(masses[position], float) or masses[position] < allowed:
            raise ProblemError(argument=f"{name}[{position}]", value=masses[position], required=required)
        masses[position] = 0.0
    return (np.array(masses) if isinstance(found.values, np.ndarray) else masses), tuple(clipped)


def _sum(name: str, exact: list[Fraction]) -> Fraction:
    """The exact sum, unless its denominator grows beyond every use."""
    total = Fraction(0)
    for mass in exact:
        total += mass
        if total.denominator.bit_length() > _MAX_SUM_BITS:
            raise ProblemError(
                argument=name,
                value=exact,
                found=f"has denominators whose least common multiple has over {_MAX_SUM_BITS} bits",
                remedy="give floats, or fractions with a common denominator",
            )
    return total


def _is_off(name: str, total: Fraction | float, normalize: bool | None, tolerance: float) -> bool:
    """Whether the sum is not 1; refused unless `normalize` or within the tolerance of the entries' type.

    A file holds no type: what float32 alone excuses is off there, so it counts as off.
    """
    if total == 0:
        raise ProblemError(
            argument=name, value=total, found="sums to 0", required="have at least one positive entry"
        )
    off = not -tolerance <= total - 1 <= tolerance
    if off and not normalize:
        offered = (", or ", Name("pass normalize=True"), " to divide by the sum")
        raise ProblemError(
            argument=name,
            value=total,
            found=f"sums to {_figure(total)}",
            required=f"sum to 1 (tolerance {tolerance:.2g})",
            remedy="divide it by its sum" if normalize is None else ("correct it", *offered),
        )
    return not -NORMALIZATION <= total - 1 <= NORMALIZATION


def _figure(total: Fraction | float) -> str:
    """A sum with 12 digits."""
    try:
        return f"{float(total):.12g}"
    except OverflowError:
        return "more than 1.8e308"


def pmf(name: str, values: Any, normalize: bool | None = None) -> tuple[FloatArray, tuple[Fraction, ...]]:
    """A pmf as floats, an array of the caller's own, and as Fractions that sum to exactly 1; see `law`."""
    found = law(name, values, normalize)
    return found.floats.copy(), found.exact


@dataclass(frozen=True, eq=False)
class Channel:
    """A row-stochastic matrix, one pmf a row.

    Attributes
    ----------
    laws : tuple of Law, length n
        All of one size s.
    letters, columns : tuple or None
        Names of the rows and of the columns, where the container had any.
    """

    laws: tuple[Law, ...]
    letters: tuple[Hashable, ...] | None = None
    columns: tuple[Hashable, ...] | None = None

    def __iter__(self) -> Iterator[Law]:
        return iter(self.laws)

    def reordered(self, order: list[int]) -> Channel:
        """The same rows in another order."""
        letters = None if self.letters is None else tuple(self.letters[k] for k in order)
        return Channel(tuple(self.laws[k] for k in order), letters, self.columns)

    @cached_property
    def floats(self) -> FloatArray:
        """Shape (n, s)."""
        return _frozen(np.array([row.floats for row in self.laws]))

    @cached_property
    def exact(self) -> tuple[tuple[Fraction, ...], ...]:
        """Rows of Fractions, each summing to exactly 1."""
        return tuple(row.exact for row in self.laws)


def channel(name: str, values: Any, letters_x: int, normalize: bool | None = None) -> Channel:
    """A channel with one row, read by `law`, for each of the `letters_x` letters of p_x."""
    if isinstance(values, Channel):
        found = values
    else:
        wanted = f"be a matrix of shape (n, s) with n = {letters_x} rows, one pmf for each letter of X"
        table = rows(name, values, wanted)
        laws = tuple(
            law(f"{name}[{row}]", line, normalize, table.precision) for row, line in enumerate(table.values)
        )
        columns = table.columns
        if columns is None and laws and all(line.letters is not None for line in laws):
            columns = laws[0].letters
            laws = tuple(_aligned(f"{name}[{row}]", line, columns or ()) for row, line in enumerate(laws))
        found = Channel(laws, table.letters, columns)
    if len(found.laws) != letters_x:
        raise ProblemError(
            argument=name,
            value=values,
            found=(f"has {len(found.laws)} rows, but ", Name("p_x"), f" has {letters_x} letters"),
            required=f"have one row, a pmf, for each of the {letters_x} letters",
        )
    widths = sorted({len(line) for line in found.laws})
    if len(widths) > 1:
        raise ProblemError(
            argument=name,
            value=values,
            found=f"has rows of lengths {widths}",
            required="be a matrix: rows of one length",
        )
    return found


def _aligned(name: str, line: Law, letters: tuple[Hashable, ...]) -> Law:
    """A row in the order of the letters of the first one."""
    if line.letters == letters:
        return line
    places = {letter: place for place, letter in enumerate(line.letters or ())}
    if len(places) != len(letters) or any(letter not in places for letter in letters):
        raise ProblemError(
            argument=name,
            value=line.letters,
            found=f"has the letters {line.letters}",
            required=f"have those of the first row, {letters}",
            remedy="give absent ones the mass 0",
        )
    return line.reordered([places[letter] for letter in letters])


def row_stochastic(
    name: str, values: Any, rows: int, normalize: bool | None = None
) -> tuple[FloatArray, tuple[tuple[Fraction, ...], ...]]:
    """A channel as floats, shape (rows, s), and as exact rows; see `channel`."""
    found = channel(name, values, rows, normalize)
    return found.floats.copy(), found.exact


def _frozen(array: FloatArray) -> FloatArray:
    """The array, read-only; it must be no one else's."""
    array.setflags(write=False)
    return array
