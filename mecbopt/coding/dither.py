"""Dither from a counter: the dither and the shared noise of image i are a function of (seed, i).

Integers leave this module; the level k stands for the dither value (k + 1/2)/G - 1/2, so encoder and decoder
share exact integers on every machine, and every level has its own integer coding table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.coding.counter import DITHER, NOISE, WORDS_A_BLOCK, counter_words
from mecbopt.errors import ProblemError

__all__ = ["NOISE_LEVELS", "dither_levels", "dither_values", "noise_levels", "noise_values"]

#: Shared noise lies on this many levels in the unit interval.
NOISE_LEVELS = 256


def _words(seed: int, purpose: int, first: int, count: int, each: int) -> NDArray[np.uint64]:
    """64-bit words, shape (count, each); row i depends on (seed, purpose, first + i) alone."""
    if first < 0 or count < 0:
        raise ProblemError(f"first is {first} and count is {count}: both must be 0 or more.")
    blocks = -(-each // WORDS_A_BLOCK)
    words = counter_words(seed, purpose, first * blocks, count * blocks)
    return words.reshape(count, blocks * WORDS_A_BLOCK)[:, :each]


def _scaled(words: NDArray[np.uint64], levels: int) -> NDArray[np.int64]:
    """Levels 0 .. levels - 1 from the upper 32 bits by multiplication; bias below levels / 2**32."""
    return ((words >> np.uint64(32)) * np.uint64(levels) >> np.uint64(32)).astype(np.int64)


def dither_levels(seed: int, first: int, count: int, dimensions: int, levels: int) -> NDArray[np.int64]:
    """Levels of the dither of images first .. first + count - 1, shape (count, dimensions).

    >>> dither_levels(seed=1, first=5, count=1, dimensions=3, levels=64).tolist() == dither_levels(
    ...     seed=1, first=0, count=6, dimensions=3, levels=64)[5:].tolist()
    True
    """
    return _scaled(_words(seed, DITHER, first, count, dimensions), levels)


def dither_values(level: Any, levels: int) -> Any:
    """The values (k + 1/2)/G - 1/2 of levels k, in (-1/2, 1/2), for arrays and tensors.

    They are symmetric about 0 and never +-1/2; with G a power of two they are exact in float32.
    """
    return (level + 0.5) / levels - 0.5


def noise_levels(seed: int, first: int, count: int, dimensions: int) -> NDArray[np.int64]:
    """Levels of the shared noise of images first .. first + count - 1, shape (count, dimensions)."""
    return _scaled(_words(seed, NOISE, first, count, dimensions), NOISE_LEVELS)


def noise_values(level: Any) -> Any:
    """Noise values in (-1, 1), for arrays and tensors."""
    return 2.0 * dither_values(level, NOISE_LEVELS)
