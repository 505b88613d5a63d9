"""A toy objective: the mass that leaves the diagonal, stated by the distortion of a problem."""

from __future__ import annotations

import numpy as np

from mecbopt.formulation import OBJECTIVES, LinearObjective


class Displacement(LinearObjective):
    """Linear, so the least cost is that of a linear program."""

    name = "displacement"


def install() -> None:
    """Lower `distortion` to it."""
    OBJECTIVES["distortion"] = lambda problem: Displacement(np.asarray(problem.distortion, dtype=float))
