"""Integer coding tables: counts of symbols, one row for each coded variable and each dither level.

A row holds counts of the symbols low .. low + width - 1 and of one escape symbol; every count is at least 1
and a row sums to exactly 2**24, the precision of the range coder.  The tables are computed once and stored as
integers: no decoder ever evaluates the density again, so its decisions do not depend on a machine's
floating-point arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mecbopt.coding.errors import TableError

__all__ = ["MOST_WIDTH", "PRECISION_BITS", "CodingTables", "counts_of_masses", "integer_counts"]

#: The counts of a row sum to 2 to this power, which the format fixes.
PRECISION_BITS = 24
_TOTAL = 1 << PRECISION_BITS
#: Symbols of a row without escape.  The coder's exact model of a row costs its width squared (.2 ms at 512,
#: 10 ms at 4,096); what lies further out is an escape, for 2 log2 of its distance in bits.
MOST_WIDTH = 512
#: (1 + sqrt 5) / 2 in units of 2**-62.
_GOLDEN_RATIO, _GOLDEN_BITS = 7461864723258187525, 62
#: Far beyond any latent, and far below where sums with it would leave 64 bits.
_LARGEST_SYMBOL = 2**40


@dataclass(frozen=True, eq=False)
class CodingTables:
    """Counts of symbols.

    Attributes
    ----------
    low : ndarray of int64, shape (d,)
        The first symbol of each latent's rows.
    counts : ndarray of uint32, shape (d, levels, width + 1)
        Rows sum to 2**24; the last column is the escape.
    """

    low: NDArray[np.int64]
    counts: NDArray[np.uint32]

    def __post_init__(self) -> None:
        if self.counts.ndim != 3 or self.low.shape != self.counts.shape[:1] or self.counts.shape[2] < 2:
            raise TableError(
                f"coding tables have shapes {self.low.shape} and {self.counts.shape}: "
                "expected (d,) and (d, levels, width + 1)."
            )
        if self.width > MOST_WIDTH:
            raise TableError(
                f"coding tables have rows of {self.width} symbols: at most {MOST_WIDTH} are coded without an "
                "escape, since wider rows take too long to code."
            )
        if self.counts.size == 0 or np.abs(self.low).max() > _LARGEST_SYMBOL:
            raise TableError(
                f"coding tables of shape {self.counts.shape} are empty or start beyond +-{_LARGEST_SYMBOL}."
            )
        if self.counts.min() < 1 or np.any(self.counts.sum(axis=2, dtype=np.int64) != _TOTAL):
            raise TableError(f"a row of the coding tables has a zero count or does not sum to {_TOTAL}.")

    @property
    def dimensions(self) -> int:
        """Number of latents d."""
        return int(self.counts.shape[0])

    @property
    def levels(self) -> int:
        """Number of dither levels."""
        return int(self.counts.shape[1])

    @property
    def width(self) -> int:
        """Number of symbols a row codes without an escape."""
        return int(self.counts.shape[2]) - 1

    def least_bits(self) -> float:
        """Bits that an image costs at least, whatever its symbols and dither: a stream is no shorter."""
        dearest = self.counts.max(axis=2).max(axis=1).astype(np.float64)
        return float((PRECISION_BITS - np.log2(dearest)).sum())

    def columns(self, symbols: NDArray[np.int64]) -> NDArray[np.int32]:
        """Column of each symbol, shape (count, d): `width` (the escape) for a symbol outside the rows."""
        column = symbols - self.low
        return np.where((column >= 0) & (column < self.width), column, self.width).astype(np.int32)

    def rows(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Probabilities in row-major order, shape (count * d, width + 1); exact multiples of 2**-24."""
        chosen = self.counts[np.arange(self.dimensions), levels]
        return chosen.reshape(-1, self.width + 1).astype(np.float64) / _TOTAL

    def bits(self, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ideal code length of each image under the integer tables, in bits, shape (count,).

        An escaped value costs its escape symbol, one sign bit and 2 floor(log2 v) + 1 bits (Elias gamma).
        """
        column = self.columns(symbols)
        count = self.counts[np.arange(self.dimensions), levels, column].astype(np.float64)
        cost = PRECISION_BITS - np.log2(count)
        above = symbols - self.low - self.width
        excess = np.where(above >= 0, above, self.low - 1 - symbols) + 1
        escape = 2.0 + 2.0 * np.floor(np.log2(np.maximum(excess, 1)))
        total: NDArray[np.float64] = (cost + np.where(column == self.width, escape, 0.0)).sum(axis=1)
        return total


def integer_counts(probability: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Integer counts of at least 1 that sum to 2**24 in each row; the largest count takes the remainder."""
    entries = probability.shape[-1]
    return _completed(np.floor(probability * (_TOTAL - entries)).astype(np.int64) + 1)


def counts_of_masses(masses: list[int], bits: int) -> NDArray[np.uint32]:
    """Integer counts for masses in units of 2**-bits that sum to about 1, by integer arithmetic alone.

    A mass p of e masses becomes floor(p (2**24 - 2 e) + g) with g the golden ratio, and the largest count
    takes the remainder: every count is at least 1 and at least p (2**24 - 2 e), so no letter costs more than
    log2(2**24 / (2**24 - 2 e)), about 2.9 e / 2**24 bits, above its ideal length.  With g no simple fraction
    p lies on the edge between two counts: laws that differ in their last bit, as by the order of a sum, have
    the same counts.

    >>> counts_of_masses([1 << 61, 1 << 61, 0], 62).tolist()
    [8388609, 8388606, 1]
    """
    scale = _TOTAL - 2 * len(masses)
    offset = (_GOLDEN_RATIO << bits) >> _GOLDEN_BITS
    counts = [(mass * scale + offset) >> bits for mass in masses]
    return _completed(np.array(counts, dtype=np.int64))


def _completed(counts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Rows that sum to 2**24: the largest count, the first among equals, takes the remainder."""
    remainder = _TOTAL - counts.sum(axis=-1)
    largest = counts.argmax(axis=-1)
    np.put_along_axis(
        counts,
        largest[..., None],
        np.take_along_axis(counts, largest[..., None], -1) + remainder[..., None],
        axis=-1,
    )
    result: NDArray[np.uint32] = counts.astype(np.uint32)
    return result
