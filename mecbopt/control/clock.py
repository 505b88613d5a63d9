"""The time of one call: what is left of its limit, and the rhythm of its reports."""

from __future__ import annotations

import time

from mecbopt.control.progress import Progress, ProgressCallback

__all__ = ["Clock", "Expired"]

#: Seconds between two reports: quick enough for the eye, slow enough to cost nothing.
REPORT_INTERVAL_SECONDS = 0.2


class Expired(Exception):
    """The time limit was reached inside a step; as after Ctrl-C, what the last whole step left is valid."""


class Clock:
    """Wall-clock time since the start of a call, its limit, and the rhythm of the reports.

    Parameters
    ----------
    time_limit : float or None
        Seconds.
    callback : callable, optional
        Receives a `Progress`.
    """

    def __init__(self, time_limit: float | None = None, callback: ProgressCallback | None = None) -> None:
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

    def check(self) -> None:
        """Raise `Expired` once the limit is reached: the way out of the middle of a long step."""
        if self.expired:
            raise Expired

    def report(self, mutual_information: float, upper_bound: float, nodes: int) -> None:
        """Call back, at most every `REPORT_INTERVAL_SECONDS`."""
        if self._callback is not None and self.seconds >= self._next_report:
            self._next_report = self.seconds + REPORT_INTERVAL_SECONDS
            self._callback(Progress(mutual_information, upper_bound, nodes, self.seconds))
