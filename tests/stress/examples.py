"""Hypothesis inside a case: many examples from one seed, the failing one shrunk, as a finding."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, seed, settings

from tests.stress.findings import Finding
from tests.stress.group import trying

__all__ = ["SlowError", "first_finding", "within"]


class SlowError(Exception):
    """Something took longer than it may."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise SlowError in this thread after some seconds of its own processor time."""

    def too_slow(number: int, frame: object) -> None:
        raise SlowError(f"no end after {seconds:g} s")

    before = signal.signal(signal.SIGPROF, too_slow)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def first_finding(
    strategy: Any,
    check: Callable[[Any], Finding | None],
    random: np.random.Generator,
    examples: int = 60,
) -> list[Finding]:
    """The smallest example that Hypothesis finds to fail, if any."""
    failing: list[Finding] = []

    @seed(int(random.integers(1 << 40)))
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        trying(repr(example) if isinstance(example, (bytes, str)) else "an example")
        found = check(example)
        if found is not None:
            failing.append(found)
            raise _FoundError

    try:
        run()
    except _FoundError:
        return failing[-1:]
    return []


class _FoundError(Exception):
    """An example failed."""
