"""Whatever holds several numbers, as one list of entries with their letters and the precision of their type.

Arrays of torch, pandas and dit are recognised without importing those packages: where such an object exists,
its package is loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from typing import Any

import numpy as np

from mecbopt._validate.arrays import refuse_masked
from mecbopt.errors import ProblemError

__all__ = ["Entries", "entries", "is_container", "precision", "rows"]

#: Relative precision of float64, which Python's floats are.
DOUBLE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Entries:
    """Numbers, or rows of numbers, in their order.

    Attributes
    ----------
    values : list, or ndarray of float64
        An array where all are floats.
    precision : float
        Relative precision of the least precise type among them; 0 where all are exact.
    letters, columns : tuple or None
        Names of the entries (or rows), and of the columns, where the container has any.
    """

    values: Any
    precision: float
    letters: tuple[Hashable, ...] | None = None
    columns: tuple[Hashable, ...] | None = None


def is_container(value: Any) -> bool:
    """Whether a value may hold several numbers."""
    if isinstance(value, (str, bytes)) or getattr(value, "shape", None) == ():
        return False
    return (
        isinstance(value, (Sequence, Mapping, ValuesView, np.ndarray))
        or hasattr(value, "__array__")
        or _is_distribution(value)
    )


def entries(name: str, values: Any, required: str) -> Entries:
    """The entries of a one-dimensional container.

    Raises
    ------
    ProblemError
        No container, a container of another shape, empty, or with masked entries.
    """
    found, precise = _plain(name, values, required)
    letters = _letters(values)
    if isinstance(found, np.ndarray) and found.ndim != 1:
        raise ProblemError(argument=name, value=values, found=f"has shape {found.shape}", required=required)
    if len(found) == 0:
        raise ProblemError(argument=name, value=values, found="is empty", required=required)
    if isinstance(found, np.ndarray):
        if found.dtype.kind == "f":
            return Entries(found.astype(np.float64), precise, letters)
        found = found.tolist()
    if set(map(type, found)) == {float}:
        return Entries(np.array(found, dtype=np.float64), max(precise, DOUBLE), letters)
    for position, entry in enumerate(found):
        if is_container(entry):
            raise ProblemError(
                argument=name,
                value=values,
                found=f"holds a {type(entry).__name__} at [{position}]",
                required=required,
            )
        if isinstance(entry, float) or hasattr(entry, "dtype"):
            precise = max(precise, precision(getattr(entry, "dtype", np.float64)))
    return Entries(found, precise, letters)


def rows(name: str, values: Any, required: str) -> Entries:
    """The rows of a matrix, each a container of its own, with the letters of rows and columns."""
    found, precise = _plain(name, values, required)
    if isinstance(found, np.ndarray) and found.ndim != 2:
        raise ProblemError(argument=name, value=values, found=f"has shape {found.shape}", required=required)
    columns = _index(values.columns) if _package(values) == "pandas" and hasattr(values, "columns") else None
    return Entries(list(found), precise, _letters(values), columns)


def _plain(name: str, values: Any, required: str) -> tuple[Any, float]:
    """A list or a numpy array of the same entries, and the precision of their type where they share one."""
    if not is_container(values):
        raise ProblemError(argument=name, value=values, required=required)
    if _is_distribution(values):
        return _probabilities(name, values), DOUBLE
    if isinstance(values, (Mapping, ValuesView)):
        return list(values.values() if isinstance(values, Mapping) else values), 0.0
    if isinstance(values, Sequence) and not hasattr(values, "__array__"):
        return list(values), 0.0
    if _package(values) == "torch" and hasattr(values, "detach"):
        return _from_torch(name, values, required)
    array = values.to_numpy() if hasattr(values, "to_numpy") else values
    refuse_masked(name, array)
    try:
        array = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _no_array(name, values, required, error) from error
    return array, precision(array.dtype)


def _from_torch(name: str, values: Any, required: str) -> tuple[Any, float]:
    """A tensor as an array of doubles or integers.

    numpy has no bfloat16; a double holds every value of torch's floating types.
    """
    try:
        detached = values.detach().cpu()
        array = (detached.double() if detached.is_floating_point() else detached).numpy()
    except (TypeError, ValueError, RuntimeError) as error:
        raise _no_array(name, values, required, error) from error
    return array, precision(values.dtype)


def _no_array(name: str, values: Any, required: str, error: Exception) -> ProblemError:
    """The error for an object that promises to be an array (a sparse tensor, say) and is not."""
    return ProblemError(
        argument=name,
        value=values,
        found=f"is a {type(values).__name__} that is no array ({error})",
        required=required,
        remedy="give a list of numbers",
    )


def precision(dtype: Any) -> float:
    """The relative precision of a type of floats; 0 for one that is exact.

    `dtype` is numpy's or torch's.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(dtype, torch.dtype):
        return float(torch.finfo(dtype).eps) if dtype.is_floating_point else 0.0
    kind = np.dtype(dtype)
    # A long double is rounded to a double here, so it is no more precise than that.
    return max(float(np.finfo(kind).eps), DOUBLE) if kind.kind == "f" else 0.0


def _package(value: Any) -> str:
    """The package that a value's class comes from."""
    return type(value).__module__.partition(".")[0]


def _is_distribution(value: Any) -> bool:
    """Whether a value is a distribution of the package dit."""
    return hasattr(value, "outcomes") and hasattr(value, "pmf") and not isinstance(value, Mapping)


def _letters(values: Any) -> tuple[Hashable, ...] | None:
    """The names of the entries: keys, an index that is more than a count, outcomes."""
    if isinstance(values, Mapping):
        return tuple(values)
    if _is_distribution(values):
        return tuple(
            outcome[0] if isinstance(outcome, tuple) and len(outcome) == 1 else outcome
            for outcome in values.outcomes
        )
    if _package(values) == "pandas" and hasattr(values, "index"):
        return _index(values.index)
    return None


def _index(index: Any) -> tuple[Hashable, ...] | None:
    """The labels of an index of pandas; None where they only count from 0."""
    labels = tuple(index.tolist())
    return None if labels == tuple(range(len(labels))) else labels


def _probabilities(name: str, values: Any) -> Any:
    """The linear probabilities of a distribution of one variable."""
    if hasattr(values, "outcome_length") and values.outcome_length() != 1:
        raise ProblemError(
            argument=name,
            value=values,
            found=f"is a distribution of {values.outcome_length()} variables",
            required="have one variable",
            remedy="take a marginal of it",
        )
    if hasattr(values, "is_log") and values.is_log():
        values = values.copy(base="linear")
    return np.asarray(values.pmf)
