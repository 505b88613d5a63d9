"""The exact method: choose an engine, advance it in slices, stop politely."""

from __future__ import annotations

from dataclasses import dataclass

from mecbopt.errors import NotSupportedError, SolverError
from mecbopt.mappings import Instance
from mecbopt.problem import StopReason
from mecbopt.solvers import low_rate, vertex_enumeration
from mecbopt.solvers.branch_and_bound.stopping import gap_closed, node_limit_reached
from mecbopt.solvers.engines import Engine, compiled_applies, new_engine
from mecbopt.solvers.progress import Clock
from mecbopt.solvers.vertex import Incumbent

__all__ = ["Outcome", "solve_exactly"]

#: Nodes that cannot improve by more than this share of the gap are pruned: the rest is for rounding, so that
#: a finished search has a gap that is at most the one asked for.
_PRUNING_SHARE = 0.9


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
        Alphabets that are too large for the chosen engine.
    """
    outcome = _without_a_tree(instance, engine)
    if outcome is not None:
        return outcome
    search: Engine | None = None
    try:
        search = new_engine(
            engine, instance, feasible, entropy_lower_bound, _PRUNING_SHARE * gap, seed, clock
        )
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
    instance: Instance, search: Engine, gap: float, node_limit: int | None, clock: Clock
) -> StopReason:
    """Run the search slice by slice until there is a reason to stop."""
    while True:
        best, bound = search.incumbent.joint_entropy, search.entropy_lower_bound
        clock.report(instance.entropy_sum - best, instance.entropy_sum - bound, search.nodes)
        if gap_closed(bound, best, gap):
            return StopReason.GAP_CLOSED
        if search.finished:
            return StopReason.NUMERICAL_TROUBLE if search.trouble else StopReason.EXHAUSTED
        if node_limit_reached(search.nodes, node_limit):
            return StopReason.NODE_LIMIT
        if clock.expired:
            return StopReason.TIME_LIMIT
        search.advance(node_limit, clock)


def _without_a_tree(instance: Instance, engine: str) -> Outcome | None:
    """The low-rate theorem and the enumeration of vertices, where they apply and serve better than a tree."""
    if engine == "auto" and low_rate.applies(instance):
        best = low_rate.optimum(instance)
        return Outcome(best, best.joint_entropy, StopReason.EXHAUSTED, "low-rate theorem")
    wanted = engine == "enumeration" or (engine == "auto" and not compiled_applies(instance))
    if wanted and vertex_enumeration.applies(instance):
        vertex = vertex_enumeration.optimum(instance)
        if vertex is not None:
            return Outcome(vertex, vertex.joint_entropy, StopReason.EXHAUSTED, "enumeration")
    if engine == "enumeration":
        raise NotSupportedError(
            f"engine is 'enumeration', but the problem (n, m = {instance.shape}) has too many vertices or "
            "masses below 0.001: use engine='auto'."
        )
    return None
