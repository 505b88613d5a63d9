"""Strategies of problems that are feasible, or infeasible, by construction - no solver is asked.

Feasible: the marginal, the rate and the label entropy are those of a mixture that is drawn first, plus a
margin.  Infeasible: C lies below H(S|X), which no coupling beats (data processing), or below H(S) - R.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from mecbopt.info import conditional_entropy, entropy
from mecbopt.problem import Problem
from mecbopt.testing._hypothesis import strategies
from mecbopt.testing.family import output_law
from mecbopt.testing.laws import as_mixture, channels, mixtures, pmfs

__all__ = ["problems", "rational_problems"]

#: Infeasible limits lie this far, in bits, below what is attainable: beyond every tolerance.
_CLEAR_BITS = 0.01


def problems(
    max_x: int = 3,
    max_y: int = 3,
    *,
    label: bool | None = None,
    feasible: bool = True,
    allow_zero: bool = True,
    max_label: int = 3,
) -> Any:
    """Problems with small alphabets and exact marginals.

    Parameters
    ----------
    max_x, max_y : int
        Largest alphabets.
    label : bool or None
        With a label constraint, without, or either.  An infeasible problem always has one.
    feasible : bool
        Guaranteed feasible, or guaranteed infeasible by at least 0.01 bits.
    allow_zero : bool
        Whether X may have letters without mass.
    max_label : int
        Largest alphabet of the label.
    """
    st = strategies()

    def build(draw: Any) -> Problem:
        n = draw(st.integers(min_value=1 if feasible else 2, max_value=max_x))
        m = draw(st.integers(min_value=1, max_value=max_y))
        p_x = draw(pmfs(n, n, allow_zero=allow_zero))
        mappings, weights = draw(mixtures(n, m))
        mixture = as_mixture(mappings, weights)
        p_y = output_law(p_x, mappings, weights, m)
        source = np.array([float(mass) for mass in p_x])
        rate = mixture.rate(source) + draw(st.sampled_from([0.0, 0.05, 0.5, math.inf]))
        if not feasible:
            return _infeasible(draw, p_x, p_y, rate, max_label)
        if not (draw(st.booleans()) if label is None else label):
            return Problem(p_x, p_y, rate)
        channel = draw(channels(n, 2, max_label))
        limit = _label_entropy(mappings, weights, p_x, channel) + draw(st.sampled_from([0.0, 0.01, 0.3]))
        return Problem(p_x, p_y, rate, channel, limit)

    return st.composite(build)()


def _label_entropy(mappings: Any, weights: Any, p_x: Any, channel: Any) -> float:
    """H(S|Y,U) of a mixture, bits."""
    joint = np.array([[float(p * s) for s in row] for p, row in zip(p_x, channel, strict=True)])
    total = 0.0
    for mapping, weight in zip(mappings, weights, strict=True):
        cells = np.zeros((joint.shape[1], max(mapping) + 1))
        for x, y in enumerate(mapping):
            cells[:, y] += joint[x]
        total += float(weight) * conditional_entropy(cells)
    return total


def _infeasible(draw: Any, p_x: Any, p_y: Any, rate: float, max_label: int) -> Problem:
    """A label limit below H(S|X), or a rate so small that H(S) - R exceeds the limit."""
    st = strategies()
    n = len(p_x)
    if draw(st.booleans()):
        noisy = channels(n, 2, max_label, allow_zero=False)
        channel: Any = draw(noisy)
        joint = np.array([[float(p * s) for s in row] for p, row in zip(p_x, channel, strict=True)])
        least = conditional_entropy(joint.T)
        # Rows without zeros of at most 20 : 1 leave at least 0.2 bits.
        return Problem(
            p_x, p_y, rate, channel, draw(st.sampled_from([0.0, 0.5, 0.9])) * (least - _CLEAR_BITS)
        )
    uniform: Any = [Fraction(1, n)] * n
    channel = [[Fraction(int(x == s)) for s in range(n)] for x in range(n)]
    tight = draw(st.sampled_from([0.0, 0.1, 0.3]))
    limit = float(entropy(np.full(n, 1 / n))) - tight - _CLEAR_BITS - draw(st.sampled_from([0.0, 0.2]))
    return Problem(uniform, p_y, tight, channel, limit)


def rational_problems(
    max_x: int = 3,
    max_y: int = 3,
    *,
    label: bool = False,
    min_x: int = 2,
    min_y: int = 2,
    max_weight: int = 6,
    max_denominator: int = 12,
) -> Any:
    """Problems with letters of positive mass whose every number is a small fraction, the rate too.

    Parameters
    ----------
    max_x, max_y, min_x, min_y : int
        Sizes of the alphabets.
    label : bool
        With a binary label and a limit; it may be infeasible.
    max_weight : int
        Masses are integer weights up to this, divided by their sum.
    max_denominator : int
        Of rates and limits.
    """
    st = strategies()

    def build(draw: Any) -> Problem:
        p_x = draw(pmfs(min_x, max_x, allow_zero=False, max_weight=max_weight))
        p_y = draw(pmfs(min_y, max_y, allow_zero=False, max_weight=max_weight))
        amount = st.fractions(min_value=0, max_value=2, max_denominator=max_denominator)
        if not label:
            return Problem(p_x, p_y, draw(amount))
        channel = draw(channels(len(p_x), 2, 2))
        return Problem(p_x, p_y, draw(amount), channel, draw(amount))

    return st.composite(build)()
