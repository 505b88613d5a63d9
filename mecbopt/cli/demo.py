"""`mecbopt demo`: the main job on a bundled example, with and without its label, explained."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code
from mecbopt.cli.outputs import output_folder
from mecbopt.cli.progress import live_progress
from mecbopt.cli.tables import output_console, print_solution
from mecbopt.data import demo_problem
from mecbopt.problem import Solution, StopReason
from mecbopt.solving import solve

__all__ = ["demo"]

_STORY = """\
[bold]A weather station and its beacon.[/]
X is what the station reads, Y the blink of the beacon: short, long or double, each as often as prescribed
(p_Y).  The line between them carries R = {rate:g} bit a reading, and both ends share a random seed U.  Which
scheme makes the blinks tell most about the readings, in I(X;Y)?
"""

_WITH_LABEL = """
Now the alarm S must stay recognisable from the blinks: H(S|Y,U) at most C = {limit:g} bits.
"""

_READING = """\
The alarm costs {cost:.4f} bits: I(X;Y) falls from {free:.4f} to {limited:.4f}, while the uncertainty about
the alarm falls from {uncertain:.4f} to {certain:.4f} bits.  No scheme does better by more than {gap:.0e}
bits: the upper bound says so.  A mixture of {size} mappings does it (m + 2 = {most} always suffice): the seed
picks one for each reading, and the line sends the letter of Y in the code of that mapping.
"""


@click.command(epilog="Example: mecbopt demo --out out")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="Folder."
)
def demo(out: Path) -> ExitCode:
    """Solve a bundled example with and without its label, explain it, and draw it.

    Runs offline in seconds; writes demo.json and demo.png into the folder --out.
    """
    output_folder(out)
    # Loaded before the search: after Ctrl-C there is no time for it.
    import mecbopt.plots  # noqa: F401

    problem = demo_problem()
    with live_progress(lambda: "without the alarm  ") as progress:
        free = solve(problem.replace(max_label_entropy=None), progress=progress)
    if free.stop_reason is StopReason.INTERRUPTED:
        # One Ctrl-C ends the demonstration: what it found is written and shown.
        written = _write(free, out)
        _tell_free(free, output_console())
        click.echo(written)
        return ExitCode.STOPPED
    with live_progress(lambda: "with the alarm  ") as progress:
        limited = solve(problem, progress=progress)
    # Files first: whoever reads the story may go away in the middle of it.
    written = _write(limited, out)
    console = output_console()
    _tell_free(free, console)
    console.print(_WITH_LABEL.format(limit=problem.max_label_entropy))
    print_solution(limited, console)
    if free.has_coupling and limited.has_coupling and free.label_entropy_with_seed is not None:
        console.print(
            _READING.format(
                cost=free.mutual_information - limited.mutual_information,
                free=free.mutual_information,
                limited=limited.mutual_information,
                uncertain=free.label_entropy_with_seed,
                certain=limited.label_entropy_with_seed,
                gap=max(limited.gap, limited.gap_tolerance),
                size=len(limited.mixture or ()),
                most=problem.shape[1] + 2,
            )
        )
    console.print(written, soft_wrap=True, markup=False)
    return max(exit_code(free), exit_code(limited))


def _tell_free(free: Solution, console: Console) -> None:
    console.print(_STORY.format(rate=free.problem.rate))
    print_solution(free, console, with_tables=False)


def _write(solution: Solution, out: Path) -> str:
    """Write the solution and its picture, and say where."""
    from mecbopt.plots import save, solution_figure

    solution.to_json(out / "demo.json")
    if not solution.has_coupling:
        return f"Written: {out / 'demo.json'}"
    save(solution_figure(solution), out / "demo.png")
    return f"Written: {out / 'demo.json'} and {out / 'demo.png'}"
