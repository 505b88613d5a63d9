"""`mecbopt curve`: values, files, exit codes."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.cli.main import ExitCode
from mecbopt.cli.progress import PointCounter
from mecbopt.cli.values import RATES, number
from mecbopt.control import Progress
from tests.cli.conftest import Run

BINARY = ("--px", "0.7,0.3", "--py", "0.7,0.3")


def test_the_curve_of_the_library(run: Run) -> None:
    outcome = run("curve", *BINARY, "--rates", "0:0.9:4", "--csv", "out.csv", "--plot", "out.png")
    assert outcome.code == ExitCode.DONE
    assert outcome.err == ""
    with Path("out.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    expected = mb.rate_curve(mb.Problem([0.7, 0.3], [0.7, 0.3]), [0.0, 0.3, 0.6, 0.9])
    assert [float(row["mutual_information"]) for row in rows] == expected.mutual_information.tolist()
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    for value in expected.mutual_information:
        assert f"{value:.6f}" in outcome.out


def test_infeasible_rates_are_said_and_skipped(run: Run, ternary: Path) -> None:
    outcome = run("curve", ternary, "--max-label-entropy", "0.8", "--rates", "0:0.9:4", "--plot", "out.png")
    assert outcome.code == ExitCode.DONE
    assert "infeasible, smallest C is" in outcome.out
    assert "optimal" in outcome.out


def test_no_feasible_rate_is_a_failed_claim(run: Run, ternary: Path) -> None:
    arguments = (ternary, "--max-label-entropy", "0.1", "--rates", "0:1:3", "--plot", "out.png")
    outcome = run("curve", *arguments, "--csv", "out.csv")
    assert outcome.code == ExitCode.CLAIM_FAILED
    assert Path("out.csv").exists()


def test_a_limit_shows_in_the_exit_code(run: Run) -> None:
    uniform = ("--px", "1,1,1,1", "--py", "1,1,1,1", "--normalize", "--engine", "highs")
    outcome = run("curve", *uniform, "--rates", "0.9,1.1", "--node-limit", "0", "--csv", "out.csv")
    assert outcome.code == ExitCode.STOPPED
    assert "node limit" in outcome.out


@pytest.mark.parametrize(
    ("text", "rates"),
    [("0:1:3", [0.0, 0.5, 1.0]), ("1/4:1/2:2", [0.25, 0.5]), ("0.5", [0.5]), ("0,1/2,2", [0.0, 0.5, 2.0])],
)
def test_ranges_of_rates(text: str, rates: list[float]) -> None:
    np.testing.assert_array_equal(RATES.convert(text, None, None), rates)


def test_numbers_keep_their_kind() -> None:
    assert [type(number(text)).__name__ for text in ("1/3", "3", "0.5", "inf")] == [
        "Fraction",
        "int",
        "float",
        "float",
    ]
    for text in ("1/0", "0x10", "", "1/2/3", "one"):
        with pytest.raises(ValueError, match=r"\S"):
            number(text)


def test_the_point_counter_follows_the_reports() -> None:
    """Within a point time grows and the bound falls; either breaking means the next point."""
    seen: list[str] = []
    counter = PointCounter(3)
    watch = counter.watching(lambda report: seen.append(counter.prefix().split()[1]))
    for bound, seconds in ((0.5, 0.1), (0.4, 0.2), (0.7, 0.5), (0.6, 0.8), (0.6, 0.1)):
        watch(Progress(0.3, bound, 0, seconds))
    assert seen == ["1/3", "1/3", "2/3", "2/3", "3/3"]


def test_one_interrupt_ends_the_curve_and_keeps_what_was_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C in one point no other is searched, in no later block either; all bounds are valid."""
    reports: list[Progress] = []

    def interrupt(report: Progress) -> None:
        reports.append(report)
        if report.nodes > 0 and sum(earlier.nodes > 0 for earlier in reports) == 1:
            raise KeyboardInterrupt

    uniform = mb.Problem([0.25] * 4, [0.25] * 4)
    rates = np.linspace(1.05, 1.15, 13)
    start = time.perf_counter()
    points = mb.rate_curve(uniform, rates, engine="highs", progress=interrupt)
    assert time.perf_counter() - start < 60
    reasons = [solution.stop_reason for solution in points.solutions]
    assert reasons.count(mb.StopReason.INTERRUPTED) == 13
    for solution in points.solutions:
        solution.check()
    assert (np.diff(points.mutual_information) >= 0).all()
    assert (np.diff(points.upper_bound) >= 0).all()
    monkeypatch.setattr("mecbopt.cli.curve.rate_curve", lambda *_, **__: points)
    outcome = run("curve", "--px", "1", "--py", "1", "--rates", "0:1:2", "--csv", "out.csv")
    assert outcome.code == ExitCode.STOPPED
    assert "interrupted" in Path("out.csv").read_text()
