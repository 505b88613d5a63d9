"""All K = m^n deterministic mappings of n letters to m letters, as the digits of 0 .. K-1 to base m."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import Name, NotSupportedError

__all__ = [
    "MAX_ENUMERATED_MAPPINGS",
    "distinct_mappings",
    "enumerate_mappings",
    "mapping_count",
    "mapping_count_in_words",
]

#: Above this many mappings nothing enumerates them: at 16 bytes a letter they would fill gigabytes.
MAX_ENUMERATED_MAPPINGS = 2_000_000


def mapping_count(letters_x: int, letters_y: int) -> int:
    """The number of mappings, m^n, exactly."""
    return int(letters_y**letters_x)


def mapping_count_in_words(letters_x: int, letters_y: int) -> str:
    """The same for messages, to three digits; it may be far above the largest float."""
    return f"m^n = {letters_y}^{letters_x} = {Decimal(mapping_count(letters_x, letters_y)):.3g} mappings"


def enumerate_mappings(letters_x: int, letters_y: int) -> NDArray[np.int64]:
    """Every mapping, shape (m^n, n), in lexicographic order; entry [k, x] is f_k(x).

    Raises
    ------
    NotSupportedError
        More than `MAX_ENUMERATED_MAPPINGS`.

    Examples
    --------
    >>> enumerate_mappings(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    count = mapping_count(letters_x, letters_y)
    if count > MAX_ENUMERATED_MAPPINGS:
        raise NotSupportedError(
            argument="problem",
            value=(letters_x, letters_y),
            found=f"has {mapping_count_in_words(letters_x, letters_y)}",
            required=f"have at most {MAX_ENUMERATED_MAPPINGS} to be enumerated",
            remedy=("use ", Name("method='local'"), ", or smaller alphabets"),
        )
    powers = letters_y ** np.arange(letters_x - 1, -1, -1, dtype=np.int64)
    return (np.arange(count, dtype=np.int64)[:, None] // powers) % letters_y


def distinct_mappings(mappings: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different rows of an array of shape (k, n), in lexicographic order.  Cost O(n k log k).

    `numpy.unique` with an axis does the same by a structured comparison, which turns a KeyboardInterrupt that
    strikes inside it into a TypeError.
    """
    ordered = mappings[np.lexsort(mappings.T[::-1])]
    new = np.any(ordered[1:] != ordered[:-1], axis=1)
    return ordered[np.concatenate([[True], new])] if len(ordered) else ordered
