"""Pricing by sweeps: a set that nearly minimises the form of a supporting plane is nearly a best one."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import Total, family, ge, index, le, phi, real
from .tools.rules import algebra
from .two_bits import fraction

__all__ = ["LEMMA"]

i = index("i", "I")
h, q, o, c = family("h q o c")
fixed, best, spare = real("d b e")
CHARGE, BEST = Total(h(i) * phi(q(i)), i), Total(h(i) * phi(o(i)), i)
FORM, LEAST = Total(h(i) * c(i) * q(i), i), Total(h(i) * c(i) * o(i), i)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Masses of a set and of a best one, 0 among them; tangents, and steeper lines where a mass is 0."""
    count = 1 + place % 4
    weights = [generator.choice((fmpq(0), fraction(generator))) for _ in range(count)]
    there = [generator.choice((fmpq(0), fraction(generator))) for _ in range(count)]
    here = [generator.choice((fmpq(0), fraction(generator), mass)) for mass in there]
    slopes = [
        ball(nats(mass)) / mass - 1 if mass else ball(nats(other)) / (other or 1) + 1
        for mass, other in zip(there, here, strict=True)
    ]
    least, form = (
        sum((a * s * m for a, s, m in zip(weights, slopes, masses, strict=True)), fmpq(0))
        for masses in (there, here)
    )
    steps = [fraction(generator) - fraction(generator) for _ in range(2)]
    # The least spare that the hypothesis allows, or more.
    spare = ball(steps[0] + form - steps[1] - least) + generator.choice((0, fraction(generator)))
    return {
        "#I": count,
        "h": weights,
        "q": here,
        "o": there,
        "c": slopes,
        "d": steps[0],
        "b": steps[1],
        "e": spare,
    }


LEMMA = Lemma(
    name="sweep",
    label="Pricing by linear forms",
    idea="The plane lies above the concave part and touches it at the best set: there nothing is lost.",
    meaning={
        h: "weights of the entropy terms",
        q: "masses of a set",
        o: "masses of a best set",
        c: "slopes of the plane",
        fixed: "what a set has that is linear in it",
        best: "the same of the best set",
        spare: "by how much the set misses the least value of the linear form",
    },
    hypotheses={
        "weights": ge(h(i), 0),
        "masses": ge(q(i), 0),
        "best masses": ge(o(i), 0),
        "plane": le(phi(q(i)), phi(o(i)) + c(i) * (q(i) - o(i))),
        "nearly least": le(fixed + FORM, best + LEAST + spare),
    },
    conclusions={"nearly best": le(fixed + CHARGE, best + BEST + spare)},
    steps=(
        step(
            "above",
            le(CHARGE, BEST + FORM - LEAST),
            algebra(over("plane", i, times=h(i)), "weights"),
        ),
        step("nearly best", le(fixed + CHARGE, best + BEST + spare), algebra("above", "nearly least")),
    ),
    witness=Witness(draw=_draw, count=2000),
)
