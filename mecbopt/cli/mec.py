"""`mecbopt mec`: plain minimum entropy couplings of two and more marginals."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

import mecbopt.mec as plain
from mecbopt.cli.inputs import option_names
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code
from mecbopt.cli.outputs import FilesFirst, Output, output_options, to_standard, write_json
from mecbopt.cli.tables import figures_table, framed_table, output_console
from mecbopt.cli.values import NUMBER, PMF
from mecbopt.mec import MecResult, SparseCoupling

__all__ = ["mec"]

_EPILOG = """\b
Examples:
  mecbopt mec --p 0.5,0.5 --q 0.6,0.4
  mecbopt mec --p 0.5,0.3,0.2 --q 0.4,0.4,0.2 --r 0.6,0.3,0.1 --json out.json
  mecbopt mec --p 7,2,1 --q 6,4 --normalize --method greedy

\b
Exit codes: 0 done (greedy counts as done); 2 wrong usage or input; 3 stopped
by a limit or Ctrl-C.
"""

#: Longer lists of cells are not readable in a terminal; the JSON file has them whole.
_MOST_CELLS = 60
_OPTION_OF_ARGUMENT = {
    "p": "--p",
    "q": "--q",
    "more": "--r",
    "time_limit": "--time-limit",
    "normalize": "--normalize",
    "pass normalize=True": "add --normalize",
}


@click.command(epilog=_EPILOG)
@click.option("--p", "p", type=PMF, required=True, help="Pmf: numbers or fractions a/b, separated by commas.")
@click.option("--q", "q", type=PMF, required=True, help="Pmf of the second variable.")
@click.option("--r", "more", type=PMF, multiple=True, help="Pmf of a further variable; may be repeated.")
@click.option(
    "--method",
    type=click.Choice(("exact", "greedy")),
    default="exact",
    show_default=True,
    help="exact proves the least entropy, greedy takes any size.",
)
@click.option("--time-limit", type=NUMBER, help="Seconds after which exact stops with what was found.")
@click.option("--normalize", is_flag=True, help="Accept counts: divide each pmf by its sum.")
@output_options("the coupling", quiet="Print the figures without the cells.")
def mec(
    p: list[Any],
    q: list[Any],
    more: tuple[list[Any], ...],
    method: str,
    time_limit: Any,
    normalize: bool,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Find the joint law of least entropy with given marginals, two or more of them."""
    if method == "greedy" and time_limit is not None:
        raise click.UsageError("--time-limit goes with --method exact: leave it out, greedy takes no time.")
    with option_names(_OPTION_OF_ARGUMENT):
        if method == "greedy":
            result = plain.greedy(p, q, *more, sparse=True, normalize=normalize)
        else:
            result = plain.exact(p, q, *more, time_limit=time_limit, normalize=normalize)
    support = result.support
    writing = FilesFirst()
    with writing():
        write_json(json_output, _document(result, support))
    console = output_console(aside=to_standard(json_output))
    _print(result, support, console, with_cells=not quiet)
    writing.close()
    return exit_code(result)


def _document(result: MecResult, support: SparseCoupling) -> dict[str, Any]:
    return {
        "format": "mecbopt-mec-1",
        "units": "bits",
        "status": result.status.value,
        "stop_reason": result.stop_reason.value,
        "entropy": result.entropy,
        "lower_bound": result.lower_bound,
        "gap": result.gap,
        "shape": list(support.shape),
        "cells": support.indices.tolist(),
        "masses": support.masses.tolist(),
    }


def _print(result: MecResult, support: SparseCoupling, console: Console, *, with_cells: bool) -> None:
    table = figures_table()
    table.add_row("status", f"{result.status.value} - {result.status.meaning}")
    table.add_row("stopped", f"{result.stop_reason.value} - {result.stop_reason.meaning}")
    table.add_row("joint entropy", f"{result.entropy:.9f} bits")
    table.add_row("lower bound", f"{result.lower_bound:.9f} bits")
    table.add_row("gap", f"{max(result.gap, 0.0):.1e}")
    cells = " x ".join(map(str, support.shape))
    table.add_row("support", f"{len(support.masses)} of {cells} cells")
    console.print(table)
    if not with_cells:
        return
    if len(support.masses) > _MOST_CELLS:
        console.print("The cells are not shown; write them with --json.")
        return
    listing = framed_table()
    for position in range(len(support.shape)):
        listing.add_column(f"x{position + 1}", justify="right")
    listing.add_column("mass", justify="right")
    for letters, mass in zip(support.indices.tolist(), support.masses.tolist(), strict=True):
        listing.add_row(*map(str, letters), f"{mass:.6f}")
    console.print(listing)
