"""`mecbopt encode` and `decode`: files of every format, pipes, reports, and what is refused."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.codec import Encoder
from tests.cli.conftest import Run

pytest.importorskip("constriction")

ROOT = Path(__file__).resolve().parents[2]
PROBLEM = mb.Problem(
    [0.5, 0.3, 0.2],
    [0.6, 0.4],
    rate=0.5,
    p_s_given_x=[[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]],
    max_label_entropy=0.95,
    x_letters=("cold", "mild", "hot, really"),
    y_letters=(0.5, 2),
    s_letters=("no", "yes"),
)
SOLUTION = mb.solve(PROBLEM)
COUNT = 3000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A solution and its symbols in every format."""
    SOLUTION.to_json(tmp_path / "s.json")
    x, label = symbols()
    np.save(tmp_path / "x.npy", x)
    x.astype("<u1").tofile(tmp_path / "x.uint8")
    x.astype("<u2").tofile(tmp_path / "x.uint16")
    with (tmp_path / "x.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "reading", "alarm"])
        rows = zip(range(COUNT), x, label, strict=True)
        writer.writerows([n, PROBLEM.x_letters[a], PROBLEM.s_letters[b]] for n, a, b in rows)
    return tmp_path


def symbols():
    rng = np.random.default_rng(0)
    x = rng.choice(3, COUNT, p=PROBLEM.p_x)
    return x, (rng.random(COUNT) < np.array([0.1, 0.8, 0.5])[x]).astype(int)


def outputs(seed=7, **options):
    return Encoder(SOLUTION.mixture, PROBLEM, seed=seed).outputs(symbols()[0], **options)[0]


def piped(folder, *arguments, given=b""):
    return subprocess.run(
        [sys.executable, "-m", "mecbopt", *map(str, arguments)],
        input=given,
        capture_output=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["x.npy", "x.uint8", "x.uint16", "x.csv"])
def test_every_format_gives_the_stream_of_the_library(run: Run, folder: Path, name: str) -> None:
    columns = ["--column", "reading"] if name == "x.csv" else []
    done = run("encode", "s.json", name, "--seed", 7, "--out", "x.mbsy", *columns)
    assert (done.code, done.out, done.err) == (0, "", "")
    expected = Encoder(SOLUTION.mixture, PROBLEM, seed=7).encode(symbols()[0])
    assert (folder / "x.mbsy").read_bytes() == expected


@pytest.mark.parametrize("name", ["y.npy", "y.uint8", "y.uint16", "y.csv"])
def test_every_format_holds_what_was_decoded(run: Run, folder: Path, name: str) -> None:
    run("encode", "s.json", "x.npy", "--seed", 7, "--out", "x.mbsy")
    columns = ["--column", "output"] if name == "y.csv" else []
    assert run("decode", "s.json", "x.mbsy", "--seed", 7, "--out", name, *columns).code == 0
    y = outputs()
    if name == "y.csv":
        rows = list(csv.reader(io.StringIO((folder / name).read_text())))
        assert rows[0] == ["output"]
        assert [float(cell) for (cell,) in rows[1:]] == [PROBLEM.y_letters[letter] for letter in y]
    else:
        read = np.load(folder / name) if name == "y.npy" else np.fromfile(folder / name, name[2:])
        assert read.dtype.itemsize == (2 if name == "y.uint16" else 1)
        assert np.array_equal(read, y)
    assert list(folder.glob(".*")) == []


@pytest.mark.parametrize("kind", ["npy", "uint8", "uint16", "csv"])
def test_pipes_give_what_files_give(folder: Path, kind: str) -> None:
    given = (folder / f"x.{kind}").read_bytes()
    columns = ["--column", "reading"] if kind == "csv" else []
    command = ("encode", "s.json", "-", "--format", kind, "--seed", 7, "--out", "-")
    encoded = piped(folder, *command, *columns, given=given)
    assert (encoded.returncode, encoded.stderr) == (0, b"")
    assert encoded.stdout == Encoder(SOLUTION.mixture, PROBLEM, seed=7).encode(symbols()[0])
    command = ("decode", "s.json", "-", "--format", kind, "--seed", 7, "--out", "-")
    decoded = piped(folder, *command, given=encoded.stdout)
    assert (decoded.returncode, decoded.stderr) == (0, b"")
    if kind == "npy":
        assert np.array_equal(np.load(io.BytesIO(decoded.stdout)), outputs())
    elif kind == "csv":
        assert decoded.stdout.splitlines()[:1] == [b"y"]
        assert len(decoded.stdout.splitlines()) == COUNT + 1
    else:
        assert np.array_equal(np.frombuffer(decoded.stdout, kind), outputs())


def test_a_csv_file_that_was_decoded_is_a_column_of_another_problem(run: Run, folder: Path) -> None:
    """Letters that are written are letters that are read."""
    run("encode", "s.json", "x.npy", "--seed", 7, "--out", "x.mbsy")
    run("decode", "s.json", "x.mbsy", "--seed", 7, "--out", "y.csv")
    second = mb.Problem([0.6, 0.4], [0.5, 0.5], rate=0.4, x_letters=(0.5, 2))
    mb.solve(second).to_json(folder / "second.json")
    assert run("encode", "second.json", "y.csv", "--out", "second.mbsy").code == 0


@pytest.mark.parametrize("labelled", [False, True])
def test_the_report_says_what_the_stream_shows(run: Run, folder: Path, labelled: bool) -> None:
    source = ["x.csv", "--column", "reading", *(["--label", "alarm"] if labelled else [])]
    done = run("encode", "s.json", *source, "--out", "x.mbsy", "--report", "--plot", "x.png")
    assert (done.code, done.err) == (0, "")
    size = (folder / "x.mbsy").stat().st_size
    assert f"{COUNT} symbols in {size} bytes, {8 * size / COUNT:.6f} bits a symbol" in done.out
    figures = dict(
        re.findall(r"^ *(code length|I\(X;Y\)|H\(S\|Y,U\)).*? ([-+]\d\.\d)$", done.out, re.MULTILINE)
    )
    assert set(figures) == {"code length", "I(X;Y)", "H(S|Y,U)"}
    assert all(abs(float(errors)) < 4 for errors in figures.values())
    assert ("by the labels" if labelled else "by the label channel") in done.out
    y = outputs(seed=0)
    for place, letter in enumerate(PROBLEM.y_letters):
        assert re.search(rf"^ *{letter} +{np.count_nonzero(y == place)} ", done.out, re.MULTILINE)
    assert done.out.count("chi-square") == 2
    assert (folder / "x.png").stat().st_size > 10_000


def test_a_report_beside_a_stream_on_standard_output(folder: Path) -> None:
    done = piped(folder, "encode", "s.json", "x.npy", "--out", "-", "--report")
    assert done.stdout == Encoder(SOLUTION.mixture, PROBLEM, seed=0).encode(symbols()[0])
    assert b"chi-square" in done.stderr


def test_symbols_of_another_law_are_pointed_out(run: Run, folder: Path) -> None:
    np.save(folder / "even.npy", np.arange(3000) % 3)
    done = run("encode", "s.json", "even.npy", "--out", "x.mbsy", "--report")
    assert "do not follow p_X" in done.out


def test_nothing_is_a_stream_too(run: Run, folder: Path) -> None:
    (folder / "none.uint8").write_bytes(b"")
    done = run("encode", "s.json", "none.uint8", "--out", "x.mbsy", "--report", "--plot", "x.png")
    assert (done.code, done.err) == (0, "")
    assert "0 symbols" in done.out
    for name in ("y.uint8", "y.npy", "y.csv"):
        assert run("decode", "s.json", "x.mbsy", "--out", name).code == 0
    assert len(np.load(folder / "y.npy")) == 0
    assert (folder / "y.csv").read_text() == "y\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", 8], "another seed"),
        (["--seed", 7, "other.json"], "made with mixture"),
        (["--seed", 7, "relettered.json"], "made with problem"),
    ],
)
def test_a_wrong_seed_or_solution_is_refused_and_leaves_what_was_there(
    run: Run, folder: Path, arguments: list[object], message: str
) -> None:
    run("encode", "s.json", "x.npy", "--seed", 7, "--out", "x.mbsy")
    mb.solve(PROBLEM.replace(rate=0.4)).to_json(folder / "other.json")
    text = (folder / "s.json").read_text()
    (folder / "relettered.json").write_text(text.replace("cold", "warm"))
    solution = arguments[2] if len(arguments) > 2 else "s.json"
    (folder / "y.npy").write_bytes(b"old")
    done = run("decode", solution, "x.mbsy", *arguments[:2], "--out", "y.npy")
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert (folder / "y.npy").read_bytes() == b"old"


def test_damage_is_refused_and_leaves_nothing(run: Run, folder: Path) -> None:
    run("encode", "s.json", "x.npy", "--out", "x.mbsy", "--chunk", 500)
    blob = bytearray((folder / "x.mbsy").read_bytes())
    for place, message in ((2, "no stream of symbols"), (40, "header"), (150, "chunk 3"), (-3, "trailer")):
        changed = bytearray(blob)
        changed[place] ^= 1
        (folder / "bad.mbsy").write_bytes(changed)
        done = run("decode", "s.json", "bad.mbsy", "--out", "y.npy")
        assert (done.code, message in done.err) == (1, True), done.err
    (folder / "cut.mbsy").write_bytes(blob[:-1])
    assert "truncated" in run("decode", "s.json", "cut.mbsy", "--out", "y.npy").err
    assert not (folder / "y.npy").exists()


WRONG = [
    (["encode", "s.json", "x.csv", "--out", "z"], "--column is not given: the columns of x.csv are number"),
    (["encode", "s.json", "x.csv", "--column", "nowhere", "--out", "z"], "'nowhere', which is missing"),
    (["encode", "s.json", "x.csv", "--column", "alarm", "--out", "z"], "line 2: 'yes' is no letter"),
    (["encode", "s.json", "x.npy", "--column", "reading", "--out", "z"], "npy has no columns"),
    (["encode", "s.json", "x.npy", "--label", "alarm", "--report", "--out", "z"], "npy has no columns"),
    (["encode", "s.json", "x.csv", "--column", "reading", "--label", "alarm", "--out", "z"], "add --report"),
    (["encode", "s.json", "x.dat", "--out", "z"], "give --format, one of npy, csv, uint8, uint16"),
    (["encode", "s.json", "-", "--out", "z"], "give --format"),
    (["encode", "s.json", "absent.npy", "--out", "z"], "absent.npy: No such file"),
    (["encode", "absent.json", "x.npy", "--out", "z"], "absent.json"),
    (["encode", "p.toml", "x.npy", "--out", "z"], "solve it first, mecbopt solve p.toml --json"),
    (["encode", "s.json", "x.npy"], "--out"),
    (["encode", "s.json", "x.npy", "--out", "x.npy"], "--out and INPUT are both"),
    (["encode", "s.json", "x.npy", "--out", "s.json"], "--out and SOLUTION are both"),
    (["encode", "s.json", "x.npy", "--out", "nowhere/z"], "no folder"),
    (["encode", "s.json", "x.npy", "--out", "z", "--seed", -1], "--seed"),
    (["encode", "s.json", "x.npy", "--out", "z", "--seed", 2**64], "--seed"),
    (["encode", "s.json", "x.npy", "--out", "z", "--chunk", 2**22 + 1], "--chunk"),
    (["encode", "s.json", "wide.uint8", "--out", "z"], "INPUT[2] is 3: it must hold integers from 0 to 2"),
    (["encode", "s.json", "odd.uint16", "--out", "z"], "ends within a number of 2 bytes"),
    (["encode", "s.json", "floats.npy", "--out", "z"], "float64: it must hold integers, shape (N,)"),
    (["encode", "s.json", "matrix.npy", "--out", "z"], "shape (2, 2)"),
    (["encode", "s.json", "short.npy", "--out", "z"], "short.npy lacks 8 bytes"),
    (["encode", "s.json", "long.npy", "--out", "z"], "goes on behind its array"),
    (["encode", "s.json", "x.uint8", "--format", "npy", "--out", "z"], "no .npy file"),
    (["encode", "s.json", "pickled.npy", "--out", "z"], "type object"),
    (["encode", "s.json", "ragged.csv", "--column", "reading", "--out", "z"], "line 4 has 1 cells"),
    (["encode", "s.json", "strange.csv", "--column", "reading", "--out", "z"], "line 5: 'tepid'"),
    (["encode", "s.json", "latin.csv", "--out", "z"], "not a CSV file in UTF-8"),
    (["encode", "s.json", "empty.csv", "--out", "z"], "INPUT empty.csv is empty"),
    (["decode", "s.json", "x.npy", "--out", "y.npy"], "starts with"),
    (["decode", "s.json", "x.npy", "--out", "y.dat"], "give --format"),
    (["decode", "s.json", "x.npy", "--out", "-"], "give --format"),
    (["decode", "s.json", "x.npy", "--out", "y.npy", "--column", "y"], "npy has no columns"),
    (["decode", "s.json", "absent", "--out", "y.npy"], "absent: No such file"),
    (["decode", "s.json", "folder", "--out", "y.npy"], "folder"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=lambda value: str(value)[-40:])
def test_what_is_wrong_is_named_in_one_line(
    run: Run, folder: Path, arguments: list[object], message: str
) -> None:
    (folder / "p.toml").write_text("p_x = [1]\np_y = [1]\n")
    (folder / "folder").mkdir()
    (folder / "wide.uint8").write_bytes(bytes([0, 1, 3]))
    (folder / "odd.uint16").write_bytes(bytes(5))
    np.save(folder / "floats.npy", np.zeros(3))
    np.save(folder / "matrix.npy", np.zeros((2, 2), int))
    np.save(folder / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    whole = (folder / "x.npy").read_bytes()
    (folder / "short.npy").write_bytes(whole[:-8])
    (folder / "long.npy").write_bytes(whole + b"\0")
    (folder / "ragged.csv").write_text('reading,s\n"cold",1\n\ncold\n')
    (folder / "strange.csv").write_text('reading,s\ncold,"a\nb"\n\ntepid,1\n')
    (folder / "latin.csv").write_bytes("reading\n\xe9\n".encode("latin-1"))
    (folder / "empty.csv").write_text("")
    done = run(*arguments)
    assert done.code in (1, 2), done.err
    assert message in done.err
    assert len(done.err.splitlines()) <= 1 + done.err.startswith("Usage")
    assert not (folder / "z").exists()
    assert not (folder / "y.npy").exists()


def test_a_solution_without_a_coupling_has_nothing_to_operate(run: Run, folder: Path) -> None:
    mb.solve(PROBLEM.replace(max_label_entropy=0.0)).to_json(folder / "none.json")
    done = run("encode", "none.json", "x.npy", "--out", "z")
    assert done.code == 1
    assert "infeasible and has no mixture" in done.err


def test_numbers_are_letters_however_they_are_written(run: Run, folder: Path) -> None:
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], rate=0.5, x_letters=(1, 2.5))
    mb.solve(problem).to_json(folder / "numbers.json")
    (folder / "plain.csv").write_text("x\n1\n2.5\n1\n")
    (folder / "other.csv").write_text("\ufeffx\r\n 1.0 \r\n2.50\r\n1e0\r\n")
    for name in ("plain", "other"):
        assert run("encode", "numbers.json", f"{name}.csv", "--out", f"{name}.mbsy").code == 0
    assert (folder / "plain.mbsy").read_bytes() == (folder / "other.mbsy").read_bytes()


def test_numbers_fall_into_the_bins_that_are_letters(run: Run, folder: Path) -> None:
    """What `solve --bins` cut is operated on the same file; a bin without a sample is no letter."""
    rows = [(0.5, "no"), (1.5, "no"), (2.5, "yes"), (3.5, "no"), (9.0, "yes")]
    text = "reading;alarm\n" + "".join(f"{x};{s}\n" for x, s in rows)
    (folder / "raw.txt").write_text(text)
    (folder / "raw.tsv").write_text(text.replace(";", "\t"))
    (folder / "named.csv").write_text(
        'x\n"(-inf, 1.0)"\n"[1.0, 3.0)"\n"[1.0, 3.0)"\n"[3.0, 4.0)"\n"[8.0, inf)"\n'
    )
    given = ("--x", "reading", "--py", "0.5,0.5", "--label", "alarm", "--bins", "x=1:3:4:8", "--rate", "0.8")
    assert run("solve", "--samples", "raw.tsv", *given, "--json", "bins.json").code == 0
    read = ("--column", "reading", "--label", "alarm", "--report")
    semicolons = ("--format", "csv", "--delimiter", "semicolon")
    assert run("encode", "bins.json", "raw.txt", *semicolons, *read, "--out", "a.mbsy").code == 0
    assert run("encode", "bins.json", "raw.tsv", *read, "--out", "b.mbsy").code == 0
    assert run("encode", "bins.json", "named.csv", "--out", "c.mbsy").code == 0
    streams = {(folder / f"{name}.mbsy").read_bytes() for name in "abc"}
    assert len(streams) == 1
    for wrong in ("5.0", "nan", "inf", "1_0", "much"):
        (folder / "gap.csv").write_text(f"x\n0.5\n{wrong}\n")
        done = run("encode", "bins.json", "gap.csv", "--out", "z")
        assert done.code == 2
        assert f"line 3: '{wrong}' is no letter" in done.err
    done = run("encode", "bins.json", "raw.txt", "--format", "csv", "--out", "z")
    assert "add --delimiter semicolon" in done.err
    done = run("encode", "bins.json", "x.npy", "--delimiter", ";", "--out", "z")
    assert "npy has no columns" in done.err


def test_an_old_file_stays_when_the_input_breaks_off(run: Run, folder: Path) -> None:
    (folder / "z").write_bytes(b"old")
    (folder / "bad.csv").write_text("x\ncold\nnothing\n")
    assert run("encode", "s.json", "bad.csv", "--out", "z").code == 2
    assert (folder / "z").read_bytes() == b"old"
    assert list(folder.glob(".*")) == []
