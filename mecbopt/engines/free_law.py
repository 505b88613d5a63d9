"""A free law of Y: quantisers that keep the most information at a rate, two mappings at most.

With no marginal of Y the rows are the simplex and the rate, so a vertex is one mapping of rate at most R, or
two whose rates lie on either side of R and mix to it (theory, section 2).  For weights 1 - t, t on f and g

    I(X;Y) = H((1-t) q_f + t q_g) - h(t) P(f(X) != g(X)),

as given X only the seed is left, and it matters where the two differ.  Letters of Y are exchangeable, so the
mapping of smaller rate is a partition: its letters appear in order.

Where a partition f into m - 1 blocks has H(f(X)) >= R, the answer is R itself, at any size: send f(X) with
probability R / H(f(X)), and else the letter that f leaves free.  Y then shows which of the two it was, so
that I(X;Y) = (R / H(f(X))) H(f(X)) = R, and no coupling has more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mecbopt.control import rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation, enumerate_mappings, mapping_count
from mecbopt.formulation.formulation import IntArray
from mecbopt.info import entropy, phi
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["FreeLaw"]

#: Pairs in one step: some 20 ms.
_PAIRS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class FreeLaw:
    """The enumeration of pairs as an engine.

    Attributes
    ----------
    max_pairs : int
        Pairs of a partition and a mapping that are looked at at most; 10^8 take about half a minute.
    """

    max_pairs: int = 100_000_000
    name = "free_law"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Where the law of Y is free, the rate the only limit, and the pairs can be enumerated."""
        if not formulation.free_law:
            return Support("takes a free law of Y")
        if formulation.objective.name != "conditional_entropy":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        others = [limit.name for limit in formulation.limits if limit is not formulation.rate_limit]
        if others:
            return Support(f"does not take a limit by {others[0]}")
        n, m = formulation.shape
        if _with_a_free_letter(formulation) is not None:
            return YES
        if _partition_count(n, m) * mapping_count(n, m) > self.max_pairs:
            return Support(f"takes {self.max_pairs:.3g} pairs of mappings")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always: it proves the optimum."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> PairSearch | OneStep:
        """One step where a letter of Y can be left free, else a search over all pairs."""
        vertex = _with_a_free_letter(formulation)
        if vertex is None:
            return PairSearch(formulation, feasible, cost_bound, request)
        return OneStep(lambda: (vertex, cost_bound), feasible, cost_bound)


class PairSearch:
    """The mappings within the rate, then the pairs that mix to it, one step after the other."""

    trouble = False
    in_one_step = False

    def __init__(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> None:
        self._formulation, self._request = formulation, request
        # H(Y) <= log2 m: without a limit that can bind every mapping is within the rate.
        self._rate = formulation.rate * (1.0 + LIMIT_SLACK)
        self.incumbent, self.cost_bound = feasible, cost_bound
        self.finished = False
        self.nodes = 0
        self._least = feasible.cost
        self._mappings = enumerate_mappings(*formulation.shape)
        self._laws = formulation.output_laws(self._mappings)
        self._rates = entropy(self._laws, axis=1)
        within = self._rates <= self._rate
        self._above = np.flatnonzero(~within)
        self._partitions = np.flatnonzero(within & _in_order(self._mappings))
        self._next: tuple[int, int] | None = None

    @property
    def incumbent_cost(self) -> float:
        """H(X|Y) of the best mixture known, bits."""
        return self.incumbent.cost

    def advance(self) -> None:
        """The single mappings at first, then a block of the pairs of one partition at a time."""
        if self._next is None:
            best = self._partitions[np.argmax(self._rates[self._partitions])]
            self._take(self._mappings[[best]], np.ones(1))
            self._next = 0, 0
        else:
            place, start = self._next
            others = self._above[start : start + _PAIRS_AT_ONCE]
            self._look_at(self._partitions[place], others)
            self.nodes += len(others)
            start += len(others)
            self._next = (place, start) if start < len(self._above) else (place + 1, 0)
        if self._next[0] == len(self._partitions) or len(self._above) == 0:
            self.finished = True
            least = min(self._least, self.incumbent.cost)
            cells = math.prod(self._formulation.shape)
            self.cost_bound = max(self.cost_bound, rounded_outward(least, cells))

    def _look_at(self, low: int, high: IntArray) -> None:
        """The best pair of one partition with mappings above the rate."""
        p_x, mappings = self._formulation.p_x, self._mappings
        share = (self._rate - self._rates[low]) / (self._rates[high] - self._rates[low])
        mixed = self._laws[low] + share[:, None] * (self._laws[high] - self._laws[low])
        apart = (mappings[high] != mappings[low]) @ p_x
        values = entropy(mixed, axis=1) - (phi(share) + phi(1.0 - share)) * apart
        best = int(np.argmax(values))
        cost = self._formulation.objective.offset - float(values[best])
        if cost < self._least:
            self._least = cost
            pair = [low, high[best]]
            gain = float(self._rates[pair[1]] - self._rates[low])
            weight = max(0.0, (self._formulation.rate - float(self._rates[low])) / gain)
            self._take(mappings[pair], np.array([1.0 - weight, weight]))

    def _take(self, mappings: IntArray, weights: NDArray[np.float64]) -> None:
        used = weights > 0.0
        cost = self._formulation.cost(mappings[used], weights[used])
        if cost < self.incumbent.cost:
            self.incumbent = Incumbent(mappings[used], weights[used], cost)


def _with_a_free_letter(formulation: Formulation) -> Incumbent | None:
    """The mixture of an even partition with a letter that it leaves free; None where R is beyond it.

    Letters go to the lightest block, heaviest first (Graham 1969).
    """
    n, m = formulation.shape
    if m < 2 or formulation.rate_limit is None:
        return None
    mapping = np.zeros(n, dtype=np.int64)
    blocks = np.zeros(m - 1)
    for x in np.argsort(-formulation.p_x, kind="stable"):
        mapping[x] = np.argmin(blocks)
        blocks[mapping[x]] += formulation.p_x[x]
    spent = float(entropy(blocks))
    if not 0.0 < formulation.rate <= spent:
        return None
    share = formulation.rate / spent
    mappings, weights = np.vstack([mapping, np.full(n, m - 1)]), np.array([share, 1.0 - share])
    used = weights > 0.0
    cost = formulation.cost(mappings[used], weights[used])
    return Incumbent(mappings[used], weights[used], cost)


def _in_order(mappings: IntArray) -> NDArray[np.bool_]:
    """Whether letters of Y appear in order: every image is at most one above the largest before it."""
    largest = np.maximum.accumulate(mappings, axis=1)
    ordered: NDArray[np.bool_] = (mappings[:, 0] == 0) & np.all(
        mappings[:, 1:] <= largest[:, :-1] + 1, axis=1
    )
    return ordered


def _partition_count(n: int, m: int) -> int:
    """Partitions of n letters into at most m blocks: Stirling numbers of the second kind, summed."""
    counts = [1] + [0] * m
    for _ in range(n):
        counts = [0] + [counts[k - 1] + k * counts[k] for k in range(1, m + 1)]
    return sum(counts)
