"""The one set of tolerances, each with the reason for its size."""

from __future__ import annotations

__all__ = [
    "CHECK",
    "COLUMN_ZERO",
    "CONSTRAINT_SLACK",
    "GAP",
    "GAP_FLOOR",
    "LIMIT_SLACK",
    "MARGINAL_SLACK",
    "NORMALIZATION",
    "REDUCED_COST_ZERO",
]

#: Largest distance of a sum from 1 at which a pmf is accepted (and renormalised).  Decimal input with nine or
#: more digits passes; counts and rounded percentages do not.
NORMALIZATION = 1e-9

#: Default of `Solution.check`: residuals of marginals, rate and label entropy.  A vertex polished by a dense
#: solve of at most m + 2 equations leaves about 1e-15.
CHECK = 1e-9

#: What a coupling that a solver returns may violate, in the units of the row as scaled
#: (`mecbopt.formulation.limits`): a rate as a share of R, a label entropy as a share of I(S;X), and a mass of
#: Y as a share of p_Y(y) for `MARGINAL_SLACK`.  Bounds are proved for the problem relaxed by `LIMIT_SLACK`,
#: so that they hold for every coupling that a solver may return; couplings are polished to the limits
#: themselves. It covers the rounding of sums of a few thousand terms p log p, and lies far below every gap
#: one may ask for.
LIMIT_SLACK = 1e-10
MARGINAL_SLACK = 1e-9

#: The same in bits, for closed forms whose limits are of the order of 1 bit.
CONSTRAINT_SLACK = 1e-10

#: Default gap, in bits, at which a value is called optimal.
GAP = 1e-6

#: Smallest gap that may be asked for, bits.  Bounds are lowered by 1e-11 for rounding and limits relaxed by
#: `LIMIT_SLACK`, whose price may exceed 1 bit a unit: below this the two sides need not meet in double
#: precision.
GAP_FLOOR = 1e-9

#: A weight at or below this share of the greatest weight that its mapping can have is numerical noise of a
#: linear program's vertex.  Dropping it moves a scaled row by no more than this, which the polish repairs.
COLUMN_ZERO = 1e-11

#: A reduced cost between minus this and 0 is rounding noise of a linear program solved by HiGHS (whose
#: tolerance it is): its column is not worth adding.  The bound counts the reduced cost all the same.
REDUCED_COST_ZERO = 1e-9
