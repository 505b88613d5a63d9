"""Columns of a CSV file as letters: whole numbers, numbers or text, whatever the column holds throughout."""

from __future__ import annotations

import csv
import math
from collections.abc import Hashable, Mapping
from pathlib import Path

from mecbopt.errors import ProblemError

__all__ = ["read_columns"]


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
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            positions = {option: _position(path, header, option, name) for option, name in wanted.items()}
            # The reader's own count of lines stays right when a quoted cell spans several.
            rows = [(reader.line_num, row) for row in reader if row]
    except OSError as error:
        raise ProblemError(f"--samples {path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProblemError(f"--samples {path} is not a CSV file in UTF-8: {error}.") from error
    if not rows:
        raise ProblemError(f"--samples {path} has no rows below its header: give at least one sample.")
    for line, row in rows:
        if len(row) != len(header):
            raise ProblemError(
                f"--samples {path}, line {line} has {len(row)} cells, but the header has {len(header)}: "
                "correct the line."
            )
    return {
        option: _letters(path, wanted[option], [(line, row[position].strip()) for line, row in rows])
        for option, position in positions.items()
    }


def _position(path: Path, header: list[str], option: str, name: str) -> int:
    """Where the column stands."""
    if header.count(name) != 1:
        problem = "is missing" if name not in header else "stands there more than once"
        raise ProblemError(
            f"{option} is '{name}', but this column {problem} in {path}: the columns are {', '.join(header)}."
        )
    return header.index(name)


def _letters(path: Path, name: str, cells: list[tuple[int, str]]) -> list[Hashable]:
    """The cells of one column, converted alike; empty and non-finite cells are refused."""
    for line, cell in cells:
        if not cell:
            _refuse(path, line, name, "is empty")
    for convert in (_integer, _decimal):
        try:
            letters = [convert(cell) for _, cell in cells]
        except ValueError:
            continue
        for (line, cell), letter in zip(cells, letters, strict=True):
            if isinstance(letter, float) and not math.isfinite(letter):
                _refuse(path, line, name, f"is '{cell}'")
        return list(letters)
    return [cell for _, cell in cells]


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


def _refuse(path: Path, line: int, name: str, found: str) -> None:
    raise ProblemError(
        f"--samples {path}, line {line}, column '{name}' {found}: remove or fill the cell, "
        "letters must be finite."
    )
