"""What a running search tells its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Progress", "ProgressCallback"]


@dataclass(frozen=True)
class Progress:
    """A snapshot of a search: bounds in bits, nodes processed, wall-clock seconds."""

    mutual_information: float
    upper_bound: float
    nodes: int
    seconds: float

    @property
    def gap(self) -> float:
        """`upper_bound - mutual_information`, bits."""
        return self.upper_bound - self.mutual_information


ProgressCallback = Callable[[Progress], None]
