"""All K = m^n deterministic mappings of n letters to m letters, as the digits of 0 .. K-1 to base m."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import NotSupportedError

__all__ = ["MAX_ENUMERATED_MAPPINGS", "enumerate_mappings", "mapping_count"]

#: Above this many mappings nothing enumerates them: at 16 bytes a letter they would fill gigabytes.
MAX_ENUMERATED_MAPPINGS = 2_000_000


def mapping_count(letters_x: int, letters_y: int) -> int:
    """The number of mappings, m^n, exactly."""
    return int(letters_y**letters_x)


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
            found=f"has m^n = {letters_y}^{letters_x} = {count:.3g} mappings",
            required=f"have at most {MAX_ENUMERATED_MAPPINGS} to be enumerated",
            remedy="use method='local', or smaller alphabets",
        )
    powers = letters_y ** np.arange(letters_x - 1, -1, -1, dtype=np.int64)
    return (np.arange(count, dtype=np.int64)[:, None] // powers) % letters_y
