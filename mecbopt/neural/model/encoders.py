"""Encoders f: source -> latents, by name: one free network, clusters with style, or bounded levels.

A free network that has to find the classes through decoder, critic and classifiers reads few of them: .68
at 4 bits on MNIST, where a trunk reads .93.  `ClusterEncoder` is given them: clusters more than 1 apart
cost their entropy alone, whatever the dither, since every dithered symbol names its cluster.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural.config import ModelConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.networks import Encoder
from mecbopt.neural.model.trunks import TRUNKS
from mecbopt.neural.registry import Registry

__all__ = ["ENCODERS", "BoundedEncoder", "ClusterEncoder", "grid_places"]

#: Largest side of the image that the style network sees.
_STYLE_SIDE = 8
#: The style's last layer starts this much larger: the code starts above its rate and comes down.
_STYLE_START = 3.0


def grid_places(clusters: int, dimensions: int, gap: float) -> Tensor:
    """Places of the clusters on a grid, shape (clusters, dimensions): two columns, the rest in rows, centred.

    With equally likely classes the factorised density loses nothing on a full grid: log2 2 + log2 5 = log2
    10.

    >>> grid_places(4, 2, 2.0).tolist()
    [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    """
    places = torch.zeros(clusters, dimensions)
    if places.is_meta:  # of a model file that is tried: counting there imports torch's compiler, for seconds
        return places
    number = torch.arange(clusters)
    if dimensions == 1:
        return gap * (number.float()[:, None] - (clusters - 1) / 2)
    places[:, 0] = (number % 2).float() - 0.5
    places[:, 1] = (number // 2).float() - ((clusters + 1) // 2 - 1) / 2
    return gap * places


class ClusterEncoder(nn.Module):
    """f(x) = [softmax(sharpness * logits(x)) @ places, style(x)]; hard: the place of the largest logit.

    Soft places say how sure the trunk is.  Where it is surer of its training images than of others (SVHN with
    7,080 of them), the density has seen no place between clusters, and each such image costs an escape: on
    held-out images hard places cost .2 bits less of 7.5.

    Attributes
    ----------
    trunk : Module
        The class trunk, trained in its own stage and usually frozen afterwards.
    places : Parameter, shape (clusters, k)
        Moves only where `cluster_places` is "learned".
    style : Module or None
        Latents beyond the first k, from the source pooled to at most 8 x 8.
    mean, deviation : Tensor, shape (C, H, W)
        Of the training sources, for standardising pixels.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: Shape, settings: ModelConfig) -> None:
        super().__init__()
        own, total = settings.cluster_dimensions, settings.latents
        if own > total:
            raise ConfigError(
                f"model.cluster_dimensions is {own}, but there are {total} latents: give at least {own}."
            )
        self.sharpness, self.hard = settings.cluster_sharpness, settings.cluster_assignment == "hard"
        self.standardised_trunk = settings.trunk != "residual"
        self.trunk = TRUNKS[settings.trunk](shape, settings.clusters, settings.trunk_width)
        start = grid_places(settings.clusters, own, settings.cluster_gap)
        self.learned_places = settings.cluster_places == "learned"
        self.places = nn.Parameter(start, requires_grad=self.learned_places)
        self.side = min(_STYLE_SIDE, shape[1]), min(_STYLE_SIDE, shape[2])
        self.style: nn.Sequential | None = None
        if total > own:
            hidden = settings.style_hidden
            last = nn.Linear(hidden, total - own)
            self.style = nn.Sequential(
                nn.Linear(shape[0] * self.side[0] * self.side[1], hidden), nn.SiLU(),
                nn.Linear(hidden, hidden), nn.SiLU(), last,
            )  # fmt: skip
            with torch.no_grad():
                last.weight.mul_(_STYLE_START)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape))

    def standardise(self, sources: Tensor) -> None:
        """Take mean and deviation of each pixel from training sources."""
        self.mean.copy_(sources.float().mean(dim=0))
        self.deviation.copy_(sources.float().std(dim=0) + 0.1)

    def logits(self, source: Tensor) -> Tensor:
        """The trunk's logits, shape (batch, clusters)."""
        inputs = (source - self.mean) / self.deviation if self.standardised_trunk else source
        found: Tensor = self.trunk(inputs)
        return found

    def assembled(self, source: Tensor, logits: Tensor) -> Tensor:
        """Latents from the source and its logits, which may have been computed before."""
        if self.hard:
            shares = functional.one_hot(logits.argmax(dim=1), len(self.places)).to(self.places.dtype)
        else:
            shares = torch.softmax(self.sharpness * logits.float(), dim=1)
        parts = [shares @ self.places]
        if self.style is not None:
            standard = (source.float() - self.mean) / self.deviation
            parts.append(self.style(functional.adaptive_avg_pool2d(standard, self.side).flatten(1)))
        return torch.cat(parts, dim=1)

    def forward(self, source: Tensor) -> Tensor:
        """Latents f(x), shape (batch, d)."""
        return self.assembled(source, self.logits(source))


class BoundedEncoder(nn.Module):
    """A free encoder confined to 0 .. levels - 1: the predecessor's setting, without an entropy model.

    Rounding gives one of `levels` symbols a latent, so the rate is d log2(levels) whatever the law.
    """

    def __init__(self, shape: Shape, settings: ModelConfig) -> None:
        super().__init__()
        self.levels = settings.quantiser_levels
        self.body = Encoder(shape, settings.latents, settings.width, settings.hidden)

    def forward(self, source: Tensor) -> Tensor:
        """Latents in (0, levels - 1)."""
        found: Tensor = 0.5 * (self.levels - 1) * (1.0 + torch.tanh(self.body(source)))
        return found


def _free(shape: Shape, settings: ModelConfig) -> nn.Module:
    return Encoder(shape, settings.latents, settings.width, settings.hidden)


ENCODERS: Registry[Callable[[Shape, ModelConfig], nn.Module]] = Registry("model.encoder")
ENCODERS.register("free", _free)
ENCODERS.register("clusters", ClusterEncoder)
ENCODERS.register("bounded", BoundedEncoder)
