"""Problem files: TOML and JSON in, the same keys as `Problem.to_document` writes.

Numbers may be written as "1/3" (kept exactly) and the rate as "inf".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from mecbopt.errors import MecboptError, Name, ProblemError
from mecbopt.problem.named import named_constraint
from mecbopt.problem.problem import Problem
from mecbopt.problem.text import parse_json, parse_toml, read_text

__all__ = ["FILE_NAMES", "SOLUTION_FORMAT", "load_problem", "problem_from_document"]

#: What the file of a solution calls itself.
SOLUTION_FORMAT = "mecbopt-solution-1"
#: Keys of the file -> arguments of `Problem`.
_KEYS = {
    "p_x": "p_x",
    "p_y": "p_y",
    "rate": "rate",
    "distortion": "distortion",
    "p_y_tolerance": "p_y_tolerance",
    "y_size": "y_size",
    "normalize": "normalize",
    "label": "",
    "x_letters": "x_letters",
    "y_letters": "y_letters",
    "s_letters": "s_letters",
    "smoothing": "smoothing",
    "constraints": "constraints",
}
_LABEL_KEYS = {
    "p_s_given_x": "p_s_given_x",
    "max_entropy": "max_label_entropy",
    "min_entropy": "min_label_entropy",
    "sees_seed": "label_sees_seed",
}
#: How arguments are called in a file.
FILE_NAMES = {
    **{argument: f"label.{key}" for key, argument in _LABEL_KEYS.items()},
    "pass normalize=True": "write normalize = true into the file",
}
_PARSERS = {".toml": parse_toml, ".json": parse_json}


def load_problem(path: str | PathLike[str]) -> Problem:
    """Read a problem from a .toml or .json file; of a solution's file it is the problem that was solved.

    Parameters
    ----------
    path : str or Path
        The file; its suffix decides the format.

    Raises
    ------
    ProblemError
        No such file, another suffix, a syntax error, unknown or missing keys, or invalid values.
    """
    if not isinstance(path, (str, PathLike)):
        raise ProblemError(argument="path", value=path, required="be a path to a .toml or .json file")
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in _PARSERS:
        raise ProblemError(
            argument="path",
            value=place,
            found=f"{place} has the suffix {place.suffix!r}",
            remedy="give a .toml or .json file",
        )
    text = read_text(place, ProblemError)
    try:
        document = _PARSERS[suffix](text, ProblemError)
        if isinstance(document, Mapping) and document.get("format") == SOLUTION_FORMAT:
            document = document.get("problem")
        return problem_from_document(document)
    except MecboptError as error:
        error.rename(FILE_NAMES, source=str(place))
        raise


def problem_from_document(document: Any) -> Problem:
    """A problem from plain data as a TOML or JSON file holds it."""
    if not isinstance(document, Mapping):
        raise ProblemError(
            f"the file holds a {type(document).__name__}", remedy="it must hold a table of keys"
        )
    _refuse_unknown(document, _KEYS, "")
    missing = next((key for key in ("p_x", "p_y") if key not in document), None)
    if missing == "p_x" or (missing == "p_y" and "y_size" not in document):
        raise ProblemError(
            argument=f"key {missing!r}",
            found="is missing",
            remedy="a problem needs p_x and p_y (or y_size, for a law of Y that is free)",
        )
    label = document.get("label", {})
    if not isinstance(label, Mapping):
        raise ProblemError(
            argument="label", value=label, required=f"be a table with the keys {', '.join(_LABEL_KEYS)}"
        )
    _refuse_unknown(label, _LABEL_KEYS, "label.")
    if "label" in document and "p_s_given_x" not in label:
        raise ProblemError(
            argument="key 'label.p_s_given_x'",
            found="is missing",
            remedy="give the label channel, shape (n, s)",
        )
    arguments = {argument: document[key] for key, argument in _KEYS.items() if argument and key in document}
    arguments |= {argument: label[key] for key, argument in _LABEL_KEYS.items() if key in label}
    null = next((name for name, value in arguments.items() if value is None), None)
    if null is not None:
        raise ProblemError(
            argument=null, found="is null", remedy=("give ", Name(null), " a value, or no key")
        )
    if "constraints" in arguments:
        entries = arguments["constraints"]
        if not isinstance(entries, list):
            raise ProblemError(
                argument="constraints", value=entries, required="be a list of tables, each with its kind"
            )
        arguments["constraints"] = [
            named_constraint(entry, f"constraints[{place}]") for place, entry in enumerate(entries)
        ]
    for name in ("x_letters", "y_letters", "s_letters"):
        if name in arguments:
            arguments[name] = _letters(name, arguments[name])
    return Problem(**arguments)


def _refuse_unknown(table: Mapping[str, Any], known: Mapping[str, str], prefix: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ProblemError(
            argument=f"key '{prefix}{unknown[0]}'",
            found="is unknown",
            remedy=f"the keys are {', '.join(known)}",
        )


def _letters(key: str, letters: Any) -> tuple[Any, ...]:
    """Names as `documents` writes them: texts, numbers, and lists for tuples."""
    if not isinstance(letters, list):
        raise ProblemError(argument=key, value=letters, remedy="give a list of letters")
    named = tuple(tuple(letter) if isinstance(letter, list) else letter for letter in letters)
    for position, letter in enumerate(named):
        for part in letter if isinstance(letter, tuple) else (letter,):
            plain = isinstance(part, (str, int)) or (isinstance(part, float) and math.isfinite(part))
            if not plain:
                raise ProblemError(
                    argument=f"{key}[{position}]", value=letter, required="be a text or a finite number"
                )
    return named
