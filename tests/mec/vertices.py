"""Oracle: the least entropy over all vertices of the transportation polytope, by brute force in rationals.

A vertex is the flow on a spanning tree of the complete bipartite graph; all sets of n + m - 1
cells are tried.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from mecbopt.info import entropy

__all__ = ["least_entropy_by_enumeration"]


def least_entropy_by_enumeration(p: list[Fraction], q: list[Fraction]) -> float:
    """Bits; p and q sum to the same."""
    n, m = len(p), len(q)
    best = float("inf")
    for cells in itertools.combinations(itertools.product(range(n), range(m)), n + m - 1):
        flow = _tree_flow(p, q, cells)
        if flow is not None and min(flow) >= 0:
            best = min(best, float(entropy([float(mass) for mass in flow])))
    return best


def _tree_flow(
    p: list[Fraction], q: list[Fraction], cells: tuple[tuple[int, int], ...]
) -> list[Fraction] | None:
    """Masses of the cells by peeling leaves; None where the cells hold a cycle."""
    left = {("x", x): mass for x, mass in enumerate(p)} | {("y", y): mass for y, mass in enumerate(q)}
    remaining = list(cells)
    flow = []
    while remaining:
        ends = [end for x, y in remaining for end in (("x", x), ("y", y))]
        leaves = [end for end in ends if ends.count(end) == 1]
        if not leaves:
            return None
        leaf = leaves[0]
        x, y = next(cell for cell in remaining if leaf in (("x", cell[0]), ("y", cell[1])))
        mass = left[leaf]
        flow.append(mass)
        left["x", x] -= mass
        left["y", y] -= mass
        remaining.remove((x, y))
    return flow if not any(left.values()) else None
