"""How much the comonotone branch loses at its worst rate, over all pairs of binary sources.

The worst rate is among those at which an end saturates (`proofs/largest_loss.py`), so a few rates a point
give the largest loss exactly, not a sample of it.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mecbopt import bernoulli
from mecbopt.bernoulli.information import information
from mecbopt.bernoulli.polygon import comonotone_share
from mecbopt.info import binary_entropy
from mecbopt.plots.style import ACCENT, INK, PROBABILITY, new_figure, quiet, text_colour

__all__ = ["largest_loss", "loss_map"]

#: End of the colour scale, bits: just above the largest loss, log2 of the golden ratio.
_LARGEST = 0.7


def largest_loss(q_x: NDArray[np.float64], q_y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest loss of the comonotone branch over all rates, bits; arrays of one shape, 0 < q_x, q_y < 1."""
    caps = (q_y / q_x, (1 - q_y) / (1 - q_x), q_y / (1 - q_x), (1 - q_y) / q_x, np.ones_like(q_x))
    worst = np.zeros_like(q_x)
    for cap in caps:
        rate = np.minimum(cap, 1.0) * binary_entropy(q_x)
        branch = information(q_x, q_y, comonotone_share(q_x, q_y, rate))
        worst = np.maximum(worst, bernoulli.value(q_x, q_y, rate) - branch)
    return worst


def loss_map(points: int = 401) -> Figure:
    """The map over (P(X=1), P(Y=1)), with the largest losses marked."""
    masses = (np.arange(points) + 0.5) / points
    q_x, q_y = np.meshgrid(masses, masses)
    figure = new_figure(6.4, 5.2)
    ax = figure.add_subplot()
    losses = largest_loss(q_x, q_y)
    image = ax.imshow(losses, origin="lower", extent=(0, 1, 0, 1), cmap=PROBABILITY, vmin=0.0, vmax=_LARGEST)
    levels = ax.contour(
        q_x, q_y, losses, levels=[0.02, 0.05, 0.07, 0.2, 0.4, 0.6], colors=INK, linewidths=0.6
    )
    ax.clabel(levels, fontsize=7, fmt="%g")
    figure.colorbar(image, ax=ax, label="largest loss over all rates, bits", shrink=0.85)
    golden, diagonal = (5 - math.sqrt(5)) / 10, (1 - _same_side_root()) / 2
    for a, b, value in (
        (golden, 1 - golden, math.log2((1 + math.sqrt(5)) / 2)),
        (1 - golden, golden, math.log2((1 + math.sqrt(5)) / 2)),
        (diagonal, diagonal, float(largest_loss(np.array([diagonal]), np.array([diagonal]))[0])),
        (1 - diagonal, 1 - diagonal, float(largest_loss(np.array([diagonal]), np.array([diagonal]))[0])),
    ):
        ax.plot(a, b, "o", color=ACCENT, markersize=5)
        behind = PROBABILITY(value / _LARGEST)
        ax.annotate(
            f"{value:.4f}",
            (a, b),
            xytext=(0, -12),
            textcoords="offset points",
            fontsize=8,
            color=text_colour(behind),
            ha="center",
        )
    ax.set_xlabel("P(X=1)")
    ax.set_ylabel("P(Y=1)")
    ax.set_title("What the comonotone branch loses at its worst rate", fontsize=10, color=INK, loc="left")
    quiet(ax)
    return figure


def _same_side_root() -> float:
    """The root c in (0, 1/2) of c log2(1 + 1/c^2) = 1, where the loss over a, b <= 1/2 is largest."""
    low, high = 0.1, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * math.log2(1 + middle**-2) < 1 else (low, middle)
    return low
