"""The exact method: choose an engine, advance it in slices, stop politely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt.control import Clock, Expired, Target, node_limit_reached
from mecbopt.errors import NotSupportedError, SolverError
from mecbopt.mappings import Instance
from mecbopt.mappings.instance import FloatArray
from mecbopt.mec.exact import exact_coupling, size_limit
from mecbopt.problem import StopReason
from mecbopt.solvers import low_rate, vertex_enumeration
from mecbopt.solvers.engines import Engine, compiled_applies, new_engine
from mecbopt.solvers.greedy import coupling_as_mixture, improved_by_greedy
from mecbopt.solvers.vertex import Incumbent, to_vertex
from mecbopt.tolerances import COLUMN_ZERO

__all__ = ["Outcome", "plain_coupling_applies", "solve_exactly"]

#: From this many letters on a side up to this many on both, couplings without limits go to the search for
#: plain minimum entropy couplings; at 3x3 the tree takes half as long, above neither ends.
_PLAIN_FROM, _PLAIN_TO = 4, 26
#: From this many letters on a side a search begins at the greedy coupling; smaller ones are solved in the
#: time.
_GREEDY_FROM = 6


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
    target: Target,
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
    search: Engine | None = None
    try:
        outcome = _without_a_tree(instance, engine, clock)
        if outcome is not None:
            return outcome
        if max(instance.shape) >= _GREEDY_FROM:
            feasible = improved_by_greedy(instance, feasible)
        if engine == "auto" and node_limit is None and plain_coupling_applies(instance):
            return _plain_coupling(instance, feasible, entropy_lower_bound, target, clock)
        search = new_engine(engine, instance, feasible, entropy_lower_bound, target, seed, clock)
        reason = _advance(instance, search, target, node_limit, clock)
    except KeyboardInterrupt:
        reason = StopReason.INTERRUPTED
    except Expired:
        reason = StopReason.TIME_LIMIT
    except SolverError:
        reason = StopReason.NUMERICAL_TROUBLE
    if search is None:
        return Outcome(feasible, entropy_lower_bound, reason, "" if engine == "auto" else engine)
    # Also after an interruption: the incumbent and the bound of the last whole step are valid.
    return Outcome(search.incumbent, search.entropy_lower_bound, reason, search.name, search.nodes)


def plain_coupling_applies(instance: Instance) -> bool:
    """Whether nothing but the marginals binds, so that the search for plain couplings serves.

    It proves 12 by 12 letters in seconds to a minute, where a tree over boxes does not end.
    """
    return (
        not instance.has_rate
        and not instance.has_label
        and max(instance.shape) >= _PLAIN_FROM
        and sum(instance.shape) <= min(_PLAIN_TO, size_limit())
    )


def _plain_coupling(
    instance: Instance, feasible: Incumbent, entropy_lower_bound: float, target: Target, clock: Clock
) -> Outcome:
    """Minimum entropy coupling by dynamic programming over sets of letters (docs/mec.md)."""
    engine = "plain coupling"
    limit = None if clock.remaining == math.inf else max(clock.remaining, 1e-3)
    try:
        coupling, _, lower, finished = exact_coupling(
            instance.p_x, instance.p_y, gap=min(target.gap, 1e-9), time_limit=limit
        )
    except KeyboardInterrupt:
        return Outcome(feasible, entropy_lower_bound, StopReason.INTERRUPTED, engine)
    vertex = _as_vertex(instance, coupling)
    best = feasible if vertex is None or vertex.joint_entropy > feasible.joint_entropy else vertex
    lower = max(lower, entropy_lower_bound)
    if target.reached(lower, best.joint_entropy):
        reason = StopReason.EXHAUSTED if finished else StopReason.GAP_CLOSED
    else:
        reason = StopReason.TIME_LIMIT if clock.expired else StopReason.NUMERICAL_TROUBLE
    return Outcome(best, lower, reason, engine)


def _as_vertex(instance: Instance, coupling: FloatArray) -> Incumbent | None:
    """A coupling as a mixture of at most m mappings.

    A forest of n + m - 1 cells has m - 1 break points in its rows, hence m mappings as it is; only what
    rounding split further has to walk to a vertex.
    """
    mixture = coupling_as_mixture(coupling)
    mappings, weights = mixture.mappings, mixture.weights
    if len(weights) > instance.shape[1] or weights.min() <= COLUMN_ZERO:
        return to_vertex(instance, mappings, weights)
    return Incumbent(mappings, weights, instance.joint_entropy(mappings, weights))


def _advance(
    instance: Instance, search: Engine, target: Target, node_limit: int | None, clock: Clock
) -> StopReason:
    """Run the search slice by slice until there is a reason to stop."""
    while True:
        best, bound = search.incumbent_entropy, search.entropy_lower_bound
        clock.report(instance.entropy_sum - best, instance.entropy_sum - bound, search.nodes)
        if target.reached(bound, best):
            return StopReason.GAP_CLOSED
        if search.finished:
            return StopReason.NUMERICAL_TROUBLE if search.trouble else StopReason.EXHAUSTED
        if node_limit_reached(search.nodes, node_limit):
            return StopReason.NODE_LIMIT
        if clock.expired:
            return StopReason.TIME_LIMIT
        search.advance(node_limit, clock)


def _without_a_tree(instance: Instance, engine: str, clock: Clock) -> Outcome | None:
    """The low-rate theorem and the enumeration of vertices, where they apply and serve better than a tree."""
    if engine == "auto" and low_rate.applies(instance):
        return Outcome(*low_rate.optimum(instance, clock), StopReason.EXHAUSTED, "low-rate theorem")
    wanted = engine == "enumeration" or (engine == "auto" and not compiled_applies(instance))
    if wanted and vertex_enumeration.applies(instance):
        found = vertex_enumeration.optimum(instance, clock)
        if found is not None:
            return Outcome(*found, StopReason.EXHAUSTED, "enumeration")
    if engine == "enumeration":
        raise NotSupportedError(
            f"engine is 'enumeration', but the problem (n, m = {instance.shape}) has too many vertices or "
            "masses below 0.001: use engine='auto'."
        )
    return None
