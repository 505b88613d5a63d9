"""Entropy and mutual information of two bits, with small *relative* error down to the smallest rates.

The plain difference h(b) - Phi(delta) loses every digit once delta falls below 1e-8.  Written as a mean of
divergences, I(X;Y) = E_X D(p(y|X) || p_Y), and each divergence as a sum of the non-negative terms

    D(b + u || b) = b g(u / b) + (1 - b) g(-u / (1 - b)),    g(z) = (1 + z) ln(1 + z) - z >= 0,

nothing cancels, and the value can never be negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt.units import BITS_PER_NAT

__all__ = ["bit_entropy", "information"]

FloatArray = NDArray[np.float64]

#: Below this |z| the direct form of g loses more than 4e-14 of its value to cancellation; the series has
#: seven terms, whose remainder is under 1e-15 of the value there.
_SERIES_RADIUS = 0.01

#: 1/(k (k-1)) with alternating sign, k = 8 .. 2: the coefficients of g(z) / z^2, highest power first.
_SERIES = tuple((-1) ** k / (k * (k - 1)) for k in range(8, 1, -1))

#: log1p is evaluated no closer to its pole than this; there its factor 1 + z is 0 or one rounding error.
_ABOVE_POLE = np.nextafter(-1.0, 0.0)


def bit_entropy(p: FloatArray) -> FloatArray:
    """h(p) in bits for p in [0, 1], elementwise, accurate to a few units of the last place.

    The smaller of p and 1 - p is exact in floating point, so masses near 1 lose nothing.
    """
    small = np.minimum(p, 1.0 - p)
    positive = np.maximum(small, np.finfo(float).tiny)
    result: FloatArray = (small * -np.log(positive) - (1.0 - small) * np.log1p(-small)) * BITS_PER_NAT
    return result


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
    given_zero = b * _gain(below / b) + rest * _gain(-below / rest)
    given_one = b * _gain(above / b) + rest * _gain(-above / rest)
    result: FloatArray = ((1.0 - a) * given_zero + a * given_one) * BITS_PER_NAT
    return result


def _gain(z: FloatArray) -> FloatArray:
    """g(z) = (1 + z) ln(1 + z) - z for z >= -1, elementwise and non-negative."""
    z = np.maximum(z, -1.0)
    result: FloatArray = np.asarray((1.0 + z) * np.log1p(np.maximum(z, _ABOVE_POLE)) - z)
    near = np.abs(z) < _SERIES_RADIUS
    if near.any():
        small = z[near]
        factor = np.full_like(small, _SERIES[0])
        for coefficient in _SERIES[1:]:
            factor = factor * small + coefficient
        result[near] = factor * small * small
    return result
