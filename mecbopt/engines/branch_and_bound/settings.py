"""The levers of the search, each of which can be switched off to measure what it brings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Settings of the branch and bound on HiGHS.

    Attributes
    ----------
    jensen_rows : bool
        Column Jensen rows beside the secants (theory, section 5).
    propagation : bool
        Marginal sums propagated into the boxes.
    reduced_cost_tightening : bool
        Boxes shrunk by reduced costs, and the relaxation solved again where that pays.
    branching_margin : float
        A split keeps at least this share of the cell's interval on either side.
    """

    jensen_rows: bool = True
    propagation: bool = True
    reduced_cost_tightening: bool = True
    branching_margin: float = 0.3
