"""Ctrl-C at the end of a call waits until the answer stands."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest

import mecbopt as mb
from mecbopt import solving
from mecbopt.control import held_interrupts
from mecbopt.engines import draft


def test_an_interrupt_is_noted_and_the_handler_comes_back() -> None:
    with held_interrupts() as held:
        assert not held.arrived
        signal.raise_signal(signal.SIGINT)
        assert held.arrived
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_holding_may_begin_before_its_block() -> None:
    """The last statement of what Ctrl-C may end, so that none comes between that and the block."""
    held = held_interrupts()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    held.begin()
    signal.raise_signal(signal.SIGINT)
    with held:
        assert held.arrived
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_leaves_other_threads_and_handlers_alone() -> None:
    def hold() -> None:
        with held_interrupts():
            pass

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_interrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_at_the_very_end_keeps_what_was_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt came out of `solve` where it struck the sums of the finished solution."""
    value = draft.mutual_information

    def interrupted(coupling: np.ndarray) -> float:
        signal.raise_signal(signal.SIGINT)
        return float(value(coupling))

    monkeypatch.setattr(draft, "mutual_information", interrupted)
    solution = mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5))
    assert solution.status is mb.Status.OPTIMAL
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    solution.check()


@pytest.mark.parametrize("engine", ["local", "compiled", "greedy"])
@pytest.mark.parametrize("place", ["examine", "_better_start", "_first_bound", "run_search"])
def test_without_a_label_there_is_always_a_coupling(
    engine: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An early Ctrl-C gave UNKNOWN, or came out as KeyboardInterrupt."""

    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(solving, place, interrupted)
    problem = mb.Problem(
        [0.0, 0.4441905019191723, 0.5558094980808277, 0.0, 0.0], [0.55, 0.1, 0.0025, 0.3475], 0.9
    )
    solution = mb.solve(problem, engine=engine)
    assert solution.status is mb.Status.FEASIBLE
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    solution.check()
    assert place != "examine" or solution.mutual_information > 0.1
