"""Problems from columns of samples."""

from __future__ import annotations

import math
import time
from decimal import Decimal
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


def test_letters_that_stand_for_none_are_refused():
    pandas = pytest.importorskip("pandas")
    absent = [
        None,
        math.nan,
        math.inf,
        np.float32("nan"),
        np.datetime64("NaT"),
        Decimal("NaN"),
        pandas.NA,
        pandas.NaT,
    ]
    for letter in [*absent, (1, math.nan)]:
        with pytest.raises(mb.ProblemError, match=r"x\[1\]"):
            mb.Problem.from_samples(["a", letter, letter], p_y=[1])
    for column in (
        pandas.Series([1, None], dtype="Int64"),
        pandas.Series(pandas.to_datetime(["2020-01-01", None])),
        np.array(["2020-01-01", "NaT"], dtype="datetime64[ns]"),
        np.ma.masked_array([1, 2], mask=[False, True]),
    ):
        with pytest.raises(mb.ProblemError, match=r"x\[1\]"):
            mb.Problem.from_samples(column, p_y=[1])


@pytest.mark.parametrize("column", [{"a": 1}, {1, 2}, np.array(3), np.zeros((2, 2)), 5, b"ab", None])
def test_what_is_no_column_is_refused(column):
    with pytest.raises(mb.ProblemError, match="x "):
        mb.Problem.from_samples(column, p_y=[1])


def test_columns_of_other_packages():
    pandas, torch = pytest.importorskip("pandas"), pytest.importorskip("torch")
    expected = mb.Problem.from_samples([2, 1, 2], y=["a", "b", "b"])
    found = mb.Problem.from_samples(
        torch.tensor([2, 1, 2]), y=pandas.Series(["a", "b", "b"], dtype="category")
    )
    assert found.equals(expected)
    with pytest.raises(mb.ProblemError, match="shape"):
        mb.Problem.from_samples(pandas.DataFrame({"a": [1]}), p_y=[1])


def test_large_integers_stay_apart():
    """Through an array of floats, 2**63 and 2**63 + 1 would be one letter."""
    problem = mb.Problem.from_samples([2**63, 2**63 + 1, -1], p_y=[1])
    assert problem.x_letters == (-1, 2**63, 2**63 + 1)


@pytest.mark.parametrize("smoothing", [0, 0.1, Fraction(1, 3), 1e300, 1.7e308])
def test_the_fast_floats_are_those_of_the_fractions(smoothing):
    random = np.random.default_rng(1)
    x, label = random.integers(0, 9, 200), random.integers(0, 4, 200)
    problem = mb.Problem.from_samples(x, y=label, label=label, smoothing=smoothing)
    for floats, exact in (
        (problem.p_x, problem.exact_p_x),
        (problem.p_y, problem.exact_p_y),
        *zip(problem.p_s_given_x, problem.exact_p_s_given_x, strict=True),
    ):
        assert sum(exact) == 1
        assert floats == pytest.approx([float(mass) for mass in exact], rel=1e-15, abs=0)
    assert mb.Problem.from_samples(x, y=label, label=label, smoothing=smoothing).equals(problem)


@pytest.mark.parametrize("arguments", [{"p_x": [1]}, {"p_s_given_x": [[1]]}, {"x_letters": [1]}])
def test_what_the_samples_determine_is_not_given_twice(arguments):
    with pytest.raises(mb.ProblemError, match="beside the samples"):
        mb.Problem.from_samples([1], p_y=[1], label=[1], **arguments)


def test_many_letters_and_many_rows_take_no_time():
    """600 letters with 600 labels took 28 seconds, a million rows of them 17."""
    random = np.random.default_rng(1)
    x = random.integers(0, 600, 100_000).tolist()
    label = [f"label {k}" for k in random.integers(0, 600, 100_000)]
    began = time.process_time()
    problem = mb.Problem.from_samples(x, p_y=[0.5, 0.5], label=label, smoothing=0.5)
    assert time.process_time() - began < 3.0
    assert problem.p_s_given_x.shape == (600, 600)


def test_dates_are_written_as_dates():
    """In nanoseconds their items are integers."""
    dates = np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[ns]")
    written = mb.Problem.from_samples(dates, p_y=[1]).to_document()["x_letters"]
    assert [letter[:10] for letter in written] == ["2020-01-01", "2021-01-01"]
