"""On opposite sides of 1/2 the comonotone branch loses at most the logarithm of the golden ratio."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import arb

from .crossover import LEVEL
from .lemma import Lemma, Witness, step
from .tangent import s as touching
from .tangent import t as point
from .textbook import LOG_BOUND, u
from .tools.kernel import over
from .tools.language import And, entropy, eq, ge, gt, implies, le, lt, phi, real, substitute
from .tools.rules import algebra, block, cites, sign, uses
from .two_bits import a, b, fraction

__all__ = ["LEMMA"]

G = real("G")
HALF = sp.Rational(1, 2)
#: opposite sides, relabelled to 0 < a, b < 1/2, once both ends are saturated: b <= a and a <= b
OPPOSITE = LEVEL - a * entropy(b / a)
MIRRORED = LEVEL - (1 - a) * entropy((b - a) / (1 - a))
MIRROR = implies(le(a, b), eq(MIRRORED, substitute(OPPOSITE, {a: b, b: a})))
GOLDEN = implies(le(b, a), le(OPPOSITE, sp.log(G)))
SHARE = b / (1 - a)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Points of the square, and the worst one, a = b = 1/(G^2 + 1)."""
    golden = (1 + arb(5).sqrt()) / 2
    worst = 1 / (golden**2 + 1)
    first, second = fraction(generator) / 2, fraction(generator) / 2
    if place % 10 == 0:
        first = second = worst
    if place % 10 == 1:
        second = first
    return {"a": first, "b": second, "G": golden}


LEMMA = Lemma(
    name="largest_loss_opposite",
    label="Largest loss on opposite sides of 1/2",
    idea=(
        "Relabelled to a, b < 1/2 the loss is at most (1-a) h(b/(1-a)) for b <= a. "
        "Tangents of the entropy at the golden section bound that by (1 - a + b) log G, at most log G."
    ),
    meaning={a: "P(X=1), relabelled", b: "P(Y=1), relabelled", G: "golden ratio"},
    hypotheses={
        "inside": And((gt(a, 0), lt(a, HALF), gt(b, 0), lt(b, HALF))),
        "golden section": And((gt(G, 1), eq(1 / G**2 + 1 / G, 1))),
    },
    conclusions={"at most": GOLDEN, "and mirrored": MIRROR},
    steps=(
        step("golden terms", And((gt(1 / G**2, 0), gt(1 / G, 0), gt(1 - 1 / G, 0))), sign()),
        step(
            "golden logs", le(sp.log(1 / G), 1 / G - 1), cites(LOG_BOUND, {u: 1 / G}, using=("golden terms",))
        ),
        step("golden", ge(sp.log(G), 0), algebra("golden logs", "golden terms")),
        step(
            "opposite",
            GOLDEN,
            block(
                step("range", And((gt(SHARE, 0), le(SHARE, 1))), algebra("order", "inside")),
                step(
                    "one tangent",
                    le(phi(SHARE), -SHARE * sp.log(1 / G**2) - SHARE + 1 / G**2),
                    uses(
                        "tangent",
                        {point: SHARE, touching: 1 / G**2},
                        using=("range", "golden terms"),
                    ),
                ),
                step(
                    "other tangent",
                    le(phi(1 - SHARE), -(1 - SHARE) * sp.log(1 / G) - (1 - SHARE) + 1 / G),
                    uses(
                        "tangent",
                        {point: 1 - SHARE, touching: 1 / G},
                        using=("range", "golden terms"),
                    ),
                ),
                step(
                    "entropy",
                    le(entropy(SHARE), (1 + SHARE) * sp.log(G)),
                    algebra(
                        "one tangent",
                        "other tangent",
                        "golden section",
                    ),
                ),
                step("level", le(LEVEL, (1 - a + b) * sp.log(G)), algebra(over("entropy", times=1 - a))),
                step(
                    "at most", le((1 - a + b) * sp.log(G), sp.log(G)), algebra(over("order", times=sp.log(G)))
                ),
                step("rest", And((ge(b / a, 0), ge(1 - b / a, 0))), algebra("order", "inside")),
                step(
                    "first",
                    ge(phi(b / a), 0),
                    uses("phi_order", {point: b / a, touching: 1}, using=("rest",)),
                ),
                step(
                    "second",
                    ge(phi(1 - b / a), 0),
                    uses("phi_order", {point: 1 - b / a, touching: 1}, using=("rest",)),
                ),
                step(
                    "less",
                    le(OPPOSITE, sp.log(G)),
                    algebra(
                        "level",
                        "at most",
                        over("first", times=a),
                        over("second", times=a),
                    ),
                ),
                given="order",
            ),
        ),
        step(
            "mirror",
            MIRROR,
            block(
                step("identity", MIRROR.then, algebra()),
                given="order",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=2000, loose={"golden section": "the equation leaves one value of G"}),
)
