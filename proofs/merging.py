"""Without common randomness: letters that the decoder sends to the same output are one letter."""

from __future__ import annotations

import random
from typing import Any

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .spreading import CLAIM as SPREAD
from .spreading import a as inner
from .spreading import b as other_inner
from .spreading import c as outer
from .spreading import d as other_outer
from .tools.kernel import over
from .tools.language import And, Total, eq, family, ge, gt, index, lt, phi, real, substitute
from .tools.rules import algebra, sign, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

x, y = index("x", "X"), index("y", "Y")
a1, a2, a, d1, d2, d, e = family("a1 a2 a d1 d2 d e")
p1, p2, q = real("pi1 pi2 pi")
PAIR = {outer: 0, inner: p1, other_inner: p2, other_outer: q}


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Two letters with laws of X, sent to one output letter."""
    n, m = generator.randint(1, 4), generator.randint(1, 4)
    first, second = pmf(generator, n, zeros=True), pmf(generator, n, zeros=True)
    one, other = (fraction(generator) / (1, 400)[place % 2] for _ in range(2))
    output = [int(letter == place % m) for letter in range(m)]
    return {
        "#X": n,
        "#Y": m,
        "pi1": one,
        "pi2": other,
        "pi": one + other,
        "a1": first,
        "a2": second,
        "a": [(one * i + other * j) / (one + other) for i, j in zip(first, second, strict=True)],
        "e": output,
        "d1": [one * i for i in output],
        "d2": [other * i for i in output],
        "d": [(one + other) * i for i in output],
    }


LEMMA = Lemma(
    name="merging",
    label="Letters sent to the same output merge",
    idea=(
        "The merged letter has the sum of masses and the mean of the laws of X, so the coupling stays. "
        "One mass in place of two has a lower entropy."
    ),
    meaning={
        p1: "mass of a letter of T",
        p2: "mass of another",
        q: "mass of the merged letter",
        a1: "law of X given the letter",
        a2: "law of X given the other",
        a: "law of X given the merged letter",
        e: "law of Y given either: both are decoded alike",
        d1: "joint law of the letter and Y",
        d2: "that of the other",
        d: "that of the merged letter",
    },
    hypotheses={
        "masses": And((gt(p1, 0), gt(p2, 0))),
        "merged mass": eq(q, p1 + p2),
        "laws": And((ge(a1(x), 0), ge(a2(x), 0), eq(Total(a1(x), x), 1), eq(Total(a2(x), x), 1))),
        "merged law": eq(a(x), (p1 * a1(x) + p2 * a2(x)) / q),
        "decoded alike": And((eq(d1(y), p1 * e(y)), eq(d2(y), p2 * e(y)), eq(d(y), q * e(y)))),
    },
    conclusions={
        "a law": And((ge(a(x), 0), eq(Total(a(x), x), 1))),
        "the same coupling": eq(a1(x) * d1(y) + a2(x) * d2(y), a(x) * d(y)),
        "the same law of Y": eq(d1(y) + d2(y), d(y)),
        "a lower entropy": lt(phi(q), phi(p1) + phi(p2)),
    },
    steps=(
        step("whole", gt(q, 0), algebra("merged mass", "masses")),
        step("not negative", ge(a(x), 0), sign()),
        step(
            "sum of masses",
            eq(Total(a(x), x) * q, q),
            algebra(
                over("merged law", x, times=q), over("laws", times=p1), over("laws", times=p2), "merged mass"
            ),
        ),
        step("sum", eq(Total(a(x), x), 1), algebra(over("sum of masses", times=1 / q))),
        step(
            "coupling",
            eq(a1(x) * d1(y) + a2(x) * d2(y), a(x) * d(y)),
            algebra(put=("decoded alike", "merged law")),
        ),
        step("law of Y", eq(d1(y) + d2(y), d(y)), algebra(put=("decoded alike", "merged mass"))),
        step(
            "spread",
            substitute(SPREAD, PAIR),
            uses("spreading", PAIR, using=("masses", "merged mass")),
        ),
    ),
    witness=Witness(draw=_draw, count=2000),
)
