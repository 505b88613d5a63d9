"""Small affine motions and lighting changes of training images, for trunks that see few of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["moved"]

_ANGLE = math.radians(10.0)
_STRETCH, _SHEAR, _SHIFT = 0.1, 0.1, 0.06  # relative; shifts in shares of half the side
_CONTRAST, _LIGHT, _INVERTED = 0.3, 0.15, 0.3


def moved(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images turned, stretched, sheared and shifted a little, each by its own amount; shape (n, C, H, W).

    Colour images also get other contrast (inverted for some: digits are read either way), other brightness
    and channels in another order.
    """
    count = len(images)

    def spread(*shape: int) -> Tensor:
        return (2.0 * torch.rand(count, *shape, generator=generator) - 1.0).to(images.device)

    angle, stretch = _ANGLE * spread(), 1.0 + _STRETCH * spread(2)
    shear, shift = _SHEAR * spread(), _SHIFT * spread(2)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    first = torch.stack([cosine * stretch[:, 0], shear - sine * stretch[:, 1], shift[:, 0]], dim=1)
    second = torch.stack([sine * stretch[:, 0], cosine * stretch[:, 1], shift[:, 1]], dim=1)
    grid = functional.affine_grid(
        torch.stack([first, second], dim=1), list(images.shape), align_corners=False
    )
    padding = "border" if images.shape[1] > 1 else "zeros"
    images = functional.grid_sample(images, grid, padding_mode=padding, align_corners=False)
    if images.shape[1] > 1:
        contrast = 1.0 + _CONTRAST * spread(images.shape[1], 1, 1)
        inverted = spread(1, 1, 1).abs() < _INVERTED
        mean = images.mean(dim=(2, 3), keepdim=True)
        images = (images - mean) * torch.where(inverted, -contrast, contrast) + mean
        images = images + _LIGHT * spread(images.shape[1], 1, 1)
        images = images[:, torch.randperm(images.shape[1], generator=generator)]
    return images.clamp(0.0, 1.0) if images.shape[1] == 1 else images
