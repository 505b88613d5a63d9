"""Degradations, named and versioned: what turns a clean image into the source X.

`bicubic_x4` without antialiasing and sigma 20/255 follow the predecessor (Nguyen et al., rate-distortion-
classification by optimal transport); the paper's own factors are not known to us.  A version grows when the
numbers that a degradation produces change; it is stored with every model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mecbopt.neural.data.images import Shape
from mecbopt.neural.errors import ConfigError, DatasetError
from mecbopt.neural.registry import Registry

__all__ = ["DEGRADATIONS", "Degradation", "degradation"]


@dataclass(frozen=True)
class Degradation:
    """A map from clean to degraded images.

    Attributes
    ----------
    name, version : str, int
        Identity; stored with models and results.
    factor : int
        By how much both sides shrink (1: not at all).
    stochastic : bool
        Whether `apply` draws noise.
    """

    name: str
    version: int
    factor: int
    stochastic: bool
    _apply: Callable[[Tensor, torch.Generator | None], Tensor]

    def __call__(self, clean: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Degrade float images in [0, 1], shape (batch, C, H, W); `generator` feeds the noise, if any."""
        if self.stochastic and generator is None:
            raise ConfigError(f"degradation {self.name} draws noise: give it a generator.")
        return self._apply(clean, generator)

    def mean(self, image: Tensor) -> Tensor:
        """The noiseless part, differentiable: D(y) for comparing an output with its source."""
        return image if self.stochastic else self._apply(image, None)

    def output_shape(self, clean: Shape) -> Shape:
        """Shape (C, H, W) of the degraded image."""
        if clean[1] % self.factor or clean[2] % self.factor:
            raise DatasetError(
                f"degradation {self.name} divides the sides by {self.factor}, but the images are "
                f"{clean[1]} x {clean[2]}: choose a factor that divides both."
            )
        return clean[0], clean[1] // self.factor, clean[2] // self.factor


def _bicubic(factor: int) -> Callable[[Tensor, torch.Generator | None], Tensor]:
    def apply(clean: Tensor, _: torch.Generator | None) -> Tensor:
        size = (clean.shape[2] // factor, clean.shape[3] // factor)
        # No antialiasing: the kernel (a = -3/4, PyTorch's) keeps its width of 4 clean pixels, so frequencies
        # above the new sampling rate fold back into the small image.
        small = functional.interpolate(clean, size=size, mode="bicubic", align_corners=False, antialias=False)
        return small.clamp(0.0, 1.0)

    return apply


def _area(factor: int) -> Callable[[Tensor, torch.Generator | None], Tensor]:
    return lambda clean, _: functional.avg_pool2d(clean, factor)


def _gaussian(sigma: float) -> Callable[[Tensor, torch.Generator | None], Tensor]:
    def apply(clean: Tensor, generator: torch.Generator | None) -> Tensor:
        return clean + sigma * torch.randn(clean.shape, generator=generator).to(clean.device)

    return apply


#: Degradations by name; `DEGRADATIONS.register(name, Degradation(...))` adds one.
DEGRADATIONS: Registry[Degradation] = Registry("degradation")
for _item in (
    Degradation("bicubic_x4", 1, 4, False, _bicubic(4)),
    Degradation("area_x4", 1, 4, False, _area(4)),
    Degradation("bicubic_x2", 1, 2, False, _bicubic(2)),
    Degradation("area_x2", 1, 2, False, _area(2)),
    Degradation("gaussian_20", 1, 1, True, _gaussian(20.0 / 255.0)),
):
    DEGRADATIONS.register(_item.name, _item)


def degradation(name: str) -> Degradation:
    """The degradation of that name."""
    return DEGRADATIONS[name]
