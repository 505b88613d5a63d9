"""Engines of the exact method: one face for the branch and bound on HiGHS and the compiled one."""

from __future__ import annotations

import math
from typing import Protocol

from mecbopt.errors import NotSupportedError
from mecbopt.mappings import MAX_ENUMERATED_MAPPINGS, Instance, mapping_count
from mecbopt.solvers import compiled
from mecbopt.solvers.branch_and_bound import TreeSearch
from mecbopt.solvers.branch_and_bound.stopping import node_limit_reached
from mecbopt.solvers.local import LocalSearch, random_start_count
from mecbopt.solvers.progress import Clock
from mecbopt.solvers.vertex import Incumbent
from mecbopt.tolerances import CONSTRAINT_SLACK

__all__ = ["CompiledEngine", "Engine", "HighsEngine", "compiled_applies", "new_engine"]

#: Seconds of one slice of the compiled search: short enough for progress, limits and Ctrl-C.
_SLICE_SECONDS = 0.05


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
        gap: float,
        seed: int,
        clock: Clock,
    ) -> None:
        local = LocalSearch(instance, feasible, seed=seed, should_stop=lambda: clock.expired)
        super().__init__(instance, local, entropy_lower_bound, gap)
        self._starts = random_start_count(instance)

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
            self.run(self.nodes + 1, lambda: clock.expired)


class CompiledEngine:
    """The branch and bound in C."""

    name = "compiled"

    def __init__(
        self, instance: Instance, feasible: Incumbent, entropy_lower_bound: float, gap: float, seed: int
    ) -> None:
        self._instance = instance
        self._best, self._found = feasible, math.inf
        self._floor = entropy_lower_bound
        self._gap = gap
        # A limit that is met with equality by a single point leaves no room for rounding: the search works on
        # one that is larger by the slack which every coupling is allowed.
        self._search = compiled.CompiledSearch(
            instance.p_x,
            instance.p_y,
            instance.rate,
            instance.p_s_given_x if instance.has_label else None,
            instance.label_limit + CONSTRAINT_SLACK if instance.has_label else None,
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
            vertex = Incumbent(mappings, weights, self._instance.joint_entropy(mappings, weights))
            if vertex.joint_entropy < self._best.joint_entropy:
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
        if node_limit is None:
            self._search.run(seconds=seconds, gap=self._gap)
        elif not node_limit_reached(self.nodes, node_limit):
            self._search.run(nodes=1, gap=self._gap)


def compiled_applies(instance: Instance) -> bool:
    """Whether the compiled engine is there and its subset tables hold the alphabets."""
    return compiled.available() and max(instance.shape) <= compiled.MAX_LETTERS


def new_engine(
    name: str,
    instance: Instance,
    feasible: Incumbent,
    entropy_lower_bound: float,
    gap: float,
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
        return CompiledEngine(instance, feasible, entropy_lower_bound, gap, seed)
    count = mapping_count(n, m)
    if count > MAX_ENUMERATED_MAPPINGS:
        raise NotSupportedError(
            f"method is 'exact', but the problem has m^n = {m}^{n} = {count:.3g} mappings: the engine on "
            f"HiGHS takes {MAX_ENUMERATED_MAPPINGS}, the compiled one {compiled.MAX_LETTERS} letters a side. "
            "Use method='local' (a coupling with a valid upper bound), or merge letters of X."
        )
    return HighsEngine(instance, feasible, entropy_lower_bound, gap, seed, clock)
