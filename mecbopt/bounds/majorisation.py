"""H(X,Y) >= H(p meet q): every coupling is majorized by the meet of its marginals.

Cicalese, Gargano and Vaccaro, IEEE Trans. Inf. Theory 65 (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mecbopt.info import entropy, meet

__all__ = ["majorisation_bound"]


def majorisation_bound(marginals: Sequence[NDArray[np.float64]]) -> float:
    """A lower bound, bits, on the joint entropy of every coupling of the marginals, pmfs of any sizes.

    Cost O(N log N) for N letters in all.
    """
    return float(entropy(reduce(meet, marginals)))
