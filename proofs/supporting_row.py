"""A row of the relaxation from any function with a supporting line at the cell, on alphabets of any size."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .column_jensen import ROW, SHARE, G, V, draw_places, v
from .lemma import Lemma, Witness, step
from .mappings import MIXTURE, P, e, k, p, q, r, w, x, y
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import Total, eq, family, gt, le, phi
from .tools.rules import algebra

__all__ = ["LEMMA", "SUPPORT", "TOUCH", "m", "top"]

m, top = family("m T")
SUPPORT = le(G(k, x, y), top(x, y) + m(x, y) * (V - P(x, y)))
TOUCH = le(top(x, y), phi(P(x, y)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Any line through or below phi(P), any heights on or below it."""
    values = draw_places(generator, place)
    n, mm, number = values["#X"], values["#Y"], values["#K"]
    slopes = [[fmpq(generator.randint(-9, 9), 4) for _ in range(mm)] for _ in range(n)]
    drop = generator.choice((0, 1))
    tops = [[ball(nats(cell)) - drop for cell in row] for row in values["P"]]
    heights = [
        [
            [
                tops[a][b]
                + slopes[a][b] * (values["v"][f][a][b] - values["P"][a][b])
                - generator.choice((0, 0, fmpq(1, 7)))
                for b in range(mm)
            ]
            for a in range(n)
        ]
        for f in range(number)
    ]
    return values | {"m": slopes, "T": tops, "G": heights}


LEMMA = Lemma(
    name="supporting_row",
    label="Jensen rows from supporting lines",
    idea="The places have mean P with the shares as weights, so the line's mean is its value at P.",
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        v: "place of mapping k in a column",
        G: "heights of the function at the places",
        top: "height of the line at P",
        m: "slope of the line",
    },
    hypotheses={
        **{name: formula for name, formula in MIXTURE.items() if name != "one image"},
        "output": gt(r(y), 0),
        "place": eq(q(k, y) * V, r(y) * p(x) * e(k, x, y)),
        "supporting line": SUPPORT,
        "below": TOUCH,
    },
    conclusions={"row": ROW},
    steps=(
        step(
            "mean",
            eq(Total(w(k) * q(k, y) * V, k), r(y) * P(x, y)),
            algebra(
                over("place", k, times=w(k)),
                over("coupling", times=r(y)),
            ),
        ),
        step(
            "row",
            ROW,
            algebra(
                over("supporting line", k, times=SHARE),
                "below",
                over("mean", times=m(x, y) / r(y)),
                over("marginal", times=(m(x, y) * P(x, y) - top(x, y)) / r(y)),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=3000),
    conventions=("a mapping that never takes the value y may have any place v there: its share is 0",),
)
