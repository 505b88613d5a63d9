"""Commands as a reader types them, each in a process of its own; the package is read once for all of them.

`Typist` starts one process that imports the package and waits; for every command it forks, and the child runs
the command line in its folder and ends as a program does.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from mecbopt.cli.main import COMMANDS, entry_point

__all__ = ["Done", "Typist"]

ROOT = Path(__file__).resolve().parents[1]


class Done(NamedTuple):
    """What a command left with, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Typist:
    """A process that runs command lines; a context manager.

    >>> with Typist() as typist:
    ...     done = typist.run(["bernoulli", "--qx", "0.3", "--qy", "0.3", "--rate", "0.378"], ROOT)
    >>> done.returncode, done.stderr
    (0, '')
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.typist"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: list[str], cwd: Path) -> Done:
        """`mecbopt ARGUMENTS` in that folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            printed = [str(Path(folder) / name) for name in ("stdout", "stderr")]
            print(json.dumps([arguments, str(cwd), *printed]), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return Done(code, *(Path(name).read_text(encoding="utf-8") for name in printed))

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input ends it


def _serve() -> None:
    for name in (*(module for module, _ in COMMANDS.values()), "mecbopt.plots", "mecbopt.analysis"):
        # The image model and the explorer stand on packages of their own; the pages' commands use neither.
        if not name.endswith((".neural", ".explore")):
            importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _typed(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _typed(arguments: list[str], cwd: str, stdout: str, stderr: str) -> None:
    """Become that command."""
    os.chdir(cwd)
    for name, number in ((os.devnull, 0), (stdout, 1), (stderr, 2)):
        opened = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["mecbopt", *arguments]
    entry_point()


if __name__ == "__main__":
    _serve()
