"""What common randomness is worth: the optimum with a shared seed against the one without, over the rate."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mecbopt import bottleneck
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, new_figure, quiet
from mecbopt.problem import Problem, StopReason
from mecbopt.solving import solve

__all__ = ["PROBLEMS", "common_randomness", "values"]

#: Laws of X and Y (parameters ours).
PROBLEMS = {
    "two fair bits": Problem([0.5, 0.5], [0.5, 0.5]),
    "P(X=1) = P(Y=1) = 0.3": Problem([0.7, 0.3], [0.7, 0.3]),
    "(.5, .3, .2) to (.6, .4)": Problem([0.5, 0.3, 0.2], [0.6, 0.4]),
}
#: Rates of a curve.
_POINTS = 41


def values(problem: Problem, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """I(X;Y) with a shared seed, without one, and of the two-step greedy scheme; bits, shape (3, rates)."""
    rows = []
    for rate in rates:
        at = problem.replace(rate=float(rate))
        with_seed, without_seed = solve(at), bottleneck.solve(at)
        # A figure shows no point that was cut short.
        if StopReason.INTERRUPTED in (with_seed.stop_reason, without_seed.stop_reason):
            raise KeyboardInterrupt
        greedy = bottleneck.greedy(at)
        rows.append(
            (with_seed.mutual_information, without_seed.mutual_information, greedy.mutual_information)
        )
    return np.array(rows).T


def common_randomness() -> Figure:
    """Both optima over the rate, and between them what the seed is worth; the greedy scheme dashed."""
    figure = new_figure(9.6, 3.7)
    panels = figure.subplots(1, len(PROBLEMS))
    for ax, (name, problem) in zip(panels, PROBLEMS.items(), strict=True):
        end = min(problem.entropy_x, problem.entropy_y)
        rates = end * (1.0 - np.linspace(1.0, 0.0, _POINTS) ** 2)  # close together where the curves are steep
        _panel(ax, rates, values(problem, rates))
        ax.set_title(name, fontsize=10, color=INK, loc="left")
        ax.set_xlim(0.0, end)
    panels[0].set_ylabel("I(X;Y), bits")
    panels[0].legend(frameon=False, fontsize=8.5, loc="upper left")
    return figure


def _panel(ax: Axes, rates: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    with_seed, without_seed, greedy = found
    ax.fill_between(rates, without_seed, with_seed, color=ACCENT, alpha=0.13, linewidth=0)
    ax.plot(rates, with_seed, color=LINES[0], linewidth=1.9, label="shared seed")
    ax.plot(rates, without_seed, color=ACCENT, linewidth=1.9, label="no shared seed")
    ax.plot(rates, greedy, color=GREY, linewidth=1.3, linestyle="--", label="two-step greedy")
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("rate R, bits")
    quiet(ax, grid=True)
