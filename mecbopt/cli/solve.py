"""`mecbopt solve`: from a problem to its optimal coupling, its bound, a table and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mecbopt.cli.inputs import ProblemSource, option_names, problem_options
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code, solver_options
from mecbopt.cli.progress import live_progress
from mecbopt.cli.report import output_console, print_solution
from mecbopt.cli.values import PICTURE, OutputPath, refuse_equal_paths
from mecbopt.errors import NotSupportedError
from mecbopt.solving import solve as solve_problem

__all__ = ["solve"]

_EPILOG = """\b
Examples:
  mecbopt solve problem.toml --json solution.json --plot solution.png
  mecbopt solve --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5
  mecbopt solve --px 1/3,1/3,1/3 --py 0.6,0.4 --ps-given-x "0.9,0.1;0.2,0.8;0.5,0.5" --max-label-entropy 0.9
  mecbopt solve --samples data.csv --x reading --label alarm --py 0.5,0.5 --rate 0.8 --max-label-entropy 0.6

\b
Exit codes: 0 done; 1 infeasible; 2 wrong usage or input; 3 stopped by a limit or Ctrl-C before the gap.
"""


@click.command(epilog=_EPILOG)
@problem_options
@solver_options
@click.option("--json", "json_path", type=OutputPath(), help="Write the solution.")
@click.option("--plot", type=PICTURE, help="Draw coupling and mixture (.png, .pdf or .svg).")
@click.option("--certificate", type=OutputPath(), help="Write a certificate (not supported yet).")
@click.option("--quiet", is_flag=True, help="Print the figures without the tables.")
def solve(
    source: ProblemSource,
    json_path: Path | None,
    plot: Path | None,
    certificate: Path | None,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Find the coupling of greatest I(X;Y) for given marginals, rate and label, with a bound that proves it.

    The problem comes from a FILE (.toml or .json), from --px and --py, or from columns of --samples.
    """
    if certificate is not None:
        raise NotSupportedError(
            f"--certificate is {certificate}: certificates are not supported yet; "
            "leave it out, the bound printed with the value is a statement in floating point."
        )
    refuse_equal_paths({"--json": json_path, "--plot": plot}, source.input_paths)
    problem = source.problem()
    with option_names(), live_progress() as progress:
        solution = solve_problem(problem, progress=progress, **options)
    if json_path is not None:
        solution.to_json(json_path)
    console = output_console()
    print_solution(solution, console, with_tables=not quiet)
    if plot is not None:
        if solution.has_coupling:
            from mecbopt.plots import save, solution_figure

            save(solution_figure(solution), plot)
        else:
            click.echo(f"No picture is drawn into {plot}: there is no coupling.", err=True)
    return exit_code(solution)
