"""What a compiled search is given, checked: its C takes arrays as they are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt.errors import NotSupportedError, ProblemError

__all__ = [
    "LETTERS_TAKEN",
    "MAX_LABELS",
    "MAX_LETTERS",
    "MAX_LETTERS_X",
    "MAX_LINEAR_ROWS",
    "label",
    "label_table",
    "law_between",
    "letters",
    "linear_rows",
    "pmf",
    "takes",
]

FloatArray = NDArray[np.float64]

#: Letters of X and of Y up to which every problem is taken.
MAX_LETTERS = 12

#: Letters of X with few of Y: MB_MAX_LETTERS in tables.h, and the sets that two letters of Y may have.
MAX_LETTERS_X = 20

#: Steps of exact pricing, (m - 2) 3^n: 16x3 takes 43 million, some 20 milliseconds.
_MAX_STEPS = 45_000_000

#: MB_MAX_CELLS in tables.h.
_MAX_CELLS = 144

#: What `takes` says yes to, for errors.
LETTERS_TAKEN = (
    f"2 to {MAX_LETTERS} letters a side, and up to {MAX_LETTERS_X} of X with 2 of Y, 16 with 3, 15 with 5, "
    "14 with 10, 13 with 11"
)

#: Linear rows beyond which a problem is refused; MB_MAX_LINEAR in tree.h, less the one that says that a
#: coupling with a law of Y that varies sums to 1.
MAX_LINEAR_ROWS = 63

#: Labels of a limit without the seed beyond which a problem is refused; MB_MAX_LABELS in tables.h.
MAX_LABELS = 64


def takes(n: int, m: int) -> bool:
    """Whether the tables over sets of X-letters, and pricing by them, are small enough for (n, m) letters."""
    if min(n, m) < 2 or m > MAX_LETTERS or n > MAX_LETTERS_X:
        return False
    return n <= MAX_LETTERS or (n * m <= _MAX_CELLS and (m - 2) * 3**n <= _MAX_STEPS)


def letters(p_x: FloatArray, p_y: FloatArray) -> tuple[int, int]:
    """The numbers of letters, where they are not too many."""
    shape = len(p_x), len(p_y)
    if not takes(*shape):
        raise NotSupportedError(
            f"p_x and p_y have {shape[0]} and {shape[1]} letters; the compiled search takes {LETTERS_TAKEN}."
        )
    return shape


def pmf(name: str, values: ArrayLike) -> FloatArray:
    """Positive masses, shape (n,), that sum to 1 exactly."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ProblemError(f"{name} has shape {array.shape}; it must be masses in one row.")
    total = array.sum()
    # What is no number is in the total.
    if not min(array.tolist()) > 0 or not abs(total - 1) <= 1e-9:
        raise ProblemError(
            f"{name} = {array} must be positive masses that sum to 1: presolve the problem first."
        )
    # Sums of p_x and p_y that differ by 1e-10 would be proved infeasible.
    masses: FloatArray = array / total
    return masses


def label(
    letters: int, channel: ArrayLike | None, limit: float | None, unseen: bool
) -> tuple[FloatArray, float]:
    """The channel, shape (n, s), and the limit; s = 0 where nothing speaks of a label."""
    if (channel is None) != (limit is None):
        raise ProblemError("p_s_given_x and max_label_entropy go together: give both or neither.")
    if unseen and channel is None:
        raise ProblemError("A label without the seed needs p_s_given_x; max_label_entropy may be infinite.")
    if channel is None or limit is None or (math.isinf(limit) and not unseen):
        return np.empty((letters, 0)), math.inf
    array = np.ascontiguousarray(channel, dtype=np.float64)
    if array.ndim != 2 or len(array) != letters or array.shape[1] < 1:
        raise ProblemError(f"p_s_given_x has shape {array.shape}; it must be ({letters}, s), a row a letter.")
    if unseen and array.shape[1] > MAX_LABELS:
        raise NotSupportedError(
            f"p_s_given_x has {array.shape[1]} labels; the compiled search takes {MAX_LABELS} at most."
        )
    return array, float(limit)


def label_table(letters: int, table: ArrayLike | None) -> FloatArray | None:
    """The label limit as a table over sets of letters."""
    if table is None:
        return None
    array = np.ascontiguousarray(table, dtype=np.float64)
    if array.shape != (2**letters,):
        raise ProblemError(
            f"label_table has shape {array.shape}; it must be ({2**letters},), one entry a set."
        )
    return array


def law_between(
    letters: int, ends: tuple[ArrayLike, ArrayLike] | None
) -> tuple[FloatArray, FloatArray] | None:
    """The least and the greatest mass of every letter of Y, shapes (m,)."""
    if ends is None:
        return None
    lower, upper = (np.ascontiguousarray(end, dtype=np.float64) for end in ends)
    ordered = lower.shape == upper.shape == (letters,) and bool(
        np.all((lower >= 0) & (lower <= upper) & (upper > 0))
    )
    if not ordered or lower.sum() > 1 + 1e-9 or upper.sum() < 1 - 1e-9:
        raise ProblemError(
            f"law_between = {lower}, {upper} must be the ends of {letters} masses that can sum to 1."
        )
    return lower, upper


def linear_rows(
    shape: tuple[int, int],
    linear: tuple[ArrayLike, ArrayLike, ArrayLike] | None,
    *,
    whole: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coefficients, shape (k, n, m), and bounds, shape (k,); `whole` adds that the coupling sums to 1."""
    if linear is None:
        none = np.empty((0, *shape)), np.empty(0), np.empty(0)
        if not whole:
            return none
        linear = none
    rows, lower, upper = (np.ascontiguousarray(part, dtype=np.float64) for part in linear)
    count = len(rows)
    if rows.shape != (count, *shape) or lower.shape != (count,) or upper.shape != (count,):
        raise ProblemError(
            f"linear has arrays of shapes {rows.shape}, {lower.shape} and {upper.shape}; they must be "
            f"(k, {shape[0]}, {shape[1]}), (k,) and (k,)."
        )
    if count > MAX_LINEAR_ROWS:
        raise NotSupportedError(
            f"linear has {count} rows; the compiled search takes {MAX_LINEAR_ROWS} at most."
        )
    if not np.isfinite(rows).all() or np.isnan(lower).any() or np.isnan(upper).any():
        raise ProblemError("linear must hold finite coefficients and bounds that are numbers.")
    if whole:
        rows = np.concatenate([rows, np.ones((1, *shape))])
        lower, upper = np.append(lower, 1.0), np.append(upper, 1.0)
    return rows, lower, upper
