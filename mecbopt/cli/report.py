"""`mecbopt report`: everything about a problem on one HTML page that loads nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from mecbopt.analysis import LimitPrice, RateCurve, limit_prices, rate_curve
from mecbopt.certificates import CertifiedInterval
from mecbopt.certificates.certify import certify
from mecbopt.certificates.check import check_document
from mecbopt.cli.again import command_line, path_text, solver_arguments, written
from mecbopt.cli.inputs import ProblemSource, option_names, problem_options
from mecbopt.cli.main import ExitCode
from mecbopt.cli.options import exit_code, solver_options
from mecbopt.cli.outputs import (
    FilesFirst,
    Output,
    OutputText,
    output_options,
    refuse_equal_paths,
    to_standard,
    write_json,
)
from mecbopt.cli.progress import live_progress
from mecbopt.cli.report_page import Report, document, page
from mecbopt.cli.tables import output_console, print_solution
from mecbopt.cli.values import NUMBER, IntegerType
from mecbopt.errors import MecboptError, ProblemError
from mecbopt.problem import Problem, Solution, StopReason
from mecbopt.solving import solve

__all__ = ["report"]

#: Seconds that the curve, the prices and the certificate may each take.
_STAGE_SECONDS = 30.0
_POINTS = 21
#: Problems that are solved again for the prices, at most.
_NEIGHBOURS = 4

_EPILOG = """\b
Examples:
  mecbopt report problem.toml --out report.html
  mecbopt report --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5 --out report.html
  mecbopt report problem.toml --time-limit 60 --stage-limit 10 --out long.html

\b
--time-limit holds for the solution, as in mecbopt solve; --stage-limit for
each part that follows.  An infeasible problem has a page too: it says the
smallest C, and the smallest R.

\b
Exit codes: 0 done; 1 infeasible; 2 wrong usage or input; 3 stopped by a limit
or Ctrl-C.
"""


@click.command(epilog=_EPILOG)
@problem_options()
@click.option(
    "--out", "out", type=OutputText(".html", ".htm"), required=True, help="Write the page; - prints it."
)
@click.option("--title", help="Heading of the page.  [default: the problem's source]")
@click.option(
    "--points", type=IntegerType(2, 1000), default=_POINTS, show_default=True, help="Rates of the curve."
)
@click.option(
    "--stage-limit",
    type=NUMBER,
    default=_STAGE_SECONDS,
    show_default=True,
    help="Seconds for each of curve, prices and certificate.",
)
@solver_options()
@output_options("the same")
def report(
    source: ProblemSource,
    out: Output,
    json_output: Output | None,
    title: str | None,
    points: int,
    stage_limit: Any,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Write everything about a problem on one page: statement, solution, bounds, curve, prices, certificate.

    The page loads nothing from elsewhere.  It says which limits bind and what they cost, and has the commands
    that give the same figures again.
    """
    refuse_equal_paths({"--out": out, "--json": json_output}, source.input_paths)
    if not 0 < stage_limit < math.inf:
        raise click.UsageError(f"--stage-limit is {stage_limit}: it must be positive and finite, in seconds.")
    problem = source.problem()
    # Loaded before the search: after Ctrl-C or a limit there is no time for it.
    import mecbopt.plots  # noqa: F401

    work = _Work(problem, options, float(stage_limit), points)
    solution = work.solution()
    made = Report(
        title=_title(source) if title is None else title,
        solution=solution,
        curve=(curve := work.curve()),
        prices=work.prices(),
        interval=(interval := work.interval()),
        notes=work.notes,
        pictures=_pictures(solution, curve),
        commands=_commands(source, options, work, points, stage_limit, certified=interval is not None),
    )
    writing = FilesFirst()
    with writing():
        out.write(page(made))
    with writing():
        write_json(json_output, document(made))
    if not quiet:
        console = output_console(aside=to_standard(out, json_output))
        print_solution(solution, console, with_tables=False)
        for part, note in work.notes.items():
            console.print(f"{part}: {note}", markup=False, highlight=False)
        if out.path is not None and not writing.failed:
            console.print(f"Written: {out.path}", markup=False, highlight=False, soft_wrap=True)
    writing.close()
    return ExitCode.STOPPED if work.interrupted and exit_code(solution) == 0 else exit_code(solution)


class _Work:
    """The parts one after the other; what an interruption or an error leaves out gets a note.

    Parameters
    ----------
    problem : Problem
    options : dict
        Of the solver.
    stage_seconds : float
        For each part after the solution.
    points : int
        Rates of the curve.
    """

    def __init__(self, problem: Problem, options: dict[str, Any], stage_seconds: float, points: int) -> None:
        self._problem, self._options, self._seconds, self._points = problem, options, stage_seconds, points
        self._solution: Solution | None = None
        self.notes: dict[str, str] = {}
        self.interrupted = False

    def solution(self) -> Solution:
        """As `mecbopt solve` finds it."""
        with option_names(), live_progress(lambda: "solution  ") as progress:
            self._solution = solve(self._problem, progress=progress, **self._options)
        self._heed(self._solution)
        return self._solution

    @property
    def top_rate(self) -> float:
        """Beyond this rate nothing changes: H(Y), or log2 m where that law is not held."""
        problem = self._problem
        held = problem.p_y is not None and not problem.p_y_tolerance
        return problem.entropy_y if held else math.log2(problem.shape[1])

    @property
    def has_curve(self) -> bool:
        """Whether there is something to draw: information, of a Y that is no constant."""
        return self._problem.distortion is None and self.top_rate > 0

    @property
    def point_seconds(self) -> float:
        """Time limit of a point of the curve, in a number that is short on a command line."""
        return float(f"{self._seconds / self._points:.3g}")

    def curve(self) -> RateCurve | None:
        """Evenly many rates from 0 to where nothing changes any more."""
        if not self.has_curve:
            constant = "A Y that is constant has no curve."
            self.notes["curve"] = (
                constant
                if self._problem.distortion is None
                else "A curve is drawn of I(X;Y) alone, and this problem minimises a distortion."
            )
            return None
        rates = np.linspace(0.0, self.top_rate, self._points)
        with self._stage("curve", "The curve") as go_on, live_progress(lambda: "curve  ") as progress:
            if go_on:
                options = self._within(self.point_seconds)
                found = rate_curve(self._problem, rates, progress=progress, **options)
                for solution in found.solutions:
                    self._heed(solution)
                known = self._known
                # Among the points, so that its mark lies on the line.
                return found.including(known) if known.problem.rate <= rates[-1] else found
        return None

    def prices(self) -> tuple[LimitPrice, ...]:
        """What the limits cost."""
        solution = self._known
        if not solution.has_coupling:
            self.notes["prices"] = "There is no coupling, so nothing has a price."
            return ()
        with self._stage("prices", "Prices") as go_on, live_progress(lambda: "prices  ") as progress:
            if go_on:
                options = self._within(self._seconds / _NEIGHBOURS)
                found = limit_prices(solution, progress=progress, **options)
                if not found:
                    self.notes["prices"] = (
                        "No limit can bind: the rate is not below H(Y), and no label limit is below H(S)."
                    )
                return found
        return ()

    def interval(self) -> CertifiedInterval | None:
        """What a certificate proves, asked of the checker and not of its writer."""
        with self._stage("certificate", "Not certified") as go_on:
            if go_on:
                with live_progress() as progress:
                    del progress  # a proof reports nothing
                seed = self._options["seed"]
                certificate = certify(self._known, time_limit=self._seconds, seed=seed)
                interval = check_document(json.loads(certificate.to_json()))
                self.notes["certificate"] = (
                    "A certificate of this was written and verified by the checker, which works in exact "
                    "rationals and enclosures and trusts no solver. The commands below write and check one."
                )
                return interval
        return None

    @property
    def _known(self) -> Solution:
        if self._solution is None:
            raise ProblemError("there is no solution yet: it comes first.")
        return self._solution

    def _within(self, seconds: float) -> dict[str, Any]:
        """The solver's options with a time limit; one process and no checkpoint."""
        return {**self._options, "time_limit": max(seconds, 0.01), "workers": 1}

    def _heed(self, solution: Solution) -> None:
        self.interrupted |= solution.stop_reason is StopReason.INTERRUPTED

    @contextmanager
    def _stage(self, name: str, what: str) -> Iterator[bool]:
        """Yield whether to go on; an error or Ctrl-C inside becomes the part's note."""
        if self.interrupted:
            self.notes[name] = f"{what}: left out, the work was interrupted before."
            yield False
            return
        try:
            yield True
        except KeyboardInterrupt:
            self.interrupted = True
            self.notes[name] = f"{what}: left out, the work was interrupted."
        except MecboptError as error:
            self.notes[name] = f"{what}: {error.render()}"


def _title(source: ProblemSource) -> str:
    """The name of the file, or what kind of source it was."""
    place = source.file or source.samples
    if place is None:
        return "A problem from the command line"
    return "Samples from standard input" if source.reads_standard_input else place.name


def _pictures(solution: Solution, curve: RateCurve | None) -> dict[str, str]:
    """SVG texts of what there is to draw."""
    from mecbopt import plots
    from mecbopt.plots.style import svg_text

    drawn: dict[str, Callable[[], Any]] = {}
    if curve is not None:
        drawn["curve"] = lambda: plots.curve(curve, point=solution)
    if solution.has_coupling:
        drawn["coupling"] = lambda: plots.coupling(solution)
        drawn["mixture"] = lambda: plots.mixture(solution)
    return {name: svg_text(draw()) for name, draw in drawn.items()}


def _commands(
    source: ProblemSource,
    options: dict[str, Any],
    work: _Work,
    points: int,
    stage_limit: Any,
    *,
    certified: bool,
) -> tuple[str, ...]:
    """What gives the same figures again, each line by itself."""
    solver = solver_arguments(options)
    arguments, without_rate = source.arguments(), source.arguments(rate=False)
    if source.reads_standard_input:
        # What was read there is gone; the page carries what came of it.
        arguments = without_rate = ["problem.json"]
        work.notes["commands"] = "The samples came from standard input: save problem.json from above first."
    proof = ["--certificate", "proof.json.gz"] if certified else []
    lines = [command_line("solve", *arguments, *solver, "--json", "solution.json", *proof)]
    if certified:
        lines.append(command_line("check", "proof.json.gz"))
    if work.has_curve:
        rates = f"0:{work.top_rate!r}:{points}"
        point = solver_arguments({**options, "workers": 1, "time_limit": work.point_seconds})
        lines.append(command_line("curve", *without_rate, "--rates", rates, *point, "--csv", "curve.csv"))
    page_options = [
        *written("--points", points if points != _POINTS else None),
        *written("--stage-limit", stage_limit if stage_limit != _STAGE_SECONDS else None),
    ]
    lines.append(
        command_line("report", *arguments, *solver, *page_options, "--out", path_text(Path("report.html")))
    )
    return tuple(lines)
