"""How a curve shows itself: one line, rows of figures for files and frames, a table in a notebook."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from mecbopt.problem import Solution, html

if TYPE_CHECKING:
    from mecbopt.analysis.curve import RateCurve

__all__ = ["FIELDS", "csv_text", "html_table", "one_line", "rows"]

#: Names of the figures of a point, in their order.
FIELDS = (
    "rate",
    "mutual_information",
    "upper_bound",
    "gap",
    "status",
    "stop_reason",
    "rate_used",
    "label_entropy_with_seed",
    "label_entropy_without_seed",
    "nodes",
    "seconds",
)
#: Rows of a table that somebody reads; of a longer curve it has evenly many points, both ends among them.
_MAX_ROWS = 24


def one_line(curve: RateCurve) -> str:
    """Points, values, largest gap and states."""
    count = len(curve.rates)
    rates = f"{curve.rates[0]:.6g}" if count == 1 else f"{curve.rates[0]:.6g} to {curve.rates[-1]:.6g}"
    parts = [f"{count} point{'' if count == 1 else 's'}, rate {rates}"]
    known = [solution for solution in curve.solutions if solution.has_coupling]
    if known:
        first, last = (solution.mutual_information for solution in (known[0], known[-1]))
        gaps = [solution.gap for solution in known if not math.isnan(solution.gap)]
        parts += [f"I(X;Y) {first:.6f} to {last:.6f} bits"]
        parts += [f"largest gap {max(gaps):.2g}"] if gaps else []
    states = Counter(solution.status.value for solution in curve.solutions)
    parts += [state if number == count else f"{number} {state}" for state, number in states.items()]
    return f"RateCurve({', '.join(parts)})"


def rows(curve: RateCurve) -> list[tuple[Any, ...]]:
    """The figures of each point in the order of `FIELDS`; None where there is none."""
    return [
        (float(rate), *_figures(solution))
        for rate, solution in zip(curve.rates, curve.solutions, strict=True)
    ]


def _figures(solution: Solution) -> tuple[Any, ...]:
    numbers = (
        solution.mutual_information,
        solution.upper_bound,
        solution.gap,
        solution.rate,
        solution.label_entropy_with_seed,
        solution.label_entropy_without_seed,
    )
    value, bound, gap, *rest = (
        None if number is None or not math.isfinite(number) else float(number) for number in numbers
    )
    states = (solution.status.value, solution.stop_reason.value)
    return value, bound, gap, *states, *rest, solution.nodes, solution.seconds


def csv_text(curve: RateCurve) -> str:
    """One line a point below the names; an empty field where there is no figure."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(FIELDS)
    for *figures, seconds in rows(curve):
        writer.writerow([*map(_cell, figures), f"{seconds:.6f}"])
    return stream.getvalue()


def _cell(figure: Any) -> Any:
    """Floats to the last bit."""
    return "" if figure is None else repr(figure) if isinstance(figure, float) else figure


def html_table(curve: RateCurve) -> str:
    """Rate, value, bound, gap and state of each point, or of evenly many of a long curve."""
    count = len(curve.rates)
    shown = min(count, _MAX_ROWS)
    chosen = sorted({round(k * (count - 1) / max(shown - 1, 1)) for k in range(shown)})
    lines = [
        (f"{curve.rates[k]:.6g}", [*_shown(curve.solutions[k]), curve.solutions[k].status.value])
        for k in chosen
    ]
    note = "" if shown == count else f"<p>{shown} of {count} points</p>"
    return html.matrix("rate R", ["I(X;Y), bits", "upper bound", "gap", "status"], lines) + note


def _shown(solution: Solution) -> list[str]:
    if not solution.has_coupling:
        return ["", "", ""]
    return [f"{solution.mutual_information:.6f}", f"{solution.upper_bound:.6f}", f"{solution.gap:.2g}"]
