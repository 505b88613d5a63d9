"""Networks of the image model: encoder, decoder, critic and reconstructor, sized from the images' shapes.

Plain layers without batch statistics, so that the code of one image does not depend on its neighbours.
Images are float tensors in [0, 1], shape (batch, channels, height, width).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural.data.images import Shape

__all__ = ["Critic", "Decoder", "DenseDecoder", "Encoder", "GaussianReconstructor", "halvings"]

#: Maps are halved down to this side: 28, 14, 7.
_SMALLEST_SIDE = 7


def halvings(shape: Shape, smallest: int = _SMALLEST_SIDE) -> int:
    """How often both sides can be halved exactly while they stay at least `smallest`."""
    side_a, side_b, count = shape[1], shape[2], 0
    while side_a % 2 == 0 and side_b % 2 == 0 and min(side_a, side_b) // 2 >= smallest:
        side_a, side_b, count = side_a // 2, side_b // 2, count + 1
    return count


class Encoder(nn.Module):
    """f: degraded image -> latents, shape (batch, C, H, W) -> (batch, d)."""

    def __init__(self, shape: Shape, latents: int, width: int, hidden: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, count = shape[0], halvings(shape)
        for index in range(count):
            out = width * 2**index
            layers += [nn.Conv2d(channels, out, 4, stride=2, padding=1), nn.SiLU()]
            channels = out
        self.features = nn.Sequential(*layers, nn.Flatten())
        size = channels * (shape[1] >> count) * (shape[2] >> count)
        self.head = nn.Sequential(
            nn.Linear(size, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, latents),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Latents f(x)."""
        result: Tensor = self.head(self.features(2.0 * image - 1.0))
        return result


class Decoder(nn.Module):
    """Latents and noise -> image in (0, 1), shape (batch, d + noise) -> (batch, C, H, W).

    Nearest-neighbour enlargement before each convolution avoids the checkerboard of transposed convolutions
    (Odena, Dumoulin, Olah 2016), which a critic would spend its strength on.
    """

    def __init__(self, shape: Shape, inputs: int, width: int, hidden: int) -> None:
        super().__init__()
        # Digits of 8 x 8 start from 4 x 4, larger images from 7 x 7 or 8 x 8.
        count = halvings(shape, smallest=min(_SMALLEST_SIDE, shape[1] // 2, shape[2] // 2))
        channels = width * 2**count
        self.start = (channels, shape[1] >> count, shape[2] >> count)
        self.head = nn.Sequential(
            nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
            nn.Linear(hidden, math.prod(self.start)), nn.SiLU(),
        )  # fmt: skip
        layers: list[nn.Module] = []
        for _ in range(count):
            layers += [
                nn.Upsample(scale_factor=2, mode="nearest"),
                nn.Conv2d(channels, channels // 2, 3, padding=1),
                nn.SiLU(),
            ]
            channels //= 2
        self.body = nn.Sequential(*layers, nn.Conv2d(channels, shape[0], 3, padding=1))
        # The last bias starts at dark: digits are mostly background.
        nn.init.constant_(self.body[-1].bias, -1.0)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        """The reconstruction Y."""
        return torch.sigmoid(self.body(self.head(inputs).unflatten(1, self.start)))


class DenseDecoder(nn.Module):
    """Latents and noise -> image through fully connected layers to half the size, then two convolutions.

    A fraction of the work of `Decoder`, for small grey images on a CPU, where it affords more steps in the
    same time.  Without the convolutions the images come out speckled: neighbouring pixels share no weights.
    """

    def __init__(self, shape: Shape, inputs: int, hidden: int, channels: int = 8) -> None:
        super().__init__()
        factor = 2 if shape[1] % 2 == 0 and shape[2] % 2 == 0 else 1
        self.start = (channels, shape[1] // factor, shape[2] // factor)
        self.head = nn.Sequential(
            nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, 2 * hidden), nn.SiLU(),
            nn.Linear(2 * hidden, math.prod(self.start)), nn.SiLU(),
        )  # fmt: skip
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=factor, mode="nearest"),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, shape[0], 3, padding=1),
        )
        nn.init.constant_(self.body[-1].bias, -1.0)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        """The reconstruction Y."""
        return torch.sigmoid(self.body(self.head(inputs).unflatten(1, self.start)))


class Critic(nn.Module):
    """WGAN critic: image -> score, shape (batch, C, H, W) -> (batch,)."""

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, count = shape[0], max(1, halvings(shape, smallest=4))
        for index in range(count):
            out = width * 2**index
            layers += [nn.Conv2d(channels, out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            channels = out
        size = channels * (shape[1] >> count) * (shape[2] >> count)
        self.body = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(size, 8 * width), nn.LeakyReLU(0.2), nn.Linear(8 * width, 1)
        )

    def forward(self, image: Tensor) -> Tensor:
        """Scores, high for images that look real."""
        result: Tensor = self.body(image).squeeze(1)
        return result


class GaussianReconstructor(nn.Module):
    """q(x|y): a Gaussian about g(y) with one learned scale a channel (the reconstructor maps Y back to X).

    The scale is bounded below at 1/255, one grey level: X is an 8-bit image's image, and an unbounded
    density would reward collapse onto constant pixels without end.
    """

    def __init__(self, clean: Shape, degraded: Shape, width: int) -> None:
        super().__init__()
        factor = clean[1] // degraded[1]
        layers: list[nn.Module] = []
        channels = clean[0]
        while factor > 1:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.SiLU()]
            channels, factor = width, factor // 2
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.SiLU()]
        channels = width
        self.body = nn.Sequential(*layers, nn.Conv2d(channels, degraded[0], 3, padding=1))
        self.degraded = degraded
        self.log_scale = nn.Parameter(torch.full((degraded[0], 1, 1), math.log(0.3)))

    def forward(self, image: Tensor) -> Tensor:
        """The mean g(y): a pooled copy of Y plus a learned correction, of the degraded shape."""
        pooled = functional.adaptive_avg_pool2d(image, self.degraded[1:])
        if pooled.shape[1] != self.degraded[0]:
            pooled = pooled.mean(dim=1, keepdim=True).expand(-1, self.degraded[0], -1, -1)
        result: Tensor = pooled + self.body(image)
        return result

    def log_likelihood(self, source: Tensor, image: Tensor) -> Tensor:
        """Log density of x given y in nats, shape (batch,)."""
        log_scale = self.log_scale.clamp_min(math.log(1.0 / 255.0))
        residual = (source - self(image)) * torch.exp(-log_scale)
        terms = -0.5 * residual.square() - log_scale - 0.5 * math.log(2.0 * math.pi)
        result: Tensor = terms.flatten(1).sum(dim=1)
        return result
