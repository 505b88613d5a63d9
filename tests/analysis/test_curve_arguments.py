"""What are no rates of a curve is refused with the argument named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import mecbopt as mb

_HUGE = [pytest.param(10**400, id="10^400"), pytest.param(10**5000, id="10^5000")]


@pytest.mark.parametrize("rates", [0.5, Decimal("0.5"), len, None, np.array(0.5), [], *_HUGE])
def test_what_holds_no_rates_is_refused(rates: Any) -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), rates)
    assert caught.value.argument == "rates"


@pytest.mark.parametrize("rates", [[0.5, 0.5], [0.0, float("nan")], [0.0, None], [0.0, -1.0]])
def test_a_rate_out_of_place_is_named(rates: Any) -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), rates)
    assert caught.value.argument == "rates[1]"


def test_what_is_no_problem_is_named() -> None:
    with pytest.raises(mb.ProblemError) as caught:
        mb.rate_curve(None, [0.5])  # type: ignore[arg-type]
    assert caught.value.argument == "problem"
