"""The command line that states the same problem and the same search again, quoted for a shell."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from mecbopt.tolerances import GAP

__all__ = ["command_line", "path_text", "solver_arguments", "written"]

#: Values that an option has when it is not given.
_DEFAULTS = {"method": "auto", "engine": "auto", "gap": GAP, "seed": 0, "workers": 1}


def command_line(command: str, *arguments: str) -> str:
    """`mecbopt COMMAND ARGUMENTS`, as a shell reads it.

    >>> command_line("solve", "my problem.toml", "--gap=1e-9")
    "mecbopt solve 'my problem.toml' --gap=1e-9"
    """
    return shlex.join(["mecbopt", command, *arguments])


def written(option: str, value: Any) -> list[str]:
    """An option with its value in words that are read back to the last bit; nothing where it is not given.

    >>> written("--px", [Fraction(1, 3), 0.1, 1]), written("--normalize", True), written("--rate", None)
    (['--px', '1/3,0.1,1'], ['--normalize'], [])
    """
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    text = _text(value)
    # A value that begins with a dash would be read as an option of its own.
    return [f"{option}={text}"] if text.startswith("-") and text != "-" else [option, text]


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return path_text(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        nested = bool(value) and isinstance(value[0], Sequence) and not isinstance(value[0], str)
        return (";" if nested else ",").join(map(_text, value))
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    number = float(value)
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return str(value) if isinstance(value, int) else repr(number)


def path_text(path: Path) -> str:
    """A path that no command takes for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") and text != "-" else text


def solver_arguments(options: Mapping[str, Any]) -> list[str]:
    """The options of the solver that differ from their defaults."""
    found: list[str] = []
    for name, value in options.items():
        if value is not None and value != _DEFAULTS.get(name):
            found += written(f"--{name.replace('_', '-')}", value)
    return found
