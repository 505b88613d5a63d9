"""What constraints with a name share: documents for files, binding to a problem, checks of their numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mecbopt._validate import refuse_masked, without_tensors
from mecbopt.errors import ProblemError

__all__ = ["NamedConstraint", "check_limits", "numbers", "position", "within"]

FloatArray = NDArray[np.float64]


class NamedConstraint(ABC):
    """What all named constraints share."""

    kind: ClassVar[str]

    @abstractmethod
    def __call__(self, coupling: Any) -> list[Any]:
        """The cvxpy constraints on the coupling."""

    def bound_to(self, p_x: FloatArray, p_s_given_x: FloatArray | None) -> Self:
        """The constraint of a problem with this law of X and this label; most need to know neither."""
        return self

    def to_document(self) -> dict[str, Any]:
        """The entry of a problem file."""
        stated = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        fields = {name: _plain(value) for name, value in stated.items() if value is not None}
        return {"kind": self.kind, **fields}


def position(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ValueError("no position")
    return int(value)


def numbers(name: str, values: Any, dimensions: int) -> tuple[Any, ...]:
    """An array of finite floats as nested tuples, which compare and do not change."""
    refuse_masked(f"constraints.{name}", values)
    try:
        array = np.array(without_tensors(values), dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != dimensions or array.size == 0 or not np.isfinite(array).all():
        shape = "a matrix, one row for each letter of X" if dimensions == 2 else "a list, one for each letter"
        raise ProblemError(
            argument=f"constraints.{name}", value=values, required=f"be finite numbers in {shape}"
        )
    return tuple(tuple(row) for row in array.tolist()) if dimensions == 2 else tuple(array.tolist())


def check_limits(at_most: Any, at_least: Any) -> None:
    for name, value in (("at_most", at_most), ("at_least", at_least)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if value is not None and not number:
            raise ProblemError(argument=f"constraints.{name}", value=value, required="be a finite number")
    if at_most is None and at_least is None:
        raise ProblemError(
            argument="constraints.at_most",
            found="and constraints.at_least are both missing",
            remedy="give one of them",
        )


def within(coupling: Any, costs: Any, at_most: float | None, at_least: float | None, name: str) -> list[Any]:
    if costs.shape != tuple(coupling.shape):
        raise ProblemError(
            argument=f"constraints.{name}",
            value=costs.shape,
            found=f"has the shape {costs.shape}",
            required=f"have one entry for each cell of the coupling, {tuple(coupling.shape)}",
        )
    total = coupling.flatten(order="C") @ costs.ravel()
    return [
        *([] if at_most is None else [total <= at_most]),
        *([] if at_least is None else [total >= at_least]),
    ]


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
