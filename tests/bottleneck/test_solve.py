"""Arguments, limits, interruption and the result object."""

from __future__ import annotations

import dataclasses
import json
import math
import signal
import threading

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.bottleneck.relaxation import Family

HARD = mb.Problem([1, 1, 1], [1, 1, 1], rate=1.2, normalize=True)
BITS = mb.Problem([0.7, 0.3], [0.7, 0.3], rate=0.6)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"p_s_given_x": [[0.9, 0.1], [0.2, 0.8]], "max_label_entropy": 0.8}, "max_label_entropy"),
        ({"p_s_given_x": [[0.9, 0.1], [0.2, 0.8]], "min_label_entropy": 0.1}, "min_label_entropy"),
        ({"distortion": [[0, 1], [1, 0]]}, "distortion"),
        ({"constraints": [mb.Agreement(at_least=0.5)]}, "constraints"),
        ({"p_y_tolerance": 0.1}, "p_y_tolerance"),
        ({"p_y": None, "y_size": 2}, "y_size"),
    ],
)
@pytest.mark.parametrize("function", [mb.bottleneck.solve, mb.bottleneck.greedy])
def test_other_limits_are_refused_by_name(changes, argument, function) -> None:
    with pytest.raises(mb.NotSupportedError) as caught:
        function(BITS.replace(**changes))
    assert caught.value.argument == argument
    assert "leave" in str(caught.value) or "give" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": "soon"}, "time_limit"),
        ({"gap": 0}, "gap"),
        ({"gap": 1e-12}, "gap"),
        ({"node_limit": -1}, "node_limit"),
        ({"seed": 1.5}, "seed"),
        ({"progress": 3}, "progress"),
    ],
)
def test_wrong_options_are_refused_by_name(options, argument) -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.bottleneck.solve(BITS, **options)
    assert caught.value.argument == argument


@pytest.mark.parametrize("problem", [None, [0.5, 0.5], "bits"])
def test_what_is_no_problem_is_refused(problem) -> None:
    with pytest.raises(mb.ProblemError, match="problem is"):
        mb.bottleneck.solve(problem)


def test_a_label_without_a_limit_changes_nothing() -> None:
    labelled = BITS.replace(p_s_given_x=[[0.9, 0.1], [0.2, 0.8]])
    value = mb.bottleneck.solve(labelled, gap=1e-6).mutual_information
    assert value == mb.bottleneck.solve(BITS, gap=1e-6).mutual_information


@pytest.mark.parametrize(
    ("p_x", "p_y", "rate"), [([1], [0.5, 0.5], 1.0), ([0.5, 0.5], [1, 0], 1.0), ([0.5, 0.5], [0.5, 0.5], 0)]
)
def test_nothing_to_tell(p_x, p_y, rate) -> None:
    result = mb.bottleneck.solve(mb.Problem(p_x, p_y, rate=rate))
    result.check()
    assert (result.mutual_information, result.upper_bound, result.rate) == (0.0, 0.0, 0.0)
    assert result.encoder.shape == (len(p_x), 1)
    assert result.status is mb.Status.OPTIMAL


def test_letters_too_light_for_the_plain_search_are_still_encoded() -> None:
    """That search counts in integers, on which a mass of 1e-25 is 0: the row of the encoder must be a law."""
    result = mb.bottleneck.solve(mb.Problem([0.6, 0.4, 1e-25], [0.7, 0.3, 1e-25]))
    result.check()
    np.testing.assert_allclose(result.encoder.sum(axis=1), 1.0, rtol=0, atol=1e-15)


@pytest.mark.parametrize("rate", [1.4854752972273344, 2.0, math.inf])
def test_a_rate_that_limits_nothing_gives_the_plain_coupling(rate) -> None:
    problem = mb.Problem([0.5, 0.3, 0.2], [0.4, 0.3, 0.2, 0.1], rate=rate)
    for either in (problem, mb.Problem(problem.p_y, problem.p_x, rate=rate)):
        result = mb.bottleneck.solve(either)
        result.check()
        plain = mb.mec.exact(problem.p_x, problem.p_y).entropy
        assert result.mutual_information == pytest.approx(
            problem.entropy_x + problem.entropy_y - plain, abs=1e-9
        )
        assert result.status is mb.Status.OPTIMAL


@pytest.mark.parametrize("limit", [0, 1, 5_000])
def test_bounds_hold_at_every_node_limit(limit) -> None:
    """Tighter ones come from the whole search, which is in the slow tests."""
    result = mb.bottleneck.solve(HARD, node_limit=limit)
    result.check()
    assert (result.status, result.stop_reason) == (mb.Status.FEASIBLE, mb.StopReason.NODE_LIMIT)
    assert result.mutual_information <= 0.9226 < result.upper_bound


def test_the_time_limit_is_kept() -> None:
    result = mb.bottleneck.solve(HARD, time_limit=0.2)
    result.check()
    assert result.stop_reason is mb.StopReason.TIME_LIMIT
    assert result.upper_bound >= 0.9225
    assert result.seconds < 5  # on a busy machine


def test_ctrl_c_keeps_what_was_found() -> None:
    timer = threading.Timer(0.4, signal.raise_signal, [signal.SIGINT])
    timer.start()
    result = mb.bottleneck.solve(HARD)
    timer.cancel()
    result.check()
    assert result.stop_reason is mb.StopReason.INTERRUPTED
    assert result.upper_bound >= 0.9225


def test_an_interruption_inside_a_step_forgets_no_box(monkeypatch) -> None:
    calls = iter(range(100))
    examine = Family.examine

    def struck(self, boxes):
        found = examine(self, boxes)
        if next(calls) == 7:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(Family, "examine", struck)
    result = mb.bottleneck.solve(BITS, gap=1e-9)
    assert result.stop_reason is mb.StopReason.INTERRUPTED
    monkeypatch.undo()
    assert result.upper_bound >= mb.bottleneck.solve(BITS, gap=1e-8).mutual_information


def test_progress_is_reported() -> None:
    reports: list[mb.control.Progress] = []  # type: ignore[name-defined]
    mb.bottleneck.solve(HARD, node_limit=5_000, progress=reports.append)
    assert reports
    assert all(report.mutual_information <= report.upper_bound for report in reports)


def test_larger_alphabets_have_a_value_and_a_valid_bound() -> None:
    generator = np.random.default_rng(0)
    problem = mb.Problem(generator.dirichlet(np.ones(6)), generator.dirichlet(np.ones(5)), rate=1.2)
    result = mb.bottleneck.solve(problem, node_limit=4, seed=1)
    result.check()
    assert result.method == "local"
    assert result.mutual_information >= mb.bottleneck.greedy(problem).mutual_information - 1e-12
    assert result.upper_bound == pytest.approx(1.2)
    assert result.equals(mb.bottleneck.solve(problem, node_limit=4, seed=1))


def test_the_local_search_comes_near_the_optimum(monkeypatch) -> None:
    """Where both apply; more letters of T than the search has bring it no further."""
    exact = mb.bottleneck.solve(BITS, gap=1e-6)
    monkeypatch.setattr("mecbopt.bottleneck.ascent._STARTS", 4)
    monkeypatch.setattr("mecbopt.bottleneck.solving.searched_with_proof", lambda n, m: False)
    local = mb.bottleneck.solve(BITS, gap=1e-6)
    local.check()
    assert local.method == "local"
    assert exact.upper_bound - 1e-3 <= local.mutual_information <= exact.upper_bound


def test_a_letter_below_the_solvers_tolerance_does_not_stop_the_local_search() -> None:
    """Mass 1e-10, while rows are met within 1e-9 at first: given up, such programs leave .464 bits here."""
    random = np.random.default_rng(0)
    p_x, p_y = random.dirichlet(np.ones(6)), random.dirichlet(np.ones(6))
    p_x = np.concatenate([[1e-10], (1 - 1e-10) * p_x[1:] / p_x[1:].sum()])
    problem = mb.Problem(p_x, p_y, 0.5 * mb.info.entropy(p_y))
    result = mb.bottleneck.solve(problem, seed=0)
    result.check()
    assert result.mutual_information > 0.48
    np.testing.assert_allclose(result.encoder.sum(axis=1), 1.0, rtol=0, atol=1e-15)


def test_the_result_recomputes_itself() -> None:
    result = mb.bottleneck.solve(BITS)
    np.testing.assert_allclose(
        result.coupling, (BITS.p_x[:, None] * result.encoder) @ result.decoder, rtol=0, atol=1e-15
    )
    assert repr(result).startswith("BottleneckResult(optimal, I(X;Y) = ")
    assert result.equals(mb.bottleneck.solve(BITS))
    assert not result.equals(dataclasses.replace(result, upper_bound=1.0))
    wrong = {
        "encoder": np.array([[0.5, 0.4], [0.5, 0.5]]),
        "decoder": np.array([[0.5, 0.5], [0.5, 0.5]]),
        "upper_bound": 0.0,
    }
    for name, value in wrong.items():
        with pytest.raises(mb.SolutionError):
            dataclasses.replace(result, **{name: value}).check()
    with pytest.raises(mb.SolutionError, match="rate"):
        dataclasses.replace(result, problem=BITS.replace(rate=0.1)).check()
    with pytest.raises(mb.SolutionError, match="optimal"):
        dataclasses.replace(result, upper_bound=0.5).check()


def test_json_holds_the_figures(tmp_path) -> None:
    result = mb.bottleneck.solve(BITS)
    document = json.loads(result.to_json())
    assert document["mutual_information"] == result.mutual_information
    assert document["encoder"] == result.encoder.tolist()
    result.to_json(tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text()) == document
    with pytest.raises(mb.SolutionError, match="cannot be written"):
        result.to_json(tmp_path / "absent" / "result.json")
