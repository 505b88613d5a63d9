"""What images are in this wing: tensors (count, C, H, W), uint8 as stored or floats in [0, 1] as used."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Shape", "as_float"]

#: (C, H, W)
Shape = tuple[int, int, int]


def as_float(images: Tensor) -> Tensor:
    """uint8 images as floats in [0, 1]; floats unchanged."""
    return images.to(torch.float32) / 255.0 if images.dtype == torch.uint8 else images
