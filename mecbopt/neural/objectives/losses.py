"""The losses of theory section 7 as modules: one forward pass, one backward pass each.

A whole loss in one module is what DistributedDataParallel needs: its gradient exchange expects one forward
call for each backward call, and the gradient penalty calls the critic three times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from mecbopt.neural.config import ObjectiveConfig
from mecbopt.neural.model.coupling import CouplingModel, TrainingNoise
from mecbopt.neural.objectives.terms import TERMS, Batch, Pass

__all__ = ["CriticObjective", "GeneratorObjective", "LabelModel", "gradient_penalty"]


class LabelModel(Protocol):
    """The classifier c(s|y): cross-entropy in nats for each sample."""

    def cross_entropy(self, reconstruction: Tensor, label: Tensor) -> Tensor:
        """Shape (batch,)."""
        ...


class GeneratorObjective(nn.Module):
    """The weighted sum of the terms whose weights are not 0: -E log q(X|Y) + lambda_r rate + lambda_d W1 +
    ...

    Critic and frozen label model are looked at, not trained: they are kept out of the module's parameters.
    A label model trained jointly, and heads, are submodules.
    """

    def __init__(
        self,
        model: CouplingModel,
        critic: nn.Module,
        label_model: nn.Module,
        heads: nn.Module | None,
        fidelity: Callable[[Tensor, Tensor], Tensor],
        settings: ObjectiveConfig,
        holds_rate: bool,
    ) -> None:
        super().__init__()
        self.model = model
        self.heads = heads
        self._beside: tuple[Any, ...] = (critic, label_model, fidelity)
        self.settings = settings
        if settings.label_training == "joint":
            self.label_model = label_model
        #: Terms of this loss; the rate is among them only where encoder or density move.
        self.active = [
            name
            for name in TERMS
            if (holds_rate if name == "rate" else TERMS[name].weight(settings) > 0)
            or (name == "label" and settings.label_limit > 0)
        ]

    def forward_pass(
        self, batch: Batch, noise: TrainingNoise, view: Callable[[Tensor], Tensor] | None = None
    ) -> Pass:
        """A pass of the model over a batch; nothing is computed yet."""
        critic, label_model, fidelity = self._beside
        return Pass(self.model, batch, noise, self.settings, critic, label_model, self.heads, view, fidelity)

    def forward(
        self,
        batch: Batch,
        noise: TrainingNoise,
        view: Callable[[Tensor], Tensor],
        rate_weight: Tensor,
        label_weight: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(loss, detached terms in the order of TERMS, rate that the multiplier watches), batch means.

        Terms of weight 0 are not computed and read 0.
        """
        settings = self.settings
        state = self.forward_pass(batch, noise, view)
        zero = torch.zeros((), device=batch.source.device)
        values, loss = [], zero
        for name in TERMS:
            if name not in self.active:
                values.append(zero)
                continue
            value = TERMS[name].value(state)
            moving = {"rate": rate_weight, "label": label_weight}
            loss = loss + (moving[name] if name in moving else TERMS[name].weight(settings)) * value
            values.append(value.detach().float())
            if name == "label" and settings.label_limit > 0 and settings.label_penalty > 0:
                over = torch.relu(value - settings.label_limit)
                loss = loss + settings.label_penalty * over.square() / (2.0 * settings.label_limit)
        watched = zero
        if "rate" in self.active:
            watched = state.bits.detach().mean()
            if settings.rate_penalty > 0:
                excess = state.bits.mean() - settings.target_rate
                loss = loss + settings.rate_penalty * excess.square() / (2.0 * settings.target_rate)
            if settings.rate_sharp and self.model.density.training:
                self.model.density.eval()
                with torch.no_grad():
                    watched = self.model.density.bits(state.values.detach(), self.model.gains).mean()
                self.model.density.train()
        return loss, torch.stack(values), watched


class CriticObjective(nn.Module):
    """WGAN-GP: E D(fake) - E D(real) + weight * E (|grad D| - 1)^2 (Gulrajani et al. 2017).

    `share` of the batch feeds the penalty: the double backward pass is the costly part, and half of the batch
    estimates it as well.
    """

    def __init__(self, critic: nn.Module, penalty_weight: float, share: float = 1.0) -> None:
        super().__init__()
        self.critic = critic
        self.penalty_weight, self.share = penalty_weight, share

    def forward(
        self, real: Tensor, fake: Tensor, mix: Tensor, cells: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(loss, detached estimate of W1)."""
        both = torch.cat([real, fake])
        scores = (self.critic(both) if cells is None else self.critic(both, cells.repeat(2))).float()
        distance = scores[: len(real)].mean() - scores[len(real) :].mean()
        used = max(1, round(self.share * len(real)))
        critic: Callable[[Tensor], Tensor] = self.critic
        if cells is not None:
            part = cells[:used]

            def critic(images: Tensor) -> Tensor:
                scores: Tensor = self.critic(images, part)
                return scores

        penalty = gradient_penalty(critic, real[:used], fake[:used], mix[:used])
        return self.penalty_weight * penalty - distance, distance.detach()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E (|grad D| - 1)^2 at random points between real and fake; `mix` in [0, 1], shape (batch,)."""
    share = mix.reshape(-1, *([1] * (real.dim() - 1)))
    between = (share * real + (1.0 - share) * fake).requires_grad_(True)
    scores = critic(between).float().sum()
    (slope,) = torch.autograd.grad(scores, between, create_graph=True)
    # The small constant keeps the derivative of the norm finite where the slope vanishes.
    norm = torch.sqrt(slope.float().flatten(1).square().sum(dim=1) + 1e-12)
    return (norm - 1.0).square().mean()
