"""`mecbopt curve`: the value over a range of rates, each point with its bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from numpy.typing import NDArray
from rich.console import Console

from mecbopt.analysis import RateCurve, rate_curve
from mecbopt.analysis.curve_text import FIELDS, rows
from mecbopt.cli.inputs import ProblemSource, option_names, problem_options
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code, solver_options
from mecbopt.cli.outputs import (
    PICTURE,
    FilesFirst,
    Output,
    OutputText,
    output_options,
    refuse_equal_paths,
    to_standard,
    write_json,
)
from mecbopt.cli.progress import PointCounter, live_progress
from mecbopt.cli.tables import framed_table, output_console
from mecbopt.cli.values import RATES
from mecbopt.problem import Solution, Status
from mecbopt.problem.solution_text import smallest_label_entropy

__all__ = ["curve"]

_EPILOG = """\b
Examples:
  mecbopt curve problem.toml --rates 0:1.5:31 --plot curve.png --csv curve.csv
  mecbopt curve --px 0.7,0.3 --py 0.6,0.4 --rates 0.1,0.2,0.4,0.8

\b
Exit codes: 0 done; 1 no rate is feasible; 2 wrong usage or input; 3 stopped
by a limit or Ctrl-C.
"""


@click.command(epilog=_EPILOG)
@problem_options(rate=False)
@click.option("--rates", type=RATES, required=True, help="Rates in bits, both ends included.")
@solver_options(each="rate")
@click.option("--csv", "csv_output", type=OutputText(), help="Write one line a rate; - prints them.")
@click.option("--plot", type=PICTURE, help="Draw the curve with its band (.png, .pdf or .svg).")
@output_options("the points")
def curve(
    source: ProblemSource,
    rates: NDArray[Any],
    csv_output: Output | None,
    plot: Path | None,
    json_output: Output | None,
    quiet: bool,
    workers: int,
    **options: Any,
) -> ExitCode:
    """Trace I(X;Y) over the rate; every point carries the bound that proves it."""
    outputs = {"--csv": csv_output, "--plot": plot, "--json": json_output}
    refuse_equal_paths(outputs, source.input_paths)
    problem = source.problem()
    if plot is not None:
        # Loaded before the search: after Ctrl-C or a limit there is no time for it.
        import mecbopt.plots
    counter = PointCounter(len(rates))
    with option_names(), live_progress(counter.prefix) as progress:
        # A callback cannot follow a point into another process.
        watch = counter.watching(progress) if progress is not None and workers == 1 else None
        points = rate_curve(problem, rates, workers=workers, progress=watch, **options)
    # Files first: whoever reads the table may go away in the middle of it.
    writing = FilesFirst()
    if csv_output is not None:
        with writing():
            csv_output.write(points.to_csv())
    with writing():
        write_json(json_output, _document(points))
    if plot is not None:
        with writing():
            mecbopt.plots.save(mecbopt.plots.curve(points), plot)
    print_curve(points, output_console(aside=to_standard(csv_output, json_output), quiet=quiet))
    writing.close()
    return _exit_code(points)


def _document(points: RateCurve) -> dict[str, Any]:
    lines = [dict(zip(FIELDS, figures, strict=True)) for figures in rows(points)]
    return {
        "format": "mecbopt-curve-1",
        "units": "bits",
        "problem": points.problem.to_document(),
        "points": lines,
    }


def print_curve(points: RateCurve, console: Console) -> None:
    """One row a rate."""
    table = framed_table()
    for name in ("rate R", "I(X;Y)", "upper bound", "gap"):
        table.add_column(name, justify="right")
    table.add_column("status")
    for rate, solution in zip(points.rates, points.solutions, strict=True):
        table.add_row(f"{rate:.6g}", *_figures(solution), _known(solution))
    console.print(table)


def _figures(solution: Solution) -> tuple[str, str, str]:
    if not solution.has_coupling:
        return "-", "-", "-"
    gap = f"{solution.gap:.1e}" if solution.gap > 0 else "0"
    return f"{solution.mutual_information:.6f}", f"{solution.upper_bound:.6f}", gap


def _known(solution: Solution) -> str:
    """The status, with the reason of the stop where it says more, and the way out of infeasibility."""
    if solution.status is Status.OPTIMAL:
        return str(solution.status.value)
    if solution.status is Status.INFEASIBLE:
        smallest = smallest_label_entropy(solution)
        return f"infeasible, smallest C is {smallest}" if smallest else "infeasible"
    return f"{solution.status.value}, {solution.stop_reason.value}"


def _exit_code(points: RateCurve) -> ExitCode:
    """A claim fails when no rate is feasible or bounds cross; else the worst of the feasible points."""
    feasible = [solution for solution in points.solutions if solution.status is not Status.INFEASIBLE]
    codes = [exit_code(solution) for solution in feasible]
    if not codes or ExitCode.CLAIM_FAILED in codes:
        return ExitCode.CLAIM_FAILED
    return max(codes)
