"""The profile bound: a bound on the joint entropy by the sizes of atoms at every quantile.

An atom of size z lies in a letter of size at least z of every marginal, so the part of the mass in atoms of
size >= z is at most the part in such letters (Compton, Katz, Qi, Greenewald, Kocaoglu 2023).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["profile_bound"]


def profile_bound(marginals: list[NDArray[np.float64]]) -> float:
    """A lower bound, bits, on the joint entropy of every coupling of the marginals, pmfs of any sizes.

    It is the integral over u in (0, 1) of log2(1 / min_i p_i(u)), p_i(u) the mass of the letter at quantile u
    of p_i in descending order.  Cost O(N log N) for N letters in all.
    """
    descending = [np.sort(p[p > 0.0])[::-1] for p in marginals]
    ends = [np.cumsum(p) for p in descending]
    cuts = np.unique(np.concatenate([np.minimum(end, 1.0) for end in ends]))
    widths = np.diff(cuts, prepend=0.0)
    middles = cuts - widths / 2
    smallest = np.full(len(cuts), np.inf)
    for values, end in zip(descending, ends, strict=True):
        at = np.minimum(np.searchsorted(end, middles), len(values) - 1)
        smallest = np.minimum(smallest, values[at])
    return float(-np.sum(widths * np.log2(smallest)))
