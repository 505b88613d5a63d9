"""Stopped at any moment, the bounds contain the optimum and a coupling is there."""

from __future__ import annotations

import math
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt import solving
from mecbopt.engines.tree_search import TreeInSlices
from mecbopt.formulation import distinct_mappings
from tests.instances import TREE_ENGINES, random_instance
from tests.oracle import best_over_all_bases, polytope
from tests.strikes import strike_once


@pytest.fixture(scope="module")
def instance():
    return random_instance(3, 3, 4, "feasible")


@pytest.fixture(params=TREE_ENGINES)
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def problem(instance):
    return mb.Problem(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)


@pytest.fixture(scope="module")
def optimum(instance):
    body = polytope(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)
    return best_over_all_bases(body)


def test_bounds_hold_and_never_widen_at_every_node_count(problem, optimum, engine):
    before = problem.value_upper_bound
    value = -math.inf
    # HiGHS takes its time: every count at first, then some.
    for nodes in (*range(9), 13, 21, 34, 50) if engine == "highs" else range(51):
        solution = mb.solve(problem, engine=engine, node_limit=nodes)
        solution.check()
        assert solution.has_coupling
        assert solution.mutual_information <= optimum + 1e-9
        assert solution.upper_bound >= optimum - 1e-9
        assert solution.upper_bound <= before + 1e-12
        assert solution.mutual_information >= value - 1e-12
        assert solution.nodes <= nodes
        expected = mb.StopReason.GAP_CLOSED if solution.gap <= 1e-6 else mb.StopReason.NODE_LIMIT
        assert solution.stop_reason is expected
        before, value = solution.upper_bound, solution.mutual_information


def test_a_time_limit_leaves_valid_bounds(problem, optimum, engine):
    solution = mb.solve(problem, engine=engine, time_limit=1e-6)
    solution.check()
    assert solution.stop_reason is mb.StopReason.TIME_LIMIT
    assert solution.mutual_information <= optimum + 1e-9 <= solution.upper_bound + 2e-9
    assert solution.upper_bound <= problem.value_upper_bound + 1e-12


@pytest.mark.parametrize("call", [0, 1, 3])
def test_ctrl_c_keeps_what_was_found(problem, optimum, engine, call):
    reports = []

    def interrupt(progress):
        reports.append(progress)
        if len(reports) > call:
            raise KeyboardInterrupt

    solution = mb.solve(problem, engine=engine, progress=interrupt)
    solution.check()
    assert solution.stop_reason in (mb.StopReason.INTERRUPTED, mb.StopReason.GAP_CLOSED)
    assert solution.mutual_information <= optimum + 1e-9 <= solution.upper_bound + 2e-9


@pytest.fixture(autouse=True)
def _no_pause_between_reports(monkeypatch):
    monkeypatch.setattr("mecbopt.control.clock.REPORT_INTERVAL_SECONDS", 0.0)


def test_progress_reports_are_bounds(problem, optimum, engine):
    reports = []
    mb.solve(problem, engine=engine, progress=reports.append)
    assert reports
    for report in reports:
        assert report.mutual_information <= optimum + 1e-9
        assert report.upper_bound >= optimum - 1e-9
        assert report.gap == report.upper_bound - report.mutual_information


def test_the_search_is_deterministic(problem, engine):
    first, second = (mb.solve(problem, engine=engine) for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "best"}, ["method", "'best'", "exact"]),
        ({"engine": "cplex"}, ["engine", "'cplex'"]),
        ({"time_limit": 0}, ["time_limit", "positive"]),
        ({"time_limit": math.nan}, ["time_limit", "nan"]),
        ({"gap": 0.0}, ["gap", "positive"]),
        ({"gap": -1.0}, ["gap", "-1.0"]),
        ({"node_limit": -1}, ["node_limit", "-1"]),
        ({"node_limit": 1.5}, ["node_limit", "1.5"]),
        ({"workers": 0}, ["workers", "0"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"start": mb.Mixture([[0, 1]], [1.0])}, ["start", "n, m = (3, 3)"]),
    ],
)
def test_bad_options_are_named(problem, options, words):
    with pytest.raises(mb.ProblemError) as caught:
        mb.solve(problem, **options)
    for word in words:
        assert word in str(caught.value)


def test_a_problem_is_asked_for():
    with pytest.raises(mb.ProblemError, match=r"must be a mecbopt\.Problem"):
        mb.solve(np.eye(2))


def test_the_public_name_is_the_function():
    assert mb.solve is solving.solve


@pytest.mark.parametrize("place", ["_validated_options", "presolve", "_pick", "support"])
@pytest.mark.parametrize("engine", ["auto", "compiled"])
def test_ctrl_c_before_the_search_still_gets_an_answer(place, engine, monkeypatch):
    """It came as a KeyboardInterrupt, after a millisecond or where the tables of a large label were made."""
    came = strike_once(monkeypatch, f"solving.{place}")
    solution = mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.4), engine=engine)
    solution.check()
    assert (solution.stop_reason is mb.StopReason.INTERRUPTED) is bool(came)
    assert came or (place, engine) in {("support", "auto"), ("_pick", "compiled")}
    assert solution.has_coupling


def test_distinct_mappings_are_those_of_numpy():
    random = np.random.default_rng(0)
    for count, letters, outputs in ((0, 3, 2), (1, 1, 1), (300, 3, 4), (40, 1, 3)):
        mappings = random.integers(0, outputs, (count, letters))
        assert np.array_equal(distinct_mappings(mappings), np.unique(mappings, axis=0))


@pytest.mark.parametrize(
    "place",
    [
        "solving.examine",
        "solving._better_start",
        "solving.run_search",
        "solving._put_away",
        "engines.draft.mutual_information",
    ],
)
def test_ctrl_c_at_any_moment_gets_the_answer_known_by_then(place, problem, optimum, monkeypatch):
    """It is held only once it came; what it broke off is done again."""
    came = strike_once(monkeypatch, place)
    solution = mb.solve(problem)
    assert came
    solution.check()
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    if place != "solving.examine":  # a label: before it is examined nothing is known to be feasible
        assert solution.mutual_information <= optimum + 1e-9 <= solution.upper_bound + 2e-9
    if place in ("solving._put_away", "engines.draft.mutual_information"):
        assert solution.status is mb.Status.OPTIMAL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_coupling_that_ctrl_c_met_on_its_way_is_not_lost(monkeypatch):
    right, struck = TreeInSlices._note, []

    def note(self, mixture):
        if not struck:
            struck.append(mixture)
            raise KeyboardInterrupt
        right(self, mixture)

    monkeypatch.setattr(TreeInSlices, "_note", note)
    asked = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.3, 0.1], 0.9)
    solution = mb.solve(asked)
    assert struck
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    monkeypatch.undo()
    assert solution.mutual_information == mb.solve(asked).mutual_information


def test_a_small_solve_makes_few_calls(monkeypatch):
    """Around the core of a small problem every step counts: calls of the package's functions, of built-in
    ones and, for signals, of the system.  Measured: 217, 197 and none; it was 308, 250 and two.
    """
    asked = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.3, 0.1], 0.9)
    mb.solve(asked)
    folder = str(Path(mb.__file__).parent)
    calls = {"call": 0, "c_call": 0}

    def count(frame, event, _):
        if event == "c_call" or (event == "call" and frame.f_code.co_filename.startswith(folder)):
            calls[event] += 1

    profile = sys.getprofile()
    with monkeypatch.context() as patched:
        patched.setattr(signal, "signal", None)
        sys.setprofile(count)
        try:
            solution = mb.solve(asked)
        finally:
            sys.setprofile(profile)
    assert solution.status is mb.Status.OPTIMAL
    assert calls["call"] <= 220
    assert calls["c_call"] <= 200
