"""Columns of symbols in files and pipes: raw integers, .npy, CSV; read and written in blocks of flat memory.

`uint8` and `uint16` are raw integers of one and two bytes, the lower one first.  An .npy file holds one axis
of integers.  A CSV file has a header, and its cells are the letters of the problem; without names there the
letters are 0, 1, 2 and so on.  Where the letters are bins, numbers fall into them.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import click
import numpy as np
from numpy.typing import NDArray

from mecbopt.cli.samples import delimiter_hint
from mecbopt.errors import ProblemError, shown
from mecbopt.problem.bins import named_bins
from mecbopt.problem.letters import plain_letter
from mecbopt.problem.whole_files import written_whole

__all__ = ["FORMATS", "Column", "file_format", "opened_input", "opened_output", "read_blocks", "write_blocks"]

FORMATS = ("npy", "csv", "uint8", "uint16")
_RAW: dict[str, np.dtype[Any]] = {"uint8": np.dtype("<u1"), "uint16": np.dtype("<u2")}
#: Symbols that are read at once.
_BLOCK = 1 << 18
#: Rows of a CSV file that are read at once.
_ROWS = 1 << 12
#: Different texts of cells that are remembered; beyond them each is looked up anew.
_MOST_TEXTS = 1 << 16


@dataclass(frozen=True)
class Column:
    """A column of a CSV file and the letters in it.

    Attributes
    ----------
    option : str
        Which asks for it, for messages.
    name : str or None
        None: the file's only one.
    letters : tuple or None
        Names of the letters; None: 0, 1, 2, ...
    size : int
        How many letters there are.
    """

    option: str
    name: str | None
    letters: tuple[Any, ...] | None
    size: int


def file_format(option: str, given: str | None, path: str) -> str:
    """The format that was named, or the one of the suffix.

    Raises
    ------
    click.UsageError
        Neither says it.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    suffix = "csv" if suffix == "tsv" else suffix  # the same with tabs
    if given is None and suffix not in FORMATS:
        raise click.UsageError(
            f"the format of '{path}' is not known from its name: give {option}, one of {', '.join(FORMATS)}."
        )
    return given or suffix


@contextlib.contextmanager
def opened_input(path: str) -> Iterator[BinaryIO]:
    """A file or, for "-", standard input."""
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        yield file


@contextlib.contextmanager
def opened_output(path: Path | None) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete or, for None, standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with written_whole(path) as file:
        yield file


def read_blocks(
    file: BinaryIO, kind: str, name: str, columns: list[Column], delimiter: str = ","
) -> Iterator[list[NDArray[np.int64] | NDArray[Any]]]:
    """The letters of each column, block after block, as numbers 0, 1, 2, ...

    Parameters
    ----------
    file : binary file
    kind : str
        One of `FORMATS`; the binary ones hold one column.
    name : str
        Of the file, for messages.
    columns : list of Column
    delimiter : str
        Of the cells of a CSV file.
    """
    if kind == "csv":
        yield from _csv_blocks(file, name, columns, delimiter)
        return
    blocks = _npy_blocks(file, name) if kind == "npy" else _raw_blocks(file, _RAW[kind], name)
    for block in blocks:
        yield [block]


def _raw_blocks(
    file: BinaryIO, dtype: np.dtype[Any], name: str, count: int | None = None
) -> Iterator[NDArray[Any]]:
    """Numbers of a fixed size: `count` of them, or all that come."""
    left = None if count is None else count * dtype.itemsize
    rest = b""
    while left is None or left:
        part = file.read(_BLOCK * dtype.itemsize if left is None else min(left, _BLOCK * dtype.itemsize))
        if not part:
            break
        left = None if left is None else left - len(part)
        part = rest + part
        whole = len(part) - len(part) % dtype.itemsize
        rest = part[whole:]
        if whole:
            yield np.frombuffer(part[:whole], dtype=dtype).astype(dtype.newbyteorder("="))
    if rest or left:
        found = f"ends within a number of {dtype.itemsize} bytes" if rest else f"lacks {left} bytes"
        raise ProblemError(argument="INPUT", value=name, found=f"{name} {found}", remedy="is it complete?")


def _npy_blocks(file: BinaryIO, name: str) -> Iterator[NDArray[Any]]:
    """The numbers of an array file."""
    shape, dtype = _npy_header(file, name)
    required = "hold integers, shape (N,)"
    if len(shape) != 1 or dtype.kind not in "iu":
        found = f"{name} holds an array of shape {shape} and type {dtype}"
        raise ProblemError(
            argument="INPUT", value=name, found=found, required=required, remedy="save x.ravel() as integers"
        )
    yield from _raw_blocks(file, dtype, name, shape[0])
    if file.read(1):
        raise ProblemError(argument="INPUT", value=name, found=f"{name} goes on behind its array")


def _npy_header(file: BinaryIO, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"version {version} of the format")
    except (ValueError, EOFError, MemoryError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ProblemError(
            argument="INPUT", value=name, found=f"{name} is no .npy file: {reason}", remedy="see --format"
        ) from error
    return shape, dtype


def _csv_blocks(
    file: BinaryIO, name: str, columns: list[Column], delimiter: str
) -> Iterator[list[NDArray[np.int64]]]:
    """Cells of a CSV file in UTF-8, looked up among the letters."""
    text = io.TextIOWrapper(cast("Any", file), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True, delimiter=delimiter)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        places = [_place(header, name, column) for column in columns]
        finders = [_finder(column) for column in columns]
        before = reader.line_num
        while rows := list(islice(reader, _ROWS)):
            if not {*map(len, rows)} <= {0, len(header)}:
                raise _wrong_row(name, before, rows, len(header))
            full = [row for row in rows if row]  # empty lines are none
            block = []
            for place, find, column in zip(places, finders, columns, strict=True):
                cells = [row[place] for row in full]
                try:
                    block.append(np.fromiter(map(find, cells), np.int64, len(cells)))
                except KeyError as error:
                    cell = str(error.args[0])
                    index = next(i for i, row in enumerate(rows) if row and row[place] == cell)
                    raise _no_letter(name, _line(before, rows, index), column, cell) from None
            if full:
                yield block
            before = reader.line_num
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProblemError(
            argument="INPUT", value=name, found=f"{name} is not a CSV file in UTF-8: {error}"
        ) from error
    finally:
        text.detach()


def _place(header: list[str], name: str, column: Column) -> int:
    if not any(header):
        raise click.UsageError(f"INPUT {name} is empty: its first line must name the columns.")
    known = f"the columns of {name} are {', '.join(header)}{delimiter_hint(header)}"
    if column.name is None:
        if len(header) != 1:
            raise click.UsageError(f"{column.option} is not given: {known}; name one of them.")
        return 0
    if header.count(column.name) != 1:
        what = "is missing" if column.name not in header else "stands there more than once"
        raise click.UsageError(f"{column.option} is '{column.name}', which {what}: {known}.")
    return header.index(column.name)


def _finder(column: Column) -> Callable[[str], int]:
    """From the text of a cell to the number of its letter; KeyError for what is no letter."""
    letters: Iterable[Any] = range(column.size) if column.letters is None else column.letters
    bins = named_bins(letters)
    texts: dict[str, int] = {}
    numbers: dict[float, int] = {}
    for place, letter in enumerate(letters):
        texts.setdefault(letter_text(letter), place)
        if isinstance(letter, (int, float)) and not isinstance(letter, bool):
            numbers.setdefault(letter, place)

    def find(cell: str) -> int:
        place = texts.get(cell)
        if place is None:
            place = texts.get(cell.strip())
        if place is None and numbers:
            # 1, 1.0 and 1e0 are one number.
            with contextlib.suppress(ValueError, OverflowError):
                place = numbers.get(float(cell)) if "_" not in cell else None
        if place is None and bins is not None:
            # A bin that held no sample is no letter of the problem, and a number in it is refused.
            with contextlib.suppress(ValueError, ProblemError):  # no number, or none that is finite
                place = texts.get(bins.of([float(cell)])[0]) if "_" not in cell else None
        if place is None:
            raise KeyError(cell)
        if len(texts) < _MOST_TEXTS:
            texts[cell] = place
        return place

    return find


def _line(before: int, rows: list[list[str]], index: int) -> int:
    """The line on which a row begins; a cell in quotation marks may span several."""
    return before + 1 + sum(1 + sum(cell.count("\n") for cell in row) for row in rows[:index])


def _wrong_row(name: str, before: int, rows: list[list[str]], cells: int) -> ProblemError:
    index = next(i for i, row in enumerate(rows) if len(row) not in (0, cells))
    found = f"{name}, line {_line(before, rows, index)} has {len(rows[index])} cells, the header has {cells}"
    return ProblemError(argument="INPUT", value=name, found=found, remedy="correct the line")


def _no_letter(name: str, line: int, column: Column, cell: str) -> ProblemError:
    names = range(column.size) if column.letters is None else column.letters
    some = ", ".join(letter_text(letter) for letter in islice(names, 6))
    return ProblemError(
        argument="INPUT",
        value=cell,
        found=f"{name}, line {line}: {shown(cell)} is no letter of the problem",
        required=f"be one of {some}{', ...' if column.size > 6 else ''}{delimiter_hint([cell])}",
    )


def letter_text(letter: Any) -> str:
    """A letter as a cell of a CSV file."""
    plain = plain_letter(letter)
    return plain if isinstance(plain, str) else str(plain)


def write_blocks(file: IO[bytes], kind: str, blocks: Iterable[NDArray[np.int64]], column: Column) -> int:
    """Write letters block after block; how many there were.

    An .npy file says first how many follow: what cannot be rewound waits in a file of its own until then.
    """
    if kind == "csv":
        return _write_csv(file, blocks, column)
    if kind == "npy":
        return _write_npy(file, blocks, np.dtype("<u1" if column.size <= 1 << 8 else "<u2"))
    dtype = _RAW[kind]
    return sum(_write_raw(file, block, dtype) for block in blocks)


def _write_raw(file: IO[bytes], block: NDArray[np.int64], dtype: np.dtype[Any]) -> int:
    file.write(block.astype(dtype).tobytes())
    return len(block)


def _write_csv(file: IO[bytes], blocks: Iterable[NDArray[np.int64]], column: Column) -> int:
    names = range(column.size) if column.letters is None else column.letters
    texts = np.array([_csv_cell(letter_text(letter)) for letter in names], dtype=object)
    file.write(f"{_csv_cell(column.name or 'y')}\n".encode())
    count = 0
    for block in blocks:
        file.write("".join(f"{text}\n" for text in texts[block]).encode())
        count += len(block)
    return count


def _csv_cell(text: str) -> str:
    """A text as a cell, in quotation marks where it needs them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def _write_npy(file: IO[bytes], blocks: Iterable[NDArray[np.int64]], dtype: np.dtype[Any]) -> int:
    with contextlib.ExitStack() as stack:
        target = file if _rewinds(file) else stack.enter_context(tempfile.TemporaryFile())
        start = target.tell()
        _npy_start(target, dtype, 0)
        count = sum(_write_raw(target, block, dtype) for block in blocks)
        target.seek(start)
        _npy_start(target, dtype, count)
        if target is not file:
            target.seek(0)
            shutil.copyfileobj(target, file)
        else:
            target.seek(0, os.SEEK_END)
    return count


def _rewinds(file: IO[bytes]) -> bool:
    try:
        return file.seekable()
    except (AttributeError, OSError):
        return False


def _npy_start(file: IO[bytes], dtype: np.dtype[Any], count: int) -> None:
    """The header; numpy leaves room in it, so that it has the same length whatever the count is."""
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(cast("Any", file), description)
