"""Progress of a long search on standard error: one line that is rewritten, only on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live
from rich.text import Text

from mecbopt.solvers import Progress

__all__ = ["live_progress"]


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
