"""Cases in processes of their own: a hang or a crash is a finding, not the end of the suite."""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np

from tests.stress.findings import Finding
from tests.stress.group import Group, announce, be_watched

__all__ = ["Report", "run_case", "run_child", "run_group"]


@dataclass
class Report:
    """What a group came to."""

    group: str
    cases: int = 0
    seconds: float = 0.0
    findings: list[tuple[int, Finding]] = field(default_factory=list)

    def kinds(self) -> dict[str, int]:
        """How often each claim failed."""
        counts: dict[str, int] = {}
        for _, finding in self.findings:
            counts[finding.claim] = counts.get(finding.claim, 0) + 1
        return counts

    def document(self) -> dict[str, Any]:
        """As plain data; of each failed claim the first three instances."""
        shown: dict[str, list[dict[str, Any]]] = {}
        for index, finding in self.findings:
            instances = shown.setdefault(finding.claim, [])
            if len(instances) < 3:
                instances.append({"case": index, **finding.document()})
        return {
            "group": self.group,
            "cases": self.cases,
            "seconds": round(self.seconds, 1),
            "failed": self.kinds(),
            "instances": shown,
        }


def run_case(group: Group, seed: int, index: int) -> list[Finding]:
    """One case, a function of group, seed and index alone."""
    return group.run(np.random.default_rng([seed, zlib.crc32(group.name.encode()), index]))


def run_child(group: Group, seed: int, start: int) -> None:
    """The endless loop of the process that is watched."""
    if group.memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (group.memory_bytes,) * 2)
    be_watched()
    index = start
    while True:
        announce(start=index)
        found = run_case(group, seed, index)
        announce(end=index, findings=[finding.document() for finding in found])
        index += 1


def run_group(
    group: Group,
    seed: int,
    seconds: float,
    start: int = 0,
    cases: int | None = None,
    command: tuple[str, ...] = ("-m", "tests.stress"),
) -> Report:
    """Run cases for some seconds, or a number of them; `command` is what the child interpreter runs."""
    report = Report(group.name)
    began = time.monotonic()
    index = start
    while time.monotonic() - began < seconds and (cases is None or report.cases < cases):
        index = _watch(group, seed, index, began + seconds, report, cases, command)
    report.seconds = time.monotonic() - began
    return report


def _watch(
    group: Group,
    seed: int,
    index: int,
    deadline: float,
    report: Report,
    cases: int | None,
    command: tuple[str, ...],
) -> int:
    """One child, until it hangs, dies or time is up; the next case."""
    words = ["--child", group.name, "--seed", str(seed), "--start", str(index)]
    # Errors go to a file: a pipe that nobody reads would fill and block the child.
    errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed below)
    child = subprocess.Popen(
        [sys.executable, *command, *words], stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert child.stdout is not None
    last = ""
    case_began: float | None = None
    try:
        for line in _lines(child.stdout):
            now = time.monotonic()
            if line is None:
                if case_began is not None and now - case_began > _patience(group):
                    detail = f"no end after {now - case_began:.0f} s"
                    report.findings.append((index, Finding("a case ends in time", detail, last)))
                    report.cases += 1
                    return index + 1
                if now > deadline + _patience(group):
                    return index
                continue
            if not line.startswith("{"):
                continue  # what the package prints is no message
            message = json.loads(line)
            if "trying" in message:
                last = message["trying"]
            elif "start" in message:
                index, case_began = message["start"], now
            else:
                report.findings += [(index, Finding(**found)) for found in message["findings"]]
                report.cases += 1
                index += 1
                if now > deadline or report.cases == cases:
                    return index
    finally:
        child.kill()
        child.communicate()
        errors.seek(0)
        said = errors.read().decode(errors="replace")
        errors.close()
    detail = f"exit status {child.returncode}: {said.strip()[-600:]}"
    report.findings.append((index, Finding("the process survives a case", detail, last)))
    report.cases += 1
    return index + 1


def _patience(group: Group) -> float:
    """Seconds that a case may take: more by as much as other work crowds the processors."""
    crowd = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1.0
    return group.patience_seconds * max(1.0, crowd)


def _lines(stream: IO[str]) -> Iterator[str | None]:
    """Lines as they come, and None each time a quarter of a second passes without any."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(0.25):
                yield None
                continue
            piece = os.read(stream.fileno(), 1 << 16)
            if not piece:
                return
            *complete, buffer = (buffer + piece).split(b"\n")
            for line in complete:
                yield line.decode(errors="replace")
