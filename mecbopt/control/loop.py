"""The loop around every search: report, compare, stop or go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mecbopt.control.clock import Clock, Expired
from mecbopt.control.comparisons import node_limit_reached
from mecbopt.control.target import Target
from mecbopt.errors import SolverError
from mecbopt.problem import StopReason

__all__ = ["Advancing", "run_search"]


class Advancing(Protocol):
    """What the loop needs of a search."""

    @property
    def incumbent_cost(self) -> float:
        """The cost of the best vertex known, without writing it out."""
        ...

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the cost; never decreases."""
        ...

    @property
    def nodes(self) -> int:
        """Nodes processed."""
        ...

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        ...

    @property
    def in_one_step(self) -> bool:
        """Whether it proves all it can in its first step, before which no comparison is of use."""
        ...

    @property
    def trouble(self) -> bool:
        """Whether a part could not be closed for numerical reasons."""
        ...

    def advance(self) -> None:
        """One slice: at least one step, none beyond the limits of the request.

        Raises
        ------
        Expired
            The time limit came inside a step; incumbent and bound stay valid.
        SolverError
            A linear program could not be solved; incumbent and bound stay valid.
        """
        ...


def run_search(
    search: Advancing,
    target: Target,
    node_limit: int | None,
    clock: Clock,
    *,
    proving: bool,
    after_step: Callable[[], None] | None = None,
) -> StopReason:
    """Advance a search until there is a reason to stop, Ctrl-C and errors of linear programs included.

    Whatever the reason, incumbent and bound of the last whole step are valid.

    Parameters
    ----------
    search : Advancing
    target : Target
    node_limit : int or None
    clock : Clock
    proving : bool
        Whether the search is there to close the gap; a local one goes on to its end whatever the gap is.
    after_step : callable, optional
        Called after every step.
    """
    try:
        while True:
            best, bound = search.incumbent_cost, search.cost_bound
            clock.report(target.offset - best, target.offset - bound, search.nodes)
            waiting = search.in_one_step and not search.finished
            if proving and target.reached(bound, best) and not waiting:
                return StopReason.EXHAUSTED if search.in_one_step else StopReason.GAP_CLOSED
            if search.finished:
                if search.trouble:
                    return StopReason.NUMERICAL_TROUBLE
                return StopReason.EXHAUSTED if proving else StopReason.LOCAL_SEARCH_DONE
            if node_limit_reached(search.nodes, node_limit):
                return StopReason.NODE_LIMIT
            if clock.expired:
                return StopReason.TIME_LIMIT
            search.advance()
            if after_step is not None:
                after_step()
    except KeyboardInterrupt:
        return StopReason.INTERRUPTED
    except Expired:
        return StopReason.TIME_LIMIT
    except SolverError:
        return StopReason.NUMERICAL_TROUBLE
