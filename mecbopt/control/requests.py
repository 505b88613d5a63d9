"""The gap that a caller asks for."""

from __future__ import annotations

from typing import Any

from mecbopt import _validate
from mecbopt.errors import ProblemError
from mecbopt.tolerances import GAP_FLOOR

__all__ = ["valid_gap"]


def valid_gap(gap: Any) -> float:
    """A gap in bits as a float.

    Raises
    ------
    ProblemError
        It is no number, or less than what double precision proves.
    """
    bits = _validate.positive_number("gap", gap, "bits")
    if bits < GAP_FLOOR:
        raise ProblemError(
            argument="gap",
            value=gap,
            required=f"be at least {GAP_FLOOR:g} bits",
            remedy="below that double precision proves nothing",
        )
    return bits
