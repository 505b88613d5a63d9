"""How a solution shows itself: one line in a terminal, a table in a notebook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mecbopt.problem import html
from mecbopt.problem.problem_text import letter_names
from mecbopt.problem.status import Status
from mecbopt.tolerances import GAP

if TYPE_CHECKING:
    from mecbopt.problem.solution import Solution

__all__ = ["coupling_table", "figures", "html_table", "one_line", "smallest_label_entropy"]

#: Largest alphabets whose coupling a notebook shows in full.
_MAX_ROWS, _MAX_COLUMNS = 20, 12


def one_line(solution: Solution) -> str:
    """Value, bound, gap, rate and status."""
    parts = [solution.status.value]
    if solution.mixture is not None:
        symbol, unit = ("I(X;Y)", " bits") if solution.problem.distortion is None else ("E d(X,Y)", "")
        parts += [
            f"{symbol} = {solution.objective:.6f}{unit}",
            f"bound {solution.objective_bound:.6f}",
            f"gap {solution.gap:.2g}",
            f"rate {solution.rate:.6f}",
        ]
    parts += [
        f"{name} {words}"
        for name, words in (
            ("smallest label entropy", smallest_label_entropy(solution)),
            ("smallest rate", _figure(solution.smallest_rate, "")),
        )
        if words
    ]
    return f"Solution({', '.join(parts)})"


def html_table(solution: Solution) -> str:
    """Figures, and the coupling where it is small enough to read."""
    return html.figures(figures(solution)) + coupling_table(solution, _MAX_ROWS, _MAX_COLUMNS)


def figures(solution: Solution) -> list[tuple[str, str]]:
    """What is known, name by name; a figure that there is none of is the empty text."""
    distortion = solution.problem.distortion is not None
    unit = "" if distortion else " bits"
    infeasible = solution.status is Status.INFEASIBLE
    return [
        ("status", f"{solution.status.value} ({solution.stop_reason.value})"),
        ("E d(X,Y)" if distortion else "I(X;Y)", _figure(solution.objective, unit)),
        (
            "lower bound" if distortion else "upper bound",
            "" if infeasible else _figure(solution.objective_bound, unit),
        ),
        ("gap", "" if math.isnan(solution.gap) else f"{solution.gap:.2g}{unit}"),
        ("rate H(Y|U)", _figure(solution.rate, " bits")),
        ("H(S|Y,U)", _figure(solution.label_entropy_with_seed, " bits")),
        ("H(S|Y)", _figure(solution.label_entropy_without_seed, " bits")),
        ("smallest C at this rate", smallest_label_entropy(solution, " bits")),
        ("smallest R for this C", _figure(solution.smallest_rate, " bits")),
        ("mappings", "" if solution.mixture is None else str(len(solution.mixture))),
    ]


def smallest_label_entropy(solution: Solution, unit: str = "") -> str:
    """The smallest C at the rate: one number where it is proved to `GAP`, else the two around it."""
    found, bound = solution.smallest_label_entropy, solution.smallest_label_entropy_bound
    open_to = found is not None and bound is not None and found > bound + GAP
    return f"{bound:.6f} to {_figure(found, unit)}" if open_to else _figure(found, unit)


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.6f}{unit}"


def coupling_table(solution: Solution, most_rows: int, most_columns: int) -> str:
    """P(x, y), with the names of the letters; nothing where it is larger or absent."""
    n, m = solution.problem.shape
    if solution.coupling is None or n > most_rows or m > most_columns:
        return ""
    x_names = letter_names(solution.problem.x_letters, n)
    y_names = letter_names(solution.problem.y_letters, m)
    rows = zip(x_names, solution.coupling, strict=True)
    return html.matrix(
        "P(x, y)",
        [f"y = {name}" for name in y_names],
        [(f"x = {name}", [f"{mass:.4f}" for mass in row]) for name, row in rows],
    )
