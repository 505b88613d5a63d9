"""Ctrl-C at random moments of calls in this process: something comes back, and it is valid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

import mecbopt as mb
from tests.stress.cases import Case, labelled_case, random_case
from tests.stress.claims import Answer, Truth, configurations, examine, solve_reproducer, truth
from tests.stress.findings import Finding
from tests.stress.group import Group, trying

__all__ = ["GROUPS", "Interrupter"]

#: Processor seconds in which a call has found nothing yet: an interruption there has nothing to lose.
_BEGINNING_SECONDS = 0.005
#: Where a signal comes after the answer: outside the package, or once its handler is given back.
_AFTER = ("?", "control/interrupts.py:")
_ALWAYS = "without a label there is always a coupling"

Random = np.random.Generator

#: Sends SIGINT to its parent after each delay that it reads; a process, so that no thread here must wake up.
_HELPER = """
import os, signal, sys, time
for line in sys.stdin:
    time.sleep(float(line))
    os.kill(os.getppid(), signal.SIGINT)
    os.write(1, b".")
"""


class Interrupter:
    """Interrupts calls of this process; between them, while it is open, SIGINT is swallowed."""

    def __init__(self) -> None:
        self._before = signal.signal(signal.SIGINT, _swallow)
        self._helper = subprocess.Popen(
            [sys.executable, "-S", "-c", _HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, function: Callable[[], Any], delay: float) -> Any:
        """What the function returns, SIGINT arriving `delay` seconds after its start; raises what it raises.

        A signal that comes after the return is awaited and swallowed, and costs no result.
        """
        assert self._helper.stdin is not None
        assert self._helper.stdout is not None
        kept: list[Any] = []
        self._helper.stdin.write(f"{delay}\n")
        self._helper.stdin.flush()
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            kept.append(function())
            signal.signal(signal.SIGINT, _swallow)
        except KeyboardInterrupt:
            if not kept:
                raise
        finally:
            signal.signal(signal.SIGINT, _swallow)
            os.read(self._helper.stdout.fileno(), 64)
            time.sleep(0.001)
        return kept[0]

    def close(self) -> None:
        """End the helper, and give SIGINT back."""
        self._helper.kill()
        self._helper.communicate()
        signal.signal(signal.SIGINT, self._before)


def _swallow(_number: int, _frame: FrameType | None) -> None:
    """A signal that no call waits for."""


def _interrupted(code: str, function: Callable[[], Any], random: Random, repeats: int) -> list[Any]:
    """Results under interruptions at moments over the length of the call; findings where none came."""
    began = time.monotonic()
    trying(code)
    function()
    length = min(time.monotonic() - began, 0.3)
    interrupter = Interrupter()
    results: list[Any] = []
    try:
        for _ in range(repeats):
            delay = float(random.random() * length)
            trying(f"{code}  # SIGINT after {delay:.4f} s")
            used = time.process_time()
            try:
                results.append(interrupter.call(function, delay))
            except KeyboardInterrupt as error:
                if time.process_time() - used < _BEGINNING_SECONDS:
                    continue
                place = _innermost(error)
                if place.startswith(_AFTER):
                    continue
                detail = f"KeyboardInterrupt after {delay:.4f} of {length:.4f} s, at {place}"
                results.append(Finding("Ctrl-C returns what was found", detail, code))
    finally:
        interrupter.close()
    return results


def _innermost(error: BaseException) -> str:
    """Where in the package an exception went through last."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if "mecbopt" in path:
            place = f"{path.rpartition('mecbopt/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _case(random: Random) -> tuple[Case, Truth]:
    shape = int(random.integers(2, 6)), int(random.integers(2, 5))
    case = (labelled_case if random.random() < 0.5 else random_case)(random, *shape)
    return case, truth(case) if case.mappings <= 27 else Truth()


def solving(random: Random) -> list[Finding]:
    """`solve` with every method and engine."""
    case, known = _case(random)
    problem = case.problem()
    configuration = configurations()[random.integers(len(configurations()))]
    options: dict[str, Any] = {**configuration, "time_limit": 1.0}
    try:
        results = _interrupted(
            solve_reproducer(case, options), lambda: mb.solve(problem, **options), random, repeats=12
        )
    except mb.NotSupportedError:
        return []
    findings = [result for result in results if isinstance(result, Finding)]
    answers = [Answer(options, result) for result in results if not isinstance(result, Finding)]
    # Interrupted, a tiny problem need not be closed.
    return findings + [
        finding for finding in examine(case, answers, known) if finding.claim != "a tiny problem is closed"
    ]


def many(random: Random) -> list[Finding]:
    """Curves and lists of problems: what is done is kept, the rest has a coupling and a valid bound."""
    case, _ = _case(random)
    problem = case.problem()
    rates = [0.1, 0.4, 0.7, 1.0]
    if random.random() < 0.5:
        code = f"mb.rate_curve({case.code()}, {rates}, time_limit=0.5)"

        def function() -> Any:
            return mb.rate_curve(problem, rates, time_limit=0.5).solutions
    else:
        code = f"mb.solve_many([{case.code()}] * 4, time_limit=0.5)"

        def function() -> Any:
            return mb.solve_many([problem] * 4, time_limit=0.5)

    findings: list[Finding] = []
    for result in _interrupted(code, function, random, repeats=8):
        if isinstance(result, Finding):
            findings.append(result)
            continue
        for solution in result:
            one = Case(case.p_x, case.p_y, solution.problem.rate, case.channel, case.limit)
            found = examine(one, [Answer({}, solution)], Truth())
            # A problem whose turn never came may have no coupling; it says so.
            waiting = solution.stop_reason is mb.StopReason.INTERRUPTED and solution.mixture is None
            findings += [finding for finding in found if not (waiting and finding.claim == _ALWAYS)]
    return findings


def plain(random: Random) -> list[Finding]:
    """`mec.exact` keeps its coupling and its bound."""
    size = int(random.integers(3, 13))
    p, q = (random.dirichlet(np.ones(size)).tolist() for _ in range(2))
    code = f"mb.mec.exact({p}, {q}, time_limit=1.0)"
    findings: list[Finding] = []
    for result in _interrupted(code, lambda: mb.mec.exact(p, q, time_limit=1.0), random, repeats=8):
        if isinstance(result, Finding):
            findings.append(result)
            continue
        coupling = np.asarray(result.coupling)
        off = max(np.abs(coupling.sum(axis=1) - p).max(), np.abs(coupling.sum(axis=0) - q).max())
        if off > 1e-12 or not result.lower_bound <= result.entropy + 1e-12:
            detail = f"marginals off by {off}, bound {result.lower_bound}, entropy {result.entropy}"
            findings.append(Finding("an interrupted coupling is valid", detail, code))
    return findings


def interrupted(random: Random) -> list[Finding]:
    """One of the three."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return (solving, solving, many, plain)[random.integers(4)](random)


GROUPS = (Group("interrupts", interrupted),)
