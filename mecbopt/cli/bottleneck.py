"""`mecbopt bottleneck`: the best encoder and decoder that share no randomness."""

from __future__ import annotations

from typing import Any

import click
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

import mecbopt.bottleneck as without_seed
from mecbopt.bottleneck.result import DEFAULT_GAP, BottleneckResult
from mecbopt.cli.inputs import ProblemSource, option_names, problem_options
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code, limit_options
from mecbopt.cli.outputs import FilesFirst, Output, output_options, refuse_equal_paths, to_standard
from mecbopt.cli.progress import live_progress
from mecbopt.cli.tables import MAX_COLUMNS, MAX_ROWS, figures_table, framed_table, letters, output_console

__all__ = ["bottleneck"]

_EPILOG = """\b
Examples:
  mecbopt bottleneck --px 0.7,0.3 --py 0.7,0.3 --rate 0.7
  mecbopt bottleneck problem.toml --json result.json

\b
Exit codes: 0 done (a local search that finished counts as done);
1 bounds that cross;
2 wrong usage or input; 3 stopped by a limit or Ctrl-C.
"""


@click.command(epilog=_EPILOG)
@problem_options()
@limit_options(gap=DEFAULT_GAP)
@output_options("the result", quiet="Print the figures without the tables.")
def bottleneck(source: ProblemSource, json_output: Output | None, quiet: bool, **options: Any) -> ExitCode:
    """Find the coupling of greatest I(X;Y) where encoder and decoder share no randomness and H(T) <= R.

    The problem comes from a FILE (.toml or .json), from --px and --py, or from columns of --samples.
    """
    refuse_equal_paths({"--json": json_output}, source.input_paths)
    problem = source.problem()
    with option_names(), live_progress() as progress:
        result = without_seed.solve(problem, progress=progress, **options)
    writing = FilesFirst()
    if json_output is not None:
        with writing():
            json_output.write(result.to_json())
    console = output_console(aside=to_standard(json_output))
    console.print(_summary(result))
    if not quiet:
        _print_channels(result, console)
    writing.close()
    return exit_code(result)


def _summary(result: BottleneckResult) -> Table:
    table = figures_table()
    table.add_row("status", f"{result.status.value} - {result.status.meaning}")
    table.add_row("stopped", f"{result.stop_reason.value} - {result.stop_reason.meaning}")
    table.add_row("I(X;Y)", f"{result.mutual_information:.6f} bits")
    table.add_row("upper bound", f"{result.upper_bound:.6f} bits")
    table.add_row("gap", f"{max(result.gap, 0.0):.1e} (asked for: {result.gap_tolerance:g})")
    table.add_row("rate H(T)", f"{result.rate:.6f} bits, limit R = {result.problem.rate:.6g}")
    baseline = without_seed.greedy(result.problem).mutual_information
    table.add_row("two-step greedy", f"{baseline:.6f} bits (merge letters, then couple greedily)")
    nodes = f", {result.nodes} nodes" if result.nodes else ""
    table.add_row("found by", f"method {result.method}{nodes}, {result.seconds:.2f} s")
    return table


def _print_channels(result: BottleneckResult, console: Console) -> None:
    """Encoder and decoder, or where to find them."""
    (n, t), m = result.encoder.shape, result.decoder.shape[1]
    if max(t, m) > MAX_COLUMNS or max(n, t) > MAX_ROWS:
        console.print(f"encoder and decoder have {n} x {t} and {t} x {m} entries; write them with --json.")
        return
    x_letters = letters(result.problem.x_letters, n, console.encoding)
    y_letters = letters(result.problem.y_letters, m, console.encoding)
    t_letters = [str(letter) for letter in range(t)]
    console.print("\n[bold]encoder[/] p(t|x)")
    console.print(_channel("x \\ t", x_letters, t_letters, result.encoder))
    console.print("[bold]decoder[/] p(y|t)")
    console.print(_channel("t \\ y", t_letters, y_letters, result.decoder))


def _channel(corner: str, rows: list[str], columns: list[str], channel: NDArray[Any]) -> Table:
    table = framed_table()
    table.add_column(corner, style="bold")
    for name in columns:
        table.add_column(Text(name), justify="right")
    for name, row in zip(rows, channel, strict=True):
        table.add_row(Text(name), *(f"{value:.6f}" if value > 0 else Text("0", style="dim") for value in row))
    return table
