"""Ctrl-C at every line of the Python faces and within long steps in C: nothing is torn, the answer quick."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt import _core
from mecbopt._core.pivots import PivotSearch
from mecbopt._core.tree import MAX_LETTERS, CompiledSearch, Settings
from tests.instances import dirichlet_marginals
from tests.oracle import bits

FACES = str(Path(_core.__file__).parent)


def interrupted_at(line: int, work: Callable[[], object], files: str = FACES) -> bool:
    """Raise KeyboardInterrupt at the line-th line executed in `files`; whether the work got that far."""
    seen = 0

    def trace(frame, event, _argument):
        nonlocal seen
        if not frame.f_code.co_filename.startswith(files):
            return trace if event == "call" else None
        if event == "line":
            seen += 1
            if seen == line:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def entropy_of(p_x, shape, mappings, weights) -> float:
    coupling = np.zeros(shape)
    for mapping, weight in zip(mappings, weights, strict=True):
        coupling[np.arange(shape[0]), mapping] += weight * p_x
    return float(bits(coupling).sum())


def test_a_tree_interrupted_anywhere_has_an_incumbent_of_one_moment():
    """H(mixture) is the incumbent's entropy: report and mixture never stem from different steps."""
    p_x, p_y = dirichlet_marginals(4, 4, 3)
    rate = 0.5 * float(bits(p_y).sum())
    reached = changes = 0
    for line in range(1, 90):
        search = CompiledSearch(p_x, p_y, rate, settings=Settings(random_starts=3))
        previous = search.incumbent_entropy
        # Several interruptions of one search, the support growing and shrinking in between.
        for _ in range(4):
            reached += interrupted_at(line, lambda search=search: search.run(nodes=2))
            mappings, weights = search.incumbent_mixture
            changes += search.incumbent_entropy < previous
            previous = search.incumbent_entropy
            if len(weights):
                assert entropy_of(p_x, (4, 4), mappings, weights) == pytest.approx(previous, abs=1e-9)
            else:
                assert previous == np.inf
            assert search.entropy_lower_bound <= search.incumbent_entropy
    assert reached > 50
    assert changes > 50


def test_a_local_search_interrupted_anywhere_has_a_vertex_of_one_moment():
    p_x, p_y = dirichlet_marginals(5, 4, 3)
    rate = 0.5 * float(bits(p_y).sum())
    start = ([[y] * 5 for y in range(4)], p_y)
    reached = 0
    for line in range(1, 30):
        search = PivotSearch(p_x, p_y, rate, None, np.inf, start=start)
        for starts in (1, 2, 3):
            work = lambda search=search, starts=starts: search.run(starts, 10**6, 60.0)  # noqa: E731
            reached += interrupted_at(line, work)
            mappings, weights = search.incumbent()
            assert entropy_of(p_x, (5, 4), mappings, weights) == pytest.approx(search.entropy, abs=1e-9)
    assert reached > 15


def test_a_plain_coupling_interrupted_anywhere_is_a_coupling_with_a_bound():
    """`exact` returns what it has; only while its arguments are read does Ctrl-C pass through."""
    p, q = dirichlet_marginals(7, 7, 1)
    optimum = mb.mec.exact(p, q)
    assert optimum.status is mb.Status.OPTIMAL
    returned: list[mb.mec.MecResult] = []
    line = 0
    while True:
        line += 3
        count = len(returned)
        interrupted_at(line, lambda: returned.append(mb.mec.exact(p, q)))
        if len(returned) == count:
            continue
        result = returned[-1]
        assert result.lower_bound <= optimum.entropy + 1e-12
        assert result.entropy >= optimum.entropy - 1e-9
        np.testing.assert_allclose(result.coupling.sum(axis=1), p, atol=1e-12)
        np.testing.assert_allclose(result.coupling.sum(axis=0), q, atol=1e-12)
        if result.stop_reason is not mb.StopReason.INTERRUPTED:
            break
    assert sum(result.stop_reason is mb.StopReason.INTERRUPTED for result in returned) > 10


def answer_seconds(work: Callable[[], object], delay: float) -> float:
    """Seconds from a SIGINT sent after `delay` to the end of the work, which may swallow it."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(delay, send)
    timer.start()
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        timer.cancel()
    assert sent, "the work ended before it was interrupted"
    return time.monotonic() - sent[0]


#: Seconds within which an answer must come on a machine that is busy with other things; 0.1 when it is not.
ANSWER = 2.0


def largest(letters: int = MAX_LETTERS):
    p_x, p_y = dirichlet_marginals(letters, letters, 0)
    return p_x, p_y, 0.5 * float(bits(p_y).sum())


def test_the_largest_tables_are_ready_at_once_and_steps_end_when_asked():
    """12x12: the set-up does no search, and a step that takes seconds is broken off."""
    p_x, p_y, rate = largest()
    start = ([[y] * MAX_LETTERS for y in range(MAX_LETTERS)], p_y)
    began = time.process_time()
    search = CompiledSearch(p_x, p_y, rate, start=start)
    assert time.process_time() - began < 0.5
    assert search.incumbent_entropy < np.inf
    for _ in range(3):
        deadline = time.monotonic() + 0.2
        search.run(gap=1e-6, stop=lambda deadline=deadline: time.monotonic() > deadline)
        assert time.monotonic() - deadline < ANSWER
    assert search.entropy_lower_bound <= search.incumbent_entropy


@pytest.mark.parametrize("delay", [0.05, 0.3, 1.0])
def test_ctrl_c_is_answered_within_a_long_step(delay):
    p_x, p_y, rate = largest()
    search = CompiledSearch(p_x, p_y, rate)
    assert answer_seconds(lambda: search.run(gap=1e-6), delay) < ANSWER
    assert search.entropy_lower_bound <= search.incumbent_entropy


@pytest.mark.parametrize("delay", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("letters", [16, 31])
def test_ctrl_c_is_answered_by_the_search_for_plain_couplings(letters, delay):
    """16 letters: tables over 65,536 subsets; 31: the largest search."""
    p, q = dirichlet_marginals(letters, letters, 0)
    results: list[mb.mec.MecResult] = []
    assert answer_seconds(lambda: results.append(mb.mec.exact(p, q)), delay) < ANSWER
    assert results[0].stop_reason is mb.StopReason.INTERRUPTED
    assert results[0].lower_bound <= results[0].entropy


def test_a_step_that_broke_off_is_done_again():
    """However often it is asked to stop, the search proves what it proves undisturbed."""
    p_x, p_y = dirichlet_marginals(4, 4, 1)
    rate = 0.3 * float(bits(p_y).sum())
    whole = CompiledSearch(p_x, p_y, rate)
    whole.run(gap=1e-6)
    torn = CompiledSearch(p_x, p_y, rate)
    for line in range(60):
        interrupted_at(line % 17 + 1, lambda: torn.run(nodes=1))
    torn.run(gap=1e-6)
    assert torn.incumbent_entropy == pytest.approx(whole.incumbent_entropy, abs=1e-6)
    assert torn.incumbent_entropy - torn.entropy_lower_bound <= 1e-6
