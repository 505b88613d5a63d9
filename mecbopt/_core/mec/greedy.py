"""Python face of the compiled greedy coupling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt._core import library
from mecbopt._core.asking import interruptible

__all__ = ["greedy_atoms"]


def greedy_atoms(
    marginals: list[NDArray[np.float64]], dust: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """The atoms of the greedy coupling in the order in which they come about, some cells twice.

    Parameters
    ----------
    marginals : list of ndarray
        Masses that sum to 1 up to rounding.
    dust : float
        Share of a letter's mass at or below which a rest is rounding.

    Returns
    -------
    tuple or None
        Cells, shape (a, k), and masses, shape (a,); None without the compiled core, or where it found no
        memory.  Cost O(n log n).
    """
    core = library()
    if core is None:
        return None
    ffi, lib = core
    orders = [np.argsort(-p, kind="stable")[: np.count_nonzero(p)].astype(np.int64) for p in marginals]
    letters = np.concatenate(orders)
    masses = np.concatenate([p[order] for p, order in zip(marginals, orders, strict=True)])
    counts = np.array([len(order) for order in orders], dtype=np.int64)
    sizes = np.array([len(p) for p in marginals], dtype=np.int64)
    rests = np.concatenate([dust * p for p in marginals])
    cells = np.empty((len(letters), len(marginals)), dtype=np.int64)
    weights = np.empty(len(letters))
    atoms = interruptible(
        lib.mec_greedy,
        len(marginals),
        ffi.from_buffer("long long[]", counts),
        ffi.from_buffer("long long[]", letters),
        ffi.from_buffer("double[]", masses),
        ffi.from_buffer("long long[]", sizes),
        ffi.from_buffer("double[]", rests),
        ffi.from_buffer("long long[]", cells),
        ffi.from_buffer("double[]", weights),
        lib.core_ask,
    )
    if atoms == lib.MEC_GREEDY_NO_MEMORY:
        return None
    return cells[:atoms], weights[:atoms]
