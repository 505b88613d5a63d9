"""The mixture: which deterministic mapping with which weight (theory: the support lemma keeps it short)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from mecbopt.errors import SolutionError
from mecbopt.info import entropy
from mecbopt.plots.style import (
    GREY,
    INK,
    LINES,
    axes_for,
    fitted,
    letter_colours,
    letters,
    text_colour,
    tick_names,
    upright_height,
)
from mecbopt.problem import Solution

__all__ = ["mixture", "tile_width"]

#: Mappings beyond these share one line; letters beyond these are told by their colour alone.
_MAX_ROWS = 24
_MAX_WRITTEN_LETTERS = 16
#: Width of the weights' bars, in tiles of the mappings, and the gap before them.
_BAR_SHARE = 0.75
_GAP = 0.35


def mixture(solution: Solution, ax: Axes | None = None) -> Axes:
    """Draw each mapping as a row of tiles, one for each letter of X, and its weight as a bar.

    A tile names and colours the letter of Y that the mapping sends x to.  Rows descend by weight.

    Parameters
    ----------
    solution : Solution
        With a mixture.
    ax : matplotlib Axes, optional
        Drawn into; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    SolutionError
        The solution has no mixture.
    """
    if solution.mixture is None:
        raise SolutionError(
            f"solution is {solution.status.value} and has no mixture: there is nothing to draw."
        )
    problem, weights = solution.problem, solution.mixture.weights
    n, m = problem.shape
    order = np.argsort(-weights, kind="stable")
    shown, rest = order[:_MAX_ROWS], order[_MAX_ROWS:]
    rows = len(shown) + bool(len(rest))
    x_letters = letters(problem.x_letters, n)
    height = min(max(2.0, 1.2 + 0.5 * rows), 12) + upright_height(x_letters, tile_width(n))
    ax = axes_for(ax, min(max(4.2, 2.6 + 0.62 * n), 14), height)
    rates = entropy(solution.mixture.output_laws(problem.p_x, m), axis=1)
    colours = letter_colours(m)
    y_letters, size = fitted(letters(problem.y_letters, m), 0.8 * tile_width(n))
    for row, index in enumerate(shown):
        for x, y in enumerate(solution.mixture.mappings[index]):
            _tile(ax, x, row, y_letters[y] if n <= _MAX_WRITTEN_LETTERS else "", size, colours[y])
        _bar(ax, n, row, float(weights[index]), float(weights.max()), float(rates[index]))
    if len(rest):
        text = f"... and {len(rest)} more with weight {weights[rest].sum():.3g} together"
        ax.text(-0.5, rows - 1, text, va="center", fontsize=9, color=GREY)
    _finish(ax, x_letters, rows)
    return ax


def tile_width(n: int) -> float:
    """Inches of a tile: the figure's width without the two columns of figures, over tiles, gap and bars."""
    return (min(max(4.2, 2.6 + 0.62 * n), 14.0) - 1.5) / (n + 1.0 + _GAP + _BAR_SHARE * max(n, 3))


def _tile(ax: Axes, x: int, row: int, name: str, size: float, colour: str) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.42, row - 0.36),
            0.84,
            0.72,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=colour,
            edgecolor="none",
        )
    )
    if name:
        # Names are plain text: a dollar in one begins no formula.
        ax.text(
            x,
            row,
            name,
            ha="center",
            va="center",
            fontsize=size,
            color=text_colour(colour),
            parse_math=False,
        )


def _bar(ax: Axes, n: int, row: int, weight: float, largest: float, rate: float) -> None:
    """The weight as a bar beside the tiles, then weight and rate of the mapping in two columns of figures."""
    start, full = n - 0.5 + _GAP, _BAR_SHARE * max(n, 3)
    ax.add_patch(Rectangle((start, row - 0.2), full * weight / largest, 0.4, facecolor=LINES[0], alpha=0.8))
    figures = f"{weight:.4f}" if weight >= 5e-5 else f"{weight:.0e}"
    # A constant's entropy is a rounding error around zero; a mapping that is not constant lies far above.
    text = "constant" if rate < 1e-12 else f"{rate:.3f} bits"
    for offset, figure, colour in ((5, figures, INK), (50, text, GREY)):
        ax.annotate(
            figure,
            (start + full, row),
            xytext=(offset, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
        )


def _finish(ax: Axes, x_letters: list[str], rows: int) -> None:
    n = len(x_letters)
    end = n - 0.5 + _GAP + _BAR_SHARE * max(n, 3)
    ax.set_xlim(-0.6, end + 0.05)
    ax.set_ylim(rows - 0.4, -0.5)
    every = -(-n // 40)
    names, rotation = tick_names(x_letters[::every], every * tile_width(n))
    ax.set_xticks(range(0, n, every), names, rotation=rotation, parse_math=False)
    ax.set_yticks(range(rows), [f"$f_{{{row + 1}}}$" for row in range(rows)])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, colors=INK, labelsize=9, pad=2)
    ax.xaxis.set_label_position("top")
    left, right = ax.get_xlim()
    start = (-0.5 - left) / (right - left)
    ax.set_xlabel("$f_k(x)$ for each letter x", x=start, ha="left", fontsize=9, color=INK)
    for offset, text in ((5, "weight"), (50, "rate $H(q_k)$")):
        ax.annotate(
            text,
            (end, 1.0),
            xycoords=ax.get_xaxis_transform(),
            xytext=(offset, 5),
            textcoords="offset points",
            va="bottom",
            fontsize=9,
            color=INK,
        )
    ax.spines[:].set_visible(False)
