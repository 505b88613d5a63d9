"""A solution on one page: its coupling, its mixture and its figures."""

from __future__ import annotations

import math

from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from mecbopt.plots.heatmap import column_width, coupling
from mecbopt.plots.mixtures import mixture, tile_width
from mecbopt.plots.style import INK, letters, new_figure, side_width, upright_height
from mecbopt.problem import Solution, Status

__all__ = ["solution_figure"]


def solution_figure(solution: Solution) -> Figure:
    """Draw coupling and mixture side by side under a line that says what is known.

    Raises
    ------
    SolutionError
        The solution has no coupling.
    """
    n, m = solution.problem.shape
    rows = 0 if solution.mixture is None else len(solution.mixture)
    x_letters, y_letters = letters(solution.problem.x_letters, n), letters(solution.problem.y_letters, m)
    left, right = min(1.9 + 0.52 * m, 9.0) + side_width(x_letters), min(2.7 + 0.78 * n, 12.0)
    names = upright_height(x_letters, tile_width(n)) + upright_height(y_letters, column_width(m))
    figure = new_figure(left + right, min(max(2.8, 1.8 + 0.46 * max(n, rows)), 12.0) + names)
    left_axes, right_axes = figure.subplots(1, 2, width_ratios=(left, right))
    coupling(solution, left_axes)
    mixture(solution, right_axes)
    headline = figure.suptitle("", color=INK, fontsize=11, x=0.01, ha="left")
    _fill(headline, _headline(solution), figure)
    return figure


def _fill(headline: Text, parts: list[str], figure: Figure) -> None:
    """As many parts in a line as the figure is wide, measured as they are drawn."""
    renderer: RendererBase = RendererAgg(  # type: ignore[no-untyped-call]
        figure.bbox.width, figure.bbox.height, figure.dpi
    )
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]},  {part}" if lines else part
        headline.set_text(longer)
        if lines and headline.get_window_extent(renderer).width > 0.97 * figure.bbox.width:
            lines.append(part)
        else:
            lines[-1:] = [longer]
    headline.set_text("\n".join(lines))


def _headline(solution: Solution) -> list[str]:
    """The value with its bound, the rate and the label entropy."""
    problem, value = solution.problem, solution.mutual_information
    parts = [f"$I(X;Y) = {value:.4f}$ bits, {solution.status.value}"]
    if solution.status is not Status.OPTIMAL:
        parts[0] += f" (at most {solution.upper_bound:.4f})"
    limit = "" if math.isinf(problem.rate) else rf" of $R = {problem.rate:.4g}$"
    parts.append(f"$H(Y|U) = {solution.rate:.4f}${limit}")
    if solution.label_entropy_with_seed is not None:
        limit = "" if problem.max_label_entropy is None else rf" of $C = {problem.max_label_entropy:.4g}$"
        parts.append(f"$H(S|Y,U) = {solution.label_entropy_with_seed:.4f}${limit}")
    return parts
