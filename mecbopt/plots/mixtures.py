"""The mixture: which deterministic mapping with which weight (theory: the support lemma keeps it short)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from mecbopt.errors import SolutionError
from mecbopt.info import entropy
from mecbopt.plots.style import GREY, INK, LINES, axes_for, letter_colours, letters, text_colour
from mecbopt.problem import Solution

__all__ = ["mixture"]

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
    ax = axes_for(ax, min(max(4.2, 2.6 + 0.62 * n), 14), min(max(2.0, 1.2 + 0.5 * rows), 12))
    rates = entropy(solution.mixture.output_laws(problem.p_x, m), axis=1)
    y_letters, colours = letters(problem.y_letters, m), letter_colours(m)
    # Five characters of 9 points fill a tile; longer names shrink all, down to what is just readable.
    size = max(5.0, min(9.0, 48.0 / max(map(len, y_letters))))
    for row, index in enumerate(shown):
        for x, y in enumerate(solution.mixture.mappings[index]):
            _tile(ax, x, row, y_letters[y] if n <= _MAX_WRITTEN_LETTERS else "", size, colours[y])
        _bar(ax, n, row, float(weights[index]), float(weights.max()), float(rates[index]))
    if len(rest):
        text = f"... and {len(rest)} more with weight {weights[rest].sum():.3g} together"
        ax.text(-0.5, rows - 1, text, va="center", fontsize=9, color=GREY)
    _finish(ax, letters(problem.x_letters, n), rows)
    return ax


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
        ax.text(x, row, name, ha="center", va="center", fontsize=size, color=text_colour(colour))


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
    ax.set_xticks(range(0, n, every), x_letters[::every])
    ax.set_yticks(range(rows), [f"$f_{{{row + 1}}}$" for row in range(rows)])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, colors=INK, labelsize=9, pad=2)
    heads = (((n - 1) / 2, 17, "$f_k(x)$ for each letter x", "center"), (end, 5, "weight", "left"))
    for place, lift, text, side in (*heads, (end, 5, "      rate $H(q_k)$", "left")):
        offset = (0, lift) if side == "center" else ((5, lift) if text == "weight" else (35, lift))
        ax.annotate(
            text,
            (place, 1.0),
            xycoords=ax.get_xaxis_transform(),
            xytext=offset,
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=9,
            color=INK,
        )
    ax.spines[:].set_visible(False)
