"""Strategies of binary problems, borders included."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from mecbopt.testing._hypothesis import strategies

__all__ = ["binary_problems"]


def binary_problems(*, label: bool | None = None, max_denominator: int = 40) -> Any:
    """Arguments (q_x, q_y, rate, crossover, max_label_entropy) of `mecbopt.bernoulli.solve`.

    Parameters
    ----------
    label : bool or None
        With a label constraint (feasible or not), without (the last two are None), or either.
    max_denominator : int
        Masses are fractions with at most this denominator: 0, 1/2 and 1 come up often, and equal masses too.
    """
    st = strategies()

    def build(draw: Any) -> tuple[Any, ...]:
        mass = st.fractions(min_value=0, max_value=1, max_denominator=max_denominator)
        amount = st.one_of(
            st.floats(min_value=0.0, max_value=1.0, allow_subnormal=False),
            st.sampled_from([0.0, 0.001, 1.0, math.inf]),
        )
        q_x: Fraction = draw(mass)
        q_y = draw(st.one_of(mass, st.sampled_from([q_x, 1 - q_x])))
        rate = draw(amount)
        if not (draw(st.booleans()) if label is None else label):
            return q_x, q_y, rate, None, None
        return q_x, q_y, rate, draw(mass), draw(amount)

    return st.composite(build)()
