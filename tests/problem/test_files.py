"""Problem files and solution files: what is written is read back to the last bit."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

import mecbopt as mb

FULL = """
p_x = ["1/3", "2/3"]
p_y = [0.6, 0.4]
rate = "inf"
[label]
p_s_given_x = [[0.9, 0.1], [0.2, 0.8]]
max_entropy = 0.8
sees_seed = true
"""


def test_a_toml_file_gives_the_problem_it_states(tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text(FULL)
    problem = mb.load_problem(path)
    assert problem.exact_p_x == (Fraction(1, 3), Fraction(2, 3))
    assert problem.rate == math.inf
    assert problem.max_label_entropy == 0.8


def test_a_problem_survives_json(tmp_path):
    problem = mb.Problem.from_samples(["a", "b", "b"], p_y=[0.5, 0.5], label=[0, 1, 1], smoothing=0.5)
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(problem.to_document()))
    assert mb.load_problem(path).equals(problem)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.toml", "p_x = [", ["not valid TOML"]),
        ("p.toml", "hello", ["not valid TOML"]),
        ("p.json", "{", ["not valid JSON"]),
        ("p.json", "[1]", ["list", "table"]),
        ("p.txt", "", [".txt", ".toml or .json"]),
        ("p.toml", "p_x = [1]\np_y = [1]\nrates = 1", ["'rates'", "unknown"]),
        ("p.toml", "p_x = [1]\np_y = [1]\n[label]\nchannel = 1", ["'label.channel'", "unknown"]),
        ("p.toml", "p_x = [1]\np_y = [1]\n[label]\nmax_entropy = 1", ["label.p_s_given_x", "missing"]),
        ("p.toml", "p_x = [1]", ["'p_y'", "missing"]),
        ("p.toml", 'p_x = ["a"]\np_y = [1]', ["p_x[0]", "'a'"]),
        ("p.toml", 'p_x = ["1/0"]\np_y = [1]', ["p_x[0]", "1/0"]),
        ("p.toml", "p_x = [nan]\np_y = [1]", ["p_x[0]", "nan"]),
        ("p.toml", "p_x = [1]\np_y = [1]\nnormalize = 1", ["normalize"]),
        ("p.toml", "p_x = [1]\np_y = [1]\nlabel = 1", ["label is 1"]),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(mb.ProblemError) as caught:
        mb.load_problem(path)
    for word in [name, *words]:
        assert word in str(caught.value)


def test_a_missing_or_binary_file_is_said_to_be_so(tmp_path):
    with pytest.raises(mb.ProblemError, match="No such file"):
        mb.load_problem(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(mb.ProblemError, match="UTF-8"):
        mb.load_problem(tmp_path / "binary.toml")


@pytest.mark.parametrize("rate", [0.4, math.inf])
def test_a_solution_survives_json(tmp_path, rate):
    solution = mb.solve(mb.Problem([Fraction(1, 3), Fraction(2, 3)], [0.6, 0.4], rate=rate))
    path = tmp_path / "solution.json"
    solution.to_json(path)
    read = mb.Solution.from_json(path)
    assert read.equals(solution)
    read.check()


def test_an_infeasible_solution_survives_json(tmp_path):
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, [[0.9, 0.1], [0.1, 0.9]], 0.5)
    solution = mb.solve(problem)
    solution.to_json(tmp_path / "solution.json")
    assert mb.Solution.from_json(tmp_path / "solution.json").equals(solution)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "mecbopt-solution-1"}', "[]"])
def test_a_damaged_solution_file_is_refused(tmp_path, text):
    path = tmp_path / "solution.json"
    path.write_text(text)
    with pytest.raises(mb.SolutionError):
        mb.Solution.from_json(path)
