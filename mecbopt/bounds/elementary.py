"""Bounds that follow from one line: I(X;Y) <= I(X;Y|U) = H(Y|U) <= R, and I(X;Y) <= min(H(X), H(Y))."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt.bounds.majorisation import majorisation_bound
from mecbopt.info import entropy

__all__ = ["mutual_information_bound"]


def mutual_information_bound(p_x: NDArray[np.float64], p_y: NDArray[np.float64], rate: float) -> float:
    """An upper bound on I(X;Y), bits: min(R, H(X), H(Y), H(X) + H(Y) - H(p_X meet p_Y)).

    p_x and p_y are pmfs of shapes (n,) and (m,), the rate is in bits.

    >>> mutual_information_bound(np.array([0.5, 0.5]), np.array([0.5, 0.5]), 0.25)
    0.25
    """
    x_entropy, y_entropy = float(entropy(p_x)), float(entropy(p_y))
    joint = majorisation_bound([p_x, p_y])
    return max(0.0, min(rate, x_entropy, y_entropy, x_entropy + y_entropy - joint))
