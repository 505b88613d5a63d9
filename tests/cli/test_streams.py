"""Standard streams as they are: narrow encodings, readers that go away, documents on standard output."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mecbopt.cli.main import COMMANDS, ExitCode
from tests.cli.conftest import Run

BINARY = ("--px", "0.7,0.3", "--py", "0.7,0.3", "--rate", "0.378")
ROOT = Path(__file__).resolve().parents[2]


def call(
    *arguments: object, cwd: Path, encoding: str = "utf-8", stdout: int = subprocess.PIPE, width: int = 80
) -> subprocess.CompletedProcess[bytes]:
    """A fresh interpreter whose streams have an encoding."""
    return subprocess.run(
        [sys.executable, "-m", "mecbopt", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": encoding,
            "PYTHONUTF8": "0",
            "COLUMNS": str(width),
        },
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_the_demo_writes_its_picture_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    done = call("demo", "--out", "out", cwd=tmp_path, encoding=encoding)
    assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")
    assert (tmp_path / "out" / "demo.png").read_bytes().startswith(b"\x89PNG")
    assert "optimal" in done.stdout.decode(encoding)


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", *BINARY),
        ("solve", *BINARY, "--json", "-"),
        ("curve", *BINARY[:4], "--rates", "0:1:3"),
        ("bernoulli", "--qx", "0.3", "--qy", "0.3"),
        ("prove", "lemma_1", "--steps"),
        ("prove", "lemma_1", "--format", "markdown"),
        ("solve", "--samples", "odd.csv", "--x", "→", "--py", "0.5,0.5", "--rate", "0.5"),
        ("solve", "ä→.toml"),
        ("--help",),
    ],
    ids=lambda arguments: "-".join(arguments[:2]),
)
def test_no_command_fails_for_want_of_a_character(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "odd.csv").write_text("→,k\nä,1\n€,2\n→,3\n", encoding="utf-8")
    done = call(*arguments, cwd=tmp_path, encoding="ascii")
    assert done.returncode == (2 if "toml" in arguments[-1] else 0), done.stderr
    assert b"Traceback" not in done.stderr
    # Escapes are part of the columns: every row of a table ends in its frame.
    framed = [line for line in done.stdout.splitlines() if line.startswith((b"|", b"+"))]
    blocks = [len(line) for line in framed]
    if "odd.csv" in arguments:
        assert b"\\u2192" in done.stdout
        assert len(set(blocks)) == 2  # the tables of mixture and coupling


def under(shell: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A call by way of a shell, whose line has the command as "$@"."""
    return subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "mecbopt", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("solve", *BINARY, "--json", "out.json"), ("--help",)])
def test_a_standard_output_that_is_closed_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """There was a traceback, and the code of a claim that failed."""
    done = under('exec "$@" >&-', *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        ExitCode.USAGE,
        "Error: standard output: Bad file descriptor.\n",
    )
    if "--json" in arguments:
        assert json.loads((tmp_path / "out.json").read_text())["status"] == "optimal"
    quiet = under('exec "$@" 2>&- <&-', "solve", "no.toml", cwd=tmp_path)
    assert (quiet.returncode, quiet.stderr) == (ExitCode.USAGE, "")


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        (("solve", *BINARY), "--json", "out.json"),
        (("solve", *BINARY), "--plot", "out.png"),
        (("solve", *BINARY), "--certificate", "out.json"),
        (("curve", *BINARY[:4], "--rates", "0:1:3"), "--csv", "out.csv"),
        (("bottleneck", *BINARY), "--json", "out.json"),
        (("mec", "--p", "0.5,0.5", "--q", "0.3,0.7"), "--json", "out.json"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_a_disk_that_is_full_costs_the_new_file_alone(
    tmp_path: Path, command: tuple[str, ...], option: str, name: str
) -> None:
    """The file that was there is as it was, the tables are printed, the error names the file."""
    (tmp_path / name).write_text("as it was")
    done = under('ulimit -f 0; trap "" XFSZ; "$@" | cat; exit 7', *command, option, name, cwd=tmp_path)
    assert (tmp_path / name).read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert "File too large" in done.stderr
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "optimal" in done.stdout
    code = under('ulimit -f 0; trap "" XFSZ; exec "$@"', *command, option, name, cwd=tmp_path).returncode
    assert code == ExitCode.USAGE


def test_a_link_to_a_file_that_is_not_there_yet_stays(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("real.json")
    assert call("solve", *BINARY, "--json", "link.json", cwd=tmp_path).returncode == ExitCode.DONE
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["status"] == "optimal"


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", *BINARY, "--json", "out.json", "--plot", "out.png"),
        ("curve", *BINARY[:4], "--rates", "0:1:3", "--csv", "out.json", "--plot", "out.png"),
        ("bernoulli", "--qx", "0.3", "--qy", "0.3", "--json", "out.json"),
        ("demo", "--out", "."),
        ("solve", *BINARY, "--json", "-"),
        ("prove", "lemma_1"),
        ("solve", "--help"),
        ("--version",),
    ],
    ids=lambda arguments: "-".join(arguments[:2]),
)
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """What was asked for as files is there; nothing is said; the code is that of SIGPIPE."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = call(*arguments, cwd=tmp_path, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (ExitCode.READER_GONE, b"")
    for option in ("out.json", "out.png"):
        assert (tmp_path / option).exists() == (option in arguments)
    if arguments[0] == "demo":
        assert (tmp_path / "demo.png").exists()


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no device that is always full")
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        done = call("solve", *BINARY, cwd=tmp_path, stdout=descriptor)
    finally:
        os.close(descriptor)
    assert done.returncode == ExitCode.USAGE
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("width", [60, 80, 100, 300])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_hundred_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = run(*name.split(), "--help")
    assert outcome.code == 0
    assert [line for line in outcome.out.splitlines() if len(line) > 100] == []
    assert "mecbopt " in outcome.out.partition("Example")[2], "every help has an example"


def test_a_dash_is_standard_output(run: Run, tmp_path: Path) -> None:
    outcome = run("solve", *BINARY, "--json", "-")
    assert outcome.code == ExitCode.DONE
    assert json.loads(outcome.out)["mutual_information"] == pytest.approx(0.191631, abs=1e-6)
    assert "upper bound" in outcome.err
    outcome = run("bernoulli", "--qx", "0.3", "--qy", "0.3", "--json", "-")
    assert json.loads(outcome.out)["q_x"] == 0.3
    assert "crossover rate" in outcome.err
    outcome = run("curve", *BINARY[:4], "--rates", "0:1:3", "--csv", "-")
    assert [row["rate"] for row in csv.DictReader(outcome.out.splitlines())] == ["0.0", "0.5", "1.0"]
    assert "status" in outcome.err
    outcome = run("prove", "lemma_1", "--format", "markdown", "--out", "-")
    assert outcome.out.startswith("# ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_may_be_called_dash(run: Run, tmp_path: Path) -> None:
    assert run("solve", *BINARY, "--json", "./-").code == ExitCode.DONE
    assert (tmp_path / "-").exists()


def test_standard_output_takes_one_document(run: Run) -> None:
    outcome = run("solve", *BINARY, "--json", "-", "--plot", "-")
    assert outcome.code == ExitCode.USAGE
    assert "suffix" in outcome.err
