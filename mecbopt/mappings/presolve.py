"""Presolve: steps with `apply` and `lift` that leave an instance with positive masses and binding limits.

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

from mecbopt.info import binary_entropy, entropy
from mecbopt.mappings.instance import FloatArray, Instance, IntArray
from mecbopt.problem import Mixture, Problem
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["NEGLIGIBLE_MASS", "Presolved", "presolve"]

#: Letters below this mass are dropped: each moves an entropy by less than 5e-13 bits, which `value_slack`
#: adds to the bound.  What a mixture of the reduced problem violates in the given one is below the rounding
#: of p log p.
NEGLIGIBLE_MASS = 1e-14


class Step(Protocol):
    """One reduction: `apply` gives the smaller instance, `lift` brings mappings back."""

    def apply(self, instance: Instance) -> Instance:
        """The reduced instance."""
        ...

    def lift(self, mappings: IntArray) -> IntArray:
        """Mappings of the reduced instance as mappings of the instance before this step."""
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
    def of(cls, instance: Instance) -> DropLetters:
        """The step for the letters of this instance."""
        return cls(instance.p_x > NEGLIGIBLE_MASS, instance.p_y > NEGLIGIBLE_MASS)

    @cached_property
    def keeps_all(self) -> bool:
        """Whether every letter has mass."""
        return bool(self.keep_x.all() and self.keep_y.all())

    def apply(self, instance: Instance) -> Instance:
        """Keep the letters with mass; the rest of the mass is spread by renormalisation."""
        if self.keeps_all:
            return instance
        p_x, p_y = instance.p_x[self.keep_x], instance.p_y[self.keep_y]
        channel = instance.p_s_given_x
        return replace(
            instance,
            p_x=p_x / p_x.sum(),
            p_y=p_y / p_y.sum(),
            p_s_given_x=None if channel is None else channel[self.keep_x],
        )

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

    def lost_mass(self, instance: Instance) -> float:
        """The total mass of what is dropped."""
        if self.keeps_all:
            return 0.0
        return float(instance.p_x[~self.keep_x].sum() + instance.p_y[~self.keep_y].sum())


@dataclass(frozen=True)
class DropSlackLimits:
    """Remove limits that no mixture can violate: H(Y|U) <= H(Y), and H(S|Y,U) <= H(S)."""

    def apply(self, instance: Instance) -> Instance:
        """Set limits that cannot bind to infinity."""
        # H(Y), summed by the caller in another order, may come out smaller by a rounding error: no reason to
        # carry a limit along.  The mixture is then above it by no more than every coupling is allowed.
        if float(entropy(instance.p_y)) <= instance.rate * (1.0 + LIMIT_SLACK):
            instance = replace(instance, rate=math.inf)
        row = instance.label_limit_row
        if (row is None and instance.p_s_given_x is not None) or (
            row is not None and row.bound >= 1.0 - LIMIT_SLACK
        ):
            instance = replace(instance, p_s_given_x=None, label_limit=math.inf)
        return instance

    def lift(self, mappings: IntArray) -> IntArray:
        """Nothing to undo."""
        return mappings

    def restrict(self, mappings: IntArray) -> IntArray | None:
        """Nothing to change."""
        return mappings


@dataclass(frozen=True, eq=False)
class Presolved:
    """A reduced instance and the way back.

    Attributes
    ----------
    instance : Instance
    steps : tuple of Step
        In the order of application.
    value_slack : float
        Bits by which the optimum of the problem can exceed that of the instance.
    """

    instance: Instance
    steps: tuple[Step, ...]
    value_slack: float

    def lift(self, mappings: IntArray, weights: FloatArray) -> Mixture:
        """The mixture of the original problem."""
        for step in reversed(self.steps):
            mappings = step.lift(mappings)
        return Mixture(mappings, weights / weights.sum())

    def restrict(self, mixture: Mixture) -> tuple[IntArray, FloatArray] | None:
        """A mixture of the original problem as one of the instance; None where it does not fit."""
        mappings: IntArray | None = mixture.mappings
        for step in self.steps:
            mappings = None if mappings is None else step.restrict(mappings)
        return None if mappings is None else (mappings, mixture.weights)


def presolve(problem: Problem) -> Presolved:
    """Reduce a problem to an instance with positive masses whose limits can bind.  Cost O(n s + m)."""
    channel = problem.p_s_given_x if problem.has_label_constraint else None
    limit = math.inf if problem.max_label_entropy is None else problem.max_label_entropy
    original = Instance(problem.p_x, problem.require_p_y(), problem.rate, channel, limit)
    drop = DropLetters.of(original)
    slack_limits = DropSlackLimits()
    instance = slack_limits.apply(drop.apply(original))
    return Presolved(
        instance, (drop, slack_limits), _continuity_bound(drop.lost_mass(original), problem.shape)
    )


def _continuity_bound(mass: float, shape: tuple[int, int]) -> float:
    """How much a mutual information can change when a law moves by `mass` in total variation, bits.

    Three entropies, each by Audenaert's sharp form of Fannes' inequality (J. Phys. A 40, 2007).
    """
    if mass == 0.0:
        return 0.0
    return 3.0 * (float(binary_entropy(min(mass, 0.5))) + mass * math.log2(shape[0] * shape[1]))
