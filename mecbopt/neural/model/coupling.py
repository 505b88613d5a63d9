"""The coupling model: encoder, universal quantiser, density, decoder and reconstructor in one module.

Common randomness U is the dither, and further noise values that the decoder takes as inputs.  With
`common_randomness` off the dither is 0 and the noise is private to the decoder: the scheme of the problem
without common randomness (MEC-B).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mecbopt.coding.dither import NOISE_LEVELS, dither_values, noise_values
from mecbopt.neural.config import Config, ModelConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.model.decoders import DECODERS
from mecbopt.neural.model.density import DENSITIES
from mecbopt.neural.model.encoders import ENCODERS
from mecbopt.neural.model.quantisation import dequantised, quantised, training_values
from mecbopt.neural.model.reconstructors import RECONSTRUCTORS

__all__ = ["CouplingModel", "TrainingNoise", "image_model", "training_noise"]


class TrainingNoise(NamedTuple):
    """Random numbers of one batch: `uniform` replaces the dither (None without common randomness)."""

    uniform: Tensor | None
    decoder: Tensor

    def rows(self, start: int, stop: int) -> TrainingNoise:
        """The share of one process."""
        uniform = None if self.uniform is None else self.uniform[start:stop]
        return TrainingNoise(uniform, self.decoder[start:stop])


def training_noise(
    config: ModelConfig, batch: int, generator: torch.Generator, quasi_random: bool = False
) -> TrainingNoise:
    """Draw the numbers of a whole batch on CPU, whatever part of it this process works on."""
    shape = (batch, config.latents + config.noise_dimensions)
    if quasi_random:
        # A random shift modulo 1 (Cranley and Patterson 1976) makes every single point uniform.
        points = torch.frac(_sobol(*shape) + torch.rand(1, shape[1], generator=generator))
        uniform, shares = points.split([config.latents, config.noise_dimensions], dim=1)
        levels = torch.floor(shares * NOISE_LEVELS)
    else:
        uniform = torch.rand(batch, config.latents, generator=generator)
        levels = torch.randint(0, NOISE_LEVELS, (batch, config.noise_dimensions), generator=generator).to(
            torch.float32
        )
    return TrainingNoise(uniform - 0.5 if config.common_randomness else None, noise_values(levels))


@functools.lru_cache(maxsize=4)
def _sobol(count: int, dimensions: int) -> Tensor:
    return torch.quasirandom.SobolEngine(dimensions).draw(count)


class CouplingModel(nn.Module):
    """X -> f(X) -> Z -> Y, with the density of f(X) and the reconstructor q(x|y).

    Parameters
    ----------
    encoder : Module
        Source batch -> latents, shape (batch, d).
    decoder : Module
        Latents and noise, shape (batch, d + noise_dimensions) -> reconstruction batch.
    reconstructor : Module
        Has `log_likelihood(source, reconstruction)` in nats, shape (batch,).
    settings : ModelConfig
        d, dither levels and the switch of the common randomness.
    """

    gain: Tensor

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, reconstructor: nn.Module, settings: ModelConfig
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.reconstructor = encoder, decoder, reconstructor
        self.density = DENSITIES[settings.density](settings)
        self.settings = settings
        # f is multiplied by this, to bring the rate onto its target (see calibration).  Clusters keep their
        # places: their entropy does not depend on the gain.
        self.register_buffer("gain", torch.ones(()))
        clusters = settings.encoder == "clusters" and settings.latents > settings.cluster_dimensions
        self._kept = settings.cluster_dimensions if clusters else 0

    @property
    def dither_level_count(self) -> int:
        """Number of dither levels; 1 (the value 0) without common randomness."""
        return self.settings.dither_levels if self.settings.common_randomness else 1

    @property
    def gains(self) -> Tensor:
        """The factor of each latent, shape (d,)."""
        kept = torch.ones(self._kept, device=self.gain.device)
        return torch.cat([kept, self.gain.expand(self.settings.latents - self._kept)])

    def training_values(self, latents: Tensor, noise: TrainingNoise) -> Tensor:
        """Gain f(x) + U, differentiable, from f(x): the quantiser's stand-in, shape (batch, d)."""
        return training_values(self.gains * latents.float(), noise.uniform)

    def output(self, values: Tensor, noise: Tensor) -> Tensor:
        """Y from Z + U and noise values."""
        made: Tensor = self.decoder(torch.cat([values / self.gains, noise], dim=1))
        return made

    def training_pass(self, source: Tensor, noise: TrainingNoise) -> tuple[Tensor, Tensor]:
        """(Y, bits a sample) with the quantiser's differentiable stand-in."""
        values = self.training_values(self.encoder(source), noise)
        return self.output(values, noise.decoder), self.density.bits(values, self.gains)

    def latents(self, source: Tensor) -> Tensor:
        """Gain * f(x), shape (batch, d)."""
        result: Tensor = self.gains * self.encoder(source).float()
        return result

    def dither(self, levels: Tensor) -> Tensor:
        """Dither values of integer levels, on the model's device."""
        result: Tensor = dither_values(levels.to(self.gain.device, torch.float32), self.dither_level_count)
        return result

    def symbols(self, source: Tensor, levels: Tensor) -> Tensor:
        """Z = round(gain f(x) - U), int64, shape (batch, d)."""
        return quantised(self.latents(source), self.dither(levels))

    def bits(self, symbols: Tensor, levels: Tensor) -> Tensor:
        """Estimated -log2 P(Z|U) by the real-valued density, shape (batch,)."""
        return self.density.bits(dequantised(symbols, self.dither(levels)), self.gains)

    def values(self, symbols: Tensor, levels: Tensor) -> Tensor:
        """What the decoder receives beside the noise: (Z + U) / gain, shape (batch, d)."""
        return dequantised(symbols.to(self.gain.device), self.dither(levels)) / self.gains

    def reconstruct(self, symbols: Tensor, levels: Tensor, noise: Tensor) -> Tensor:
        """Y from symbols, dither levels and noise levels."""
        values = self.values(symbols, levels)
        shared = noise_values(noise.to(self.gain.device, torch.float32))
        result: Tensor = self.decoder(torch.cat([values, shared], dim=1))
        return result


def image_model(
    config: Config, clean: Shape, degraded: Shape, degrade: Callable[[Tensor], Tensor] | None = None
) -> CouplingModel:
    """The model for images of the given shapes (C, H, W); `degrade` is the noiseless degradation, where
    known.

    It only serves as a start: a model that is loaded from a file needs none.
    """
    sizes = config.model
    return CouplingModel(
        ENCODERS[sizes.encoder](degraded, sizes),
        DECODERS[sizes.decoder](clean, sizes.latents + sizes.noise_dimensions, sizes),
        RECONSTRUCTORS[sizes.reconstructor](clean, degraded, sizes, degrade),
        sizes,
    )
