"""Branch and bound over the masses of three nested sets (theory, section 5, "Binary Y: chains").

For two sets of a support that are not nested, meet and join have the same sum of indicators and, h being
concave, a sum of rates that is no larger: some least-rate support of every coupling is a chain.  I is convex,
so that an optimal mixture over a maximal chain is a vertex: at most three sets.
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass

import numpy as np

from mecbopt.control import prunes, rounded_outward
from mecbopt.engines.base import Request
from mecbopt.engines.chains.bounds import BoolArray, FloatArray, box_bounds
from mecbopt.engines.chains.masses import IntArray, Masses
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.formulation import Formulation
from mecbopt.info import entropy
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["ChainSearch"]

#: Boxes taken at a time: some 50 milliseconds.
_BATCH = 4096
#: Boxes with at most this many triples of listed sets are settled by looking at each.
_FEW_TRIPLES = 64
#: Boxes narrower than this hold nothing that more splitting could tell apart.
_NARROWEST = 1e-9
#: Sets of one mass that are looked at when nested ones are sought.
_MOST_TIES = 4096
_TRIES = 4
_TRIPLES = tuple(itertools.combinations(range(5), 3))


class ChainSearch:
    """A search on a formulation with two letters of Y and no limit but on the rate."""

    in_one_step = False

    def __init__(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> None:
        self._formulation, self._request = formulation, request
        self._b = float(formulation.p_y[1])
        self._rate = min(1.0, formulation.rate) * (1.0 + LIMIT_SLACK)
        self._entropy_x = float(entropy(formulation.p_x))
        self._masses = Masses(formulation.p_x)
        self.incumbent = feasible
        self.nodes = 0
        self.trouble = False
        self._floor = cost_bound
        #: The least bound of what was closed without a look at every set in it.
        self._closed = math.inf
        self._open = _Open.empty()
        self._started = False

    @property
    def incumbent_cost(self) -> float:
        """Its joint entropy, bits."""
        return self.incumbent.cost

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits."""
        if not self._started:
            return self._floor
        open_bound = float(self._open.values.min(initial=math.inf))
        bound = rounded_outward(self._entropy_x + min(open_bound, self._closed), len(self._formulation.p_x))
        self._floor = max(self._floor, min(bound, self.incumbent.cost))
        return self._floor

    @property
    def finished(self) -> bool:
        """Whether no box is open."""
        return self._started and len(self._open) == 0

    def advance(self) -> None:
        """A batch of boxes, the most promising first."""
        clock, limit = self._request.clock, self._request.node_limit
        if not self._started:
            # Pairs have an empty first set; of triples all three count.
            self._open = self._bounded(
                np.zeros((2, 3)), np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]), np.array([True, False])
            )
            self._started = True
            return
        clock.check()
        count = _BATCH if limit is None else max(1, min(_BATCH, limit - self.nodes))
        chosen = np.ones(len(self._open), dtype=bool)
        if len(chosen) > count:
            chosen[np.argpartition(self._open.values, count - 1)[count:]] = False
        boxes, left = self._open.only(chosen), self._open.only(~chosen)
        # Whatever is raised inside the batch, its boxes stay open.
        self._try_chains(boxes)
        narrow = (boxes.high - boxes.low).max(axis=1) < _NARROWEST
        boxes, closing = boxes.only(~narrow), float(boxes.values[narrow].min(initial=math.inf))
        rows, longest = np.arange(len(boxes)), boxes.spread.argmax(axis=1)
        middle = 0.5 * (boxes.low[rows, longest] + boxes.high[rows, longest])
        first_high, second_low = boxes.high.copy(), boxes.low.copy()
        first_high[rows, longest] = middle
        second_low[rows, longest] = middle
        children = self._bounded(
            np.vstack([boxes.low, second_low]), np.vstack([first_high, boxes.high]), np.tile(boxes.pair, 2)
        )
        self._open = left.joined(children)
        self._close(closing)
        self.nodes += int(chosen.sum())
        gone = self._pruned(self._open.values)
        self._close(float(self._open.values[gone].min(initial=math.inf)))
        self._open = self._open.only(~gone)

    # Boxes --------------------------------------------------------------------------------------------------

    def _bounded(self, low: FloatArray, high: FloatArray, pair: BoolArray) -> _Open:
        """New boxes with their bounds, less those that are settled at once."""
        low, high = low.copy(), high.copy()
        low[:, 1:] = np.maximum.accumulate(low, axis=1)[:, 1:]
        high[:, :2] = np.minimum.accumulate(high[:, ::-1], axis=1)[:, :0:-1]
        low, high, empty = self._masses.shrink(low, high)
        # What lies between nested sets are sets too.
        for inner, outer in ((0, 1), (1, 2)):
            gap_low = np.maximum(low[:, outer] - high[:, inner], 0.0)
            _, _, none = self._masses.shrink(gap_low, np.maximum(high[:, outer] - low[:, inner], 0.0))
            empty[:, inner] |= none
        alive = ~empty.any(axis=1)
        low, high, pair = low[alive], high[alive], pair[alive]
        if len(low) == 0:
            return _Open.empty()
        known = self.incumbent.cost - self._entropy_x
        found = box_bounds(low, high, pair, self._b, self._rate, known)
        boxes = _Open(low, high, pair, found.values, found.spread).only(np.isfinite(found.values))
        return self._unsettled(boxes) if self._masses.complete else boxes

    def _unsettled(self, boxes: _Open) -> _Open:
        """Settle boxes that hold few listed sets, or many of one mass; what is left stays open."""
        first, stop = self._masses.ranges(boxes.low, boxes.high)
        few = np.prod((stop - first).astype(float), axis=1) <= _FEW_TRIPLES
        points = (boxes.high - boxes.low).max(axis=1) <= _NARROWEST
        promising = ~self._pruned(boxes.values)
        look = few & promising
        self._look_at(first[look], stop[look], boxes.pair[look])
        for k in np.flatnonzero(points & ~few & promising):
            self._look_for_ties(first[k], stop[k], float(boxes.values[k]))
        settled = few | points
        self._close(float(boxes.values[settled & ~promising].min(initial=math.inf)))
        return boxes.only(~settled)

    def _pruned(self, values: FloatArray) -> BoolArray:
        gap = self._request.target.pruning_gap(self.incumbent.cost)
        limit = self.incumbent.cost - self._entropy_x
        # `prunes` is monotone in the bound: one comparison with the least value that it takes serves all.
        ordered = np.sort(values)
        count = bisect.bisect_left(ordered, True, key=lambda value: prunes(value, limit, gap))
        least = ordered[count] if count < len(ordered) else math.inf
        pruned: BoolArray = values >= least
        return pruned

    def _close(self, value: float) -> None:
        """Remember the bound of what is not looked at any further."""
        self._closed = min(self._closed, value)

    # Sets ---------------------------------------------------------------------------------------------------

    def _look_at(self, first: IntArray, stop: IntArray, pair: BoolArray) -> None:
        """Settle boxes with few triples: every one that is nested and promising is tried."""
        if len(first) == 0:
            return
        grids = [
            np.stack(np.meshgrid(*map(np.arange, a, b), indexing="ij"), axis=-1).reshape(-1, 3)
            for a, b in zip(first, stop, strict=True)
        ]
        triples = np.concatenate(grids)
        pairs = np.repeat(pair, [len(grid) for grid in grids])
        counts = self._masses.counts(triples.ravel()).reshape(len(triples), 3, -1)
        nested = (counts[:, 0] <= counts[:, 1]).all(axis=1) & (counts[:, 1] <= counts[:, 2]).all(axis=1)
        triples, counts, pairs = triples[nested], counts[nested], pairs[nested]
        if len(triples) == 0:
            return
        masses = self._masses.mass(triples)
        values = box_bounds(masses, masses, pairs, self._b, self._rate).values
        for k in np.argsort(values, kind="stable")[:_TRIES]:
            if not math.isfinite(values[k]) or self._pruned(values[k : k + 1])[0]:
                break
            self._offer(self._masses.sets(counts[k]))
        self._close(float(values.min()))

    def _look_for_ties(self, first: IntArray, stop: IntArray, value: float) -> None:
        """Settle a triple of masses that many sets have: are any three of them nested?"""
        self._request.clock.check()
        inner, middle, outer = (
            self._masses.counts(np.arange(a, min(b, a + _MOST_TIES)))
            for a, b in zip(first, stop, strict=True)
        )
        whole = bool((stop - first <= _MOST_TIES).all())
        for counts in middle:
            below = (inner <= counts).all(axis=1)
            above = (outer >= counts).all(axis=1)
            if below.any() and above.any():
                chain = np.stack([inner[below.argmax()], counts, outer[above.argmax()]])
                self._offer(self._masses.sets(chain))
                self._close(value)
                return
        if not whole:
            self._close(value)

    def _try_chains(self, boxes: _Open) -> None:
        """Nested sets near the most promising boxes."""
        for k in np.argsort(boxes.values, kind="stable")[:_TRIES]:
            self._offer(self._masses.chain_near(0.5 * (boxes.low[k] + boxes.high[k])))

    def _offer(self, sets: BoolArray) -> None:
        """Take the best mixture of nested sets, none and all letters included, where it is better."""
        formulation = self._formulation
        n = len(formulation.p_x)
        chain = np.vstack([np.zeros((1, n), dtype=bool), sets, np.ones((1, n), dtype=bool)])
        masses = np.clip(chain @ formulation.p_x, 0.0, 1.0)
        triples = np.array([*_TRIPLES, *((0, i, j) for i, j in itertools.combinations(range(5), 2))])
        pair = np.arange(len(triples)) >= len(_TRIPLES)
        at = masses[triples]
        found = box_bounds(at, at, pair, self._b, min(1.0, formulation.rate))
        # A pair that oversteps a small rate by rounding has no vertex: the triple beside it has.
        for best in np.argsort(found.values, kind="stable"):
            if found.values[best] + self._entropy_x >= self.incumbent.cost:
                return
            weights = found.weights[best]
            used = weights > 0.0
            mappings = chain[triples[best]][used].astype(np.int64)
            vertex = to_vertex(formulation, mappings, weights[used] / weights[used].sum())
            if vertex is not None and vertex.cost < self.incumbent.cost:
                self.incumbent = vertex
                return


@dataclass(frozen=True, eq=False)
class _Open:
    """Boxes that are not settled: ends, kind, lower bound, and what each mass adds to its error."""

    low: FloatArray
    high: FloatArray
    pair: BoolArray
    values: FloatArray
    spread: FloatArray

    @classmethod
    def empty(cls) -> _Open:
        """None."""
        return cls(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0, bool), np.zeros(0), np.zeros((0, 3)))

    def __len__(self) -> int:
        """How many."""
        return len(self.values)

    def only(self, keep: BoolArray) -> _Open:
        """Some of them."""
        return _Open(self.low[keep], self.high[keep], self.pair[keep], self.values[keep], self.spread[keep])

    def joined(self, others: _Open) -> _Open:
        """Both."""
        return _Open(
            np.vstack([self.low, others.low]),
            np.vstack([self.high, others.high]),
            np.concatenate([self.pair, others.pair]),
            np.concatenate([self.values, others.values]),
            np.vstack([self.spread, others.spread]),
        )
