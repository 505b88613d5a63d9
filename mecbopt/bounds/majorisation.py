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
    """Bits that the joint entropy of every coupling of the marginals reaches at least.  Cost O(N log N)."""
    return float(entropy(reduce(meet, marginals)))
