"""Text files of plain data, read within bounds: whatever they hold, the errors are ours.

Only regular files are opened (a pipe or a device could block for ever), of at most 256 MiB; numbers that no
float holds, keys that stand twice and nesting beyond the parser are refused.
"""

from __future__ import annotations

import json
import math
import stat
import tomllib
from os import stat_result
from pathlib import Path
from typing import Any

from mecbopt.errors import MecboptError
from mecbopt.problem.whole_files import written_whole

__all__ = ["MAX_BYTES", "parse_json", "parse_toml", "read_text", "require_regular_file", "write_text"]

#: Larger files are refused unread.
MAX_BYTES = 256 << 20
#: Python's own limit for the conversion of integers is 4,300 digits.
_MAX_DIGITS = 1200


def read_text(path: Path, kind: type[MecboptError]) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    kind : class
        The error to raise.
    """
    try:
        state = require_regular_file(path, kind)
        if state.st_size > MAX_BYTES:
            raise kind(
                argument="path",
                value=path,
                found=f"{path} has {state.st_size} bytes",
                required=f"have at most {MAX_BYTES}",
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise kind(
            argument="path", value=path, found=f"{path} cannot be read: {error.strerror or error}"
        ) from error
    except ValueError as error:  # bytes that are not UTF-8, or a zero byte in the name
        if isinstance(error, MecboptError):
            raise
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise kind(argument="path", value=path, found=f"{path!s} cannot be read: {reason}") from error


def require_regular_file(path: Path, kind: type[MecboptError], argument: str = "path") -> stat_result:
    """The state of a file that can be read without waiting; a folder, a pipe or a device is refused.

    Raises
    ------
    OSError
        There is no such file.
    """
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        what = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe or a device"
        raise kind(argument=argument, value=path, found=f"{path} is {what}", remedy="give a regular file")
    return state


def write_text(path: Path, text: str, kind: type[MecboptError]) -> None:
    """Write a text as UTF-8; what was there before stays until it is whole."""
    try:
        with written_whole(path) as file:
            file.write(text.encode())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise kind(argument="path", value=path, found=f"{path!s} cannot be written: {reason}") from error


def parse_toml(text: str, kind: type[MecboptError]) -> Any:
    """Plain data from TOML."""
    try:
        return tomllib.loads(text, parse_float=lambda digits: _float(digits, kind))
    except (ValueError, RecursionError) as error:
        if isinstance(error, MecboptError):
            raise
        raise kind(f"the file is not valid TOML: {_reason(error)}.") from error


def parse_json(text: str, kind: type[MecboptError]) -> Any:
    """Plain data from JSON; a key that stands twice is refused."""

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise kind(argument=f"key {twice!r}", found="stands twice", remedy="keep one of them")
        return result

    try:
        return json.loads(
            text,
            object_pairs_hook=table,
            parse_float=lambda digits: _float(digits, kind),
            parse_int=lambda digits: _integer(digits, kind),
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, MecboptError):
            raise
        raise kind(f"the file is not valid JSON: {_reason(error)}.") from error


def _float(digits: str, kind: type[MecboptError]) -> float:
    """A float; one that overflows is refused, where the text does not say infinity."""
    value = float(digits)
    if math.isinf(value) and "inf" not in digits.lower():
        raise kind(argument="number", value=digits, found=f"{digits[:40]} is beyond the floats")
    return value


def _integer(digits: str, kind: type[MecboptError]) -> int:
    if len(digits) > _MAX_DIGITS:
        raise kind(
            argument="number",
            found=f"{digits[:20]}... has {len(digits)} digits",
            required=f"have at most {_MAX_DIGITS}",
        )
    return int(digits)


def _reason(error: Exception) -> str:
    """What the parser said, in words."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error) if len(str(error)) < 200 else f"{str(error)[:197]}..."
