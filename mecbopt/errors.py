"""Errors of the package: one base class, one class a cause, and fields that the message is rendered from.

An error knows the argument, the value found, what is required and the remedy.  A face (command line, file
reader) says how the arguments are called there with `rename`; nobody takes a message apart.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

__all__ = [
    "CertificateError",
    "CodecError",
    "InfeasibleError",
    "MecboptError",
    "Name",
    "NotSupportedError",
    "ProblemError",
    "SolutionError",
    "SolverError",
    "Text",
    "shown",
]

#: Longest value that a message shows.
_MAX_SHOWN = 80
#: Longest integer that is shown with all its digits.
_MAX_INTEGER_BITS = 256


class Name(str):
    """The name of an argument inside a text of an error: a face may render it with its own name.

    An index or a value may follow, `Name("p_x[0]")`, `Name("method='local'")`: a face then has its own way to
    write both, `--method local` on a command line.
    """

    __slots__ = ()


#: A text of an error: plain, or parts among which a `Name` stands for an argument.
Text = str | tuple[str, ...]


class _NotGiven:
    """The value of an error that concerns no value; one object, also after pickling."""

    def __repr__(self) -> str:
        return "not given"

    def __reduce__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = _NotGiven()


def shown(value: Any) -> str:
    """A value in one line of at most 80 characters, whatever its size.

    >>> shown(Fraction(1, 3)), shown(10**6000)
    ('1/3', 'an integer of about 6001 digits')
    """
    if isinstance(value, Name):
        return str(value)
    item = getattr(value, "item", None)
    empty = getattr(value, "is_meta", False) or getattr(value, "mask", None) is not None
    if callable(item) and getattr(value, "shape", None) == () and not empty:
        value = item()  # a scalar of numpy, or an array without axes, reads as the number it holds
    if isinstance(value, numbers.Rational) and not isinstance(value, bool):
        numerator, denominator = int(value.numerator), int(value.denominator)
        if max(numerator.bit_length(), denominator.bit_length()) > _MAX_INTEGER_BITS:
            kind = "an integer" if denominator == 1 else "a fraction"
            digits = max(numerator.bit_length(), denominator.bit_length()) * 30103 // 100000 + 1
            return f"{kind} of about {digits} digits"
        return str(Fraction(numerator, denominator))
    if isinstance(value, (str, bytes)):
        value = value[: _MAX_SHOWN + 1]
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # a container of huge integers, or one that holds itself
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


class MecboptError(Exception):
    """Base class of every error that this package raises on purpose.

    Parameters
    ----------
    message : Text
        The first part, where `argument` and `found` do not make it: what is wrong with no single argument.
    argument : str, optional
        The argument as the library calls it, with an index where an entry is meant: "p_x[0]".
    value : object, optional
        What was found.
    found : Text, optional
        The value in words, after the argument: "sums to 0.9".  By default "is" and the value.
    required : Text, optional
        What the argument must do or be, after "it must": "be 0 or more, in bits".
    remedy : Text, optional
        What to do: "pass normalize=True to divide by the sum".
    source : str, optional
        The file that it stands in; it comes first.

    Examples
    --------
    >>> error = ProblemError(argument="rate", value=-1, required="be 0 or more, in bits")
    >>> str(error), error.render({"rate": "--rate"})
    ('rate is -1: it must be 0 or more, in bits.', '--rate is -1: it must be 0 or more, in bits.')
    """

    def __init__(
        self,
        message: Text = "",
        *,
        argument: str | None = None,
        value: Any = NOT_GIVEN,
        found: Text | None = None,
        required: Text | None = None,
        remedy: Text | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(message)
        self.argument, self.value = argument, value
        self.found, self.required, self.remedy = found, required, remedy
        self.source = source
        self.names: dict[str, str] = {}

    def rename(self, names: Mapping[str, str], source: str | None = None) -> None:
        """Give arguments the names of a face; the face nearest to the input comes first and keeps its own.

        Parameters
        ----------
        names : mapping
            Argument of the library -> name of the face.  A key may hold a value, "normalize=True".
        source : str, optional
            The file that the input stands in.
        """
        self.names = {**names, **self.names}
        self.source = self.source or source

    def render(self, names: Mapping[str, str] | None = None) -> str:
        """The message, with the names of a face where they are given."""
        table = {**(names or {}), **self.names}
        head = _join(self.args[0] if self.args else "", table)
        if self.argument is not None:
            found = f"is {shown(self.value)}" if self.found is None else _join(self.found, table)
            head = f"{_named(self.argument, table)} {found}"
        advice = [] if self.required is None else [f"it must {_join(self.required, table)}"]
        if self.remedy is not None:
            advice.append(_join(self.remedy, table))
        text = f"{head}: {'; '.join(advice)}." if advice else head
        if not advice and self.argument is not None:
            text += "."
        return f"{self.source}: {text}" if self.source else text

    def __str__(self) -> str:
        return self.render()


def _join(text: Text, names: Mapping[str, str]) -> str:
    """The parts of a text, each `Name` as the face calls it."""
    parts = (text,) if isinstance(text, str) else text
    return "".join(_named(part, names) if isinstance(part, Name) else part for part in parts)


_QUOTES = "'"


def _named(argument: str, names: Mapping[str, str]) -> str:
    """An argument as the face calls it; an index stays behind the new name."""
    if argument in names:
        return names[argument]
    stem, equals, value = argument.partition("=")
    if equals and stem in names:
        return f"{names[stem]} {value.strip(_QUOTES)}"
    stem, bracket, index = argument.partition("[")
    return f"{names.get(stem, stem)}{bracket}{index}"


class ProblemError(MecboptError, ValueError):
    """An argument, a file or a column of samples does not describe a valid problem."""


class InfeasibleError(MecboptError):
    """No coupling satisfies the constraints, and the caller asked for one."""


class NotSupportedError(MecboptError):
    """A valid request that this version does not serve; it is refused, never ignored."""


class SolutionError(MecboptError):
    """A solution does not satisfy what it claims: a residual, a rate, a bound or a file is off."""


class SolverError(MecboptError):
    """A linear programming solver gave no usable answer; bounds found before stay valid."""


class CertificateError(MecboptError):
    """A certificate does not prove its claim, or is damaged."""


class CodecError(MecboptError):
    """A stream cannot be decoded: damage, a wrong seed or a wrong mixture."""
