"""Grouping the letters of a law does not raise its entropy."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .phi_order import CLAIM as ORDER
from .tangent import s as above
from .tangent import t as point
from .tools.kernel import over
from .tools.language import ForAll, Total, eq, family, ge, gt, implies, index, le, ln0, phi, real, substitute
from .tools.rules import algebra, block, by_cases, part_of_sum, uses, vanishing
from .two_bits import fraction

__all__ = ["LEMMA", "B", "b"]

i = index("i", "I")
b = family("b")
B = real("B")
CLAIM = le(phi(B), Total(phi(b(i)), i))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Up to five masses, zeros among them; one alone is equality."""
    number = 1 + place % 5
    masses = [generator.choice((0, 1, 1)) * 2 * fraction(generator) for _ in range(number)]
    return {"#I": number, "b": masses, "B": sum(masses, fmpq(0))}


LEMMA = Lemma(
    name="grouping",
    label="Grouping",
    idea="A part is at most the whole, and -b log b is at least -b log B; the parts add up to the whole.",
    hypotheses={"masses": ge(b(i), 0), "whole": eq(B, Total(b(i), i))},
    conclusions={"grouping": CLAIM},
    steps=(
        step(
            "none",
            implies(le(B, 0), CLAIM),
            block(
                step("B is 0", eq(B, 0), algebra("empty", over("masses", i), "whole")),
                step("sum is 0", eq(Total(b(i), i), 0), algebra("B is 0", "whole")),
                step("each is 0", eq(b(i), 0), vanishing("masses", "sum is 0")),
                step(
                    "entropies",
                    ForAll((i,), (), eq(phi(b(i)), 0)),
                    block(
                        step("entropy", eq(phi(b(i)), 0), algebra(put=("each is 0",))),
                    ),
                ),
                step("both 0", CLAIM, algebra(over("entropies", i), put=("B is 0",))),
                given="empty",
            ),
        ),
        step(
            "some",
            implies(gt(B, 0), CLAIM),
            block(
                step("part", le(b(i), Total(b(i), i)), part_of_sum("masses")),
                step("below B", le(b(i), B), algebra("part", "whole")),
                step(
                    "order",
                    substitute(ORDER, {point: b(i), above: B}),
                    uses(
                        "phi_order",
                        {point: b(i), above: B},
                        using=("masses", "below B", "positive"),
                    ),
                ),
                step("sum", CLAIM, algebra(over("order", i), over("whole", times=ln0(B)))),
                given="positive",
            ),
        ),
        step("grouping", CLAIM, by_cases("none", "some")),
    ),
    witness=Witness(draw=_draw, count=6000),
)
