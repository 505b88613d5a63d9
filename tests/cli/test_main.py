"""The group: help without imports, missing parts, errors of every kind, demo and figures."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest

import mecbopt as mb
from mecbopt.cli import main as entry
from mecbopt.cli.main import ExitCode
from tests.cli.conftest import Run

HERE = [name for name in entry.COMMANDS if name in entry.main.list_commands(click.Context(entry.main))]


def test_help_lists_the_commands_and_imports_none_of_them() -> None:
    code = (
        "import sys\nfrom mecbopt.cli.main import entry_point\n"
        "try: entry_point(['--help'])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'numpy', 'torch', 'matplotlib', 'sympy', 'cvxpy'} & set(sys.modules), sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for name in HERE:
        assert name in done.stdout


@pytest.mark.parametrize("name", HERE)
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    outcome = run(name, "--help")
    assert outcome.code == ExitCode.DONE
    assert "Example" in outcome.out
    assert f"mecbopt {name}" in outcome.out


def test_a_group_without_a_command_shows_its_help_as_it_is(run: Run) -> None:
    outcome = run()
    lines = (outcome.err or outcome.out).splitlines()
    assert lines[0].startswith("Usage: mecbopt")
    assert any(line.strip().startswith("solve ") for line in lines)


def test_a_command_whose_module_is_absent_breaks_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(entry.COMMANDS, "later", ("mecbopt.cli.later", "Not built yet."))
    outcome = run("--help")
    assert outcome.code == ExitCode.DONE
    assert "later" not in outcome.out
    refused = run("later")
    assert refused.code == ExitCode.USAGE
    assert refused.err.count("\n") == 1


def test_a_missing_optional_package_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(entry.importlib, "import_module", absent)
    outcome = run("solve", "--px", "1", "--py", "1")
    assert outcome.code == ExitCode.USAGE
    assert "'torch'" in outcome.err
    assert "pip install" in outcome.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (mb.InfeasibleError("none fits"), ExitCode.CLAIM_FAILED, "none fits"),
        (mb.SolutionError("off by 1"), ExitCode.CLAIM_FAILED, "off by 1"),
        (mb.SolverError("no answer"), ExitCode.USAGE, "no answer"),
        (mb.ProblemError("two\nlines"), ExitCode.USAGE, "two lines"),
        (KeyboardInterrupt(), ExitCode.STOPPED, "interrupted"),
        (click.Abort(), ExitCode.STOPPED, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device", "out.json"), ExitCode.USAGE, "out.json: No space"),
    ],
)
def test_errors_become_one_line_and_a_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: ExitCode, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mecbopt.cli.solve.solve_problem", fail)
    outcome = run("solve", "--px", "1", "--py", "1")
    assert outcome.code == code
    assert words in outcome.err
    # Before the message stands an empty line where ^C may have left the cursor.
    assert len(outcome.err.strip().splitlines()) == 1


def test_a_bug_is_not_dressed_up_as_a_wrong_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("mecbopt.cli.solve.solve_problem", fail)
    with pytest.raises(ZeroDivisionError):
        entry.entry_point(["solve", "--px", "1", "--py", "1"])


def test_version(run: Run) -> None:
    assert mb.__version__ in run("--version").out


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m mecbopt curve --px 0.7,0.3 --py 0.6,0.4 --rates 0:1:60 | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_demo(run: Run) -> None:
    outcome = run("demo")
    assert outcome.code == ExitCode.DONE
    assert outcome.err == ""
    assert "The alarm costs" in outcome.out
    solution = mb.Solution.from_json("out/demo.json")
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.label_entropy_with_seed == pytest.approx(0.45, abs=1e-9)
    assert Path("out/demo.png").stat().st_size > 10_000


def test_figures(run: Run) -> None:
    outcome = run("figures", "--out", "new/figures", "--only", "coupling-and-mixture", "--format", "svg")
    assert outcome.code == ExitCode.DONE
    assert Path("new/figures/coupling-and-mixture.svg").stat().st_size > 10_000


def test_check_names_the_file_that_proves_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("{}")
    done = run("check", tmp_path / "empty.json")
    assert done.code == ExitCode.CLAIM_FAILED
    assert done.err.startswith(f"Error: {tmp_path / 'empty.json'}: ")
