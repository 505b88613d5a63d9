"""Terms of the loss by name, each with its weight and its value in bits (fidelity and critic in pixel units).

The paper's are reconstruction, rate, critic and label, with fidelity where colours would drift; the others
serve the stages that come before the full loss.  `TERMS.register(name, Term(...))` adds one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural.config import ObjectiveConfig
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.coupling import CouplingModel, TrainingNoise
from mecbopt.neural.registry import Registry
from mecbopt.units import BITS_PER_NAT

__all__ = ["TERMS", "Batch", "Pass", "Term"]


class Batch(NamedTuple):
    """Sources X and labels S; with a frozen trunk its logits, with a frozen encoder the latents f(X)."""

    source: Tensor
    label: Tensor
    logits: Tensor | None = None
    latents: Tensor | None = None


class Pass:
    """One forward pass: what the terms look at, each part computed when first asked for.

    Attributes
    ----------
    model, critic, label_model, heads : Module
    batch : Batch
    noise : TrainingNoise
    view : callable
        How the classifiers in the loop look at an output (random shifts and noise).
    fidelity : callable
        (source, output) -> squared distance, shape (batch,).
    settings : ObjectiveConfig
    """

    def __init__(
        self,
        model: CouplingModel,
        batch: Batch,
        noise: TrainingNoise,
        settings: ObjectiveConfig,
        critic: nn.Module | None = None,
        label_model: Any = None,
        heads: Any = None,
        view: Callable[[Tensor], Tensor] | None = None,
        fidelity: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> None:
        self.model, self.batch, self.noise, self.settings = model, batch, noise, settings
        self.critic, self.label_model, self.heads = critic, label_model, heads
        self.view, self.fidelity = view, fidelity

    @functools.cached_property
    def logits(self) -> Tensor | None:
        """The trunk's logits; None where the encoder has no trunk."""
        if self.batch.logits is not None:
            return self.batch.logits
        trunk = getattr(self.model.encoder, "logits", None)
        found: Tensor | None = None if trunk is None else trunk(self.batch.source)
        return found

    @functools.cached_property
    def latents(self) -> Tensor:
        """f(X)."""
        if self.batch.latents is not None:
            return self.batch.latents
        encoder: Any = self.model.encoder
        found: Tensor = (
            encoder(self.batch.source)
            if self.logits is None
            else encoder.assembled(self.batch.source, self.logits)
        )
        return found

    @functools.cached_property
    def cells(self) -> Tensor | None:
        """The class cell of each source, for conditional critics; None without a trunk."""
        return None if self.logits is None else self.logits.argmax(dim=1)

    @functools.cached_property
    def values(self) -> Tensor:
        """Z + U, by its differentiable stand-in."""
        return self.model.training_values(self.latents, self.noise)

    @functools.cached_property
    def bits(self) -> Tensor:
        """-log2 P(Z|U), shape (batch,)."""
        return self.model.density.bits(self.values, self.model.gains)

    @functools.cached_property
    def output(self) -> Tensor:
        """Y."""
        return self.model.output(self.values, self.noise.decoder).float()


@dataclass(frozen=True)
class Term:
    """One summand of the loss: its weight by the settings, and its value in a pass."""

    weight: Callable[[ObjectiveConfig], float]
    value: Callable[[Pass], Tensor]


def _reconstruction(forward: Pass) -> Tensor:
    reconstructor: Any = forward.model.reconstructor
    nats: Tensor = reconstructor.log_likelihood(forward.batch.source.float(), forward.output)
    return -nats.mean() * BITS_PER_NAT


def _critic(forward: Pass) -> Tensor:
    critic: Any = forward.critic
    knows_cells = getattr(critic, "cells", None) is not None
    score: Tensor = critic(forward.output, forward.cells) if knows_cells else critic(forward.output)
    return -score.float().mean()


def _label(forward: Pass) -> Tensor:
    seen = forward.output if forward.view is None else forward.view(forward.output)
    nats: Tensor = forward.label_model.cross_entropy(seen, forward.batch.label)
    return nats.mean() * BITS_PER_NAT


def _fidelity(forward: Pass) -> Tensor:
    if forward.fidelity is None:
        raise ConfigError("objective.fidelity_weight must be 0: this task has no distance.")
    return forward.fidelity(forward.batch.source.float(), forward.output).mean()


def _code_label(forward: Pass) -> Tensor:
    nats: Tensor = forward.heads.label_nats(forward.values, forward.batch.label)
    return nats.mean() * BITS_PER_NAT


def _code_source(forward: Pass) -> Tensor:
    nats: Tensor = forward.heads.source_nats(forward.values, forward.batch.source)
    return nats.mean() * BITS_PER_NAT


def _trunk(forward: Pass) -> Tensor:
    logits = forward.logits
    if logits is None:
        return torch.zeros((), device=forward.batch.source.device)
    smoothing = forward.settings.trunk_smoothing
    loss = functional.cross_entropy(logits.float(), forward.batch.label, label_smoothing=smoothing)
    return loss * BITS_PER_NAT


#: In the order in which a history shows them.  The weights of rate and label may be multipliers'.
TERMS: Registry[Term] = Registry("term")
TERMS.register("reconstruction", Term(lambda settings: settings.reconstruction_weight, _reconstruction))
TERMS.register("rate", Term(lambda settings: settings.rate_weight_start, lambda forward: forward.bits.mean()))
TERMS.register("critic", Term(lambda settings: settings.critic_weight, _critic))
TERMS.register("label", Term(lambda settings: settings.label_weight, _label))
TERMS.register("fidelity", Term(lambda settings: settings.fidelity_weight, _fidelity))
TERMS.register("code_label", Term(lambda settings: settings.code_label_weight, _code_label))
TERMS.register("code_source", Term(lambda settings: settings.code_source_weight, _code_source))
TERMS.register("trunk", Term(lambda settings: settings.trunk_weight, _trunk))
