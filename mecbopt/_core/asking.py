"""Answers to the question that long work in C asks about every 50 ms: whether to stop.

The question is put from the thread that called into C, with the interpreter lock held, so a pending Ctrl-C is
raised inside the answer.  It cannot pass through C: it is kept, C ends what it is at in a valid state, and
`interruptible` raises it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["answer_questions", "interruptible"]


class _Calls(threading.local):
    """The calls into C that are under way in this thread, the innermost last."""

    def __init__(self) -> None:
        self.stops: list[Callable[[], bool] | None] = []
        self.raised: BaseException | None = None


_calls = _Calls()


def interruptible(
    function: Callable[..., int], *arguments: Any, stop: Callable[[], bool] | None = None
) -> int:
    """Call a function of the core that asks; raise what was raised in an answer.

    Parameters
    ----------
    function : callable
    arguments
        Its arguments.
    stop : callable, optional
        The answer; without it only Ctrl-C ends the work.
    """
    _calls.stops.append(stop)
    try:
        result = function(*arguments)
    finally:
        _calls.stops.pop()
        raised, _calls.raised = _calls.raised, None
    if raised is not None:
        raise raised
    return result


def _answer() -> int:
    stop = _calls.stops[-1] if _calls.stops else None
    return int(stop is not None and stop())


def _keep(_kind: object, raised: BaseException, _traceback: object) -> int:
    """What the answer raised, Ctrl-C above all, waits until C has returned."""
    _calls.raised = raised
    return 1


def answer_questions(ffi: Any) -> None:
    """Give the core the function that answers."""
    ffi.def_extern(name="core_ask", error=1, onerror=_keep)(_answer)
