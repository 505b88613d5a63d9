"""Ctrl-C inside the greedy coupling comes out as what it is."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest

from mecbopt.mec.greedy import greedy_support


def test_an_interruption_at_any_line_stays_a_keyboard_interrupt() -> None:
    laws = [np.array([0.5, 0.25, 0.25]), np.array([0.5, 0.5])]
    wait, finished = 0, False
    while not finished:
        left = wait

        def interrupt(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal left
            if event == "line":
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt
            return interrupt

        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            greedy_support(laws)
            finished = True
        except KeyboardInterrupt:
            wait += 1
        except TypeError as error:
            pytest.fail(f"the interruption at line event {wait} became {error!r}")
        finally:
            sys.settrace(before)
    assert wait > 30
