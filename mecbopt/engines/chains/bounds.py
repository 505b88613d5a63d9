"""Bounds on H(Y|X) over boxes of the masses of three nested sets.

With two letters of Y a mixture of nested sets A_1 in A_2 in A_3 of masses a_1 <= a_2 <= a_3 and weights w has

    H(Y|X) = G(a, w) = (a_2 - a_1) h(w_2 + w_3) + (a_3 - a_2) h(w_3),
    sum w = 1,   sum w_i a_i = b = P(Y=1),   sum w_i h(a_i) <= R.

For any mu and any lambda >= 0, on a box l <= a <= u,

    G(a, w) >= F(a, w) = G(a, w) + mu (sum w_i a_i - b) + lambda (sum w_i h(a_i) - R)

at every feasible point, whose w lies in the polygon of sum w_i l_i <= b <= sum w_i u_i and
sum w_i min(h(l_i), h(u_i)) <= R.  F is a sum of concave functions of single a_i for a fixed w, and concave in
w for a fixed a: its least value over box times polygon is taken at vertices of both.  With the multipliers
of a stationary w the bound is off by the square of the box only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from mecbopt.units import BITS_PER_NAT

__all__ = ["BoolArray", "BoxBounds", "FloatArray", "box_bounds", "corner_weights", "h"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Rows of the polygon are relaxed by this, so that rounding cannot lose a vertex; entries are at most 1.
_TOLERANCE = 1e-12
#: Below this (relative to its factors) a cross product is noise: the polygon then forgets the rate.
_PARALLEL = 1e-9
#: Any multipliers are valid; larger ones would spoil the sums by rounding.
_LARGEST_MULTIPLIER = 1e3
#: Slopes of h are taken at least this far from 0 and 1, where they are infinite.
_INSIDE = 1e-7
_LEFT, _RIGHT = np.array([0, 0, 1]), np.array([1, 2, 2])


def h(p: FloatArray) -> FloatArray:
    """Binary entropy, bits."""
    value: FloatArray = BITS_PER_NAT * (entr(p) + entr(1.0 - p))
    return value


@dataclass(frozen=True, eq=False)
class BoxBounds:
    """What is known of boxes.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Lower bounds on H(Y|X), bits; infinity where no mixture is feasible.
    weights : ndarray, shape (k, 3)
        Where the bound was attained.
    spread : ndarray, shape (k, 3)
        How much each mass adds to the error of the bound, roughly.
    """

    values: FloatArray
    weights: FloatArray
    spread: FloatArray


def box_bounds(low: FloatArray, high: FloatArray, b: float, rate: float) -> BoxBounds:
    """Bounds for boxes of shape (k, 3); of points (low equal to high) the exact least H(Y|X).

    Cost some microseconds a box.
    """
    entropy_low, entropy_high = h(low), h(high)
    candidates, inside = corner_weights(low, high, np.minimum(entropy_low, entropy_high), b, rate)
    middle = 0.5 * (low + high)
    multipliers = _multipliers(middle, b, rate)
    without = np.zeros_like(multipliers)
    plain = _least(candidates, inside, low, high, entropy_low, entropy_high, without, b, rate)
    priced = _least(candidates, inside, low, high, entropy_low, entropy_high, multipliers, b, rate)
    better = priced.values > plain.values
    return BoxBounds(
        np.where(better, priced.values, plain.values),
        np.where(better[:, None], priced.weights, plain.weights),
        np.where(better[:, None], priced.spread, plain.spread),
    )


def corner_weights(
    low: FloatArray, high: FloatArray, entropies: FloatArray, b: float, rate: float
) -> tuple[FloatArray, BoolArray]:
    """Points that include every vertex of the polygon of weights, shape (k, 14, 3), and which lie in it."""
    rows = np.stack([low - b, b - high, entropies - rate], axis=1)  # each row . w <= 0
    count = len(low)
    candidates = np.zeros((count, 14, 3))
    candidates[:, :3] = np.eye(3)
    # Where a row vanishes on an edge of the simplex: three rows, three edges.
    left, right = rows[:, :, _LEFT], rows[:, :, _RIGHT]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(left * right < 0.0, left / (left - right), np.nan)
    for edge in range(3):
        candidates[:, 3 + edge : 12 : 3, _LEFT[edge]] = 1.0 - share[:, :, edge]
        candidates[:, 3 + edge : 12 : 3, _RIGHT[edge]] = share[:, :, edge]
    # Where the rate meets either end of the marginal; both ends meet on an edge at most.
    with np.errstate(divide="ignore", invalid="ignore"):
        crosses = np.cross(rows[:, :2], rows[:, 2:])
        totals = crosses.sum(axis=2)
        candidates[:, 12:] = crosses / totals[:, :, None]
    sizes = np.linalg.norm(rows, axis=2)
    # A healthy cross product whose entries sum to 0 is a point at infinity, none of the simplex.
    lengths = np.linalg.norm(crosses, axis=2)
    unclear = (lengths <= _PARALLEL * sizes[:, :2] * sizes[:, 2:]).any(axis=1)
    levels = np.einsum("kcj,krj->kcr", candidates, rows)
    with np.errstate(invalid="ignore"):
        inside = (candidates >= -_TOLERANCE).all(axis=2) & (levels[:, :, :2] <= _TOLERANCE).all(axis=2)
        inside &= unclear[:, None] | (levels[:, :, 2] <= _TOLERANCE)
    return np.clip(np.nan_to_num(candidates), 0.0, 1.0), inside


def _least(
    candidates: FloatArray,
    inside: BoolArray,
    low: FloatArray,
    high: FloatArray,
    entropy_low: FloatArray,
    entropy_high: FloatArray,
    multipliers: FloatArray,
    b: float,
    rate: float,
) -> BoxBounds:
    """min F over the vertices of the polygon and of the box."""
    price, slope = multipliers[:, 0, None, None], multipliers[:, 1, None, None]
    outer, inner = h(candidates[:, :, 2]), h(np.clip(candidates[:, :, 1] + candidates[:, :, 2], 0.0, 1.0))
    factors = np.stack([-inner, inner - outer, outer], axis=2) + slope * candidates
    at_low = factors * low[:, None] + price * candidates * entropy_low[:, None]
    at_high = factors * high[:, None] + price * candidates * entropy_high[:, None]
    totals = np.minimum(at_low, at_high).sum(axis=2)
    totals -= (slope * b + price * rate)[:, :, 0]
    totals = np.where(inside, totals, np.inf)
    rows, best = np.arange(len(low)), totals.argmin(axis=1)
    values = totals[rows, best]
    # H(Y|X) is not negative, whatever the relaxation says.
    values = np.maximum(values, 0.0)
    weights = candidates[rows, best]
    reach = np.where(inside[:, :, None], candidates, 0.0).max(axis=1)
    spread = np.abs(at_high - at_low)[rows, best] + (high - low) * reach * (1.0 + price[:, 0])
    return BoxBounds(values, weights, np.where(high > low, spread + 1e-9 * (high - low), 0.0))


def _multipliers(masses: FloatArray, b: float, rate: float) -> FloatArray:
    """lambda and mu for which the weights at these masses are stationary, shape (k, 2); guesses elsewhere.

    dG/dw_i + mu a_i + lambda h(a_i) = nu for i = 1, 2, 3.
    """
    entropies = h(masses)
    system = np.stack([np.ones_like(masses), masses, entropies], axis=1)  # rows: 1, a, h(a); columns: sets
    determinant = np.linalg.det(system)
    regular = np.abs(determinant) > 1e-13
    safe = np.where(regular[:, None, None], system, np.eye(3))
    target = np.tile([1.0, b, rate], (len(masses), 1))
    weights = np.linalg.solve(safe, target[:, :, None])[:, :, 0]
    weights = np.clip(weights, 0.0, None)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    outer = np.clip(weights[:, 2], _INSIDE, 1.0 - _INSIDE)
    inner = np.clip(weights[:, 1] + weights[:, 2], _INSIDE, 1.0 - _INSIDE)
    slope_inner = (masses[:, 1] - masses[:, 0]) * np.log2((1.0 - inner) / inner)
    slope_outer = (masses[:, 2] - masses[:, 1]) * np.log2((1.0 - outer) / outer)
    gradient = np.stack([np.zeros_like(inner), slope_inner, slope_inner + slope_outer], axis=1)
    solved = np.linalg.solve(np.swapaxes(safe, 1, 2), gradient[:, :, None])[:, :, 0]  # nu, -mu, -lambda
    price, slope = -solved[:, 2], -solved[:, 1]
    # Without a price on the rate the outer two sets still fix mu.
    distance = masses[:, 2] - masses[:, 0]
    alone = -gradient[:, 2] / np.where(distance > 1e-9, distance, 1.0)
    slope = np.where(price > 0.0, slope, alone)
    price = np.maximum(price, 0.0)
    usable = regular & (np.abs(slope) < _LARGEST_MULTIPLIER) & (price < _LARGEST_MULTIPLIER)
    return np.where(usable[:, None], np.stack([price, slope], axis=1), 0.0)
