"""`mecbopt solve` from its three sources: figures, files and exit codes."""

from __future__ import annotations

import json
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
from mecbopt.info import binary_entropy
from tests.cli.conftest import Run

PAPER = ("--px", "0.7,0.3", "--py", "0.7,0.3", "--rate", "0.378")
#: A problem on which branch and bound works for many seconds: all masses equal.
LONG = ("--px", "1,1,1,1", "--py", "1,1,1,1", "--normalize", "--rate", "1.1", "--engine", "highs")


def test_numbers_on_the_command_line(run: Run) -> None:
    outcome = run("solve", *PAPER)
    assert outcome.code == ExitCode.DONE
    assert outcome.err == ""
    for words in ("optimal", "0.191631", "limit R = 0.378", "coupling", "mixture"):
        assert words in outcome.out
    assert not any(line.endswith(" ") for line in outcome.out.splitlines())


def test_fractions_stay_exact(run: Run) -> None:
    run("solve", "--px", "1/3,2/3", "--py", "1,0", "--json", "out.json")
    document = json.loads(Path("out.json").read_text())
    assert document["problem"]["p_x"] == ["1/3", "2/3"]
    assert document["problem"]["p_y"] == [1, 0]


def test_a_file_and_its_json(run: Run, ternary: Path) -> None:
    outcome = run("solve", ternary, "--json", "out.json", "--quiet")
    assert outcome.code == ExitCode.DONE
    assert "mixture" not in outcome.out
    written = mb.Solution.from_json("out.json")
    written.check()
    assert written.equals(mb.solve(mb.load_problem(ternary)))
    assert written.problem.equals(mb.load_problem(ternary))


def test_a_certificate_is_written_and_checks(run: Run) -> None:
    outcome = run("solve", *PAPER, "--certificate", "proof.json.gz")
    assert outcome.code == ExitCode.DONE
    assert "certified: 0.19163" in outcome.out
    assert "certified: 0.19163" in run("check", "proof.json.gz").out


def test_a_solution_that_is_given_for_a_certificate_is_recognised(run: Run) -> None:
    assert run("solve", *PAPER, "--json", "solution.json").code == 0
    outcome = run("check", "solution.json")
    assert outcome.code == 2
    assert "--certificate proof.json.gz" in outcome.err
    outcome = run("solve", *PAPER, "--json", "-", "--certificate", "proof.json")
    assert json.loads(outcome.out)["status"] == "optimal"
    assert "certified" in outcome.err
    assert run("solve", *PAPER, "--certificate", "proof.txt").code == ExitCode.USAGE


def test_options_replace_rate_and_limit_of_the_file(run: Run, ternary: Path) -> None:
    run("solve", ternary, "--rate", "0.25", "--max-label-entropy", "0.97", "--json", "out.json")
    problem = mb.Solution.from_json("out.json").problem
    assert (problem.rate, problem.max_label_entropy) == (0.25, 0.97)


def test_label_channel_on_the_command_line(run: Run, ternary: Path) -> None:
    channel = "0.9,0.1;0.2,0.8;0.5,0.5"
    numbers = ("--px", "0.5,0.3,0.2", "--py", "0.6,0.4", "--rate", "0.5", "--ps-given-x", channel)
    run("solve", *numbers, "--max-label-entropy", "0.95", "--json", "a.json")
    run("solve", ternary, "--json", "b.json")
    assert mb.Solution.from_json("a.json").equals(mb.Solution.from_json("b.json"))


def test_samples(run: Run, samples: Path) -> None:
    arguments = ("--x", "reading", "--y", "clean", "--label", "alarm", "--smoothing", "0.5", "--rate", "0.9")
    outcome = run("solve", "--samples", samples, *arguments, "--json", "out.json")
    assert outcome.code == ExitCode.DONE
    assert "0.5 added to every cell" in outcome.out
    assert "f(3)" in outcome.out
    expected = mb.Problem.from_samples(
        [1, 2, 1, 3, 2, 3],
        y=list("ababab"),
        label=["no", "yes", "no", "yes", "no", "no"],
        smoothing=0.5,
        rate=0.9,
    )
    assert mb.Solution.from_json("out.json").problem.equals(expected)


def test_columns_are_read_as_what_they_hold(run: Run, tmp_path: Path) -> None:
    # The third column has a text among its numbers: then all its cells are text.
    (tmp_path / "s.csv").write_text("\ufeffa,b,c\n1,0.5,1\n2,1e0,nan?\n1,0.5,1\n", encoding="utf-8")
    for column, letters in (("a", (1, 2)), ("b", (0.5, 1.0)), ("c", ("1", "nan?"))):
        run("solve", "--samples", "s.csv", "--x", column, "--py", "1/2,1/2", "--json", "out.json")
        assert mb.Solution.from_json("out.json").problem.x_letters == letters


def test_infeasible_says_what_would_be_feasible(run: Run, ternary: Path) -> None:
    outcome = run("solve", ternary, "--max-label-entropy", "0.8", "--json", "out.json", "--plot", "out.png")
    assert outcome.code == ExitCode.CLAIM_FAILED
    written = mb.Solution.from_json("out.json")
    assert written.status is mb.Status.INFEASIBLE
    assert not Path("out.png").exists()
    assert "no coupling" in outcome.err
    # What it offers is really feasible, and a little less is not.
    for option, value in (
        ("--max-label-entropy", written.smallest_label_entropy),
        ("--rate", written.smallest_rate),
    ):
        assert value is not None
        assert f"{value:.6f}" in outcome.out
        other = ("--max-label-entropy", "0.8") if option == "--rate" else ()
        assert run("solve", ternary, *other, option, value + 1e-6).code == ExitCode.DONE
        assert run("solve", ternary, *other, option, value - 1e-4).code == ExitCode.CLAIM_FAILED


def test_no_rate_helps(run: Run, ternary: Path) -> None:
    outcome = run("solve", ternary, "--max-label-entropy", "0.1")
    assert outcome.code == ExitCode.CLAIM_FAILED
    assert "no rate makes this C attainable" in outcome.out


@pytest.mark.parametrize("limit", [("--node-limit", "0"), ("--time-limit", "1e-9")])
def test_limits_leave_a_result(run: Run, limit: tuple[str, str]) -> None:
    outcome = run("solve", *LONG, *limit, "--json", "out.json", "--plot", "out.png")
    assert outcome.code == ExitCode.STOPPED
    written = mb.Solution.from_json("out.json")
    written.check()
    assert written.stop_reason in (mb.StopReason.NODE_LIMIT, mb.StopReason.TIME_LIMIT)
    assert written.stop_reason.value in outcome.out
    assert f"Raise --{written.stop_reason.value.replace(' ', '-')}." in outcome.out
    assert Path("out.png").stat().st_size > 10_000


def test_a_finished_local_search_counts_as_done(run: Run) -> None:
    outcome = run("solve", "--px", "0.5,0.3,0.2", "--py", "0.6,0.4", "--rate", "0.5", "--method", "local")
    assert outcome.code == ExitCode.DONE
    assert "feasible" in outcome.out
    assert "local search done" in outcome.out
    assert "Use --method" in outcome.out


@pytest.mark.parametrize(
    ("p_x", "p_y", "rate", "value"),
    [
        ("1", "1", "inf", 0.0),
        ("1", "0.5,0.5", "inf", 0.0),
        ("0.5,0.5", "1", "inf", 0.0),
        ("1,0", "0,1", "inf", 0.0),
        ("0.5,0.5,0", "0,0.5,0.5", "inf", 1.0),
        ("0.5,0.5,1e-300", "0.5,0.5", "inf", 1.0),
        ("1/2,1/2", "1/2,1/2", "0", 0.0),
        # Weight 1/2 on the identity: P(0,0) = 3/8, and I = 1 - h(1/4).
        ("1/2,1/2", "1/2,1/2", "1/2", 1 - float(binary_entropy(0.25))),
        ("1/2,1/2", "1/2,1/2", "1e-9", None),
        (",".join(["1/12"] * 12), "0.5,0.5", "inf", 1.0),
        ("0.5,0.5", ",".join(["1/12"] * 12), "inf", 1.0),
    ],
)
def test_borders_are_served(run: Run, p_x: str, p_y: str, rate: str, value: float | None) -> None:
    outcome = run("solve", "--px", p_x, "--py", p_y, "--rate", rate, "--json", "out.json")
    assert outcome.code == ExitCode.DONE, outcome
    written = mb.Solution.from_json("out.json")
    written.check()
    if value is not None:
        assert written.mutual_information == pytest.approx(value, abs=1e-6)


def test_pictures_are_drawn(run: Run, ternary: Path) -> None:
    for suffix, head in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        assert run("solve", ternary, "--plot", f"out.{suffix}").code == ExitCode.DONE
        assert Path(f"out.{suffix}").read_bytes().startswith(head)


def test_large_alphabets_are_not_spilled_over_the_terminal(run: Run) -> None:
    p_x, p_y = ",".join(["1/16"] * 16), ",".join(["1/14"] * 14)
    outcome = run("solve", "--px", p_x, "--py", p_y, "--rate", "1", "--method", "greedy")
    assert outcome.code == ExitCode.DONE
    assert "16 x 14 entries" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 110


def test_ctrl_c_keeps_what_was_found(tmp_path: Path) -> None:
    """Through the real command on a terminal: progress appears, and an interrupt leaves valid bounds."""
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "mecbopt", "solve", *LONG, "--json", str(tmp_path / "out.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its_end, env={**os.environ})
    os.close(its_end)
    seen = b""
    deadline = time.monotonic() + 60
    try:
        while not re.search(rb"nodes [1-9]", seen) and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1.0)[0]:
                seen += os.read(terminal, 4096)
        assert b"bound" in seen
        assert b"gap" in seen
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert process.returncode == ExitCode.STOPPED
    assert b"interrupted" in output
    solution = mb.Solution.from_json(tmp_path / "out.json")
    solution.check()
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    assert solution.mutual_information <= solution.upper_bound <= solution.problem.value_upper_bound + 1e-9


def test_the_module_is_the_command(tmp_path: Path) -> None:
    """A few calls through a fresh interpreter: streams, exit codes, no traceback."""
    for arguments, code in ((PAPER, 0), (("--px", "2"), 2), ((*LONG, "--node-limit", "0"), 3)):
        command = [sys.executable, "-m", "mecbopt", "solve", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
        assert done.returncode == code
        assert "Traceback" not in done.stderr
        # No terminal, no progress.
        assert done.stderr.count("\n") == (1 if code == 2 else 0)
