"""What a search for the least joint entropy has, however it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mecbopt.problem import StopReason

__all__ = ["Found"]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search for the least entropy has, however it ended; entropies in bits.

    Attributes
    ----------
    coupling : ndarray, shape (n, m)
    entropy_upper : float
        Entropy of `coupling`.
    entropy_lower : float
        No coupling lies below.
    proved : bool
        Whether the two meet within the gap asked for.
    stop_reason : StopReason
    """

    coupling: NDArray[np.float64]
    entropy_upper: float
    entropy_lower: float
    proved: bool
    stop_reason: StopReason
