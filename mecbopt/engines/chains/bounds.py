"""Bounds on H(Y|X) over boxes of the masses of three nested sets.

With two letters of Y a mixture of nested sets A_1 in A_2 in A_3 of masses a_1 <= a_2 <= a_3 and weights w has

    H(Y|X) = G(a, w) = (a_2 - a_1) h(w_2 + w_3) + (a_3 - a_2) h(w_3),
    sum w = 1,   sum w_i a_i = b = P(Y=1),   sum w_i h(a_i) <= R.

G is concave in w: at given masses it is least where all three weights count and the rate is R (a *triple*),
or where only two of them do (a *pair*, written with A_1 empty and w_1 = 0).  For any mu and any lambda >= 0,
on a box l <= a <= u,

    G(a, w) >= F(a, w) = G(a, w) + mu (sum w_i a_i - b) + lambda (sum w_i h(a_i) - R)

at every such point, whose w lies in the polygon of sum w_i l_i <= b <= sum w_i u_i,
sum w_i min(h(l_i), h(u_i)) <= R and, for triples, sum w_i max h >= R.  F is a sum of concave functions of
single a_i for a fixed w, and concave in w for a fixed a: its least value over box times polygon is taken at
vertices of both.  With the multipliers of a stationary point the bound is off by the square of the box only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.info import phi

__all__ = ["BoolArray", "BoxBounds", "FloatArray", "IntArray", "box_bounds", "corner_weights", "h"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Rows of the polygon are relaxed by this, so that rounding cannot lose a vertex; entries are at most 1.
_TOLERANCE = 1e-12
#: Below this (relative to its factors) a cross product is noise: the polygon then forgets the rate.
_PARALLEL = 1e-9
#: Any multipliers are valid; larger ones would spoil the sums by rounding.
_LARGEST_MULTIPLIER = 1e3
#: Slopes of h are taken at least this far from 0 and 1, where they are infinite.
_INSIDE = 1e-7
_PAIRS = ((0, 1), (0, 2), (1, 2))
_LEFT, _RIGHT = np.array(_PAIRS).T


def h(p: FloatArray) -> FloatArray:
    """Binary entropy, bits."""
    value: FloatArray = phi(p) + phi(1.0 - p)
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

    def improved(self, rows: IntArray | slice, others: BoxBounds) -> BoxBounds:
        """The larger of two bounds for some of the boxes."""
        values, weights, spread = self.values.copy(), self.weights.copy(), self.spread.copy()
        better = others.values > values[rows]
        values[rows] = np.where(better, others.values, values[rows])
        weights[rows] = np.where(better[:, None], others.weights, weights[rows])
        spread[rows] = np.where(better[:, None], others.spread, spread[rows])
        return BoxBounds(values, weights, spread)


def box_bounds(
    low: FloatArray, high: FloatArray, pair: BoolArray, b: float, rate: float, enough: float = np.inf
) -> BoxBounds:
    """Bounds for boxes of shape (k, 3); of points (low equal to high) the exact least H(Y|X).

    Parameters
    ----------
    low, high : ndarray, shape (k, 3)
    pair : ndarray of bool, shape (k,)
        Whether a box is one of pairs, else of triples.
    b : float
        P(Y = 1).
    rate : float
        R, bits.
    enough : float
        More multipliers are tried on boxes whose bound is below it.

    Notes
    -----
    Cost some microseconds a box and multiplier.
    """
    boxes = _Boxes(low, high, pair, b, rate)
    middle = 0.5 * (low + high)
    found = boxes.least(np.zeros((len(low), 2)))
    found = found.improved(slice(None), boxes.least(_three_sets(middle, b, rate)))
    wide = (high > low).any(axis=1)
    for left, right in _PAIRS:
        for move_right in (True, False):
            more = np.flatnonzero(wide & (found.values < enough))
            if len(more) == 0:
                return found
            multipliers = _two_sets(middle[more, left], middle[more, right], b, move_right)
            found = found.improved(more, boxes.only(more).least(multipliers))
    return found


def corner_weights(
    low: FloatArray,
    high: FloatArray,
    entropy_low: FloatArray,
    entropy_high: FloatArray,
    pair: BoolArray,
    b: float,
    rate: float,
) -> tuple[FloatArray, BoolArray]:
    """Points that include every vertex of the polygon of weights, shape (k, 19, 3), and which lie in it."""
    least = np.minimum(entropy_low, entropy_high)
    most = np.where((low < 0.5) & (high > 0.5), 1.0, np.maximum(entropy_low, entropy_high))
    rows = np.stack([low - b, b - high, least - rate, rate - most], axis=1)  # each row . w <= 0
    rows[pair, 3] = 0.0
    candidates = np.zeros((len(low), 19, 3))
    candidates[:, :3] = np.eye(3)
    # Where a row vanishes on an edge of the simplex: four rows, three edges.
    left, right = rows[:, :, _LEFT], rows[:, :, _RIGHT]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(left * right < 0.0, left / (left - right), np.nan)
    for edge, (first, second) in enumerate(_PAIRS):
        candidates[:, 3 + edge : 15 : 3, first] = 1.0 - share[:, :, edge]
        candidates[:, 3 + edge : 15 : 3, second] = share[:, :, edge]
    # Where an end of the rate meets an end of the marginal.  Both ends of one of them meet where the box has
    # no width, on an edge, which is dealt with.
    one, other = rows[:, [0, 0, 1, 1]], rows[:, [2, 3, 2, 3]]
    crosses = np.cross(one, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        candidates[:, 15:] = crosses / crosses.sum(axis=2)[:, :, None]
    # A healthy cross product whose entries sum to 0 is a point at infinity, none of the simplex.
    sizes = np.linalg.norm(one, axis=2) * np.linalg.norm(other, axis=2)
    cutting = (np.abs(one).max(axis=2) > _TOLERANCE) & (np.abs(other).max(axis=2) > _TOLERANCE)
    unclear = (cutting & (np.linalg.norm(crosses, axis=2) <= _PARALLEL * sizes)).any(axis=1)
    with np.errstate(invalid="ignore"):
        levels = np.einsum("kcj,krj->kcr", candidates, rows) <= _TOLERANCE
        inside = (candidates >= -_TOLERANCE).all(axis=2) & levels[:, :, :2].all(axis=2)
        inside &= unclear[:, None] | levels[:, :, 2:].all(axis=2)
    # A row that is above 0 at every corner leaves nothing, however unclear its meetings are.
    inside &= (rows.min(axis=2) <= _TOLERANCE).all(axis=1)[:, None]
    inside &= ~pair[:, None] | (candidates[:, :, 0] == 0.0)
    return np.clip(np.nan_to_num(candidates), 0.0, 1.0), inside


class _Boxes:
    """Boxes with the vertices of their polygons."""

    def __init__(self, low: FloatArray, high: FloatArray, pair: BoolArray, b: float, rate: float) -> None:
        self._low, self._high, self._b, self._rate = low, high, b, rate
        self._entropy_low, self._entropy_high = h(low), h(high)
        self._candidates, self._inside = corner_weights(
            low, high, self._entropy_low, self._entropy_high, pair, b, rate
        )
        outer = h(self._candidates[:, :, 2])
        inner = h(np.clip(self._candidates[:, :, 1] + self._candidates[:, :, 2], 0.0, 1.0))
        self._factors = np.stack([-inner, inner - outer, outer], axis=2)

    def only(self, chosen: IntArray) -> _Boxes:
        """Some of the boxes."""
        part = _Boxes.__new__(_Boxes)
        part._b, part._rate = self._b, self._rate
        for name in ("_low", "_high", "_entropy_low", "_entropy_high", "_candidates", "_inside", "_factors"):
            setattr(part, name, getattr(self, name)[chosen])
        return part

    def least(self, multipliers: FloatArray) -> BoxBounds:
        """Least F over the vertices of the polygon and of the box, for lambda and mu of shape (k, 2)."""
        price, slope = multipliers[:, 0, None, None], multipliers[:, 1, None, None]
        factors = self._factors + slope * self._candidates
        priced = price * self._candidates
        at_low = factors * self._low[:, None] + priced * self._entropy_low[:, None]
        at_high = factors * self._high[:, None] + priced * self._entropy_high[:, None]
        totals = np.minimum(at_low, at_high).sum(axis=2)
        totals -= (slope * self._b + price * self._rate)[:, :, 0]
        totals = np.where(self._inside, totals, np.inf)
        rows, best = np.arange(len(totals)), totals.argmin(axis=1)
        # H(Y|X) is not negative, whatever the relaxation says.
        values = np.maximum(totals[rows, best], 0.0)
        width = self._high - self._low
        reach = np.where(self._inside[:, :, None], self._candidates, 0.0).max(axis=1)
        spread = np.abs(at_high - at_low)[rows, best] + width * (reach * (1.0 + price[:, 0]) + 1e-9)
        return BoxBounds(values, self._candidates[rows, best], np.where(width > 0.0, spread, 0.0))


def _three_sets(masses: FloatArray, b: float, rate: float) -> FloatArray:
    """Multipliers lambda and mu that make the weights at these masses stationary, shape (k, 2); else guesses.

    dG/dw_i + mu a_i + lambda h(a_i) = nu for i = 1, 2, 3.
    """
    system = np.stack([np.ones_like(masses), masses, h(masses)], axis=1)  # rows: 1, a, h(a); columns: sets
    regular = np.abs(np.linalg.det(system)) > 1e-13
    safe = np.where(regular[:, None, None], system, np.eye(3))
    target = np.tile([1.0, b, rate], (len(masses), 1))
    weights = np.linalg.solve(safe, target[:, :, None])[:, :, 0]
    weights = np.clip(weights, 0.0, None)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    slope_inner = (masses[:, 1] - masses[:, 0]) * _slope(weights[:, 1] + weights[:, 2])
    slope_outer = (masses[:, 2] - masses[:, 1]) * _slope(weights[:, 2])
    gradient = np.stack([np.zeros_like(slope_inner), slope_inner, slope_inner + slope_outer], axis=1)
    solved = np.linalg.solve(np.swapaxes(safe, 1, 2), gradient[:, :, None])[:, :, 0]
    slope, price = -solved[:, 1], -solved[:, 2]  # the first is nu
    # Without a price on the rate the outer two sets still fix mu.
    distance = masses[:, 2] - masses[:, 0]
    alone = -gradient[:, 2] / np.where(distance > _PARALLEL, distance, 1.0)
    return _usable(price, np.where(price > 0.0, slope, alone), regular)


def _two_sets(left: FloatArray, right: FloatArray, b: float, move_right: bool) -> FloatArray:
    """Multipliers lambda and mu where two sets meet the rate by themselves, shape (k, 2).

    With w = (b - a_i) / (a_j - a_i) and D = (h(a_j) - h(a_i)) / (a_j - a_i): the weights are stationary for
    mu = -h'(w) - lambda D, and then a_j for lambda = -log2(1 - w) / (w (D - h'(a_j))) or a_i for
    lambda = -log2(w) / ((1 - w) (h'(a_i) - D)).
    """
    distance = np.maximum(right - left, _PARALLEL)
    weight = np.clip((b - left) / distance, _INSIDE, 1.0 - _INSIDE)
    chord = (h(right) - h(left)) / distance
    if move_right:
        price = -np.log2(1.0 - weight) / weight / np.maximum(chord - _slope(right), _PARALLEL)
    else:
        price = -np.log2(weight) / (1.0 - weight) / np.maximum(_slope(left) - chord, _PARALLEL)
    return _usable(price, -_slope(weight) - price * chord, right - left > _PARALLEL)


def _slope(p: FloatArray) -> FloatArray:
    """h', cut off near 0 and 1."""
    inside = np.clip(p, _INSIDE, 1.0 - _INSIDE)
    slope: FloatArray = np.log2((1.0 - inside) / inside)
    return slope


def _usable(price: NDArray[Any], slope: NDArray[Any], regular: BoolArray) -> FloatArray:
    """The multipliers side by side, 0 where they would do harm."""
    price = np.maximum(price, 0.0)
    fine = regular & (np.abs(slope) < _LARGEST_MULTIPLIER) & (price < _LARGEST_MULTIPLIER)
    multipliers: FloatArray = np.where(fine[:, None], np.stack([price, slope], axis=1), 0.0)
    return multipliers
