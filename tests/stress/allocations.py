"""Allocations of the compiled core that fail: an error or a valid answer, never a bound that is none.

A small library is compiled and preloaded into a process of its own; there the n-th allocation from the
compiled core fails.  Where there is no C compiler or no such loader, the group has nothing to do.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache, partial
from pathlib import Path

import numpy as np

import mecbopt as mb
from tests.stress.cases import labelled_case, random_case
from tests.stress.claims import Answer, Truth, examine, solve_reproducer, truth
from tests.stress.findings import Finding
from tests.stress.group import Group, attempt, be_watched, trying

__all__ = ["GROUPS", "run_in_child"]

Random = np.random.Generator
_SOURCE = Path(__file__).with_name("failing_allocations.c")


@cache
def _library() -> Path | None:
    """The compiled helper; None where it cannot be had."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    target = Path(tempfile.mkdtemp()) / "failing_allocations.so"
    done = subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", str(target), str(_SOURCE)],
        capture_output=True,
        check=False,
    )
    return target if done.returncode == 0 else None


def failing(random: Random) -> list[Finding]:
    """One process with many failing allocations; what it finds, and its death."""
    library = _library()
    if library is None or importlib.util.find_spec("mecbopt._core._native") is None:
        return []
    seed = int(random.integers(1 << 30))
    code = f"python -m tests.stress.allocations {seed}  # with {_SOURCE.name} compiled and preloaded"
    trying(code)
    done = subprocess.run(
        [sys.executable, "-m", "tests.stress.allocations", str(seed)],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    findings = [Finding(**message["finding"]) for message in messages if "finding" in message]
    if done.returncode != 0:
        last = next((message["trying"] for message in reversed(messages) if "trying" in message), "")
        detail = f"exit status {done.returncode} in {last}: {done.stderr[-500:]}"
        findings.append(Finding("a failed allocation is survived", detail, code))
    return findings


def run_in_child(seed: int, repeats: int = 25) -> None:
    """Solve one problem again and again while allocations fail; print findings."""
    be_watched()
    control = ctypes.CDLL(None)
    control.stress_set_range.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    control.stress_set_range(*_code_of_the_core())
    control.stress_fail_after.argtypes = [ctypes.c_long, ctypes.c_int]
    random = np.random.default_rng(seed)
    shape = int(random.integers(2, 6)), int(random.integers(2, 6))
    case = (labelled_case if random.random() < 0.4 else random_case)(random, *shape, tame=True)
    known = truth(case) if case.mappings <= 27 else Truth()
    problem = case.problem()
    answers = [Answer({"time_limit": 2.0}, mb.solve(problem, time_limit=2.0))]
    control.stress_fail_after(1 << 40, 0)
    mb.solve(problem, time_limit=2.0)
    control.stress_left.restype = ctypes.c_long
    total = max(1, (1 << 40) - int(control.stress_left()))
    for _ in range(repeats):
        number, on = int(total ** random.random()) - 1, int(random.random() < 0.3)
        options = {"time_limit": 2.0, "method": str(random.choice(["auto", "exact", "local"]))}
        code = f"{solve_reproducer(case, options)}  # allocation {number} of {total} fails, on: {on}"
        control.stress_fail_after(number, on)
        result = attempt(
            "a failed allocation is an error of the package or none",
            code,
            partial(mb.solve, problem, **options),
            (mb.MecboptError, MemoryError),
        )
        control.stress_fail_after(-1, 0)
        if isinstance(result, Finding):
            print(json.dumps({"finding": result.document()}), flush=True)
        elif result is not None:
            told = Answer(options | {"allocation": number}, result)
            for finding in examine(case, [*answers, told], known):
                # A search that runs out of memory need not close its gap.
                if finding.claim != "a tiny problem is closed":
                    shown = Finding(finding.claim, finding.detail, code)
                    print(json.dumps({"finding": shown.document()}), flush=True)


def _code_of_the_core() -> tuple[int, int]:
    """Addresses of the compiled core in this process."""
    mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], 0.3))
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    spans = [line.split()[0].split("-") for line in lines if "_core/_native" in line]
    return min(int(begin, 16) for begin, _ in spans), max(int(end, 16) for _, end in spans)


GROUPS = (Group("allocations", failing, 400.0),)

if __name__ == "__main__":
    run_in_child(int(sys.argv[1]))
