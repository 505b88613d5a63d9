"""Convex limits inside the compiled tree: one tree, cut where the mixtures of its open boxes lie outside.

The half-spaces that hold a convex set become rows of the tree while it grows (Quesada and Grossmann 1992, for
integer programs): a relaxation begun anew for every cut would grow the same tree again.  A box that is left
open tells the mixture that solved its relaxation.  Where that lies outside it is cut off, and the last point
inside on the way to it, which is feasible, gives an incumbent and a second cut (Veinott 1967).  From there a
descent goes on along the cuts, whose vertices are cut in turn (Kelley 1960).  What was proved with fewer cuts
stays proved.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mecbopt._core import tree
from mecbopt.control import improves, node_limit_reached
from mecbopt.engines.base import Request
from mecbopt.engines.compiled_tree import CompiledTree, core_arguments
from mecbopt.engines.convex_points import INSIDE, coupling_of, last_inside, violation
from mecbopt.engines.vertex import Incumbent, limit_rows
from mecbopt.formulation import Formulation
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.formulation.linear_rows import normal_form
from mecbopt.tolerances import LIMIT_SLACK, MARGINAL_SLACK

__all__ = ["CutTree"]

#: Cuts that the tree holds at a time: the one that has not been tight for longest makes room.
_MOST_CUTS = 120
#: A cut is tight at a mixture within this of its bound, in units of its range.
_TIGHT = 1e-7
#: Seconds of one slice.
_SLICE_SECONDS = 0.05
#: Vertices of one descent at most, and the violation at which it has arrived.
_MOST_VERTICES, _ARRIVED = 40, 1e-8
#: By how much of its unit a mixture may exceed a limit.  The core's mixtures exceed one that binds by the
#: slack of its rows, and sums in another order by a rounding more: no reason to refuse the optimum.
_LIMIT_MET = LIMIT_SLACK + 1e-13


class CutTree(CompiledTree):
    """A search of the compiled tree whose rows are cuts of convex limits."""

    def __init__(
        self,
        settings: tree.Settings,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
    ) -> None:
        self._formulation, self._request = formulation, request
        self._inside = self.incumbent = feasible
        self._floor = cost_bound
        self._search = tree.CompiledSearch(
            **core_arguments(formulation, request.seed, slack=LIMIT_SLACK),
            entropy_floor=cost_bound,
            # What looks exchangeable without the cuts is not with them.
            settings=replace(settings, local_search=False, random_starts=0, symmetry=False),
            spare_rows=_MOST_CUTS,
        )
        self._forms: FloatArray = np.zeros((_MOST_CUTS, *formulation.shape))
        self._bounds: FloatArray = np.full(_MOST_CUTS, np.inf)
        self._used: IntArray = np.zeros(_MOST_CUTS, dtype=np.int64)
        self._clock = 0
        self._search.attained(feasible.cost)
        cells = coupling_of(formulation, feasible)
        self._cut(cells, [limit.violation(cells) for limit in formulation.convex])

    @property
    def incumbent_cost(self) -> float:
        """The cost of the best feasible mixture known."""
        return self.incumbent.cost

    def advance(self) -> None:
        """Single steps of the tree for a slice of time, each followed by its cuts."""
        clock, request = self._request.clock, self._request
        end = clock.seconds + _SLICE_SECONDS
        if self._clock == 0:
            self._descend()
        while True:
            self._clock += 1
            gap = request.target.pruning_gap(self.incumbent.cost)
            self._search.run(nodes=1, seconds=clock.remaining, gap=gap, stop=lambda: clock.expired)
            better = False
            for mixture in self._search.seen():
                better |= self._look_at(*mixture) is not None
            if better:
                self._descend()
            if (
                self.finished
                or request.target.reached(self.cost_bound, self.incumbent.cost)
                or node_limit_reached(self.nodes, request.node_limit)
                or clock.seconds >= end
            ):
                return
            clock.check()

    def _descend(self) -> None:
        """From the incumbent to the least vertex of its tangent within the cuts, again and again."""
        clock = self._request.clock
        slope = self._formulation.objective.gradient(coupling_of(self._formulation, self.incumbent))
        for _ in range(_MOST_VERTICES):
            vertex = self._search.minimise(slope, stop=lambda: clock.expired)
            if vertex is None or clock.expired:
                return
            before = self.incumbent.cost
            excess = self._look_at(*vertex)
            if improves(self.incumbent.cost, before):
                slope = self._formulation.objective.gradient(coupling_of(self._formulation, self.incumbent))
            elif excess is None or excess <= _ARRIVED:
                return

    def _look_at(self, mappings: IntArray, weights: FloatArray) -> float | None:
        """Take what is feasible for the incumbent, cut off what is not; the violation, None without one."""
        cells = self._formulation.coupling(mappings, weights)
        found = Incumbent(mappings, weights, float(self._formulation.objective.costs(cells.ravel())))
        slack = self._bounds - self._forms.reshape(_MOST_CUTS, -1) @ cells.ravel()
        self._used[slack <= _TIGHT] = self._clock
        excesses = [limit.violation(cells) for limit in self._formulation.convex]
        excess = max(excesses)
        if excess <= INSIDE:
            self._take(found)
            return None
        if improves(found.cost, self.incumbent.cost):
            # Otherwise no point on the way is better either: the cost is concave along it.
            self._take(last_inside(self._formulation, self._inside, found, excess))
        self._cut(cells, excesses)
        return excess

    def _take(self, found: Incumbent) -> None:
        """The incumbent, if it is better and its equations hold once they are solved to rounding."""
        if not improves(found.cost, self.incumbent.cost):
            return
        polished = _polished(self._formulation, found)
        if polished is not None and improves(polished.cost, self.incumbent.cost):
            self.incumbent = polished
            self._search.attained(polished.cost)

    def _cut(self, cells: FloatArray, excesses: list[float]) -> None:
        """Rows for the limits that a coupling violates or touches, in the place of what is least of use."""
        for limit, excess in zip(self._formulation.convex, excesses, strict=True):
            if excess <= -INSIDE:
                continue
            for cut in limit.cuts(cells):
                form, bound = normal_form(cut)
                place = int(np.argmin(np.where(np.isinf(self._bounds), -1, self._used)))
                self._forms[place], self._bounds[place] = form, bound + LIMIT_SLACK
                self._used[place] = self._clock
                self._search.set_row(place, form, -np.inf, bound + LIMIT_SLACK)


def _polished(formulation: Formulation, mixture: Incumbent) -> Incumbent | None:
    """The nearest weights that meet the marginals to rounding; None where a limit is then exceeded."""
    marginals = formulation.marginal_rows(formulation.output_laws(mixture.mappings))
    weights = mixture.weights
    off = 1.0 - marginals @ weights
    if np.abs(off).max() > 0.0:
        weights = np.maximum(weights + np.linalg.lstsq(marginals, off, rcond=None)[0], 0.0)
    values, bounds = limit_rows(formulation, mixture.mappings)
    if np.abs(1.0 - marginals @ weights).max() > MARGINAL_SLACK or np.any(
        values @ weights > bounds + _LIMIT_MET
    ):
        return None
    used = weights > 0.0
    mappings, weights = mixture.mappings[used], weights[used]
    found = Incumbent(mappings, weights, formulation.cost(mappings, weights))
    return found if violation(formulation, found) <= INSIDE else None
