"""Mappings that are constant: their images and laws, from the one letter that they send everything to."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .low_rate_support import HYPOTHESES, con, cst, either
from .mappings import e, k, mixture, p, q, x, y
from .tools.kernel import over
from .tools.language import ForAll, Or, Total, delta, eq, ge, index, le
from .tools.rules import algebra, block, instance, kronecker, sign, vanishing

__all__ = ["GIVEN", "LEMMA"]

y2 = index("y2", "Y")
HIT = eq(con(k, y) * (1 - e(k, x, y)), 0)
ALL_HIT = ForAll((x,), (), HIT)
GIVEN = ("source", "indicator", "one image", "law of the image", "constants", "each constant", "constant")


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mappings of which some are constant; a mark is missing now and then."""
    values = mixture(generator, place)
    marks = [[int(one == 1) for one in law] for law in values["q"]]
    if place % 5 == 0:
        marks[0] = [0] * len(marks[0])
    return values | {"c": marks, "d": [fmpq(sum(row)) for row in marks]}


_CONSTANT_IMAGES = (
    step("hits", ge(e(k, x, y), 0), sign()),
    step(
        "misses",
        ForAll((k, x, y), (), le(e(k, x, y), 1)),
        block(
            *either(
                "hit",
                le(e(k, x, y), 1),
                e(k, x, y),
                "indicator",
                (step("zero", le(e(k, x, y), 1), algebra("hit is 0")),),
                (step("one", le(e(k, x, y), 1), algebra("hit is 1")),),
            )
        ),
    ),
    step("missed masses", ge(p(x) * (1 - e(k, x, y)), 0), sign()),
    step(
        "constant hits",
        ForAll((k, y), (), ALL_HIT),
        block(
            *either(
                "constant here",
                ALL_HIT,
                con(k, y),
                "constants",
                (step("nothing", HIT, algebra(put=("constant here is 0",))),),
                (
                    step("law", eq(q(k, y), 1), instance("each constant", {}, using=("constant here is 1",))),
                    step(
                        "no misses",
                        eq(Total(p(x) * (1 - e(k, x, y)), x), 0),
                        algebra("law", "law of the image", "source"),
                    ),
                    step("each hit", eq(p(x) * (1 - e(k, x, y)), 0), vanishing("missed masses", "no misses")),
                    step("hit", eq(1 - e(k, x, y), 0), algebra(over("each hit", times=1 / p(x)))),
                    step("times", HIT, algebra(over("hit", times=con(k, y)))),
                ),
            )
        ),
    ),
    step("same output or not", Or((eq(delta(y, y2), 0), eq(delta(y, y2), 1))), kronecker()),
    step(
        "at most one",
        ForAll((y, y2), (), le(delta(y, y2), 1)),
        block(
            *either(
                "same",
                le(delta(y, y2), 1),
                delta(y, y2),
                "same output or not",
                (step("zero", le(delta(y, y2), 1), algebra("same is 0")),),
                (step("one", le(delta(y, y2), 1), algebra("same is 1")),),
            )
        ),
    ),
    step("other hits", ge(con(k, y2) * e(k, x, y) * (1 - delta(y, y2)), 0), sign()),
    step(
        "no sum of other hits",
        eq(Total(con(k, y2) * e(k, x, y) * (1 - delta(y, y2)), y), 0),
        algebra(over("one image", times=con(k, y2)), over("constant hits", at={y: y2})),
    ),
    step(
        "no other hits",
        eq(con(k, y2) * e(k, x, y) * (1 - delta(y, y2)), 0),
        vanishing("other hits", "no sum of other hits"),
    ),
    step(
        "images of constants",
        eq(e(k, x, y) * cst(k), con(k, y)),
        algebra(over("constant", times=e(k, x, y)), over("no other hits", y2), "constant hits"),
    ),
    step(
        "laws of constants",
        eq(q(k, y) * cst(k), con(k, y)),
        algebra(
            over("law of the image", times=cst(k)),
            over("images of constants", x, times=p(x)),
            over("source", times=con(k, y)),
        ),
    ),
)
_SQUARES = (
    step(
        "squares",
        ForAll((k, y), (), eq(con(k, y) * (1 - con(k, y)), 0)),
        block(
            *either(
                "a constant",
                eq(con(k, y) * (1 - con(k, y)), 0),
                con(k, y),
                "constants",
                (step("zero", eq(con(k, y) * (1 - con(k, y)), 0), algebra(put=("a constant is 0",))),),
                (step("one", eq(con(k, y) * (1 - con(k, y)), 0), algebra(put=("a constant is 1",))),),
            )
        ),
    ),
    step(
        "constant once",
        eq(con(k, y) * (1 - cst(k)), 0),
        algebra(over("images of constants", times=con(k, y)), over("constant hits", times=cst(k)), "squares"),
    ),
    step(
        "constant squares",
        eq(cst(k) * (1 - cst(k)), 0),
        algebra(over("constant once", y), over("constant", times=1 - cst(k))),
    ),
    step("square of it", ge((1 - cst(k)) ** 2, 0), sign()),
    step("at most constant", le(cst(k), 1), algebra("square of it", "constant squares")),
)

LEMMA = Lemma(
    name="constants",
    label="Constant mappings",
    idea=(
        "A mapping whose law has mass 1 at a letter sends every letter there, for all masses are positive. "
        "So its indicator times its image is its mark."
    ),
    meaning={
        p: "law of X",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        con: "mark of f_k at y, on constants y only",
        cst: "whether f_k has a mark",
    },
    hypotheses={name: HYPOTHESES[name] for name in GIVEN},
    conclusions={
        "images": eq(e(k, x, y) * cst(k), con(k, y)),
        "laws": eq(q(k, y) * cst(k), con(k, y)),
        "a mark or none": eq(cst(k) * (1 - cst(k)), 0),
        "at most one": le(cst(k), 1),
    },
    steps=(*_CONSTANT_IMAGES, *_SQUARES),
    witness=Witness(draw=_draw, count=1000),
)
