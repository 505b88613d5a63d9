"""Parameter types of the command line: numbers, pmfs, channels, ranges of rates, paths to write to.

Every type fails with one line that names the text found and what is required.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHANNEL",
    "NUMBER",
    "PICTURE",
    "PMF",
    "RATES",
    "OutputPath",
    "number",
    "output_folder",
    "refuse_equal_paths",
]

_FRACTION = re.compile(r"[+-]?\d+/\d+")


def number(text: str) -> int | float | Fraction:
    """A number from text: integers and fractions a/b exactly, anything else as a float.

    >>> number("3/10"), number("1"), number("0.5"), number("inf")
    (Fraction(3, 10), 1, 0.5, inf)
    """
    text = text.strip()
    if _FRACTION.fullmatch(text) and not re.fullmatch(r"0+", text.partition("/")[2]):
        return Fraction(text)
    try:
        return int(text)
    except ValueError:
        return float(text)


class NumberType(click.ParamType):
    """A number: decimal, fraction a/b or inf.  Its range is checked where its meaning is known."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text; defaults that are numbers already pass."""
        if not isinstance(value, str):
            return value
        try:
            return number(value)
        except ValueError:
            self.fail(f"'{value}' is no number: give a decimal, a fraction a/b or inf.", param, ctx)


class PmfType(click.ParamType):
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
                found = f"entry {position} of '{value}' is '{entry.strip()}'"
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


class RatesType(click.ParamType):
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
            f"'{value}' {reason}: give START:STOP:COUNT with 0 <= START < STOP and an integer COUNT >= 2, "
            "such as 0:1.5:31, or ascending rates separated by commas.",
            param,
            ctx,
        )


def _rates(text: str) -> NDArray[np.float64]:
    """The rates that a text describes; ValueError with the reason in the middle of a sentence."""
    parts = text.split(":") if ":" in text else text.split(",")
    try:
        values = [float(number(part)) for part in parts]
    except ValueError:
        raise ValueError("is no range of rates") from None
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError("holds a rate that is negative or not finite")
    if ":" in text:
        if len(parts) != 3:
            raise ValueError(f"has {len(parts)} parts, not 3")
        start, stop, count = values
        if count != int(count) or count < 2:
            raise ValueError(f"has the count {parts[2]}")
        if not start < stop:
            raise ValueError("does not ascend")
        return np.linspace(start, stop, int(count))
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("does not ascend")
    return np.array(values)


class OutputPath(click.ParamType):
    """A file to write: refused before any work if it cannot be written; what exists is left untouched.

    Parameters
    ----------
    suffixes : tuple of str
        Suffixes that are served; empty for any.
    """

    name = "path"

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the suffix, the folder and the permission."""
        path = Path(value)
        if self.suffixes and path.suffix.lower() not in self.suffixes:
            known = ", ".join(self.suffixes)
            self.fail(f"'{path}' has the suffix '{path.suffix}': give one of {known}.", param, ctx)
        if path.is_dir():
            self.fail(f"'{path}' is a folder: give the name of a file.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"'{path}' lies in '{path.parent}', which is no folder: create it first.", param, ctx)
        existed = path.exists()
        if existed and not path.is_file():
            return path  # a device or a pipe: opening it may block, and there is nothing to protect
        try:
            # Appending nothing proves that writing is allowed and leaves the content as it was.
            with path.open("ab"):
                pass
        except OSError as error:
            self.fail(f"'{path}' cannot be written: {error.strerror}.", param, ctx)
        if not existed:
            path.unlink()
        return path


def output_folder(path: Path) -> Path:
    """Create a folder for several files and prove that it can be written to.

    Raises
    ------
    click.UsageError
        It cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise click.UsageError(f"--out is '{path}', which cannot be written: {error.strerror}.") from error
    return path


def refuse_equal_paths(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse two outputs in one file, and an output over an input.

    Raises
    ------
    click.UsageError
        Naming both options.
    """
    seen = {path.resolve(): name for name, path in inputs.items() if path is not None}
    for name, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in seen:
            raise click.UsageError(
                f"{name} and {seen[path.resolve()]} are both '{path}': give {name} a file of its own."
            )
        seen[path.resolve()] = name


NUMBER = NumberType()
PMF = PmfType()
CHANNEL = ChannelType()
RATES = RatesType()
PICTURE = OutputPath(".png", ".pdf", ".svg")
