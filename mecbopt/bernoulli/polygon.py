"""The polygon of feasible (delta, t) and its two ends (theory, section 3; `proofs/theorem_3.py`).

delta = p1 - p2 and t = p1 + p2 for the weights of identity, flip, zero and one.  The polygon is

    |delta| <= t,  t_label <= t <= t_rate,  t - (1-2a) delta <= 2b,  t + (1-2a) delta <= 2(1-b),

and I(X;Y) grows with |delta| on either side of 0, so that only the largest and the smallest delta matter.
P(X != Y) falls in delta, so that it is least at the largest one.
The optimisation over arrays is here; names and messages are in `optimum.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mecbopt.bernoulli.information import information, surplus_over_one_bit
from mecbopt.info import binary_entropy
from mecbopt.tolerances import CONSTRAINT_SLACK

__all__ = [
    "Best",
    "Closest",
    "best_points",
    "closest_points",
    "comonotone_share",
    "label_mass",
    "label_share",
    "largest_share",
    "largest_share_complement",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Two ends whose values differ by less than this share of the larger one are called a tie: the error of
#: `information` is below 1e-13 of the value.
_TIE = 1e-13


class Best(NamedTuple):
    """The optimum over both ends, elementwise; meaningless where not `feasible`."""

    feasible: BoolArray
    value: FloatArray  # I(X;Y), bits
    delta: FloatArray  # optimal delta for the X that was given
    share: FloatArray  # t = p1 + p2 at the optimum
    tie: BoolArray  # whether an end with delta of the other sign is as good


class Closest(NamedTuple):
    """The point of least P(X != Y), elementwise; meaningless where not `feasible`."""

    feasible: BoolArray
    delta: FloatArray
    share: FloatArray


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """min(part / whole, 1) for part >= 0 and whole > 0; the quotient cannot overflow."""
    result: FloatArray = np.minimum(part, whole) / whole
    return result


def largest_share(a: FloatArray, b: FloatArray, rate: FloatArray) -> FloatArray:
    """t_top = min(R/h(a), 1, b/a, (1-b)/a) for 0 < a <= 1/2 and 0 < b < 1."""
    result: FloatArray = np.minimum(
        _share(rate, binary_entropy(a)), np.minimum(_share(b, a), _share(1.0 - b, a))
    )
    return result


def largest_share_complement(a: FloatArray, b: FloatArray, rate: FloatArray) -> FloatArray:
    """1 - t_top, each difference taken before its quotient so that t_top next to 1 loses no digits."""
    entropy = binary_entropy(a)
    wholes = (entropy, rate), (a, b), (a, 1.0 - b)
    lacking = [np.maximum(whole - part, 0.0) / whole for whole, part in wholes]  # each at most 1
    result: FloatArray = np.maximum.reduce(np.broadcast_arrays(*lacking))
    return result


def comonotone_share(a: FloatArray, b: FloatArray, rate: FloatArray) -> FloatArray:
    """min(R/h(a), b/a, (1-b)/(1-a), 1), the delta of the printed Theorem 2 (reconstructed), 0 < a, b < 1."""
    result: FloatArray = np.minimum(
        _share(rate, binary_entropy(a)), np.minimum(_share(b, a), _share(1.0 - b, 1.0 - a))
    )
    return result


def label_mass(a: FloatArray, crossover: FloatArray) -> FloatArray:
    """P(S=1) for S = X xor N with N ~ Bern(crossover)."""
    result: FloatArray = a * (1.0 - crossover) + (1.0 - a) * crossover
    return result


def label_share(
    a: FloatArray, crossover: FloatArray, max_label_entropy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The least t that meets H(S|Y,U) <= C, before its cut at 0, and how far rounding may move it.

    Parameters
    ----------
    a, crossover, max_label_entropy : ndarray
        0 < a <= 1/2, 0 <= crossover <= 1/2, C in bits.

    Returns
    -------
    share : ndarray
        (h(s) - C) / (h(s) - h(eta)); plus or minus infinity where the label tells nothing (eta = 1/2).
    slack : ndarray
        `CONSTRAINT_SLACK` of H(S), the scale of the row, in units of t.
    """
    s = label_mass(a, crossover)
    # h(s) - h(eta) = I(S;X): P(S=1) = s, and P(S=1|X=1) - P(S=1|X=0) = 1 - 2 eta.
    told = information(a, np.maximum(s, np.finfo(float).tiny), 1.0 - 2.0 * crossover)
    excess, scale = _excess(s, max_label_entropy), CONSTRAINT_SLACK * binary_entropy(s)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(told > 0.0, excess / told, np.where(excess > scale, np.inf, -np.inf))
        slack = np.where(told > 0.0, scale / told, 0.0)
    return share, slack


def _excess(s: FloatArray, max_label_entropy: FloatArray) -> FloatArray:
    """h(s) - C, by the distances from one bit where both are near it: 1 - C is exact for C >= 1/2."""
    # Above 1 bit the limit says nothing more, and minus infinity is not needed: C is cut at 2.
    limit = np.minimum(max_label_entropy, 2.0)
    result: FloatArray = np.where(
        limit >= 0.5, (1.0 - limit) - surplus_over_one_bit(s), binary_entropy(s) - limit
    )
    return result


def _upper_end(
    a: FloatArray, rest: FloatArray, low: FloatArray, top: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Largest delta and its t over low <= t <= top, with rest = 1 - b.

    The smallest delta is minus the largest one for 1 - b in place of b, that is with rest = b.  The mass
    itself is passed, since 1 - (1 - b) loses every digit of a small b.

    The line p3 = 0 cuts the corner delta = t = top off where top lies beyond the crossing (1-b)/(1-a); along
    it delta falls as t grows, so t is as small as the crossing and the label allow.
    """
    crossing = rest / (1.0 - a)
    slope = 1.0 - 2.0 * a
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = (2.0 * rest - low) / slope
    # |delta| <= t holds exactly on the line; rounding is magnified by 1/slope as a nears 1/2.
    beyond = np.clip(np.where(slope > 0.0, beyond, low), -low, low)
    straight = np.minimum(top, crossing)
    labelled = low > crossing
    return np.where(labelled, beyond, straight), np.where(labelled, low, straight)


class _Region(NamedTuple):
    """The polygon for X relabelled to P(X=1) = a <= 1/2, elementwise."""

    a: FloatArray
    b: FloatArray
    relabelled: BoolArray  # whether a is 1 - q_x, which turns delta
    degenerate: BoolArray  # a mass of 1: a and b stand for nothing, delta = t = 0
    low: FloatArray  # t_label, within [0, top]
    top: FloatArray
    feasible: BoolArray


def _region(
    q_x: FloatArray,
    q_y: FloatArray,
    rate: FloatArray,
    crossover: FloatArray | None,
    max_label_entropy: FloatArray | None,
) -> _Region:
    """Degenerate bits carry nothing: their label constraint reads h(s) <= C."""
    relabelled = q_x > 0.5
    degenerate = (q_x <= 0.0) | (q_x >= 1.0) | (q_y <= 0.0) | (q_y >= 1.0)
    a = np.where(degenerate, 0.5, np.where(relabelled, 1.0 - q_x, q_x))
    b = np.where(degenerate, 0.5, q_y)
    top = largest_share(a, b, rate)
    feasible = np.ones(np.shape(a), dtype=bool)
    low = np.zeros_like(a)
    if crossover is not None and max_label_entropy is not None:
        noise = np.minimum(crossover, 1.0 - crossover)
        least, slack = label_share(a, noise, max_label_entropy)
        low = np.clip(least, 0.0, top)
        plain = label_mass(q_x, noise)
        constant = _excess(plain, max_label_entropy) <= CONSTRAINT_SLACK * binary_entropy(plain)
        feasible = np.where(degenerate, constant, least <= top + slack)
    return _Region(a, b, relabelled, degenerate, low, top, feasible)


def best_points(
    q_x: FloatArray,
    q_y: FloatArray,
    rate: FloatArray,
    crossover: FloatArray | None = None,
    max_label_entropy: FloatArray | None = None,
) -> Best:
    """The optimum for arrays of one common shape, q_x and q_y in [0, 1], rate >= 0.

    Degenerate bits (a mass of 1) carry nothing: delta = t = 0, and the label constraint reads h(s) <= C.
    """
    region = _region(q_x, q_y, rate, crossover, max_label_entropy)
    a, b, relabelled, degenerate, low, top, feasible = region
    up, up_share = _upper_end(a, 1.0 - b, low, top)
    down, down_share = _upper_end(a, b, low, top)
    down = -down
    gain_up, gain_down = information(a, b, up), information(a, b, down)
    close = np.abs(gain_up - gain_down) <= _TIE * np.maximum(gain_up, gain_down)
    # Ends that mirror each other differ by less than rounding at small rates; the sign theorem decides.
    side = (1.0 - 2.0 * a) * (1.0 - 2.0 * b)
    mirrored = up == -down
    take_down = np.where(mirrored, side > 0.0, (gain_down > gain_up) & ~close)
    tie = np.where(mirrored, (side == 0.0) | (up == 0.0), close & (up * down <= 0.0))
    # A tie is reported by its comonotone end, for the X that was given.
    take_down = np.where(tie, relabelled, take_down) & ~degenerate
    delta = np.where(take_down, down, up)
    return Best(
        feasible,
        np.where(degenerate, 0.0, np.where(take_down, gain_down, gain_up)),
        np.where(degenerate, 0.0, np.where(relabelled, -delta, delta)),
        np.where(degenerate, 0.0, np.where(take_down, down_share, up_share)),
        tie | degenerate,
    )


def closest_points(
    q_x: FloatArray,
    q_y: FloatArray,
    rate: FloatArray,
    crossover: FloatArray | None = None,
    max_label_entropy: FloatArray | None = None,
) -> Closest:
    """The largest delta, where P(X != Y) is least (`proofs/hamming.py`), elementwise, as `best_points`.

    Relabelling X turns delta, so for q_x > 1/2 it is minus the smallest delta of the relabelled X.
    """
    region = _region(q_x, q_y, rate, crossover, max_label_entropy)
    rest = np.where(region.relabelled, region.b, 1.0 - region.b)
    delta, share = _upper_end(region.a, rest, region.low, region.top)
    return Closest(
        region.feasible,
        np.where(region.degenerate, 0.0, delta),
        np.where(region.degenerate, 0.0, share),
    )
