"""What every command does alike: help in 80 columns, --json, --quiet, and no colour where none is wanted."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest

from mecbopt.cli import main as entry
from mecbopt.cli.main import ExitCode
from mecbopt.plots.gallery import FIGURES
from tests.cli.conftest import Run

TWO = ("--px", "0.7,0.3", "--py", "0.7,0.3", "--rate", "0.378")
#: Calls that end quickly, a key of the document that each writes, and whether it prints anything beside.
CALLS = {
    "solve": (("solve", *TWO), "status"),
    "curve": (("curve", *TWO[:4], "--rates", "0.1,0.2"), "points"),
    "report": (("report", *TWO, "--points", "2", "--out", "r.html"), "verdict"),
    "bernoulli": (("bernoulli", "--qx", "0.3", "--qy", "0.3", "--rate", "0.378"), "branch"),
    "mec": (("mec", "--p", "0.5,0.5", "--q", "0.3,0.7"), "status"),
    "bottleneck": (("bottleneck", *TWO), "status"),
    "encode": (("encode", "solution.json", "x.npy", "--out", "x.mbsy", "--report"), "symbols"),
    "decode": (("decode", "solution.json", "sent.mbsy", "--out", "y.npy"), "symbols"),
    "prove": (("prove", "--list"), "proofs"),
    "check": (("check", "proof.json"), "certificates"),
    "figures": (("figures", "--out", "figures", "--only", "coupling-and-mixture"), "figures"),
    "demo": (("demo", "--out", "demo"), "with_alarm"),
}


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, groups among them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


@pytest.fixture
def files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the calls read; pictures, which cost more than everything else, are not drawn."""
    monkeypatch.setattr("mecbopt.cli.report._pictures", lambda *_: {})
    monkeypatch.setattr("mecbopt.plots.save", lambda *_: None)
    monkeypatch.setattr("mecbopt.plots.solution_figure", lambda *_: None)
    monkeypatch.setitem(FIGURES, "coupling-and-mixture", lambda: None)
    np.save("x.npy", np.arange(50) % 2)
    assert run("solve", *TWO, "--json", "solution.json", "--certificate", "proof.json").code == 0
    assert run("encode", "solution.json", "x.npy", "--out", "sent.mbsy").code == 0


def test_help_fits_eighty_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in [(), *(words for words, _ in commands(entry.main))]:
        outcome = run(*words, "--help")
        assert outcome.code == ExitCode.DONE
        assert [line for line in outcome.out.splitlines() if len(line) > 80] == [], words


def test_every_command_has_json_and_quiet() -> None:
    for words, command in commands(entry.main):
        # The explorer runs until it is stopped.
        if words[0] != "explore" and not isinstance(command, click.Group):
            options = {option for part in command.params for option in part.opts}
            assert {"--json", "--quiet"} <= options, words
            assert words[0] in {*CALLS, "neural"}


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", CALLS)
def test_a_document_alone_on_standard_output_and_nothing_else_when_quiet(run: Run, name: str) -> None:
    call, key = CALLS[name]
    outcome = run(*call, "--json", "-")
    assert outcome.code == ExitCode.DONE, outcome
    assert key in json.loads(outcome.out)
    if name != "decode":  # which has nothing to say
        assert outcome.err
    outcome = run(*call, "--json", "out.json", "--quiet")
    assert outcome.code == ExitCode.DONE, outcome
    assert outcome.err == ""
    # The figures of a solution are what is asked for; only its tables are spared.
    figures = name in ("solve", "mec", "bottleneck")
    assert ("mixture" not in outcome.out) if figures else outcome.out == ""
    assert key in json.loads(Path("out.json").read_text())


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", ["curve", "bernoulli", "encode", "check", "prove", "demo"])
def test_a_document_that_cannot_be_written_is_refused_first(run: Run, name: str) -> None:
    outcome = run(*CALLS[name][0], "--json", "no such folder/a.json")
    assert outcome.code == ExitCode.USAGE
    assert "--json" in outcome.err
    assert outcome.out == ""
    assert not Path("x.mbsy").exists()
    assert not Path("demo").exists()


def test_what_the_documents_hold(run: Run) -> None:
    run("solve", *TWO, "--certificate", "proof.json", "--quiet")
    (proved,) = json.loads(run("check", "proof.json", "--json", "-").out)["certificates"]
    low, high = (int(a) / int(b) for a, b in (proved[end].split("/") for end in ("lower", "upper")))
    assert low - 1e-12 <= 0.19163120400671663 <= high
    points = json.loads(run(*CALLS["curve"][0], "--json", "-").out)["points"]
    lines = run(*CALLS["curve"][0], "--csv", "-").out.splitlines()[1:]
    assert [repr(point["mutual_information"]) for point in points] == [line.split(",")[1] for line in lines]
    (lemma,) = json.loads(run("prove", "lemma_1", "--json", "-").out)["proofs"]
    assert lemma["proved"] is True
    assert {step["verdict"] for step in lemma["steps"]} <= {"proved", "cited"}
    assert run("check", "proof.json", "--json", "proof.json").code == ExitCode.USAGE


def printed_on_a_terminal(environment: dict[str, str]) -> str:
    """What a command prints on a terminal of its own."""
    ours, theirs = pty.openpty()
    call = [sys.executable, "-m", "mecbopt", "bernoulli", "--qx", "0.3", "--qy", "0.3"]
    with subprocess.Popen(call, stdout=theirs, stderr=theirs, env=environment, close_fds=True) as process:
        os.close(theirs)
        text = b""
        while part := _read(ours):
            text += part
        assert process.wait() == 0
    os.close(ours)
    return text.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end is closed
        return b""


def test_no_color_is_heeded() -> None:
    """https://no-color.org asks for no colours; bold and dim may stay."""
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    colour = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|38|48)[;m]")
    text = printed_on_a_terminal({**plain, "TERM": "xterm-256color", "NO_COLOR": "1"})
    assert "antitone" in text or "comonotone" in text
    assert not colour.search(text)
    assert "\x1b" not in printed_on_a_terminal({**plain, "TERM": "dumb"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_and_options(
    run: Run, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_MECBOPT_COMPLETE", f"{shell}_source")
    script = run()
    assert script.code == ExitCode.DONE
    assert "_MECBOPT_COMPLETE" in script.out
    monkeypatch.setenv("_MECBOPT_COMPLETE", f"{shell}_complete")
    for words, cword, expected in (("mecbopt sol", "1", "solve"), ("mecbopt solve --met", "2", "--method")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", cword if shell != "fish" else words.split()[-1])
        assert expected in run().out
