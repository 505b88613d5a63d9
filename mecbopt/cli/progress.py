"""Progress of a long search on standard error: one line that is rewritten, only on a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from mecbopt.control import Progress

__all__ = ["PointCounter", "counted", "live_progress"]

#: Seconds between two lines of a count.
_PAUSE = 0.2
_Block = TypeVar("_Block")


@contextlib.contextmanager
def live_progress(prefix: Callable[[], str] = lambda: "") -> Iterator[Callable[[Progress], None] | None]:
    """Yield a callback for `solve`, or None where nobody looks: standard error is no terminal.

    Parameters
    ----------
    prefix : callable
        Text before the figures, asked for at every report.
    """
    if not sys.stderr.isatty():
        yield None
        return
    console = Console(stderr=True)
    # No refresh thread: the line changes when the solver reports, and an interrupt meets nothing half drawn.
    with Live(Text("searching"), console=console, auto_refresh=False, transient=True) as live:
        yield lambda report: live.update(Text(f"{prefix()}{_line(report)}"), refresh=True)


def _line(report: Progress) -> str:
    """Incumbent, bound, gap, nodes and time."""
    return (
        f"I(X;Y) {report.mutual_information:.6f}  bound {report.upper_bound:.6f}  gap {report.gap:.2e}  "
        f"nodes {report.nodes}  {report.seconds:.1f} s"
    )


def counted(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """The blocks of a stream, their symbols counted on standard error where that is a terminal.

    A block is an array, or a list of arrays of one length.
    """
    if not sys.stderr.isatty():
        yield from blocks
        return
    console, symbols, told = Console(stderr=True), 0, 0.0
    with Live(Text(""), console=console, auto_refresh=False, transient=True) as live:
        for block in blocks:
            yield block
            symbols += len(block[0]) if isinstance(block, list) else len(cast("Any", block))
            if time.monotonic() - told >= _PAUSE:
                told = time.monotonic()
                live.update(Text(f"{symbols} symbols"), refresh=True)


class PointCounter:
    """Says which point of a curve is being solved, from the reports alone.

    Within a point time only grows and the bound only falls; where either breaks, the next point has begun.
    """

    def __init__(self, points: int) -> None:
        self._points = points
        self._point = 1
        self._last: Progress | None = None

    def prefix(self) -> str:
        """Text before the figures."""
        return f"point {min(self._point, self._points)}/{self._points}  "

    def watching(self, callback: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """The callback, told of every report after this counter."""

        def watch(report: Progress) -> None:
            last = self._last
            if last is not None:
                restarted = report.seconds < last.seconds
                self._point += restarted or report.upper_bound > last.upper_bound + 1e-9
            self._last = report
            callback(report)

        return watch
