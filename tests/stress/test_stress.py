"""The stress suite tests itself: broken solvers are caught, clean ones are not blamed; a slice of it runs."""

from __future__ import annotations

import dataclasses
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mecbopt as mb
from tests.stress import problems
from tests.stress.__main__ import main
from tests.stress.cases import Case, labelled_case, random_case
from tests.stress.catalogue import GROUPS
from tests.stress.claims import Answer, Truth, examine, truth
from tests.stress.findings import Finding, abbreviated
from tests.stress.fuzz_files import check_csv, check_problem_text, check_solution_text
from tests.stress.interrupts import Interrupter
from tests.stress.runner import run_case, run_group

#: Cheap groups; the others start processes or take their time.
QUICK = (
    "tiny",
    "relations",
    "plain",
    "bernoulli",
    "several",
    "problem-files",
    "solution-files",
    "symbol-streams",
)


@pytest.mark.parametrize("name", QUICK)
def test_a_slice_is_clean(name: str) -> None:
    for index in range(3):
        assert run_case(GROUPS[name], 0, index) == []


def _claims(case: Case, spoil: Callable[[mb.Solution], mb.Solution]) -> set[str]:
    """What the suite says of the exact method once its answers are spoiled."""
    right = mb.solve
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mb, "solve", lambda *args, **options: spoil(right(*args, **options)))
        found, findings = problems.answers(case, [{"method": "auto"}, {"method": "exact"}])
        return {finding.claim for finding in [*findings, *examine(case, found, truth(case))]}


@pytest.fixture(params=[random_case, labelled_case], ids=["plain", "label"])
def case(request: pytest.FixtureRequest) -> Case:
    """An ordinary problem, feasible, with something to win."""
    for seed in range(100):
        drawn: Case = request.param(np.random.default_rng(seed), 3, 2, tame=True)
        known = truth(drawn)
        if known.value is not None and known.value.lower > 0.05 and 0.1 < drawn.rate < 0.8:
            return drawn
    raise AssertionError("no such case")


def test_right_answers_are_not_blamed(case: Case) -> None:
    assert _claims(case, lambda solution: solution) == set()


def test_a_bound_that_is_too_low_is_caught(case: Case) -> None:
    def spoil(solution: mb.Solution) -> mb.Solution:
        return dataclasses.replace(solution, upper_bound=solution.upper_bound - 1e-4)

    claims = _claims(case, spoil)
    assert {"no bound below the optimum", "0 <= value <= bound"} <= claims


def test_a_false_infeasible_is_caught(case: Case) -> None:
    def spoil(solution: mb.Solution) -> mb.Solution:
        return dataclasses.replace(
            solution,
            status=mb.Status.INFEASIBLE,
            mixture=None,
            upper_bound=-np.inf,
            smallest_label_entropy=solution.problem.label_entropy,
        )

    claims = _claims(case, spoil)
    assert "no bound below the optimum" in claims
    expected = "without a label there is always a coupling" if case.limit is None else "infeasible only"
    assert any(claim.startswith(expected) for claim in claims)


def test_an_optimum_that_is_none_is_caught(case: Case) -> None:
    def spoil(solution: mb.Solution) -> mb.Solution:
        p_y = solution.problem.p_y
        constants = mb.Mixture(np.repeat(np.arange(2)[:, None], 3, axis=1), p_y)
        return dataclasses.replace(solution, mixture=constants, upper_bound=0.0)

    assert "no bound below the optimum" in _claims(case, spoil)
    lazy = _claims(
        case, lambda solution: dataclasses.replace(spoil(solution), upper_bound=solution.upper_bound)
    )
    assert any(claim.startswith(("check", "optimal is within")) for claim in lazy)


def test_a_coupling_that_breaks_a_limit_is_caught() -> None:
    """More than the rate allows: check fails, and so does the oracle's optimum."""
    case = random_case(np.random.default_rng(3), 3, 2, tame=True)
    case = dataclasses.replace(case, rate=0.2)
    free = mb.solve(case.problem().replace(rate=1.0))
    claims = _claims(
        case, lambda solution: dataclasses.replace(solution, mixture=free.mixture, upper_bound=1.0)
    )
    assert {"check(1e-9) passes (optimal)", "no value above the optimum"} <= claims


def test_raw_errors_are_caught(case: Case) -> None:
    def spoil(solution: mb.Solution) -> mb.Solution:
        raise ZeroDivisionError

    assert _claims(case, spoil) == {"solve raises nothing"}


def test_engines_that_disagree_are_caught(case: Case) -> None:
    """One engine's bound below another's value, without any oracle."""
    solution = mb.solve(case.problem())
    low = dataclasses.replace(
        solution, mixture=solution.mixture, upper_bound=solution.mutual_information - 1e-4
    )
    answers = [Answer({"engine": "a"}, solution), Answer({"engine": "b"}, low)]
    claims = {finding.claim for finding in examine(case, answers, Truth())}
    assert "no value above another engine's bound" in claims


_CHILD = """
import argparse, os, sys, time
sys.path.insert(0, {root!r})
from tests.stress.findings import Finding
from tests.stress.group import Group, trying
from tests.stress.runner import run_child

def run(random):
    trying("the call")
    {body}

parser = argparse.ArgumentParser()
for name in ("--child", "--seed", "--start"):
    parser.add_argument(name)
options = parser.parse_args()
run_child(Group("made", run), int(options.seed), int(options.start))
"""


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ("time.sleep(60)", "a case ends in time"),
        ("os.abort()", "the process survives a case"),
        ("raise KeyError('raw')", "the process survives a case"),
        ("return [Finding('claim', 'detail', 'code')]", "claim"),
        ("return []", None),
    ],
)
def test_hangs_deaths_and_findings_are_reported(tmp_path: Path, body: str, claim: str | None) -> None:
    script = tmp_path / "child.py"
    script.write_text(_CHILD.format(root=str(Path(__file__).parents[2]), body=body), encoding="utf-8")
    group = dataclasses.replace(GROUPS["tiny"], name="made", patience_seconds=1.0)
    report = run_group(group, 0, 60.0, cases=2, command=(str(script),))
    assert report.cases == 2
    assert list(report.kinds()) == ([] if claim is None else [claim])
    if claim is not None and claim != "claim":
        assert report.findings[0][1].code == "the call"


def test_cases_are_functions_of_group_seed_and_number(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = [labelled_case(np.random.default_rng([5, 1]), 4, 3) for _ in range(2)]
    assert drawn[0] == drawn[1]
    names: dict[str, Any] = {"mb": mb, "inf": float("inf")}
    exec("from fractions import Fraction", names)
    rebuilt = eval(drawn[0].code(), names)
    assert rebuilt.equals(drawn[0].problem())
    assert main(["--groups", "several", "--case", "0"]) == 0
    with pytest.raises(SystemExit):
        main(["--groups", "nonsense"])
    assert "there are tiny" in capsys.readouterr().err


def test_the_interrupter_interrupts_and_leaves_nothing_behind() -> None:
    interrupter = Interrupter()
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupter.call(lambda: [None for _ in iter(int, 1)], 0.01)
        assert interrupter.call(lambda: 1, 0.05) == 1
        for _ in range(100):  # strikes about the end of the call
            with suppress(KeyboardInterrupt):
                assert interrupter.call(lambda: sum(range(2000)), 0.0) == 1999000
    finally:
        interrupter.close()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_readers_that_fail_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        raise KeyError("raw")

    assert check_problem_text(b"{}", ".json") is None
    assert check_csv(b"x,y\n1,2\n", ["--x", "x", "--y", "y"]) is None
    monkeypatch.setattr(mb, "load_problem", broken)
    monkeypatch.setattr(mb.Solution, "from_json", broken)
    monkeypatch.setattr("tests.stress.fuzz_files.entry_point", lambda words: sys.exit(7))
    for found in (check_problem_text(b"{}", ".json"), check_solution_text(b"{}"), check_csv(b"", [])):
        assert isinstance(found, Finding)


def test_long_text_is_shortened() -> None:
    assert abbreviated("a" + "9" * 5000 + "b") == "a<9 x 5000>b"
    assert len(abbreviated("".join(map(str, range(5000))))) < 3000
