"""Solutions as JSON: what is written is read back to the last bit, and what was tampered with is refused.

The figures that follow from the mixture are written for whoever reads the file, and recomputed from it.
"""

from __future__ import annotations

import json
import math
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mecbopt import _validate
from mecbopt.errors import MecboptError, SolutionError
from mecbopt.problem.files import FILE_NAMES, SOLUTION_FORMAT, problem_from_document
from mecbopt.problem.mixture import Mixture
from mecbopt.problem.status import Status, StopReason
from mecbopt.problem.text import parse_json, read_text

if TYPE_CHECKING:
    from mecbopt.problem.solution import Solution

__all__ = ["FIGURES", "read_fields", "solution_document", "to_text"]

#: Fields that hold one number, or none.
FIGURES = (
    "upper_bound",
    "gap_tolerance",
    "smallest_label_entropy",
    "smallest_rate",
    "distortion_lower_bound",
    "relative_gap_tolerance",
    "smallest_label_entropy_bound",
)
#: Fields that files written before they existed do not have.
_LATER = {
    "distortion_lower_bound": None,
    "relative_gap_tolerance": 0.0,
    "smallest_label_entropy_bound": None,
}
_OPTIONAL = (
    "smallest_label_entropy",
    "smallest_rate",
    "smallest_label_entropy_bound",
    "distortion_lower_bound",
)
_Member = TypeVar("_Member", Status, StopReason)


def solution_document(solution: Solution) -> dict[str, Any]:
    """The solution as plain data."""
    mixture = None
    if solution.mixture is not None:
        mixture = {
            "mappings": solution.mixture.mappings.tolist(),
            "weights": solution.mixture.weights.tolist(),
        }
    return {
        "format": SOLUTION_FORMAT,
        "units": "bits",
        "problem": solution.problem.to_document(),
        "status": solution.status.value,
        "stop_reason": solution.stop_reason.value,
        "mutual_information": _plain(solution.mutual_information),
        "expected_distortion": _plain(solution.expected_distortion),
        "gap": _plain(solution.gap),
        "rate": _plain(solution.rate),
        "log_loss": _plain(solution.log_loss),
        "label_entropy_with_seed": _plain(solution.label_entropy_with_seed),
        "label_entropy_without_seed": _plain(solution.label_entropy_without_seed),
        **{name: _plain(getattr(solution, name)) for name in FIGURES},
        "mixture": mixture,
        "coupling": None if solution.coupling is None else solution.coupling.tolist(),
        "method": solution.method,
        "engine": solution.engine,
        "nodes": solution.nodes,
        "seconds": solution.seconds,
    }


def to_text(solution: Solution) -> str:
    """The document as JSON, a line for each key and each row of a table.

    With an indentation `json.dumps` puts every number on a line, and works in Python: .4 s for 100 x 1000.
    """
    fields = (f" {_encoded(key)}: {_on_lines(value)}" for key, value in solution_document(solution).items())
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _on_lines(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"\n  {_encoded(key)}: {_on_lines(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[" + ",".join(f"\n   {_encoded(row)}" for row in value) + "]"
    return _encoded(value)


def _encoded(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _plain(value: float | None) -> float | str | None:
    """A figure as JSON can hold it: null for none, "inf" and "-inf"."""
    if value is None or math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else str(float(value))


def read_fields(path_or_text: str | PathLike[str]) -> dict[str, Any]:
    """The fields of a `Solution`, every one validated.

    Raises
    ------
    SolutionError
        It cannot be read, is no solution, or a key is missing or malformed.
    ProblemError
        The problem in it is invalid.
    """
    if not isinstance(path_or_text, (str, PathLike)):
        raise SolutionError(argument="path_or_text", value=path_or_text, required="be a path or a JSON text")
    if isinstance(path_or_text, str) and path_or_text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _fields(parse_json(path_or_text.removeprefix("\ufeff"), SolutionError))
    path = Path(path_or_text)
    text = read_text(path, SolutionError)
    try:
        return _fields(parse_json(text, SolutionError))
    except MecboptError as error:
        error.rename({}, source=str(path))
        raise


def _fields(document: Any) -> dict[str, Any]:
    """From plain data to the arguments of `Solution`."""
    if not isinstance(document, dict) or document.get("format") != SOLUTION_FORMAT:
        raise SolutionError("it is no solution", remedy=f"its key 'format' must be '{SOLUTION_FORMAT}'")
    document = {**_LATER, **document}
    names = ("problem", "status", "stop_reason", "mixture", *FIGURES, "method", "engine", "nodes", "seconds")
    missing = [name for name in names if name not in document]
    if missing:
        raise SolutionError(argument=f"key {missing[0]!r}", found="is missing")
    try:
        problem = problem_from_document(document["problem"])
    except MecboptError as error:
        error.rename(FILE_NAMES)
        raise
    fields: dict[str, Any] = {
        "problem": problem,
        "status": _member(Status, "status", document["status"]),
        "stop_reason": _member(StopReason, "stop_reason", document["stop_reason"]),
        "mixture": _mixture(document["mixture"], problem.shape),
        **{name: _figure(name, document[name]) for name in FIGURES},
        "seconds": _figure("seconds", document["seconds"]),
    }
    for name in ("method", "engine"):
        if not isinstance(document[name], str):
            raise SolutionError(argument=name, value=document[name], required="be a text")
        fields[name] = document[name]
    try:
        fields["nodes"] = _validate.positive_integer("nodes", document["nodes"], minimum=0)
    except MecboptError as error:
        raise SolutionError(argument="nodes", value=error.value, required=error.required) from error
    return fields


def _member(kind: type[_Member], name: str, value: Any) -> _Member:
    """The member of an enum by its value."""
    for member in kind:
        if member.value == value:
            return member
    known = ", ".join(repr(member.value) for member in kind)
    raise SolutionError(argument=name, value=value, required=f"be one of {known}")


def _figure_words(name: str) -> str:
    return "be a finite number" if name == "seconds" else 'be a finite number, "inf" or "-inf"'


def _figure(name: str, value: Any) -> float | None:
    """A number, "inf", "-inf", or null where there is none."""
    if value is None:
        if name in _OPTIONAL:
            return None
        if name == "upper_bound":
            return math.nan
    elif value in ("inf", "-inf") and name != "seconds":
        return float(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.nan
        if math.isfinite(number):
            return number
    raise SolutionError(argument=name, value=value, required=_figure_words(name))


def _mixture(value: Any, shape: tuple[int, int]) -> Mixture | None:
    """The mixture, refused where it does not fit the alphabets: nothing is allocated for its letters."""
    if value is None:
        return None
    if not isinstance(value, dict) or not {"mappings", "weights"} <= set(value):
        raise SolutionError(
            argument="mixture", value=value, required="have the keys 'mappings' and 'weights'"
        )
    rows = value["mappings"]
    if isinstance(rows, list) and any(
        isinstance(x, bool) for row in rows if isinstance(row, list) for x in row
    ):
        raise SolutionError(argument="mappings", value=rows, required="hold integers, not true or false")
    mixture = Mixture(rows, value["weights"])
    if mixture.mappings.shape[1] != shape[0] or mixture.mappings.max() >= shape[1]:
        raise SolutionError(
            argument="mixture",
            value=mixture,
            found=f"has mappings of shape {mixture.mappings.shape}, largest letter {mixture.mappings.max()}",
            required=f"fit the problem, which has n, m = {shape}",
        )
    return mixture
