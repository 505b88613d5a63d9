"""The log-sum inequality with weights: mixing costs no conditional entropy."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .textbook import LOG_BOUND, u
from .tools.kernel import over
from .tools.language import ForAll, Total, eq, family, ge, gt, implies, index, le, ln0, lt, ne, phi, real
from .tools.rules import absurd, algebra, block, by_cases, cites, contradiction, instance, sign, vanishing
from .two_bits import fraction

__all__ = ["LEMMA", "A", "B", "a", "b", "w"]

i = index("i", "I")
w, a, b = family("w a b")
A, B = real("A B")

TERM = w(i) * (phi(b(i)) + b(i) * ln0(a(i)))
CLAIM = le(Total(TERM, i), phi(B) + B * ln0(A))
PART = le(TERM + w(i) * b(i) * (sp.log(B) - sp.log(A)), w(i) * (a(i) * B / A - b(i)))
RATIO = a(i) * B / (b(i) * A)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Up to six terms; zeros among them, and proportional ones (equality)."""
    number = 1 + place % 6
    weights = [3 * one for one in pmf(generator, number, zeros=True)]
    below = [generator.choice((0, 1, 1)) * 3 * fraction(generator) for _ in range(number)]
    share = 2 * fraction(generator)
    above = [
        one * (share if place % 3 == 0 else generator.choice((0, 1)) * 2 * fraction(generator))
        for one in below
    ]
    return {
        "#I": number,
        "w": weights,
        "a": below,
        "b": above,
        "A": sum((x * y for x, y in zip(weights, below, strict=True)), fmpq(0)),
        "B": sum((x * y for x, y in zip(weights, above, strict=True)), fmpq(0)),
    }


LEMMA = Lemma(
    name="log_sum",
    label="Log-sum inequality",
    idea=(
        "Each term is w b times the bound log z <= z - 1 at z = aB/(bA), and the bounds "
        "add up to 0. Where B is 0 "
        "all terms are 0."
    ),
    meaning={w: "weights", a: "first family", b: "second family", A: "sum of w a", B: "sum of w b"},
    hypotheses={
        "weights": ge(w(i), 0),
        "first": ge(a(i), 0),
        "second": ge(b(i), 0),
        "support": implies(le(a(i), 0), le(b(i), 0)),
        "A": eq(A, Total(w(i) * a(i), i)),
        "B": eq(B, Total(w(i) * b(i), i)),
    },
    conclusions={"log sum": CLAIM},
    steps=(
        step("terms of B", ge(w(i) * b(i), 0), sign()),
        step("terms of A", ge(w(i) * a(i), 0), sign()),
        step(
            "B empty",
            implies(le(B, 0), CLAIM),
            block(
                step("B is 0", eq(B, 0), algebra("empty", over("terms of B", i), "B")),
                step("sum is 0", eq(Total(w(i) * b(i), i), 0), algebra("B is 0", "B")),
                step("each is 0", eq(w(i) * b(i), 0), vanishing("terms of B", "sum is 0")),
                step(
                    "term is 0",
                    ForAll((i,), (), eq(TERM, 0)),
                    block(
                        step(
                            "no weight",
                            implies(eq(w(i), 0), eq(TERM, 0)),
                            block(
                                step("term", eq(TERM, 0), algebra(put=("idle",))),
                                given="idle",
                            ),
                        ),
                        step(
                            "weight",
                            implies(ne(w(i), 0), eq(TERM, 0)),
                            block(
                                step("b is 0", eq(b(i), 0), algebra(over("each is 0", times=1 / w(i)))),
                                step("term", eq(TERM, 0), algebra(put=("b is 0",))),
                            ),
                        ),
                        step("either", eq(TERM, 0), by_cases("no weight", "weight")),
                    ),
                ),
                step("both 0", CLAIM, algebra(over("term is 0", i), put=("B is 0",))),
                given="empty",
            ),
        ),
        step(
            "B positive",
            implies(gt(B, 0), CLAIM),
            block(
                step(
                    "A empty",
                    implies(le(A, 0), CLAIM),
                    block(
                        step("A is 0", eq(A, 0), algebra("A none", over("terms of A", i), "A")),
                        step("sum is 0", eq(Total(w(i) * a(i), i), 0), algebra("A is 0", "A")),
                        step("each is 0", eq(w(i) * a(i), 0), vanishing("terms of A", "sum is 0")),
                        step(
                            "no mass",
                            ForAll((i,), (), eq(w(i) * b(i), 0)),
                            block(
                                step(
                                    "no weight",
                                    implies(eq(w(i), 0), eq(w(i) * b(i), 0)),
                                    block(
                                        step("product", eq(w(i) * b(i), 0), algebra(put=("idle",))),
                                        given="idle",
                                    ),
                                ),
                                step(
                                    "weight",
                                    implies(ne(w(i), 0), eq(w(i) * b(i), 0)),
                                    block(
                                        step(
                                            "a is 0", eq(a(i), 0), algebra(over("each is 0", times=1 / w(i)))
                                        ),
                                        step(
                                            "b below 0",
                                            le(b(i), 0),
                                            instance("support", {}, using=("a is 0",)),
                                        ),
                                        step("b is 0", eq(b(i), 0), algebra("b below 0", "second")),
                                        step("product", eq(w(i) * b(i), 0), algebra(put=("b is 0",))),
                                    ),
                                ),
                                step("either", eq(w(i) * b(i), 0), by_cases("no weight", "weight")),
                            ),
                        ),
                        step("nothing", lt(0, 0), algebra("positive", "B", over("no mass", i))),
                        step("anything", CLAIM, absurd("nothing")),
                        given="A none",
                    ),
                ),
                step(
                    "A positive",
                    implies(gt(A, 0), CLAIM),
                    block(
                        step(
                            "part",
                            ForAll((i,), (), PART),
                            block(
                                step(
                                    "b positive",
                                    implies(gt(b(i), 0), PART),
                                    block(
                                        step(
                                            "a positive",
                                            gt(a(i), 0),
                                            contradiction(
                                                step(
                                                    "b below 0",
                                                    le(b(i), 0),
                                                    instance("support", {}, using=("opposite",)),
                                                ),
                                                step("nothing", lt(0, 0), algebra("b below 0", "there")),
                                            ),
                                        ),
                                        step("ratio", gt(RATIO, 0), sign()),
                                        step(
                                            "bound",
                                            le(sp.log(RATIO), RATIO - 1),
                                            cites(LOG_BOUND, {u: RATIO}, using=("ratio",)),
                                        ),
                                        step("part", PART, algebra(over("bound", times=w(i) * b(i)))),
                                        given="there",
                                    ),
                                ),
                                step(
                                    "b empty",
                                    implies(le(b(i), 0), PART),
                                    block(
                                        step("b is 0", eq(b(i), 0), algebra("none", "second")),
                                        step("rest", ge(w(i) * a(i) * B / A, 0), sign()),
                                        step("part", PART, algebra("rest", put=("b is 0",))),
                                        given="none",
                                    ),
                                ),
                                step("either", PART, by_cases("b positive", "b empty")),
                            ),
                        ),
                        step(
                            "sum",
                            CLAIM,
                            algebra(
                                over("part", i),
                                over("A", times=B / A),
                                over("B", times=1 + sp.log(B) - sp.log(A)),
                            ),
                        ),
                        given="A there",
                    ),
                ),
                step("either", CLAIM, by_cases("A empty", "A positive")),
                given="positive",
            ),
        ),
        step("log sum", CLAIM, by_cases("B empty", "B positive")),
    ),
    witness=Witness(
        draw=_draw,
        count=6000,
        needed={
            "support": {
                "#I": 2,
                "w": [1, 1],
                "a": [0, fmpq(1, 2)],
                "b": [fmpq(1, 2), 0],
                "A": fmpq(1, 2),
                "B": fmpq(1, 2),
            },
        },
    ),
    conventions=("ln_0 is the logarithm, and 0 at 0",),
)
