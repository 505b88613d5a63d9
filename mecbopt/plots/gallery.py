"""The figures of the documentation, each drawn from the solver itself.

Its systems are the paper's figures 1, 4 and 6, and the two that follow answer its figures 3 and 5 (I against
R without and with labels for binary sources).  How the printed figures are arranged and what their parameters
are is not known to us: both are our own here, and the parameters stand in the titles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mecbopt.analysis import RateCurve, rate_curve
from mecbopt.data import demo_problem
from mecbopt.plots.curves import curve
from mecbopt.plots.loss_map import loss_map
from mecbopt.plots.overview import solution_figure
from mecbopt.plots.seed_value import common_randomness
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, new_figure, quiet
from mecbopt.plots.systems import system_of_images, system_with_label, system_without_label
from mecbopt.problem import Problem, Solution, StopReason
from mecbopt.solving import solve

__all__ = ["FIGURES"]

_RATES = np.linspace(0.0, 1.0, 151)


def rate_without_labels() -> Figure:
    """I against R for pairs of binary sources, no label (figure 3 of the paper; parameters ours)."""
    pairs = [(0.5, 0.5), (0.3, 0.5), (0.3, 0.3), (0.2, 0.4), (0.1, 0.2)]
    figure = new_figure(6.8, 4.4)
    ax = figure.add_subplot()
    for (q_x, q_y), colour in zip(pairs, LINES, strict=False):
        points = _solved(_binary(q_x, q_y), _RATES)
        ax.plot(
            points.rates, points.mutual_information, color=colour, linewidth=1.9, label=f"{q_x:g}, {q_y:g}"
        )
    ax.plot(_RATES, _RATES, color=GREY, linestyle=":", linewidth=1.1)
    ax.annotate("I = R", (0.86, 0.86), xytext=(-8, 2), textcoords="offset points", ha="right", color=GREY)
    _label_axes(ax, "Binary sources without a label: the solver's optimum, gap at most 1e-6 bits")
    ax.legend(
        title="P(X=1), P(Y=1)",
        frameon=False,
        fontsize=9,
        title_fontsize=9,
        loc="upper left",
        alignment="left",
    )
    return figure


def rate_with_labels() -> Figure:
    """I against R for a binary source with a noisy label, several limits C (figure 5; parameters ours)."""
    q_x, q_y, crossover = 0.3, 0.4, 0.1
    figure = new_figure(6.8, 4.4)
    ax = figure.add_subplot()
    channel = [[1 - crossover, crossover], [crossover, 1 - crossover]]
    base = _binary(q_x, q_y).replace(p_s_given_x=channel)
    limits = (math.inf, 0.8, 0.65, 0.54, 0.52, 0.5)
    for limit, colour in zip(limits, LINES, strict=False):
        problem = base if math.isinf(limit) else base.replace(max_label_entropy=limit)
        points = _solved(problem, np.union1d(_RATES, [] if math.isinf(limit) else [_first_rate(problem)]))
        name = "no limit" if math.isinf(limit) else f"C = {limit:g}"
        width = 4.5 if math.isinf(limit) else 1.9
        ax.plot(
            points.rates,
            points.mutual_information,
            color="#cfd6dc" if math.isinf(limit) else colour,
            linewidth=width,
            label=name,
            solid_capstyle="round",
        )
        if not math.isinf(limit):
            start = int(np.argmax(points.feasible))
            ax.plot(points.rates[start], points.mutual_information[start], "o", color=colour, markersize=6)
    ax.set_xlim(0, 1)
    _label_axes(
        ax,
        f"Binary sources with a label: P(X=1) = {q_x:g}, P(Y=1) = {q_y:g}, S = X flipped with {crossover:g}",
    )
    ax.legend(
        title="limit on H(S|Y,U), bits\n(dot: smallest feasible rate)",
        frameon=False,
        fontsize=9,
        title_fontsize=9,
        loc="upper left",
        alignment="left",
    )
    return figure


def optimum_and_comonotone() -> Figure:
    """The optimum against the comonotone branch for a = b = 0.3, and what the branch loses."""
    from mecbopt import bernoulli

    q = 0.3
    crossover = bernoulli.crossover_rate(q, q)
    rates = np.union1d(np.linspace(0.0, 1.0, 201), [] if crossover is None else [crossover])
    optimum = _solved(_binary(q, q), rates)
    branch = np.array([bernoulli.comonotone(q, q, rate).mutual_information for rate in rates])
    loss = optimum.mutual_information - branch
    figure = new_figure(6.8, 5.2)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.3))
    top.plot(rates, optimum.mutual_information, color=LINES[0], linewidth=2.2, label="optimum (solver)")
    top.plot(
        rates, branch, color=ACCENT, linewidth=1.8, linestyle="--", label="comonotone branch (closed form)"
    )
    top.fill_between(rates, branch, optimum.mutual_information, color=ACCENT, alpha=0.15, linewidth=0)
    _label_axes(top, f"P(X=1) = P(Y=1) = {q:g}: at low rates the antitone coupling carries more")
    top.set_xlabel("")
    top.legend(frameon=False, fontsize=9, loc="upper left")
    bottom.fill_between(rates, 0.0, loss, color=ACCENT, alpha=0.3, linewidth=0)
    bottom.plot(rates, loss, color=ACCENT, linewidth=1.6)
    quiet(bottom, grid=True)
    bottom.set_ylim(bottom=0.0)
    bottom.set_xlabel("rate R = limit on H(Y|U), bits")
    bottom.set_ylabel("loss, bits")
    if crossover is not None:
        for ax in (top, bottom):
            ax.axvline(crossover, color=GREY, linewidth=1.0, linestyle=":")
        top.annotate(
            f"R* = {crossover:.4f}",
            (crossover, 0.02),
            xycoords=top.get_xaxis_transform(),
            xytext=(5, 3),
            textcoords="offset points",
            color=INK,
            fontsize=9,
        )
    return figure


def coupling_and_mixture() -> Figure:
    """The bundled example: its coupling and its mixture."""
    return solution_figure(_finished(solve(demo_problem())))


def curve_with_band() -> Figure:
    """A ternary problem with a label: the optimum, and the band that a local search leaves open."""
    problem = Problem(
        [0.45, 0.35, 0.2],
        [0.5, 0.3, 0.2],
        p_s_given_x=[[0.95, 0.05], [0.6, 0.4], [0.1, 0.9]],
        max_label_entropy=0.8,
    )
    rates = np.linspace(0.0, 1.6, 65)
    figure = new_figure(6.8, 4.4)
    ax = figure.add_subplot()
    curve(_solved(problem, rates, method="local"), ax, label="local search: value and bound", color=LINES[1])
    _thin(curve(_solved(problem, rates), ax, label="exact: both bounds meet", limit=False))
    ax.set_title("Three letters each, H(S|Y,U) at most 0.8 bits", fontsize=10, color=INK, loc="left")
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0.25, 1.0))
    return figure


def _solved(problem: Problem, rates: NDArray[np.float64], **options: Any) -> RateCurve:
    """The curve, or the interruption passed on: a figure shows no point that was cut short."""
    points = rate_curve(problem, rates, **options)
    for solution in points.solutions:
        _finished(solution)
    return points


def _finished(solution: Solution) -> Solution:
    if solution.stop_reason is StopReason.INTERRUPTED:
        raise KeyboardInterrupt
    return solution


def _thin(ax: Axes) -> None:
    """Let the curve below show beside the last one."""
    ax.lines[-1].set(linewidth=1.2, markersize=2)


def _first_rate(problem: Problem) -> float:
    """The smallest rate at which the label limit is attainable, bits."""
    smallest = _finished(solve(problem.replace(rate=0.0))).smallest_rate
    # At the very rate the feasible set is a single point, which rounding can miss: stay a hair above.
    return 0.0 if smallest is None else smallest + 1e-9


def _binary(q_x: float, q_y: float) -> Problem:
    return Problem([1 - q_x, q_x], [1 - q_y, q_y])


def _label_axes(ax: Axes, title: str) -> None:
    ax.set_xlabel("rate R = limit on H(Y|U), bits")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(bottom=0.0)
    ax.set_title(title, fontsize=10, color=INK, loc="left")
    quiet(ax, grid=True)


#: File name -> function that draws it.
FIGURES: dict[str, Callable[[], Figure]] = {
    "system-without-label": system_without_label,
    "system-with-label": system_with_label,
    "system-of-images": system_of_images,
    "rate-without-labels": rate_without_labels,
    "rate-with-labels": rate_with_labels,
    "optimum-and-comonotone": optimum_and_comonotone,
    "largest-loss": loss_map,
    "coupling-and-mixture": coupling_and_mixture,
    "curve-with-band": curve_with_band,
    "common-randomness": common_randomness,
}
