"""Ctrl-C while processes work: what is done is kept, the rest is answered quickly."""

from __future__ import annotations

import os
import signal
import time

import pytest

from mecbopt.analysis.many import map_in_order


def ten_times(item: int) -> int:
    """The work; the second item interrupts the process that handed it out, as Ctrl-C does."""
    if item == 1:
        os.kill(os.getppid(), signal.SIGINT)
    time.sleep(0.5 if item else 0.0)
    return 10 * item


def quickly(item: int) -> int:
    """What an item gets that nobody worked on."""
    return -item


def test_done_items_are_kept_and_the_others_answered_quickly() -> None:
    results = map_in_order(ten_times, range(8), 2, quickly)
    assert results[:2] == [0, 10]
    assert all(result in (10 * item, -item) for item, result in enumerate(results))
    # At most one item a worker was under way; at least these were not begun.
    assert results[4:] == [-4, -5, -6, -7]


def test_without_a_quick_answer_the_interruption_passes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        map_in_order(ten_times, range(8), 2)
