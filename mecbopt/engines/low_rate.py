"""The low-rate theorem: below R_low the optimum mixes the constants with one mapping (theory, section 4).

For 0 <= R < R_low = min_y p_Y(y) h(p_min) / (1 - p_min), p_min the least mass of X, and no label, every
vertex has positive weight on all m constants, hence on at most one other mapping f, and

    P = p_X p_Y + (R / H(f(X))) (M_f - p_X q_f).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mecbopt.control import Clock, rounded_outward
from mecbopt.engines.base import YES, OneStep, Request, Support
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation, enumerate_mappings, mapping_count
from mecbopt.info import entropy, phi
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["LowRate", "low_rate_limit", "optimum"]

_CHUNK = 1 << 15


def low_rate_limit(formulation: Formulation) -> float:
    """R_low, bits."""
    least, least_of_y = formulation.least_masses
    # h by hand: this is asked before every solve, and numpy takes ten times as long for one number.
    entropy_of_least = -least * math.log2(least) - (1.0 - least) * math.log2(1.0 - least)
    return least_of_y * entropy_of_least / (1.0 - least)


@dataclass(frozen=True)
class LowRate:
    """The theorem as an engine.

    Attributes
    ----------
    max_mappings : int
        Above this a tree search is quicker than the enumeration of every mapping.
    """

    max_mappings: int = 200_000
    name = "low_rate"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Where the theorem's conditions hold and its mappings can be enumerated."""
        if formulation.objective.name != "mutual_information":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        others = [limit.name for limit in formulation.limits if limit is not formulation.rate_limit]
        if others:
            return Support(f"does not take a limit by {others[0]}")
        if min(formulation.shape) < 2 or formulation.rate_limit is None:
            return Support("takes a rate that can bind, and two letters a side")
        limit = low_rate_limit(formulation)
        if formulation.rate >= limit:
            return Support(f"takes rates below {limit:.3g} bits here")
        if mapping_count(*formulation.shape) > self.max_mappings:
            return Support(f"takes {self.max_mappings} mappings")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always: it proves the optimum in one pass."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> OneStep:
        """One step."""
        return OneStep(lambda: optimum(formulation, request.clock), feasible, cost_bound)


def optimum(formulation: Formulation, clock: Clock) -> tuple[Incumbent, float]:
    """The best mixture of the constants with one mapping, and a bound.  Cost O(m^n n m).

    The bound is that of the rate relaxed by `LIMIT_SLACK`.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    n, m = formulation.shape
    mappings = enumerate_mappings(n, m)
    independent = formulation.p_x[:, None] * formulation.p_y
    best, best_mapping, best_share = math.inf, mappings[0], 0.0
    for start in range(0, len(mappings), _CHUNK):
        clock.check()
        block = mappings[start : start + _CHUNK]
        block = block[np.any(block != block[:, :1], axis=1)]
        if len(block) == 0:
            continue
        laws = formulation.output_laws(block)
        rates = entropy(laws, axis=1)
        shares = formulation.rate * (1.0 + LIMIT_SLACK) / rates
        chosen = block[:, :, None] == np.arange(m)
        points = independent + (shares[:, None, None] * formulation.p_x[:, None]) * (
            chosen - laws[:, None, :]
        )
        values = phi(np.maximum(points, 0.0)).sum(axis=(1, 2))
        k = int(np.argmin(values))
        if values[k] < best:
            best, best_mapping, best_share = float(values[k]), block[k], float(shares[k])
    best_share /= 1.0 + LIMIT_SLACK
    law = formulation.output_laws(best_mapping[None, :])[0]
    support = np.vstack([formulation.constants(), best_mapping])
    weights = np.append(formulation.p_y - best_share * law, best_share)
    keep = weights > 0
    value = formulation.cost(support[keep], weights[keep])
    return Incumbent(support[keep], weights[keep], value), rounded_outward(best, math.prod(formulation.shape))
