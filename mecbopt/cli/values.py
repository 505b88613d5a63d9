"""Parameter types of the command line: numbers, pmfs, channels, ranges of rates.

Every type fails with one line that names the text found and what is required.  Every number has a bound, so
that no text of a few characters can ask for more work or memory than there is.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import shown

__all__ = [
    "BINS",
    "CHANNEL",
    "MAX_BINS",
    "MAX_RATES",
    "NUMBER",
    "PMF",
    "RATES",
    "IntegerType",
    "ParamType",
    "number",
]

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    # Before version 8.4 click's class took no type argument.
    ParamType = click.ParamType

_FRACTION = re.compile(r"[+-]?\d+/\d+")
#: Longest text of one number: a fraction of two 100-digit integers fits, and no conversion takes long.
_MAX_CHARACTERS = 250
#: Most rates of one curve: minutes at a millisecond a point, and more than a picture shows.
MAX_RATES = 100_000
#: Most bins of a column: more letters than any engine takes.
MAX_BINS = 10_000


def number(text: str) -> int | float | Fraction:
    """A number from text: integers and fractions a/b exactly, anything else as a float.

    >>> number("3/10"), number("1"), number("0.5"), number("inf")
    (Fraction(3, 10), 1, 0.5, inf)
    """
    text = text.strip()
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"has {len(text)} characters, more than {_MAX_CHARACTERS}")
    if _FRACTION.fullmatch(text) and not re.fullmatch(r"0+", text.partition("/")[2]):
        return Fraction(text)
    try:
        return int(text)
    except ValueError:
        return float(text)


class NumberType(ParamType):
    """A number: decimal, fraction a/b or inf.  Its range is checked where its meaning is known."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text; defaults that are numbers already pass."""
        if not isinstance(value, str):
            return value
        try:
            return number(value)
        except ValueError:
            self.fail(
                f"{shown(value)} is no number of at most {_MAX_CHARACTERS} characters: "
                "give a decimal, a fraction a/b or inf.",
                param,
                ctx,
            )


class IntegerType(ParamType):
    """An integer between two bounds, both included."""

    name = "integer"

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text; what is no integer and what is out of bounds fail alike."""
        if not isinstance(value, str):
            return value
        try:
            read = number(value)
        except ValueError:
            read = None
        if isinstance(read, int) and self.minimum <= read <= self.maximum:
            return read
        self.fail(
            f"{shown(value)} is no integer of at least {self.minimum} and at most {self.maximum}.", param, ctx
        )


class PmfType(ParamType):
    """Numbers separated by commas."""

    name = "p1,p2,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the list; an entry that is no number is named with its position."""
        if not isinstance(value, str):
            return value
        entries = []
        for position, entry in enumerate(value.split(",")):
            try:
                entries.append(number(entry))
            except ValueError:
                found = f"entry {position} of {shown(value)} is {shown(entry.strip())}"
                self.fail(
                    f"{found}: give numbers or fractions a/b, separated by commas without spaces.", param, ctx
                )
        return entries


class ChannelType(PmfType):
    """Rows of numbers, separated by semicolons."""

    name = "row;row;..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read row after row."""
        if not isinstance(value, str):
            return value
        return [super(ChannelType, self).convert(row, param, ctx) for row in value.split(";")]


class BinsType(ParamType):
    """A number of bins for columns of numbers, or x=BINS,y=BINS with a number or cut points a:b:c each."""

    name = "K or x=K,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read either form; counts and cut points are judged where the columns are known."""
        if not isinstance(value, str):
            return value
        try:
            return _bins(value)
        except ValueError as error:
            reason = str(error)
        self.fail(
            f"{shown(value)} {reason}: give a number of bins from 2 to {MAX_BINS}, or such as x=8,y=0.5:1.5 "
            "for the columns of --x, --y and --label, with a number or ascending cut points for each.",
            param,
            ctx,
        )


def _bins(text: str) -> int | dict[str, int | list[float]]:
    """The bins that a text describes; ValueError with the reason in the middle of a sentence."""
    if "=" not in text:
        return _count(text)
    found: dict[str, int | list[float]] = {}
    for part in text.split(","):
        name, equals, wanted = part.partition("=")
        if not equals or name not in ("x", "y", "label") or name in found:
            raise ValueError(f"has the part {shown(part)}")
        if not set(":.e") & set(wanted):
            found[name] = _count(wanted)
            continue
        try:
            found[name] = [float(number(cut)) for cut in wanted.split(":")]
        except (ValueError, OverflowError):
            raise ValueError(f"has the cut points {shown(wanted)}") from None
    return found


def _count(text: str) -> int:
    try:
        count = number(text)
    except ValueError:
        count = 0
    if not isinstance(count, int) or not 2 <= count <= MAX_BINS:
        raise ValueError(f"has the number of bins {shown(text)}")
    return count


class RatesType(ParamType):
    """START:STOP:COUNT, equally spaced with both ends, or a list of rates separated by commas."""

    name = "START:STOP:COUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read either form into an ascending array."""
        if not isinstance(value, str):
            return value
        try:
            return _rates(value)
        except ValueError as error:
            reason = str(error)
        self.fail(
            f"{shown(value)} {reason}: give START:STOP:COUNT with 0 <= START < STOP and an integer COUNT "
            f"from 2 to {MAX_RATES}, such as 0:1.5:31, or ascending rates separated by commas.",
            param,
            ctx,
        )


def _rates(text: str) -> NDArray[np.float64]:
    """The rates that a text describes; ValueError with the reason in the middle of a sentence."""
    parts = text.split(":") if ":" in text else text.split(",")
    try:
        values = [float(number(part)) for part in parts]
    except (ValueError, OverflowError):
        raise ValueError("is no range of rates") from None
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError("holds a rate that is negative or not finite")
    if ":" in text:
        if len(parts) != 3:
            raise ValueError(f"has {len(parts)} parts, not 3")
        start, stop, count = values
        if count != int(count) or not 2 <= count <= MAX_RATES:
            raise ValueError(f"has the count {parts[2]}")
        rates = np.linspace(start, stop, int(count))
        # A range of few floats does not hold many rates: they would coincide.
        if not (start < stop and (np.diff(rates) > 0).all()):
            raise ValueError("does not ascend")
        return rates
    if len(values) > MAX_RATES:
        raise ValueError(f"has {len(values)} rates")
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("does not ascend")
    return np.array(values)


BINS = BinsType()
NUMBER = NumberType()
PMF = PmfType()
CHANNEL = ChannelType()
RATES = RatesType()
