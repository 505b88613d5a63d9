"""How a solution shows itself: one line in a terminal, a table in a notebook."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mecbopt.problem.solution import Solution

__all__ = ["html_table", "one_line"]

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
        f"{name.replace('_', ' ')} {value:.6f}"
        for name in ("smallest_label_entropy", "smallest_rate")
        if (value := getattr(solution, name)) is not None
    ]
    return f"Solution({', '.join(parts)})"


def html_table(solution: Solution) -> str:
    """Figures, and the coupling where it is small enough to read."""
    distortion = solution.problem.distortion is not None
    unit = "" if distortion else " bits"
    figures = {
        "status": f"{solution.status.value} ({solution.stop_reason.value})",
        "E d(X,Y)" if distortion else "I(X;Y)": _figure(solution.objective, unit),
        "bound": _figure(solution.objective_bound, unit),
        "gap": "" if math.isnan(solution.gap) else f"{solution.gap:.2g}{unit}",
        "rate H(Y|U)": _figure(solution.rate, " bits"),
        "H(S|Y,U)": _figure(solution.label_entropy_with_seed, " bits"),
        "H(S|Y)": _figure(solution.label_entropy_without_seed, " bits"),
        "mappings": "" if solution.mixture is None else str(len(solution.mixture)),
    }
    rows = [
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in figures.items() if text
    ]
    return f"<table>{''.join(rows)}</table>{_coupling_table(solution)}"


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6f}{unit}"


def _coupling_table(solution: Solution) -> str:
    """P(x, y), with the names of the letters; nothing where it is large or absent."""
    n, m = solution.problem.shape
    if solution.coupling is None or n > _MAX_ROWS or m > _MAX_COLUMNS:
        return ""
    x_names = solution.problem.x_letters or tuple(range(n))
    y_names = solution.problem.y_letters or tuple(range(m))
    head = "".join(f"<th>y = {escape(str(name))}</th>" for name in y_names)
    lines = [
        f"<tr><th>x = {escape(str(name))}</th>{''.join(f'<td>{mass:.4f}</td>' for mass in row)}</tr>"
        for name, row in zip(x_names, solution.coupling, strict=True)
    ]
    return f"<table><tr><th>P(x, y)</th>{head}</tr>{''.join(lines)}</table>"
