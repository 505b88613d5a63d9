"""Ctrl-C while an answer is put together: it waits until the answer stands, so that nothing found is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["HeldInterrupts", "held_interrupts"]


@dataclass
class HeldInterrupts:
    """Whether SIGINT arrived meanwhile."""

    arrived: bool = False

    def _note(self, _number: int, _frame: Any) -> None:
        self.arrived = True


@contextmanager
def held_interrupts() -> Iterator[HeldInterrupts]:
    """Note SIGINT in place of raising KeyboardInterrupt; for short, bounded work at the end of a call.

    The caller reads `arrived` and says in its answer that it was interrupted.  Only the main thread takes
    signals, and only Python's own handler is replaced: others are left alone.
    """
    held = HeldInterrupts()
    default = signal.default_int_handler
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) != default
    ):
        yield held
        return
    signal.signal(signal.SIGINT, held._note)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, default)
