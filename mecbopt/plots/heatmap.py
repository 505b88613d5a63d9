"""The coupling P(x, y) as a heat map with its two marginals."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mecbopt.errors import SolutionError
from mecbopt.plots.style import (
    GREY,
    INK,
    PROBABILITY,
    axes_for,
    letter_colours,
    letters,
    shortened,
    side_width,
    text_colour,
    tick_names,
    upright_height,
)
from mecbopt.problem import Solution

__all__ = ["column_width", "coupling"]

#: Above this many cells the figures in the cells would overlap.
_MAX_WRITTEN_CELLS = 100
_MAX_NAMED_LETTERS = 40


def coupling(solution: Solution, ax: Axes | None = None) -> Axes:
    """Draw P(x, y) as a heat map, p_X beside it and p_Y above it.

    Parameters
    ----------
    solution : Solution
        With a coupling.
    ax : matplotlib Axes, optional
        Drawn into; a new figure by default.

    Returns
    -------
    Axes
        Of the heat map; its figure is `ax.figure`.

    Raises
    ------
    SolutionError
        The solution has no coupling.

    Examples
    --------
    >>> import mecbopt as mb
    >>> ax = mb.plots.coupling(mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=0.5)))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('y', 'x')
    """
    joint = solution.coupling
    if joint is None:
        raise SolutionError(
            f"solution is {solution.status.value} and has no coupling: there is nothing to draw."
        )
    n, m = solution.problem.shape
    side = 0.62
    x_letters, y_letters = letters(solution.problem.x_letters, n), letters(solution.problem.y_letters, m)
    height = min(max(3.0, 1.8 + side * n), 12) + upright_height(y_letters, column_width(m))
    ax = axes_for(ax, min(max(3.4, 2.2 + side * m), 12) + side_width(x_letters), height)
    scale = float(joint.max())
    ax.imshow(joint, cmap=PROBABILITY, vmin=0.0, vmax=scale, aspect="auto")
    if joint.size <= _MAX_WRITTEN_CELLS:
        _write_cells(ax, joint, scale)
    _name_letters(ax, x_letters, y_letters)
    _draw_marginals(ax, joint)
    return ax


def column_width(m: int) -> float:
    """Inches of a column: about half an inch, less where many share the widest figure."""
    return min(0.5, 7.0 / m)


def _write_cells(ax: Axes, joint: NDArray[np.float64], scale: float) -> None:
    for (x, y), value in np.ndenumerate(joint):
        empty = value <= 0
        colour = GREY if empty else text_colour(PROBABILITY(value / scale))
        ax.text(y, x, "0" if empty else _short(value), ha="center", va="center", color=colour, fontsize=9)


def _short(value: float) -> str:
    """Three decimals without the leading zero; small masses as a power of ten."""
    if value < 5e-4:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.3f}".lstrip("0") if value < 1 else "1"


def _name_letters(ax: Axes, x_letters: list[str], y_letters: list[str]) -> None:
    """Name the letters at the edges, with hairlines between the cells."""
    for axis, names in ((ax.xaxis, y_letters), (ax.yaxis, x_letters)):
        every = -(-len(names) // _MAX_NAMED_LETTERS)
        chosen, rotation = shortened(names[::every]), 0
        if axis is ax.xaxis:
            chosen, rotation = tick_names(names[::every], every * column_width(len(names)))
        # Names are plain text: a dollar in one begins no formula.
        axis.set_ticks(range(0, len(names), every), chosen, rotation=rotation, parse_math=False)
        axis.set_ticks([edge - 0.5 for edge in range(len(names) + 1)], minor=True)
    ax.set_xlabel("y", color=INK)
    ax.set_ylabel("x", color=INK)
    ax.grid(which="minor", color="#e3e8ec", linewidth=1.0)
    ax.tick_params(which="both", length=0, colors=INK, labelsize=9)
    ax.spines[:].set_visible(False)


def _draw_marginals(ax: Axes, joint: NDArray[np.float64]) -> None:
    """Bars on the cells' own rows and columns: p_Y on top, p_X at the right."""
    n, m = joint.shape
    figures = max(n, m) <= 12
    top: Any = ax.inset_axes((0.0, 1.03, 1.0, 0.2), sharex=ax)
    right: Any = ax.inset_axes((1.03, 0.0, 0.2, 1.0), sharey=ax)
    p_y, p_x = joint.sum(axis=0), joint.sum(axis=1)
    # The letters of Y wear the colours that the mixture's tiles have.
    top.bar(range(m), p_y, width=0.86, color=letter_colours(m))
    right.barh(range(n), p_x, height=0.86, color="#b9c7d3")
    top.set_ylim(0, p_y.max() * 1.6)
    right.set_xlim(0, p_x.max() * 2.1)
    if figures:
        for y, value in enumerate(p_y):
            top.text(y, value, _short(value), ha="center", va="bottom", fontsize=8, color=INK)
        for x, value in enumerate(p_x):
            right.text(value, x, f" {_short(value)}", ha="left", va="center", fontsize=8, color=INK)
    # Beside the bars: above them stand their figures.
    top.annotate(
        "$p_Y$",
        (0.0, 0.3),
        xycoords="axes fraction",
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=10,
        color=INK,
    )
    right.set_title("$p_X$", fontsize=10, color=INK, pad=2)
    for inset in (top, right):
        inset.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
        inset.spines[:].set_visible(False)
        inset.grid(False, which="both")
        inset.set_facecolor("none")
