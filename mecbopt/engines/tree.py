"""The branch and bound in C as an engine (`mecbopt._core.tree`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt._core import tree
from mecbopt.control import node_limit_reached
from mecbopt.engines.base import Request, Support, only_entropy_rate_and_label
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.formulation import Formulation
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["Tree"]

#: Seconds of one slice: short enough for progress, limits and Ctrl-C.
_SLICE_SECONDS = 0.05


@dataclass(frozen=True)
class Tree(tree.Settings):
    """The compiled tree with its settings; those of `mecbopt._core.tree.Settings` are its arguments.

    >>> Tree(pool_limit=200).pool_limit
    200
    """

    name = "compiled"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Up to 12 letters a side, with a rate and a label seen with the seed."""
        if not tree.available():
            return Support("was not built (no C compiler at installation)")
        n, m = formulation.shape
        if max(n, m) > tree.MAX_LETTERS:
            return Support(f"takes at most {tree.MAX_LETTERS} letters, the problem has n, m = {n, m}")
        return only_entropy_rate_and_label(formulation)

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always: the quickest where it applies."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> TreeInSlices:
        """A search in C."""
        return TreeInSlices(self, formulation, feasible, cost_bound, request)


class TreeInSlices:
    """A search in C on a formulation."""

    in_one_step = False

    def __init__(
        self,
        settings: tree.Settings,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
    ) -> None:
        self._formulation = formulation
        self._request = request
        self._best, self._found = feasible, math.inf
        self._floor = cost_bound
        # With a label bounds are for the limits relaxed by the slack that every coupling is allowed: one that
        # is met with equality by a single point would leave no room for rounding, and its price may be large.
        # Without one a slack s of the rate is worth of the order of R s bits.
        label = formulation.label_limit
        self._search = tree.CompiledSearch(
            formulation.p_x,
            formulation.p_y,
            formulation.rate if label is None else formulation.rate * (1.0 + LIMIT_SLACK),
            None if label is None else label.channel,
            None if label is None else label.bound + LIMIT_SLACK,
            label_table=None if label is None else label.table[0],
            settings=settings,
            seed=request.seed,
            start=(feasible.mappings, feasible.weights),
        )

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        found = self._search.incumbent_entropy
        if found != self._found:
            self._found = found
            mappings, weights = self._search.incumbent_mixture
            vertex: Incumbent | None
            if self._formulation.label_limit is not None:  # back from the relaxed limits to those stated
                vertex = to_vertex(self._formulation, mappings, weights)
            else:
                vertex = Incumbent(mappings, weights, self._formulation.cost(mappings, weights))
            if vertex is not None and vertex.cost < self._best.cost:
                self._best = vertex
        return self._best

    @property
    def incumbent_cost(self) -> float:
        """Joint entropy of the best vertex known, bits."""
        return min(self._best.cost, self._search.incumbent_entropy)

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits; never decreases."""
        bound = self._search.entropy_lower_bound
        # Infinity would say "infeasible", which the feasible start contradicts: then nothing was proved.
        return max(self._floor, bound) if bound < math.inf else self._floor

    @property
    def nodes(self) -> int:
        """Nodes processed."""
        return self._search.nodes

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        return self._search.finished

    @property
    def trouble(self) -> bool:
        """Whether a part of the tree could not be closed for numerical reasons."""
        return self._search.trouble > 0 or self._search.infeasible

    def advance(self) -> None:
        """A slice of time, or single steps where the number of nodes is limited."""
        request = self._request
        gap = request.target.pruning_gap(self.incumbent_cost)
        clock = request.clock
        if request.node_limit is None:
            self._search.run(
                seconds=min(_SLICE_SECONDS, clock.remaining), gap=gap, stop=lambda: clock.expired
            )
        elif not node_limit_reached(self.nodes, request.node_limit):
            self._search.run(nodes=1, gap=gap, stop=lambda: clock.expired)
