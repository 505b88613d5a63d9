"""Integer coding tables: the density frozen into counts, one row for each latent and each dither level.

A row holds counts of the symbols low .. low + width - 1 and of one escape symbol; every count is at least 1
and a row sums to exactly 2**24, the precision of the range coder.  The tables are computed once, in double
precision on CPU, and stored as integers: no decoder ever evaluates the density again, so its decisions do not
depend on a machine's floating-point arithmetic.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mecbopt.neural.density import Density
from mecbopt.neural.dither import dither_values
from mecbopt.neural.errors import ModelFileError, TrainingError

__all__ = ["PRECISION_BITS", "CodingTables", "build_tables"]

PRECISION_BITS = 24
_TOTAL = 1 << PRECISION_BITS

#: Mass that each tail may leave to the escape: at 2**-20 an escape adds about 1e-4 bits a symbol.
_TAIL = 2.0**-20
_LARGEST_WIDTH = 4096


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
            raise ModelFileError(
                f"coding tables have shapes {self.low.shape} and {self.counts.shape}: "
                "expected (d,) and (d, levels, width + 1)."
            )
        if self.counts.min() < 1 or np.any(self.counts.sum(axis=2, dtype=np.int64) != _TOTAL):
            raise ModelFileError(f"a row of the coding tables has a zero count or does not sum to {_TOTAL}.")

    @property
    def dimensions(self) -> int:
        """D."""
        return int(self.counts.shape[0])

    @property
    def levels(self) -> int:
        """Number of dither levels."""
        return int(self.counts.shape[1])

    @property
    def width(self) -> int:
        """Number of symbols a row codes without an escape."""
        return int(self.counts.shape[2]) - 1

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


@torch.no_grad()
def build_tables(density: Density, levels: int, gain: float = 1.0) -> CodingTables:
    """Freeze a density into tables for `levels` dither values.  Cost O(d * levels * width)."""
    exact = copy.deepcopy(density).cpu().double()
    dimensions = exact.dimensions
    low, high = _support(exact, gain)
    width = int((high - low).max()) + 1
    dither = torch.as_tensor(dither_values(np.arange(levels, dtype=np.float64), levels))
    offsets = torch.arange(width, dtype=torch.float64)
    values = (
        torch.as_tensor(low, dtype=torch.float64)[:, None, None]
        + offsets[None, None, :]
        + dither[None, :, None]
    )  # (d, levels, width)
    flat = values.permute(1, 2, 0).reshape(-1, dimensions)
    probability = (
        exact.window_probability(flat, gain).reshape(levels, width, dimensions).permute(2, 0, 1).numpy()
    )
    if not np.all(np.isfinite(probability)):
        raise TrainingError("the density gives a probability that is not finite: train with smaller steps.")
    escape = np.maximum(1.0 - probability.sum(axis=2, keepdims=True), 0.0)
    return CodingTables(low, _counts(np.concatenate([probability, escape], axis=2)))


def _support(density: Density, gain: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last symbol of each latent so that each tail beyond holds at most _TAIL for every dither."""
    limit = float(np.log(_TAIL) - np.log1p(-_TAIL))
    reach = _LARGEST_WIDTH // 2
    grid = torch.arange(-reach, reach + 1, dtype=torch.float64)
    logits = density.logits((grid / gain).unsqueeze(1).expand(-1, density.dimensions)).numpy()
    below = np.maximum((logits < limit).sum(axis=0) - 1, 0)  # last grid point with c < _TAIL
    above = np.minimum((logits <= -limit).sum(axis=0), len(grid) - 1)  # first grid point with 1 - c < _TAIL
    # Z + U - 1/2 >= the lower point and Z + U + 1/2 <= the upper one for every |U| < 1/2.
    return below.astype(np.int64) - reach, above.astype(np.int64) - reach


def _counts(probability: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Integer counts of at least 1 that sum to 2**24 in each row; the largest count takes the remainder."""
    entries = probability.shape[-1]
    counts = np.floor(probability * (_TOTAL - entries)).astype(np.int64) + 1
    remainder = _TOTAL - counts.sum(axis=-1)
    largest = counts.argmax(axis=-1)
    np.put_along_axis(
        counts,
        largest[..., None],
        np.take_along_axis(counts, largest[..., None], -1) + remainder[..., None],
        axis=-1,
    )
    return counts.astype(np.uint32)
