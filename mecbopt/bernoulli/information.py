"""Mutual information of binary X and Y, with small *relative* error down to the smallest masses and rates.

The plain difference h(b) - Phi(delta) loses every digit once delta falls below 1e-8.  Written as a mean of
divergences, I(X;Y) = E_X D(p(y|X) || p_Y), and each divergence as a sum of the non-negative terms

    D(b + u || b) = k(b, u) + k(1 - b, -u),    k(m, u) = (m + u) ln(1 + u/m) - u >= 0,

nothing cancels, and the value can never be negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt.units import BITS_PER_NAT

__all__ = ["information", "surplus_over_one_bit"]

FloatArray = NDArray[np.float64]

#: Below this |z| the direct form of k loses more than 4e-14 of its value to cancellation; the series has
#: seven terms, whose remainder is under 1e-15 of the value there.
_SERIES_RADIUS = 0.01

#: 1/(k (k-1)) with alternating sign, k = 8 .. 2: coefficients of k(m, z m) / (m z^2), highest first.
_SERIES = tuple((-1) ** k / (k * (k - 1)) for k in range(8, 1, -1))

#: log1p is evaluated no closer to its pole than this; there its factor m + u is 0 or one rounding error.
_ABOVE_POLE = np.nextafter(-1.0, 0.0)

#: From this ratio on ln(1 + u/m) is the difference of two logarithms: the ratio itself may overflow.
_HUGE = 1e15


def information(a: FloatArray, b: FloatArray, delta: FloatArray) -> FloatArray:
    """I(X;Y) in bits for P(X=1) = a, P(Y=1) = b, P(Y=1|X=1) - P(Y=1|X=0) = delta.

    Parameters
    ----------
    a, b, delta : ndarray
        Of shapes that broadcast, 0 < b < 1.  A delta that leaves the unit square by a rounding error is
        taken at the border.
    """
    below, above = -a * delta, (1.0 - a) * delta
    rest = 1.0 - b
    given_zero = _gain(b, below) + _gain(rest, -below)
    given_one = _gain(b, above) + _gain(rest, -above)
    result: FloatArray = ((1.0 - a) * given_zero + a * given_one) * BITS_PER_NAT
    return result


def surplus_over_one_bit(s: FloatArray) -> FloatArray:
    """1 - h(s) in bits, the divergence of Bern(s) from a fair bit, without the cancellation next to 1/2."""
    half = np.asarray(0.5)
    offset = s - 0.5
    result: FloatArray = (_gain(half, offset) + _gain(half, -offset)) * BITS_PER_NAT
    return result


def _gain(mass: FloatArray, change: FloatArray) -> FloatArray:
    """k(m, u) = (m + u) ln(1 + u/m) - u for m > 0 and u >= -m, elementwise and non-negative."""
    mass, change = np.broadcast_arrays(mass, np.maximum(change, -mass))
    after = mass + change
    # The logarithm of the ratio, by the ratio where it is moderate.
    huge = change > _HUGE * mass
    ratio = np.where(huge, 0.0, change) / mass
    logarithm = np.log1p(np.maximum(ratio, _ABOVE_POLE))
    result: FloatArray = np.asarray(after * logarithm - change)
    if huge.any():
        result[huge] = after[huge] * (np.log(after[huge]) - np.log(mass[huge])) - change[huge]
    near = (np.abs(ratio) < _SERIES_RADIUS) & ~huge
    if near.any():
        small = ratio[near]
        factor = np.full_like(small, _SERIES[0])
        for coefficient in _SERIES[1:]:
            factor = factor * small + coefficient
        result[near] = factor * small * change[near]
    return result
