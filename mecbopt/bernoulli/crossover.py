"""The one rate at which the comonotone and the antitone end are equally good.

`proofs/crossover.py`: for a and b both off 1/2 there is exactly one such rate R* > 0.  Relabelled to
a, b < 1/2 the antitone end leads until it saturates at t = b/(1-a), and R* = t* h(a) with t* the root of
Phi(t) = (1-a) h(b/(1-a)) between there and the cap of the comonotone end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import SupportsFloat

import numpy as np
from scipy.optimize import brentq

from mecbopt.bernoulli.information import information
from mecbopt.bernoulli.scalars import probability
from mecbopt.info import binary_entropy

__all__ = ["crossover_rate"]


def crossover_rate(q_x: SupportsFloat, q_y: SupportsFloat) -> float | None:
    """The rate R* at which the leading end changes, bits.

    Parameters
    ----------
    q_x, q_y : float
        P(X=1) and P(Y=1), in [0, 1].

    Returns
    -------
    float or None
        R*, or None where the ends tie at every rate (q_x or q_y in {0, 1/2, 1}).  With q_x and q_y on the
        same side of 1/2 the antitone end is better below R* and the comonotone end above; on opposite sides
        the reverse.

    Raises
    ------
    ProblemError
        A value outside [0, 1].

    Examples
    --------
    >>> round(crossover_rate(0.3, 0.3), 9)
    0.461628566
    >>> crossover_rate(0.5, 0.3) is None
    True
    """
    masses = [probability(name, mass) for name, mass in (("q_x", q_x), ("q_y", q_y))]
    a, b = (min(mass, 1.0 - mass) for mass in masses)
    if not (0.0 < a < 0.5 and 0.0 < b < 0.5):
        return None
    low, high = b / (1.0 - a), min(b / a, (1.0 - b) / (1.0 - a))
    # Positive but for subnormal masses, whose information is below the smallest float.
    saturated = max(_information(a, b, -low), math.ulp(0.0))

    def lead(t: float) -> float:
        """How much the comonotone end at t has over the saturated antitone end, as a share of the latter.

        As a share, since the root finder multiplies values: tiny ones would underflow.
        """
        return _information(a, b, t) / saturated - 1.0

    # Next to a = 1/2 or b = 1/2 the bracket is a few roundings wide and the signs at its ends drown in them;
    # then either end is the root to working precision.
    if not lead(low) < 0.0:
        root = low
    elif not lead(high) > 0.0:
        root = high
    else:
        root = _root(lead, low, high)
    return float(root * binary_entropy(a))


def _root(lead: Callable[[float], float], low: float, high: float) -> float:
    """Where `lead` crosses 0; small masses leave a bracket of many powers of ten, halved on that scale."""
    while high > 2.0 * low:
        middle = math.sqrt(low) * math.sqrt(high)
        low, high = (middle, high) if lead(middle) < 0.0 else (low, middle)
    if not lead(high) > 0.0:
        return high
    root: float = brentq(lead, low, high, xtol=4.0 * math.ulp(low), rtol=8.9e-16)
    return root


def _information(a: float, b: float, delta: float) -> float:
    return float(information(np.asarray(a), np.asarray(b), np.asarray(delta)))
