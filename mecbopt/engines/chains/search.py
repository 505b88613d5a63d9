"""Branch and bound over the masses of three nested sets (theory, section 5, "Binary Y: chains").

For two sets of a support that are not nested, meet and join have the same sum of indicators and, h being
concave, a sum of rates that is no larger: some least-rate support of every coupling is a chain.  I is convex,
so that an optimal mixture over a maximal chain is a vertex: at most three sets.
"""

from __future__ import annotations

import bisect
import math

import numpy as np

from mecbopt.control import Expired, prunes, rounded_outward
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
        self._low, self._high = np.zeros((0, 3)), np.zeros((0, 3))
        self._values = np.zeros(0)
        self._spread = np.zeros((0, 3))
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
        open_bound = float(self._values.min()) if len(self._values) else math.inf
        bound = rounded_outward(self._entropy_x + min(open_bound, self._closed), len(self._formulation.p_x))
        self._floor = max(self._floor, min(bound, self.incumbent.cost))
        return self._floor

    @property
    def finished(self) -> bool:
        """Whether no box is open."""
        return self._started and len(self._values) == 0

    def advance(self) -> None:
        """A batch of boxes, the most promising first."""
        clock, limit = self._request.clock, self._request.node_limit
        if not self._started:
            self._add(np.zeros((1, 3)), np.ones((1, 3)))
            self._started = True
            return
        count = _BATCH if limit is None else max(1, min(_BATCH, limit - self.nodes))
        if clock.expired:
            raise Expired
        if len(self._values) > count:
            chosen = np.zeros(len(self._values), dtype=bool)
            chosen[np.argpartition(self._values, count - 1)[:count]] = True
        else:
            chosen = np.ones(len(self._values), dtype=bool)
        low, high, spread = self._low[chosen], self._high[chosen], self._spread[chosen]
        values = self._values[chosen]
        held = self._low, self._high, self._values, self._spread
        keep = ~chosen
        try:
            self._try_chains(low, high, values)
            narrow = (high - low).max(axis=1) < _NARROWEST
            narrow_bound = float(values[narrow].min()) if narrow.any() else math.inf
            low, high, spread = low[~narrow], high[~narrow], spread[~narrow]
            rows, longest = np.arange(len(low)), spread.argmax(axis=1)
            middle = 0.5 * (low[rows, longest] + high[rows, longest])
            first_high, second_low = high.copy(), low.copy()
            first_high[rows, longest] = middle
            second_low[rows, longest] = middle
            self._low, self._high = self._low[keep], self._high[keep]
            self._values, self._spread = self._values[keep], self._spread[keep]
            self._add(np.vstack([low, second_low]), np.vstack([first_high, high]))
            self._close(narrow_bound)
        except BaseException:  # Ctrl-C or the clock inside the batch: its boxes stay open
            self._low, self._high, self._values, self._spread = held
            raise
        self.nodes += int(chosen.sum())
        self._prune()

    # Boxes --------------------------------------------------------------------------------------------------

    def _add(self, low: FloatArray, high: FloatArray) -> None:
        """Bound new boxes and keep what may hold something better."""
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
        low, high = low[alive], high[alive]
        if len(low) == 0:
            return
        found = box_bounds(low, high, self._b, self._rate)
        open_boxes = np.isfinite(found.values)
        low, high, values, spread = (
            part[open_boxes] for part in (low, high, found.values, found.spread)
        )
        if self._masses.complete:
            first, stop = self._masses.ranges(low, high)
            few = np.prod((stop - first).astype(float), axis=1) <= _FEW_TRIPLES
            points = (high - low).max(axis=1) <= _NARROWEST
            promising = ~self._pruned(values)
            self._look_at(first[few & promising], stop[few & promising])
            for position in np.flatnonzero(points & ~few & promising):
                self._look_for_ties(low[position], high[position], float(values[position]))
            settled = few | points
            self._close(float(values[settled & ~promising].min(initial=math.inf)))
            low, high, values, spread = (part[~settled] for part in (low, high, values, spread))
        self._low, self._high = np.vstack([self._low, low]), np.vstack([self._high, high])
        self._values, self._spread = np.append(self._values, values), np.vstack([self._spread, spread])

    def _pruned(self, values: FloatArray) -> BoolArray:
        gap = self._request.target.pruning_gap(self.incumbent.cost)
        limit = self.incumbent.cost - self._entropy_x
        # `prunes` is monotone in the bound: one comparison with the least value that it takes serves all.
        ordered = np.sort(values)
        count = bisect.bisect_left(ordered, True, key=lambda value: prunes(value, limit, gap))
        least = ordered[count] if count < len(ordered) else math.inf
        pruned: BoolArray = values >= least
        return pruned

    def _prune(self) -> None:
        gone = self._pruned(self._values)
        if gone.any():
            self._close(float(self._values[gone].min()))
            self._low, self._high = self._low[~gone], self._high[~gone]
            self._values, self._spread = self._values[~gone], self._spread[~gone]

    def _close(self, value: float) -> None:
        """Remember the bound of what is not looked at any further."""
        self._closed = min(self._closed, value)

    # Sets ---------------------------------------------------------------------------------------------------

    def _look_at(self, first: IntArray, stop: IntArray) -> None:
        """Settle boxes with few triples: every one that is nested and promising is tried."""
        if len(first) == 0:
            return
        triples = np.concatenate(
            [
                np.stack(np.meshgrid(*map(np.arange, a, b), indexing="ij"), axis=-1).reshape(-1, 3)
                for a, b in zip(first, stop, strict=True)
            ]
        )
        counts = self._masses.counts(triples.ravel()).reshape(len(triples), 3, -1)
        nested = (counts[:, 0] <= counts[:, 1]).all(axis=1) & (counts[:, 1] <= counts[:, 2]).all(axis=1)
        triples, counts = triples[nested], counts[nested]
        if len(triples) == 0:
            return
        masses = self._masses.mass(triples)
        values = box_bounds(masses, masses, self._b, self._rate).values
        order = np.argsort(values, kind="stable")
        for k in order[:_TRIES]:
            if self._pruned(values[k : k + 1])[0] or not math.isfinite(values[k]):
                break
            self._offer(self._masses.sets(counts[k]))
        self._close(float(values.min()))

    def _look_for_ties(self, low: FloatArray, high: FloatArray, value: float) -> None:
        """Settle a triple of masses that many sets have: are any three of them nested?"""
        self._request.clock.check()
        first, stop = self._masses.ranges(low, high)
        inner, middle, outer = (
            self._masses.counts(np.arange(a, min(b, a + _MOST_TIES))) for a, b in zip(first, stop, strict=True)
        )
        whole = bool((stop - first <= _MOST_TIES).all())
        for counts in middle:
            below = (inner <= counts).all(axis=1)
            above = (outer >= counts).all(axis=1)
            if below.any() and above.any():
                self._offer(
                    self._masses.sets(np.stack([inner[below.argmax()], counts, outer[above.argmax()]]))
                )
                self._close(value)
                return
        if not whole:
            self._close(value)

    def _try_chains(self, low: FloatArray, high: FloatArray, values: FloatArray) -> None:
        """Nested sets near the most promising boxes."""
        for k in np.argsort(values, kind="stable")[:_TRIES]:
            self._offer(self._masses.chain_near(0.5 * (low[k] + high[k])))

    def _offer(self, sets: BoolArray) -> None:
        """Take the best mixture of nested sets where it is better than the incumbent."""
        formulation = self._formulation
        masses = np.clip(sets @ formulation.p_x, 0.0, 1.0)[None, :]
        found = box_bounds(masses, masses, self._b, min(1.0, formulation.rate))
        if not np.isfinite(found.values[0]) or found.values[0] + self._entropy_x >= self.incumbent.cost:
            return
        weights = found.weights[0]
        used = weights > 0.0
        vertex = to_vertex(formulation, sets[used].astype(np.int64), weights[used] / weights[used].sum())
        if vertex is not None and vertex.cost < self.incumbent.cost:
            self.incumbent = vertex
