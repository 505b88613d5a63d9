"""The arguments of a problem, one by one and against each other; `Problem` calls each of these once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, TypedDict

import numpy as np

from mecbopt import _validate
from mecbopt._validate import Channel, ChannelLike, Law, Matrix, MatrixLike, NumberLike, PmfLike
from mecbopt.errors import Name, ProblemError
from mecbopt.problem.letters import Letters, distinct_letters, positions
from mecbopt.problem.named_base import NamedConstraint

__all__ = [
    "Constraint",
    "LimitArguments",
    "ProblemArguments",
    "adjustments_of",
    "constraint_functions",
    "distortion_matrix",
    "label_channel",
    "label_limit",
    "named_letters",
    "output_tolerance",
    "same_table",
    "size_of_y",
]

#: A function from the cvxpy expression of the coupling, shape (n, m), to a cvxpy constraint or a list.
Constraint: TypeAlias = Callable[[Any], Any]


#: Letters are counted by 32-bit integers in places.
_MAX_Y_SIZE = 2**31 - 1


class LimitArguments(TypedDict, total=False):
    """The arguments of `Problem` beside the laws, for signatures that pass them on."""

    rate: NumberLike
    max_label_entropy: NumberLike | None
    label_sees_seed: bool
    distortion: MatrixLike | Matrix | None
    constraints: Sequence[Constraint]
    p_y_tolerance: NumberLike
    y_size: int | None
    min_label_entropy: NumberLike | None
    normalize: bool
    y_letters: Iterable[Hashable] | None


class ProblemArguments(LimitArguments, total=False):
    """All arguments of `Problem`."""

    p_x: PmfLike | Law
    p_y: PmfLike | Law | None
    p_s_given_x: ChannelLike | Channel | None
    x_letters: Iterable[Hashable] | None
    s_letters: Iterable[Hashable] | None
    smoothing: NumberLike | None


def same_table(one: Law | Channel | Matrix | None, other: Law | Channel | Matrix | None) -> bool:
    """Whether two tables hold the same exact numbers; the floats, compared first, tell most apart cheaply."""
    if one is None or other is None:
        return one is other
    if one is other:
        return True
    near = one.floats.shape == other.floats.shape and np.allclose(one.floats, other.floats, 1e-12, 0.0)
    return bool(near) and one.exact == other.exact


def size_of_y(law_y: Law | None, y_size: Any) -> int:
    """m; exactly one of p_y and y_size gives it."""
    if law_y is not None:
        if y_size is not None:
            raise ProblemError(
                argument="y_size",
                value=y_size,
                found=(f"is {y_size!r}, but ", Name("p_y"), " is given"),
                remedy=("leave one of them out: y_size goes with ", Name("p_y"), "=None"),
            )
        return len(law_y)
    if y_size is None:
        raise ProblemError(
            argument="p_y",
            value=None,
            required="be a pmf, shape (m,)",
            remedy=("or give ", Name("y_size"), " for a law of Y that is free"),
        )
    size = _validate.positive_integer("y_size", y_size)
    if size > _MAX_Y_SIZE:
        raise ProblemError(argument="y_size", value=y_size, required=f"be at most {_MAX_Y_SIZE}")
    return size


def label_channel(p_s_given_x: Any, law_x: Law, normalize: bool) -> Channel | None:
    """The label channel, its rows in the order of X's letters where both have names."""
    if p_s_given_x is None:
        return None
    channel = _validate.channel("p_s_given_x", p_s_given_x, len(law_x), normalize)
    if channel.letters is None or law_x.letters is None or channel.letters == law_x.letters:
        return channel
    return channel.reordered(positions("p_s_given_x", channel.letters, law_x.letters, "p_x"))


def label_limit(name: str, value: Any, channel: Channel | None) -> Fraction | float | None:
    """A limit on the label's entropy, which needs a label."""
    if value is None:
        return None
    if channel is None:
        raise ProblemError(
            argument=name,
            value=value,
            found=f"is {value}, but there is no label",
            remedy=("give ", Name("p_s_given_x"), ", shape (n, s), or leave ", Name(name), " out"),
        )
    return _validate.exact_nonnegative(name, value, allow_infinity=name == "max_label_entropy")


def output_tolerance(value: Any, law_y: Law | None) -> Fraction | float:
    """The tolerance in total variation, between 0 and 1; 0 where there is no law to be near to."""
    number = _validate.exact_nonnegative("p_y_tolerance", value, "total variation", allow_infinity=False)
    if number > 1:
        raise ProblemError(argument="p_y_tolerance", value=value, required="lie between 0 and 1")
    if number > 0 and law_y is None:
        raise ProblemError(
            argument="p_y_tolerance",
            value=value,
            found=(f"is {value}, but there is no ", Name("p_y")),
            remedy=("give ", Name("p_y"), ", or leave ", Name("p_y_tolerance"), " out"),
        )
    return number


def named_letters(name: str, given: Any, own: Letters | None, size: int | None) -> Letters | None:
    """The names that were given, else those of the container."""
    named = own if given is None else given
    return None if named is None else distinct_letters(name, named, size)


def distortion_matrix(
    values: Any, shape: tuple[int, int], x_letters: Letters | None, y_letters: Letters | None
) -> Matrix | None:
    """The distortion, its rows and columns in the order of the letters where both have names."""
    if values is None:
        return None
    matrix = _validate.finite_matrix("distortion", values, shape)
    if matrix.letters is not None and x_letters is not None:
        matrix = matrix.reordered(positions("distortion", matrix.letters, x_letters, "X"))
    if matrix.columns is not None and y_letters is not None:
        matrix = matrix.reordered(columns=positions("distortion", matrix.columns, y_letters, "Y"))
    return matrix


def constraint_functions(values: Any, law_x: Law, channel: Channel | None) -> tuple[Constraint, ...]:
    """A tuple of callables; those with a name are told the law of X and the label."""
    wanted = "be a sequence of functions from the coupling's cvxpy expression to cvxpy constraints"
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ProblemError(argument="constraints", value=values, required=wanted)
    constraints = tuple(values)
    for position, constraint in enumerate(constraints):
        if not callable(constraint):
            raise ProblemError(
                argument=f"constraints[{position}]",
                value=constraint,
                required="be a function from the coupling's cvxpy expression to cvxpy constraints",
            )
    label = None if channel is None else channel.floats
    return tuple(
        constraint.bound_to(law_x.floats, label) if isinstance(constraint, NamedConstraint) else constraint
        for constraint in constraints
    )


def adjustments_of(law_x: Law, law_y: Law | None, channel: Channel | None) -> tuple[str, ...]:
    """Which masses were clipped."""
    laws = [("p_x", law_x)] + ([] if law_y is None else [("p_y", law_y)])
    laws += [] if channel is None else [(f"p_s_given_x[{row}]", line) for row, line in enumerate(channel)]
    return tuple(
        f"{name}[{place}] was negative by a rounding and counts as 0."
        for name, line in laws
        for place in line.clipped
    )
