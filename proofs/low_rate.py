"""The low-rate theorem for any alphabets: below R_low every constant keeps a positive weight.

With the support lemma (at most m + 1 mappings, m + 2 with the label row) at most one other mapping is left
(two).
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chord import c as point
from .chord import high, low
from .grouping import B as whole
from .grouping import b as part
from .lemma import Lemma, Witness, step
from .mappings import IMAGE, LAW, e, k, mixture, p, q, r, w, x, y
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Or,
    Total,
    delta,
    entropy,
    eq,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    follows,
    instance,
    kronecker,
    part_of_sum,
    sign,
    uses,
)

__all__ = ["LEMMA"]

y2 = index("y2", "Y")
least = real("pmin")
#: entropy at least for each unit of mass that a mapping supplies to a letter
PRICE = entropy(least) / (1 - least)
RATE = total(w(k) * phi(q(k, y2)), k, y2)
H = Total(phi(q(k, y2)), y2)
OFF = q(k, y2) * (1 - delta(y2, y))
NOT_CONSTANT = Or((eq(q(k, y), 1), le(q(k, y), 1 - least)))
OTHERS = And((ge(OFF, 0), eq(phi(OFF), (1 - delta(y2, y)) * phi(q(k, y2)))))
CHORD = le((high - point) * phi(low) + (point - low) * phi(high), (high - low) * phi(point))
NONE = ForAll((k,), (), implies(eq(q(k, y), 1), eq(w(k), 0)))
PAYS = ForAll((y,), (NONE,), le(PRICE * r(y), RATE))
PER_MAPPING = le(w(k) * q(k, y) * PRICE, w(k) * H)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures with constants among the mappings, some letters without theirs."""
    values = mixture(generator, place, mappings=3)
    n, m = values["#X"], values["#Y"]
    if n < 2:
        return _draw(generator, place + 1)
    letter = place % m
    for number_of, law in enumerate(values["q"]):
        if law[letter] == 1 and place % 2:
            values["w"][number_of] = fmpq(0)
    values["r"] = [
        sum((a1 * b1[y1] for a1, b1 in zip(values["w"], values["q"], strict=True)), fmpq(0))
        for y1 in range(m)
    ]
    return values | {"pmin": min(values["p"])}


LEMMA = Lemma(
    name="low_rate",
    label="Low-rate theorem",
    idea=(
        "A mapping that is not constant y supplies at most 1 - p_min to y and pays at "
        "least h(p_min)/(1 - p_min) for "
        "each unit, as h is concave. If the constant y has no weight, y is paid for in full."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        least: "least mass of X",
    },
    hypotheses={
        "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
        "least mass": And((gt(least, 0), lt(least, 1), le(least, p(x)))),
        "weights": ge(w(k), 0),
        **IMAGE,
        **LAW,
        "marginal": eq(r(y), Total(w(k) * q(k, y), k)),
    },
    conclusions={
        "constant, or with a letter elsewhere": NOT_CONSTANT,
        "a letter without its constant is paid for": PAYS,
    },
    steps=(
        step("hits", ge(e(k, x, y), 0), sign()),
        step("laws", ge(q(k, y), 0), sign()),
        step(
            "misses",
            ForAll((k, x, y), (), le(e(k, x, y), 1)),
            block(
                step(
                    "miss",
                    implies(eq(e(k, x, y), 0), le(e(k, x, y), 1)),
                    block(step("zero", le(e(k, x, y), 1), algebra("given 1"))),
                ),
                step(
                    "hit",
                    implies(eq(e(k, x, y), 1), le(e(k, x, y), 1)),
                    block(step("one", le(e(k, x, y), 1), algebra("given 1"))),
                ),
                step("either", le(e(k, x, y), 1), by_cases("miss", "hit", cover="indicator")),
            ),
        ),
        step("misses not negative", ge(p(x) * (1 - e(k, x, y)), 0), sign()),
        step(
            "miss in its sum",
            le(p(x) * (1 - e(k, x, y)), Total(p(x) * (1 - e(k, x, y)), x)),
            part_of_sum(
                "misses not negative",
            ),
        ),
        step(
            "rest",
            le(p(x) * (1 - e(k, x, y)), 1 - q(k, y)),
            algebra("miss in its sum", "source", "law of the image"),
        ),
        step(
            "constant or not",
            ForAll((k, y), (), NOT_CONSTANT),
            block(
                step(
                    "little",
                    implies(le(q(k, y), 1 - least), NOT_CONSTANT),
                    block(
                        step("second", NOT_CONSTANT, follows("few")),
                        given="few",
                    ),
                ),
                step(
                    "much",
                    implies(lt(1 - least, q(k, y)), NOT_CONSTANT),
                    block(
                        step(
                            "all hit",
                            ForAll((x,), (), eq(e(k, x, y), 1)),
                            block(
                                step(
                                    "if missed",
                                    implies(eq(e(k, x, y), 0), eq(e(k, x, y), 1)),
                                    block(
                                        step(
                                            "nothing",
                                            lt(0, 0),
                                            algebra(
                                                "rest",
                                                "least mass",
                                                "many",
                                                over("missed", times=p(x)),
                                            ),
                                        ),
                                        step("anything", eq(e(k, x, y), 1), absurd("nothing")),
                                        given="missed",
                                    ),
                                ),
                                step(
                                    "if hit",
                                    implies(eq(e(k, x, y), 1), eq(e(k, x, y), 1)),
                                    block(
                                        step("hit", eq(e(k, x, y), 1), algebra("given 1")),
                                    ),
                                ),
                                step(
                                    "either",
                                    eq(e(k, x, y), 1),
                                    by_cases("if missed", "if hit", cover="indicator"),
                                ),
                            ),
                        ),
                        step(
                            "whole",
                            eq(q(k, y), 1),
                            algebra("law of the image", over("all hit", x, times=p(x)), "source"),
                        ),
                        step("first", NOT_CONSTANT, follows("whole")),
                        given="many",
                    ),
                ),
                step("one of them", NOT_CONSTANT, by_cases("little", "much")),
            ),
        ),
        step(
            "law sums",
            eq(Total(q(k, y), y), 1),
            algebra(
                over("law of the image", y),
                over("one image", x, times=p(x)),
                "source",
            ),
        ),
        step("same or other", Or((eq(delta(y2, y), 0), eq(delta(y2, y), 1))), kronecker()),
        step(
            "others",
            ForAll((k, y, y2), (), OTHERS),
            block(
                step(
                    "other",
                    implies(eq(delta(y2, y), 0), OTHERS),
                    block(
                        step("kept", OTHERS, algebra("laws", put=("is other",))),
                        given="is other",
                    ),
                ),
                step(
                    "same",
                    implies(eq(delta(y2, y), 1), OTHERS),
                    block(
                        step("gone", OTHERS, algebra(put=("is same",))),
                        given="is same",
                    ),
                ),
                step("either", OTHERS, by_cases("other", "same", cover="same or other")),
            ),
        ),
        step("law in its sum", le(q(k, y), Total(q(k, y), y)), part_of_sum("laws")),
        step("at most 1", le(q(k, y), 1), algebra("law in its sum", "law sums")),
        step(
            "grouped",
            le(phi(1 - q(k, y)), Total(phi(OFF), y2)),
            uses(
                "grouping",
                {"I": "Y", part: lambda i: q(k, i) * (1 - delta(i, y)), whole: 1 - q(k, y)},
                using=("others", over("law sums")),
            ),
        ),
        step("entropy of one letter", le(entropy(q(k, y)), H), algebra("grouped", over("others", y2))),
        step(
            "pays",
            PAYS,
            block(
                step(
                    "each",
                    ForAll((k,), (), PER_MAPPING),
                    block(
                        step(
                            "constant",
                            implies(eq(q(k, y), 1), PER_MAPPING),
                            block(
                                step("idle", eq(w(k), 0), instance("no weight", {}, using=("all",))),
                                step("nothing to pay", PER_MAPPING, algebra(put=("idle",))),
                                given="all",
                            ),
                        ),
                        step(
                            "not constant",
                            implies(le(q(k, y), 1 - least), PER_MAPPING),
                            block(
                                step(
                                    "chord",
                                    substitute(CHORD, {low: 0, point: q(k, y), high: 1 - least}),
                                    uses(
                                        "chord",
                                        {low: sp.Integer(0), point: q(k, y), high: 1 - least},
                                        using=("laws", "few"),
                                    ),
                                ),
                                step(
                                    "other chord",
                                    substitute(CHORD, {low: least, point: 1 - q(k, y), high: 1}),
                                    uses(
                                        "chord",
                                        {low: least, point: 1 - q(k, y), high: sp.Integer(1)},
                                        using=("laws", "few", "least mass"),
                                    ),
                                ),
                                step(
                                    "price",
                                    le(q(k, y) * PRICE, entropy(q(k, y))),
                                    algebra("chord", "other chord"),
                                ),
                                step(
                                    "paid",
                                    PER_MAPPING,
                                    algebra(
                                        over("price", times=w(k)),
                                        over("entropy of one letter", times=w(k)),
                                    ),
                                ),
                                given="few",
                            ),
                        ),
                        step(
                            "either",
                            PER_MAPPING,
                            by_cases("constant", "not constant", cover="constant or not"),
                        ),
                    ),
                ),
                step("sum", PAYS.then, algebra(over("each", k), over("marginal", times=PRICE))),
                given="no weight",
            ),
        ),
    ),
    witness=Witness(
        draw=_draw,
        count=1500,
        loose={
            "least mass": (
                "with two letters or more the least mass is at most 1/2, far from the 1 that is excluded"
            ),
        },
    ),
)
