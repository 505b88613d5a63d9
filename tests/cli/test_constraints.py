"""Constraints that have a name, on the command line and in files."""

from __future__ import annotations

from pathlib import Path

import pytest

import mecbopt as mb
from tests.cli.conftest import Run

LAWS = ("--px", "0.5,0.3,0.2", "--py", "0.4,0.35,0.25", "--rate", "0.7")
FILE = """\
p_x = [0.5, 0.3, 0.2]
p_y = [0.4, 0.35, 0.25]
rate = 0.7

[[constraints]]
kind = "forbidden"
cells = [[0, 2]]
"""


def test_options_and_files_state_the_same(run: Run) -> None:
    Path("problem.toml").write_text(FILE, encoding="utf-8")
    assert run("solve", *LAWS, "--forbid", "0,2", "--min-agreement", "0.5", "--json", "one.json").code == 0
    assert run("solve", "problem.toml", "--min-agreement", "1/2", "--json", "two.json").code == 0
    one, two = (mb.Solution.from_json(name) for name in ("one.json", "two.json"))
    one.check()
    assert one.coupling is not None
    assert one.coupling[0, 2] == 0.0
    assert one.mutual_information == pytest.approx(two.mutual_information, abs=2e-6)
    assert one.problem.constraints == two.problem.constraints == (mb.Forbidden([(0, 2)]), mb.Agreement(0.5))


def test_fairness_by_options_and_in_a_file(run: Run) -> None:
    fair = ("--outcomes", "1", "--max-disparity", "0.05", "--groups", "0;1,2")
    assert run("solve", *LAWS, *fair, "--json", "one.json").code == 0
    entry = 'kind = "group_fairness"\noutcomes = [1]\nat_most = 0.05\ngroups = [[0], [1, 2]]\n'
    Path("problem.toml").write_text(FILE.partition("kind")[0] + entry, encoding="utf-8")
    assert run("solve", "problem.toml", "--json", "two.json").code == 0
    one, two = (mb.Solution.from_json(name) for name in ("one.json", "two.json"))
    assert one.problem.constraints == two.problem.constraints == (mb.GroupFairness([1], 0.05, [[0], [1, 2]]),)
    assert one.coupling is not None
    assert abs(one.coupling[0, 1] / 0.5 - one.coupling[1:, 1].sum() / 0.5) <= 0.05 + 1e-9


def test_what_nothing_meets_is_infeasible(run: Run) -> None:
    done = run("solve", *LAWS, "--min-agreement", "0.99")
    assert done.code == 1
    assert "1 constraints on the coupling" in done.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--forbid", "0,x"), "--forbid"),
        (("--forbid", "0,5"), "--forbid"),
        (("--cost", "0,1;1,0", "--max-cost", "1"), "--cost"),
        (("--max-cost", "1"), "--max-cost is given without --cost"),
        (("--min-agreement", "much"), "--min-agreement"),
        (("--outcomes", "0"), "--max-disparity"),
        (("--groups", "0;1", "--max-disparity", "0.1"), "--outcomes"),
        (("--outcomes", "0", "--max-disparity", "-1", "--groups", "0;1"), "--max-disparity"),
        (("--outcomes", "7", "--max-disparity", "0.1", "--groups", "0;1"), "--outcomes"),
        (("--outcomes", "0", "--max-disparity", "0.1", "--groups", "0;0"), "--groups"),
        (("--outcomes", "0", "--max-disparity", "0.1"), "--groups"),
    ],
)
def test_bad_constraints_are_named(run: Run, options: tuple[str, ...], words: str) -> None:
    done = run("solve", *LAWS, *options)
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize(
    "entry", ['kind = "no such"', "cells = [[0, 1]]", 'kind = "cost"\nat_most = 1', 'kind = "forbidden"']
)
def test_a_bad_entry_of_a_file_is_named(run: Run, entry: str) -> None:
    Path("problem.toml").write_text(FILE.partition("kind")[0] + entry + "\n", encoding="utf-8")
    done = run("solve", "problem.toml")
    assert done.code == 2
    assert "constraints" in done.err
