"""Propagation: what a row or column sum, and an order of two cells, say about a box of couplings.

The rule serves a row (its cells over y, with the mass of x) and a column alike; a certificate rounds the new
ends outward, which keeps what they hold.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .tools.kernel import over
from .tools.language import And, Total, eq, family, implies, index, le, real
from .tools.rules import algebra, block, part_of_sum
from .two_bits import fraction

__all__ = ["LEMMA"]

c, c2 = index("c c2", "C")
P, low, high = family("P L U")
mass = real("s")


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Cells of a line inside their box; with ends that bind in turn."""
    number = 1 + place % 4
    cells = [fraction(generator) * generator.choice((0, 1)) for _ in range(number)]
    exact = generator.choice((0, 1, 2))
    return {
        "#C": number,
        "P": cells,
        "s": sum(cells, fmpq(0)),
        "L": [one - (exact != 1) * generator.choice((0, 1)) * fraction(generator) for one in cells],
        "U": [one + (exact != 2) * generator.choice((0, 1)) * fraction(generator) for one in cells],
    }


LEMMA = Lemma(
    name="propagation",
    label="Propagation of boxes",
    idea="The other cells take at least their lower ends and at most their upper ends of the mass.",
    meaning={
        P: "cells of a row or column of a coupling",
        low: "lower ends of the box",
        high: "upper ends",
        mass: "mass of the letter",
    },
    hypotheses={
        "mass": eq(Total(P(c), c), mass),
        "box": And((le(low(c), P(c)), le(P(c), high(c)))),
    },
    conclusions={
        "upper end": le(P(c), mass - (Total(low(c2), c2) - low(c))),
        "lower end": le(mass - (Total(high(c2), c2) - high(c)), P(c)),
        "a box with too little or too much is empty": And(
            (le(Total(low(c), c), mass), le(mass, Total(high(c), c)))
        ),
        "order": implies(le(P(c2), P(c)), And((le(low(c2), P(c)), le(P(c2), high(c))))),
    },
    steps=(
        step("above", le(0, P(c) - low(c)), algebra("box")),
        step("below", le(0, high(c) - P(c)), algebra("box")),
        step("one above", le(P(c) - low(c), Total(P(c) - low(c), c)), part_of_sum("above")),
        step("one below", le(high(c) - P(c), Total(high(c) - P(c), c)), part_of_sum("below")),
        step("upper", le(P(c), mass - (Total(low(c2), c2) - low(c))), algebra("one above", "mass")),
        step("lower", le(mass - (Total(high(c2), c2) - high(c)), P(c)), algebra("one below", "mass")),
        step(
            "sums",
            And((le(Total(low(c), c), mass), le(mass, Total(high(c), c)))),
            algebra(over("above", c), over("below", c), "mass"),
        ),
        step(
            "order",
            implies(le(P(c2), P(c)), And((le(low(c2), P(c)), le(P(c2), high(c))))),
            block(
                step(
                    "ends",
                    And((le(low(c2), P(c)), le(P(c2), high(c)))),
                    algebra("box", "ordered"),
                ),
                given="ordered",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=2500),
)
