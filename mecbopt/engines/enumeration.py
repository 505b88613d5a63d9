"""Exhaustive enumeration of the vertices of the feasible polytope, for tiny alphabets.

A concave function attains its minimum over a polytope at a vertex, so the best of all basic feasible
solutions is the optimum (Cabot and Francis, Operations Research 18, 1970).  Used where the number of bases is
small and no mass is so small that a basis looks singular.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from mecbopt.control import Clock, rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.formulation import Formulation, enumerate_mappings, mapping_count
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.info import phi
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["Enumeration", "optimum"]

_LEAST_MASS = 1e-3
_CHUNK = 1 << 15
#: Determinants below this belong to singular bases: with masses of at least 1e-3 the determinant of a regular
#: basis of at most 6 rows lies far above.
_SINGULAR = 1e-15
#: Bases within this many bits of the best are finished by the exact walk and compared again.
_NEAR_BEST = 1e-9


@dataclass(frozen=True)
class Enumeration:
    """The enumeration as an engine.

    Attributes
    ----------
    max_bases : int
        Bases that are looked at at most.
    """

    max_bases: int = 130_000
    name = "enumeration"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Where the number of bases and the masses allow it, with any limits."""
        if formulation.objective.name != "mutual_information":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        n, m = formulation.shape
        if n > 6 or m > 4:
            return Support("takes 6 letters of X and 4 of Y")
        if min(formulation.p_x.min(), formulation.p_y.min()) < _LEAST_MASS:
            return Support(f"takes masses from {_LEAST_MASS:g}")
        size = formulation.vertex_size
        if math.comb(mapping_count(n, m) + size - m, size) > self.max_bases:
            return Support(f"takes problems with {self.max_bases} bases")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """In place of the tree on HiGHS: the compiled one comes before."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OneStep:
        """One step."""
        return OneStep(
            lambda: optimum(formulation, request.clock) or (feasible, cost_bound), feasible, cost_bound
        )


def optimum(formulation: Formulation, clock: Clock) -> tuple[Incumbent, float] | None:
    """The best vertex, and the bound for limits relaxed by `LIMIT_SLACK`; None where the polytope is empty.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    mappings = enumerate_mappings(*formulation.shape)
    limits, bounds = limit_rows(formulation, mappings)
    rows = np.vstack([formulation.output_laws(mappings).T, limits])
    # One slack column for each limit turns it into an equation.
    size = len(rows)
    columns = np.hstack([rows, np.eye(size)[:, formulation.shape[1] :]])
    target = np.concatenate([formulation.p_y, bounds + LIMIT_SLACK])
    count = len(mappings)
    cells = np.zeros((columns.shape[1], formulation.shape[0] * formulation.shape[1]))
    places = np.arange(formulation.shape[0]) * formulation.shape[1] + mappings
    cells[np.arange(count)[:, None], places] = formulation.p_x
    best, finalists = math.inf, []
    bases = itertools.combinations(range(columns.shape[1]), size)
    while block := list(itertools.islice(bases, _CHUNK)):
        clock.check()
        chosen, weights = _feasible_bases(np.array(block), columns, target)
        if len(chosen) == 0:
            continue
        values = _values(chosen, weights, cells)
        best = min(best, float(values.min()))
        near = values <= best + _NEAR_BEST
        finalists.append((values[near], chosen[near], weights[near]))
    candidates: list[Incumbent | None] = []
    for values, chosen, weights in finalists:
        for value, basis, levels in zip(values, chosen, weights, strict=True):
            if value <= best + _NEAR_BEST and len(candidates) < 50:
                real = basis < count
                candidates.append(to_vertex(formulation, mappings[basis[real]], levels[real]))
    found = [vertex for vertex in candidates if vertex is not None]
    if not found:
        return None
    return min(found, key=lambda vertex: vertex.cost), rounded_outward(best, math.prod(formulation.shape))


def _feasible_bases(bases: IntArray, columns: FloatArray, target: FloatArray) -> tuple[IntArray, FloatArray]:
    """The bases with a non-negative basic solution, and those solutions."""
    matrices = np.moveaxis(columns[:, bases], 1, 0)
    regular = np.abs(np.linalg.det(matrices)) > _SINGULAR
    bases, matrices = bases[regular], matrices[regular]
    right = np.broadcast_to(target[:, None], (len(bases), len(target), 1))
    levels = np.linalg.solve(matrices, right)[..., 0]
    feasible = np.all(levels > -1e-10, axis=1)
    return bases[feasible], np.maximum(levels[feasible], 0.0)


def _values(bases: IntArray, weights: FloatArray, cells: FloatArray) -> FloatArray:
    """Joint entropies of basic solutions, shape (b,)."""
    couplings = np.einsum("bk,bkc->bc", weights, cells[bases])
    values: FloatArray = phi(couplings).sum(axis=1)
    return values
