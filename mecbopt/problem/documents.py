"""A problem as plain data, the keys that `files` reads."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mecbopt.errors import NotSupportedError
from mecbopt.problem.letters import plain_letter
from mecbopt.problem.named import NamedConstraint

if TYPE_CHECKING:
    from mecbopt.problem.problem import Problem

__all__ = ["plain_number", "problem_document"]


def problem_document(problem: Problem, tables: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    """The keys of a problem file; what has its default value is left out, except the rate."""
    named = [entry for entry in problem.constraints if isinstance(entry, NamedConstraint)]
    own = len(problem.constraints) - len(named)
    if own:
        raise NotSupportedError(
            argument="constraints",
            value=problem.constraints,
            found=f"has {own} functions, which no file can hold",
            remedy="write the problem without them, and add them after reading",
        )
    document: dict[str, Any] = {"p_x": _plain_law(tables["p_x"])}
    if tables["p_y"] is None:
        document["y_size"] = problem.y_size
    else:
        document["p_y"] = _plain_law(tables["p_y"])
    document["rate"] = plain_number(numbers["rate"])
    if problem.p_y_tolerance:
        document["p_y_tolerance"] = plain_number(numbers["p_y_tolerance"])
    channel = tables["p_s_given_x"]
    if any(law is not None and law.off for law in (tables["p_x"], tables["p_y"], *(channel or ()))):
        document["normalize"] = True
    if tables["distortion"] is not None:
        document["distortion"] = [
            [plain_number(entry) for entry in row] for row in tables["distortion"].given
        ]
    if channel is not None:
        document["label"] = {
            "p_s_given_x": [_plain_law(row) for row in channel],
            **{
                key: plain_number(numbers[name])
                for key, name in (("max_entropy", "max_label_entropy"), ("min_entropy", "min_label_entropy"))
                if numbers[name] is not None
            },
            "sees_seed": problem.label_sees_seed,
        }
    if named:
        document["constraints"] = [entry.to_document() for entry in named]
    for name in ("x_letters", "y_letters", "s_letters"):
        letters = getattr(problem, name)
        if letters is not None:
            document[name] = [plain_letter(letter) for letter in letters]
    if numbers["smoothing"] is not None:
        document["smoothing"] = plain_number(numbers["smoothing"])
    return document


def _plain_law(law: Any) -> list[Any]:
    return [plain_number(mass) for mass in law.given]


def plain_number(number: Fraction | float) -> float | int | str:
    """A number as JSON and TOML can hold it without loss.

    >>> plain_number(Fraction(1, 3)), plain_number(0.25), plain_number(math.inf)
    ('1/3', 0.25, 'inf')
    """
    if isinstance(number, (int, Fraction)):
        fraction = Fraction(number)
        return int(fraction) if fraction.denominator == 1 else f"{fraction.numerator}/{fraction.denominator}"
    return number if math.isfinite(number) else "inf"
