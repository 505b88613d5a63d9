"""Columns of a CSV file as letters: whole numbers, numbers or text, whatever the column holds throughout.

Rows are read in blocks, and of the wanted columns only the number of each text is kept; a text is converted
once for all its cells.  So a million rows take about two seconds.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import click

from mecbopt.cli.values import ParamType
from mecbopt.errors import ProblemError, shown
from mecbopt.problem.text import MAX_BYTES, require_regular_file

__all__ = ["DELIMITER", "DELIMITER_HELP", "delimiter_hint", "delimiter_of", "read_columns"]

#: Rows that are held at once.
_BLOCK = 1 << 10
#: Delimiters that tables have beside the comma, and how --delimiter calls them.
_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma"}


class DelimiterType(ParamType):
    """What separates the cells: one character, or its name."""

    name = "character"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a name or a character that can separate cells."""
        named = {name: mark for mark, name in _DELIMITERS.items()} | {"space": " ", "\\t": "\t"}
        mark = named.get(value.lower(), value) if isinstance(value, str) else value
        # A digit, a letter, a sign of a number or a quotation mark would cut through the cells.
        if len(mark) != 1 or mark.isalnum() or mark in "\"'+-._\r\n\0":
            self.fail(
                f"{shown(value)} is no delimiter: give one character that stands in no cell, or one of "
                f"{', '.join(name for name in named if name.isalpha())}.",
                param,
                ctx,
            )
        return mark


DELIMITER = DelimiterType()
DELIMITER_HELP = "Of the cells: a character, tab, semicolon, ...  [default: comma; tab for .tsv]"


def delimiter_of(given: str | None, path: str | Path) -> str:
    """The delimiter that was given, or what is usual in a file of this name."""
    return given or ("\t" if Path(path).suffix.lower() == ".tsv" else ",")


def delimiter_hint(cells: Sequence[str]) -> str:
    """What to add where a row that should have several cells has one with another delimiter in it."""
    if len(cells) == 1 and (other := next((mark for mark in _DELIMITERS if mark in cells[0]), None)):
        return f"; if they are separated by {_DELIMITERS[other]}, add --delimiter {_DELIMITERS[other]}"
    return ""


def read_columns(
    path: Path, columns: Mapping[str, str | None], delimiter: str | None = None
) -> dict[str, list[Hashable]]:
    """Read the named columns.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with one header line; "-" is standard input.
    columns : mapping
        Option -> name of its column, or None if that option was not given.
    delimiter : str, optional
        One character; by default a tab for a file that is called .tsv, and a comma for others.

    Returns
    -------
    dict
        Option -> samples.  A column is read as integers, else as numbers, else as text.

    Raises
    ------
    ProblemError
        Unreadable, no rows, a column that is missing, a row that is too short, an empty or non-finite cell.
    """
    wanted = {option: name for option, name in columns.items() if name is not None}
    texts: dict[str, dict[str, int]] = {option: defaultdict(count().__next__) for option in wanted}
    numbers: dict[str, list[int]] = {option: [] for option in wanted}
    source = _Source.of(path, delimiter)
    with source.rows() as reader:
        header = [name.strip() for name in next(reader, [])]
        positions = {option: _position(source, header, option, name) for option, name in wanted.items()}
        while block := list(islice(reader, _BLOCK)):
            if not set(map(len, block)) <= {len(header)}:
                block = _checked(source, header, block)
            for option, position in positions.items():
                numbers[option].extend(map(texts[option].__getitem__, map(itemgetter(position), block)))
    if not all(numbers.values()):
        raise ProblemError(
            argument="--samples",
            found=f"{source.name} has no rows below its header",
            remedy="give at least one sample",
        )
    samples: dict[str, list[Hashable]] = {}
    for option, position in positions.items():
        letters = _letters(source, position, wanted[option], list(texts[option]))
        samples[option] = list(map(letters.__getitem__, numbers[option]))
    return samples


@dataclass(frozen=True)
class _Source:
    """A CSV file that can be read again to find the line of a wrong cell; standard input is kept for it."""

    name: str
    path: Path | None
    content: bytes
    delimiter: str

    @classmethod
    def of(cls, path: Path, delimiter: str | None) -> _Source:
        """The file, or the whole of standard input."""
        if str(path) != "-":
            return cls(str(path), path, b"", delimiter_of(delimiter, path))
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ProblemError(
                argument="--samples",
                found=f"standard input has more than {MAX_BYTES} bytes",
                remedy="give a file, which is read in blocks",
            )
        return cls("standard input", None, content, delimiter_of(delimiter, ""))

    @contextmanager
    def rows(self) -> Iterator[Any]:
        """A reader of the file; what keeps it from being one becomes an error that names it."""
        try:
            with self._opened() as file:
                yield csv.reader(file, strict=True, delimiter=self.delimiter)
        except OSError as error:
            raise ProblemError(
                argument="--samples", value=self.name, found=f"{self.name} cannot be read: {error.strerror}"
            ) from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise ProblemError(
                argument="--samples",
                value=self.name,
                found=f"{self.name} is not a CSV file in UTF-8: {error}",
            ) from error

    def _opened(self) -> IO[str]:
        if self.path is None:
            return io.TextIOWrapper(io.BytesIO(self.content), encoding="utf-8-sig", newline="")
        require_regular_file(self.path, ProblemError, "--samples")
        return self.path.open(newline="", encoding="utf-8-sig")


def _checked(source: _Source, header: list[str], block: list[list[str]]) -> list[list[str]]:
    """The rows without empty lines; any other length than the header's is refused."""

    def wrong(row: list[str]) -> bool:
        return bool(row) and len(row) != len(header)

    for row in block:
        if wrong(row):
            raise ProblemError(
                argument="--samples",
                found=f"{source.name}, line {_line(source, wrong)} has {len(row)} cells, but the header has "
                f"{len(header)}",
                remedy="correct the line",
            )
    return [row for row in block if row]


def _line(source: _Source, wrong: Callable[[list[str]], bool]) -> int:
    """The line of the first row below the header that is wrong, found by reading again.

    The reader's own count of lines stays right when a quoted cell spans several.
    """
    with source.rows() as reader:
        next(reader, None)
        for row in reader:
            if wrong(row):
                break
        line: int = reader.line_num
    return line


def _position(source: _Source, header: list[str], option: str, name: str) -> int:
    """Where the column stands."""
    if header.count(name) != 1:
        problem = "is missing" if name not in header else "stands there more than once"
        named = f"the columns are {', '.join(header)}{delimiter_hint(header)}"
        remedy = named if any(header) else "its first line must name the columns"
        raise ProblemError(
            argument=option,
            value=name,
            found=f"is {shown(name)}, but this column {problem} in {source.name}",
            remedy=remedy,
        )
    return header.index(name)


def _letters(source: _Source, position: int, name: str, cells: list[str]) -> list[Hashable]:
    """The letters of the different cells of a column, converted alike; empty, infinite ones are refused."""
    texts = [cell.strip() for cell in cells]
    if "" in texts:
        _refuse(source, position, name, cells[texts.index("")], "is empty")
    for convert in (_integer, _decimal):
        try:
            letters: list[Hashable] = [convert(text) for text in texts]
        except ValueError:
            continue
        for cell, letter in zip(cells, letters, strict=True):
            if isinstance(letter, float) and not math.isfinite(letter):
                _refuse(source, position, name, cell, f"is {shown(cell)}")
        return letters
    return list(texts)


def _integer(cell: str) -> int:
    """An integer in plain digits: int() alone would take 1_000, which a CSV file does not mean."""
    if "_" in cell:
        raise ValueError(cell)
    return int(cell)


def _decimal(cell: str) -> float:
    """A number in plain digits, with the same reservation."""
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def _refuse(source: _Source, position: int, name: str, cell: str, found: str) -> None:
    line = _line(source, lambda row: len(row) > position and row[position] == cell)
    raise ProblemError(
        argument="--samples",
        value=cell,
        found=f"{source.name}, line {line}, column {shown(name)} {found}",
        remedy="remove or fill the cell, letters must be finite",
    )
