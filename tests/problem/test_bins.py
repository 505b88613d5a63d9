"""Columns cut into bins: equal counts, letters that keep the cut points, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mecbopt as mb

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(NUMBERS, st.integers(1, 9))
def test_every_quantile_bin_holds_a_value_and_every_value_lies_in_its_bin(values, count):
    bins = mb.Bins.quantiles(values, count)
    codes = bins.codes(values)
    assert len(bins.letters) <= count
    assert set(codes.tolist()) == set(range(len(bins.letters)))
    ends = (-np.inf, *bins.cuts, np.inf)
    for value, code in zip(values, codes, strict=True):
        assert ends[code] <= value < ends[code + 1]


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, unique=True).map(sorted), NUMBERS
)
def test_the_letters_keep_the_cut_points_to_the_last_bit(cuts, values):
    bins = mb.Bins(cuts)
    again = mb.Bins.of_letters(bins.letters)
    assert again == bins
    assert again.of(values) == bins.of(values)


def test_bins_hold_about_equally_many():
    values = np.random.default_rng(0).normal(size=1000)
    counts = np.bincount(mb.Bins.quantiles(values, 8).codes(values))
    assert counts.min() >= 124
    assert counts.max() <= 126
    assert mb.Bins.quantiles([1, 1, 1, 1, 2], 4).cuts == ()
    assert mb.Bins.quantiles([5], 3).letters == ("(-inf, inf)",)


def test_a_problem_keeps_its_cut_points(tmp_path):
    x, y = [0.1, 0.7, 0.2, 0.9, 0.3, 0.8], [5, 6, 7, 8]
    problem = mb.Problem.from_samples(x, y=y, label=[0, 1, 0, 1, 0, 1], bins=2, rate=0.5)
    assert problem.x_letters == ("(-inf, 0.5)", "[0.5, inf)")
    assert problem.y_letters == ("(-inf, 6.5)", "[6.5, inf)")
    assert problem.p_s_given_x.tolist() == [[1, 0], [0, 1]]
    assert mb.Bins.of_letters(problem.x_letters).of([0.49, 0.5]) == list(problem.x_letters)
    named = mb.Problem.from_samples(x, y=y, label=x, bins={"x": [0.25, 0.75], "label": mb.Bins([0.5])})
    assert named.x_letters == ("(-inf, 0.25)", "[0.25, 0.75)", "[0.75, inf)")
    assert named.y_letters == (5, 6, 7, 8)
    assert named.p_s_given_x.tolist() == [[1, 0], [0.5, 0.5], [0, 1]]


def test_ten_bins_are_in_the_order_of_their_numbers():
    """As texts they would be sorted like words."""
    problem = mb.Problem.from_samples(np.arange(-50.0, 50.0), p_y=[1], bins=10)
    assert problem.p_x.tolist() == [0.1] * 10
    assert mb.Bins.of_letters(problem.x_letters).letters == problem.x_letters


def test_a_bin_without_samples_is_no_letter():
    problem = mb.Problem.from_samples([1.0, 9.0], p_y=[1], bins={"x": [3, 5]})
    assert problem.x_letters == ("(-inf, 3.0)", "[5.0, inf)")


def test_columns_of_few_values_or_of_texts_stay_as_they_are():
    problem = mb.Problem.from_samples(np.arange(10), y=["a", "b"], bins=3)
    assert problem.y_letters == ("a", "b")
    assert len(problem.x_letters) == 3
    with pytest.raises(mb.ProblemError, match="bins is 3, but no column"):
        mb.Problem.from_samples([1, 2, 3], y=["a", "b"], bins=3)


@pytest.mark.parametrize(
    ("bins", "words"),
    [
        (1, ["bins", "at least 2"]),
        (2.5, ["bins", "2.5"]),
        ("many", ["bins", "many"]),
        (True, ["bins", "True"]),
        ({"z": 2}, ["bins", "'z'", "x, y"]),
        ({"label": 2}, ["bins", "'label'"]),
        ({"x": 0}, ["bins['x']", "0"]),
        ({"x": [2, 1]}, ["bins['x']", "ascending"]),
        ({"x": [1, float("nan")]}, ["bins['x']"]),
        ({"x": [10**400]}, ["bins['x']", "finite"]),
        ({"x": "half"}, ["bins['x']"]),
        ({"y": 2}, ["y[0]", "'a'", "number"]),
        ({"y": [1]}, ["y[0]", "'a'", "number"]),
    ],
)
def test_what_cannot_be_cut_is_named(bins, words):
    with pytest.raises(mb.ProblemError) as caught:
        mb.Problem.from_samples([0.5, 1.5, 2.5], y=["a", "b"], bins=bins)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None, "1", True])
def test_a_sample_that_is_no_number_is_named(bad):
    with pytest.raises(mb.ProblemError, match=r"x\[1\]"):
        mb.Problem.from_samples([0.5, bad, 2.5], p_y=[1], bins={"x": 2})


@pytest.mark.parametrize("letters", [["a"], ["[1, x)"], [3], ["(-inf, 1.0]"]])
def test_letters_that_are_no_bins_are_named(letters):
    with pytest.raises(mb.ProblemError, match="letters"):
        mb.Bins.of_letters(letters)
