"""Lemma 2: observing the label through a bit helps, h(eta) <= h(s), and the label row in t."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .entropy_between import far, near
from .lemma import Lemma, Witness, step
from .lemma_1 import label_entropy
from .tools.evaluate import nats, number
from .tools.kernel import over
from .tools.language import And, Or, entropy, eq, ge, gt, implies, le, lt, ne, real
from .tools.rules import algebra, block, by_cases, clash, instance, sign, uses, zero_product
from .two_bits import WEIGHTS, a, fraction, p1, p2, t
from .two_bits import instance as two_bits

__all__ = ["LEMMA", "S_MASS", "eta", "limit", "mass"]

eta, mass, HS, limit = real("eta s H C")
#: P(S = 1) for S = X xor N.
S_MASS = a * (1 - eta) + (1 - a) * eta
GAP = entropy(mass) - entropy(eta)
WEAK = le(entropy(eta), entropy(mass))
STRICT = lt(entropy(eta), entropy(mass))

HALF = sp.Rational(1, 2)
EQUAL = eq(entropy(eta), entropy(mass))
STRICTLY = implies(gt(a, 0), lt(a, 1), ne(eta, HALF), STRICT)
ENDS = implies(eq(a * (a - 1) * (eta - HALF), 0), EQUAL)
IN_T = implies(le(HS, limit), STRICT, ge(t, (entropy(mass) - limit) / GAP))
BACK = implies(STRICT, ge(t, (entropy(mass) - limit) / GAP), le(HS, limit))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Joint laws of X, S and the mapping; borders of a and eta; limits at, above and below the entropy."""
    values = two_bits(generator, place)
    noise = fraction(generator)
    if place % 8 == 1:
        noise = fmpq(1, 2)
    if place % 8 == 2:
        noise = fmpq(place % 16 == 2)
    if place % 8 == 3:
        values["a"] = fmpq(place % 16 == 3)
    source = values["a"]
    law = {
        (x, n): (source if x else 1 - source) * (noise if n else 1 - noise) for x in (0, 1) for n in (0, 1)
    }
    ones = law[0, 1] + law[1, 0]
    told = nats(noise, 1 - noise)  # S given X is the noise
    spent = number(values["p1"] + values["p2"]) * told + number(values["p3"] + values["p4"]) * nats(
        ones, 1 - ones
    )
    return values | {
        "eta": noise,
        "s": ones,
        "H": spent,
        "C": spent + generator.choice((0, fmpq(1, 9), -fmpq(1, 9))),
    }


LEMMA = Lemma(
    name="lemma_2",
    label="Lemma 2",
    idea=(
        "s lies between eta and 1 - eta, so its entropy is larger. Identity and flip "
        "tell X, so S is left with the "
        "noise; constants tell nothing."
    ),
    meaning={
        a: "P(X=1)",
        eta: "P(S != X)",
        mass: "P(S=1)",
        HS: "H(S|Y,U)",
        limit: "label limit",
        t: "weight of identity and flip",
    },
    hypotheses={
        "source": And((ge(a, 0), le(a, 1))),
        "noise": And((ge(eta, 0), le(eta, 1))),
        "label": eq(mass, S_MASS),
        "simplex": eq(sum(WEIGHTS), 1),
        "t": eq(t, p1 + p2),
        "label entropy": eq(HS, label_entropy(WEIGHTS, eta, 1 - eta)),
    },
    conclusions={
        "a label helps": WEAK,
        "a label helps strictly": STRICTLY,
        "not at the ends": ENDS,
        "label row": eq(HS, t * entropy(eta) + (1 - t) * entropy(mass)),
        "limit in t": IN_T,
        "and back": BACK,
    },
    steps=(
        step("inside", And((ge(S_MASS, 0), le(S_MASS, 1))), algebra("source", "noise", degree=2)),
        step(
            "small noise",
            implies(gt(a, 0), lt(a, 1), lt(eta, HALF), STRICT),
            block(
                step("above", gt((1 - 2 * eta) * a, 0), sign()),
                step("below", gt((1 - 2 * eta) * (1 - a), 0), sign()),
                step(
                    "larger",
                    STRICT,
                    uses(
                        "entropy_between",
                        {far: eta, near: mass},
                        using=("noise", "label", "above", "below"),
                    ),
                ),
                given="a > 0; a < 1; eta < 1/2",
            ),
        ),
        step(
            "large noise",
            implies(gt(a, 0), lt(a, 1), gt(eta, HALF), STRICT),
            block(
                step("above", gt((2 * eta - 1) * (1 - a), 0), sign()),
                step("below", gt((2 * eta - 1) * a, 0), sign()),
                step(
                    "larger",
                    lt(entropy(1 - eta), entropy(mass)),
                    uses(
                        "entropy_between",
                        {far: 1 - eta, near: mass},
                        using=("noise", "label", "above", "below"),
                    ),
                ),
                given="a > 0; a < 1; eta > 1/2",
            ),
        ),
        step(
            "strictly",
            STRICTLY,
            block(
                step(
                    "below 1/2",
                    implies(lt(eta, HALF), STRICT),
                    block(
                        step(
                            "small", STRICT, instance("small noise", {}, using=("a > 0", "a < 1", "given 1"))
                        ),
                    ),
                ),
                step(
                    "at 1/2",
                    implies(eq(eta, HALF), STRICT),
                    block(
                        step("nothing", STRICT, clash("this", "off 1/2")),
                        given="this",
                    ),
                ),
                step(
                    "above 1/2",
                    implies(gt(eta, HALF), STRICT),
                    block(
                        step(
                            "large", STRICT, instance("large noise", {}, using=("a > 0", "a < 1", "given 1"))
                        ),
                    ),
                ),
                step("one of three", STRICT, by_cases("below 1/2", "at 1/2", "above 1/2")),
                given="a > 0; a < 1; off 1/2",
            ),
        ),
        step(
            "ends",
            ENDS,
            block(
                step("one end", Or((eq(a, 0), eq(a, 1), eq(eta, HALF))), zero_product("product")),
                *(
                    step(
                        f"end {number}",
                        implies(end, EQUAL),
                        block(
                            step(f"same {number}", EQUAL, algebra(put=("label", f"this {number}"))),
                            given=f"this {number}",
                        ),
                    )
                    for number, end in enumerate((eq(a, 0), eq(a, 1), eq(eta, HALF)))
                ),
                step("any end", EQUAL, by_cases("end 0", "end 1", "end 2", cover="one end")),
                given="product",
            ),
        ),
        step(
            "fair noise",
            implies(eq(eta, HALF), WEAK),
            block(
                step("product is 0", ENDS.given[0], algebra(put=("fair",))),
                step("equal", EQUAL, instance("ends", {}, using=("product is 0",))),
                step("weak", WEAK, algebra("equal")),
                given="fair",
            ),
        ),
        step(
            "other noise",
            implies(ne(eta, HALF), WEAK),
            block(
                step(
                    "no ones",
                    implies(le(a, 0), WEAK),
                    block(
                        step("a is 0", eq(a, 0), algebra("this", "source")),
                        step("product is 0", ENDS.given[0], algebra(put=("a is 0",))),
                        step("equal", EQUAL, instance("ends", {}, using=("product is 0",))),
                        step("weak", WEAK, algebra("equal")),
                        given="this",
                    ),
                ),
                step(
                    "ones",
                    implies(gt(a, 0), WEAK),
                    block(
                        step(
                            "no zeros",
                            implies(ge(a, 1), WEAK),
                            block(
                                step("a is 1", eq(a, 1), algebra("this", "source")),
                                step("product is 0", ENDS.given[0], algebra(put=("a is 1",))),
                                step("equal", EQUAL, instance("ends", {}, using=("product is 0",))),
                                step("weak", WEAK, algebra("equal")),
                                given="this",
                            ),
                        ),
                        step(
                            "zeros",
                            implies(lt(a, 1), WEAK),
                            block(
                                step(
                                    "strict",
                                    STRICT,
                                    instance("strictly", {}, using=("a > 0", "a < 1", "off 1/2")),
                                ),
                                step("weak", WEAK, algebra("strict")),
                                given="a < 1",
                            ),
                        ),
                        step("zeros or not", WEAK, by_cases("no zeros", "zeros")),
                        given="a > 0",
                    ),
                ),
                step("ones or not", WEAK, by_cases("no ones", "ones")),
                given="off 1/2",
            ),
        ),
        step("weak", WEAK, by_cases("fair noise", "other noise")),
        step(
            "row",
            eq(HS, t * entropy(eta) + (1 - t) * entropy(mass)),
            algebra(
                over("simplex", times=entropy(S_MASS)),
                over("t", times=entropy(eta) - entropy(S_MASS)),
                put=("label entropy", "label"),
            ),
        ),
        step(
            "in t",
            IN_T,
            block(
                step("share", IN_T.then, algebra("row", "limit holds")),
                given="limit holds; told",
            ),
        ),
        step(
            "back",
            BACK,
            block(
                step("product", ge(t * GAP, entropy(mass) - limit), algebra(over("share", times=GAP))),
                step("limit", BACK.then, algebra("row", "product")),
                given="told; share",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=4000),
)
