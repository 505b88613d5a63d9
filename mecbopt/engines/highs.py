"""The branch and bound in Python on HiGHS: the check of the compiled tree, and beyond its letters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt.engines.base import YES, Request, Support
from mecbopt.engines.branch_and_bound import Settings, TreeSearch
from mecbopt.engines.descent import Descent, random_start_count
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import (
    MAX_BINARY_LETTERS,
    MAX_SUBSET_LETTERS,
    Formulation,
    mapping_count,
    mapping_count_in_words,
    prices_exactly,
)

__all__ = ["Highs"]

#: Random starts before the tree where there are more mappings than this: each takes as long as a node then.
_FEW_MAPPINGS, _FEW_STARTS = 4096, 8


@dataclass(frozen=True)
class Highs(Settings):
    """The tree on HiGHS with its settings; any sum over preimages is a row of its programs."""

    name = "highs"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """As far as mappings are priced exactly: 13 letters of X, 20 with two letters of Y."""
        if formulation.objective.name != "mutual_information":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        if prices_exactly(formulation.shape):
            return YES
        n, m = formulation.shape
        return Support(
            f"takes {MAX_SUBSET_LETTERS} letters of X ({MAX_BINARY_LETTERS} with two of Y), the problem has "
            + mapping_count_in_words(n, m)
        )

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always: the last resort."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> HighsTree:
        """A search in Python."""
        return HighsTree(self, formulation, feasible, cost_bound, request)


class HighsTree(TreeSearch):
    """A search on HiGHS on a formulation, the local search first."""

    in_one_step = False

    def __init__(
        self,
        settings: Settings,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
    ) -> None:
        local = Descent(formulation, feasible, seed=request.seed, clock=request.clock)
        gap = request.target.pruning_gap(math.inf)
        super().__init__(formulation, local, cost_bound, gap, settings, clock=request.clock)
        self._target = request.target
        few = mapping_count(*formulation.shape) > _FEW_MAPPINGS
        self._starts = _FEW_STARTS if few else random_start_count(formulation)

    @property
    def incumbent_cost(self) -> float:
        """The cost of the best vertex known."""
        return self.incumbent.cost

    def advance(self) -> None:
        """The local search at first, then a node at a time."""
        if self._starts:
            starts, self._starts = self._starts, 0
            self._local.run(starts)
        else:
            self.pruning_gap = self._target.pruning_gap(self.incumbent.cost)
            self.run(self.nodes + 1)
