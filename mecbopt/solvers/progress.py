"""What a running search tells its caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Clock", "Progress", "ProgressCallback"]

#: Seconds between two reports: quick enough for the eye, slow enough to cost nothing.
REPORT_INTERVAL_SECONDS = 0.2


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


class Clock:
    """Wall-clock time since the start of a call, its limit, and the rhythm of the reports."""

    def __init__(self, time_limit: float | None, callback: ProgressCallback | None = None) -> None:
        self._start = time.perf_counter()
        self._limit = float("inf") if time_limit is None else time_limit
        self._callback = callback
        self._next_report = 0.0

    @property
    def seconds(self) -> float:
        """Elapsed time."""
        return time.perf_counter() - self._start

    @property
    def remaining(self) -> float:
        """Time left, possibly infinite, never negative."""
        return max(0.0, self._limit - self.seconds)

    @property
    def expired(self) -> bool:
        """Whether the limit is reached."""
        return self.seconds >= self._limit

    def report(self, mutual_information: float, upper_bound: float, nodes: int) -> None:
        """Call back, at most every `REPORT_INTERVAL_SECONDS`."""
        if self._callback is not None and self.seconds >= self._next_report:
            self._next_report = self.seconds + REPORT_INTERVAL_SECONDS
            self._callback(Progress(mutual_information, upper_bound, nodes, self.seconds))
