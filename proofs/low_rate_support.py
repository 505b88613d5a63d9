"""At low rates a vertex uses every constant, and at most one other mapping.

With R < R_low a constant without weight would cost more than R (`low_rate`), so all are used; the support
lemma allows m + 1 mappings.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Step, Witness, step
from .low_rate import PAYS, PRICE, least
from .mappings import IMAGE, LAW, e, k, k2, p, pmf, q, r, w, x, y
from .support import LEMMA as SUPPORT
from .support import limit
from .textbook import A, on
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Formula,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    gt,
    implies,
    le,
    lt,
    phi,
    real,
    total,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    contradiction,
    follows,
    instance,
    kronecker,
    sign,
    uses,
    vanishing,
)

__all__ = [
    "FREE",
    "HYPOTHESES",
    "LEMMA",
    "LETTERS",
    "LOOSE",
    "OTHERS",
    "RATE",
    "R",
    "con",
    "cst",
    "draw",
    "either",
]

con, cst = family("c d")
R = real("R")
RATE = total(w(k) * phi(q(k, y)), k, y)
LETTERS, ROWS = (sp.Symbol(f"size[{sort}]", real=True) for sort in "YR")
FREE = Total(con(k, y) * w(k), k)
OTHERS = Total(on(k) * (1 - cst(k)), k)


#: what instances with two or three letters and small masses do not come close to
LOOSE = {"least mass": "with two letters the least mass is at most 1/2, and masses are small fractions"}


def either(
    name: str, claim: Any, term: Any, cover: str, off: tuple[Step, ...], hit: tuple[Step, ...]
) -> tuple[Step, ...]:
    """A claim by whether an indicator is 0 or 1."""
    return (
        step(f"{name}, off", implies(eq(term, 0), claim), block(*off, given=f"{name} is 0")),
        step(f"{name}, on", implies(eq(term, 1), claim), block(*hit, given=f"{name} is 1")),
        step(f"{name}, either", claim, by_cases(f"{name}, off", f"{name}, on", cover=cover)),
    )


def draw(generator: random.Random, place: int) -> dict[str, Any]:
    """The constants and some other mappings; the mixture with one of them, at a rate below R_low."""
    n, m = generator.randint(2, 3), generator.randint(2, 3)
    source, law = pmf(generator, n), pmf(generator, m)
    lowest = min(source)
    images = [(b,) * n for b in range(m)]
    while len(images) < m + generator.randint(1, 3):
        image = tuple(generator.randrange(m) for _ in range(n))
        if image not in images:
            images.append(image)
    laws = [[sum((source[a] for a in range(n) if f[a] == b), fmpq(0)) for b in range(m)] for f in images]
    costs = [ball(nats(*one)) for one in laws]
    low = min(law) * ball(nats(lowest, 1 - lowest)) / (1 - lowest)
    rate = low * generator.choice((fmpq(999, 1000), fmpq(1, 2), fmpq(0)))

    def at(number: int, used: Any) -> list[list[Any]]:
        return [
            [
                source[a] * law[b] + used * source[a] * (int(images[number][a] == b) - laws[number][b])
                for b in range(m)
            ]
            for a in range(n)
        ]

    def gained(cells: list[list[Any]]) -> Any:
        return nats(*source) + nats(*law) - nats(*(one for row in cells for one in row))

    wholes = [at(number, rate / costs[number]) for number in range(m, len(images))]
    gains = [gained(one) for one in wholes]
    best = max(gains, key=lambda one: float(one.mid()))
    number = m + (gains.index(best) if place % 2 else generator.randrange(len(gains)))
    used = rate / costs[number] * generator.choice((1, 1, fmpq(1, 3), 0))
    weights = [law[b] - used * laws[number][b] for b in range(m)]
    weights += [used if one == number else fmpq(0) for one in range(m, len(images))]
    off = [used == 0 if one == number else one >= m for one in range(len(images))]
    return {
        "#X": n,
        "#Y": m,
        "#K": len(images),
        "#R": m + 1,
        "#O": 1,
        "p": source,
        "pmin": lowest,
        "r": law,
        "w": weights,
        "on": [int(not one) for one in off],
        "e": [[[int(f[a] == b) for b in range(m)] for a in range(n)] for f in images],
        "q": laws,
        "c": [[int(one == b) for b in range(m)] for one in range(len(images))],
        "d": [int(one < m) for one in range(len(images))],
        "A": [[one[b] for one in laws] for b in range(m)] + [costs],
        "B": [[fmpq(0)] * len(images)],
        "beta": [fmpq(1, generator.randint(1, 400))],
        "v": [fmpq(0)] * len(images),
        "P": at(number, used),
        "h": costs,
        "Q": [[[fmpq(0)] * m] * n] * m + wholes,
        "R": rate + generator.choice((0, 0)),
        "V": best + generator.choice((0, 0, fmpq(1, 9))),
    }


HYPOTHESES: dict[str, Formula] = {
    "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
    "least mass": And((gt(least, 0), lt(least, 1), le(least, p(x)))),
    "weights": And((ge(w(k), 0), eq(Total(w(k), k), 1))),
    **IMAGE,
    **LAW,
    "marginal": eq(r(y), Total(w(k) * q(k, y), k)),
    "output": gt(r(y), 0),
    "constants": Or((eq(con(k, y), 0), eq(con(k, y), 1))),
    "certain": implies(eq(q(k, y), 1), eq(con(k, y), 1)),
    "each constant": implies(eq(con(k, y), 1), eq(q(k, y), 1)),
    "each once": eq(Total(con(k, y), k), 1),
    "constant": eq(cst(k), Total(con(k, y), y)),
    "rate": le(RATE, R),
    "low rate": And((ge(R, 0), lt(R, PRICE * r(y)))),
    "rows": eq(ROWS, LETTERS + 1),
    "slack": SUPPORT.hypotheses["slack"],
    "vertex": SUPPORT.hypotheses["vertex"],
    "used or not": SUPPORT.hypotheses["indicator"],
    "unused": SUPPORT.hypotheses["on the support"],
    "used": implies(gt(w(k), 0), eq(on(k), 1)),
}
_CONSTANTS = (
    step(
        "pays",
        PAYS,
        uses(
            "low_rate",
            using=(
                "source",
                "least mass",
                "weights",
                "indicator",
                "one image",
                "law of the image",
                "marginal",
            ),
        ),
    ),
    step("constant parts", ge(con(k, y) * w(k), 0), sign()),
    step(
        "constants used",
        ForAll((y,), (), gt(FREE, 0)),
        block(
            step(
                "some",
                gt(FREE, 0),
                contradiction(
                    step("none", eq(FREE, 0), algebra("opposite", over("constant parts", k))),
                    step("each none", eq(con(k, y) * w(k), 0), vanishing("constant parts", "none")),
                    step(
                        "no weight",
                        PAYS.given[0],
                        block(
                            step(
                                "idle",
                                implies(eq(q(k, y), 1), eq(w(k), 0)),
                                block(
                                    step(
                                        "is constant",
                                        eq(con(k, y), 1),
                                        instance("certain", {}, using=("all",)),
                                    ),
                                    step(
                                        "no weight of it",
                                        eq(w(k), 0),
                                        algebra("each none", over("is constant", times=w(k))),
                                    ),
                                    given="all",
                                ),
                            ),
                        ),
                    ),
                    step("paid", PAYS.then, instance("pays", {y: y}, using=("no weight",))),
                    step("nothing", lt(0, 0), algebra("paid", "rate", "low rate")),
                ),
            ),
        ),
    ),
    step("same mapping or not", Or((eq(delta(k, k2), 0), eq(delta(k, k2), 1))), kronecker()),
    step(
        "at most the same",
        ForAll((k, k2), (), le(delta(k, k2), 1)),
        block(
            *either(
                "same",
                le(delta(k, k2), 1),
                delta(k, k2),
                "same mapping or not",
                (step("zero", le(delta(k, k2), 1), algebra("same is 0")),),
                (step("one", le(delta(k, k2), 1), algebra("same is 1")),),
            )
        ),
    ),
    step("other constants", ge(con(k, y) * (1 - delta(k, k2)), 0), sign()),
    step(
        "constants on",
        ForAll((k2, y), (), eq(con(k2, y) * (1 - on(k2)), 0)),
        block(
            step("this one or not", Or((eq(con(k2, y), 0), eq(con(k2, y), 1))), follows("constants")),
            *either(
                "this",
                eq(con(k2, y) * (1 - on(k2)), 0),
                con(k2, y),
                "this one or not",
                (step("nothing", eq(con(k2, y) * (1 - on(k2)), 0), algebra(put=("this is 0",))),),
                (
                    step(
                        "no others",
                        eq(Total(con(k, y) * (1 - delta(k, k2)), k), 0),
                        algebra("each once", "this is 1"),
                    ),
                    step(
                        "each other",
                        eq(con(k, y) * (1 - delta(k, k2)), 0),
                        vanishing("other constants", "no others"),
                    ),
                    step(
                        "its weight",
                        eq(FREE, w(k2)),
                        algebra(over("each other", k, times=w(k)), over("this is 1", times=w(k2))),
                    ),
                    step("weighs", gt(w(k2), 0), algebra("its weight", "constants used")),
                    step("is used", eq(on(k2), 1), instance("used", {k: k2}, using=("weighs",))),
                    step("on", eq(con(k2, y) * (1 - on(k2)), 0), algebra(over("is used", times=con(k2, y)))),
                ),
            ),
        ),
    ),
)

LEMMA = Lemma(
    name="low_rate_support",
    label="At low rates: every constant and at most one other mapping",
    idea=(
        "A letter whose constant has no weight is paid for in full, which costs more than R. The support "
        "lemma leaves one more mapping beside the m constants."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings, a vertex",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        con: "[f_k is constant y]",
        cst: "[f_k is constant]",
        least: "least mass of X",
        R: "rate limit",
        A: "rows that hold with equality: the marginals and the rate",
        limit: "limits of the other rows",
        on: "[w > 0]",
    },
    hypotheses={name: one for name, one in HYPOTHESES.items() if name not in ("output", "each constant")},
    conclusions={"every constant is used": gt(FREE, 0), "at most one other": le(OTHERS, 1)},
    steps=(
        *_CONSTANTS,
        step(
            "number",
            le(Total(on(k), k), ROWS),
            uses("support", using=("weights", "slack", "vertex", "used or not", "unused")),
        ),
        step(
            "others",
            le(OTHERS, 1),
            algebra(
                "number",
                "rows",
                over("constants on", k, y, at={k2: k}),
                over("each once", y),
                over("constant", k, times=on(k)),
            ),
        ),
    ),
    witness=Witness(draw=draw, count=400, loose=LOOSE),
)
