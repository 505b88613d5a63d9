"""`mecbopt solve`: from a problem to its optimal coupling, its bound, a table and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mecbopt.cli.inputs import ProblemSource, option_names, problem_options
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code, solver_options
from mecbopt.cli.outputs import (
    PICTURE,
    FilesFirst,
    Output,
    OutputPath,
    output_options,
    refuse_equal_paths,
    to_standard,
)
from mecbopt.cli.progress import live_progress
from mecbopt.cli.tables import output_console, print_solution
from mecbopt.errors import CertificateError
from mecbopt.solving import solve as solve_problem

__all__ = ["solve"]

_EPILOG = """\b
Examples:
  mecbopt solve problem.toml --json solution.json --plot solution.png
  mecbopt solve --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5
  mecbopt solve --px 1/3,1/3,1/3 --py 0.6,0.4 --max-label-entropy 0.9 \\
                --ps-given-x "0.9,0.1;0.2,0.8;0.5,0.5"
  mecbopt solve --samples data.csv --x reading --label alarm --py 0.5,0.5 \\
                --rate 0.8 --max-label-entropy 0.6
  zcat data.csv.gz | mecbopt solve --samples - --delimiter ";" --x height \\
                --y width --bins 6 --rate 1
  mecbopt solve problem.toml --json - > solution.json
  mecbopt solve problem.toml --certificate proof.json.gz

\b
With --json - standard output holds the document alone, and the tables go to
standard error.

\b
Exit codes: 0 done; 1 infeasible; 2 wrong usage or input; 3 stopped by a limit
or Ctrl-C.
"""


@click.command(epilog=_EPILOG)
@problem_options()
@solver_options()
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the state of the search here; called again, it goes on.",
)
@click.option("--plot", type=PICTURE, help="Draw coupling and mixture (.png, .pdf or .svg).")
@click.option(
    "--certificate",
    type=OutputPath(".json", ".gz"),
    help="Write a proof for mecbopt check; a name that ends with .gz is compressed.",
)
@output_options("the solution", quiet="Print the figures without the tables.")
def solve(
    source: ProblemSource,
    json_output: Output | None,
    plot: Path | None,
    certificate: Path | None,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Find the coupling of greatest I(X;Y) for given marginals, rate and label, with a bound that proves it.

    The problem comes from a FILE (.toml or .json), from --px and --py, or from columns of --samples.
    """
    outputs = {"--json": json_output, "--plot": plot, "--certificate": certificate}
    refuse_equal_paths(outputs, source.input_paths)
    problem = source.problem()
    if plot is not None:
        # Loaded before the search: after Ctrl-C or a limit there is no time for it.
        import mecbopt.plots
    with option_names(), live_progress() as progress:
        solution = solve_problem(problem, progress=progress, **options)
    # Files first: whoever reads the tables may go away in the middle of them.
    writing = FilesFirst()
    if json_output is not None:
        with writing():
            json_output.write(solution.to_json())
    if plot is not None:
        if solution.has_coupling:
            with writing():
                mecbopt.plots.save(mecbopt.plots.solution_figure(solution), plot)
        else:
            click.echo(f"No picture is drawn into {plot}: there is no coupling.", err=True)
    console = output_console(aside=to_standard(json_output))
    print_solution(solution, console, with_tables=not quiet)
    if certificate is not None:
        # Loaded only here: the writer is of no use to the other commands.
        from mecbopt.certificates.certify import certify

        with option_names():
            proof = certify(solution, time_limit=options["time_limit"], seed=options["seed"])
        console.print(str(proof), highlight=False)
        try:
            proof.to_json(certificate)
        except CertificateError as error:  # a disk that is full is no proof that failed
            raise click.ClickException(error.render({"path": "--certificate"})) from error
    writing.close()
    return exit_code(solution)
