"""Boxes l <= P <= u of couplings, and what the marginals imply for them.

Each row of P sums to p_X(x) and each column to p_Y(y); a cell is at least its sum minus the upper ends of the
others, and at most its sum minus their lower ends.  Every point of the polytope in the box stays in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt.formulation.formulation import FloatArray, Formulation

__all__ = ["Box", "propagate", "root_box"]

#: Ends that cross by less are made equal: rounding in a chain of a few sums.
_CROSSING = 1e-10
_SWEEPS = 3


@dataclass(frozen=True, eq=False)
class Box:
    """Lower and upper ends, shape (n, m) each."""

    lower: FloatArray
    upper: FloatArray

    @property
    def widths(self) -> FloatArray:
        """Upper minus lower ends."""
        return self.upper - self.lower

    def split(self, cell: tuple[int, int], point: float) -> tuple[Box, Box]:
        """The two halves at a point of one cell; together they cover this box."""
        below, above = self.upper.copy(), self.lower.copy()
        below[cell] = point
        above[cell] = point
        return Box(self.lower, below), Box(above, self.upper)


def root_box(formulation: Formulation) -> Box:
    """0 <= P(x, y) <= min(p_X(x), p_Y(y)), which holds for every coupling."""
    return Box(np.zeros(formulation.shape), np.minimum.outer(formulation.p_x, formulation.p_y))


def propagate(formulation: Formulation, box: Box) -> Box | None:
    """The box tightened by row and column sums; None when no coupling lies in it."""
    lower, upper = box.lower.copy(), box.upper.copy()
    for _ in range(_SWEEPS):
        for sums, axis in ((formulation.p_x[:, None], 1), (formulation.p_y[None, :], 0)):
            slack_above = sums - lower.sum(axis=axis, keepdims=True)
            upper = np.minimum(upper, lower + slack_above)
            slack_below = sums - upper.sum(axis=axis, keepdims=True)
            lower = np.maximum(lower, upper + slack_below)
    if np.any(lower > upper + _CROSSING):
        return None
    lower = np.clip(lower, 0.0, None)
    return Box(np.minimum(lower, upper), np.maximum(lower, upper))
