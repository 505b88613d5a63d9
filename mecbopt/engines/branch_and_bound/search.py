"""The tree: best bound first, incumbents from the relaxations' points, bounds valid at every moment."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np

from mecbopt.control import Clock, improves, node_limit_reached, prunes
from mecbopt.engines.branch_and_bound.boxes import Box, propagate, root_box
from mecbopt.engines.branch_and_bound.branching import choose_split
from mecbopt.engines.branch_and_bound.relaxation import NodeBound, NodeRelaxation
from mecbopt.engines.branch_and_bound.settings import Settings
from mecbopt.engines.descent import Descent
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation
from mecbopt.formulation.formulation import FloatArray

__all__ = ["TreeSearch"]

#: The relaxation of a node is solved again when reduced costs shrink a cell by more than this share.
_WORTHWHILE_SHRINK = 0.2
_MAX_TIGHTENINGS = 2


@dataclass(frozen=True, eq=False)
class _Node:
    """An open node: a box whose relaxation is solved."""

    box: Box
    bound: NodeBound


class TreeSearch:
    """A branch and bound that can be advanced in slices.

    Parameters
    ----------
    formulation : Formulation
    local_search : Descent
        Supplies the first incumbent and improves points of the relaxations.
    cost_bound : float
        A bound known beforehand, bits.
    gap : float
        Nodes that cannot improve the incumbent by more are pruned, bits.
    settings : Settings
    clock : Clock, optional
        Its limit ends the search, also inside a step.

    Attributes
    ----------
    nodes : int
        Nodes processed: the root, and every node that was branched on.
    trouble : bool
        A node could neither be bounded nor split any further; its parent's bound stays in force.
    """

    def __init__(
        self,
        formulation: Formulation,
        local_search: Descent,
        cost_bound: float,
        gap: float,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.formulation = formulation
        self.settings = settings or Settings()
        self.nodes = 0
        self.trouble = False
        self.pruning_gap = gap
        self._clock = clock or Clock()
        self._local = local_search
        self._relaxation: NodeRelaxation | None = None
        self._floor = cost_bound
        # The least bound among nodes that were pruned or given up: the optimum may lie in one of them.
        self._closed_bound = np.inf
        self._open: list[tuple[float, int, _Node]] = []
        self._order = itertools.count()
        self._rooted = False

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        return self._local.best

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits; never decreases.

        It is the one after the last whole step: a step that an exception cut short does not count.
        """
        return self._floor

    def _refresh_floor(self) -> None:
        best_open = self._open[0][0] if self._open else np.inf
        # The optimum is feasible, so it is never above the incumbent.
        bound = min(best_open, self._closed_bound, self.incumbent.cost)
        self._floor = max(self._floor, bound)

    @property
    def finished(self) -> bool:
        """Whether no open node is left."""
        return self._rooted and not self._open

    def run(self, nodes: int | None) -> None:
        """Process nodes until the tree is closed or `nodes` in all were processed.

        Raises
        ------
        Expired
            The clock's limit is reached; the bound is that of the last whole step.
        """
        while not self.finished and not node_limit_reached(self.nodes, nodes):
            self._clock.check()
            self._step()
            self._refresh_floor()

    def _step(self) -> None:
        if not self._rooted:
            self._relaxation = NodeRelaxation(
                self.formulation, self.settings.jensen_rows, self._local.pool, self._clock
            )
            self._rooted = True
            self.nodes += 1
            self._examine(root_box(self.formulation), self._floor, None)
            return
        bound, _, node = heapq.heappop(self._open)
        if prunes(bound, self.incumbent.cost, self.pruning_gap):
            # Best bound first: every other open node is pruned with this one.
            self._closed_bound = min(self._closed_bound, bound)
            self._open.clear()
            return
        self.nodes += 1
        coupling, underestimate = node.bound.coupling, node.bound.underestimate
        if coupling is None or underestimate is None:
            coupling = (node.box.lower + node.box.upper) / 2.0
            underestimate = np.zeros_like(coupling)
        split = choose_split(node.box, coupling, underestimate, self.settings.branching_margin)
        if split is None:
            self.trouble = True
            self._closed_bound = min(self._closed_bound, bound)
            return
        for child in node.box.split(*split):
            self._examine(child, bound, node.bound.basis)

    def _examine(self, box: Box, parent_bound: float, basis: object) -> None:
        """Bound a box, look for an incumbent in it, and keep it if it is not pruned."""
        assert self._relaxation is not None
        bound: NodeBound | None = None
        for attempt in range(_MAX_TIGHTENINGS + 1):
            if self.settings.propagation:
                tightened = propagate(self.formulation, box)
                if tightened is None:
                    return
                box = tightened
            bound = self._relaxation.bound(box, basis if bound is None else bound.basis)
            parent_bound = max(parent_bound, bound.lower_bound)
            if bound.solved:
                self._offer(bound)
            if prunes(parent_bound, self.incumbent.cost, self.pruning_gap):
                if parent_bound < np.inf:
                    self._closed_bound = min(self._closed_bound, parent_bound)
                return
            shrunk = self._tightened(box, bound) if attempt < _MAX_TIGHTENINGS else None
            if shrunk is None:
                break
            # What is cut off has a bound of at least the incumbent minus the gap.
            self._closed_bound = min(self._closed_bound, self.incumbent.cost - self.pruning_gap)
            box = shrunk
        assert bound is not None
        heapq.heappush(self._open, (parent_bound, next(self._order), _Node(box, bound)))

    def _offer(self, bound: NodeBound) -> None:
        """Descend from the relaxation's point when it is a better coupling than the incumbent."""
        mappings, weights = bound.mappings, bound.weights
        if mappings is None or weights is None:
            return
        value = self.formulation.cost(mappings, weights)
        if improves(value, self.incumbent.cost):
            self._local.descend_from_mixture(mappings, weights)

    def _tightened(self, box: Box, bound: NodeBound) -> Box | None:
        """The box shrunk by reduced costs; None where that is not worth another solve.

        A reduced cost d > 0 means that raising P above l by delta raises the bound by at least d delta:
        beyond (incumbent - gap - bound) / d nothing better is lost.
        """
        if not self.settings.reduced_cost_tightening or bound.reduced_costs is None:
            return None
        room = self.incumbent.cost - self.pruning_gap - bound.lower_bound
        costs = bound.reduced_costs
        with np.errstate(divide="ignore", over="ignore"):
            reach: FloatArray = np.where(np.abs(costs) > 1e-9, room / np.abs(costs) + 1e-9, np.inf)
        upper = np.where(costs > 0, np.minimum(box.upper, box.lower + reach), box.upper)
        lower = np.where(costs < 0, np.maximum(box.lower, box.upper - reach), box.lower)
        if np.all(box.widths - (upper - lower) <= _WORTHWHILE_SHRINK * box.widths + 1e-9):
            return None
        return Box(lower, upper)
