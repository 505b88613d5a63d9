"""A toy linear limit: one cell of the coupling has at most a given mass, stated by a constraint."""

from __future__ import annotations

import numpy as np

from mecbopt.formulation import LIMITS, LinearLimit


class AtMost:
    """P(x, y) <= mass; what a problem carries in its constraints."""

    def __init__(self, x: int, y: int, mass: float) -> None:
        self.cell, self.mass = (x, y), mass

    def __call__(self, coupling):
        return coupling[self.cell] <= self.mass


def install() -> None:
    """Lower `constraints` to linear limits."""

    def lower(problem):
        limits = []
        for constraint in problem.constraints:
            coefficients = np.zeros(problem.shape)
            coefficients[constraint.cell] = 1.0
            limits.append(LinearLimit(problem.p_x, coefficients, constraint.mass, "constraints"))
        return tuple(limits)

    LIMITS["constraints"] = lower
