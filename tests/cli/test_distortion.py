"""A distortion on the command line and in files."""

from __future__ import annotations

import pytest

import mecbopt as mb
from tests.cli.conftest import Run

OPTIONS = ("--px", "0.7,0.3", "--py", "0.6,0.4", "--rate", "0.5")


def test_the_command_line_and_files_take_a_distortion(run: Run) -> None:
    done = run("solve", *OPTIONS, "--distortion", "0,1;1,0", "--json", "solution.json")
    assert done.code == 0
    assert "E d(X,Y)" in done.out
    best = mb.Solution.from_json("solution.json").objective
    with open("problem.toml", "w", encoding="utf-8") as file:
        file.write("p_x = [0.7, 0.3]\np_y = [0.6, 0.4]\nrate = 0.5\ndistortion = [[0, 1], [1, 0]]\n")
    assert mb.solve(mb.load_problem("problem.toml")).objective == pytest.approx(best, abs=1e-9)
    replaced = run("solve", "problem.toml", "--distortion", "1,0;0,1", "--json", "other.json")
    assert replaced.code == 0
    other = mb.Solution.from_json("other.json").objective
    reversed_letters = mb.Problem([0.7, 0.3], [0.4, 0.6], 0.5, distortion=[[0, 1], [1, 0]])
    assert other == pytest.approx(mb.solve(reversed_letters).objective, abs=1e-9)


@pytest.mark.parametrize("matrix", ["0,1", "0,1;1", "0,x;1,0", "0,inf;1,0"])
def test_a_distortion_that_does_not_fit_is_named(run: Run, matrix: str) -> None:
    done = run("solve", *OPTIONS, "--distortion", matrix)
    assert done.code == 2
    assert "--distortion" in done.err
