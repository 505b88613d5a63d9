"""`mecbopt encode`: a solved coupling operated on a column of symbols, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from numpy.typing import NDArray

from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import (
    PICTURE,
    Output,
    output_options,
    refuse_equal_paths,
    to_standard,
    write_json,
)
from mecbopt.cli.progress import counted
from mecbopt.cli.samples import DELIMITER, DELIMITER_HELP, delimiter_of
from mecbopt.cli.stream_options import COUNTER, input_path, loaded, stream_names, stream_options
from mecbopt.cli.stream_report import print_report, report_document
from mecbopt.cli.symbol_files import Column, file_format, opened_input, opened_output, read_blocks
from mecbopt.cli.tables import output_console
from mecbopt.cli.values import IntegerType
from mecbopt.codec import CHUNK_SYMBOLS, Encoder, Measurement
from mecbopt.coding.symbol_stream import MOST_CHUNK
from mecbopt.problem import Problem

__all__ = ["encode"]

_EPILOG = """\b
Examples:
  mecbopt encode solution.json x.npy --seed 7 --out x.mbsy --report
  mecbopt encode solution.json data.csv --column x --label s --report \\
                 --plot x.png --out x.mbsy
  cat x.uint8 | mecbopt encode solution.json - --format uint8 --out - > x.mbsy

\b
The numbers of uint8, uint16 and .npy are letters 0, 1, 2, ...; the cells of
a CSV file are the names of letters in the problem, or numbers where these are
bins.  With --out - standard output holds the stream alone, and the report
goes to standard error.

\b
Exit codes: 0 done; 1 the solution has no coupling; 2 wrong usage or input;
3 interrupted.
"""


@click.command(epilog=_EPILOG)
@stream_options(
    "Of INPUT.  [default: by its suffix]",
    "Column of X in a CSV file.  [default: its only one]",
    "The stream; - is standard output.",
)
@click.option("--delimiter", type=DELIMITER, help=DELIMITER_HELP)
@click.option("--label", metavar="COLUMN", help="Column of the label S, for the report (CSV alone).")
@click.option(
    "--first",
    type=COUNTER,
    default=0,
    show_default=True,
    help="Index of the first symbol: streams of one seed should not overlap.",
)
@click.option(
    "--chunk",
    type=IntegerType(1, MOST_CHUNK),
    default=CHUNK_SYMBOLS,
    show_default=True,
    help="Symbols that are coded at once.",
)
@click.option("--report", is_flag=True, help="Say what the symbols show of the coupling.")
@click.option("--plot", type=PICTURE, help="Draw the report (.png, .pdf or .svg).")
@output_options("what the symbols show")
def encode(
    solution: str,
    source: str,
    seed: int,
    kind: str | None,
    column: str | None,
    out: Output,
    delimiter: str | None,
    label: str | None,
    first: int,
    chunk: int,
    report: bool,
    plot: Path | None,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Operate the coupling of SOLUTION on the symbols of INPUT and write the stream that sends them.

    For each symbol the shared --seed picks a mapping of the mixture, and what the mapping gives is coded:
    H(Y|U) bits a symbol in the long run.  SOLUTION is what `mecbopt solve --json` writes; INPUT is a file, or
    - for standard input.
    """
    inputs = {"SOLUTION": Path(solution), "INPUT": input_path(source)}
    refuse_equal_paths({"--out": out, "--plot": plot, "--json": json_output}, inputs)
    kind = file_format("--format", kind, source)
    measured = report or plot is not None or json_output is not None
    columns_of = {"--column": column, "--delimiter": delimiter, "--label": label}
    _refuse_what_does_not_fit(kind, columns_of, measured)
    problem, mixture = loaded(solution)
    columns = [Column("--column", column, problem.x_letters, problem.shape[0])]
    if label is not None:
        columns.append(_label_column(problem, label))
    if plot is not None:
        import mecbopt.plots
    cells = delimiter_of(delimiter, source)
    with stream_names():
        encoder = Encoder(mixture, problem, seed=seed, chunk_symbols=chunk)
        measurement = Measurement(problem, mixture, encoder, first) if measured else None
        written = 0
        with opened_input(source) as file, opened_output(out.path) as target:
            blocks = _measured(counted(read_blocks(file, kind, source, columns, cells)), measurement)
            for piece in encoder.encode_blocks(blocks, first=first):
                target.write(piece)
                written += len(piece)
    if measurement is not None:
        outcome = measurement.report(8 * written)
        if plot is not None:
            mecbopt.plots.save(mecbopt.plots.stream_figure(outcome), plot)
        write_json(json_output, report_document(outcome))
        if report:
            print_report(outcome, output_console(aside=to_standard(out, json_output), quiet=quiet))
    return ExitCode.DONE


def _refuse_what_does_not_fit(kind: str, given: dict[str, str | None], measured: bool) -> None:
    for option, value in given.items():
        if value is not None and kind != "csv":
            raise click.UsageError(f"{option} is '{value}', but {kind} has no columns: leave {option} out.")
    if (label := given["--label"]) is not None and not measured:
        raise click.UsageError(
            f"--label is '{label}', but nothing is measured: add --report or --json, or leave it out."
        )


def _label_column(problem: Problem, name: str) -> Column:
    if problem.p_s_given_x is None:
        raise click.UsageError(f"--label is '{name}', but the problem has no label: leave --label out.")
    return Column("--label", name, problem.s_letters, problem.p_s_given_x.shape[1])


def _measured(
    blocks: Iterable[list[NDArray[Any]]], measurement: Measurement | None
) -> Iterator[NDArray[Any]]:
    """The symbols of X, each block counted on its way."""
    for block in blocks:
        if measurement is not None:
            measurement.add(*block)
        yield block[0]
