"""Branch and bound over the law of T: boxes of p_T for pairs of trees, halved, many in one step.

The roots are the pairs of `forests` with the whole simplex; together they hold an optimum.  Points come
from the relaxation of a box: where H(T) > R they are pulled to H(T) = R, and the best ones are improved by
the same relaxation on shrinking boxes around them.  All costs are joint entropies, bits.
"""

from __future__ import annotations

import bisect
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mecbopt.bottleneck.forests import pairs, trees
from mecbopt.bottleneck.relaxation import Boxes, Examined, Family
from mecbopt.bottleneck.scheme import Scheme, couplings
from mecbopt.control import Clock, Target, improves, prunes
from mecbopt.info import entropy, phi

__all__ = ["BranchAndBound"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Boxes that are halved in one step: numpy's overhead no longer counts, and the clock is asked often enough.
_BATCH = 512
#: Fewer boxes than this are halved again before they are examined: they would cost no less.
_FEW, _MOST_ROUNDS = 64, 3
#: Boxes of a step, those with the least bounds, that points are taken from.
_POINTS = 64
#: Halvings of a segment on which the last feasible point is looked for: to 1e-10 of it.
_HALVINGS = 33
#: Half-widths of the boxes around a point that is improved: within the first one the relaxation resembles
#: H(X,Y), the last one changes H(X,Y) by less than a gap may be.
_FIRST_WIDTH, _LAST_WIDTH = 0.1, 1e-9
#: An edge may be negative by this much through rounding; it counts as 0.
_NEGATIVE = 1e-15


class _Open(NamedTuple):
    """Boxes that are not closed, by ascending bounds, and the least bound of those that are."""

    boxes: Boxes
    bound: FloatArray
    closed: float


class BranchAndBound:
    """One search; between two steps its incumbent and its bound are valid.

    Parameters
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
        All masses positive, `covers(n, m)`.
    rate : float
    start : Scheme
        Of cost and rate within the limits.
    target : Target
    clock : Clock
    """

    in_one_step = False
    trouble = False

    def __init__(
        self, p_x: FloatArray, p_y: FloatArray, rate: float, start: Scheme, target: Target, clock: Clock
    ) -> None:
        encoders, decoders = pairs(len(p_x), len(p_y))
        k = len(encoders[0]) - len(p_x) + 1
        self._family = Family(p_x, p_y, rate, trees(encoders, k, p_x), trees(decoders, k, p_y))
        self._rate, self._target, self._clock = rate, target, clock
        self.incumbent = start
        self.nodes = 0
        roots = self._family.roots()
        # Nothing is known of the roots yet; the first step examines them.
        self._open = _Open(roots, np.full(len(roots.pair), -math.inf), math.inf)

    @property
    def incumbent_cost(self) -> float:
        """The least H(X,Y) known."""
        return self.incumbent.cost

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on H(X,Y)."""
        least = self._open.bound[0] if self._open.bound.size else math.inf
        return float(min(least, self._open.closed, self.incumbent.cost))

    @property
    def finished(self) -> bool:
        """Whether every box is closed."""
        return not self._open.bound.size

    def advance(self) -> None:
        """Halve the boxes with the least bounds; in the first step examine the roots."""
        boxes, bound, closed = self._open
        if self.nodes == 0:
            chosen, kept = boxes, _taken(boxes, slice(0, 0))
            parents, kept_bound = bound, bound[:0]
        else:
            chosen, kept = _taken(boxes, slice(0, _BATCH)), _taken(boxes, slice(_BATCH, None))
            parents, kept_bound = bound[:_BATCH], bound[_BATCH:]
            for _ in range(_MOST_ROUNDS):
                chosen, parents = _halved(chosen), np.tile(parents, 2)
                if len(parents) >= _FEW:
                    break
        examined = self._examined(chosen)
        self._look_for_points(examined)
        bounds = np.maximum(examined.bound, parents)
        merged = Boxes(*(np.concatenate(both) for both in zip(kept, examined.boxes, strict=True)))
        all_bounds = np.concatenate([kept_bound, bounds])
        order = np.argsort(all_bounds, kind="stable")
        ordered = all_bounds[order]
        cost = self.incumbent.cost
        gap = self._target.pruning_gap(cost)
        # `prunes` is monotone in the bound: what it says of one holds for all above.
        count = bisect.bisect_left(ordered, True, key=lambda value: prunes(float(value), cost, gap))
        if count < len(ordered):
            closed = min(closed, float(ordered[count]))
        # One assignment: interrupted before it, the boxes are open as they were.
        self._open = _Open(_taken(merged, order[:count]), ordered[:count], closed)
        self.nodes += len(bounds)

    def _examined(self, boxes: Boxes) -> Examined:
        """The bounds of all boxes, in portions between which the clock is asked."""
        parts = []
        for start in range(0, len(boxes.pair), 2 * _BATCH):
            if start:
                self._clock.check()
            parts.append(self._family.examine(_taken(boxes, slice(start, start + 2 * _BATCH))))
        if len(parts) == 1:
            return parts[0]
        joined = Boxes(
            *(np.concatenate(column) for column in zip(*(part.boxes for part in parts), strict=True))
        )
        bound, point = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("bound", "point")
        )
        return Examined(joined, bound, point)

    def _look_for_points(self, examined: Examined) -> None:
        """Try the points of the relaxation; where one is better, improve it."""
        useful = np.argsort(examined.bound)[:_POINTS]
        useful = useful[examined.bound[useful] < self.incumbent.cost]
        if not useful.size:
            return
        boxes, point = _taken(examined.boxes, useful), examined.point[useful]
        point = self._pulled(boxes.pair, point, self._family.corner_of_least_rate(boxes))
        costs = self._costs(boxes.pair, point)
        best = int(np.argmin(costs))
        if improves(float(costs[best]), self.incumbent.cost):
            self._improve(boxes.pair[best : best + 1], point[best : best + 1], float(costs[best]))

    def _improve(self, pair: IntArray, point: FloatArray, cost: float) -> None:
        """Minimise the relaxation on boxes around a point as long as it helps, then on smaller ones."""
        width = _FIRST_WIDTH
        while width > _LAST_WIDTH:
            low, high = np.maximum(0.0, point - width), np.minimum(1.0, point + width)
            examined = self._family.examine(Boxes(pair, low, high))
            moved = self._pulled(pair, examined.point, point)
            new = float(self._costs(pair, moved)[0])
            if improves(new, cost):
                point, cost = moved, new
            else:
                width /= 8
        encoder, decoder = self._family.masses(pair, point)
        self.incumbent = Scheme(np.maximum(encoder[0], 0.0), np.maximum(decoder[0], 0.0))

    def _pulled(self, pair: IntArray, point: FloatArray, anchor: FloatArray) -> FloatArray:
        """The points, infeasible ones moved towards their anchors as far as is needed."""
        outside = np.flatnonzero(~self._feasible(pair, point))
        if not outside.size:
            return point
        start, step = anchor[outside], point[outside] - anchor[outside]
        low, high = np.zeros(len(outside)), np.ones(len(outside))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            inside = self._feasible(pair[outside], start + middle[:, None] * step)
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        moved = point.copy()
        moved[outside] = start + low[:, None] * step
        return moved

    def _feasible(self, pair: IntArray, point: FloatArray) -> NDArray[np.bool_]:
        """Whether H(T) <= R and no edge is negative."""
        encoder, decoder = self._family.masses(pair, point)
        least = np.minimum(encoder.min(axis=(1, 2)), decoder.min(axis=(1, 2)))
        inside: NDArray[np.bool_] = (least >= -_NEGATIVE) & (point.min(axis=1) >= 0.0)
        inside &= entropy(point, axis=1) <= self._rate
        return inside

    def _costs(self, pair: IntArray, point: FloatArray) -> FloatArray:
        """H(X,Y) of every point, infinity where it is not feasible."""
        encoder, decoder = (np.maximum(side, 0.0) for side in self._family.masses(pair, point))
        costs = entropy(couplings(encoder, decoder, encoder.sum(axis=2)), axis=(1, 2))
        return np.where(self._feasible(pair, point), costs, math.inf)


def _taken(boxes: Boxes, which: slice | IntArray) -> Boxes:
    """Some of the boxes."""
    return Boxes(boxes.pair[which], boxes.low[which], boxes.high[which])


def _halved(boxes: Boxes) -> Boxes:
    """Both halves of every box, cut across the side on which the secant of phi is off by most."""
    rows = np.arange(len(boxes.pair))
    middles = (boxes.low + boxes.high) / 2
    side = (phi(middles) - (phi(boxes.low) + phi(boxes.high)) / 2).argmax(axis=1)
    middle = middles[rows, side]
    high, low = boxes.high.copy(), boxes.low.copy()
    high[rows, side] = middle
    low[rows, side] = middle
    pair = np.concatenate([boxes.pair, boxes.pair])
    return Boxes(pair, np.concatenate([boxes.low, low]), np.concatenate([high, boxes.high]))
