"""A coupling of mappings is a mixture of at most n(m - 1) + 1 of them, and no more are at a vertex.

The cells of all outputs but one, and the sum of the weights, say what a coupling is: that many rows.  Where a
constraint is convex in the coupling, an optimum is an extreme coupling, and this many mappings carry it.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from .lemma import Lemma, Witness, step
from .mappings import IMAGE, e, k, w, x, y
from .support import B, limit, v
from .textbook import A, i, o, on, z
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, Total, delta, eq, ge, implies, index, le, substitute
from .tools.rules import algebra, block, by_cases, choose, instance, kronecker, uses

__all__ = ["LEMMA"]

last = index("y0", "Y")
N, M, R = (sp.Symbol(f"size[{sort}]", real=True) for sort in "XYR")
MOST = N * (M - 1) + 1
FIXED = ForAll((x, y), (), eq(Total(e(k, x, y) * v(k), k), 0))
VERTEX = ForAll(
    (v,),
    (ForAll((k,), (), And((ge(w(k) + v(k), 0), ge(w(k) - v(k), 0)))), FIXED),
    ForAll((k,), (), eq(v(k), 0)),
)
ROWS = ForAll((x, y), (eq(delta(y, last), 0),), Exists((i,), ForAll((k,), (), eq(A(i, k), e(k, x, y)))))
MOVED = Total(e(k, x, y) * z(k), k)
CELL_ROW = Exists((i,), ForAll((k,), (), eq(A(i, k), e(k, x, y))))
FIXES = ForAll((z,), (ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0)),), ForAll((x, y), (), eq(MOVED, 0)))
RELAXED = ForAll(
    (z,),
    (
        ForAll((k,), (), And((ge(w(k) + z(k), 0), ge(w(k) - z(k), 0)))),
        ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0)),
        ForAll((o,), (), And((le(0, 1), le(0, 1)))),
    ),
    ForAll((k,), (), eq(z(k), 0)),
)
SUM = Exists((i,), ForAll((k,), (), eq(A(i, k), 1)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Some mappings on small alphabets; a support of independent couplings, as large as it gets or not."""
    n, m = generator.choice(((1, 2), (2, 2), (2, 1), (2, 3), (3, 2), (1, 3)))
    images = list(itertools.product(range(m), repeat=n))
    generator.shuffle(images)
    images = images[: generator.randint(1, 9)]
    rows = [[int(image[a] == b) for image in images] for a in range(n) for b in range(m) if b]
    rows.append([1] * len(images))
    chosen: list[int] = []
    for number in range(len(images)):
        columns = [[row[one] for row in rows] for one in (*chosen, number)]
        if fmpq_mat(columns).rank() == len(columns):
            chosen.append(number)
    if place % 3 == 0:
        chosen = chosen[: generator.randint(1, len(chosen))]
    weights = [fmpq(generator.randint(1, 4), 7) if one in chosen else fmpq(0) for one in range(len(images))]
    return {
        "#X": n,
        "#Y": m,
        "#K": len(images),
        "#R": len(rows),
        "e": [[[int(image[a] == b) for b in range(m)] for a in range(n)] for image in images],
        "A": rows,
        "w": weights,
        "on": [int(one > 0) for one in weights],
        "v": [fmpq(0)] * len(images),
    }


LEMMA = Lemma(
    name="coupling_count",
    label="Mappings that carry a coupling",
    idea=(
        "A direction that keeps the sum of the weights and the cells of all outputs but one keeps all, "
        "since each letter has one image. So n(m - 1) + 1 rows say what a vertex is."
    ),
    meaning={
        e: "[f_k(x) = y]",
        w: "weights of the mappings, a vertex of those with the same coupling",
        on: "[w > 0]",
        A: "a row for each cell of all outputs but one, and one of ones",
        v: "a direction",
    },
    hypotheses={
        "weights": ge(w(k), 0),
        "one image": IMAGE["one image"],
        "vertex": VERTEX,
        "indicator": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
        "cells": Exists((last,), ROWS),
        "sum": SUM,
        "rows": eq(R, MOST),
    },
    conclusions={"at most n(m - 1) + 1": le(Total(on(k), k), MOST)},
    steps=(
        step(
            "fixed",
            FIXES,
            choose(
                "cells",
                step("same output or not", Or((eq(delta(y, last), 0), eq(delta(y, last), 1))), kronecker()),
                step(
                    "all",
                    FIXES,
                    block(
                        step(
                            "no sum",
                            eq(Total(z(k), k), 0),
                            choose(
                                "sum",
                                step(
                                    "by the row",
                                    eq(Total(z(k), k), 0),
                                    algebra("rows are 0", over("ones", k, times=z(k))),
                                ),
                                called="ones",
                            ),
                        ),
                        step(
                            "others",
                            ForAll((x, y), (), eq((1 - delta(y, last)) * MOVED, 0)),
                            block(
                                step(
                                    "elsewhere",
                                    implies(eq(delta(y, last), 0), eq((1 - delta(y, last)) * MOVED, 0)),
                                    block(
                                        step(
                                            "row",
                                            CELL_ROW,
                                            instance("cell rows", {x: x, y: y}, using=("other",)),
                                        ),
                                        step(
                                            "cell",
                                            eq(MOVED, 0),
                                            choose(
                                                "row",
                                                step(
                                                    "by the row",
                                                    eq(MOVED, 0),
                                                    algebra("rows are 0", over("entries", k, times=z(k))),
                                                ),
                                                called="entries",
                                            ),
                                        ),
                                        step(
                                            "times",
                                            eq((1 - delta(y, last)) * MOVED, 0),
                                            algebra(over("cell", times=1 - delta(y, last))),
                                        ),
                                        given="other",
                                    ),
                                ),
                                step(
                                    "there",
                                    implies(eq(delta(y, last), 1), eq((1 - delta(y, last)) * MOVED, 0)),
                                    block(
                                        step(
                                            "nothing",
                                            eq((1 - delta(y, last)) * MOVED, 0),
                                            algebra(over("last one", times=MOVED)),
                                        ),
                                        given="last one",
                                    ),
                                ),
                                step(
                                    "either",
                                    eq((1 - delta(y, last)) * MOVED, 0),
                                    by_cases("elsewhere", "there", cover="same output or not"),
                                ),
                            ),
                        ),
                        step(
                            "at the last",
                            eq(Total(e(k, x, last) * z(k), k), 0),
                            algebra(over("others", y), over("one image", k, times=z(k)), "no sum"),
                        ),
                        step(
                            "kept",
                            eq(MOVED, 0),
                            algebra("others", over("at the last", times=delta(y, last))),
                        ),
                        given="rows are 0",
                    ),
                ),
                called="cell rows",
            ),
        ),
        step(
            "vertex of the rows",
            RELAXED,
            block(
                step("cells kept", substitute(FIXED, {v: z}), instance("fixed", {z: z}, using=("still 0",))),
                step(
                    "nothing",
                    ForAll((k,), (), eq(z(k), 0)),
                    instance("vertex", {v: z}, using=("both ways", "cells kept")),
                ),
                given="both ways; still 0; other rows",
            ),
        ),
        step(
            "number",
            le(Total(on(k), k), R),
            uses(
                "support",
                {B: lambda one, two: sp.Integer(0), limit: lambda one: sp.Integer(1)},
                using=("weights", "indicator", "on the support", "vertex of the rows"),
            ),
        ),
        step("count", le(Total(on(k), k), MOST), algebra("number", "rows")),
    ),
    witness=Witness(draw=_draw, count=500),
)
