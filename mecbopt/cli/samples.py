"""Columns of a CSV file as letters: whole numbers, numbers or text, whatever the column holds throughout.

Rows are read in blocks, and of the wanted columns only the number of each text is kept; a text is converted
once for all its cells.  So a million rows take about two seconds.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from mecbopt.errors import ProblemError, shown
from mecbopt.problem.text import require_regular_file

__all__ = ["read_columns"]

#: Rows that are held at once.
_BLOCK = 1 << 10


def read_columns(path: Path, columns: Mapping[str, str | None]) -> dict[str, list[Hashable]]:
    """Read the named columns.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with one header line.
    columns : mapping
        Option -> name of its column, or None if that option was not given.

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
    with _rows(path) as reader:
        header = [name.strip() for name in next(reader, [])]
        positions = {option: _position(path, header, option, name) for option, name in wanted.items()}
        while block := list(islice(reader, _BLOCK)):
            if not set(map(len, block)) <= {len(header)}:
                block = _checked(path, header, block)
            for option, position in positions.items():
                numbers[option].extend(map(texts[option].__getitem__, map(itemgetter(position), block)))
    if not all(numbers.values()):
        raise ProblemError(
            argument="--samples",
            found=f"{path} has no rows below its header",
            remedy="give at least one sample",
        )
    samples: dict[str, list[Hashable]] = {}
    for option, position in positions.items():
        letters = _letters(path, position, wanted[option], list(texts[option]))
        samples[option] = list(map(letters.__getitem__, numbers[option]))
    return samples


@contextmanager
def _rows(path: Path) -> Iterator[Any]:
    """A reader of the file; what keeps it from being one becomes an error that names it."""
    try:
        require_regular_file(path, ProblemError, "--samples")
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield csv.reader(file, strict=True)
    except OSError as error:
        raise ProblemError(
            argument="--samples", value=path, found=f"{path} cannot be read: {error.strerror}"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProblemError(
            argument="--samples", value=path, found=f"{path} is not a CSV file in UTF-8: {error}"
        ) from error


def _checked(path: Path, header: list[str], block: list[list[str]]) -> list[list[str]]:
    """The rows without empty lines; any other length than the header's is refused."""
    for row in block:
        if row and len(row) != len(header):
            raise ProblemError(
                argument="--samples",
                found=f"{path}, line {_line(path, lambda other: bool(other) and len(other) != len(header))} "
                f"has {len(row)} cells, but the header has {len(header)}",
                remedy="correct the line",
            )
    return [row for row in block if row]


def _line(path: Path, wrong: Callable[[list[str]], bool]) -> int:
    """The line of the first row below the header that is wrong, found by reading again.

    The reader's own count of lines stays right when a quoted cell spans several.
    """
    with _rows(path) as reader:
        next(reader, None)
        for row in reader:
            if wrong(row):
                break
        line: int = reader.line_num
    return line


def _position(path: Path, header: list[str], option: str, name: str) -> int:
    """Where the column stands."""
    if header.count(name) != 1:
        problem = "is missing" if name not in header else "stands there more than once"
        raise ProblemError(
            argument=option,
            value=name,
            found=f"is {shown(name)}, but this column {problem} in {path}",
            remedy=f"the columns are {', '.join(header)}",
        )
    return header.index(name)


def _letters(path: Path, position: int, name: str, cells: list[str]) -> list[Hashable]:
    """The letters of the different cells of a column, converted alike; empty, infinite ones are refused."""
    texts = [cell.strip() for cell in cells]
    if "" in texts:
        _refuse(path, position, name, cells[texts.index("")], "is empty")
    for convert in (_integer, _decimal):
        try:
            letters: list[Hashable] = [convert(text) for text in texts]
        except ValueError:
            continue
        for cell, letter in zip(cells, letters, strict=True):
            if isinstance(letter, float) and not math.isfinite(letter):
                _refuse(path, position, name, cell, f"is {shown(cell)}")
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


def _refuse(path: Path, position: int, name: str, cell: str, found: str) -> None:
    line = _line(path, lambda row: len(row) > position and row[position] == cell)
    raise ProblemError(
        argument="--samples",
        value=cell,
        found=f"{path}, line {line}, column {shown(name)} {found}",
        remedy="remove or fill the cell, letters must be finite",
    )
