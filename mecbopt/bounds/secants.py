"""The function phi(p) = -p log2 p is concave: on an interval it lies above its secant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt.info import phi

__all__ = ["phi_secants"]

FloatArray = NDArray[np.float64]

#: On an interval narrower than this the slope of the secant is rounding: the lesser end bounds phi.
_NARROW = 1e-12


def phi_secants(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes and constants of the secants on intervals, elementwise; constants alone on narrow ones.

    >>> slopes, constants = phi_secants(np.array([0.25]), np.array([0.5]))
    >>> slopes.tolist(), constants.tolist()
    ([0.0], [0.5])
    """
    at_low, at_high = phi(low), phi(high)
    width = high - low
    wide = width > _NARROW
    slopes = np.divide(at_high - at_low, width, out=np.zeros_like(width), where=wide)
    return slopes, np.where(wide, at_low - slopes * low, np.minimum(at_low, at_high))
