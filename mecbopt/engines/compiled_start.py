"""A feasible vertex by the first phase of the compiled tree: its linear program is the one over all mappings.

One descent from a random direction: the first phase finds mixtures that meet every limit, or that none does,
and what follows is a local optimum.  In C it takes a tenth of the time of a linear program built in Python,
which is left for what is infeasible, where the answer holds figures beside the "no".
"""

from __future__ import annotations

import math

import numpy as np

from mecbopt._core import tree
from mecbopt.control import Clock
from mecbopt.engines.compiled_tree import core_arguments
from mecbopt.engines.tree import Tree
from mecbopt.engines.vertex import ROUNDING, Incumbent, limit_rows, to_vertex
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation

__all__ = ["compiled_vertex", "finds_vertices"]


def finds_vertices(formulation: Formulation) -> bool:
    """Whether the core was built and takes the limits."""
    label = formulation.label_limit
    if label is not None and not math.isfinite(label.bound):
        return False
    return min(formulation.shape) > 1 and bool(Tree().supports(formulation))


def compiled_vertex(formulation: Formulation, seed: int, clock: Clock) -> Incumbent | None:
    """A vertex that meets the limits; None where the core found none.

    Parameters
    ----------
    formulation : Formulation
        One that the core takes (`finds_vertices`).
    seed : int
        Of the direction.
    clock : Clock
    """
    try:
        search = tree.CompiledSearch(
            **core_arguments(formulation, seed, slack=0.0), settings=tree.Settings(random_starts=1)
        )
        search.run(nodes=1, seconds=clock.remaining, stop=lambda: clock.expired)
    except SolverError:  # short of memory: others may do with less
        return None
    mappings, weights = search.incumbent_mixture
    if len(weights) == 0:
        return None
    # The core refines its vertices: as a rule there is nothing to polish.
    values, bounds = limit_rows(formulation, mappings)
    off = np.abs(formulation.marginal_rows(formulation.output_laws(mappings)) @ weights - 1.0).max()
    if off <= ROUNDING and (values @ weights <= bounds + ROUNDING).all():
        return Incumbent(mappings, weights, formulation.cost(mappings, weights))
    return to_vertex(formulation, mappings, weights)
