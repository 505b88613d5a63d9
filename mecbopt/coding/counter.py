"""Common randomness: the words of a counter-based generator, a function of (seed, purpose, place) alone.

Philox 4x64-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011), as kept by
NumPy.  Only its raw words are used: NumPy promises these for good, while the methods of a `Generator` may
change their streams between versions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import ProblemError

__all__ = ["DITHER", "MAPPINGS", "NOISE", "SEED_LIMIT", "WORDS_A_BLOCK", "counter_words", "mapping_words"]

#: Words that one value of the counter gives.
WORDS_A_BLOCK = 4
#: Second half of the Philox key: what the words are for.
DITHER, NOISE, MAPPINGS = 0, 1, 2
#: Seeds are one half of the key.
SEED_LIMIT = 2**64


def counter_words(seed: int, purpose: int, first_block: int, blocks: int) -> NDArray[np.uint64]:
    """The words of `blocks` values of the counter from `first_block` on, shape (4 * blocks,).

    Raises
    ------
    ProblemError
        A seed that is no half of the key.
    """
    if not 0 <= seed < SEED_LIMIT:
        raise ProblemError(argument="seed", value=seed, required="be an integer from 0 to 2**64 - 1")
    key = np.array([seed, purpose], dtype=np.uint64)
    generator: Any = np.random.Philox(key=key, counter=first_block)
    words: NDArray[np.uint64] = generator.random_raw(blocks * WORDS_A_BLOCK)
    return words


def mapping_words(seed: int, first: int, count: int) -> NDArray[np.uint64]:
    """The words that pick the mappings of symbols first .. first + count - 1, one each, shape (count,).

    >>> bool((mapping_words(seed=1, first=6, count=3) == mapping_words(seed=1, first=0, count=9)[6:]).all())
    True
    """
    block, skipped = divmod(first, WORDS_A_BLOCK)
    blocks = -(-(skipped + count) // WORDS_A_BLOCK)
    return counter_words(seed, MAPPINGS, block, blocks)[skipped : skipped + count]
