"""The smallest rate at which H(S|Y) <= C can be met, the label without the seed.

The least H(S|Y) falls as the rate grows: a search that proves a least level above C at one rate proves it for
all below, and a coupling that is found bounds the smallest rate from above.  The set of couplings is not
convex, but every tangent of the concave H(S,Y) cuts a convex part out of it, on which the least rate is a
linear program: the descent over such parts ends at a local least rate.  One search just below it then proves
it to be the least, or finds a coupling beyond it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mecbopt.control import Clock, Expired
from mecbopt.engines.programs.mixtures import MixtureProgram
from mecbopt.engines.unseen_label import least_label_entropy, unseen_slack
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation, LabelLimit, Limit, LinearLimit, RateLimit
from mecbopt.info import entropy
from mecbopt.units import BITS_PER_NAT

__all__ = ["smallest_rate"]

#: Bits to which the smallest rate is found.
_RATE_GAP = 1e-4
#: A step of the descent that gains less is the last one; more than this are not made.
_LEAST_GAIN, _MOST_STEPS = 1e-6, 30
#: Tangents are taken at masses of at least this: at 0 the slope of phi is infinite.
_LEAST_MASS = 1e-12


def smallest_rate(
    formulation: Formulation,
    label: LabelLimit,
    start: Incumbent,
    seed: int,
    clock: Clock,
    *,
    above: float = 0.0,
) -> float | None:
    """The smallest rate at which H(S|Y) <= C can be met, to 1e-4 bits from above; None where there is none.

    Parameters
    ----------
    formulation : Formulation
        At a rate that is too small.
    label : LabelLimit
    start : Incumbent
        Meets the other limits.
    seed : int
    clock : Clock
    above : float
        A lower bound on the rate, bits, such as the smallest one for the label with the seed.

    Returns
    -------
    float or None
        None also where a proof fails or the time is up.
    """
    rate = formulation.rate_limit
    if rate is None:
        return None
    bisection = _Bisection(formulation, label, rate, start, seed, clock)
    # I(S;Y) <= I(X;Y) <= R.
    told = float(entropy(formulation.p_x @ label.channel)) - label.limit
    low, found = max(formulation.rate, above, told), bisection.attempt(None)
    if found is None:
        return None
    high = bisection.rate_of(found)
    while high - low > _RATE_GAP:
        # Just below what is known, mostly the least; then in the middle, so that the interval halves.
        for point in (high - _RATE_GAP, 0.5 * (low + high)):
            if not low < point < high:
                continue
            found = bisection.attempt(point)
            if found is not None:
                high = min(point, bisection.rate_of(found))
            elif bisection.proved:
                low = max(low, point)
            else:
                return None
    return max(high, math.nextafter(formulation.rate, math.inf))


@dataclass(eq=False)
class _Bisection:
    """Searches at one rate after the other."""

    formulation: Formulation
    label: LabelLimit
    rate: RateLimit
    start: Incumbent
    seed: int
    clock: Clock
    proved: bool = False

    @property
    def _others(self) -> tuple[Limit, ...]:
        return tuple(limit for limit in self.formulation.limits if limit is not self.rate)

    def attempt(self, rate: float | None) -> Incumbent | None:
        """A coupling within C, its rate a local least; `proved` says that there is none."""
        limits = self._others if rate is None else (replace(self.rate, rate=rate), *self._others)
        reach = self.label.limit + unseen_slack(self.label)
        found, level, bound = least_label_entropy(
            replace(self.formulation, limits=limits),
            self.label,
            self.start,
            0.0,
            self.seed,
            self.clock,
            to_the_least=False,
        )
        self.proved = bound > reach
        return self._descend(found) if level <= reach else None

    def rate_of(self, vertex: Incumbent) -> float:
        """H(Y|U), bits."""
        return self.rate.bits(float(self.rate.values(vertex.mappings) @ vertex.weights))

    def _descend(self, vertex: Incumbent) -> Incumbent:
        """Least rates within tangents of H(S,Y), from one coupling to the next."""
        formulation = self.formulation
        if formulation.free_law:  # H(Y) is no constant: the tangents would be others
            return vertex
        others = tuple(limit for limit in self._others if limit is not self.label)
        spent = replace(self.rate, rate=1.0)  # in bits
        for _ in range(_MOST_STEPS):
            if self.clock.expired:
                break
            rows = (*others, self._tangent(vertex))
            program = MixtureProgram(
                formulation, limits=rows, objective=spent, seed=self.seed, clock=self.clock
            )
            program.add(vertex.mappings)
            try:
                result = program.minimize()
            except (Expired, SolverError):
                break
            if result is None:
                break
            lower = to_vertex(formulation, result.mappings, result.weights, rows)
            if lower is None or formulation.label_entropy(lower.mappings, lower.weights) > self.label.limit:
                break
            gain = self.rate_of(vertex) - self.rate_of(lower)
            if gain <= 0.0:
                break
            vertex = lower
            if gain < _LEAST_GAIN:
                break
        return vertex

    def _tangent(self, vertex: Incumbent) -> LinearLimit:
        """The tangent of H(S,Y) at a coupling, at most C + H(Y): what meets it is within C."""
        formulation, channel = self.formulation, self.label.channel
        joint = channel.T @ formulation.coupling(vertex.mappings, vertex.weights)
        place = np.maximum(joint, _LEAST_MASS)
        slope = -np.log2(place) - BITS_PER_NAT
        at_zero = float((-place * np.log2(place) - slope * place).sum())
        limit = self.label.limit + float(entropy(formulation.p_y)) - at_zero
        return LinearLimit(formulation.p_x, channel @ slope, limit, "max_label_entropy")
