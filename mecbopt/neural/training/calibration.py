"""After training: fit the density once more to the averaged encoder, and bring the rate onto its target.

Multiplying f by a gain g scales its law: the density of g f is c(v/g), known exactly, and the decoder divides
by g what it receives.  So the rate can be set to the target within the noise of an average over held-out
images, for a change of the quantiser's cell of a few per cent.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mecbopt.coding.dither import dither_levels
from mecbopt.neural import streams
from mecbopt.neural.model.coupling import CouplingModel

__all__ = ["estimated_rate", "fit_density", "set_rate"]

_BATCH = 512
_GAIN_RANGE = (0.5, 2.0)
_BISECTIONS = 24


def fit_density(
    model: CouplingModel, sources: Tensor, *, steps: int, learning_rate: float, seed: int
) -> None:
    """Minimise E -log2 P(Z|U) over the density alone, on latents of the given sources (in place)."""
    model.density.eval()
    if steps == 0:
        return
    with torch.no_grad():
        latents = torch.cat([model.latents(part) for part in sources.to(model.gain.device).split(_BATCH)])
    optimiser = torch.optim.Adam(model.density.parameters(), lr=learning_rate)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * (1.0 - step / steps)
        generator = streams.generator(seed, "density", step)
        chosen = torch.randint(0, len(latents), (min(1024, len(latents)),), generator=generator)
        batch = latents[chosen.to(latents.device)]
        levels = torch.randint(0, model.dither_level_count, batch.shape, generator=generator)
        dither = model.dither(levels)
        values = torch.floor(batch - dither + 0.5) + dither
        loss = model.density.bits(values, model.gain).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


@torch.no_grad()
def estimated_rate(model: CouplingModel, sources: Tensor, seed: int, passes: int = 1) -> float:
    """Mean of -log2 P(Z|U) over the sources with `passes` dithers each, in bits."""
    total, size = 0.0, model.settings.latents
    for index in range(passes):
        levels = torch.from_numpy(
            dither_levels(seed, index * len(sources), len(sources), size, model.dither_level_count)
        )
        for part, level in zip(sources.split(_BATCH), levels.split(_BATCH), strict=True):
            symbols = model.symbols(part.to(model.gain.device), level)
            total += float(model.bits(symbols, level).sum())
    return total / (passes * len(sources))


def set_rate(model: CouplingModel, target: float, rate: Callable[[], float]) -> float:
    """Choose the gain by bisection so that `rate()` is `target` bits; returns the rate reached.

    The rate grows with the gain up to sampling noise, so bisection ends within that noise.  A target out of
    reach of gains from 1/2 to 2 leaves the nearer end, and the caller reports the rate.
    """
    low, high = _GAIN_RANGE
    for _ in range(_BISECTIONS):
        middle = (low * high) ** 0.5
        model.gain.fill_(middle)
        if rate() < target:
            low = middle
        else:
            high = middle
    return rate()
