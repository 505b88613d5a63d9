"""Ctrl-C in every command: an answer within a second, what was found is written, exit code 3."""

from __future__ import annotations

import csv
import dataclasses
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mecbopt as mb
from mecbopt.cli.main import ExitCode
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
#: Hours of search, whatever the machine.
UNIFORM = ("--px", "1,1,1,1,1,1,1", "--py", "1,1,1,1,1,1,1", "--normalize")
#: Wall-clock seconds between the signal and the end: one is asked for, the rest is for a shared machine.
PATIENCE = 8.0


def interrupted(
    arguments: tuple[str, ...], ready: str, cwd: Path, *, whole_group: bool = False
) -> tuple[int, str, float]:
    """Run a command on a terminal, interrupt it once `ready` was seen; its code, its output and the delay."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mecbopt", *arguments],
        stdout=subprocess.PIPE,
        stderr=its_end,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    os.close(its_end)
    assert process.stdout is not None
    seen = ""
    deadline = time.monotonic() + 120
    try:
        sources = {terminal, process.stdout.fileno()}
        while not re.search(ready, seen) and time.monotonic() < deadline and sources:
            seen += heard(sources)
        assert re.search(ready, seen), seen
        start = time.monotonic()
        if whole_group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        # A terminal that nobody reads would hold the last progress line up.
        while sources and time.monotonic() < start + 60:
            seen += heard(sources)
        process.wait(timeout=60)
        delay = time.monotonic() - start
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        os.close(terminal)
    return process.returncode, seen, delay


def heard(sources: set[int]) -> str:
    """What the sources say within a moment; those that ended are taken away."""
    text = b""
    for source in select.select(list(sources), [], [], 0.1)[0]:
        try:
            part = os.read(source, 4096)
        except OSError:  # a terminal whose other end is closed
            part = b""
        if not part:
            sources.discard(source)
        text += part
    return text.decode(errors="replace")


def test_a_search_is_answered(tmp_path: Path) -> None:
    arguments = ("solve", *UNIFORM, "--rate", "1.1", "--json", "out.json")
    code, seen, delay = interrupted(arguments, r"nodes [1-9]", tmp_path)
    assert (code, "Traceback" in seen) == (ExitCode.STOPPED, False)
    assert delay < PATIENCE
    solution = mb.Solution.from_json(tmp_path / "out.json")
    solution.check()
    assert solution.stop_reason is mb.StopReason.INTERRUPTED


def test_a_curve_is_answered(tmp_path: Path) -> None:
    arguments = ("curve", *UNIFORM, "--rates", "0.9:1.3:9", "--csv", "out.csv", "--plot", "out.png")
    code, seen, delay = interrupted(arguments, r"nodes [1-9]", tmp_path)
    assert (code, "Traceback" in seen) == (ExitCode.STOPPED, False)
    assert delay < PATIENCE
    with (tmp_path / "out.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 9
    assert all(float(row["mutual_information"]) <= float(row["upper_bound"]) for row in rows)
    assert (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("jobs", "whole_group"), [("1", False), ("2", False), ("2", True)], ids=["alone", "command", "terminal"]
)
def test_proofs_are_answered(tmp_path: Path, jobs: str, whole_group: bool) -> None:
    """A terminal sends the signal to the workers as well, `kill` to the command alone."""
    arguments = ("prove", "binary_coupling", "largest_loss", "theorem_3", "--jobs", jobs)
    code, seen, delay = interrupted(arguments, r"binary_coupling: proved", tmp_path, whole_group=whole_group)
    assert (code, "Traceback" in seen) == (ExitCode.STOPPED, False), seen
    assert delay < PATIENCE
    assert "1 of 1 lemmas proved" in seen
    assert "Interrupted: 1 of 3" in seen


def test_a_signal_while_the_interpreter_winds_up_leaves_the_exit_code_alone() -> None:
    """It killed the process after all was written."""
    code = (
        "import atexit, signal, sys; from mecbopt.cli.main import entry_point; "
        "sys.argv = ['mecbopt', '--version']; "
        "atexit.register(signal.raise_signal, signal.SIGINT); entry_point()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "version" in done.stdout


def test_figures_are_answered(tmp_path: Path) -> None:
    arguments = ("figures", "--out", "out", "--only", "coupling-and-mixture", "--only", "rate-without-labels")
    code, seen, delay = interrupted(arguments, r"coupling-and-mixture\.png", tmp_path)
    assert (code, "Traceback" in seen) == (ExitCode.STOPPED, False)
    assert delay < PATIENCE
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["coupling-and-mixture.png"]


def test_the_demonstration_is_answered(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One interruption ends it: the second search does not begin."""
    called = []

    def cut_short(problem: mb.Problem, **_: object) -> mb.Solution:
        called.append(problem)
        found = mb.solve(problem, method="greedy")
        return dataclasses.replace(found, stop_reason=mb.StopReason.INTERRUPTED)

    monkeypatch.setattr("mecbopt.cli.demo.solve", cut_short)
    outcome = run("demo", "--out", "out")
    assert outcome.code == ExitCode.STOPPED
    assert len(called) == 1
    assert "interrupted" in outcome.out
    mb.Solution.from_json(tmp_path / "out" / "demo.json").check()
    assert (tmp_path / "out" / "demo.png").exists()


def test_an_interruption_before_anything_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for command, target in (
        ("solve", "mecbopt.cli.solve.solve_problem"),
        ("curve", "mecbopt.cli.curve.rate_curve"),
    ):
        monkeypatch.setattr(target, never)
        extra = ("--rates", "0:1:3") if command == "curve" else ()
        outcome = run(command, "--px", "0.5,0.5", "--py", "0.5,0.5", *extra)
        assert outcome.code == ExitCode.STOPPED
        assert outcome.err == "Error: interrupted before anything was found.\n"


@pytest.mark.parametrize("method", ["exact", "local", "greedy"])
def test_a_time_limit_holds(run: Run, tmp_path: Path, method: str) -> None:
    """By the processor's clock, from the command's start to its end, its pictures included."""
    start = time.process_time()
    outcome = run(
        "solve", *UNIFORM, "--rate", "1.1", "--method", method, "--time-limit", "1", "--json", "out.json"
    )
    assert time.process_time() - start < 1 + 4
    assert outcome.code in (ExitCode.STOPPED, ExitCode.DONE)
    mb.Solution.from_json(tmp_path / "out.json").check()
    start = time.process_time()
    outcome = run("curve", *UNIFORM, "--rates", "0.5:1.5:3", "--method", method, "--time-limit", "0.5")
    assert time.process_time() - start < 3 * 0.5 + 4
    assert outcome.code in (ExitCode.STOPPED, ExitCode.DONE)
