"""Problem files and solution files: what is written is read back to the last bit."""

from __future__ import annotations

import json
import math
import os
import time
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.problem.files import problem_from_document

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


def test_the_file_of_a_solution_holds_its_problem(tmp_path):
    problem = mb.Problem(["1/2", "1/3", "1/6"], ["2/5", "3/5"], rate="1/2")
    mb.solve(problem).to_json(tmp_path / "solution.json")
    assert mb.load_problem(tmp_path / "solution.json").equals(problem)
    (tmp_path / "empty.json").write_text('{"format": "mecbopt-solution-1"}')
    with pytest.raises(mb.ProblemError, match=r"empty\.json"):
        mb.load_problem(tmp_path / "empty.json")


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


@pytest.mark.parametrize("byte_order_mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_content(tmp_path, byte_order_mark):
    (tmp_path / "p.toml").write_bytes(byte_order_mark + FULL.encode())
    problem = mb.load_problem(tmp_path / "p.toml")
    (tmp_path / "p.json").write_bytes(byte_order_mark + json.dumps(problem.to_document()).encode())
    assert mb.load_problem(tmp_path / "p.json").equals(problem)
    solution = mb.solve(problem)
    (tmp_path / "s.json").write_bytes(byte_order_mark + solution.to_json().encode())
    assert mb.Solution.from_json(tmp_path / "s.json").equals(solution)


DEEP = "[" * 900 + "]" * 900
HOSTILE = {
    "deep": f'{{"p_x": {DEEP}, "p_y": [1]}}',
    "deeper": f'{{"p_x": {"[" * 100_000}',
    "deep letters": f'{{"p_x": [1], "p_y": [1], "x_letters": [{DEEP}]}}',
    "twice": '{"p_x": [1], "p_y": [1], "p_x": [0.5, 0.5]}',
    "twice below": '{"p_x": [1], "p_y": [1], "label": {"p_s_given_x": [[1]], "p_s_given_x": [[1]]}}',
    "float": '{"p_x": [1], "p_y": [1], "rate": 1e400}',
    "digits": f'{{"p_x": [1], "p_y": [1], "rate": {"9" * 5000}}}',
    "digits text": f'{{"p_x": ["{"9" * 5000}"], "p_y": [1]}}',
    "exponent": '{"p_x": ["1e999999999"], "p_y": [1]}',
    "not a number": '{"p_x": [NaN], "p_y": [1]}',
    "infinity": '{"p_x": [Infinity], "p_y": [1]}',
    "null": '{"p_x": [1], "p_y": [1], "rate": null}',
    "smoothing": '{"p_x": [1], "p_y": [1], "smoothing": "x"}',
    "letters": '{"p_x": [1], "p_y": [1], "x_letters": {"a": 1}}',
    "letter": '{"p_x": [1], "p_y": [1], "x_letters": [null]}',
    "letter nan": '{"p_x": [1], "p_y": [1], "x_letters": [NaN]}',
    "letters twice": '{"p_x": [0.5, 0.5], "p_y": [1], "x_letters": [1, 1.0]}',
    "size": '{"p_x": [1], "y_size": 1e3}',
    "surrogate": '{"p_x": [1], "p_y": ["\\ud800"]}',
    "law": '{"p_x": "0.5", "p_y": [1]}',
    "number": '{"p_x": 1, "p_y": [1]}',
    "text": '"p_x"',
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_a_file_holds_the_errors_are_ours(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    began = time.process_time()
    with pytest.raises(mb.ProblemError, match=r"p\.json") as caught:
        mb.load_problem(path)
    assert time.process_time() - began < 2.0
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"p_x = {'[' * 100_000}",
        f"p_x = {DEEP}\np_y = [1]",
        f"p_x = [1]\np_y = [1]\nrate = {'9' * 5000}",
        "p_x = [1]\np_y = [1]\nrate = 1e400",
        "p_x = [1]\np_y = [1]\np_x = [1]",
        "p_x = [1]\np_y = [1]\nrate = 2020-01-01",
        "p_x = [2020-01-01]\np_y = [1]",
        "p_x = [1]\np_y = [1]\nx_letters = [2020-01-01]",
        'p_x = [1]\np_y = [1]\nsmoothing = "x"',
    ],
)
def test_whatever_a_toml_file_holds_the_errors_are_ours(tmp_path, text):
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(mb.ProblemError, match=r"p\.toml"):
        mb.load_problem(path)


def test_a_table_of_masses_names_the_letters(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(
        'p_x = {a = "1/3", b = "2/3"}\np_y = [1]\n[label]\np_s_given_x = {b = [0, 1], a = [1, 0]}'
    )
    problem = mb.load_problem(path)
    assert problem.x_letters == ("a", "b")
    assert problem.p_s_given_x.tolist() == [[1, 0], [0, 1]]


def test_only_regular_files_are_opened(tmp_path):
    """A pipe without a writer would block for ever."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "device.json").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "device"):
        path = tmp_path / f"{name}.json"
        with pytest.raises(mb.ProblemError, match="regular file"):
            mb.load_problem(path)
        with pytest.raises(mb.SolutionError, match="regular file"):
            mb.Solution.from_json(path)


@pytest.mark.parametrize("path", [None, 3, b"p.json", "p\0.json", "", "a" * 5000 + ".json", ["p.json"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(mb.ProblemError, match="path"):
        mb.load_problem(path)
    with pytest.raises(mb.SolutionError, match="path"):
        mb.Solution.from_json(path)


def test_a_file_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "p.json"
    with path.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(mb.ProblemError, match="bytes"):
        mb.load_problem(path)


@pytest.fixture(scope="module")
def solved():
    return mb.solve(mb.Problem([0.5, 0.25, 0.25], [0.6, 0.4], "1/3"))


def test_a_solution_is_a_text_as_well(tmp_path, solved):
    text = solved.to_json()
    assert mb.Solution.from_json(text).equals(solved)
    solved.to_json(tmp_path / "s.json")
    assert (tmp_path / "s.json").read_text() == text
    assert mb.Solution.from_json(str(tmp_path / "s.json")).problem.exact_number("rate") == Fraction(1, 3)
    with pytest.raises(mb.SolutionError, match="cannot be written"):
        solved.to_json(tmp_path / "absent" / "s.json")


TAMPERED = {
    "nodes": [1e400, -1, 0.5, "3", None, True, 10**5000],
    "mixture": [
        [],
        {},
        {"mappings": [[0, 0, 1e30]], "weights": [1.0]},
        {"mappings": [[0, 0, 10**10]], "weights": [1.0]},
        {"mappings": [[0, 0, 10**30]], "weights": [1.0]},
        {"mappings": [[0, 0, 0.5]], "weights": [1.0]},
        {"mappings": [[0, 0, 1.0]], "weights": [1.0]},
        {"mappings": [[0, 0, True]], "weights": [1.0]},
        {"mappings": [[0, 1]], "weights": [1.0]},
        {"mappings": [[0, 0, 1], [0, 1]], "weights": [0.5, 0.5]},
        {"mappings": [[0, 0, 2]], "weights": [1.0]},
        {"mappings": [[0, 0, -1]], "weights": [1.0]},
        {"mappings": [[0, 0, 1]], "weights": ["1.0"]},
        {"mappings": [[0, 0, 1]], "weights": [[1.0]]},
        {"mappings": [[0, 0, 1]], "weights": [None]},
        {"mappings": [[0, 0, 1]], "weights": [2.0]},
        {"mappings": [["a", "b", "c"]], "weights": [1.0]},
        {"mappings": "aaa", "weights": [1.0]},
        {"mappings": [[]], "weights": [1.0]},
    ],
    "status": ["best", None, 3, ["optimal"]],
    "stop_reason": ["bored", {}],
    "upper_bound": ["x", [1], {}, True, 1e400],
    "gap_tolerance": [None, "x"],
    "seconds": [None, [], "fast"],
    "smallest_rate": ["x", []],
    "method": [None, 3],
    "engine": [None, []],
    "format": ["mecbopt-solution-9", None],
}


@pytest.mark.parametrize(
    ("key", "place"), [(key, k) for key, values in TAMPERED.items() for k in range(len(values))]
)
def test_a_tampered_solution_is_refused_within_bounds(tmp_path, solved, key, place):
    value = TAMPERED[key][place]
    document = json.loads(solved.to_json())
    text = json.dumps({**document, key: "placeholder"}).replace('"placeholder"', _json(value))
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(mb.SolutionError, match=r"s\.json") as caught:
        mb.Solution.from_json(path)
    assert len(str(caught.value)) < 500


def _json(value):
    """JSON of a value, also of those that Python does not write."""
    if value == 10**5000:
        return "1" + 5000 * "0"
    return json.dumps(value).replace("Infinity", "1e400")


def test_a_key_that_is_missing_or_stands_twice_is_named(solved):
    document = json.loads(solved.to_json())
    for key in ("problem", "mixture", "nodes", "upper_bound"):
        with pytest.raises(mb.SolutionError, match=key):
            mb.Solution.from_json(
                json.dumps({name: value for name, value in document.items() if name != key})
            )
    with pytest.raises(mb.SolutionError, match="'nodes' stands twice"):
        mb.Solution.from_json('{"nodes": 1, ' + solved.to_json().lstrip("{ \n"))
    broken = json.dumps({**document, "problem": {**document["problem"], "rate": -1}})
    with pytest.raises(mb.ProblemError, match="rate is -1"):
        mb.Solution.from_json(broken)


def test_a_mixture_takes_memory_for_its_letters_alone():
    """A letter 10**10 asked for 74 GiB."""
    mixture = mb.Mixture([[0, 10**10], [10**10, 0]], [0.5, 0.5])
    assert mixture.rate([0.5, 0.5]) == 1.0
    assert mixture.label_entropy_with_seed([0.5, 0.5], [[1, 0], [0, 1]]) == 0.0
    assert mixture.label_entropy_without_seed([0.5, 0.5], [[1, 0], [0, 1]]) == 1.0


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_what_a_short_float_type_excuses_can_be_read_back(kind):
    """Rows of float32 sum to 1 within 1e-7, which a file of plain numbers would refuse."""
    laws = [kind([0.1, 0.2, 0.7]), kind([0.3, 0.7]), kind([[0.9, 0.1], [1 / 3, 2 / 3], [0.6, 0.4]])]
    problem = mb.Problem(laws[0], laws[1], rate=0.5, p_s_given_x=laws[2], max_label_entropy=0.95)
    read = problem_from_document(json.loads(json.dumps(problem.to_document())))
    assert read.exact_p_x == problem.exact_p_x
    assert np.array_equal(read.p_x, problem.p_x)
    assert read.exact_p_s_given_x == problem.exact_p_s_given_x
    assert read.to_document() == problem.to_document()
