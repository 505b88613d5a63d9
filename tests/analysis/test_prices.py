"""Prices of limits enclose the differences of the closed form, and say when a limit is not spent."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.analysis import prices as module


def within(value: float, interval: tuple[float, float] | None) -> bool:
    assert interval is not None
    low, high = interval
    return low - 1e-9 <= value <= high + 1e-9


def label(crossover: float) -> list[list[float]]:
    return [[1 - crossover, crossover], [crossover, 1 - crossover]]


@pytest.mark.parametrize(("rate", "limit"), [(0.378, None), (0.6, 0.75), (0.8, 0.66)])
def test_prices_are_differences_of_the_closed_form(rate: float, limit: float | None) -> None:
    """(V(R + h, C) - V(R, C)) / h by two methods, and the same for C and downwards."""
    a, b, eta, step = 0.4, 0.3, 0.1, 0.005
    channel = {} if limit is None else {"p_s_given_x": label(eta), "max_label_entropy": limit}
    problem = mb.Problem([1 - a, a], [1 - b, b], rate, **channel)
    prices = mb.limit_prices(mb.solve(problem), step=step)
    assert [price.name for price in prices] == ["rate", "max_label_entropy"][: 1 + (limit is not None)]

    def value(r: float, c: float | None) -> float:
        crossover = None if c is None else eta
        return mb.bernoulli.solve(a, b, r, crossover, c).mutual_information

    here = value(rate, limit)
    for price in prices:
        moved = [
            (rate + sign * step, limit) if price.name == "rate" else (rate, limit + sign * step)
            for sign in (1, -1)
        ]
        assert within((value(*moved[0]) - here) / step, price.gain)
        assert within((here - value(*moved[1])) / step, price.loss)
        assert price.gain[1] - price.gain[0] < 1e-3


def test_a_limit_that_is_not_spent_is_told_apart() -> None:
    """The antitone end saturates before R = .378; the comonotone one overtakes it only later."""
    (price,) = mb.limit_prices(mb.solve(mb.Problem([0.7, 0.3], [0.7, 0.3], 0.378)))
    assert not price.is_spent
    assert price.gain[1] < 1e-6
    assert "0.377696 spent" in repr(price)
    (spent,) = mb.limit_prices(mb.solve(mb.Problem([0.7, 0.3], [0.7, 0.3], 0.2)))
    assert spent.is_spent
    assert "rate 0.2, spent, gain " in repr(spent)


def test_below_the_smallest_limit_there_is_no_price_downwards() -> None:
    least = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5, label(0.1), 0.1)).smallest_label_entropy
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5, label(0.1), least + 1e-4))
    rate, limit = mb.limit_prices(solution)
    for price in (rate, limit):
        assert price.loss is None
        assert price.tighter.status is mb.Status.INFEASIBLE
        assert price.gain is not None


def test_limits_that_cannot_bind_have_no_price() -> None:
    for problem in (
        mb.Problem([0.5, 0.5], [0.5, 0.5]),
        mb.Problem([0.5, 0.5], [0.5, 0.5], 1, label(0.1), 1),
        mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, label(0.1), 0.1),
    ):
        assert mb.limit_prices(mb.solve(problem)) == ()
    (price,) = mb.limit_prices(mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0)))
    assert price.tighter is None
    assert price.gain[0] > 0


def test_the_price_of_a_distortion_is_what_it_falls_by() -> None:
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5, distortion=[[0, 1], [1, 0]])
    (price,) = mb.limit_prices(mb.solve(problem), step=0.1)
    expected = [mb.bernoulli.hamming(0.5, 0.5, rate).distortion for rate in (0.4, 0.5, 0.6)]
    assert within((expected[1] - expected[2]) / 0.1, price.gain)
    assert within((expected[0] - expected[1]) / 0.1, price.loss)


@pytest.mark.parametrize("arguments", [{"step": 0}, {"step": math.nan}, {"step": "far"}])
def test_a_step_must_be_positive(arguments: dict[str, object]) -> None:
    with pytest.raises(mb.ProblemError, match="step"):
        mb.limit_prices(mb.solve(mb.Problem([1], [1])), **arguments)
    with pytest.raises(mb.ProblemError, match="solution"):
        mb.limit_prices(mb.Problem([1], [1]))


def test_an_interruption_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5))

    def interrupted(*_: object, **__: object) -> mb.Solution:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "solve", interrupted)
    (price,) = mb.limit_prices(solution)
    assert (price.looser, price.tighter, price.gain, price.loss) == (None, None, None, None)
    assert np.isfinite(price.step)
