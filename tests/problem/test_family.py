"""Any member of the family can be stated, kept exactly, written and compared; solving is another matter."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.problem import Mixture, Problem, Solution, Status, StopReason

HALF = [0.5, 0.5]
LABEL = [[0.9, 0.1], [0.2, 0.8]]
FAMILY = {
    "distortion": {"distortion": [["1/3", 0], [1, 0.25]]},
    "tolerance": {"p_y_tolerance": Fraction(1, 10)},
    "free": {"p_y": None, "y_size": 3, "rate": Fraction(1, 3)},
    "privacy": {"p_s_given_x": LABEL, "min_label_entropy": "1/7", "max_label_entropy": Fraction(4, 5)},
    "blind": {"p_s_given_x": LABEL, "max_label_entropy": 0.9, "label_sees_seed": False},
    "named": {
        "constraints": [
            mb.Forbidden([(0, 1)]),
            mb.CostCap([[0, 1], [1, 0]], at_most=0.5),
            mb.Moment([0, 1], [0, 1], at_least=0.1),
        ]
    },
    "letters": {"x_letters": [("a", 1), "b"], "y_letters": [1, 2.5], "smoothing": Fraction(1, 3)},
}


@pytest.mark.parametrize("arguments", FAMILY.values(), ids=FAMILY.keys())
def test_every_member_survives_its_file(tmp_path, arguments):
    tomli_w = pytest.importorskip("tomli_w")
    problem = mb.Problem(**{"p_x": HALF, "p_y": ["1/3", "2/3"], **arguments})
    document = problem.to_document()
    (tmp_path / "p.json").write_text(json.dumps(document, allow_nan=False))
    (tmp_path / "p.toml").write_text(tomli_w.dumps(document))
    for name in ("p.json", "p.toml"):
        read = mb.load_problem(tmp_path / name)
        assert read.equals(problem)
        assert problem.equals(read)
        assert read.to_document() == document
    assert pickle.loads(pickle.dumps(problem)).equals(problem)
    assert not pickle.loads(pickle.dumps(problem)).p_x.flags.writeable


@pytest.mark.parametrize("arguments", FAMILY.values(), ids=FAMILY.keys())
def test_replace_keeps_every_argument_and_equals_sees_every_one(arguments):
    problem = mb.Problem(**{"p_x": HALF, "p_y": HALF, **arguments})
    assert problem.replace().equals(problem)
    assert not problem.equals(mb.Problem(HALF, HALF))
    assert "\n" not in repr(problem)


def test_limits_stay_exact():
    problem = mb.Problem(HALF, HALF, rate="1/3", p_s_given_x=LABEL, min_label_entropy="1/7")
    assert problem.exact_number("rate") == Fraction(1, 3)
    assert problem.exact_number("min_label_entropy") == Fraction(1, 7)
    assert problem.exact_number("max_label_entropy") is None
    assert mb.Problem(HALF, HALF).exact_number("rate") == math.inf
    matrix = mb.Problem(HALF, HALF, distortion=[["1/3", 0], [1, 0.25]])
    assert matrix.exact_distortion == ((Fraction(1, 3), 0), (1, Fraction(1, 4)))


def test_equal_statements_are_equal_in_whatever_form():
    assert mb.Problem(["1/2", "1/2"], [1, 3], normalize=True).equals(mb.Problem(HALF, [0.25, 0.75]))
    assert not mb.Problem([0.5, 0.5 + 1e-12], HALF).equals(mb.Problem(HALF, HALF))


def test_replace_takes_letters_along_while_they_fit():
    problem = Problem({"a": 0.5, "b": 0.5}, {"u": 0.5, "v": 0.5})
    assert problem.replace(p_x=[0.25, 0.75]).x_letters == ("a", "b")
    assert problem.replace(p_x=[0.25, 0.25, 0.5]).x_letters is None
    assert problem.replace(p_x={"c": 1.0}).x_letters == ("c",)
    assert problem.replace(p_y=None, y_size=2).y_letters == ("u", "v")
    assert problem.replace(p_y=None, y_size=4).y_letters is None
    labelled = problem.replace(p_s_given_x={"b": {"s": 1, "t": 0}, "a": {"s": 0, "t": 1}})
    assert labelled.replace(rate=0.5).s_letters == ("s", "t")
    assert labelled.replace(p_s_given_x=None).s_letters is None
    free = Problem(HALF, y_size=3)
    assert free.replace(p_y=[0.5, 0.5]).y_size is None


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"p_y": None}, "p_y"),
        ({"y_size": 2}, "y_size"),
        ({"p_y": None, "y_size": 0}, "y_size"),
        ({"p_y": None, "y_size": 10**400}, "y_size"),
        ({"p_y": None, "y_size": 2.0}, "y_size"),
        ({"p_y": None, "y_size": 2, "p_y_tolerance": 0.1}, "p_y_tolerance"),
        ({"p_y_tolerance": 1.5}, "p_y_tolerance"),
        ({"p_y_tolerance": -0.1}, "p_y_tolerance"),
        ({"min_label_entropy": 0.5}, "min_label_entropy"),
        ({"p_s_given_x": LABEL, "min_label_entropy": math.inf}, "min_label_entropy"),
        ({"distortion": [[1, 2]]}, "distortion"),
        ({"distortion": [[1, 2], [1, math.nan]]}, "distortion[1][1]"),
        ({"distortion": [[1, 2], [1, 10**400]]}, "distortion[1][1]"),
        ({"distortion": [[1, 2], [1, "x"]]}, "distortion[1][1]"),
        ({"distortion": 1.0}, "distortion"),
        ({"constraints": lambda coupling: []}, "constraints"),
        ({"constraints": ["P[0, 0] <= 1"]}, "constraints[0]"),
        ({"normalize": "yes"}, "normalize"),
        ({"smoothing": "x"}, "smoothing"),
        ({"x_letters": ("a", "a")}, "x_letters[1]"),
        ({"x_letters": (["a"], "b")}, "x_letters[0]"),
        ({"x_letters": "abc"}, "x_letters"),
        ({"x_letters": 3}, "x_letters"),
        ({"x_letters": ("a", None)}, "x_letters[1]"),
        ({"p_x": {"a": 0.5, math.nan: 0.5}}, "x_letters[1]"),
        ({"s_letters": ("a", "b")}, "s_letters"),
    ],
)
def test_what_is_no_member_is_refused_by_name(arguments, name):
    with pytest.raises(mb.ProblemError) as caught:
        mb.Problem(**{"p_x": HALF, "p_y": HALF, **arguments})
    assert caught.value.argument == name


def test_functions_stand_in_no_file():
    problem = mb.Problem(HALF, HALF, constraints=[lambda coupling: coupling[0, 0] <= 0.25])
    with pytest.raises(mb.NotSupportedError, match="constraints"):
        problem.to_document()
    assert problem.equals(problem.replace())


def test_a_free_law_is_no_law_for_what_needs_one():
    problem = mb.Problem(HALF, y_size=3)
    assert problem.shape == (2, 3)
    assert problem.p_y is None
    for ask in (problem.require_p_y, lambda: problem.exact_p_y, lambda: problem.entropy_y):
        with pytest.raises(mb.NotSupportedError, match="y_size"):
            ask()
    assert problem.value_upper_bound == 1.0
    assert problem.replace(rate=0.25).value_upper_bound == 0.25


def couple(mappings, weights, bound=math.nan, **arguments):
    """A solution of hand-made parts."""
    problem = mb.Problem(**{"p_x": HALF, "p_y": HALF, **arguments})
    lower = arguments.pop("lower", None)
    return Solution(
        problem,
        Status.FEASIBLE,
        StopReason.LOCAL_SEARCH_DONE,
        Mixture(mappings, weights),
        bound,
        distortion_lower_bound=lower,
    )


def test_objective_and_gap_follow_the_problem():
    mapping = [[0, 1]]
    plain = couple(mapping, [1.0], 1.25)
    assert (plain.objective, plain.objective_bound, plain.gap) == (1.0, 1.25, 0.25)
    assert plain.expected_distortion is None
    problem = mb.Problem(HALF, HALF, distortion=[[0.5, 9], [9, 1.0]])
    solution = Solution(
        problem,
        Status.FEASIBLE,
        StopReason.TIME_LIMIT,
        Mixture(mapping, [1.0]),
        math.nan,
        distortion_lower_bound=0.5,
    )
    assert (solution.objective, solution.objective_bound, solution.gap) == (0.75, 0.5, 0.25)
    assert solution.expected_distortion == 0.75
    assert math.isnan(solution.upper_bound)
    solution.check()
    assert Solution.from_json(solution.to_json()).equals(solution)
    assert "E d(X,Y) = 0.750000" in repr(solution)
    with pytest.raises(mb.SolutionError, match="lower bound on the distortion"):
        Solution(
            problem,
            Status.FEASIBLE,
            StopReason.TIME_LIMIT,
            Mixture(mapping, [1.0]),
            math.nan,
            distortion_lower_bound=0.8,
        ).check()


def test_bounds_that_cross_are_shown_as_they_are():
    crossed = couple([[0, 1]], [1.0], 0.75)
    assert crossed.gap == -0.25
    with pytest.raises(mb.SolutionError, match="upper bound"):
        crossed.check()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"p_y": [0.25, 0.75], "p_y_tolerance": 0.2}, "p_y_tolerance"),
        ({"p_s_given_x": LABEL, "min_label_entropy": 0.9}, "min_label_entropy"),
        ({"p_s_given_x": LABEL, "max_label_entropy": 0.5, "label_sees_seed": False}, "max_label_entropy"),
        ({"constraints": [lambda coupling: [coupling[0, 1] == 0, coupling[0, 0] <= 0.25]]}, "constraints[0]"),
    ],
)
def test_check_knows_every_limit_of_the_family(arguments, name):
    solution = couple([[0, 1]], [1.0], 2.0, **arguments)
    with pytest.raises(mb.SolutionError) as caught:
        solution.check()
    assert caught.value.argument == name
    assert solution.residuals()[name] == pytest.approx(caught.value.value)
    slack = {
        "p_y_tolerance": {"p_y_tolerance": 0.25},
        "min_label_entropy": {"min_label_entropy": 0.5},
        "max_label_entropy": {"max_label_entropy": 0.7},
        "constraints[0]": {"constraints": [lambda coupling: coupling[0, 0] <= 0.5]},
    }[name]
    couple([[0, 1]], [1.0], 2.0, **{**arguments, **slack}).check()


def test_the_free_law_is_whatever_the_mixture_makes():
    couple([[0, 2]], [1.0], 2.0, p_y=None, y_size=3).check()
    with pytest.raises(mb.SolutionError, match="largest letter 2"):
        couple([[0, 2]], [1.0], 2.0, p_y=None, y_size=2).check()


def test_the_relative_gap_counts():
    problem = mb.Problem(HALF, HALF)
    parts = (problem, Status.OPTIMAL, StopReason.GAP_CLOSED, Mixture([[0, 1]], [1.0]), 1.05)
    Solution(*parts, relative_gap_tolerance=0.1).check()
    with pytest.raises(mb.SolutionError, match=r"gap is 0\.05"):
        Solution(*parts, relative_gap_tolerance=0.01).check()


def test_frames_and_notebooks_show_the_letters():
    pandas = pytest.importorskip("pandas")
    solution = mb.solve(mb.Problem({"<a>": 0.5, ("b", 1): 0.5}, HALF))
    frame = solution.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.index.tolist() == ["<a>", ("b", 1)]
    assert frame.to_numpy() == pytest.approx(solution.coupling)
    html = solution._repr_html_()
    assert "&lt;a&gt;" in html
    assert "<a>" not in html
    large = mb.solve(mb.Problem(np.full(40, 1 / 40), HALF), method="greedy")
    assert large._repr_html_().count("<table>") == 1
    infeasible = mb.solve(mb.Problem(HALF, HALF, 0.1, [[0.9, 0.1], [0.1, 0.9]], 0.5))
    assert "smallest label entropy" in repr(infeasible)
    assert infeasible._repr_html_().startswith("<table>")
    with pytest.raises(mb.SolutionError, match="no coupling"):
        infeasible.to_frame()


@pytest.mark.parametrize("name", ["max_label_entropy", "min_label_entropy"])
def test_a_limit_of_zero_bits_is_shown(name):
    problem = mb.Problem([0.5, 0.5], [0.4, 0.6], p_s_given_x=[[1, 0], [0, 1]], **{name: 0})
    assert f"{name}=0" in repr(problem)
    assert name not in repr(problem.replace(**{name: None}))
