"""Every wrong input: exit code 2 and one line that names what was found, without a traceback."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.conftest import TERNARY, Run

NUMBERS = ("--px", "0.5,0.5", "--py", "0.6,0.4")


def refuse(run: Run, arguments: tuple[object, ...], *words: str) -> None:
    """The call is refused in one line that holds all the words."""
    outcome = run(*arguments)
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("Error: ")
    assert outcome.err.count("\n") == 1, outcome.err
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--px", "0.5,-0.1,0.6", "--py", "0.6,0.4"), ("--px[1]", "-0.1", "not be negative")),
        (("--px", "0.5,nan", "--py", "0.6,0.4"), ("--px[1]", "nan", "finite")),
        (("--px", "0.5,inf", "--py", "0.6,0.4"), ("--px[1]", "inf", "finite")),
        (("--px", "0.5,0.4", "--py", "0.6,0.4"), ("--px", "0.9", "--normalize")),
        (("--px", "0.5,0.500000002", "--py", "0.6,0.4"), ("--px", "1.000000002", "--normalize")),
        (("--px", "0.5,0.5", "--py", "3,7"), ("--py", "10", "--normalize")),
        (("--px", "", "--py", "0.6,0.4"), ("--px", "entry 0")),
        (("--px", "0,0", "--py", "0.6,0.4", "--normalize"), ("--px", "0", "positive")),
        (("--px", "0.5,half", "--py", "0.6,0.4"), ("--px", "entry 1", "half")),
        (("--px", "1/0,1", "--py", "0.6,0.4"), ("--px", "entry 0", "1/0")),
        (("--px", "0.5,0.5"), ("--px", "--py")),
        ((*NUMBERS, "--max-label-entropy", "0.5"), ("--max-label-entropy", "0.5", "--ps-given-x")),
        ((*NUMBERS, "--rate", "-0.5"), ("--rate", "-0.5")),
        ((*NUMBERS, "--rate", "nan"), ("--rate", "nan")),
        ((*NUMBERS, "--rate", "much"), ("--rate", "much")),
        ((*NUMBERS, "--ps-given-x", "0.5,0.5"), ("--ps-given-x", "1 rows", "2 letters")),
        ((*NUMBERS, "--ps-given-x", "0.5,0.5;0.5,0.6"), ("--ps-given-x[1]", "1.1", "--normalize")),
        ((*NUMBERS, "--ps-given-x", "0.5,0.5;1"), ("--ps-given-x", "lengths", "[1, 2]")),
        (
            (*NUMBERS, "--ps-given-x", "1,0;0,1", "--max-label-entropy", "-1"),
            ("--max-label-entropy", "-1"),
        ),
        ((*NUMBERS, "--gap", "0"), ("--gap", "0", "positive")),
        ((*NUMBERS, "--gap", "nan"), ("--gap", "nan", "positive")),
        ((*NUMBERS, "--time-limit", "0"), ("--time-limit", "0", "positive")),
        ((*NUMBERS, "--time-limit", "-3"), ("--time-limit", "-3", "positive")),
        ((*NUMBERS, "--node-limit", "-1"), ("--node-limit", "-1")),
        ((*NUMBERS, "--seed", "-1"), ("--seed", "-1")),
        ((*NUMBERS, "--method", "magic"), ("--method", "magic", "exact")),
        ((*NUMBERS, "--engine", "steam"), ("--engine", "steam", "highs")),
        ((*NUMBERS, "--workers", "0"), ("--workers", "0", "at least 1")),
        ((*NUMBERS, "--frobnicate"), ("--frobnicate",)),
        ((*NUMBERS, "--label", "alarm"), ("--label", "--samples")),
        ((*NUMBERS, "--smoothing", "1"), ("--smoothing", "--samples")),
        ((*NUMBERS, "--certificate", "no such folder/c.json"), ("--certificate", "no such folder")),
        ((*NUMBERS, "--checkpoint", "no such folder/state"), ("--checkpoint", "No such file")),
        ((*NUMBERS, "--checkpoint", "."), ("--checkpoint", "is a directory")),
        ((*NUMBERS, "--workers", "2", "--method", "local"), ("--workers", "'local'", "leave it out")),
        ((*NUMBERS, "--seed", "9" * 40), ("--seed", "at most 9223372036854775807")),
        ((*NUMBERS, "--node-limit", "1e3"), ("--node-limit", "1e3", "integer")),
        ((*NUMBERS, "--node-limit", "9" * 40), ("--node-limit", "at most 9223372036854775807")),
        ((*NUMBERS, "--workers", "100000"), ("--workers", "at most 512")),
        ((*NUMBERS, "--rate", "9" * 5000), ("--rate", "at most 250 characters")),
        ((*NUMBERS, "--rate", "1/" + "9" * 5000), ("--rate", "at most 250 characters")),
        ((*NUMBERS, "--gap", "9" * 5000), ("--gap", "at most 250 characters")),
        (("--px", "0.5," + "9" * 5000, "--py", "0.6,0.4"), ("--px", "entry 1", "...")),
        ((), ("FILE", "--px", "--samples")),
        (("--py", "0.5,0.5"), ("FILE", "--px", "--samples")),
    ],
)
def test_solve_refuses_options(run: Run, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    refuse(run, ("solve", *options), *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rate = 0.5", "rates = 0.5", ("'rates'", "unknown", "rate")),
        ("max_entropy", "maximum", ("label.maximum", "unknown", "max_entropy")),
        ("p_x = [0.5, 0.3, 0.2]", "", ("p_x", "missing")),
        ("[0.5, 0.3, 0.2]", "[5, 3, 2]", ("p_x", "10", "normalize = true")),
        ("[0.5, 0.3, 0.2]", "[]", ("p_x", "empty")),
        ("[0.5, 0.3, 0.2]", "[[0.5], [0.5]]", ("p_x", "shape")),
        ("[0.5, 0.3, 0.2]", "0.5", ("p_x", "0.5")),
        ("[0.5, 0.3, 0.2]", "[0.5, 0.5]", ("p_s_given_x", "3 rows", "2 letters")),
        ("[0.5, 0.3, 0.2]", "[0.5, nan, 0.5]", ("p_x[1]", "nan")),
        ("[0.5, 0.3, 0.2]", '["1/2", "1/x", 0]', ("p_x[1]", "1/x")),
        ("p_s_given_x = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]", "", ("p_s_given_x", "missing")),
        ("rate = 0.5", "rate = nan", ("rate", "nan")),
        ("rate = 0.5", 'rate = "fast"', ("rate", "fast")),
        ("max_entropy = 0.95", "max_entropy = -1", ("label.max_entropy", "-1")),
        ("sees_seed = true", 'sees_seed = "yes"', ("label.sees_seed", "yes")),
        ("rate = 0.5", "rate = = 0.5", ("not valid TOML",)),
    ],
)
def test_solve_refuses_files(run: Run, ternary: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    assert old in TERNARY
    ternary.write_text(TERNARY.replace(old, new))
    refuse(run, ("solve", ternary), str(ternary), *words)


def test_solve_refuses_what_no_engine_takes(run: Run, ternary: Path) -> None:
    ternary.write_text(TERNARY.replace("rate = 0.5", "rate = 0.5\np_y_tolerance = 1.5"))
    refuse(run, ("solve", ternary), "p_y_tolerance", "between 0 and 1")
    given = ("solve", "--px", "0.5,0.5", "--py-tolerance")
    refuse(run, (*given, "-0.1", "--py", "0.5,0.5"), "--py-tolerance", "0")
    refuse(run, (*given, "much", "--py", "0.5,0.5"), "--py-tolerance")
    refuse(run, (*given, "0.1", "--y-size", "2"), "--py-tolerance", "--py")


def test_a_label_without_the_seed_needs_a_limit(run: Run) -> None:
    arguments = ("solve", "--px", "0.5,0.5", "--py", "0.5,0.5", "--label-without-seed")
    refuse(run, arguments, "--label-without-seed", "--max-label-entropy")


def test_solve_refuses_what_is_no_problem_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\r\n\xff")
    (tmp_path / "notes.txt").write_text("p_x = [1]")
    (tmp_path / "list.json").write_text("[1, 2]")
    refuse(run, ("solve", "picture.toml"), "picture.toml", "not UTF-8")
    refuse(run, ("solve", "notes.txt"), "notes.txt", ".toml")
    refuse(run, ("solve", "list.json"), "list.json", "list")
    refuse(run, ("solve", "absent.toml"), "absent.toml", "No such file")


def test_one_source_only(run: Run, ternary: Path, samples: Path) -> None:
    refuse(run, ("solve", ternary, *NUMBERS), "FILE", "--px", "both given")
    refuse(run, ("solve", ternary, "--samples", samples), "FILE", "--samples", "both given")
    refuse(run, ("solve", ternary, "--py", "0.5,0.5"), "--py", "FILE")
    refuse(run, ("solve", ternary, "--normalize"), "--normalize", "FILE")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--x", "reading"), ("--y", "--py", "neither")),
        (("--x", "reading", "--y", "clean", "--py", "0.5,0.5"), ("--y", "--py", "both")),
        (("--y", "clean"), ("--samples", "--x")),
        (("--x", "rading", "--y", "clean"), ("--x", "rading", "reading, clean, alarm")),
        (("--x", "reading", "--y", "clear"), ("--y", "clear", "reading, clean, alarm")),
        (("--x", "reading", "--y", "clean", "--label", "bell"), ("--label", "bell")),
        (("--x", "reading", "--y", "clean", "--max-label-entropy", "0.5"), ("0.5", "--label")),
        (("--x", "reading", "--y", "clean", "--smoothing", "-1"), ("--smoothing", "-1")),
        (("--x", "reading", "--y", "clean", "--smoothing", "inf"), ("--smoothing", "inf")),
        (("--x", "reading", "--py", "2,2"), ("--py", "4", "--normalize")),
        (("--x", "reading", "--y", "clean", "--ps-given-x", "1,0"), ("--ps-given-x", "--px")),
    ],
)
def test_solve_refuses_columns(
    run: Run, samples: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refuse(run, ("solve", "--samples", samples, *options), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,y\n1,a\nnan,b\n", ("line 3", "'x'", "nan")),
        ("x,y\n1,a\ninf,b\n", ("line 3", "'x'", "inf")),
        ("x,y\n1,a\n,b\n", ("line 3", "'x'", "empty")),
        ("x,y\n1,a\n2\n", ("line 3", "1 cells")),
        ("x,y\n", ("no rows",)),
        ("", ("--x", "missing")),
        ("x,x\n1,2\n", ("more than once",)),
        ('x,y\n"1,a\n', ("not a CSV",)),
    ],
)
def test_solve_refuses_cells(run: Run, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "bad.csv").write_text(text)
    refuse(run, ("solve", "--samples", "bad.csv", "--x", "x", "--py", "0.5,0.5"), *words)


def test_samples_that_are_no_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"x,y\n\xff,1\n")
    refuse(run, ("solve", "--samples", "bad.csv", "--x", "x", "--py", "1"), "bad.csv", "UTF-8")
    refuse(run, ("solve", "--samples", "none.csv", "--x", "x", "--py", "1"), "none.csv", "No such file")


@pytest.mark.parametrize(
    "rates",
    [
        *(
            "0:1",
            "0:1:1",
            "0:1:2.5",
            "1:0:5",
            "0:inf:5",
            "-1:1:5",
            "a:b:c",
            "0:1:5:7",
            "",
            "0.5,0.2",
            "0,nan",
        ),
        # Too many to hold in memory, or in any picture; and more than there are floats between the two.
        *("0:1:1e9", "0:1:1e12", "0:1:100001", "0:1:inf", "0:1e-320:5000", "1:1.0000000000000004:9"),
        *("0:1:1" + "0" * 60, "0:1e309:5"),
    ],
)
def test_curve_refuses_rates(run: Run, rates: str) -> None:
    start = time.perf_counter()
    refuse(run, ("curve", *NUMBERS, "--rates", rates), "--rates", f"'{rates}'", "START:STOP:COUNT")
    assert time.perf_counter() - start < 20


def test_curve_offers_no_rate_of_its_own(run: Run) -> None:
    refuse(run, ("curve", *NUMBERS, "--rates", "0:1:3", "--rate", "1"), "No such option", "--rate", "--rates")
    assert "--rate " not in run("curve", "--help").out
    refuse(run, ("curve", *NUMBERS), "--rates")
    refuse(run, ("curve", *NUMBERS, "--rates", "0:1:3", "--workers", "0"), "--workers", "0")


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_output_paths_are_checked_before_the_solve(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the solve began")

    monkeypatch.setattr("mecbopt.cli.solve.solve_problem", never)
    refuse(run, ("solve", *NUMBERS, option, "absent/out.png"), option, "absent", "create it")
    (tmp_path / "folder.png").mkdir()
    refuse(run, ("solve", *NUMBERS, option, "folder.png"), option, "folder.png", "folder")
    refuse(run, ("solve", *NUMBERS, option, "/proc/out.png"), option, "/proc/out.png", "cannot be written")
    refuse(run, ("solve", *NUMBERS, "--plot", "out.tiff"), "--plot", ".tiff", ".png")


def test_outputs_do_not_collide(run: Run, ternary: Path) -> None:
    refuse(run, ("solve", *NUMBERS, "--json", "o.png", "--plot", "o.png"), "--json", "--plot", "o.png")
    before = ternary.read_text()
    refuse(run, ("solve", ternary, "--json", ternary), "--json", "the problem file")
    assert ternary.read_text() == before
    refuse(run, ("curve", *NUMBERS, "--rates", "0:1:3", "--csv", "o.png", "--plot", "o.png"), "--plot")


def test_a_refused_call_leaves_files_as_they_were(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("kept")
    refuse(run, ("solve", "--px", "2", "--py", "1", "--json", "old.json", "--plot", "new.png"), "--px")
    assert (tmp_path / "old.json").read_text() == "kept"
    assert not (tmp_path / "new.png").exists()


def test_unknown_commands_and_folders(run: Run, tmp_path: Path) -> None:
    refuse(run, ("solv",), "solv", "did you mean solve?")
    refuse(run, ("paint",), "paint", "solve, curve")
    (tmp_path / "file").write_text("")
    refuse(run, ("figures", "--out", "file/figures"), "--out", "file/figures")
    refuse(run, ("figures", "--out", "figures", "--only", "mona-lisa"), "--only", "mona-lisa")
    refuse(run, ("demo", "--out", "file"), "--out", "file")


def test_debug_shows_the_traceback(run: Run) -> None:
    outcome = run("solve", "--px", "2", "--py", "1", "--debug")
    assert outcome.code == 2
    assert "Traceback" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("Error: --px")
