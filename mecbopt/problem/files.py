"""Problem files: TOML and JSON in, the same keys as `Problem.to_document` writes.

Numbers may be written as "1/3" (kept exactly) and the rate as "inf".
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from mecbopt.errors import ProblemError
from mecbopt.problem.problem import Problem

__all__ = ["load_problem", "problem_from_document"]

_KEYS = ("p_x", "p_y", "rate", "normalize", "label", "x_letters", "y_letters", "s_letters", "smoothing")
_LABEL_KEYS = ("p_s_given_x", "max_entropy", "sees_seed")
_FRACTION = re.compile(r"\s*[+-]?\d+\s*/\s*\d+\s*")


def load_problem(path: str | Path) -> Problem:
    """Read a problem from a .toml or .json file.

    Parameters
    ----------
    path : str or Path
        The file; its suffix decides the format.

    Raises
    ------
    ProblemError
        No such file, another suffix, a syntax error, unknown or missing keys, or invalid values.
    """
    path = Path(path)
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix.lower() not in readers:
        raise ProblemError(f"path {path} has the suffix {path.suffix!r}: give a .toml or .json file.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ProblemError(f"path {path} cannot be read: {reason}.") from error
    try:
        document = readers[path.suffix.lower()](text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        kind = path.suffix.lower().lstrip(".").upper()
        raise ProblemError(f"path {path} is not valid {kind}: {error}.") from error
    try:
        return problem_from_document(document)
    except ProblemError as error:
        raise type(error)(f"{path}: {error}") from error


def problem_from_document(document: Any) -> Problem:
    """A problem from plain data as a TOML or JSON file holds it."""
    if not isinstance(document, Mapping):
        raise ProblemError(f"the file holds a {type(document).__name__}: it must hold a table of keys.")
    _refuse_unknown(document, _KEYS, "")
    missing = [key for key in ("p_x", "p_y") if key not in document]
    if missing:
        raise ProblemError(f"key {missing[0]!r} is missing: a problem needs p_x and p_y.")
    label = document.get("label", {})
    if not isinstance(label, Mapping):
        raise ProblemError(f"label is {label!r}: it must be a table with the keys {', '.join(_LABEL_KEYS)}.")
    _refuse_unknown(label, _LABEL_KEYS, "label.")
    if "label" in document and "p_s_given_x" not in label:
        raise ProblemError("key 'label.p_s_given_x' is missing: give the label channel, shape (n, s).")
    normalize = document.get("normalize", False)
    if not isinstance(normalize, bool):
        raise ProblemError(f"normalize is {normalize!r}: give true or false.")
    limit = label.get("max_entropy")
    return Problem(
        p_x=_numbers("p_x", document["p_x"]),
        p_y=_numbers("p_y", document["p_y"]),
        rate=_number("rate", document.get("rate", math.inf)),
        p_s_given_x=None if "p_s_given_x" not in label else _numbers("p_s_given_x", label["p_s_given_x"]),
        max_label_entropy=None if limit is None else _number("label.max_entropy", limit),
        label_sees_seed=label.get("sees_seed", True),
        normalize=normalize,
        x_letters=_letters(document, "x_letters"),
        y_letters=_letters(document, "y_letters"),
        s_letters=_letters(document, "s_letters"),
        smoothing=document.get("smoothing"),
    )


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ProblemError(f"key '{prefix}{unknown[0]}' is unknown: the keys are {', '.join(known)}.")


def _letters(document: Mapping[str, Any], key: str) -> tuple[Any, ...] | None:
    letters = document.get(key)
    if letters is None:
        return None
    if not isinstance(letters, list):
        raise ProblemError(f"{key} is {letters!r}: give a list of letters.")
    return tuple(letters)


def _numbers(name: str, value: Any) -> Any:
    """A list, or a list of lists, with its fractions and infinities read."""
    if isinstance(value, list):
        return [_numbers(f"{name}[{index}]", entry) for index, entry in enumerate(value)]
    return _number(name, value)


def _number(name: str, value: Any) -> Any:
    """A number, or the texts "a/b" and "inf"; anything else is left for the validation to refuse."""
    if not isinstance(value, str):
        return value
    if value.strip() in ("inf", "+inf"):
        return math.inf
    if _FRACTION.fullmatch(value):
        try:
            return Fraction(value.replace(" ", ""))
        except ZeroDivisionError:
            pass
    raise ProblemError(f'{name} is "{value}": give a number, a fraction "a/b" or "inf".')
