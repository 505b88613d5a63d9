"""A solution on one page: its coupling, its mixture and its figures."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from mecbopt.plots.heatmap import coupling
from mecbopt.plots.mixtures import mixture
from mecbopt.plots.style import INK, new_figure
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
    left, right = min(1.9 + 0.52 * m, 9.0), min(2.7 + 0.78 * n, 12.0)
    figure = new_figure(left + right, min(max(2.8, 1.8 + 0.46 * max(n, rows)), 12.0))
    left_axes, right_axes = figure.subplots(1, 2, width_ratios=(left, right))
    coupling(solution, left_axes)
    mixture(solution, right_axes)
    figure.suptitle(_headline(solution), color=INK, fontsize=11, x=0.01, ha="left")
    return figure


def _headline(solution: Solution) -> str:
    """The value with its bound, the rate and the label entropy in one line."""
    problem, value = solution.problem, solution.mutual_information
    parts = [f"$I(X;Y) = {value:.4f}$ bits, {solution.status.value}"]
    if solution.status is not Status.OPTIMAL:
        parts[0] += f" (at most {solution.upper_bound:.4f})"
    limit = "" if math.isinf(problem.rate) else rf" of $R = {problem.rate:.4g}$"
    parts.append(f"$H(Y|U) = {solution.rate:.4f}${limit}")
    if solution.label_entropy_with_seed is not None:
        limit = "" if problem.max_label_entropy is None else rf" of $C = {problem.max_label_entropy:.4g}$"
        parts.append(f"$H(S|Y,U) = {solution.label_entropy_with_seed:.4f}${limit}")
    return ",  ".join(parts)
