"""Columns of CSV files: what they hold, where a cell is wrong, and how long a million rows take."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from mecbopt.cli.samples import read_columns
from mecbopt.errors import ProblemError
from tests.cli.conftest import Run


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


@pytest.mark.parametrize(
    ("mark", "option"), [(";", ";"), ("\t", "tab"), ("\t", "\\t"), ("|", "pipe"), (" ", "space"), (":", ":")]
)
def test_cells_may_be_separated_by_another_character(run: Run, mark: str, option: str) -> None:
    lines = ["x,1", "a,1", "b,2", "a,1"]
    Path("s.txt").write_text("\n".join(lines).replace(",", mark) + "\n")
    Path("s.csv").write_text("\n".join(lines) + "\n")
    wanted = ("--x", "x", "--y", "1", "--json", "-", "--quiet")
    found = run("solve", "--samples", "s.txt", "--delimiter", option, *wanted)
    expected = run("solve", "--samples", "s.csv", *wanted)
    assert found.code == 0
    assert json.loads(found.out)["problem"] == json.loads(expected.out)["problem"]


def test_a_tsv_file_is_separated_by_tabs(tmp_path: Path) -> None:
    assert read(tmp_path / "s.tsv", "x\ty\n1,5\ta\n", x="x") == {"--x": ["1,5"]}


@pytest.mark.parametrize("wrong", ["", "ab", "a", "1", '"', "-", ".", "\n"])
def test_what_separates_no_cells_is_refused(run: Run, wrong: str) -> None:
    outcome = run("solve", "--samples", "s.csv", "--delimiter", wrong, "--x", "x", "--py", "1")
    assert outcome.code == 2
    assert "--delimiter" in outcome.err
    assert "semicolon" in outcome.err


def test_a_file_with_another_delimiter_is_recognised_in_the_message(run: Run) -> None:
    Path("s.csv").write_text("x;y\n1;2\n")
    outcome = run("solve", "--samples", "s.csv", "--x", "x", "--py", "1")
    assert outcome.code == 2
    assert "add --delimiter semicolon" in outcome.err


def test_a_table_in_place_of_a_problem_is_met_with_the_option_for_it(run: Run) -> None:
    Path("s.csv").write_text("x,y\n1,2\n")
    outcome = run("solve", "s.csv")
    assert outcome.code == 2
    assert "--samples s.csv --x COLUMN" in outcome.err


def test_who_gives_a_continuous_column_is_told_of_bins(run: Run) -> None:
    """Hundreds of letters take hours where six bins take a blink; fewer numbers may well be letters."""
    Path("s.csv").write_text("x\n" + "".join(f"{k / 7}\n" for k in range(41)))
    wanted = ("solve", "--samples", "s.csv", "--x", "x", "--py", "0.5,0.5", "--quiet")
    outcome = run(*wanted)
    assert outcome.code == 0
    assert "column 'x' holds 41 different numbers" in outcome.err
    assert "--bins 6" in outcome.err
    assert run(*wanted, "--bins", "6").err == ""
    Path("s.csv").write_text("x\n" + "".join(f"{k / 7}\n" for k in range(40)))
    assert run(*wanted).err == ""


def test_samples_come_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def give(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    give("\ufeffx;y\r\n1;a\r\n2;b\r\n1;a\r\n")
    wanted = ("--samples", "-", "--delimiter", ";", "--x", "x", "--y", "y")
    outcome = run("solve", *wanted, "--json", "-")
    assert json.loads(outcome.out)["problem"]["p_x"] == ["2/3", "1/3"]
    give("x;y\n1;a\n;b\n")
    outcome = run("solve", *wanted)
    assert outcome.code == 2
    assert "standard input, line 3" in outcome.err
    give("x;y\n1;a\n2;b\n")
    assert run("report", *wanted, "--points", "2", "--out", "r.html").code == 0
    page = Path("r.html").read_text()
    assert "mecbopt solve problem.json --json" in page
    assert "save problem.json" in page
    give("")
    assert "is missing in standard input" in run("solve", *wanted).err


def test_columns_of_numbers_are_cut_into_bins(run: Run) -> None:
    rows = [f"{k / 7},{k % 5},{'ab'[k % 2]}" for k in range(40)]
    Path("s.csv").write_text("x,y,s\n" + "\n".join(rows) + "\n")
    wanted = (
        "solve",
        "--samples",
        "s.csv",
        "--x",
        "x",
        "--y",
        "y",
        "--rate",
        "0.5",
        "--json",
        "-",
        "--quiet",
    )
    problem = json.loads(run(*wanted, "--bins", "3").out)["problem"]
    assert problem["x_letters"] == ["(-inf, 1.85714)", "[1.85714, 3.71429)", "[3.71429, inf)"]
    assert problem["y_letters"] == ["(-inf, 1.0)", "[1.0, 3.0)", "[3.0, inf)"]
    problem = json.loads(run(*wanted, "--bins", "x=1.5:4").out)["problem"]
    assert problem["x_letters"] == ["(-inf, 1.5)", "[1.5, 4.0)", "[4.0, inf)"]
    assert problem["y_letters"] == [0, 1, 2, 3, 4]
    # What a report gives as its commands states the same bins.
    report = ("report", *wanted[1:9], "--bins", "x=2,y=1e0", "--points", "2", "--quiet")
    assert run(*report, "--out", "r.html", "--json", "r.json").code == 0
    again = shlex.split(json.loads(Path("r.json").read_text())["commands"][0])
    assert run(*again[1:]).code == 0
    names = json.loads(Path("solution.json").read_text())["problem"]["y_letters"]
    assert names == ["(-inf, 1.0)", "[1.0, inf)"]


@pytest.mark.parametrize(
    ("bins", "words"),
    [
        ("1", ("--bins", "'1'")),
        ("2.5", ("--bins", "'2.5'")),
        ("99999", ("--bins", "10000")),
        ("many", ("--bins", "many")),
        ("z=2", ("--bins", "z=2")),
        ("x=2,x=3", ("--bins", "x=3")),
        ("x=", ("--bins", "''")),
        ("x=1:b", ("--bins", "1:b")),
        ("x=2:1", ("--bins", "ascending")),
        ("x=1:inf", ("--bins", "finite")),
        ("label=2", ("--bins", "'label'")),
        ("y=2", ("--y[0]", "'a'")),
        ("y=1:2", ("--y[0]", "'a'")),
        ("40", ("--bins", "40", "leave it out")),
    ],
)
def test_bins_that_make_no_sense_are_refused(run: Run, bins: str, words: tuple[str, ...]) -> None:
    Path("s.csv").write_text("x,y\n1,a\n2,b\n3.5,b\n")
    outcome = run("solve", "--samples", "s.csv", "--x", "x", "--y", "y", "--bins", bins)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    for word in words:
        assert word in outcome.err


def test_bins_and_delimiters_go_with_samples_alone(run: Run) -> None:
    for option in (("--bins", "3"), ("--delimiter", ";")):
        outcome = run("solve", "--px", "1", "--py", "1", *option)
        assert outcome.code == 2
        assert f"{option[0]} goes with --samples" in outcome.err


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
