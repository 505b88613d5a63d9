"""Columns of CSV files: what they hold, where a cell is wrong, and how long a million rows take."""

from __future__ import annotations

import csv
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from mecbopt.cli.samples import read_columns
from mecbopt.errors import ProblemError


def read(path: Path, text: str, **columns: str) -> dict[str, list[object]]:
    path.write_text(text, encoding="utf-8")
    return read_columns(path, {f"--{option}": name for option, name in columns.items()})


def test_a_column_is_of_one_kind_throughout(tmp_path: Path) -> None:
    text = 'whole,number,text\n01, 1 ,1\n 2,2.5,"b, c"\n\n1,1,1_0\n'
    found = read(tmp_path / "s.csv", text, x="whole", y="number", label="text")
    assert found == {"--x": [1, 2, 1], "--y": [1.0, 2.5, 1.0], "--label": ["1", "b, c", "1_0"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x,y\n1,a\n\n,b\n", 4),
        ('x,y\n1,"two\nlines"\nnan,b\n', 4),
        ("x,y\n" + 2000 * "1,a\n" + "inf,a\n", 2002),
        ("x,y\n" + 2000 * "1,a\n" + "1\n", 2002),
    ],
)
def test_the_line_of_a_wrong_cell_is_that_of_the_file(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ProblemError, match=f"line {line}[ ,]"):
        read(tmp_path / "s.csv", text, x="x")


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", tmp_path):
        with pytest.raises(ProblemError, match="regular file"):
            read_columns(path, {"--x": "x"})


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"\xef\xbb\xbfx\r\n1\r\n2\r\n")
    assert read_columns(tmp_path / "s.csv", {"--x": "x"}) == {"--x": [1, 2]}


def test_many_rows_cost_little_more_than_parsing_them(tmp_path: Path) -> None:
    """Four times as much as the bare parser; it was 23 times: 17 seconds for a million rows."""
    path = tmp_path / "s.csv"
    path.write_text("x,y,label\n" + "".join(f"{k % 50},{'abc'[k % 3]},{k % 5 / 4}\n" for k in range(100_000)))

    def parse() -> None:
        with path.open(newline="") as file:
            deque(csv.reader(file), maxlen=0)

    def seconds(function: Callable[[], object]) -> float:
        began = time.process_time()
        function()
        return time.process_time() - began

    columns = {"--x": "x", "--y": "y", "--label": "label"}
    bare = min(seconds(parse) for _ in range(3))
    assert min(seconds(lambda: read_columns(path, columns)) for _ in range(3)) < 11 * bare
