"""The tangent of -p log p lies above it."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .textbook import LOG_BOUND, u
from .tools.kernel import over
from .tools.language import eq, ge, gt, implies, le, phi, real
from .tools.rules import algebra, block, by_cases, cites, sign
from .two_bits import fraction

__all__ = ["LEMMA", "s", "t"]

s, t = real("s t")
CLAIM = le(phi(t), -t * sp.log(s) - t + s)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Points up to 3; the same point and 0 among them."""
    touch = 3 * fraction(generator)
    other = (0 * touch, touch, 3 * fraction(generator), fraction(generator))[place % 4]
    return {"s": touch, "t": other}


LEMMA = Lemma(
    name="tangent",
    label="Tangents of the entropy function",
    idea="At t > 0 it is t times the bound log(s/t) <= s/t - 1. At t = 0 it says 0 <= s.",
    hypotheses={"point": ge(t, 0), "touching point": gt(s, 0)},
    conclusions={"tangent": CLAIM},
    steps=(
        step(
            "inside",
            implies(gt(t, 0), CLAIM),
            block(
                step("ratio", gt(s / t, 0), sign()),
                step("bound", le(sp.log(s / t), s / t - 1), cites(LOG_BOUND, {u: s / t}, using=("ratio",))),
                step("times t", CLAIM, algebra(over("bound", times=t))),
                given="positive",
            ),
        ),
        step(
            "at 0",
            implies(le(t, 0), CLAIM),
            block(
                step("zero", eq(t, 0), algebra("given 1", "point")),
                step("there", CLAIM, algebra("touching point", put=("zero",))),
            ),
        ),
        step("tangent", CLAIM, by_cases("inside", "at 0")),
    ),
    witness=Witness(draw=_draw),
)
