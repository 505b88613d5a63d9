"""Majorisation and its greatest lower bound.

p majorizes q iff every partial sum of the descending p is at least that of q.  The meet p ^ q is the largest
pmf majorized by both; every coupling of p and q is majorized by both marginals, hence by the meet, and
entropy is Schur-concave: H(X,Y) >= H(p ^ q) (Cicalese, Gargano, Vaccaro, IEEE Trans. Inf. Theory 65, 2019).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["majorizes", "meet"]


def _descending(p: ArrayLike, length: int) -> NDArray[np.float64]:
    values = np.sort(np.asarray(p, dtype=float))[::-1]
    return values if len(values) == length else np.concatenate([values, np.zeros(length - len(values))])


def majorizes(p: ArrayLike, q: ArrayLike, tolerance: float = 1e-12) -> bool:
    """Whether the pmf p majorizes the pmf q, shapes (n,) and (m,), up to a tolerance on the partial sums.

    >>> majorizes([0.9, 0.1], [0.5, 0.5])
    True
    """
    length = max(np.size(p), np.size(q))
    partial_sums = np.cumsum(_descending(p, length)) - np.cumsum(_descending(q, length))
    return bool(np.all(partial_sums >= -tolerance))


def meet(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """The greatest lower bound of two pmfs in the order of majorisation, shape (max(n, m),), descending.

    Its partial sums are the smaller ones of the two: the minimum of two concave sequences is concave, so the
    differences descend.  Cost O(k log k).

    >>> meet([0.6, 0.4], [0.5, 0.5, 0.0]).tolist()
    [0.5, 0.5, 0.0]
    """
    length = max(np.size(p), np.size(q))
    partial_sums = np.minimum(np.cumsum(_descending(p, length)), np.cumsum(_descending(q, length)))
    steps = partial_sums.copy()
    steps[1:] -= partial_sums[:-1]
    return np.maximum(steps, 0.0)
