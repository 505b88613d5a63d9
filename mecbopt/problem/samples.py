"""From columns of samples to marginals and a label channel (empirical laws, optionally smoothed).

Samples are counted by dictionaries and numpy: a million of them take less than a second, and fractions are
made when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt._validate import Channel, Law
from mecbopt.errors import Name, ProblemError
from mecbopt.problem.bins import Bins, codes_in, columns_to_bin
from mecbopt.problem.letters import Letters, is_missing

__all__ = ["empirical_arguments"]


def empirical_arguments(
    x: Any,
    *,
    p_y: Any = None,
    y: Any = None,
    label: Any = None,
    smoothing: Any = 0.0,
    bins: Any = None,
    free_law: bool = False,
) -> dict[str, Any]:
    """The arguments of `Problem` that columns of samples determine; see `Problem.from_samples`.

    Counts stay exact: probabilities are Fractions as long as the pseudo-count is representable, which every
    float is.  `free_law` says that the law of Y is to be free.
    """
    kept = _validate.exact_nonnegative("smoothing", smoothing, "counts", allow_infinity=False)
    pseudo_count = Fraction(kept)
    columns = {
        name: None if samples is None and name != "x" else _column(name, samples)
        for name, samples in (("x", x), ("y", y), ("label", label))
    }
    cut = columns_to_bin(bins, columns)
    x_letters, x_codes = _codes("x", columns["x"] or [], cut)
    if [p_y is not None, y is not None, free_law].count(True) != 1:
        given = "neither" if p_y is None and y is None else "both"
        raise ProblemError(
            (Name("p_y"), " and ", Name("y"), f": {given} is given"),
            remedy=("give the law of Y as ", Name("p_y"), ", or samples of it as ", Name("y")),
        )
    arguments: dict[str, Any] = {"x_letters": x_letters, "smoothing": kept}
    if label is None:
        arguments["p_x"] = Law.of_counts(np.bincount(x_codes), pseudo_count)
    else:
        labels = _codes("label", columns["label"] or [], cut)
        arguments |= _labelled(x_codes, len(x_letters), labels, pseudo_count)
    if y is not None:
        arguments["y_letters"], y_codes = _codes("y", columns["y"] or [], cut)
        arguments["p_y"] = Law.of_counts(np.bincount(y_codes), pseudo_count)
    elif p_y is not None:
        arguments["p_y"] = p_y
    return arguments


def _labelled(
    x_codes: NDArray[np.int64],
    letters_x: int,
    labels: tuple[Letters, NDArray[np.int64]],
    pseudo_count: Fraction,
) -> dict[str, Any]:
    """p_X and the label channel from the joint counts, the pseudo-count added to every joint cell."""
    s_letters, s_codes = labels
    if len(s_codes) != len(x_codes):
        raise ProblemError(
            argument="label",
            value=len(s_codes),
            found=(f"has {len(s_codes)} samples, but ", Name("x"), f" has {len(x_codes)}"),
            remedy="give one label for each sample",
        )
    size = len(s_letters)
    joint = np.bincount(x_codes * size + s_codes, minlength=letters_x * size).reshape(letters_x, size)
    return {
        "p_x": Law.of_counts(joint.sum(axis=1), size * pseudo_count),
        "p_s_given_x": Channel(tuple(Law.of_counts(row, pseudo_count) for row in joint)),
        "s_letters": s_letters,
    }


def _codes(name: str, values: list[Any], bins: Mapping[str, Bins]) -> tuple[Letters, NDArray[np.int64]]:
    """The distinct letters, and for each sample the position of its letter.

    Letters are sorted where they can be compared, else in order of first appearance; bins ascend, and those
    that hold no sample are no letters.
    """
    if name in bins:
        places = codes_in(bins[name], name, values)
        present, codes = np.unique(places, return_inverse=True)
        names = bins[name].letters
        return tuple(names[place] for place in present), codes.astype(np.int64).reshape(-1)
    try:
        distinct = list(dict.fromkeys(values))
    except TypeError:
        _refuse_unhashable(name, values)
        raise
    for letter in distinct:
        if is_missing(letter):
            raise ProblemError(
                argument=f"{name}[{_first(values, letter)}]",
                value=letter,
                required="be a letter, finite and not missing",
                remedy="remove or fill the cell",
            )
    try:
        letters: Letters = tuple(sorted(distinct))
    except (TypeError, ValueError, RuntimeError, ArithmeticError):
        # What tensors, numpy's long numbers and Decimal say of an order.
        letters = tuple(distinct)
    position = {letter: place for place, letter in enumerate(letters)}
    return letters, np.fromiter(map(position.__getitem__, values), np.int64, len(values))


def _column(name: str, samples: Any) -> list[Any]:
    """The samples as a list of Python's own objects."""
    wanted = "be a sequence of samples"
    axes = getattr(samples, "ndim", 1)
    if isinstance(samples, (str, bytes, Mapping, Set)) or axes == 0 or not isinstance(samples, Iterable):
        raise ProblemError(argument=name, value=samples, required=wanted)
    if axes != 1:
        found = f"has shape {tuple(samples.shape)}" if hasattr(samples, "shape") else f"has {axes} axes"
        raise ProblemError(argument=name, value=samples, found=found, required=f"{wanted}, shape (N,)")
    if isinstance(samples, np.ndarray) and samples.dtype.kind in "mM":
        values = list(samples)  # as integers, which tolist may make of them, dates would lose their meaning
    elif hasattr(samples, "tolist"):
        values = samples.tolist()
    else:
        values = list(samples)
        if any(issubclass(kind, np.generic) for kind in set(map(type, values))):
            values = [value.item() if isinstance(value, np.generic) else value for value in values]
    if not values:
        raise ProblemError(argument=name, value=samples, found="is empty", remedy="give at least one sample")
    return values


def _first(values: list[Any], letter: Any) -> int:
    """Where a letter occurs first; NaN equals nothing, so identity counts."""
    return next(place for place, value in enumerate(values) if value is letter)


def _refuse_unhashable(name: str, values: list[Any]) -> None:
    """Name the first sample that is no letter."""
    for position, value in enumerate(values):
        try:
            hash(value)
        except TypeError as error:
            raise ProblemError(
                argument=f"{name}[{position}]",
                value=value,
                found=f"is a {type(value).__name__}",
                required="be hashable, such as a string, a number or a tuple of those",
            ) from error
