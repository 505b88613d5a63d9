"""Mixtures and convex limits: how far outside one lies, and the last one inside on the way to it."""

from __future__ import annotations

import numpy as np

from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation
from mecbopt.formulation.formulation import FloatArray

__all__ = ["INSIDE", "coupling_of", "last_inside", "mixed", "violation"]

#: A coupling counts as inside up to this, in the units of the limit: below what `Solution.check` allows.
INSIDE = 5e-10
#: Evaluations on the way from inside to outside at most, and the share of the way to which its end is known.
_EVALUATIONS, _ENOUGH = 60, 1e-12
#: A point inside by less than this, in the units of the limit, is as good as on the border.
_TOUCHING = 1e-13


def coupling_of(formulation: Formulation, mixture: Incumbent) -> FloatArray:
    """P(x, y), shape (n, m)."""
    return formulation.coupling(mixture.mappings, mixture.weights)


def violation(formulation: Formulation, mixture: Incumbent) -> float:
    """How far a mixture lies outside the convex limits; at most 0 inside."""
    coupling = coupling_of(formulation, mixture)
    return max(limit.violation(coupling) for limit in formulation.convex)


def mixed(formulation: Formulation, one: Incumbent, other: Incumbent, share: float) -> Incumbent:
    """A share of the other in one."""
    mappings = np.vstack([one.mappings, other.mappings])
    weights = np.concatenate([(1.0 - share) * one.weights, share * other.weights])
    used = weights > 0.0
    return Incumbent(mappings[used], weights[used], formulation.cost(mappings[used], weights[used]))


def last_inside(
    formulation: Formulation, inside: Incumbent, outside: Incumbent, excess: float | None = None
) -> Incumbent:
    """The last feasible mixture from the one inside to the one outside.

    Along the way the violation g is convex.  The chord from inside to outside meets 0 not beyond the root, so
    what is inside moves out by it; the secant of two points outside meets 0 not before the root, so what is
    outside moves in.

    Parameters
    ----------
    formulation : Formulation
    inside, outside : Incumbent
    excess : float, optional
        The violation of the latter, where it is known.
    """
    start, end = coupling_of(formulation, inside), coupling_of(formulation, outside)

    def at(share: float) -> float:
        cells = (1.0 - share) * start + share * end
        return max(limit.violation(cells) for limit in formulation.convex)

    low, below = 0.0, at(0.0)
    high, above = 1.0, at(1.0) if excess is None else excess
    if above <= 0.0:
        return outside
    if below > 0.0:
        return inside
    blind = below == 0.0  # on the border, or within a cone, which does not say how far
    before: tuple[float, float] | None = None  # the last point outside but one
    for count in range(_EVALUATIONS):
        if high - low <= _ENOUGH * high or (below > -_TOUCHING and not blind):
            break
        share = low + (high - low) * below / (below - above)
        if count % 2 and before is not None and before[1] > above:
            share = high - above * (before[0] - high) / (before[1] - above)
        if blind or count % 6 == 5 or not low < share < high:
            share = 0.5 * (low + high)
        value = at(share)
        if value <= 0.0:
            low, below = share, value
        else:
            before, high, above = (high, above), share, value
    return mixed(formulation, inside, outside, low)
