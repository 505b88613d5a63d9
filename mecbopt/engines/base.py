"""What an engine is: an object that holds its settings, says what it supports, and starts searches.

All costs are in the sense of the objective: smaller is better, `bound` lies below every feasible cost.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mecbopt.control import Advancing, Clock, Target
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation

__all__ = [
    "YES",
    "Engine",
    "OneStep",
    "Request",
    "Search",
    "Support",
    "only_entropy_rate_and_label",
    "support",
]


class Support(NamedTuple):
    """Whether an engine takes a formulation, and why not.

    Attributes
    ----------
    reason : str
        Empty for yes; else the end of a sentence that begins with the engine's name.
    """

    reason: str = ""

    def __bool__(self) -> bool:
        """Yes or no."""
        return not self.reason


YES = Support()


@dataclass(frozen=True)
class Request:
    """What one call asks for.

    Attributes
    ----------
    target : Target
    clock : Clock
    node_limit : int or None
    seed : int
    workers : int
        Threads for a single search, or tasks at a time of the executor; engines that need none ignore it.
    executor : concurrent.futures.Executor or None
        Where subtrees are searched.
    """

    target: Target
    clock: Clock
    node_limit: int | None = None
    seed: int = 0
    workers: int = 1
    executor: Executor | None = None


class Search(Advancing, Protocol):
    """A search that is advanced in slices and has a valid bound after each."""

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        ...


class Engine(Protocol):
    """A method with its settings.  New ones are registered (`mecbopt.engines.register`)."""

    @property
    def name(self) -> str:
        """What `solution.engine` says and `solve(engine=...)` takes."""
        ...

    @property
    def method(self) -> str:
        """The method that it carries out: "exact", "local" or "greedy"."""
        ...

    def supports(self, formulation: Formulation) -> Support:
        """Yes, or the reason why not."""
        ...

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Whether it is the one to pick where nothing is named, given that it supports the formulation."""
        ...

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> Search:
        """A search from a feasible vertex and a bound known beforehand."""
        ...


def support(engine: Engine, formulation: Formulation) -> Support:
    """Whether an engine takes a formulation; limits that are not linear in the weights only where it says so.

    Engines made for linear ones would solve a relaxation.
    """
    if formulation.unseen_label and not getattr(engine, "takes_unseen_label", False):
        return Support("does not take a label that does not see the seed")
    if formulation.convex and not getattr(engine, "takes_convex", False):
        return Support(f"does not take a convex limit by {formulation.convex[0].name}")
    return engine.supports(formulation)


class OneStep:
    """A search that is done in one step.

    Parameters
    ----------
    step : callable
        Returns the vertex and a bound on the cost; it may raise `Expired`.
    feasible : Incumbent
        What is known before the step.
    cost_bound : float
    """

    nodes = 0
    trouble = False
    in_one_step = True

    def __init__(
        self, step: Callable[[], tuple[Incumbent, float]], feasible: Incumbent, cost_bound: float
    ) -> None:
        self._step = step
        self.incumbent = feasible
        self.cost_bound = cost_bound
        self.finished = False

    @property
    def incumbent_cost(self) -> float:
        """The cost of the best vertex known."""
        return self.incumbent.cost

    def advance(self) -> None:
        """Do it all."""
        vertex, bound = self._step()
        if vertex.cost < self.incumbent.cost:
            self.incumbent = vertex
        self.cost_bound = max(self.cost_bound, bound)
        self.finished = True


def only_entropy_rate_and_label(formulation: Formulation) -> Support:
    """Yes for the mutual information with no other limits than on the rate and on the label."""
    if formulation.objective.name != "mutual_information":
        return Support(f"does not take the objective {formulation.objective.name!r}")
    if formulation.other_limits:
        return Support(f"does not take a limit by {formulation.other_limits[0].name}")
    return YES
