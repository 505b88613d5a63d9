"""Ctrl-C while an answer is put together: it waits until the answer stands, so that nothing found is lost."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__ = ["HeldInterrupts", "held_interrupts"]


class HeldInterrupts:
    """Whether SIGINT arrived meanwhile.

    Attributes
    ----------
    arrived : bool
        So far; what comes after the end is a KeyboardInterrupt again.
    """

    def __init__(self) -> None:
        self.arrived = False
        self._holding = False

    def begin(self) -> None:
        """Hold from here on.

        As the last statement of a block whose KeyboardInterrupt is caught it leaves no moment between.
        """
        if (
            not self._holding
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) == signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._note)
            self._holding = True

    def _note(self, _number: int, _frame: Any) -> None:
        self.arrived = True

    def __enter__(self) -> HeldInterrupts:
        """Hold at once."""
        self.begin()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.end()
        if kind is not None and self.arrived:
            raise KeyboardInterrupt  # there is no answer to say it

    def end(self) -> None:
        """Let go, if it was held; a signal that is under way is a KeyboardInterrupt."""
        if self._holding:
            self._holding = False
            signal.signal(signal.SIGINT, signal.default_int_handler)


def held_interrupts() -> HeldInterrupts:
    """Note SIGINT in place of raising KeyboardInterrupt; for short, bounded work at the end of a call.

    The caller reads `arrived` and says in its answer that it was interrupted.  Only the main thread takes
    signals, and only Python's own handler is replaced: others are left alone.
    """
    return HeldInterrupts()
