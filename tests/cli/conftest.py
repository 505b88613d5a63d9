"""The command line as its user meets it: arguments in, exit code and two streams out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mecbopt.cli.main import entry_point


@dataclass(frozen=True)
class Outcome:
    """What one call left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `mecbopt ARGUMENTS` in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            entry_point([str(argument) for argument in arguments])
        streams = capsys.readouterr()
        return Outcome(int(stop.value.code or 0), streams.out, streams.err)

    return call


TERNARY = """\
p_x = [0.5, 0.3, 0.2]
p_y = [0.6, 0.4]
rate = 0.5
[label]
p_s_given_x = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
max_entropy = 0.95
sees_seed = true
"""


@pytest.fixture
def ternary(tmp_path: Path) -> Path:
    """A problem file with a label."""
    path = tmp_path / "ternary.toml"
    path.write_text(TERNARY)
    return path


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A file of samples: a number, a letter of a clean column, a class."""
    lines = ["reading,clean,alarm", "1,a,no", "2,b,yes", "1,a,no", "3,b,yes", "2,a,no", "3,b,no"]
    path = tmp_path / "samples.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
