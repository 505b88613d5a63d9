"""Validation at the public edge: every argument is checked once, here, with a message that helps.

Exact input (ints and Fractions) is kept exactly where it is given; floats are taken at their binary value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import ProblemError
from mecbopt.tolerances import NORMALIZATION

__all__ = ["nonnegative_number", "pmf", "positive_integer", "positive_number", "row_stochastic"]

FloatArray = NDArray[np.float64]


def _fractions(name: str, values: Any, shape_wanted: str) -> list[Fraction]:
    """Every entry as an exact Fraction, or a ProblemError that names the offending entry."""
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        raise ProblemError(f"{name} is {values!r}: give {shape_wanted}.")
    array = np.asarray(values, dtype=object)
    if array.ndim != 1:
        raise ProblemError(f"{name} has shape {array.shape}: give {shape_wanted}.")
    if array.size == 0:
        raise ProblemError(f"{name} is empty: give at least one probability.")
    return [_fraction(f"{name}[{index}]", entry) for index, entry in enumerate(array)]


def _fraction(name: str, entry: Any) -> Fraction:
    """One probability as an exact Fraction."""
    if isinstance(entry, (bool, np.bool_)) or not isinstance(entry, (Real, Rational)):
        raise ProblemError(f"{name} is {entry!r}: give a real number (float, int or Fraction).")
    if isinstance(entry, Rational):
        value = Fraction(int(entry.numerator), int(entry.denominator))
    elif math.isfinite(entry):
        value = Fraction(float(entry))
    else:
        raise ProblemError(f"{name} is {entry}: probabilities must be finite numbers.")
    if value < 0:
        raise ProblemError(f"{name} is {float(value):g}: probabilities must not be negative.")
    return value


def _normalized(name: str, values: list[Fraction], normalize: bool) -> list[Fraction]:
    """The entries divided by their exact sum, which must be 1 up to NORMALIZATION unless `normalize`."""
    total = sum(values, Fraction(0))
    if total == 0:
        raise ProblemError(f"{name} sums to 0: at least one entry must be positive.")
    if not normalize and abs(total - 1) > Fraction(NORMALIZATION):
        raise ProblemError(
            f"{name} sums to {float(total):.12g}, not 1 (tolerance {NORMALIZATION:g}): correct it, "
            "or pass normalize=True to divide by the sum."
        )
    return values if total == 1 else [value / total for value in values]


def pmf(name: str, values: Any, normalize: bool = False) -> tuple[FloatArray, tuple[Fraction, ...]]:
    """A probability mass function as floats and as exact Fractions that sum to 1.

    Parameters
    ----------
    name : str
        The argument's name for the message.
    values : sequence of float, int or Fraction, shape (n,)
    normalize : bool
        Divide by the sum whatever it is.

    Returns
    -------
    floats : ndarray, shape (n,)
    exact : tuple of Fraction, length n, summing to exactly 1

    Raises
    ------
    ProblemError
        Empty, of a wrong shape, with entries that are negative, not finite or no numbers, or a sum off 1.
    """
    exact = _normalized(name, _fractions(name, values, "a sequence of probabilities, shape (n,)"), normalize)
    return _to_floats(exact), tuple(exact)


def row_stochastic(
    name: str, values: Any, rows: int, normalize: bool = False
) -> tuple[FloatArray, tuple[tuple[Fraction, ...], ...]]:
    """A channel, shape (rows, s), every row a pmf; floats and exact Fractions as for `pmf`."""
    wanted = f"a matrix of shape (n, s) with n = {rows} rows, one pmf of the label for each letter of X"
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        raise ProblemError(f"{name} is {values!r}: give {wanted}.")
    lines = list(values)
    if len(lines) != rows:
        raise ProblemError(f"{name} has {len(lines)} rows, but p_x has {rows} letters: give {wanted}.")
    exact = [
        _normalized(f"{name}[{row}]", _fractions(f"{name}[{row}]", line, "one pmf a row"), normalize)
        for row, line in enumerate(lines)
    ]
    widths = sorted({len(line) for line in exact})
    if len(widths) > 1:
        raise ProblemError(f"{name} has rows of lengths {widths}: give {wanted}.")
    return np.array([_to_floats(line) for line in exact]), tuple(tuple(line) for line in exact)


def _to_floats(exact: list[Fraction]) -> FloatArray:
    """Each Fraction rounded to the nearest float (their sum is 1 up to n rounding errors)."""
    return np.array([float(value) for value in exact])


def nonnegative_number(name: str, value: Any, unit: str = "bits", allow_infinity: bool = True) -> float:
    """A real number >= 0; infinity where allowed, never NaN."""
    number = _real(name, value, unit)
    if math.isnan(number) or number < 0 or (math.isinf(number) and not allow_infinity):
        limit = "0 or more" if allow_infinity else "finite and 0 or more"
        raise ProblemError(f"{name} is {value}: it must be {limit}, in {unit}.")
    return number


def positive_number(name: str, value: Any, unit: str) -> float:
    """A real number > 0, never NaN; infinity counts as no limit."""
    number = _real(name, value, unit)
    if not number > 0:
        raise ProblemError(f"{name} is {value}: it must be positive, in {unit}.")
    return number


def positive_integer(name: str, value: Any, minimum: int = 1) -> int:
    """An integer of at least `minimum`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < minimum:
        raise ProblemError(f"{name} is {value!r}: it must be an integer of at least {minimum}.")
    return int(value)


def _real(name: str, value: Any, unit: str) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ProblemError(f"{name} is {value!r}: give a real number, in {unit}.")
    return float(value)
