"""Convex limits by outer approximation: half-spaces that hold them, cut where the optimum on them fails.

Inside the compiled tree that is one search (`mecbopt.engines.convex_tree`).  Around the other engines, and
where a cut is a program of its own, it is a search for every cut, which is what stands here.

Every relaxation holds the feasible set, so its bound is valid (Kelley 1960; the concave minimisation inside
is solved to its end each time).  An incumbent is the last point that is feasible on the way from one that
lies inside to the optimum of the relaxation (Veinott's supporting hyperplanes, 1967); there the second cut
is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mecbopt._core.tree import MAX_LINEAR_ROWS
from mecbopt.control import Clock, run_search
from mecbopt.engines.base import Engine, Request, Search, Support, support
from mecbopt.engines.convex_points import INSIDE, coupling_of, last_inside, mixed, violation
from mecbopt.engines.convex_tree import CutTree
from mecbopt.engines.highs import Highs
from mecbopt.engines.linear import Linear
from mecbopt.engines.programs.mixtures import MixtureProgram
from mecbopt.engines.tree import Tree
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.formulation import Formulation, LinearLimit, linear_rows
from mecbopt.formulation.formulation import FloatArray
from mecbopt.problem import StopReason

__all__ = ["Convex", "feasible_inside"]

#: The share of the gap that each relaxation may leave.
_INNER_SHARE = 0.25
#: Margins by which a first point is to lie inside, largest first: from it incumbents are found on the way to
#: optima of relaxations.
_MARGINS = (1e-3, 1e-5, 0.0)
#: Cuts tried for each.
_MOST_ROUNDS = 60
#: Of the rows that the compiled tree takes beside those stated, the share from which on half of the cuts are
#: dropped: a step may add several.
_CUT_SHARE = 0.63


@dataclass(frozen=True)
class Convex:
    """Outer approximation around the engines for linear limits.

    Attributes
    ----------
    inner : tuple of Engine
        For the relaxations, the first that takes them.
    """

    inner: tuple[Engine, ...] = (Linear(), Tree(), Highs())
    name = "convex"
    method = "exact"
    takes_convex = True

    def supports(self, formulation: Formulation) -> Support:
        """What an inner engine takes with linear limits in place of the convex ones."""
        if not formulation.convex:
            return Support("takes convex limits")
        reasons = [support(engine, _with_a_row(formulation)) for engine in self.inner]
        return next((yes for yes in reasons if yes), reasons[-1])

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OuterApproximation | CutTree:
        """A search from a feasible coupling, inside the limits where there is room."""
        relaxed = _with_a_row(formulation)
        inner = next(engine for engine in self.inner if support(engine, relaxed))
        quick = all(limit.quick for limit in formulation.convex)
        if isinstance(inner, Tree) and quick and not formulation.unseen_label:
            return CutTree(inner, formulation, feasible, cost_bound, request)
        return OuterApproximation(inner, formulation, feasible, cost_bound, request)


class OuterApproximation:
    """One relaxation, solved to its end, and its cuts at each step."""

    trouble = False
    in_one_step = False

    def __init__(
        self,
        inner: Engine,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
    ) -> None:
        self._inner, self._formulation, self._request = inner, formulation, request
        self._relaxed = replace(formulation, convex=())
        self._inside = self.incumbent = feasible
        self.cost_bound = cost_bound
        self.nodes = 0
        self.finished = False
        self._add(coupling_of(formulation, feasible))

    @property
    def incumbent_cost(self) -> float:
        """The cost of the best feasible mixture known."""
        return self.incumbent.cost

    def advance(self) -> None:
        """Solve the relaxation, and cut its optimum off."""
        request = self._request
        target = replace(request.target, gap=_INNER_SHARE * request.target.gap)
        clock = _silent(request.clock)
        inner_request = replace(request, target=target, clock=clock, workers=1, executor=None)
        start = to_vertex(self._relaxed, self._inside.mappings, self._inside.weights) or self._inside
        search: Search = self._inner.start(self._relaxed, start, self.cost_bound, inner_request)
        left = None if request.node_limit is None else max(0, request.node_limit - self.nodes)
        reason = run_search(search, target, left, clock, proving=True)
        self.nodes += search.nodes
        self.cost_bound = max(self.cost_bound, search.cost_bound)
        best = search.incumbent
        if violation(self._formulation, best) <= INSIDE:
            self._take(best)
            # No cut is left to make: what the relaxation has not closed is its own gap.
            self.finished = search.finished or target.reached(search.cost_bound, best.cost)
        else:
            edge = last_inside(self._formulation, self._inside, best)
            self._take(edge)
            self._forget(coupling_of(self._formulation, best))
            cut = self._add(coupling_of(self._formulation, best))
            self._add(coupling_of(self._formulation, edge))
            self.trouble = self.finished = not cut
        if reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        request.clock.check()

    def _take(self, found: Incumbent) -> None:
        if found.cost < self.incumbent.cost:
            self.incumbent = found

    def _forget(self, coupling: FloatArray) -> None:
        """Drop the cuts with the most slack where there are too many rows; the bound stays as it is."""
        stated = len(self._formulation.limits)
        cuts = [limit for limit in self._relaxed.limits[stated:] if isinstance(limit, LinearLimit)]
        most = int(_CUT_SHARE * (MAX_LINEAR_ROWS - len(linear_rows(self._formulation)[0])))
        if len(cuts) > most:
            cuts.sort(key=lambda cut: _slack(cut, coupling))
            cuts = cuts[: most // 2]
            self._relaxed = replace(self._relaxed, limits=(*self._formulation.limits, *cuts))

    def _add(self, coupling: FloatArray) -> bool:
        """Cuts of the limits that the coupling violates or touches."""
        cuts = [
            cut
            for limit in self._formulation.convex
            if limit.violation(coupling) > -INSIDE
            for cut in limit.cuts(coupling)
        ]
        self._relaxed = replace(self._relaxed, limits=(*self._relaxed.limits, *cuts))
        return bool(cuts)


def feasible_inside(
    formulation: Formulation,
    start: Incumbent,
    seed: int,
    clock: Clock,
) -> tuple[Incumbent | None, Formulation]:
    """A point within all limits, inside the convex ones by a margin where there is room; and what was cut.

    Parameters
    ----------
    formulation : Formulation
    start : Incumbent
        Meets the limits that are linear.
    seed : int
    clock : Clock

    Returns
    -------
    tuple (point or None, relaxation)
        The relaxation has linear limits alone, and holds all that is feasible.
    """
    relaxed = replace(formulation, convex=())
    for margin in _MARGINS:
        rows: tuple[LinearLimit, ...] = ()
        point: Incumbent | None = start
        centre = start
        for count in range(1, _MOST_ROUNDS + 1):
            if point is None:
                break
            # Vertices have empty cells, where derivatives may be infinite; their mean has none.
            centre = mixed(formulation, centre, point, 1.0 / count)
            for candidate in (point, centre):
                if violation(formulation, candidate) <= (-margin / 2 if margin else INSIDE):
                    return candidate, relaxed
            cells = coupling_of(formulation, centre)
            cuts = [
                cut
                for limit in formulation.convex
                for at in (cells, coupling_of(formulation, point))
                if limit.violation(at) > -margin
                for cut in limit.cuts(at, margin)
            ]
            rows += tuple(cuts)
            point = _least_on(replace(relaxed, limits=(*relaxed.limits, *rows)), cells, seed, clock)
        if margin == 0.0:
            relaxed = replace(relaxed, limits=(*relaxed.limits, *rows))
    return None, relaxed


def _least_on(relaxed: Formulation, cells: FloatArray, seed: int, clock: Clock) -> Incumbent | None:
    """A vertex of the relaxation that the objective's slope prefers; None where there is none."""
    program = MixtureProgram(relaxed, seed=seed, clock=clock)
    result = program.minimize(relaxed.objective.gradient(cells))
    return None if result is None else to_vertex(relaxed, result.mappings, result.weights)


def _with_a_row(formulation: Formulation) -> Formulation:
    """The formulation with a linear limit in place of the convex ones."""
    row = LinearLimit(formulation.p_x, np.zeros(formulation.shape), 1.0, formulation.convex[0].name)
    return replace(formulation, convex=(), limits=(*formulation.limits, row))


def _slack(cut: LinearLimit, coupling: FloatArray) -> float:
    """Of a cut at a coupling, in units of the range of its coefficients."""
    slack = cut.limit - float((cut.coefficients * coupling).sum())
    return slack / (float(np.ptp(cut.coefficients)) or 1.0)


def _silent(clock: Clock) -> Clock:
    """The time that is left, without reports: the relaxation's values are not those of the problem."""
    left = clock.remaining
    return Clock(None if left == float("inf") else left)
