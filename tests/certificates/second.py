"""The checker in JavaScript as one Node process: names in, verdicts out."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import mecbopt as mb

NODE = shutil.which("node")
FOLDER = Path(__file__).parents[2] / "docs" / "checker"
PROGRAM = FOLDER / "check.mjs"


@dataclass(frozen=True)
class Verdict:
    """What a checker says of a file: an interval (None twice for infeasibility), or why it refuses."""

    accepted: bool
    lower: Fraction | None = None
    upper: Fraction | None = None
    reason: str = ""

    @property
    def outcome(self) -> tuple[bool, Fraction | None, Fraction | None]:
        """What two checkers must agree on."""
        return self.accepted, self.lower, self.upper


def first_verdict(path: Path) -> Verdict:
    """Of the checker in Python."""
    try:
        interval = mb.check_certificate(path)
    except mb.CertificateError as error:
        return Verdict(False, reason=str(error))
    if interval.infeasible:
        return Verdict(True)
    return Verdict(True, interval.lower, interval.upper)


class SecondChecker:
    """The checker in JavaScript; a context manager."""

    def __enter__(self) -> SecondChecker:
        """Start Node."""
        assert NODE is not None
        self.process = subprocess.Popen(
            [NODE, str(PROGRAM), "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: Any) -> None:
        """End Node, which reads to the end of its input."""
        self.process.communicate()
        assert self.process.returncode == 0

    def __call__(self, path: Path) -> Verdict:
        """Check one file."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the checker ended at {path}"
        found = json.loads(line)
        if not found["accepted"]:
            assert found["place"], found
            assert found["reason"], found
            return Verdict(False, reason=f"{found['place']}: {found['reason']}")
        if found["infeasible"]:
            return Verdict(True)
        return Verdict(True, Fraction(found["lower"]), Fraction(found["upper"]))
