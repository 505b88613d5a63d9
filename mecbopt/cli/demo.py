"""`mecbopt demo`: the main job on a bundled example, with and without its label, explained."""

from __future__ import annotations

from pathlib import Path

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code
from mecbopt.cli.progress import live_progress
from mecbopt.cli.report import output_console, print_solution
from mecbopt.cli.values import output_folder
from mecbopt.data import demo_problem
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
    problem = demo_problem()
    console = output_console()
    console.print(_STORY.format(rate=problem.rate))
    with live_progress(lambda: "without the alarm  ") as progress:
        free = solve(problem.replace(max_label_entropy=None), progress=progress)
    print_solution(free, console, with_tables=False)
    console.print(_WITH_LABEL.format(limit=problem.max_label_entropy))
    with live_progress(lambda: "with the alarm  ") as progress:
        limited = solve(problem, progress=progress)
    limited.to_json(out / "demo.json")
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
    from mecbopt.plots import save, solution_figure

    save(solution_figure(limited), out / "demo.png")
    console.print(f"Written: {out / 'demo.json'} and {out / 'demo.png'}", soft_wrap=True)
    return max(exit_code(free), exit_code(limited))
