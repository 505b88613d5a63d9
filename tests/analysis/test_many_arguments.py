"""What is no collection of problems is refused with the argument named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mecbopt as mb


@pytest.mark.parametrize(
    "problems", [None, float("nan"), np.float32(0.1), np.array(0.5), pytest.param(10**5000, id="huge")]
)
def test_what_cannot_be_iterated_is_refused(problems: Any) -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.solve_many(problems)
    assert caught.value.argument == "problems"
    assert "it must be a list" in str(caught.value)


def test_an_entry_that_is_no_problem_is_named() -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.solve_many([mb.Problem([0.5, 0.5], [0.5, 0.5]), None])  # type: ignore[list-item]
    assert caught.value.argument == "problems[1]"
