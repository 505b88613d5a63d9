"""The price of an open row is found at the ends of each pattern: between them the cost is concave."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .chord import CLAIM as CHORD
from .chord import c as between
from .chord import high as right
from .chord import low as left
from .lemma import Lemma, Witness, step
from .tools.evaluate import nats
from .tools.kernel import over
from .tools.language import And, le, lt, phi, real, substitute
from .tools.rules import algebra, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

low, s, high, c, price, K, U = real("l s h c u K U")


def cost(of: Any) -> Any:
    """What it costs more to put that part of the open row into a column, by one pattern."""
    return K + phi(c - of) - price * (c - of) + phi(of)


FIRST = {left: low, between: s, right: high}
SECOND = {left: c - high, between: c - s, right: c - low}


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Parts in order, the least one 0 at times; the largest price that both ends allow, or less."""
    least = fmpq(0) if place % 3 == 0 else fraction(generator)
    most = least + fraction(generator) / (1, 40)[place % 2]
    part = least + (most - least) * generator.choice((fmpq(0), fmpq(1), fraction(generator)))
    whole = most + generator.choice((0, 1)) * fraction(generator)
    per, constant = fmpq(generator.randint(-5, 20), 8), fmpq(generator.randint(0, 9), 9)

    def of(mass: Any) -> Any:
        return constant + nats(whole - mass) - per * (whole - mass) + nats(mass)

    if least == 0:  # nothing costs nothing more, or something
        constant = constant - of(fmpq(0)) + generator.choice((fmpq(0), fmpq(1, 9)))
    ends = [of(one) / one for one in (least, most) if one]
    return {
        "l": least,
        "s": part,
        "h": most,
        "c": whole,
        "u": per,
        "K": constant,
        "U": min(ends, key=float),
    }


LEMMA = Lemma(
    name="price_at_ends",
    label="The price of an open row is found at ends",
    idea=(
        "The cost of a part is concave in it, so it lies above its secant between two ends. If a line "
        "through 0 lies below both ends, it lies below all of it."
    ),
    meaning={
        low: "least part in a range where one pattern is meant",
        s: "a part of the open row",
        high: "largest part in that range",
        c: "what the pattern leaves to the open row and the row taken in part",
        price: "price of that row",
        K: "cost of the whole rows of the pattern, less the value of the column",
        U: "price of the open row",
    },
    hypotheses={
        "range": And((le(0, low), le(low, s), le(s, high), lt(low, high), le(high, c))),
        "low end": le(U * low, cost(low)),
        "high end": le(U * high, cost(high)),
    },
    conclusions={"between": le(U * s, cost(s))},
    steps=(
        step("first", substitute(CHORD, FIRST), uses("chord", FIRST, using=("range",))),
        step("second", substitute(CHORD, SECOND), uses("chord", SECOND, using=("range",))),
        step(
            "times the width",
            le((high - low) * U * s, (high - low) * cost(s)),
            algebra(
                "first",
                "second",
                over("low end", times=high - s),
                over("high end", times=s - low),
            ),
        ),
        step("between", le(U * s, cost(s)), algebra(over("times the width", times=1 / (high - low)))),
    ),
    witness=Witness(draw=_draw, count=3000),
)
