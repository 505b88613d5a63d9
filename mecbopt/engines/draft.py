"""From what a search knows to the `Solution` that says it: the last step of every call of `solve`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt.control import bounds_cross
from mecbopt.engines.base import Engine, Request
from mecbopt.engines.feasibility import Feasibility
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Presolved
from mecbopt.info import mutual_information
from mecbopt.problem import Problem, Solution, Status, StopReason
from mecbopt.problem.mixture import coupling_of

__all__ = ["Draft"]


@dataclass(frozen=True, eq=False)
class Draft:
    """What every solution of one call shares."""

    problem: Problem
    presolved: Presolved
    request: Request
    method: str
    chosen: Engine

    def without_a_coupling(self, feasibility: Feasibility, reason: StopReason) -> Solution:
        """Infeasible, or unknown with bounds on the smallest label entropy."""
        objective = self.presolved.formulation.objective
        infeasible = feasibility.infeasible
        claims = objective.claims(
            math.inf if infeasible else objective.lower_bound, self.presolved.value_slack
        )
        return Solution(
            self.problem,
            Status.INFEASIBLE if infeasible else Status.UNKNOWN,
            reason,
            None,
            gap_tolerance=self.request.target.gap,
            method=self.method,
            seconds=self.request.clock.seconds,
            smallest_label_entropy=feasibility.smallest_label_entropy,
            smallest_label_entropy_bound=feasibility.smallest_label_entropy_bound,
            smallest_rate=feasibility.smallest_rate,
            relative_gap_tolerance=self.request.target.relative_gap,
            **claims,
        )

    def with_a_coupling(self, best: Incumbent, cost_bound: float, reason: StopReason, nodes: int) -> Solution:
        """Lift the vertex and name what is known."""
        target = self.request.target
        mixture = self.presolved.lift(best.mappings, best.weights)
        status = Status.FEASIBLE
        if bounds_cross(cost_bound, best.cost):
            status = Status.INVALID
        elif target.reached(cost_bound, best.cost) and self.method in ("auto", "exact"):
            # A local search never claims the optimum, even where the bound that costs nothing meets it.
            status = Status.OPTIMAL
        claims = self.presolved.formulation.objective.claims(cost_bound, self.presolved.value_slack)
        if status is not Status.INVALID:
            # The value comes from other sums: rounding must not leave the bound on its wrong side.
            shape = self.problem.shape
            value = mutual_information(
                coupling_of(self.problem.p_x, mixture.mappings, mixture.weights, shape[1])
            )
            claims["upper_bound"] = max(claims["upper_bound"], value)
        return Solution(
            self.problem,
            status,
            reason,
            mixture,
            gap_tolerance=target.gap,
            method=self.method,
            engine=self.chosen.name,
            nodes=nodes,
            seconds=self.request.clock.seconds,
            relative_gap_tolerance=target.relative_gap,
            **claims,
        )
