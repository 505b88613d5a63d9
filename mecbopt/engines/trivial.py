"""Problems with one coupling value: a single letter on a side, or no rate at all, so that I(X;Y) = 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mecbopt.control import rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation

__all__ = ["Trivial"]


@dataclass(frozen=True)
class Trivial:
    """The feasible vertex that is known is optimal."""

    name = "trivial"
    method = "exact"
    takes_unseen_label = True  # the coupling is the independent one: the seed tells nothing
    takes_convex = True  # what is known is within all limits

    def supports(self, formulation: Formulation) -> Support:
        """One letter carries nothing, and at rate 0 only constants are left."""
        if formulation.objective.name not in ("mutual_information", "conditional_entropy"):
            return Support(f"does not take the objective {formulation.objective.name!r}")
        if min(formulation.shape) > 1 and formulation.rate > 0.0:
            return Support("takes a single letter on a side, or rate 0")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OneStep:
        """Nothing to do."""
        bound = rounded_outward(feasible.cost, math.prod(formulation.shape))
        return OneStep(lambda: (feasible, bound), feasible, cost_bound)
