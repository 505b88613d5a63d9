"""Two letters of Y and other limits than the rate: what the chains prove without them.

A limit that is dropped leaves more couplings, so that a bound without it holds with it.  At 20 letters of X
the relaxation of a box is far from the coupling (bounds of .23 bits where .124 are found), and the chains end
within a second whatever the label says.
"""

from __future__ import annotations

import math
from dataclasses import replace

from mecbopt.control import Clock, Expired
from mecbopt.engines.base import Request
from mecbopt.engines.chains.engine import Chains
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation

__all__ = ["bound_at_the_rate"]

#: At most these seconds, and this share of what is left.
_SECONDS, _SHARE = 5.0, 0.2


def bound_at_the_rate(
    formulation: Formulation, best: Incumbent, cost_bound: float, request: Request
) -> float:
    """The greater of a bound on the cost and what the chains prove at the rate alone.

    Parameters
    ----------
    formulation : Formulation
    best : Incumbent
        Feasible, with all limits.
    cost_bound : float
        What is known.
    request : Request
        A node limit in it counts for the search that follows, and not for this one.

    Returns
    -------
    float
        `cost_bound` itself where chains do not apply: other than two letters of Y, few of X, a law of Y that
        varies, another objective; or where they solve the problem itself.
    """
    if formulation.free_law or len(formulation.limits) + len(formulation.convex) < 2:
        return cost_bound
    limits = () if formulation.rate_limit is None else (formulation.rate_limit,)
    relaxed = replace(formulation, limits=limits, convex=(), unseen_label=False)
    chains = Chains()
    if not (chains.supports(relaxed) and chains.suits(relaxed, request)):
        return cost_bound
    left = request.clock.remaining
    clock = Clock(_SECONDS if left == math.inf else min(_SECONDS, _SHARE * left))
    search = chains.start(relaxed, best, cost_bound, replace(request, clock=clock, node_limit=None))
    while not (
        search.finished
        or clock.expired
        or request.clock.expired
        or request.target.reached(search.cost_bound, search.incumbent.cost)
    ):
        try:
            search.advance()
        except Expired:
            break
    return max(cost_bound, search.cost_bound)
