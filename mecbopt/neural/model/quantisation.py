"""Universal (subtractively dithered) quantisation: Z = round(f - U), Z_hat = Z + U (theory, section 7).

With U uniform on a unit cell, Z_hat - f is uniform on the cell and independent of f (Ziv 1985), so training
adds uniform noise to f and sees the same law.  Without common randomness U = 0: training then rounds and
passes gradients straight through, since additive noise would no longer match what the decoder receives.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["dequantised", "quantised", "training_values"]


def quantised(latents: Tensor, dither: Tensor) -> Tensor:
    """Symbols Z = round(f - U) as int64, shape (batch, d); taken once, by the encoder.

    The nearest integer is floor(v + 1/2): ties go up, so that the cell is [-1/2, 1/2) as the dither's is.
    """
    return torch.floor(latents - dither + 0.5).to(torch.int64)


def dequantised(symbols: Tensor, dither: Tensor) -> Tensor:
    """Z_hat = Z + U, in the dither's floating type."""
    return symbols.to(dither.dtype) + dither


def training_values(latents: Tensor, uniform: Tensor | None) -> Tensor:
    """What the decoder sees in training, differentiable in `latents`, shape (batch, d).

    Parameters
    ----------
    uniform : Tensor or None
        Noise in [-1/2, 1/2), shape (batch, d), with common randomness; None without.
    """
    if uniform is not None:
        return latents + uniform
    rounded = torch.floor(latents.detach() + 0.5)
    return latents + (rounded - latents.detach())
