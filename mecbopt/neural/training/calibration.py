"""After training: fit the density once more to the averaged encoder, and bring the rate onto its target.

Multiplying f by a gain g scales its law: the density of g f is c(v/g), known exactly, and the decoder divides
by g what it receives.  So the rate can be set to the target within the noise of an average over held-out
images, for a change of the quantiser's cell of a few per cent.

What counts is the rate as it will be coded, by integer tables: a symbol in a gap between the density's atoms
may cost it a hundred bits, and tables at most their 24 or an escape.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mecbopt.coding.dither import dither_levels
from mecbopt.neural import streams
from mecbopt.neural.coding.tables import build_tables
from mecbopt.neural.config import Config
from mecbopt.neural.model.coupling import CouplingModel
from mecbopt.neural.model.heads import CodeHeads
from mecbopt.neural.model.quantisation import quantised

__all__ = [
    "calibrated",
    "code_error",
    "coded_rate",
    "estimated_rate",
    "fit_density",
    "raw_latents",
    "set_rate",
]

#: Images at once, which bounds the memory; factors of the gain that are tried, and how often they are halved
#: between: 24 times leave a ten-millionth.
_BATCH = 512
_GAIN_RANGE = (0.25, 4.0)
_BISECTIONS = 24
#: Relative distance of the coded rate from its target at which a calibration is content, and how often it
#: aims again.
_CLOSE = 1e-3
_CORRECTIONS = 5


def fit_density(
    model: CouplingModel, sources: Tensor, *, steps: int, learning_rate: float, seed: int
) -> None:
    """Minimise E -log2 P(Z|U) over the density alone, on latents of the given sources (in place)."""
    model.density.eval()
    if steps == 0 or not list(model.density.parameters()):
        return
    latents = model.gains * raw_latents(model, sources)
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
        loss = model.density.bits(values, model.gains).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


@torch.no_grad()
def raw_latents(model: CouplingModel, sources: Tensor) -> Tensor:
    """f(x) of many sources, without the gain, shape (count, d); in evaluation mode, as images are coded."""
    device, encoder = model.gain.device, model.encoder
    modes = [(part, part.training) for part in encoder.modules()]
    encoder.eval()
    try:
        return torch.cat([encoder(part.to(device)).float() for part in sources.split(_BATCH)])
    finally:  # each part by itself: a frozen trunk within a moving encoder has a mode of its own
        for part, training in modes:
            part.training = training


@torch.no_grad()
def estimated_rate(model: CouplingModel, sources: Tensor, seed: int, passes: int = 1) -> float:
    """Mean of -log2 P(Z|U) over the sources with `passes` dithers each, in bits."""
    return _rate(model, raw_latents(model, sources), seed, passes)


@torch.no_grad()
def _rate(model: CouplingModel, latents: Tensor, seed: int, passes: int) -> float:
    total, size = 0.0, model.settings.latents
    for index in range(passes):
        levels = torch.from_numpy(
            dither_levels(seed, index * len(latents), len(latents), size, model.dither_level_count)
        )
        for part, level in zip(latents.split(_BATCH), levels.split(_BATCH), strict=True):
            symbols = quantised(model.gains * part, model.dither(level))
            total += float(model.bits(symbols, level).sum())
    return total / (passes * len(latents))


@torch.no_grad()
def coded_rate(model: CouplingModel, latents: Tensor, seed: int, passes: int = 1) -> float:
    """Mean ideal code length of f(x) by the tables of the density and gain as they are, in bits."""
    tables = build_tables(model.density, model.dither_level_count, model.gains)
    total, size = 0.0, model.settings.latents
    for index in range(passes):
        levels = dither_levels(seed, index * len(latents), len(latents), size, model.dither_level_count)
        dither = model.dither(torch.from_numpy(levels))
        symbols = quantised(model.gains * latents, dither).cpu().numpy()
        total += float(tables.bits(symbols, levels).sum())
    return total / (passes * len(latents))


def set_rate(model: CouplingModel, target: float, rate: Callable[[], float]) -> float:
    """Choose the gain by bisection so that `rate()` is `target` bits; returns the rate reached.

    The rate grows with the gain up to sampling noise, so bisection ends within that noise.  A target out of
    reach of gains from 1/4 to 4 leaves the nearer end, and the caller reports the rate.
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


def calibrated(
    model: CouplingModel, fitting: Tensor, rating: Tensor, config: Config
) -> dict[str, float | bool]:
    """Fit the density to the encoder (in place) and set the gain; returns what was reached.

    `held_out_rate` is that of the coding tables; where the density's differs from it, the gain is set again
    until the tables' is the target.
    `gain_at_border` says that no gain reaches the target: the rate is then what it is, and not the target.
    """
    settings, seed, target = config.optimisation, config.runtime.seed, config.objective.target_rate
    model.gain.fill_(1.0)
    model.density.requires_grad_(True)
    fit_density(
        model, fitting, steps=settings.refit_steps, learning_rate=settings.density_learning_rate, seed=seed
    )
    latents = raw_latents(model, rating)
    before = _rate(model, latents, seed, 1)
    # Small held-out sets are seen under several dithers: at least 2,000 looks.
    passes = max(1, math.ceil(2000 / len(latents)))
    fixed = not list(model.density.parameters())
    after = before
    if not fixed:
        aim = target
        for _ in range(1 + _CORRECTIONS):
            set_rate(model, aim, lambda: _rate(model, latents, seed, passes))
            after = coded_rate(model, latents, seed, passes)
            if abs(after - target) <= _CLOSE * target:
                break
            aim = max(aim + target - after, 0.1 * target)
    gain = float(model.gain)
    border = not fixed and (gain < 1.001 * _GAIN_RANGE[0] or gain > 0.999 * _GAIN_RANGE[1])
    return {
        "target_rate": target,
        "rate_before_calibration": before,
        "held_out_rate": after,
        "gain": gain,
        "gain_at_border": border,
    }


@torch.no_grad()
def code_error(model: CouplingModel, heads: CodeHeads, sources: Tensor, seed: int) -> float:
    """Mean squared error of the heads' best guess of the source from Z + U: what the code itself has lost."""
    latents = raw_latents(model, sources)
    drawn = dither_levels(seed, 0, len(latents), model.settings.latents, model.dither_level_count)
    dither = model.dither(torch.from_numpy(drawn))
    values = (quantised(model.gains * latents, dither) + dither) / model.gains
    guess = torch.cat([heads.source(part) for part in values.split(_BATCH)])
    return float((guess.cpu() - sources.flatten(1)).square().mean())
