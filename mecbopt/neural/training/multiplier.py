"""Dual ascent on one constraint, slow, damped and bounded.

Plain dual ascent from the first step overshoots and collapses the code: the multiplier keeps growing while
the encoder is still reacting to its last value.  Hence three measures: it waits through a warm-up; it moves
geometrically by at most `step` an update, on a smoothed observation; and a proportional term reacts at once
and lets go at once, which damps the oscillation that an integrator alone has with a slow plant.

The state is a tensor on the training's device, so that a step never waits for the host.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Multiplier"]

#: Steps are factors, so a multiplier of 0 would stay there; the excess is a mean over about 20 batches.
_MINIMUM = 1e-4
_SMOOTHING = 0.95


class Multiplier:
    """The weight of a term that must come down, or up, to `target` (bits).

    Parameters
    ----------
    target : float
    value : float
        The integrated weight at the start.
    maximum : float
        Bound of the weight.
    step : float
        Largest relative move of `value` an update.
    proportional : float
        Strength of the immediate reaction to a relative excess.
    device : torch.device or str
    """

    def __init__(
        self,
        target: float,
        value: float,
        maximum: float,
        step: float,
        proportional: float,
        device: torch.device | str = "cpu",
    ) -> None:
        self.target, self.maximum, self.step, self.proportional = target, maximum, step, proportional
        #: (value, running mean of the observations: NaN before the first)
        self.tensor = torch.tensor([value, math.nan], dtype=torch.float64, device=device)

    @property
    def value(self) -> float:
        """The integrated weight."""
        return float(self.tensor[0])

    @property
    def smoothed(self) -> float:
        """Running mean of the observations; NaN before the first."""
        return float(self.tensor[1])

    @property
    def weight(self) -> float:
        """The weight to use now: value with the proportional reaction, within [0, maximum]."""
        return float(self.weight_tensor(True))

    def _excess(self) -> Tensor:
        """Relative excess of the smoothed observation over the target, within [-1, 1]; 0 before the first."""
        return ((self.tensor[1] - self.target) / self.target).clamp(-1.0, 1.0).nan_to_num(0.0)

    def weight_tensor(self, active: bool | Tensor) -> Tensor:
        """The weight as a tensor: without the reaction while the multiplier is not active."""
        active = torch.as_tensor(active, device=self.tensor.device)
        reacting = self.tensor[0] * (1.0 + self.proportional * self._excess())
        return torch.where(active > 0, reacting.clamp(0.0, self.maximum), self.tensor[0])

    def observe(self, amount: float | Tensor, active: bool | Tensor) -> None:
        """Take in a batch mean; move the value unless still warming up."""
        device = self.tensor.device
        amount = torch.as_tensor(amount, dtype=torch.float64, device=device)
        active = torch.as_tensor(active, device=device) > 0
        previous = torch.where(torch.isnan(self.tensor[1]), amount, self.tensor[1])
        self.tensor[1] = _SMOOTHING * previous + (1.0 - _SMOOTHING) * amount
        moved = (self.tensor[0] * torch.exp(self.step * self._excess())).clamp(_MINIMUM, self.maximum)
        self.tensor[0] = torch.where(active, moved, self.tensor[0])

    def state(self) -> list[float | None]:
        """What a checkpoint keeps, as JSON can hold it (None for NaN)."""
        return [None if math.isnan(entry) else entry for entry in self.tensor.tolist()]

    def restore(self, state: list[float | None]) -> None:
        """Take up a saved state."""
        entries = [math.nan if entry is None else float(entry) for entry in state]
        self.tensor.copy_(torch.tensor(entries, dtype=torch.float64))
