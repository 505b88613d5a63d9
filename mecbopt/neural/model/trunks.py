"""Class trunks: what reads the label from the source before a code exists (see `encoders.ClusterEncoder`).

A trunk is trained in a stage of its own, by cross-entropy on X alone, and then places the code's clusters.
Its features stay inside the encoder; only its logits are used.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural.data.images import Shape
from mecbopt.neural.registry import Registry

__all__ = ["TRUNKS", "ConvolutionalTrunk", "ResidualTrunk"]


class ConvolutionalTrunk(nn.Module):
    """Small sources (7 x 7): three 3 x 3 convolutions without stride, one hidden layer."""

    def __init__(self, shape: Shape, classes: int, width: int) -> None:
        super().__init__()
        channels, height, breadth = shape
        sizes = (channels, width, width, 2 * width)
        layers: list[nn.Module] = []
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
            # The last two drop a border each; sides of 4 and less keep theirs.
            cut = index >= 1 and min(height, breadth) > 4
            layers += [nn.Conv2d(fan_in, fan_out, 3, padding=0 if cut else 1), nn.GELU()]
            height, breadth = (height - 2, breadth - 2) if cut else (height, breadth)
        self.body = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(2 * width * height * breadth, 8 * width),
            nn.GELU(), nn.Linear(8 * width, classes),
        )  # fmt: skip

    def forward(self, source: Tensor) -> Tensor:
        """Logits from standardised sources, shape (batch, C, H, W) -> (batch, classes)."""
        logits: Tensor = self.body(source)
        return logits


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm_first, self.norm_second = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, image: Tensor) -> Tensor:
        hidden = functional.relu(self.norm_first(self.first(image)))
        return functional.relu(image + self.norm_second(self.second(hidden)))


class ResidualTrunk(nn.Module):
    """Larger sources (32 x 32): three residual blocks on pixel-unshuffled input, batch statistics.

    Batch statistics are harmless here: the trunk is frozen, in evaluation mode, when a code is made, so the
    code of one image does not depend on its neighbours.
    """

    def __init__(self, shape: Shape, classes: int, width: int) -> None:
        super().__init__()
        channels, height, breadth = shape

        def step(fan_in: int, fan_out: int, stride: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(fan_in, fan_out, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(fan_out),
                nn.ReLU(),
            )

        sides = -(-height // 8), -(-breadth // 8)  # three halvings, rounded up as strided convolutions do
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2), step(4 * channels, width, 1), _Block(width), step(width, 2 * width, 2),
            _Block(2 * width), step(2 * width, 3 * width, 2), _Block(3 * width), nn.Flatten(),
            nn.Linear(3 * width * sides[0] * sides[1], classes),
        )  # fmt: skip

    def forward(self, source: Tensor) -> Tensor:
        """Logits; each image is first brought to mean 0, deviation .7: lighting says nothing of the class."""
        centred = source - source.mean(dim=(2, 3), keepdim=True)
        spread = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(0.03)
        logits: Tensor = self.body(0.7 * centred / spread)
        return logits


TRUNKS: Registry[Callable[[Shape, int, int], nn.Module]] = Registry("model.trunk")
TRUNKS.register("convolutional", ConvolutionalTrunk)
TRUNKS.register("residual", ResidualTrunk)
