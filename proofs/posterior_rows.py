"""Rows of the relaxation where the law of Y varies: boxes of posteriors in place of boxes of couplings."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chord import c as middle
from .chord import high as right_end
from .chord import low as left_end
from .column_jensen import G, V, v
from .lemma import Lemma, Witness, step
from .mappings import MIXTURE, P, e, k, mixture, p, q, r, w, x, y
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, Total, eq, family, ge, gt, implies, le, phi, substitute
from .tools.rules import algebra, block, sign, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

t, m, top, low, high = family("t m T l u")
POSTERIOR, LOW, HIGH, CELL = t(x, y), low(x, y), high(x, y), P(x, y)
SUPPORT = le(G(k, x, y), top(x, y) + m(x, y) * (V - POSTERIOR))
CHORD = le(
    (right_end - middle) * phi(left_end) + (middle - left_end) * phi(right_end),
    (right_end - left_end) * phi(middle),
)
VALUE = r(y) * phi(POSTERIOR)
ROW = le(Total(w(k) * q(k, y) * G(k, x, y), k), VALUE)
SECANT = le(
    (HIGH * r(y) - CELL) * phi(LOW) + (CELL - LOW * r(y)) * phi(HIGH),
    (HIGH - LOW) * VALUE,
)
SHARE = implies(gt(r(y), 0), eq(VALUE, phi(CELL) + CELL * sp.log(r(y))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures; the posteriors of an output that is never met, and the places of such mappings, are free."""
    values = mixture(generator, place)
    n, mm, number = values["#X"], values["#Y"], values["#K"]
    law = values["r"]
    posterior = [
        [row[out] / law[out] if law[out] else fraction(generator) for out in range(mm)] for row in values["P"]
    ]
    lows = [[at * generator.choice((0, 1, fraction(generator))) for at in row] for row in posterior]
    highs = [[at + generator.choice((0, 1, 2)) * fraction(generator) / 3 for at in row] for row in posterior]
    slopes = [[fmpq(generator.randint(-9, 9), 4) for _ in range(mm)] for _ in range(n)]
    drop = generator.choice((0, 1))
    tops = [[ball(nats(at)) - drop for at in row] for row in posterior]
    places = [
        [
            [
                values["p"][a] * values["e"][f][a][b] / values["q"][f][b]
                if values["q"][f][b]
                else fraction(generator)
                for b in range(mm)
            ]
            for a in range(n)
        ]
        for f in range(number)
    ]
    heights = [
        [
            [
                tops[a][b]
                + slopes[a][b] * (places[f][a][b] - posterior[a][b])
                - generator.choice((0, 0, fmpq(1, 7)))
                for b in range(mm)
            ]
            for a in range(n)
        ]
        for f in range(number)
    ]
    return values | {"t": posterior, "l": lows, "u": highs, "m": slopes, "T": tops, "v": places, "G": heights}


LEMMA = Lemma(
    name="posterior_rows",
    label="Rows on posteriors",
    idea=(
        "The share of mapping k in output y is w q, and the posterior is the mean of the places p(x|A): "
        "Jensen's inequality on a supporting line. The secant is that of phi between the ends, times P(y). "
        "Neither needs to know the law of Y, and their sum over x bounds P(y) H(X|Y=y)."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        t: "posterior P(x|y)",
        v: "posterior of mapping k, p(x|A)",
        G: "heights of the function at the places",
        top: "height of the line at the posterior",
        m: "slope of the line",
        low: "lower ends of the box of posteriors",
        high: "upper ends",
    },
    hypotheses={
        **{name: formula for name, formula in MIXTURE.items() if name != "one image"},
        "posterior": eq(CELL, r(y) * POSTERIOR),
        "box": And((le(0, LOW), le(LOW, POSTERIOR), le(POSTERIOR, HIGH))),
        "place": eq(q(k, y) * V, p(x) * e(k, x, y)),
        "supporting line": SUPPORT,
        "below": le(top(x, y), phi(POSTERIOR)),
    },
    conclusions={"row": ROW, "secant": SECANT, "value": SHARE},
    steps=(
        step("law", ge(r(y), 0), sign()),
        step(
            "mean",
            eq(Total(w(k) * q(k, y) * V, k), r(y) * POSTERIOR),
            algebra(over("place", k, times=w(k)), "coupling", "posterior"),
        ),
        step(
            "row",
            ROW,
            algebra(
                over("supporting line", k, times=w(k) * q(k, y)),
                over("below", times=r(y)),
                over("mean", times=m(x, y)),
                over("marginal", times=m(x, y) * POSTERIOR - top(x, y)),
            ),
        ),
        step(
            "chord",
            substitute(CHORD, {left_end: LOW, middle: POSTERIOR, right_end: HIGH}),
            uses("chord", {left_end: LOW, middle: POSTERIOR, right_end: HIGH}, using=("box",)),
        ),
        step("secant", SECANT, algebra(over("chord", times=r(y)), put=("posterior",))),
        step(
            "value",
            SHARE,
            block(
                step("here", eq(VALUE, phi(CELL) + CELL * sp.log(r(y))), algebra(put=("posterior",))),
                given="met",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=300),
    conventions=(
        "a mapping that never takes the value y may have any place there",
        "an output without mass may have any posterior",
    ),
)
