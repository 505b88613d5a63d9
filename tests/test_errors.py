"""Errors carry fields; a message is rendered from them with the names of whoever shows it."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.errors import Name, shown

OPTIONS = {"p_x": "--px", "normalize=True": "--normalize", "rate": "--rate"}


def sum_is_off() -> mb.ProblemError:
    return mb.ProblemError(
        argument="p_x",
        value=0.9,
        found="sums to 0.9",
        required="sum to 1",
        remedy=("pass ", Name("normalize=True"), " to divide by the sum"),
    )


def test_the_message_is_rendered_from_the_fields():
    error = sum_is_off()
    assert str(error) == "p_x sums to 0.9: it must sum to 1; pass normalize=True to divide by the sum."
    assert (error.argument, error.value, error.required) == ("p_x", 0.9, "sum to 1")


def test_a_face_renders_its_own_names():
    error = sum_is_off()
    assert (
        error.render(OPTIONS) == "--px sums to 0.9: it must sum to 1; pass --normalize to divide by the sum."
    )
    assert str(error).startswith("p_x")
    error.rename(OPTIONS)
    assert str(error).startswith("--px")


def test_the_face_nearest_to_the_input_keeps_its_names():
    error = sum_is_off()
    error.rename({"normalize=True": "normalize = true"}, source="problem.toml")
    error.rename(OPTIONS, source="elsewhere")
    assert str(error) == (
        "problem.toml: --px sums to 0.9: it must sum to 1; pass normalize = true to divide by the sum."
    )


def test_an_index_stays_behind_the_name_of_the_face():
    error = mb.ProblemError(argument="p_x[3]", value=-1, required="be 0 or more")
    assert error.render(OPTIONS) == "--px[3] is -1: it must be 0 or more."


def test_a_value_is_written_as_the_face_writes_it():
    error = mb.ProblemError("no", remedy=("use ", Name("method='local'"), " or ", Name("start=mixture")))
    assert error.render() == "no: use method='local' or start=mixture."
    assert error.render({"method": "--method"}) == "no: use --method local or start=mixture."


def test_values_are_never_taken_for_names():
    """A value that reads like an argument, or like a pattern, is shown as it is."""
    error = mb.ProblemError(argument="rate", value="p_x {rate} \\1 %s", remedy="give a number")
    assert error.render(OPTIONS) == "--rate is 'p_x {rate} \\\\1 %s': give a number."


def test_a_message_without_an_argument_stays_as_it_is():
    assert str(mb.SolverError("no memory left.")) == "no memory left."
    assert str(mb.SolverError("no memory left", remedy="take a smaller problem")) == (
        "no memory left: take a smaller problem."
    )


@pytest.mark.parametrize("kind", [mb.ProblemError, mb.NotSupportedError, mb.SolutionError, mb.CodecError])
def test_errors_survive_the_way_back_from_a_worker(kind):
    error = kind(argument="rate", value=-1, required="be 0 or more")
    error.rename(OPTIONS)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert (copy.argument, copy.value) == ("rate", -1)
    empty = pickle.loads(pickle.dumps(kind("text")))
    assert empty.value is kind("other").value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(-0.1), "-0.1"),
        (np.array(0.5), "0.5"),
        (Fraction(1, 3), "1/3"),
        (10**6000, "an integer of about 6001 digits"),
        (Fraction(1, 7**3000), "a fraction of about 2536 digits"),
        ([10**6000], "a list that cannot be shown"),
        ("a" * 10**6, "'" + "a" * 76 + "..."),
        ("two\nlines", r"'two\nlines'"),
        (np.zeros((2, 2)), "array([[0., 0.], [0., 0.]])"),
    ],
    ids=lambda part: part[:20] if isinstance(part, str) else type(part).__name__,
)
def test_values_are_shown_in_one_short_line(value, text):
    assert shown(value) == text
