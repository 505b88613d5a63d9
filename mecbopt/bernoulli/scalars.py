"""Validation of the scalar arguments of binary problems."""

from __future__ import annotations

from typing import Any

from mecbopt import _validate
from mecbopt.errors import Name, ProblemError

__all__ = ["label_arguments", "probability", "without_label"]


def probability(name: str, value: Any) -> float:
    """A real number in [0, 1] as a float.

    Raises
    ------
    ProblemError
        Anything else, NaN included.
    """
    number = _validate.nonnegative_number(name, value, "probability")
    if number > 1.0:
        raise ProblemError(argument=name, value=value, required="be a probability, a number in [0, 1]")
    return number


def label_arguments(crossover: Any, max_label_entropy: Any) -> tuple[float, float] | None:
    """The label's crossover probability and its limit C, or None where nothing is constrained.

    Raises
    ------
    ProblemError
        C without a label, or values out of range.
    """
    if crossover is None:
        if max_label_entropy is not None:
            raise without_label(max_label_entropy)
        return None
    noise = probability("crossover", crossover)
    if max_label_entropy is None:
        return None
    return noise, _validate.nonnegative_number("max_label_entropy", max_label_entropy)


def without_label(max_label_entropy: Any) -> ProblemError:
    """The error of a limit C that comes without a label."""
    return ProblemError(
        argument="max_label_entropy",
        value=max_label_entropy,
        required="come with a label",
        remedy=("give ", Name("crossover"), ", or leave ", Name("max_label_entropy"), " out"),
    )
