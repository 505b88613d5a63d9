"""Converse bounds that no scheme passes: cross-entropy and accuracy against the rate.

S - X - (U, Z) - Y with U independent of (X, S): I(S;Y) <= I(S;Y,U) <= I(X;Y|U) <= H(Z|U) <= R, hence
CE >= H(S|Y) >= H(S) - R; and Fano's inequality bounds the accuracy (Cover and Thomas, theorem 2.10.1).
"""

from __future__ import annotations

import math

from mecbopt.info import binary_entropy

__all__ = ["accuracy_upper_bound", "cross_entropy_lower_bound"]


def cross_entropy_lower_bound(label_entropy: float, rate: float) -> float:
    """max(0, H(S) - R), in bits.

    >>> cross_entropy_lower_bound(3.0, 1.0)
    2.0
    """
    return max(0.0, label_entropy - rate)


def accuracy_upper_bound(label_entropy: float, rate: float, classes: int) -> float:
    """Largest accuracy that Fano's inequality allows: h(e) + e log2(k - 1) >= H(S) - R for the error e.

    The left side increases in e up to (k - 1)/k, so the smallest error is found by bisection.

    >>> accuracy_upper_bound(1.0, 1.0, 2)
    1.0
    >>> round(accuracy_upper_bound(1.0, 0.0, 2), 6)
    0.5
    """
    needed = cross_entropy_lower_bound(label_entropy, rate)
    low, high = 0.0, (classes - 1) / classes
    if needed <= 0.0:
        return 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        reached = float(binary_entropy(middle)) + middle * math.log2(max(1, classes - 1))
        low, high = (low, middle) if reached >= needed else (middle, high)
    return 1.0 - high
