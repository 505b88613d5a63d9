"""The least expected distortion: a linear program over mixtures of mappings, exact by column generation.

E d(X,Y) is linear in the weights of the mappings, and so is every limit: entropy-constrained optimal
transport (and rate-distortion with a label seen with the seed) is one linear program with m^n columns.
Pricing is the dynamic program over subsets; the Lagrangian bound over all mappings proves the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt.control import rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.programs.mixtures import MixtureProgram
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.errors import SolverError
from mecbopt.formulation import (
    MAX_BINARY_LETTERS,
    MAX_SUBSET_LETTERS,
    Formulation,
    mapping_count_in_words,
    prices_exactly,
)
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["Linear"]


@dataclass(frozen=True)
class Linear:
    """The linear program as an engine."""

    name = "linear"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Linear objectives with any limits, as far as mappings are priced exactly."""
        if formulation.objective.name != "distortion":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        if prices_exactly(formulation.shape):
            return YES
        return Support(
            f"takes {MAX_SUBSET_LETTERS} letters of X ({MAX_BINARY_LETTERS} with two of Y), the problem has "
            + mapping_count_in_words(*formulation.shape)
        )

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OneStep:
        """One step."""
        return OneStep(lambda: _optimum(formulation, feasible, request), feasible, cost_bound)


def _optimum(formulation: Formulation, feasible: Incumbent, request: Request) -> tuple[Incumbent, float]:
    """The best vertex and the Lagrangian bound over all mappings, for limits relaxed by their slack.

    Raises
    ------
    Expired
        The clock's limit is reached.
    SolverError
        A linear program could not be solved.
    """
    distortion = formulation.objective.gradient(np.outer(formulation.p_x, formulation.p_y))
    # In units of its range the distortion lies between 0 and 1, as programs and roundings want it.
    least = float(distortion.min())
    unit = float(distortion.max()) - least or 1.0
    program = MixtureProgram(formulation, seed=request.seed, clock=request.clock)
    program.add(feasible.mappings)
    result = program.minimize((distortion - least) / unit)
    if result is None:
        raise SolverError("the linear program is infeasible, although a feasible mixture is known")
    vertex = to_vertex(formulation, result.mappings, result.weights)
    # What a mixture may violate is worth the prices of the rows.
    bound = result.lower_bound - LIMIT_SLACK * result.limit_price
    bound = least + unit * rounded_outward(bound, distortion.size)
    if vertex is None or vertex.cost > feasible.cost:
        return feasible, bound
    return vertex, bound
