"""Whatever a problem, solution or CSV file holds: a valid object, or one of the package's own errors.

Three sources of text: documents of the right keys with values of any kind, valid documents with one part
replaced, and valid texts with characters cut, doubled or changed.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.cli.samples import read_columns
from mecbopt.testing import problems

NUMBERS = st.one_of(
    st.integers(-2, 3),
    st.floats(width=64),
    st.sampled_from(
        [0.5, 1.0, -1e-17, 1e400, 5e-324, 10**30, 10**400, "1/2", "1/0", "1e999999999", "inf", "nan"]
    ),
)
LEAVES = st.one_of(NUMBERS, st.none(), st.booleans(), st.text(max_size=4))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab01", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
LAWS = st.one_of(
    st.lists(NUMBERS, max_size=4),
    st.sampled_from([[1], [0.5, 0.5], ["1/3", "2/3"], {"a": 0.25, "b": 0.75}]),
    VALUES,
)
LABEL = st.fixed_dictionaries(
    {},
    optional={
        "p_s_given_x": st.one_of(st.lists(LAWS, max_size=3), VALUES),
        "max_entropy": VALUES,
        "min_entropy": VALUES,
        "sees_seed": VALUES,
        "extra": VALUES,
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {"p_x": LAWS},
    optional={
        "p_y": LAWS,
        "rate": VALUES,
        "normalize": st.one_of(st.booleans(), VALUES),
        "distortion": st.one_of(st.lists(st.lists(NUMBERS, max_size=3), max_size=3), VALUES),
        "p_y_tolerance": VALUES,
        "y_size": VALUES,
        "label": st.one_of(LABEL, VALUES),
        "x_letters": VALUES,
        "y_letters": VALUES,
        "smoothing": VALUES,
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzing")


def as_json(value):
    """JSON as a hostile hand writes it: with nan and infinity spelt out, and numbers that overflow."""
    return json.dumps(value).replace("Infinity", "1e400")


def attempt(function, words: str = "", kinds=(mb.ProblemError,)):
    """What the function returns, or None where it raises one of our errors: one short line with the words."""
    try:
        return function()
    except kinds as error:
        message = str(error)
    assert words in message
    assert len(message) < 1000
    assert "\n" not in message
    return None


@given(DOCUMENTS)
def test_documents_of_any_content(folder, document):
    path = folder / "p.json"
    path.write_text(as_json(document))
    problem = attempt(lambda: mb.load_problem(path), str(path))
    if problem is None:
        return
    assert math.fsum(problem.p_x) == pytest.approx(1.0)
    path.write_text(json.dumps(problem.to_document(), allow_nan=False))
    assert mb.load_problem(path).equals(problem)
    if max(problem.shape) <= 4:
        solution = attempt(lambda: mb.solve(problem, method="greedy"), kinds=(mb.NotSupportedError,))
        if solution is not None:
            solution.check()


@st.composite
def mangled(draw, text: str) -> str:
    """A text with a few characters removed, doubled or replaced."""
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(text) - 1)))
        length = draw(st.integers(0, 4))
        filling = draw(
            st.sampled_from(["", text[place : place + 20], "[", "{", '"', "\0", "9" * 400, "-", "e999", ","])
        )
        text = text[:place] + filling + text[place + length :]
    return text


@given(problems(), st.data())
def test_mangled_problem_files(folder, problem, data):
    tomli_w = pytest.importorskip("tomli_w")
    document = problem.to_document()
    for name, text in (("m.json", json.dumps(document)), ("m.toml", tomli_w.dumps(document))):
        path = folder / name
        path.write_text(data.draw(mangled(text)), encoding="utf-8")
        attempt(lambda path=path: mb.load_problem(path), name)


SOLUTION = mb.solve(mb.Problem([0.5, 0.25, 0.25], [0.6, 0.4], 0.5)).to_document()
PATHS = [(key,) for key in SOLUTION] + [("mixture", "mappings"), ("mixture", "weights"), ("problem", "p_x")]


@given(st.sampled_from(PATHS), VALUES)
def test_solution_files_with_one_part_replaced(path, value):
    document = json.loads(json.dumps(SOLUTION))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    read_solution(as_json(document))


@given(st.data())
def test_mangled_solution_files(folder, data):
    path = folder / "s.json"
    path.write_text(data.draw(mangled(json.dumps(SOLUTION))), encoding="utf-8")
    read_solution(path)


def read_solution(source):
    """A solution whose figures can all be asked for, or one of the two errors."""
    solution = attempt(lambda: mb.Solution.from_json(source), kinds=(mb.SolutionError, mb.ProblemError))
    if solution is not None:
        assert isinstance(repr(solution), str)
        assert mb.Solution.from_json(solution.to_json()).equals(solution)
        attempt(solution.check, kinds=(mb.SolutionError,))


CELLS = st.one_of(
    st.sampled_from(
        ["a", "1", "2.5", "1_0", "", " ", "nan", "inf", '"', '"a', "1e999", "9" * 5000, "\0", "é", "٣"]
    ),
    st.text(max_size=3),
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3).map(",".join), max_size=6), st.booleans())
def test_csv_files_of_any_content(folder, lines, broken):
    path = folder / "s.csv"
    content = "\n".join(["x,y", *lines]).encode("utf-8", "surrogatepass")
    path.write_bytes(content + (b"\xff" if broken else b""))
    columns = attempt(lambda: read_columns(path, {"--x": "x", "--y": "y"}))
    if columns is not None:
        problem = mb.Problem.from_samples(columns["--x"], y=columns["--y"])
        assert sum(problem.exact_p_x) == 1
