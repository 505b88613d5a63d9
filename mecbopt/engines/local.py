"""The local search as an engine: descents over vertices, in C where it is built, without proof."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mecbopt._core import tree
from mecbopt.control import Clock, Expired
from mecbopt.engines.base import YES, Request, Support, only_entropy_rate_and_label
from mecbopt.engines.descent import Descent, random_start_count
from mecbopt.engines.greedy import LAST_SECONDS, greedy
from mecbopt.engines.pivots import PivotDescent, compiled_start_count
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation

__all__ = ["Greedy", "Local", "begins_locally", "local_start"]

#: Letters on a side from which a tree begins at the vertex of the local search.
_LOCAL_FROM = 8

#: The compiled descents begin with the inverse of a basis: this times m^3 seconds, 1 s at m = 1000.
_BASIS_SECONDS = 1e-9


@dataclass(frozen=True)
class Local:
    """Greedy first, then descents from random directions.

    Attributes
    ----------
    starts : int or None
        Random starts; None: by the size of the problem.
    """

    starts: int | None = None
    name = "local"
    method = "local"

    def supports(self, formulation: Formulation) -> Support:
        """Everything: objectives are concave, and limits are rows."""
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> LocalInSlices:
        """A search that proves nothing beyond the bound known beforehand."""
        return LocalInSlices(self.starts, formulation, feasible, cost_bound, request)


@dataclass(frozen=True)
class Greedy:
    """One constructive pass."""

    name = "greedy"
    method = "greedy"

    def supports(self, formulation: Formulation) -> Support:
        """Everything that has a greedy coupling: all."""
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> LocalInSlices:
        """The greedy step of the local search alone."""
        return LocalInSlices(0, formulation, feasible, cost_bound, request, descend=False)


def begins_locally(formulation: Formulation) -> bool:
    """Whether the tree begins at what the local search finds, which takes a second or two.

    Where a tree was cut off by a limit its own few descents had found less: on 12x4 at half of H(Y) 0.938
    bits, and the local search 0.974; on 20x2 with a label 0.205 and 0.213.
    """
    return (
        max(formulation.shape) >= _LOCAL_FROM
        and formulation.is_linear
        and bool(only_entropy_rate_and_label(formulation))
        and tree.available()
    )


def local_start(
    formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
) -> LocalInSlices:
    """The local search with its own defaults, for half of the time that is left, without reports."""
    left = request.clock.remaining
    clock = Clock(None if left == math.inf else 0.5 * left)
    return LocalInSlices(None, formulation, feasible, cost_bound, replace(request, clock=clock))


class LocalInSlices:
    """The greedy vertex, then one descent after the other."""

    nodes = 0
    trouble = False
    in_one_step = False

    def __init__(
        self,
        starts: int | None,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
        descend: bool = True,
    ) -> None:
        self._formulation, self._request = formulation, request
        self._starts, self._descend = starts, descend
        self._greedy = feasible
        self._search: PivotDescent | Descent | None = None
        self.cost_bound = cost_bound
        self.finished = False
        self._at_greedy = False

    @property
    def incumbent(self) -> Incumbent:
        """The best vertex known."""
        return self._greedy if self._search is None else self._search.best

    @property
    def incumbent_cost(self) -> float:
        """Its cost."""
        return self._greedy.cost if self._search is None else self._search.best_cost

    def advance(self) -> None:
        """Greedy at the first call, all descents at the second."""
        formulation, request = self._formulation, self._request
        if not self._at_greedy:
            self._greedy = greedy(formulation, self._greedy, max(request.clock.remaining, LAST_SECONDS))
            self._at_greedy = True
            self.finished = not self._descend
            return
        starts = self._starts
        if tree.available() and only_entropy_rate_and_label(formulation):
            if _BASIS_SECONDS * formulation.shape[1] ** 3 > request.clock.remaining:
                raise Expired
            self._search = search = PivotDescent(
                formulation, self._greedy, seed=request.seed, should_stop=self._should_stop
            )
            search.run(compiled_start_count(formulation) if starts is None else starts)
            if request.clock.expired:
                raise Expired
        else:
            self._search = descent = Descent(
                formulation, self._greedy, seed=request.seed, clock=request.clock, report=self._report
            )
            descent.run(random_start_count(formulation) if starts is None else starts)
        self.finished = True

    def _report(self) -> None:
        offset = self._formulation.objective.offset
        self._request.clock.report(offset - self.incumbent_cost, offset - self.cost_bound, 0)

    def _should_stop(self) -> bool:
        self._report()
        return self._request.clock.expired
