"""The one set of tolerances, each with the reason for its size."""

from __future__ import annotations

__all__ = [
    "CHECK",
    "CONSTRAINT_SLACK",
    "GAP",
    "NORMALIZATION",
    "WEIGHT_ZERO",
]

#: Largest distance of a sum from 1 at which a pmf is accepted (and renormalised).  Decimal input with nine or
#: more digits passes; counts and rounded percentages do not.
NORMALIZATION = 1e-9

#: Default of `Solution.check`: residuals of marginals, rate and label entropy.  A vertex polished by a dense
#: solve of at most m + 2 equations leaves about 1e-15.
CHECK = 1e-9

#: How far a rate or a label entropy may lie above its limit and still count as met, in bits.  It covers the
#: rounding of sums of at most a few thousand terms p log p, and lies far below every gap that is asked for.
CONSTRAINT_SLACK = 1e-10

#: Default gap, in bits, at which a value is called optimal.
GAP = 1e-6

#: A weight of a mixture at or below this is numerical noise of a linear program's vertex.  Dropping it moves
#: a marginal by no more than this, which the polish afterwards repairs.
WEIGHT_ZERO = 1e-11
