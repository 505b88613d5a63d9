"""Reconstructors q(x|y) by name; the one that starts as the degradation itself.

-log q(x|y) with a Gaussian about D(y) is, up to its scale, the squared distance of the degraded output to the
source: started there, the information term keeps the output faithful from the first step on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mecbopt.neural.config import ModelConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.model.networks import GaussianReconstructor
from mecbopt.neural.registry import Registry

__all__ = ["RECONSTRUCTORS", "DegradationReconstructor"]

Degrade = Callable[[Tensor], Tensor]


class DegradationReconstructor(nn.Module):
    """q(x|y): a Gaussian about a linear map of y that starts as the noiseless degradation, one learned scale.

    Where source and output have the same size the map is the identity and stays it: a dense map of all pixels
    would have millions of weights, and the degradation is noise alone.  The scale is bounded below at one
    grey level, as in `GaussianReconstructor`.
    """

    def __init__(self, clean: Shape, degraded: Shape, degrade: Degrade | None = None) -> None:
        super().__init__()
        self.degraded = degraded
        self.map: nn.Linear | None = None
        if clean != degraded:
            size = math.prod(clean)
            self.map = nn.Linear(size, math.prod(degraded))
            if degrade is not None:
                # Small steps about grey: D clamps only at the ends, and is linear in between.
                basis = torch.eye(size).view(size, *clean)
                grey = degrade(torch.full((1, *clean), 0.5))
                response = (degrade(0.5 + 0.25 * basis) - grey).flatten(1) / 0.25
                with torch.no_grad():
                    self.map.weight.copy_(response.t())
                    self.map.bias.copy_(grey.flatten() - 0.5 * response.sum(dim=0))
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.2)))

    def forward(self, image: Tensor) -> Tensor:
        """The mean, of the degraded shape."""
        if self.map is None:
            return image
        result: Tensor = self.map(image.flatten(1)).unflatten(1, self.degraded)
        return result

    def log_likelihood(self, source: Tensor, image: Tensor) -> Tensor:
        """Log density of x given y in nats, shape (batch,)."""
        log_scale = self.log_scale.clamp_min(math.log(1.0 / 255.0))
        residual = (source - self(image)) * torch.exp(-log_scale)
        constant = math.prod(self.degraded) * (log_scale + 0.5 * math.log(2.0 * math.pi))
        result: Tensor = -0.5 * residual.square().flatten(1).sum(dim=1) - constant
        return result


def _convolutional(clean: Shape, degraded: Shape, settings: ModelConfig, _: Degrade | None) -> nn.Module:
    return GaussianReconstructor(clean, degraded, settings.width)


def _degradation(clean: Shape, degraded: Shape, _: ModelConfig, degrade: Degrade | None) -> nn.Module:
    return DegradationReconstructor(clean, degraded, degrade)


RECONSTRUCTORS: Registry[Callable[[Shape, Shape, ModelConfig, Degrade | None], nn.Module]] = Registry(
    "model.reconstructor"
)
RECONSTRUCTORS.register("convolutional", _convolutional)
RECONSTRUCTORS.register("degradation", _degradation)
