"""Couplings on which nothing but the marginals binds: the search for plain minimum entropy couplings.

Dynamic programming over sets of letters (docs/mec.md); it proves 12 by 12 letters in seconds to a minute,
where a tree over boxes does not end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt.control import PRUNING_SHARE, Expired, rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.greedy import coupling_as_mixture
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation
from mecbopt.mec.exact import exact_coupling, size_limit
from mecbopt.tolerances import COLUMN_ZERO

__all__ = ["Plain"]


@dataclass(frozen=True)
class Plain:
    """The search for plain couplings.

    Attributes
    ----------
    letters_from : int
        Letters on a side from which it is picked by itself: at 3x3 a tree takes half as long.
    letters_to : int
        Letters on both sides up to which it is picked: beyond, neither ends.
    """

    letters_from: int = 4
    letters_to: int = 26
    name = "plain"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Without limits, as far as the search for plain couplings goes."""
        if formulation.objective.name != "mutual_information":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        if formulation.limits:
            return Support(f"does not take a limit by {formulation.limits[0].name} that can bind")
        if sum(formulation.shape) > size_limit():
            return Support(f"takes {size_limit()} letters on both sides together")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Between the sizes, unless nodes are counted: it has none."""
        n, m = formulation.shape
        return request.node_limit is None and max(n, m) >= self.letters_from and n + m <= self.letters_to

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OneStep:
        """One step."""
        search = OneStep(lambda: self._solve(formulation, request, search), feasible, cost_bound)
        return search

    @staticmethod
    def _solve(formulation: Formulation, request: Request, search: OneStep) -> tuple[Incumbent, float]:
        clock = request.clock
        limit = None if clock.remaining == math.inf else max(clock.remaining, 1e-3)
        coupling, _, lower, finished = exact_coupling(
            formulation.p_x,
            formulation.p_y,
            gap=PRUNING_SHARE * min(request.target.gap, 1e-9),
            time_limit=limit,
        )
        lower = rounded_outward(lower, math.prod(formulation.shape))
        mixture = coupling_as_mixture(coupling)
        mappings, weights = mixture.mappings, mixture.weights
        vertex: Incumbent | None = Incumbent(mappings, weights, formulation.cost(mappings, weights))
        # A forest of n + m - 1 cells has m - 1 break points in its rows, hence m mappings as it is; only what
        # rounding split further has to walk to a vertex.
        if len(weights) > formulation.shape[1] or weights.min() <= COLUMN_ZERO:
            vertex = to_vertex(formulation, mappings, weights)
        best = vertex if vertex is not None and vertex.cost < search.incumbent.cost else search.incumbent
        if not finished and not request.target.reached(max(lower, search.cost_bound), best.cost):
            # What was found before the stop counts.
            search.incumbent, search.cost_bound = best, max(lower, search.cost_bound)
            if clock.expired:
                raise Expired
            raise SolverError("the search for plain couplings ended before its gap was closed")
        return best, lower
