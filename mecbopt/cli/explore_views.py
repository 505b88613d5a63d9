"""What the explorer shows, as HTML: two bits in closed form, small alphabets, and problems of the user's own.

The notebook (`explore_app.py`) holds the controls alone; everything that it computes is here, without marimo.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from mecbopt import bernoulli
from mecbopt.analysis import rate_curve
from mecbopt.cli.report_page import verdict
from mecbopt.cli.values import PMF
from mecbopt.control import Progress
from mecbopt.errors import InfeasibleError, MecboptError, ProblemError
from mecbopt.info import binary_entropy
from mecbopt.problem import Mixture, Problem, Solution, Status, StopReason, html
from mecbopt.problem.files import problem_from_document
from mecbopt.problem.solution_text import figures
from mecbopt.problem.text import parse_json, parse_toml
from mecbopt.solving import solve

__all__ = ["pasted_problem", "problem_view", "small_view", "solved", "two_bits_view"]

#: Points of a curve, and seconds for each and for the solution where a slider waits for the answer.
_POINTS, _POINT_SECONDS, _SECONDS = 13, 0.1, 2.0


def two_bits_view(
    q_x: float, q_y: float, rate: float, crossover: float | None, max_label_entropy: float | None
) -> str:
    """The optimum of two bits, both ends, the curve with the point, coupling, mixture and label trade-off."""
    try:
        best = bernoulli.solve(q_x, q_y, rate, crossover, max_label_entropy)
    except InfeasibleError as error:
        return _alert(str(error))
    rows = [
        ("I(X;Y)", f"{best.mutual_information:.6f} bits"),
        ("end", best.end),
        ("active", best.branch),
        ("delta", f"{best.delta:.6f}"),
        ("rate H(Y|U)", f"{best.rate:.6f} bits"),
    ]
    if best.label_entropy_with_seed is not None:
        rows.append(("H(S|Y,U)", f"{best.label_entropy_with_seed:.6f} bits"))
    switch = bernoulli.crossover_rate(q_x, q_y)
    rows.append(("crossover rate R*", "none: the ends tie" if switch is None else f"{switch:.6f} bits"))
    channel = None if crossover is None else [[1 - crossover, crossover], [crossover, 1 - crossover]]
    problem = Problem([1 - q_x, q_x], [1 - q_y, q_y], rate, channel)
    return html.figures(rows) + _drawn(
        _binary_curve(best, rate, max_label_entropy), *_solution_pictures(_as_solution(problem, best.mixture))
    )


def _as_solution(problem: Problem, mixture: Mixture) -> Solution:
    """A mixture of the closed form as what the pictures take."""
    return Solution(problem, Status.OPTIMAL, StopReason.EXHAUSTED, mixture, math.inf, engine="closed form")


def _binary_curve(
    best: bernoulli.BernoulliOptimum, rate: float, max_label_entropy: float | None
) -> Callable[[], Any]:
    """I(X;Y) over R with the comonotone branch and, with a label, over C beside it."""

    def draw() -> Any:
        from mecbopt.plots import new_figure
        from mecbopt.plots.style import ACCENT, GREY, LINES, quiet

        q_x, q_y, crossover = best.q_x, best.q_y, best.crossover
        panels = 1 if max_label_entropy is None else 2
        figure = new_figure(4.6 * panels, 3.2)
        axes = figure.subplots(1, panels, squeeze=False)[0]
        rates = np.linspace(0.0, max(float(binary_entropy(q_x)), 0.05), 160)
        axes[0].plot(rates, bernoulli.value(q_x, q_y, rates, crossover, max_label_entropy), color=LINES[0])
        if max_label_entropy is None:
            printed = [bernoulli.comonotone(q_x, q_y, r).mutual_information for r in rates]
            axes[0].plot(rates, printed, color=GREY, linestyle="--", label="comonotone branch")
            axes[0].legend(frameon=False, fontsize=8)
        axes[0].set_xlabel("rate R, bits")
        axes[0].plot([min(rate, rates[-1])], [best.mutual_information], "o", color=ACCENT)
        if max_label_entropy is not None:
            limits = np.linspace(0.0, 1.0, 160)
            axes[1].plot(limits, bernoulli.value(q_x, q_y, rate, crossover, limits), color=LINES[0])
            axes[1].plot([max_label_entropy], [best.mutual_information], "o", color=ACCENT)
            axes[1].set_xlabel("label limit C, bits")
        for ax in axes:
            ax.set_ylabel("I(X;Y), bits")
            quiet(ax, grid=True)
        return figure

    return draw


def small_view(p_x: str, p_y: str, rate: float) -> str:
    """A small problem of two typed pmfs: the solution at once, and its curve."""
    try:
        problem = Problem(_pmf("X", p_x), _pmf("Y", p_y), rate, normalize=True)
        solution = solve(problem, time_limit=_SECONDS)
        rates = np.linspace(0.0, max(problem.entropy_y, 0.01), _POINTS)
        curve = rate_curve(problem, rates, time_limit=_POINT_SECONDS)
    except MecboptError as error:
        return _alert(str(error))

    def draw() -> Any:
        from mecbopt import plots

        return plots.curve(curve, point=solution)

    return problem_view(solution, draw)


def _pmf(name: str, text: str) -> list[Any]:
    """Numbers that were typed, errors in the words of this page."""
    import click

    try:
        numbers: list[Any] = PMF.convert(text, None, None)
    except click.UsageError as error:
        raise ProblemError(f"the law of {name}: {error.format_message()}") from error
    return numbers


def pasted_problem(text: str) -> Problem:
    """The problem that a text states, TOML or, where it begins with a brace, JSON.

    Raises
    ------
    ProblemError
        It states none.
    """
    parse = parse_json if text.lstrip().startswith("{") else parse_toml
    return problem_from_document(parse(text, ProblemError))


def solved(
    text: str, method: str, time_limit: float, tell: Callable[[str], None] = lambda _: None
) -> Solution | str:
    """The solution of a pasted problem, or what is wrong with it.

    Parameters
    ----------
    text : str
    method : str
    time_limit : float
        Seconds.
    tell : callable
        Told incumbent and bound as they change.
    """

    def heard(report: Progress) -> None:
        tell(
            f"I(X;Y) {report.mutual_information:.6f}, at most {report.upper_bound:.6f}, "
            f"{report.nodes} nodes, {report.seconds:.0f} s"
        )

    try:
        return solve(pasted_problem(text), method=method, time_limit=time_limit, progress=heard)
    except MecboptError as error:
        return str(error)


def problem_view(solution: Solution | str, *drawings: Callable[[], Any]) -> str:
    """A solution with its figures and pictures, or an error."""
    if isinstance(solution, str):
        return _alert(solution)
    head = f"<p><strong>{escape(verdict(solution))}</strong></p>{html.figures(figures(solution))}"
    return head + _drawn(*drawings, *_solution_pictures(solution))


def _solution_pictures(solution: Solution) -> list[Callable[[], Any]]:
    from mecbopt import plots

    if not solution.has_coupling:
        return []
    return [lambda: plots.coupling(solution), lambda: plots.mixture(solution)]


def _drawn(*drawings: Callable[[], Any]) -> str:
    """Pictures side by side where there is room."""
    from mecbopt.plots.style import svg_text

    pictures = []
    for draw in drawings:
        data = base64.b64encode(svg_text(draw()).encode()).decode()
        style = "background:white;max-width:100%;height:auto;border-radius:6px"
        pictures.append(f'<img alt="" style="{style}" src="data:image/svg+xml;base64,{data}">')
    row = "display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start"
    return f'<div style="{row}">{"".join(pictures)}</div>'


def _alert(text: str) -> str:
    return f'<p role="alert"><strong>{escape(text)}</strong></p>'
