"""From columns of samples to marginals and a label channel (empirical laws, optionally smoothed)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mecbopt import _validate
from mecbopt.errors import ProblemError

__all__ = ["empirical_arguments"]


def empirical_arguments(
    x: Sequence[Hashable],
    *,
    p_y: Any = None,
    y: Sequence[Hashable] | None = None,
    label: Sequence[Hashable] | None = None,
    smoothing: float = 0.0,
) -> dict[str, Any]:
    """The arguments of `Problem` that columns of samples determine; see `Problem.from_samples`.

    Counts stay exact: probabilities are Fractions as long as the pseudo-count is representable, which every
    float is.
    """
    pseudo_count = Fraction(
        _validate.nonnegative_number("smoothing", smoothing, unit="counts", allow_infinity=False)
    )
    x_samples = _column("x", x)
    if (p_y is None) == (y is None):
        given = "neither" if p_y is None else "both"
        raise ProblemError(f"p_y and y: {given} is given; give the law of Y as p_y, or samples of it as y.")
    arguments: dict[str, Any] = {"x_letters": _letters("x", x_samples), "smoothing": float(pseudo_count)}
    if label is None:
        counts = Counter(x_samples)
        arguments["p_x"] = _shares([counts[letter] for letter in arguments["x_letters"]], pseudo_count)
    else:
        arguments |= _labelled(x_samples, arguments["x_letters"], _column("label", label), pseudo_count)
    if y is not None:
        y_samples = _column("y", y)
        y_counts = Counter(y_samples)
        arguments["y_letters"] = _letters("y", y_samples)
        arguments["p_y"] = _shares([y_counts[letter] for letter in arguments["y_letters"]], pseudo_count)
    elif isinstance(p_y, Mapping):
        arguments["y_letters"] = tuple(p_y)
        arguments["p_y"] = list(p_y.values())
    else:
        arguments["p_y"] = p_y
    return arguments


def _labelled(
    x_samples: list[Hashable], x_letters: tuple[Hashable, ...], labels: list[Hashable], pseudo_count: Fraction
) -> dict[str, Any]:
    """p_X and the label channel from the joint counts, the pseudo-count added to every joint cell."""
    if len(labels) != len(x_samples):
        raise ProblemError(
            f"label has {len(labels)} samples, but x has {len(x_samples)}: give one label for each sample."
        )
    s_letters = _letters("label", labels)
    joint = Counter(zip(x_samples, labels, strict=True))
    cells = [[joint[letter, label] + pseudo_count for label in s_letters] for letter in x_letters]
    return {
        "p_x": _shares([sum(row, Fraction(0)) for row in cells], Fraction(0)),
        "p_s_given_x": [_shares(row, Fraction(0)) for row in cells],
        "s_letters": s_letters,
    }


def _shares(counts: Sequence[Any], pseudo_count: Fraction) -> list[Fraction]:
    """Counts, each raised by the pseudo-count, divided by their sum."""
    raised = [Fraction(count) + pseudo_count for count in counts]
    total = sum(raised, Fraction(0))
    return [value / total for value in raised]


def _column(name: str, samples: Any) -> list[Hashable]:
    """The samples as a list of plain letters, none missing."""
    if isinstance(samples, (str, bytes)) or not hasattr(samples, "__iter__"):
        raise ProblemError(f"{name} is {samples!r}: give a sequence of samples.")
    values = [value.item() if isinstance(value, np.generic) else value for value in samples]
    if not values:
        raise ProblemError(f"{name} is empty: give at least one sample.")
    for position, value in enumerate(values):
        if value is None or (isinstance(value, float) and not np.isfinite(value)):
            raise ProblemError(
                f"{name}[{position}] is {value}: remove or fill the cell, letters must be finite."
            )
        if not isinstance(value, Hashable):
            raise ProblemError(
                f"{name}[{position}] is a {type(value).__name__}: letters must be hashable, "
                "such as strings, numbers or tuples."
            )
    return values


def _letters(name: str, samples: list[Hashable]) -> tuple[Hashable, ...]:
    """The distinct letters, sorted where they can be compared, else in order of first appearance."""
    distinct = list(dict.fromkeys(samples))
    try:
        return tuple(sorted(distinct))  # type: ignore[type-var]
    except TypeError:
        return tuple(distinct)
