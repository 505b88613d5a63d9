"""Solutions and curves as tables for the terminal."""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Sequence
from typing import IO, Any, TextIO, cast

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mecbopt.info import entropy
from mecbopt.problem import Solution, Status
from mecbopt.problem.solution_text import smallest_label_entropy

__all__ = [
    "MAX_COLUMNS",
    "MAX_ROWS",
    "figures_table",
    "framed_table",
    "letters",
    "output_console",
    "print_solution",
]

#: Width of the output where it is no terminal, so that files do not depend on the window.
_PLAIN_WIDTH = 110
#: Larger tables are not readable in a terminal; the JSON file has them whole.
MAX_COLUMNS = 12
MAX_ROWS = 40

_STYLES = {
    Status.OPTIMAL: "bold green",
    Status.FEASIBLE: "bold yellow",
    Status.INFEASIBLE: "bold red",
    Status.UNKNOWN: "bold yellow",
    Status.INVALID: "bold red",
}


def output_console(*, aside: bool = False, quiet: bool = False) -> Console:
    """The console on standard output: the window's width, or a fixed one for files and pipes.

    Parameters
    ----------
    aside : bool
        Take standard error: standard output carries a document.
    quiet : bool
        Print nothing.
    """
    stream = sys.stderr if aside else sys.stdout
    if stream.isatty():
        return _Console(file=stream, highlight=False, quiet=quiet)
    return _Console(file=cast("IO[str]", _Trimmed(stream)), width=_PLAIN_WIDTH, highlight=False, quiet=quiet)


class _Console(Console):
    """A console that leaves the answer to a broken pipe to the entry point, which knows the exit code."""

    def on_broken_pipe(self) -> None:
        """Pass the BrokenPipeError on that is being handled; rich would exit with 1."""
        raise


class _Trimmed(io.TextIOBase):
    """A stream without the blanks that tables are padded with at the end of a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream: rich draws its lines in plain characters where it is no Unicode."""
        return self._stream.encoding or "ascii"

    def write(self, text: str) -> int:
        """Write whole lines, as rich does, trimmed."""
        self._stream.write(re.sub(r"[ ]+$", "", text, flags=re.MULTILINE))
        return len(text)

    def flush(self) -> None:
        """Pass on."""
        self._stream.flush()


def letters(given: Sequence[Any] | None, size: int, encoding: str = "utf-8") -> list[str]:
    """Names of the letters: the problem's own, or their positions.

    What the encoding lacks is escaped here, before the columns of a table are measured.
    """
    if given is None:
        return [str(position) for position in range(size)]
    return [str(letter).encode(encoding, "backslashreplace").decode(encoding) for letter in given]


def print_solution(solution: Solution, console: Console, *, with_tables: bool = True) -> None:
    """Print what is known, then the mixture and the coupling."""
    console.print(_summary(solution))
    if solution.mixture is None or not with_tables:
        return
    console.print("\n[bold]mixture[/]: the shared seed U picks mapping k with its weight and sends x to f(x)")
    console.print(_mixture_table(solution, console.encoding))
    n, m = solution.problem.shape
    if m <= MAX_COLUMNS and n <= MAX_ROWS:
        console.print("[bold]coupling[/] P(x, y)")
        console.print(_coupling_table(solution, console.encoding))
    else:
        console.print(f"[bold]coupling[/]: it has {n} x {m} entries; write it with --json.")


def figures_table() -> Table:
    """An empty table for names on the left and figures on the right."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table


def framed_table() -> Table:
    """An empty table with a line below its head."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def _summary(solution: Solution) -> Table:
    table = figures_table()
    status = Text(solution.status.value, style=_STYLES[solution.status])
    status.append(f" - {solution.status.meaning}", style="not bold default")
    table.add_row("status", status)
    if solution.status not in (Status.OPTIMAL, Status.INFEASIBLE):
        reason = solution.stop_reason
        table.add_row("stopped", f"{reason.value} - {reason.meaning} {_as_options(reason.remedy)}".rstrip())
    if solution.status is Status.INFEASIBLE:
        _add_infeasible(table, solution)
    else:
        _add_value(table, solution)
    if solution.problem.smoothing:
        table.add_row("smoothing", f"{solution.problem.smoothing:g} added to every cell of the counts")
    found = f"method {solution.method}" + (f", {solution.engine}" if solution.engine else "")
    nodes = f", {solution.nodes} nodes" if solution.nodes else ""
    table.add_row("found by", f"{found}{nodes}, {solution.seconds:.2f} s")
    return table


def _as_options(advice: str) -> str:
    """What the library advises, its arguments as the options of the command line."""
    with_value = re.sub(r"\b(method|engine)='(\w+)'", r"--\1 \2", advice)
    return re.sub(r"\b(time|node)_limit\b", r"--\1-limit", with_value)


def _add_value(table: Table, solution: Solution) -> None:
    """Value, bound, gap, rate and label entropies."""
    problem = solution.problem
    distortion = problem.distortion is not None
    if distortion:
        table.add_row("E d(X,Y)", f"{_bits(solution.objective)}")
        table.add_row("lower bound", f"{_bits(solution.objective_bound)}")
    table.add_row("I(X;Y)", f"{_bits(solution.mutual_information)} bits")
    if not distortion:
        table.add_row("upper bound", f"{_bits(solution.upper_bound)} bits")
    unit = "" if distortion else " bits"
    table.add_row("gap", f"{_gap(solution.gap)}{unit} (asked for: {solution.gap_tolerance:g})")
    table.add_row("rate H(Y|U)", f"{_bits(solution.rate)} bits, limit R = {_limit(problem.rate)}")
    table.add_row("log loss H(X|Y)", f"{_bits(solution.log_loss)} bits of H(X) = {_bits(problem.entropy_x)}")
    if solution.label_entropy_with_seed is not None:
        limit = _limit(problem.max_label_entropy)
        stated, whole = f", limit C = {limit}", f" of H(S) = {_bits(problem.label_entropy)}"
        on_seen, on_unseen = (stated, whole) if problem.label_sees_seed else ("", f"{stated},{whole}")
        table.add_row("label H(S|Y,U)", f"{_bits(solution.label_entropy_with_seed)} bits{on_seen}")
        table.add_row("label H(S|Y)", f"{_bits(solution.label_entropy_without_seed)} bits{on_unseen}")


def _add_infeasible(table: Table, solution: Solution) -> None:
    """What would have to change."""
    problem = solution.problem
    rate, limit = _limit(problem.rate), _limit(problem.max_label_entropy)
    if solution.smallest_label_entropy is None:
        count = len(problem.constraints)
        table.add_row("asked for", f"H(Y|U) <= R = {rate} bits, and {count} constraints on the coupling")
        return
    label = "H(S|Y,U)" if problem.label_sees_seed else "H(S|Y)"
    table.add_row("asked for", f"H(Y|U) <= R = {rate} and {label} <= C = {limit} bits")
    table.add_row("smallest C", f"{smallest_label_entropy(solution)} bits for this R")
    if solution.smallest_rate is None:
        table.add_row("smallest R", "none: no rate makes this C attainable")
    else:
        table.add_row("smallest R", f"{_bits(solution.smallest_rate)} bits for this C")


def _mixture_table(solution: Solution, encoding: str) -> Table:
    """One row a mapping: its weight, its rate and the letter of Y that each letter of X goes to."""
    problem, mixture = solution.problem, solution.mixture
    if mixture is None:
        raise ValueError("a solution without a mixture has no table")
    rates = entropy(mixture.output_laws(problem.p_x, problem.shape[1]), axis=1)
    n, m = problem.shape
    x_letters, y_letters = letters(problem.x_letters, n, encoding), letters(problem.y_letters, m, encoding)
    table = framed_table()
    table.add_column("k", justify="right")
    table.add_column("weight", justify="right")
    table.add_column("H(Y|U=k)", justify="right")
    wide = len(x_letters) > MAX_COLUMNS
    if wide:
        table.add_column(f"f(x) for the {len(x_letters)} letters x in order")
    for letter in [] if wide else x_letters:
        table.add_column(Text(f"f({letter})"), justify="center")
    order = sorted(range(len(mixture)), key=lambda index: -mixture.weights[index])
    for number, index in enumerate(order[:MAX_ROWS], start=1):
        images = [y_letters[y] for y in mixture.mappings[index]]
        cells = [Text(" ".join(images))] if wide else [Text(image) for image in images]
        table.add_row(str(number), f"{mixture.weights[index]:.6f}", _bits(rates[index]), *cells)
    return table


def _coupling_table(solution: Solution, encoding: str) -> Table:
    """P(x, y) with both marginals."""
    problem, coupling = solution.problem, solution.coupling
    if coupling is None:
        raise ValueError("a solution without a coupling has no table")
    n, m = problem.shape
    table = framed_table()
    table.add_column("x \\ y", style="bold")
    for letter in letters(problem.y_letters, m, encoding):
        table.add_column(Text(letter), justify="right")
    table.add_column("p_X", justify="right", style="dim")
    for letter, row in zip(letters(problem.x_letters, n, encoding), coupling, strict=True):
        cells = [Text(f"{value:.6f}") if value > 0 else Text("0", style="dim") for value in row]
        table.add_row(Text(letter), *cells, f"{row.sum():.6f}")
    table.add_section()
    table.add_row("p_Y", *[f"{value:.6f}" for value in coupling.sum(axis=0)], "", style="dim")
    return table


def _bits(value: float | None) -> str:
    # Adding zero turns the minus of a rounded negative zero away.
    return "none" if value is None or math.isnan(value) else f"{round(value, 6) + 0.0:.6f}"


def _gap(value: float) -> str:
    # A difference of rounded figures may be a rounding error below zero: that is no gap.
    if math.isnan(value):
        return "none"
    return f"{value:.1e}" if value > 0 else "0"


def _limit(value: float | None) -> str:
    return "none" if value is None or math.isinf(value) else f"{value:.6g}"
