"""Temporary heads on the code: label and source from Z + U alone, while no decoder exists.

They shape the code in its own stage, at a fraction of the cost of decoder and critic, and are dropped
afterwards: no head is part of a finished model.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["CodeHeads"]


def _network(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, outputs)
    )


class CodeHeads(nn.Module):
    """A classifier and a Gaussian about a network's output with one learned scale, both of Z + U."""

    def __init__(self, latents: int, source_size: int, classes: int, hidden: int = 256) -> None:
        super().__init__()
        self.label = _network(latents, hidden, classes)
        self.source = _network(latents, hidden, source_size)
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.2)))

    def label_nats(self, values: Tensor, label: Tensor) -> Tensor:
        """Cross-entropy of the label, nats, shape (batch,)."""
        return functional.cross_entropy(self.label(values), label, reduction="none")

    def source_nats(self, values: Tensor, source: Tensor) -> Tensor:
        """-log q(x | z_hat) in nats, shape (batch,)."""
        log_scale = self.log_scale.clamp_min(math.log(1.0 / 255.0))
        residual = (source.float().flatten(1) - self.source(values)) * torch.exp(-log_scale)
        constant = residual.shape[1] * (log_scale + 0.5 * math.log(2.0 * math.pi))
        nats: Tensor = 0.5 * residual.square().sum(dim=1) + constant
        return nats
