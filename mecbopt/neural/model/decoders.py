"""Decoders by name, and the one with pixel shuffle: latents and noise -> image.

Convolutions with one input or output channel run far below the processor's speed; pixel shuffle makes the
last one four times as wide at a quarter of the places, and the whole decoder about twice as fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mecbopt.neural.config import ModelConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.model.networks import Decoder, DenseDecoder
from mecbopt.neural.registry import Registry

__all__ = ["DECODERS", "ShuffleDecoder"]


class ShuffleDecoder(nn.Module):
    """Fully connected layers to a quarter of the side, then two 3 x 3 convolutions, each with pixel shuffle.

    Sides that four does not divide are made from a half (or the whole) side with one (or no) shuffle.
    """

    def __init__(self, shape: Shape, inputs: int, width: int, hidden: int) -> None:
        super().__init__()
        shuffles = next(count for count in (2, 1, 0) if not any(side % 2**count for side in shape[1:]))
        self.start = (width, shape[1] >> shuffles, shape[2] >> shuffles)
        self.head = nn.Sequential(
            nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
            nn.Linear(hidden, math.prod(self.start)), nn.SiLU(),
        )  # fmt: skip
        layers: list[nn.Module] = []
        channels = width
        for _ in range(shuffles - 1):
            layers += [nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.PixelShuffle(2), nn.SiLU()]
            channels //= 2
        last = nn.Conv2d(channels, shape[0] * (4 if shuffles else 1), 3, padding=1)
        nn.init.constant_(last.bias, -1.0)  # type: ignore[arg-type] # starts dark: digits are mostly background
        self.body = nn.Sequential(*layers, last, *([nn.PixelShuffle(2)] if shuffles else []))

    def forward(self, inputs: Tensor) -> Tensor:
        """The reconstruction Y, in (0, 1)."""
        return torch.sigmoid(self.body(self.head(inputs).unflatten(1, self.start)))


def _convolutional(shape: Shape, inputs: int, settings: ModelConfig) -> nn.Module:
    return Decoder(shape, inputs, settings.width, settings.hidden)


def _dense(shape: Shape, inputs: int, settings: ModelConfig) -> nn.Module:
    return DenseDecoder(shape, inputs, settings.hidden)


def _shuffle(shape: Shape, inputs: int, settings: ModelConfig) -> nn.Module:
    return ShuffleDecoder(shape, inputs, settings.width, settings.hidden)


DECODERS: Registry[Callable[[Shape, int, ModelConfig], nn.Module]] = Registry("model.decoder")
DECODERS.register("convolutional", _convolutional)
DECODERS.register("dense", _dense)
DECODERS.register("shuffle", _shuffle)
