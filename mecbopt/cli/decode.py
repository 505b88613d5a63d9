"""`mecbopt decode`: the letters of Y from a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import Output, output_options, refuse_equal_paths, write_json
from mecbopt.cli.progress import counted
from mecbopt.cli.stream_options import input_path, loaded, stream_names, stream_options
from mecbopt.cli.symbol_files import Column, file_format, opened_input, opened_output, write_blocks
from mecbopt.codec import Decoder

__all__ = ["decode"]

_EPILOG = """\b
Examples:
  mecbopt decode solution.json x.mbsy --seed 7 --out y.npy
  mecbopt decode solution.json x.mbsy --seed 7 --out y.csv --column y
  cat x.mbsy | mecbopt decode solution.json - --format uint8 --out - > y.uint8

\b
A file takes its name when the whole stream was decoded; into a pipe symbols
go as soon as the checksum behind them was read.

\b
Exit codes: 0 done; 1 the stream is damaged, or made with another solution or
seed; 2 wrong usage or input; 3 interrupted.
"""


@click.command(epilog=_EPILOG)
@stream_options(
    "Of --out.  [default: by its suffix]",
    "Header of a CSV file.  [default: y]",
    "The symbols of Y; - is standard output.",
)
@output_options("how many symbols there were")
def decode(
    solution: str,
    source: str,
    seed: int,
    kind: str | None,
    column: str | None,
    out: Output,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Decode the stream INPUT to exactly the letters of Y that its encoder sent.

    SOLUTION and --seed are those of the encoder: any other is refused.  INPUT is a file, or - for standard
    input.
    """
    del quiet  # nothing is printed but the symbols
    inputs = {"SOLUTION": Path(solution), "INPUT": input_path(source)}
    refuse_equal_paths({"--out": out, "--json": json_output}, inputs)
    kind = file_format("--format", kind, "-" if out.path is None else str(out.path))
    if column is not None and kind != "csv":
        raise click.UsageError(f"--column is '{column}', but {kind} has no columns: leave --column out.")
    problem, mixture = loaded(solution)
    letters = Column("--column", column, problem.y_letters, problem.shape[1])
    if kind == "uint8" and letters.size > 1 << 8:
        raise click.UsageError(f"--format is uint8, but Y has {letters.size} letters: give uint16.")
    with stream_names():
        decoder = Decoder(mixture, problem, seed=seed)
        with opened_input(source) as file, opened_output(out.path) as target:
            symbols = 0

            def tallied() -> Iterator[NDArray[np.int64]]:
                nonlocal symbols
                for block in counted(decoder.decode_blocks(file)):
                    symbols += len(block)
                    yield block

            write_blocks(target, kind, tallied(), letters)
    write_json(json_output, {"symbols": symbols})
    return ExitCode.DONE
