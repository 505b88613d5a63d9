"""The levers of the compiled search, each of which can be switched off to measure what it brings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Settings of the compiled branch and bound.

    Attributes
    ----------
    jensen_rows : bool
        Column Jensen rows beside the secants.
    sharpening : bool
        Concave functions of the Jensen rows chosen anew for the relaxation's solution.
    propagation : bool
        Marginal sums (and the order of exchangeable letters) propagated into the boxes.
    reduced_cost_tightening : bool
        Boxes shrunk by reduced costs, and the relaxation solved again where that pays.
    root_tightening : bool
        Slabs of the root box excluded by relaxations of their own.
    symmetry : bool
        Letters of equal mass (and equal label law) ordered.
    columns_per_round : int
        Mappings that one pricing round may add to the pool.
    pool_limit : int or None
        Mappings in the pool above which the longest unused ones leave it; None: by the size of the problem.
    random_starts : int or None
        Descents from random directions before the tree; None: by the size of the problem.
    sweep_letters : int
        Letters of X from which two letters of Y, with a label of two values or linear rows, are priced by
        sweeps over an arrangement of lines, which leaves the Jensen rows out.
    local_search : bool
        Descents from the relaxations' points.  Without them the search finds no incumbents: it is told values
        that are attained (`CompiledSearch.attained`).
    branching_margin : float or None
        A split keeps at least this share of the cell's interval on either side; None: .2, with sweeps .4.
    node_bytes : int
        Memory of open nodes above which subtrees are searched to their end, one after the other.
    """

    jensen_rows: bool = True
    sharpening: bool = True
    propagation: bool = True
    reduced_cost_tightening: bool = True
    root_tightening: bool = False
    symmetry: bool = True
    columns_per_round: int = 12
    pool_limit: int | None = None
    random_starts: int | None = None
    sweep_letters: int = 12
    local_search: bool = True
    branching_margin: float | None = None
    node_bytes: int = 3 << 29
