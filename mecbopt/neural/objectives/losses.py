"""The losses of theory section 7 as modules: one forward pass, one backward pass each.

A whole loss in one module is what DistributedDataParallel needs: its gradient exchange expects one forward
call for each backward call, and the gradient penalty calls the critic three times.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from mecbopt.neural.config import ObjectiveConfig
from mecbopt.neural.model.coupling import CouplingModel, TrainingNoise
from mecbopt.units import BITS_PER_NAT

__all__ = ["TERMS", "Batch", "CriticObjective", "GeneratorObjective", "LabelModel", "gradient_penalty"]

#: Names of the terms that `GeneratorObjective` returns, in order.
TERMS = ("reconstruction", "rate", "critic", "label", "fidelity")


class Batch(NamedTuple):
    """A batch: `source` X, `label` S of the same samples, and `clean` samples of p_Y drawn independently."""

    source: Tensor
    label: Tensor
    clean: Tensor


class LabelModel(Protocol):
    """The classifier c(s|y): cross-entropy in nats for each sample."""

    def cross_entropy(self, reconstruction: Tensor, label: Tensor) -> Tensor:
        """Shape (batch,)."""
        ...


class Fidelity(Protocol):
    """Squared distance between a reconstruction and its source, for each sample."""

    def __call__(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """Shape (batch,)."""
        ...


class View(Protocol):
    """How the classifiers in the loop look at a reconstruction (random shifts and noise)."""

    def __call__(self, reconstruction: Tensor, step: int) -> Tensor:
        """The same shape."""
        ...


class GeneratorObjective(nn.Module):
    """-E log q(X|Y) + lambda_r rate + lambda_d W1 + lambda_c CE + fidelity, in bits.

    Critic and frozen label model are looked at, not trained: they are kept out of the module's parameters.
    A label model trained jointly is a submodule.
    """

    def __init__(
        self,
        model: CouplingModel,
        critic: nn.Module,
        label_model: nn.Module,
        fidelity: Fidelity,
        view: View,
        settings: ObjectiveConfig,
    ) -> None:
        super().__init__()
        self.model = model
        self._beside = (critic, label_model, fidelity, view)
        self.settings = settings
        if settings.label_training == "joint":
            self.label_model = label_model

    def forward(
        self, batch: Batch, noise: TrainingNoise, rate_weight: Tensor, label_weight: Tensor, step: int
    ) -> tuple[Tensor, Tensor]:
        """(loss, detached terms in the order of TERMS), means over the batch."""
        critic, label_model, fidelity, view = self._beside
        settings = self.settings
        output, bits = self.model.training_pass(batch.source, noise)
        output = output.float()
        reconstruction = -self.model.reconstructor.log_likelihood(batch.source, output).mean() * BITS_PER_NAT  # type: ignore[operator]
        rate = bits.mean()
        distance = -critic(output).float().mean()
        label = label_model.cross_entropy(view(output, step), batch.label).mean() * BITS_PER_NAT  # type: ignore[operator]
        loss = (
            settings.reconstruction_weight * reconstruction
            + rate_weight * rate
            + settings.critic_weight * distance
            + label_weight * label
        )
        if settings.rate_penalty > 0:
            excess = rate - settings.target_rate
            loss = loss + settings.rate_penalty * excess.square() / (2.0 * settings.target_rate)
        closeness = torch.zeros((), device=rate.device)
        if settings.fidelity_weight > 0:
            closeness = fidelity(batch.source, output).mean()
            loss = loss + settings.fidelity_weight * closeness
        return loss, torch.stack([reconstruction, rate, distance, label, closeness]).detach()


class CriticObjective(nn.Module):
    """WGAN-GP: E D(fake) - E D(real) + weight * E (|grad D| - 1)^2 (Gulrajani et al. 2017)."""

    def __init__(self, critic: nn.Module, penalty_weight: float) -> None:
        super().__init__()
        self.critic = critic
        self.penalty_weight = penalty_weight

    def forward(self, real: Tensor, fake: Tensor, mix: Tensor) -> tuple[Tensor, Tensor]:
        """(loss, detached estimate of W1)."""
        scores = self.critic(torch.cat([real, fake])).float()
        distance = scores[: len(real)].mean() - scores[len(real) :].mean()
        penalty = gradient_penalty(self.critic, real, fake, mix)
        return self.penalty_weight * penalty - distance, distance.detach()


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E (|grad D| - 1)^2 at random points between real and fake; `mix` in [0, 1], shape (batch,)."""
    share = mix.reshape(-1, *([1] * (real.dim() - 1)))
    between = (share * real + (1.0 - share) * fake).requires_grad_(True)
    scores = critic(between).float().sum()
    (slope,) = torch.autograd.grad(scores, between, create_graph=True)
    # The small constant keeps the derivative of the norm finite where the slope vanishes.
    norm = torch.sqrt(slope.float().flatten(1).square().sum(dim=1) + 1e-12)
    return (norm - 1.0).square().mean()
