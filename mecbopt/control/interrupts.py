"""Ctrl-C while a search is prepared or its answer put together waits, so that every call has its answer."""

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

    def __init__(self, *, arrived: bool = False) -> None:
        self.arrived = arrived
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

    def release(self) -> None:
        """Let go; what arrived is a KeyboardInterrupt now, for the one who catches it in what follows."""
        self.end()
        if self.arrived:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Let go, if it was held; a signal that is under way is a KeyboardInterrupt."""
        if self._holding:
            self._holding = False
            signal.signal(signal.SIGINT, signal.default_int_handler)


def held_interrupts(*, arrived: bool = False) -> HeldInterrupts:
    """Note SIGINT in place of raising KeyboardInterrupt; for short, bounded work at both ends of a call.

    The caller reads `arrived` and says in its answer that it was interrupted, or `release`s it into a search
    that does.  It is true from the beginning where Ctrl-C has come already, and the work is done for that.
    Only the main thread takes signals, and only Python's own handler is replaced: others are left alone.
    """
    return HeldInterrupts(arrived=arrived)
