"""Presolve: steps with `apply` and `lift` that leave a formulation with positive masses and binding limits.

A lifted mixture is feasible for the original and has the same value, up to `Presolved.value_slack`, the
change that masses below `NEGLIGIBLE_MASS` can make.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mecbopt.formulation.formulation import FloatArray, Formulation, IntArray
from mecbopt.formulation.limits import LabelLimit, Limit, RateLimit
from mecbopt.formulation.lowering import lower
from mecbopt.info import binary_entropy
from mecbopt.problem import Mixture, Problem
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["NEGLIGIBLE_MASS", "Presolved", "presolve"]

#: Letters below this mass are dropped: each moves an entropy by less than 5e-13 bits, which `value_slack`
#: adds to the bound.  What a mixture of the reduced problem violates in the given one is below the rounding
#: of p log p; where a scaled limit may move by more than `_NEGLIGIBLE_LEVEL`, only zeros are dropped.
NEGLIGIBLE_MASS = 1e-14
#: Beside `LIMIT_SLACK`, by which bounds are relaxed whatever the price of the row.
_NEGLIGIBLE_LEVEL = 0.05 * LIMIT_SLACK
#: Share of H(Y) that a rate may lack and be one that does not bind, for sums in another order: in double
#: precision a bit of rate is worth at most 40 bits of information there.
_ENTROPY_ROUNDING = 1e-13


class Step(Protocol):
    """One reduction: `apply` gives the smaller formulation, `lift` brings mappings back."""

    def apply(self, formulation: Formulation) -> Formulation:
        """The reduced formulation."""
        ...

    def lift(self, mappings: IntArray) -> IntArray:
        """Mappings of the reduced formulation as mappings of the formulation before this step."""
        ...

    def restrict(self, mappings: IntArray) -> IntArray | None:
        """The reverse of `lift`; None for mappings that use a letter without mass."""
        ...


@dataclass(frozen=True, eq=False)
class DropLetters:
    """Remove letters of X and Y without mass.

    A letter of X without mass may go anywhere: it is sent to the first kept letter of Y.  A letter of Y
    without mass is never an image.
    """

    keep_x: NDArray[np.bool_]
    keep_y: NDArray[np.bool_]

    @classmethod
    def of(cls, formulation: Formulation) -> DropLetters:
        """The step for the letters of this formulation."""
        # A law that varies may put mass anywhere.
        step, zeros = (
            cls(formulation.p_x > least, (formulation.p_y > least) | formulation.free_law)
            for least in (NEGLIGIBLE_MASS, 0.0)
        )
        lost = step.lost_mass(formulation)
        if lost and any(lost * limit.level_per_mass() > _NEGLIGIBLE_LEVEL for limit in formulation.limits):
            return zeros
        return step

    @cached_property
    def keeps_all(self) -> bool:
        """Whether every letter has mass."""
        return bool(self.keep_x.all() and self.keep_y.all())

    def apply(self, formulation: Formulation) -> Formulation:
        """Keep the letters with mass; the rest of the mass is spread by renormalisation."""
        if self.keeps_all:
            return formulation
        p_x, p_y = formulation.p_x[self.keep_x], formulation.p_y[self.keep_y]
        p_x, p_y = p_x / p_x.sum(), p_y / p_y.sum()
        limits = tuple(limit.restrict(self.keep_x, self.keep_y, p_x) for limit in formulation.limits)
        objective = formulation.objective.restrict(self.keep_x, self.keep_y, p_x, p_y)
        convex = tuple(limit.restrict(self.keep_x, self.keep_y, p_x) for limit in formulation.convex)
        return replace(formulation, p_x=p_x, p_y=p_y, objective=objective, limits=limits, convex=convex)

    def lift(self, mappings: IntArray) -> IntArray:
        """Rename the images and insert the dropped letters of X."""
        if self.keeps_all:
            return mappings
        names = np.flatnonzero(self.keep_y)
        lifted = np.full((len(mappings), len(self.keep_x)), names[0], dtype=np.int64)
        lifted[:, self.keep_x] = names[mappings]
        return lifted

    def restrict(self, mappings: IntArray) -> IntArray | None:
        """Forget the dropped letters of X; None where a dropped letter of Y is an image."""
        kept = mappings[:, self.keep_x]
        if not np.all(self.keep_y[kept]):
            return None
        positions: IntArray = np.cumsum(self.keep_y)[kept] - 1
        return positions

    def lost_mass(self, formulation: Formulation) -> float:
        """The total mass of what is dropped."""
        if self.keeps_all:
            return 0.0
        return float(formulation.p_x[~self.keep_x].sum() + formulation.p_y[~self.keep_y].sum())


@dataclass(frozen=True)
class DropSlackLimits:
    """Remove limits that no mixture can violate: H(Y|U) <= H(Y), and H(S|Y,U) <= H(S)."""

    def apply(self, formulation: Formulation) -> Formulation:
        """Keep the limits that can bind."""
        # H(Y), summed by the caller in another order, may come out smaller by a rounding error: no reason to
        # carry a limit along.  The mixture is then above it by no more than every coupling is allowed.
        kept = tuple(limit for limit in formulation.limits if self._can_bind(limit, formulation))
        # H(S|Y) <= H(S) as well: without the limit on H(S|Y,U) there is none without the seed.  With a single
        # letter on a side both are H(S), and the two limits one.
        unseen = (
            formulation.unseen_label
            and min(formulation.shape) > 1
            and any(isinstance(limit, LabelLimit) for limit in kept)
        )
        if len(kept) == len(formulation.limits) and unseen == formulation.unseen_label:
            return formulation
        return replace(formulation, limits=kept, unseen_label=unseen)

    @staticmethod
    def _can_bind(limit: Limit, formulation: Formulation) -> bool:
        if isinstance(limit, RateLimit):
            most = math.log2(len(formulation.p_y)) if formulation.free_law else formulation.entropy_y
            return most > limit.rate * (1.0 + _ENTROPY_ROUNDING)
        # The others are scaled so that the greatest left-hand side is 1.
        return limit.bound < 1.0 - LIMIT_SLACK

    def lift(self, mappings: IntArray) -> IntArray:
        """Nothing to undo."""
        return mappings

    def restrict(self, mappings: IntArray) -> IntArray | None:
        """Nothing to change."""
        return mappings


@dataclass(frozen=True, eq=False)
class Presolved:
    """A reduced formulation and the way back.

    Attributes
    ----------
    formulation : Formulation
    steps : tuple of Step
        In the order of application.
    value_slack : float
        Bits by which the optimum of the problem can exceed that of the formulation.
    """

    formulation: Formulation
    steps: tuple[Step, ...]
    value_slack: float

    def lift(self, mappings: IntArray, weights: FloatArray) -> Mixture:
        """The mixture of the original problem."""
        for step in reversed(self.steps):
            mappings = step.lift(mappings)
        return Mixture(mappings, weights / weights.sum())

    def restrict(self, mixture: Mixture) -> tuple[IntArray, FloatArray] | None:
        """A mixture of the original problem as one of the formulation; None where it does not fit."""
        mappings: IntArray | None = mixture.mappings
        for step in self.steps:
            mappings = None if mappings is None else step.restrict(mappings)
        return None if mappings is None else (mappings, mixture.weights)


def presolve(problem: Problem) -> Presolved:
    """Reduce a problem to a formulation with positive masses whose limits can bind.  Cost O(n s + m)."""
    original = lower(problem)
    slack_limits = DropSlackLimits()
    if min(original.least_masses) > NEGLIGIBLE_MASS:
        return Presolved(slack_limits.apply(original), (slack_limits,), 0.0)
    drop = DropLetters.of(original)
    formulation = slack_limits.apply(drop.apply(original))
    slack = _continuity_bound(drop.lost_mass(original), problem.shape)
    return Presolved(formulation, (drop, slack_limits), slack)


def _continuity_bound(mass: float, shape: tuple[int, int]) -> float:
    """How much a mutual information can change when a law moves by `mass` in total variation, bits.

    Three entropies, each by Audenaert's sharp form of Fannes' inequality (J. Phys. A 40, 2007).
    """
    if mass == 0.0:
        return 0.0
    return 3.0 * (float(binary_entropy(min(mass, 0.5))) + mass * math.log2(shape[0] * shape[1]))
