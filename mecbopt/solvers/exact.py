"""The exact method: choose an engine, advance it in slices, stop politely.

An engine is anything with `run` and the attributes of `Engine`; the branch and bound on HiGHS and the
compiled one are interchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mecbopt.errors import NotSupportedError, SolverError
from mecbopt.mappings import MAX_ENUMERATED_MAPPINGS, Instance, mapping_count
from mecbopt.problem import StopReason
from mecbopt.solvers import low_rate, vertex_enumeration
from mecbopt.solvers.branch_and_bound import TreeSearch
from mecbopt.solvers.branch_and_bound.stopping import gap_closed, node_limit_reached
from mecbopt.solvers.local import LocalSearch, random_start_count
from mecbopt.solvers.progress import Clock
from mecbopt.solvers.vertex import Incumbent

__all__ = ["Outcome", "solve_exactly"]

#: Nodes that cannot improve by more than this share of the gap are pruned: the rest is for rounding, so that
#: a finished search has a gap that is at most the one asked for.
_PRUNING_SHARE = 0.9


class Engine(Protocol):
    """A search that can be advanced in slices and has valid bounds after each."""

    name: str
    nodes: int
    trouble: bool

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        ...

    @property
    def entropy_lower_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits."""
        ...

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        ...

    def run(self, nodes: int | None, clock: Clock) -> None:
        """Advance until finished, until `nodes` in all, or until the clock expires."""
        ...


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method found for an instance: joint entropies in bits."""

    incumbent: Incumbent
    entropy_lower_bound: float
    stop_reason: StopReason
    engine: str
    nodes: int = 0


def solve_exactly(
    instance: Instance,
    feasible: Incumbent,
    entropy_lower_bound: float,
    *,
    engine: str,
    gap: float,
    node_limit: int | None,
    clock: Clock,
    seed: int,
) -> Outcome:
    """The global optimum within the gap, or bounds that contain it.

    Raises
    ------
    NotSupportedError
        More mappings than the chosen engine can enumerate.
    """
    if engine in ("auto", "enumeration"):
        outcome = _closed_form(instance, engine)
        if outcome is not None:
            return outcome
    _refuse_oversized(instance)
    search: TreeSearch | None = None
    try:
        local = LocalSearch(instance, feasible, seed=seed, should_stop=lambda: clock.expired)
        search = TreeSearch(instance, local, entropy_lower_bound, _PRUNING_SHARE * gap)
        local.run(random_start_count(instance))
        reason = _advance(instance, search, gap, node_limit, clock)
    except KeyboardInterrupt:
        reason = StopReason.INTERRUPTED
    except SolverError:
        reason = StopReason.NUMERICAL_TROUBLE
    if search is None:
        return Outcome(feasible, entropy_lower_bound, reason, engine)
    # Also after an interruption: the incumbent and the bound of the last whole step are valid.
    return Outcome(search.incumbent, search.entropy_lower_bound, reason, search.name, search.nodes)


def _advance(
    instance: Instance, search: TreeSearch, gap: float, node_limit: int | None, clock: Clock
) -> StopReason:
    """Run the search a node at a time until there is a reason to stop."""
    while True:
        clock.report(
            instance.entropy_sum - search.incumbent.joint_entropy,
            instance.entropy_sum - search.entropy_lower_bound,
            search.nodes,
        )
        reason = _reason(search, gap, node_limit, clock)
        if reason is not None:
            return reason
        search.run(search.nodes + 1, lambda: clock.expired)


def _reason(search: TreeSearch, gap: float, node_limit: int | None, clock: Clock) -> StopReason | None:
    """Why to stop now; None to go on."""
    if gap_closed(search.entropy_lower_bound, search.incumbent.joint_entropy, gap):
        return StopReason.GAP_CLOSED
    if search.finished:
        return StopReason.NUMERICAL_TROUBLE if search.trouble else StopReason.EXHAUSTED
    if node_limit_reached(search.nodes, node_limit):
        return StopReason.NODE_LIMIT
    return StopReason.TIME_LIMIT if clock.expired else None


def _closed_form(instance: Instance, engine: str) -> Outcome | None:
    """The engines without a tree: the low-rate theorem and the enumeration of vertices."""
    if low_rate.applies(instance):
        best = low_rate.optimum(instance)
        return Outcome(best, best.joint_entropy, StopReason.EXHAUSTED, "low-rate theorem")
    if vertex_enumeration.applies(instance):
        vertex = vertex_enumeration.optimum(instance)
        if vertex is not None:
            return Outcome(vertex, vertex.joint_entropy, StopReason.EXHAUSTED, "enumeration")
    if engine == "enumeration":
        raise NotSupportedError(
            f"engine is 'enumeration', but the problem (n, m = {instance.shape}) has too many vertices or "
            "masses below 0.001: use engine='auto'."
        )
    return None


def _refuse_oversized(instance: Instance) -> None:
    count = mapping_count(*instance.shape)
    if count > MAX_ENUMERATED_MAPPINGS:
        n, m = instance.shape
        raise NotSupportedError(
            f"method is 'exact', but the problem has m^n = {m}^{n} = {count:.3g} mappings, more than "
            f"{MAX_ENUMERATED_MAPPINGS}: use method='local' (a coupling with a valid upper bound), or merge "
            "letters of X."
        )
