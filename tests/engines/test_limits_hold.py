"""Limits and Ctrl-C hold inside every step, and something valid is always returned."""

from __future__ import annotations

import math
import signal
import threading
import time

import numpy as np
import pytest

import mecbopt as mb

#: Seconds beyond a limit: one slice, set-up and the last polish, with room for a slow machine.
LATE_SECONDS = 3.0


class Stopwatch:
    """Wall-clock time, or processor time where that is less: other work on the machine does not count."""

    def __init__(self) -> None:
        self._wall, self._used = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return min(time.perf_counter() - self._wall, time.process_time() - self._used)


def _problem(n, m, label=False, rate=0.5):
    random = np.random.default_rng([n, m])
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    problem = mb.Problem(p_x, p_y)
    problem = problem.replace(rate=rate * problem.entropy_y)
    if not label:
        return problem
    channel = random.dirichlet(0.3 * np.ones(3), n)
    limit = 0.97 * mb.Problem(p_x, p_y, 1.0, channel).label_entropy
    return problem.replace(p_s_given_x=channel, max_label_entropy=limit)


CASES = [
    ("exact", _problem(16, 2), {"engine": "highs"}),
    ("exact", _problem(256, 2), {}),
    ("exact", _problem(12, 12), {}),
    ("exact", _problem(12, 12), {"engine": "highs"}),
    ("exact", _problem(13, 4, label=True), {}),
    ("local", _problem(50, 20, label=True), {}),
    ("local", _problem(126, 132), {}),
    ("local", _problem(1000, 100), {}),
]
CASES.append(("auto", _problem(100, 1000), {}))
NAMES = [f"{method} {problem.shape} {options}" for method, problem, options in CASES]


@pytest.mark.parametrize(("method", "problem", "options"), CASES, ids=NAMES)
def test_a_time_limit_holds(method, problem, options):
    mb.solve(problem.replace(rate=0.0, max_label_entropy=None), method="greedy")  # imports aside
    watch = Stopwatch()
    solution = mb.solve(problem, method=method, time_limit=0.5, **options)
    assert watch.seconds < 0.5 + LATE_SECONDS
    solution.check()
    if problem.max_label_entropy is None:
        assert solution.mutual_information > 0.0
    assert solution.upper_bound >= 0.0


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="no signals")
@pytest.mark.parametrize(("method", "problem", "options"), CASES, ids=NAMES)
def test_ctrl_c_is_answered(method, problem, options):
    answered = []

    def interrupt():
        answered.append(Stopwatch())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    timer = threading.Timer(0.7, interrupt)
    timer.start()
    try:
        solution = mb.solve(problem, method=method, time_limit=60, **options)
    finally:
        timer.cancel()
    assert answered[0].seconds < LATE_SECONDS
    solution.check()
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    if problem.max_label_entropy is None:
        assert solution.mutual_information > 0.0


def test_a_vertex_of_long_mappings_comes_at_once():
    """One linear program: the walk took half a minute, most of it in steps that nothing could interrupt."""
    problem = _problem(100, 1000)
    watch = Stopwatch()
    solution = mb.solve(problem, method="greedy")
    assert watch.seconds < LATE_SECONDS
    solution.check()
    assert len(solution.mixture) <= 1001
    mixed = mb.solve(
        problem, method="greedy", time_limit=1e-3
    )  # no time for the program: greedy and constants
    assert solution.mutual_information >= mixed.mutual_information - 1e-9


def test_a_local_search_reports_its_progress(monkeypatch):
    monkeypatch.setattr("mecbopt.control.clock.REPORT_INTERVAL_SECONDS", 0.0)
    reports = []
    mb.solve(_problem(8, 8), method="local", time_limit=0.5, progress=reports.append)
    assert len(reports) > 1
    assert reports[1].mutual_information > 0.0  # greedy comes at once
    assert all(report.upper_bound >= report.mutual_information for report in reports)


@pytest.mark.parametrize("gap", [1e-11, 1e-300, 9e-10])
def test_a_gap_that_floats_cannot_prove_is_refused(gap):
    with pytest.raises(mb.ProblemError, match="at least 1e-09"):
        mb.solve(_problem(3, 3), gap=gap)


def test_the_smallest_gap_is_proved():
    solution = mb.solve(_problem(4, 4), gap=1e-9, time_limit=60)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.gap <= 1e-9


def test_a_relative_gap_ends_a_search_early():
    problem = _problem(5, 5)
    exact = mb.solve(problem)
    loose = mb.solve(problem, gap=1e-9, relative_gap=0.05)
    loose.check()
    assert loose.status is mb.Status.OPTIMAL
    assert loose.nodes < exact.nodes
    assert loose.gap <= 0.05 * loose.mutual_information
    assert loose.upper_bound >= exact.mutual_information - 1e-9
    assert mb.Status.OPTIMAL is mb.solve(problem, relative_gap=1e-3).status


def test_a_value_of_next_to_nothing_is_found_all_the_same():
    problem = mb.Problem([0.5, 0.5], [1 - 1e-8, 1e-8])
    assert mb.solve(problem).mutual_information > 0.0
    solution = mb.solve(problem, gap=1e-9, relative_gap=0.01)
    assert solution.mutual_information == pytest.approx(1e-8, rel=0.1)


@pytest.mark.parametrize("relative_gap", [-0.1, math.nan, math.inf, "much"])
def test_a_bad_relative_gap_is_named(relative_gap):
    with pytest.raises(mb.ProblemError, match="relative_gap"):
        mb.solve(_problem(3, 3), relative_gap=relative_gap)
