"""-t log s lies below -t log t where t <= s: with s = 1, entropies are not negative."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .tangent import s, t
from .textbook import LOG_BOUND, u
from .tools.kernel import over
from .tools.language import eq, ge, gt, implies, le, phi
from .tools.rules import algebra, block, by_cases, cites, sign
from .two_bits import fraction

__all__ = ["LEMMA"]

CLAIM = le(-t * sp.log(s), phi(t))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """0, the end and points between."""
    top = 3 * fraction(generator)
    return {"s": top, "t": top * (0, 1, fraction(generator), fraction(generator))[place % 4]}


LEMMA = Lemma(
    name="phi_order",
    label="The order of entropy terms",
    idea="At t > 0 it is t times log(t/s) <= t/s - 1 <= 0. At t = 0 both sides are 0.",
    hypotheses={"point": ge(t, 0), "below": le(t, s), "positive end": gt(s, 0)},
    conclusions={"order": CLAIM},
    steps=(
        step(
            "inside",
            implies(gt(t, 0), CLAIM),
            block(
                step("ratio", gt(t / s, 0), sign()),
                step("bound", le(sp.log(t / s), t / s - 1), cites(LOG_BOUND, {u: t / s}, using=("ratio",))),
                step("at most 1", ge(t * (s - t) / s, 0), sign()),
                step("times t", CLAIM, algebra(over("bound", times=t), "at most 1")),
                given="inside it",
            ),
        ),
        step(
            "at 0",
            implies(le(t, 0), CLAIM),
            block(
                step("zero", eq(t, 0), algebra("given 1", "point")),
                step("there", CLAIM, algebra(put=("zero",))),
            ),
        ),
        step("order", CLAIM, by_cases("inside", "at 0")),
    ),
    witness=Witness(draw=_draw, needed={"below": {"s": 1, "t": 2}}),
)
