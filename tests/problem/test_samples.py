"""Problems from columns of samples."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb


def test_marginals_and_label_channel_are_the_empirical_ones():
    problem = mb.Problem.from_samples([2, 1, 1, 2, 2], y=["b", "a", "a", "a"], label=[0, 0, 1, 1, 1])
    assert problem.x_letters == (1, 2)
    assert problem.y_letters == ("a", "b")
    assert problem.s_letters == (0, 1)
    assert problem.exact_p_x == (Fraction(2, 5), Fraction(3, 5))
    assert problem.exact_p_y == (Fraction(3, 4), Fraction(1, 4))
    assert problem.exact_p_s_given_x == ((Fraction(1, 2),) * 2, (Fraction(1, 3), Fraction(2, 3)))


def test_smoothing_adds_a_pseudo_count_to_every_cell_and_is_kept():
    problem = mb.Problem.from_samples(["a", "a", "b"], p_y=[0.5, 0.5], label=[0, 0, 1], smoothing=1.0)
    assert problem.smoothing == 1.0
    assert problem.exact_p_s_given_x == ((Fraction(3, 4), Fraction(1, 4)), (Fraction(1, 3), Fraction(2, 3)))
    assert problem.exact_p_x == (Fraction(4, 7), Fraction(3, 7))
    assert problem.to_document()["smoothing"] == 1.0


def test_the_law_of_y_may_be_a_mapping_from_letters():
    problem = mb.Problem.from_samples(np.array([0, 1]), p_y={"low": 0.25, "high": 0.75}, rate=0.5)
    assert problem.y_letters == ("low", "high")
    assert problem.rate == 0.5


def test_letters_that_cannot_be_sorted_keep_their_order_of_appearance():
    assert mb.Problem.from_samples(["b", 1, "b"], p_y=[1]).x_letters == ("b", 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"x": [], "p_y": [1]}, ["x is empty"]),
        ({"x": "abc", "p_y": [1]}, ["x is 'abc'"]),
        ({"x": [1, math.nan], "p_y": [1]}, ["x[1]", "nan", "finite"]),
        ({"x": [1, None], "p_y": [1]}, ["x[1]", "None"]),
        ({"x": [[1]], "p_y": [1]}, ["x[0]", "list", "hashable"]),
        ({"x": [1, 2]}, ["p_y and y", "neither"]),
        ({"x": [1, 2], "p_y": [1], "y": [1]}, ["p_y and y", "both"]),
        ({"x": [1, 2], "p_y": [1], "label": [1]}, ["label has 1", "x has 2"]),
        ({"x": [1, 2], "p_y": [1], "smoothing": -1}, ["smoothing", "-1"]),
    ],
)
def test_invalid_columns_are_named(arguments, words):
    samples = arguments.pop("x")
    with pytest.raises(mb.ProblemError) as caught:
        mb.Problem.from_samples(samples, **arguments)
    for word in words:
        assert word in str(caught.value)
