"""Problems: what is accepted exactly, and what is refused with which words."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb

HALF = [0.5, 0.5]


def test_fractions_and_integers_stay_exact():
    problem = mb.Problem([Fraction(1, 3), Fraction(2, 3)], [1, 0], rate=Fraction(1, 3))
    assert problem.exact_p_x == (Fraction(1, 3), Fraction(2, 3))
    assert problem.to_document() == {"p_x": ["1/3", "2/3"], "p_y": [1, 0], "rate": "1/3"}


def test_float_pmfs_are_renormalised_exactly():
    problem = mb.Problem([0.1] * 10, HALF)
    assert sum(problem.exact_p_x) == 1


def test_counts_are_divided_on_request():
    assert mb.Problem([3, 1], HALF, normalize=True).p_x.tolist() == [0.75, 0.25]


def test_replace_keeps_what_is_not_changed():
    problem = mb.Problem([Fraction(1, 3), Fraction(2, 3)], [2, 2], rate=1, normalize=True)
    assert problem.replace(rate=0.5).exact_p_x == problem.exact_p_x
    assert problem.replace().equals(problem)
    assert not problem.replace(rate=0.5).equals(problem)


def test_arrays_are_frozen_and_problems_compare_by_equals():
    problem = mb.Problem(HALF, HALF)
    with pytest.raises(ValueError, match="read-only"):
        problem.p_x[0] = 1.0
    assert problem != mb.Problem(HALF, HALF)
    assert problem.equals(mb.Problem(HALF, HALF))


def test_the_bound_that_costs_nothing_is_the_least_of_its_terms():
    assert mb.Problem(HALF, HALF, rate=0.25).value_upper_bound == 0.25
    assert mb.Problem([0.9, 0.1], HALF).value_upper_bound == pytest.approx(
        float(mb.Problem([0.9, 0.1], HALF).entropy_x)
    )


LABEL = [[0.9, 0.1], [0.2, 0.8]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"p_x": [-0.1, 1.1]}, ["p_x[0]", "-0.1", "negative"]),
        ({"p_x": [math.nan, 1.0]}, ["p_x[0]", "nan", "finite"]),
        ({"p_x": [math.inf, 1.0]}, ["p_x[0]", "inf", "finite"]),
        ({"p_x": [0.5, 0.4]}, ["p_x", "0.9", "normalize=True"]),
        ({"p_x": [0.5, 0.5 + 2e-9]}, ["p_x", "1.000000002", "normalize"]),
        ({"p_y": [3, 4]}, ["p_y", "7", "normalize"]),
        ({"p_x": []}, ["p_x", "empty"]),
        ({"p_x": [[0.5, 0.5]]}, ["p_x", "list", "shape (n,)"]),
        ({"p_x": np.array([[0.5, 0.5]])}, ["p_x", "shape (1, 2)"]),
        ({"p_x": "0.5,0.5"}, ["p_x", "'0.5,0.5'"]),
        ({"p_x": 1.0}, ["p_x", "1.0"]),
        ({"p_x": ["a", "b"]}, ["p_x[0]", "'a'", "real number"]),
        ({"p_x": [True, False]}, ["p_x[0]", "True"]),
        ({"p_x": [0, 0]}, ["p_x", "sums to 0"]),
        ({"rate": -0.1}, ["rate", "-0.1", "0 or more"]),
        ({"rate": math.nan}, ["rate", "nan"]),
        ({"rate": "fast"}, ["rate", "'fast'", "real number"]),
        ({"max_label_entropy": 0.5}, ["max_label_entropy", "0.5", "no label"]),
        ({"p_s_given_x": [[1.0, 0.0]]}, ["p_s_given_x", "1 rows", "2 letters"]),
        ({"p_s_given_x": [[0.5, 0.5], [1.0]]}, ["p_s_given_x", "lengths [1, 2]"]),
        ({"p_s_given_x": [[0.5, 0.4], [1.0, 0.0]]}, ["p_s_given_x[0]", "0.9"]),
        ({"p_s_given_x": 3}, ["p_s_given_x", "3", "matrix"]),
        ({"p_s_given_x": LABEL, "max_label_entropy": -1}, ["max_label_entropy", "-1"]),
        ({"p_s_given_x": LABEL, "max_label_entropy": math.nan}, ["max_label_entropy", "nan"]),
        ({"p_s_given_x": LABEL, "label_sees_seed": "no"}, ["label_sees_seed", "'no'"]),
        ({"x_letters": ("a",)}, ["x_letters", "1 letters"]),
    ],
)
def test_invalid_input_names_the_argument_the_value_and_the_remedy(arguments, words):
    with pytest.raises(mb.ProblemError) as caught:
        mb.Problem(**{"p_x": HALF, "p_y": HALF, **arguments})
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            {
                "min_label_entropy": 0.1,
                "p_s_given_x": LABEL,
                "max_label_entropy": 0.8,
                "label_sees_seed": False,
            },
            "min_label_entropy",
        ),
    ],
)
def test_what_no_engine_solves_is_stated_and_refused_by_name_when_it_is_to_be_solved(arguments, name):
    problem = mb.Problem(**{"p_x": HALF, "p_y": HALF, **arguments})
    for method in ("auto", "exact", "local", "greedy"):
        with pytest.raises(mb.NotSupportedError, match=name) as caught:
            mb.solve(problem, method=method)
        assert caught.value.argument == name
