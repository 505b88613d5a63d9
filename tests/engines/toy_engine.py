"""A toy engine: linear objectives by one linear program over all mappings."""

from __future__ import annotations

from mecbopt.engines import YES, OneStep, Support, register
from mecbopt.engines.programs.mixtures import MixtureProgram
from mecbopt.engines.vertex import to_vertex


class OneProgram:
    """Takes what `toy_objective` states, with any limits."""

    name = "toy"
    method = "exact"

    def supports(self, formulation):
        if formulation.objective.name != "displacement":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        return YES

    def suits(self, formulation, request):
        return True

    def start(self, formulation, feasible, cost_bound, request):
        def step():
            program = MixtureProgram(formulation, clock=request.clock)
            program.add(feasible.mappings)
            result = program.minimize(formulation.objective.coefficients)
            return to_vertex(formulation, result.mappings, result.weights), result.lower_bound

        return OneStep(step, feasible, cost_bound)


def install() -> None:
    """Register it."""
    register(OneProgram())
