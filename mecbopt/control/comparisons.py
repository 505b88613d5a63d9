"""Every comparison that prunes a node, stops the search or names its result; all in joint entropy, bits.

The search minimises H(X,Y): `incumbent` is the least value known (infinity when none is), `bound` a valid
lower bound (minus infinity at the start).
"""

from __future__ import annotations

import sys

__all__ = ["bounds_cross", "gap_closed", "improves", "node_limit_reached", "prunes", "rounded_outward"]

#: Subtracted from every bound computed in floating point: dual values of at most a few hundred times at most
#: a few thousand terms leave a rounding error far below this.
_BOUND_ROUNDING = 1e-11
#: What one term p log p of a sum, of at most 0.54 bits, adds to that: a few units in its last place.
_TERM_ROUNDING = 4.0 * sys.float_info.epsilon

#: An incumbent that is better by less is not worth a change.
_IMPROVEMENT = 1e-12

#: Bounds may cross by this much through rounding; more means that something is wrong.
_CROSSING = 1e-8


def rounded_outward(bound: float, terms: int) -> float:
    """A lower bound on the cost that stays one whatever the rounding of its sums of `terms` terms was."""
    return bound - _BOUND_ROUNDING - _TERM_ROUNDING * terms


def prunes(bound: float, incumbent: float, gap: float) -> bool:
    """Whether nothing in a node with this bound can improve the incumbent by more than the gap.

    Without an incumbent only an infeasible node (bound infinity) is pruned.
    """
    return bound >= incumbent - gap if incumbent < float("inf") else bound == float("inf")


def gap_closed(bound: float, incumbent: float, gap: float) -> bool:
    """Whether the incumbent is proved to be within the gap of the optimum."""
    return incumbent < float("inf") and bound >= incumbent - gap


def improves(value: float, incumbent: float) -> bool:
    """Whether a value is better than the incumbent by more than rounding."""
    return value < incumbent - _IMPROVEMENT if incumbent < float("inf") else value < incumbent


def bounds_cross(bound: float, incumbent: float) -> bool:
    """Whether a valid bound lies above a feasible value by more than rounding: a contradiction."""
    return bound > incumbent + _CROSSING


def node_limit_reached(nodes: int, limit: int | None) -> bool:
    """Whether no further node may be processed."""
    return limit is not None and nodes >= limit
