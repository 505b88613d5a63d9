"""The density of the latents frozen into integer coding tables (theory, section 7).

The tables are computed once, in double precision on CPU, when a model is finished; from then on they are part
of the model, and neither side evaluates the density again.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.coding.dither import dither_values
from mecbopt.coding.tables import MOST_WIDTH, CodingTables, integer_counts
from mecbopt.neural.errors import TrainingError
from mecbopt.neural.model.density import Density

__all__ = ["build_tables"]

#: Mass that each tail may leave to the escape: at 2**-20 an escape adds about 1e-4 bits a symbol.
_TAIL = 2.0**-20
#: Symbols on either side of 0 among which the support is looked for.
_REACH = 2048


@torch.no_grad()
def build_tables(density: Density, levels: int, gain: float | Tensor = 1.0) -> CodingTables:
    """Freeze a density into tables for `levels` dither values; `gain` is one factor, or one a latent.

    Cost O(d * levels * width).
    """
    exact = copy.deepcopy(density).cpu().double()
    gain = torch.as_tensor(gain, dtype=torch.float64, device="cpu")
    dimensions = exact.dimensions
    low, high = _support(exact, gain)
    width = int((high - low).max()) + 1
    dither = torch.as_tensor(dither_values(np.arange(levels, dtype=np.float64), levels))
    offsets = torch.arange(width, dtype=torch.float64)
    values = (
        torch.as_tensor(low, dtype=torch.float64)[:, None, None]
        + offsets[None, None, :]
        + dither[None, :, None]
    )  # (d, levels, width)
    flat = values.permute(1, 2, 0).reshape(-1, dimensions)
    probability = (
        exact.window_probability(flat, gain).reshape(levels, width, dimensions).permute(2, 0, 1).numpy()
    )
    if not np.all(np.isfinite(probability)):
        raise TrainingError("the density gives a probability that is not finite: train with smaller steps.")
    escape = np.maximum(1.0 - probability.sum(axis=2, keepdims=True), 0.0)
    return CodingTables(low, integer_counts(np.concatenate([probability, escape], axis=2)))


def _support(density: Density, gain: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last symbol of each latent so that each tail beyond holds at most _TAIL for every dither.

    A latent that spreads wider than a row may be keeps the symbols around its median; the others escape.
    """
    limit = float(np.log(_TAIL) - np.log1p(-_TAIL))
    grid = torch.arange(-_REACH, _REACH + 1, dtype=torch.float64)
    logits = density.logits(grid.unsqueeze(1).expand(-1, density.dimensions) / gain).numpy()
    below = np.maximum((logits < limit).sum(axis=0) - 1, 0)  # last grid point with c < _TAIL
    above = np.minimum((logits <= -limit).sum(axis=0), len(grid) - 1)  # first grid point with 1 - c < _TAIL
    median = np.minimum((logits < 0).sum(axis=0), len(grid) - 1)
    below = np.maximum(below, median - MOST_WIDTH // 2)
    above = np.minimum(above, below + MOST_WIDTH - 1)
    # Z + U - 1/2 >= the lower point and Z + U + 1/2 <= the upper one for every |U| < 1/2.
    return below.astype(np.int64) - _REACH, above.astype(np.int64) - _REACH
