"""How far outputs are from clean images in the eyes of a critic that training has not seen, while it runs.

The critic in the loop says how far the generator has come against *it*.  A plain one read a W1 of .8 where
one fitted afresh read 3.4 (collapse within classes), and a conditional one compares cell by cell, so its
difference is no distance between the laws of Y at all.  A fresh plain critic, fitted to outputs for training
images and evaluated on outputs for held-out ones, is: every `critic_refit_every` steps it is written into the
history as `refit_w1`.  It moves nothing, and draws on none of the training's random numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mecbopt.coding.dither import dither_levels, noise_levels
from mecbopt.neural.evaluation.distances import wasserstein_distance
from mecbopt.neural.model.coupling import CouplingModel

__all__ = ["coded_outputs", "refit_distance"]

#: Most images that the critic is fitted on, and that it is evaluated on.
_FIT, _HELD_OUT = 4096, 2048
#: Images that are coded at once, which bounds the memory.
_BATCH = 512


@torch.no_grad()
def coded_outputs(model: CouplingModel, sources: Tensor, seed: int, first: int = 0) -> Tensor:
    """Y of sources through the quantiser itself, on CPU; source i has the dither of image first + i."""
    settings, parts = model.settings, []
    for start in range(0, len(sources), _BATCH):
        part = sources[start : start + _BATCH].to(model.gain.device)
        place = (seed, first + start, len(part))
        levels = torch.from_numpy(dither_levels(*place, settings.latents, model.dither_level_count))
        noise = torch.from_numpy(noise_levels(*place, settings.noise_dimensions))
        parts.append(model.reconstruct(model.symbols(part, levels), levels, noise).float().cpu())
    return torch.cat(parts)


def refit_distance(
    model: CouplingModel,
    sources: tuple[Tensor, Tensor],
    clean: tuple[Tensor, Tensor],
    *,
    seed: int,
    steps: int,
) -> float:
    """W1 between clean images and outputs, Euclidean norm on pixels in [0, 1], by a critic fitted afresh.

    Parameters
    ----------
    model : CouplingModel
        In evaluation mode.
    sources, clean : tuple of Tensor
        (training, held-out) images X and clean images; their order need not agree.
    steps : int
        Steps of fitting.
    """
    device = model.gain.device
    counts = _FIT, _HELD_OUT
    real = tuple(images[:count] for images, count in zip(clean, counts, strict=True))
    made = tuple(
        coded_outputs(model, images[:count], seed, first)
        for images, count, first in zip(sources, counts, (0, _FIT), strict=True)
    )
    return wasserstein_distance((real[0], made[0]), (real[1], made[1]), seed=seed, steps=steps, device=device)
