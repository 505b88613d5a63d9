"""A search of the compiled tree as engines run it: in slices, with bounds for what couplings may violate."""

from __future__ import annotations

from dataclasses import replace

from mecbopt._core import tree
from mecbopt.control import improves, node_limit_reached
from mecbopt.engines.base import Request
from mecbopt.engines.compiled_tree import CompiledTree, core_arguments
from mecbopt.engines.tree_incumbents import LocalTurns
from mecbopt.engines.unseen_label import unseen_label_arguments
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.formulation import Formulation, LinearLimit
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["TreeInSlices"]

#: Seconds of one slice: short enough for progress, limits and Ctrl-C.
_SLICE_SECONDS = 0.05


class TreeInSlices(CompiledTree):
    """A search in C on a formulation."""

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
        self._best = feasible
        self._floor = cost_bound
        label = formulation.label_limit
        # A label without the seed has limits of its own for couplings and for bounds.
        limited = any(isinstance(limit, LinearLimit) for limit in formulation.other_limits)
        self._exact = not limited and (label is None or formulation.unseen_label)
        self._arguments = {
            **core_arguments(formulation, request.seed, slack=0.0 if self._exact else LIMIT_SLACK),
            "entropy_floor": cost_bound,
            "settings": settings,
            "start": (feasible.mappings, feasible.weights),
        }
        if label is not None and formulation.unseen_label:
            self._arguments |= unseen_label_arguments(formulation, label, feasible)
        self._search = self._new_search()
        self._found = self._search.incumbent_entropy
        self._processed_before = 0
        turns = settings.local_search and LocalTurns.serve(formulation)
        self._turns = LocalTurns(formulation, request.seed, swept=self._search.sweeps) if turns else None

    def _new_search(self) -> tree.CompiledSearch:
        return tree.CompiledSearch(**self._arguments)

    def frontier(self) -> tree.Frontier | None:
        """Everything that is left; None before the root is bounded."""
        left = self._search.frontier()
        return None if left is None else replace(left, processed=self.nodes)

    def restore(self, frontier: tree.Frontier) -> None:
        """Go on from what a search of the same formulation left; before the first step."""
        self._search.restore(frontier)
        self._processed_before = frontier.processed
        if self._turns is not None:
            self._turns.skip_to(frontier.processed)

    def close(self) -> None:
        """Nothing runs between steps."""

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        found = self._search.incumbent_entropy
        if found != self._found:
            self._note(self._search.incumbent_mixture)
            self._found = found  # not before: Ctrl-C in between would lose it
        return self._best

    def _note(self, mixture: tuple[IntArray, FloatArray]) -> None:
        """Keep what the core found where it is better."""
        mappings, weights = mixture
        vertex: Incumbent | None
        if not self._exact and not self._formulation.unseen_label:
            # Back from the relaxed limits to those stated.
            vertex = to_vertex(self._formulation, mappings, weights)
        else:
            vertex = Incumbent(mappings, weights, self._formulation.cost(mappings, weights))
        if vertex is not None and vertex.cost < self._best.cost:
            self._best = vertex

    @property
    def incumbent_cost(self) -> float:
        """Joint entropy of the best vertex known, bits."""
        return min(self._best.cost, self._search.incumbent_entropy)

    @property
    def nodes(self) -> int:
        """Nodes processed."""
        return self._processed_before + self._search.nodes

    def advance(self) -> None:
        """A slice of time, or single steps where nodes are limited; or a slice of the local search."""
        request, clock = self._request, self._request.clock
        until_turn = None if self._turns is None else self._turns.due - self.nodes
        if until_turn is not None and until_turn <= 0:
            self._local_turn(min(_SLICE_SECONDS, clock.remaining))
            return
        gap = request.target.pruning_gap(self.incumbent_cost)
        if request.node_limit is None:
            self._search.run(
                nodes=until_turn,
                seconds=min(_SLICE_SECONDS, clock.remaining),
                gap=gap,
                stop=lambda: clock.expired,
            )
        elif not node_limit_reached(self.nodes, request.node_limit):
            self._search.run(nodes=1, gap=gap, stop=lambda: clock.expired)

    def _local_turn(self, seconds: float, *, at_once: bool = False) -> None:
        """A slice of the local search, between two nodes of the tree."""
        if self._turns is None:
            return
        found = self._turns.advance(self.incumbent, seconds, at_once=at_once)
        if found is not None and improves(found.cost, self.incumbent_cost):
            self._search.offer(found.mappings, found.weights)
