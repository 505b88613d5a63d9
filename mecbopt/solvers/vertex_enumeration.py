"""Exhaustive enumeration of the vertices of the feasible polytope, for tiny alphabets.

A concave function attains its minimum over a polytope at a vertex, so the best of all basic feasible
solutions is the optimum (Cabot and Francis, Operations Research 18, 1970).  Used where the number of bases is
small and no mass is so small that a basis looks singular.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from mecbopt.control import BOUND_ROUNDING, Clock
from mecbopt.info import phi
from mecbopt.mappings import Instance, enumerate_mappings, mapping_count
from mecbopt.mappings.instance import FloatArray, IntArray
from mecbopt.solvers.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["applies", "optimum"]

_MAX_BASES = 130_000
_LEAST_MASS = 1e-3
_CHUNK = 1 << 15
#: Determinants below this belong to singular bases: with masses of at least 1e-3 the determinant of a regular
#: basis of at most 6 rows lies far above.
_SINGULAR = 1e-15
#: Bases within this many bits of the best are finished by the exact walk and compared again.
_NEAR_BEST = 1e-9


def applies(instance: Instance) -> bool:
    """Whether the number of bases and the masses allow enumeration."""
    n, m = instance.shape
    if n > 6 or m > 4 or min(instance.p_x.min(), instance.p_y.min()) < _LEAST_MASS:
        return False
    limits = instance.vertex_size - m
    return math.comb(mapping_count(n, m) + limits, instance.vertex_size) <= _MAX_BASES


def optimum(instance: Instance, clock: Clock) -> tuple[Incumbent, float] | None:
    """The best vertex, and the bound for limits relaxed by `LIMIT_SLACK`; None where the polytope is empty.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    mappings = enumerate_mappings(*instance.shape)
    limits, bounds = limit_rows(instance, mappings)
    rows = np.vstack([instance.output_laws(mappings).T, limits])
    # One slack column for each limit turns it into an equation.
    size = len(rows)
    columns = np.hstack([rows, np.eye(size)[:, instance.shape[1] :]])
    target = np.concatenate([instance.p_y, bounds + LIMIT_SLACK])
    count = len(mappings)
    cells = np.zeros((columns.shape[1], instance.shape[0] * instance.shape[1]))
    places = np.arange(instance.shape[0]) * instance.shape[1] + mappings
    cells[np.arange(count)[:, None], places] = instance.p_x
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
                candidates.append(to_vertex(instance, mappings[basis[real]], levels[real]))
    found = [vertex for vertex in candidates if vertex is not None]
    if not found:
        return None
    return min(found, key=lambda vertex: vertex.joint_entropy), best - BOUND_ROUNDING


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
