"""Dual ascent on one constraint, slow, damped and bounded.

Plain dual ascent from the first step overshoots and collapses the code: the multiplier keeps growing while
the encoder is still reacting to its last value.  Hence three measures: it waits through a warm-up; it moves
geometrically by at most `step` an update, on a smoothed observation; and a proportional term reacts at once
and lets go at once, which damps the oscillation that an integrator alone has with a slow plant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Multiplier"]

_MINIMUM = 1e-4
_SMOOTHING = 0.95


@dataclass
class Multiplier:
    """The weight of a term that must come down, or up, to `target` (bits).

    Attributes
    ----------
    target : float
    value : float
        The integrated weight.
    maximum : float
        Bound of the weight.
    step : float
        Largest relative move of `value` an update.
    proportional : float
        Strength of the immediate reaction to a relative excess.
    smoothed : float
        Running mean of the observations; NaN before the first.
    """

    target: float
    value: float
    maximum: float
    step: float
    proportional: float
    smoothed: float = math.nan

    @property
    def excess(self) -> float:
        """Relative excess of the smoothed observation over the target, within [-1, 1]."""
        if math.isnan(self.smoothed):
            return 0.0
        return min(1.0, max(-1.0, (self.smoothed - self.target) / self.target))

    @property
    def weight(self) -> float:
        """The weight to use now: value with the proportional reaction, within [0, maximum]."""
        return min(self.maximum, max(0.0, self.value * (1.0 + self.proportional * self.excess)))

    def observe(self, amount: float, active: bool) -> None:
        """Take in a batch mean; move the value unless still warming up."""
        previous = amount if math.isnan(self.smoothed) else self.smoothed
        self.smoothed = _SMOOTHING * previous + (1.0 - _SMOOTHING) * amount
        if active:
            moved = self.value * math.exp(self.step * self.excess)
            self.value = min(self.maximum, max(_MINIMUM, moved))

    def state(self) -> list[float]:
        """What a checkpoint keeps (NaN as None is the caller's matter: a step has always been taken)."""
        return [self.value, self.smoothed]

    def restore(self, state: list[float]) -> None:
        """Take up a saved state."""
        self.value, self.smoothed = float(state[0]), float(state[1])
