"""`mecbopt explore`: what it shows, the command around it, and the notebook that holds the controls."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import socket
import subprocess
from typing import Any

import pytest

import mecbopt as mb
from mecbopt.cli import explore as command
from mecbopt.cli import explore_views as views
from mecbopt.cli.main import ExitCode
from tests.cli.conftest import TERNARY, Run


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views without pictures, which another test looks at."""
    monkeypatch.setattr(views, "_drawn", lambda *drawings: f"[{len(drawings)}]")


@pytest.mark.usefixtures("undrawn")
def test_two_bits() -> None:
    best = mb.bernoulli.solve(0.3, 0.3, 0.378)
    shown = views.two_bits_view(0.3, 0.3, 0.378, None, None)
    for words in (f"{best.mutual_information:.6f} bits", "antitone", "marginal", "0.461629 bits"):
        assert words in shown
    assert shown.endswith("[3]")
    labelled = views.two_bits_view(0.3, 0.4, 1.0, 0.1, 0.515)
    assert f"{mb.bernoulli.solve(0.3, 0.4, 1.0, 0.1, 0.515).label_entropy_with_seed:.6f}" in labelled
    assert 'role="alert"' in views.two_bits_view(0.3, 0.4, 0.1, 0.1, 0.2)
    # The ends of every slider.
    for q_x in (0.0, 0.5, 1.0):
        for rate in (0.0, 1.0):
            assert "I(X;Y)" in views.two_bits_view(q_x, 0.5, rate, 0.0, 1.0)


def test_pictures_are_drawn() -> None:
    shown = views.two_bits_view(0.3, 0.4, 1.0, 0.1, 0.515)
    pictures = [base64.b64decode(data).decode() for data in re.findall(r"base64,([^\"]+)", shown)]
    assert [picture.count("<svg") for picture in pictures] == [1, 1, 1]


@pytest.mark.usefixtures("undrawn")
def test_small_alphabets() -> None:
    shown = views.small_view("0.5, 0.3, 0.2", "3/5, 2/5", 0.5)
    value = mb.solve(mb.Problem([0.5, 0.3, 0.2], ["3/5", "2/5"], 0.5)).mutual_information
    assert f"I(X;Y) = {value:.6f} bits" in shown
    assert shown.endswith("[3]")
    assert "the law of X" in views.small_view("half", "1", 0.5)
    for wrong in ("", "-1,2", "nan,1"):
        assert 'role="alert"' in views.small_view(wrong, "1", 0.5)


@pytest.mark.usefixtures("undrawn")
def test_a_problem_that_is_pasted() -> None:
    told: list[str] = []
    solution = views.solved(TERNARY, "auto", 10.0, told.append)
    assert isinstance(solution, mb.Solution)
    expected = mb.solve(views.pasted_problem(TERNARY))
    assert solution.mutual_information == expected.mutual_information
    assert f"{expected.mutual_information:.6f}" in views.problem_view(solution)
    text = json.dumps(expected.problem.to_document())
    assert views.pasted_problem(text).equals(expected.problem)
    assert all(line.startswith("I(X;Y) ") for line in told)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("wrong", ["", "p_x = [1", "{", "p_x = [0.5]", "[]", "p_x = ['<b>', 1]\np_y = [1]"])
def test_what_is_no_problem_is_said(wrong: str) -> None:
    said = views.solved(wrong, "auto", 1.0)
    assert isinstance(said, str)
    shown = views.problem_view(said)
    assert 'role="alert"' in shown
    assert "<b>" not in shown


def test_without_marimo_its_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "marimo" else True)
    outcome = run("explore")
    assert outcome.code == ExitCode.USAGE
    assert "pip install 'mecbopt[explore]'" in outcome.err


def test_the_command_serves_this_machine_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("marimo") is None:
        pytest.skip("marimo is not installed")
    calls: list[list[str]] = []
    processes: list[Any] = []

    served = subprocess.Popen

    def stand_in(call: list[str], **options: Any) -> Any:
        """A server that is stopped by Ctrl-C while it runs."""
        calls.append(call)
        process = served([command.sys.executable, "-c", "import time; time.sleep(60)"], **options)
        processes.append(process)
        wait = process.wait

        def waiting(timeout: float | None = None) -> int:
            if timeout is None and process.poll() is None:
                raise KeyboardInterrupt
            return wait(timeout=timeout)

        process.wait = waiting
        return process

    monkeypatch.setattr(command.subprocess, "Popen", stand_in)
    outcome = run("explore", "--no-browser")
    assert processes[0].poll() is not None
    assert outcome.code == ExitCode.DONE
    assert "http://127.0.0.1:" in outcome.out
    (call,) = calls
    assert call[call.index("--host") + 1] == "127.0.0.1"
    assert "--headless" in call
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = run("explore", "--port", taken.getsockname()[1])
    assert outcome.code == ExitCode.USAGE
    assert "--port" in outcome.err
    assert len(calls) == 1


@pytest.mark.slow
def test_the_notebook_runs_from_end_to_end() -> None:
    """Every cell, with the controls as they stand at first."""
    pytest.importorskip("marimo")
    code = (
        "from mecbopt.cli.explore_app import app\n"
        "outputs, names = app.run()\n"
        "assert '0.191631' in names['two_bits'].text\n"
        "assert '0.272464' in names['small'].text\n"
        "assert names['solution'] is None\n"
        "assert 'Two bits' in outputs[-1].text\n"
    )
    done = subprocess.run(
        [command.sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
