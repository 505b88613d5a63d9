"""Engines of the exact method: one face for the branch and bound on HiGHS and the compiled one."""

from __future__ import annotations

import math
from typing import Protocol

from mecbopt.control import Clock, Target, node_limit_reached
from mecbopt.errors import NotSupportedError
from mecbopt.mappings import MAX_BINARY_LETTERS, MAX_SUBSET_LETTERS, Instance, mapping_count, prices_exactly
from mecbopt.solvers import compiled
from mecbopt.solvers.branch_and_bound import TreeSearch
from mecbopt.solvers.local import LocalSearch, random_start_count
from mecbopt.solvers.vertex import Incumbent, to_vertex
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["CompiledEngine", "Engine", "HighsEngine", "compiled_applies", "new_engine"]

#: Seconds of one slice of the compiled search: short enough for progress, limits and Ctrl-C.
_SLICE_SECONDS = 0.05
#: Random starts before the tree on HiGHS where there are more mappings than this.
_FEW_MAPPINGS, _FEW_STARTS = 4096, 8


class Engine(Protocol):
    """A search that is advanced in slices and has valid bounds after each."""

    name: str

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        ...

    @property
    def incumbent_entropy(self) -> float:
        """Its joint entropy, bits, without writing the vertex out."""
        ...

    @property
    def entropy_lower_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits; never decreases."""
        ...

    @property
    def nodes(self) -> int:
        """Nodes processed."""
        ...

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        ...

    @property
    def trouble(self) -> bool:
        """Whether a part of the tree could not be closed for numerical reasons."""
        ...

    def advance(self, node_limit: int | None, clock: Clock) -> None:
        """One slice: at least one step, no step beyond the limits."""
        ...


class HighsEngine(TreeSearch):
    """The branch and bound in Python on HiGHS: the check and the fallback of the compiled one."""

    name = "highs"

    def __init__(
        self,
        instance: Instance,
        feasible: Incumbent,
        entropy_lower_bound: float,
        target: Target,
        seed: int,
        clock: Clock,
    ) -> None:
        local = LocalSearch(instance, feasible, seed=seed, clock=clock)
        local.entropy_lower_bound = entropy_lower_bound
        super().__init__(instance, local, entropy_lower_bound, target.pruning_gap(math.inf), clock=clock)
        self._target = target
        # Where mappings have to be priced a start takes as long as a node.
        whole = mapping_count(*instance.shape) <= _FEW_MAPPINGS
        self._starts = random_start_count(instance) if whole else _FEW_STARTS

    @property
    def incumbent_entropy(self) -> float:
        """Joint entropy of the best vertex known, bits."""
        return self.incumbent.joint_entropy

    def advance(self, node_limit: int | None, clock: Clock) -> None:
        """The local search at first, then a node at a time."""
        if self._starts:
            self._local.run(self._starts)
            self._starts = 0
        else:
            self.pruning_gap = self._target.pruning_gap(self.incumbent.joint_entropy)
            self.run(self.nodes + 1)


class CompiledEngine:
    """The branch and bound in C."""

    name = "compiled"

    def __init__(
        self, instance: Instance, feasible: Incumbent, entropy_lower_bound: float, target: Target, seed: int
    ) -> None:
        self._instance = instance
        self._best, self._found = feasible, math.inf
        self._floor = entropy_lower_bound
        self._target = target
        # With a label bounds are for the limits relaxed by the slack that every coupling is allowed: one that
        # is met with equality by a single point would leave no room for rounding, and its price may be large.
        # Without one the value grows by less than a slack of the rate, V(R (1 + s)) - V(R) being of order R
        # s.
        label = instance.label_limit_row
        self._search = compiled.CompiledSearch(
            instance.p_x,
            instance.p_y,
            instance.rate if label is None else instance.rate * (1.0 + LIMIT_SLACK),
            instance.p_s_given_x if label is not None else None,
            None if label is None else label.bound + LIMIT_SLACK,
            label_table=None if label is None else label.table,
            seed=seed,
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
            if self._instance.has_label:  # back from the relaxed limits to those of the instance
                vertex = to_vertex(self._instance, mappings, weights)
            else:
                vertex = Incumbent(mappings, weights, self._instance.joint_entropy(mappings, weights))
            if vertex is not None and vertex.joint_entropy < self._best.joint_entropy:
                self._best = vertex
        return self._best

    @property
    def incumbent_entropy(self) -> float:
        """Joint entropy of the best vertex known, bits."""
        return min(self._best.joint_entropy, self._search.incumbent_entropy)

    @property
    def entropy_lower_bound(self) -> float:
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

    def advance(self, node_limit: int | None, clock: Clock) -> None:
        """A slice of time, or single steps where the number of nodes is limited."""
        seconds = min(_SLICE_SECONDS, clock.remaining)
        gap = self._target.pruning_gap(self.incumbent_entropy)
        if node_limit is None:
            self._search.run(seconds=seconds, gap=gap)
        elif not node_limit_reached(self.nodes, node_limit):
            self._search.run(nodes=1, gap=gap)


def compiled_applies(instance: Instance) -> bool:
    """Whether the compiled engine is there and its subset tables hold the alphabets."""
    return compiled.available() and max(instance.shape) <= compiled.MAX_LETTERS


def new_engine(
    name: str,
    instance: Instance,
    feasible: Incumbent,
    entropy_lower_bound: float,
    target: Target,
    seed: int,
    clock: Clock,
) -> Engine:
    """The engine asked for, or the best one that applies.

    Raises
    ------
    NotSupportedError
        Alphabets beyond the engine, or no compiled core.
    """
    n, m = instance.shape
    if name == "compiled" and not compiled_applies(instance):
        reason = (
            f"takes at most {compiled.MAX_LETTERS} letters, the problem has n, m = {n, m}"
            if compiled.available()
            else "was not built (no C compiler at installation)"
        )
        raise NotSupportedError(
            f"engine is 'compiled', which {reason}: use engine='highs' or method='local'."
        )
    if name != "highs" and compiled_applies(instance):
        return CompiledEngine(instance, feasible, entropy_lower_bound, target, seed)
    if not prices_exactly(instance.shape):
        count = mapping_count(n, m)
        raise NotSupportedError(
            f"method is 'exact', but the problem has m^n = {m}^{n} = {count:.3g} mappings: the engine on "
            f"HiGHS takes {MAX_SUBSET_LETTERS} letters of X ({MAX_BINARY_LETTERS} with two of Y), the "
            f"compiled one {compiled.MAX_LETTERS} letters a side. "
            "Use method='local' (a coupling with a valid upper bound), or merge letters of X."
        )
    return HighsEngine(instance, feasible, entropy_lower_bound, target, seed, clock)
