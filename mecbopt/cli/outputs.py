"""Paths to write to: refused before any work if they cannot be written; "-" is standard output for text.

What exists is left untouched until there is something to put in its place.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mecbopt.cli.values import ParamType
from mecbopt.problem.whole_files import written_whole

__all__ = [
    "PICTURE",
    "FilesFirst",
    "Output",
    "OutputPath",
    "OutputText",
    "output_folder",
    "output_options",
    "plain_number",
    "refuse_equal_paths",
    "to_standard",
    "write_json",
]


class OutputPath(ParamType):
    """A file to write: refused before any work if it cannot be written; what exists is left untouched.

    Parameters
    ----------
    suffixes : tuple of str
        Suffixes that are served; empty for any.
    """

    name = "path"

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the suffix, the folder and the permission."""
        path = Path(value)
        if self.suffixes and path.suffix.lower() not in self.suffixes:
            known = ", ".join(self.suffixes)
            self.fail(f"'{path}' has the suffix '{path.suffix}': give one of {known}.", param, ctx)
        try:
            reason = _refusal(path)
        except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
            reason = f"cannot be written: {getattr(error, 'strerror', None) or error}."
        if reason is not None:
            self.fail(f"'{path}' {reason}", param, ctx)
        return path


def _refusal(path: Path) -> str | None:
    """Why a path cannot be written, or None; nothing is left behind."""
    if path.is_dir():
        return "is a folder: give the name of a file."
    if not path.parent.is_dir():
        return f"lies in '{path.parent}', which is no folder: create it first."
    if path.is_symlink() and not path.exists():
        path = path.resolve()  # a link to what is not there yet stays
    existed = path.exists()
    if existed and not path.is_file():
        return None  # a device or a pipe: opening it may block, and there is nothing to protect
    # Appending nothing proves that writing is allowed and leaves the content as it was.
    with path.open("ab"):
        pass
    if not existed:
        path.unlink()
    return None


@dataclass(frozen=True)
class Output:
    """Where a text goes: a file, or standard output (no path)."""

    path: Path | None

    def write(self, text: str) -> None:
        """Write the whole text; a file is replaced."""
        if self.path is None:
            sys.stdout.write(text)
        else:
            with written_whole(self.path) as file:
                file.write(text.encode())


class FilesFirst:
    """Files are written before tables are printed, whose reader may go away; what cannot be written waits.

    A disk that is full costs one file, not the others and not the tables.
    """

    def __init__(self) -> None:
        self._first: OSError | None = None

    @property
    def failed(self) -> bool:
        """Whether a file could not be written."""
        return self._first is not None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Write one file."""
        try:
            yield
        except BrokenPipeError:  # of "-": nobody reads on
            raise
        except OSError as error:
            self._first = self._first or error

    def close(self) -> None:
        """Raise the first error, now that all is said."""
        if self._first is not None:
            raise self._first


class OutputText(OutputPath):
    """A text file to write, or "-" for standard output."""

    name = "path or -"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As for a path; the single dash is no name of a file ("./-" is)."""
        return Output(None) if value == "-" else Output(super().convert(value, param, ctx))


def output_options(
    what: str, *, quiet: str = "Print nothing but errors."
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --json and --quiet, which every command has; it receives them as `json_output` and `quiet`.

    Parameters
    ----------
    what : str
        What the document holds.
    quiet : str
        What --quiet leaves.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        silenced = click.option("--quiet", is_flag=True, help=quiet)(command)
        text = f"Write {what} as JSON; - prints it."
        return click.option("--json", "json_output", type=OutputText(), help=text)(silenced)

    return decorate


def write_json(output: Output | None, document: Any) -> None:
    """Write plain data where a document was asked for."""
    if output is not None:
        output.write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def plain_number(value: float | None) -> float | str | None:
    """A number as JSON can hold it: "inf" and "-inf" as in the files of problems, nan as null."""
    if value is None or math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def to_standard(*outputs: Output | None) -> bool:
    """Whether one of them takes standard output, so that tables for the reader must not."""
    return any(output is not None and output.path is None for output in outputs)


def output_folder(path: Path) -> Path:
    """Create a folder for several files and prove that it can be written to.

    Raises
    ------
    click.UsageError
        It cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.UsageError(f"--out is '{path}', which cannot be written: {reason}.") from error
    return path


def refuse_equal_paths(
    outputs: Mapping[str, Path | Output | None], inputs: Mapping[str, Path | None]
) -> None:
    """Refuse two outputs in one place, and an output over an input.

    Raises
    ------
    click.UsageError
        Naming both options.
    """
    seen = {_place(path): name for name, path in inputs.items() if path is not None}
    for name, output in outputs.items():
        if output is None:
            continue
        place = _place(output)
        if place in seen:
            raise click.UsageError(
                f"{name} and {seen[place]} are both '{place}': give {name} a file of its own."
            )
        seen[place] = name


def _place(output: Path | Output) -> str:
    path = output.path if isinstance(output, Output) else output
    return "-" if path is None else str(path.resolve())


PICTURE = OutputPath(".png", ".pdf", ".svg")
