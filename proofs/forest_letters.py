"""Without common randomness: |T| <= 2 min(n, m) - 1.

One side of the bound: cells k of a table with rows T and columns Y hold the joint law of T and Y.  The other
side is the same with X for Y, as mutual information is symmetric.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .edge import M, P, c, r, u
from .lemma import Lemma, Witness, step
from .mappings import pmf
from .textbook import FOREST_COLUMNS, A, B, independent, k, on, w, z
from .textbook import c as row_share
from .textbook import d as column_share
from .tools.kernel import over
from .tools.language import (
    And,
    Exists,
    ForAll,
    Or,
    Total,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    ne,
    phi,
    size,
    substitute,
    total,
)
from .tools.resorting import resorted
from .tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    cites,
    exists,
    instance,
    sign,
    uses,
    vanishing,
    zero_product,
)
from .vertex_optimum import FEWEST

__all__ = ["LEMMA"]

x, y, t1 = index("x", "X"), index("y", "Y"), index("t1", "T")
f, h, a, g, pi, split, Q, s = family("f h a g pi sigma Q s")
#: cells of the support in the row of a letter, and in one column of it
CELLS = Total(on(k) * f(k, t1), k)
CELLS_AT = Total(on(k) * f(k, t1) * h(k, y), k)
#: decoders u on no other cells, with the same laws of T and Y and as much information, keep all cells
LEAST = ForAll(
    (u, Q),
    (
        ForAll((k,), (), ge(u(k), 0)),
        ForAll((k,), (), implies(le(w(k), 0), le(u(k), 0))),
        ForAll((t1,), (), eq(Total(u(k) * f(k, t1), k), pi(t1))),
        ForAll((y,), (), eq(Total(u(k) * h(k, y), k), r(y))),
        ForAll((x, y), (), eq(Q(x, y), Total(u(k) * g(k, x) * h(k, y), k))),
        le(total(phi(Q(x, y)), x, y), total(phi(P(x, y)), x, y)),
    ),
    ForAll((k,), (), implies(gt(w(k), 0), gt(u(k), 0))),
)
FOREST = independent(
    ForAll((t1,), (), eq(Total(f(k, t1) * z(k), k), 0)),
    ForAll((y,), (), eq(Total(h(k, y) * z(k), k), 0)),
)
#: the lemma of vertices on cells as columns, letters and outputs as rows
OF_CELLS = {
    A: lambda one, n: f(n, one),
    B: lambda b, n: h(n, b),
    c: lambda b: 1,
    M: lambda n, at, b: g(n, at) * h(n, b),
}
SORTS = {"R": "T", "O": "Y"}
WANTED = substitute(resorted(FEWEST, SORTS), OF_CELLS)
U1, Q1, T1 = WANTED.variables
AT = WANTED.given[4].variables
LETTER = And((ge(CELLS, 1 + split(t1)), eq((1 - split(t1)) * CELLS, 1 - split(t1))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Letters decoded to one output each, and others that link two outputs, no cycle among them; cells that
    are not used; the same decoder again, or another one.
    """
    n, m = generator.randint(1, 3), 1 + place % 3
    order = generator.sample(range(m), m)
    alone = [[one] for one in range(m) if place % 2 or generator.random() < 0.7]
    linked = [order[at : at + 2] for at in range(m - 1) if place % 2 or generator.random() < 0.5]
    letters = alone + linked or [[0]]
    cells = [(at, output) for at, outputs in enumerate(letters) for output in outputs]
    unused = [(at, b) for at in range(len(letters)) for b in range(m) if (at, b) not in cells]
    cells += generator.sample(unused, min(len(unused), 2))
    count = sum(map(len, letters))
    raw = [fmpq(generator.choice((1, 2, 5, 100))) if at < count else fmpq(0) for at in range(len(cells))]
    weights = [one / sum(raw, fmpq(0)) for one in raw]
    other = list(weights)
    if place % 4 == 1:
        other[generator.randrange(count)] = fmpq(0)
    encoder = [pmf(generator, n, zeros=True) for _ in letters]

    def coupling(of: list[Any]) -> list[list[Any]]:
        return [
            [
                sum((one * encoder[at][i] for one, (at, b) in zip(of, cells, strict=True) if b == j), fmpq(0))
                for j in range(m)
            ]
            for i in range(n)
        ]

    here = coupling(weights)
    return {
        "#X": n,
        "#Y": m,
        "#T": len(letters),
        "#K": len(cells),
        "f": [[int(at == one) for one in range(len(letters))] for at, _ in cells],
        "h": [[int(b == one) for one in range(m)] for _, b in cells],
        "a": encoder,
        "g": [encoder[at] for at, _ in cells],
        "pi": [
            sum((w1 for w1, (at, _) in zip(weights, cells, strict=True) if at == one), fmpq(0))
            for one in range(len(letters))
        ],
        "w": weights,
        "u": other,
        "on": [int(one > 0) for one in weights],
        "sigma": [int(len(outputs) > 1) for outputs in letters],
        "P": here,
        "Q": coupling(other),
        "r": [sum((row[j] for row in here), fmpq(0)) for j in range(m)],
        "z": [fmpq(0)] * len(cells),
    }


LEMMA = Lemma(
    name="forest_letters",
    label="Number of letters without common randomness",
    idea=(
        "The cells of a decoder on least support are a forest, so fewer than m letters are split. "
        "Letters that are not split go to different outputs, m at most."
    ),
    meaning={
        f: "[cell k lies in the row of letter t]",
        h: "[cell k lies in the column of output y]",
        a: "law of X given the letter",
        g: "the same at the letter of cell k",
        w: "joint law of T and Y",
        pi: "law of T",
        r: "law of Y",
        P: "coupling of X and Y",
        on: "[w > 0]",
        split: "[the decoder splits the letter]",
        u: "another joint law of T and Y",
        Q: "its coupling",
        z: "a direction",
    },
    hypotheses={
        "one row": And((ge(f(k, t1), 0), eq(Total(f(k, t1), t1), 1))),
        "one column": And((ge(h(k, y), 0), eq(Total(h(k, y), y), 1))),
        "encoder": And((ge(a(t1, x), 0), eq(Total(a(t1, x), x), 1))),
        "law at a cell": eq(g(k, x), Total(f(k, t1) * a(t1, x), t1)),
        "decoder": ge(w(k), 0),
        "law of T": eq(pi(t1), Total(w(k) * f(k, t1), k)),
        "masses": gt(pi(t1), 0),
        "law of Y": eq(r(y), Total(w(k) * h(k, y), k)),
        "coupling": eq(P(x, y), Total(w(k) * g(k, x) * h(k, y), k)),
        "least support": LEAST,
        "used or not": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
        "all of the support": implies(eq(on(k), 0), le(w(k), 0)),
        "split or not": Or(
            (eq(CELLS, 0), And((eq(CELLS, 1), eq(split(t1), 0))), And((ge(CELLS, 2), eq(split(t1), 1))))
        ),
        "merged": le(Total((1 - split(t1)) * CELLS_AT, t1), 1),
    },
    conclusions={
        "a forest": FOREST,
        "cells": le(Total(on(k), k), size("T") + size("Y") - 1),
        "split letters": le(Total(split(t1), t1), size("Y") - 1),
        "letters": le(size("T"), 2 * size("Y") - 1),
    },
    steps=(
        step("laws at cells", ge(g(k, x), 0), sign()),
        step(
            "law at a cell sums to 1",
            eq(Total(g(k, x), x), 1),
            algebra(over("law at a cell", x), over("encoder", t1, times=f(k, t1)), "one row"),
        ),
        step("columns", ge(g(k, x) * h(k, y), 0), sign()),
        step(
            "law of the coupling",
            eq(r(y), Total(P(x, y), x)),
            algebra(
                "law of Y",
                over("coupling", x),
                over("law at a cell sums to 1", k, times=w(k) * h(k, y)),
            ),
        ),
        step(
            "least",
            WANTED,
            block(
                step("same letters", eq(Total(U1(k) * f(k, t1), k), pi(t1)), algebra("rows", "law of T")),
                step("same outputs", eq(Total(U1(k) * h(k, y), k), r(y)), algebra("outputs", "law of Y")),
                step(
                    "law of u",
                    eq(T1(y), r(y)),
                    algebra(
                        "sums",
                        over("cells of u", AT[0], at={AT[1]: y}),
                        over("law at a cell sums to 1", k, times=U1(k) * h(k, y)),
                        "same outputs",
                    ),
                ),
                step("entropy of u", eq(phi(T1(y)), phi(r(y))), algebra(put=("law of u",))),
                step(
                    "no more entropy",
                    le(total(phi(Q1(x, y)), x, y), total(phi(P(x, y)), x, y)),
                    algebra("no worse", over("entropy of u", y)),
                ),
                step(
                    "kept",
                    WANTED.then,
                    instance(
                        "least support",
                        {u: U1, Q: Q1},
                        using=(
                            "u",
                            "no new cell",
                            "same letters",
                            "same outputs",
                            "cells of u",
                            "no more entropy",
                        ),
                    ),
                ),
                given="u; no new cell; rows; outputs; cells of u; sums; no worse",
            ),
        ),
        step("bounded", gt(Total(h(k, y), y), 0), algebra("one column")),
        step(
            "forest",
            FOREST,
            uses(
                "vertex_optimum",
                {**SORTS, **OF_CELLS},
                using=(
                    "columns",
                    "bounded",
                    "decoder",
                    "coupling",
                    "law of the coupling",
                    "least",
                    "used or not",
                    "on the support",
                ),
            ),
        ),
        step("a letter", Exists((t1,), ne(1, 0)), exists({t1: t1})),
        step("relation", eq(Total(f(k, t1), t1) + Total(-h(k, y), y), 0), algebra("one row", "one column")),
        step(
            "cells",
            le(Total(on(k), k), size("T") + size("Y") - 1),
            cites(
                FOREST_COLUMNS,
                {**SORTS, A: OF_CELLS[A], B: OF_CELLS[B], row_share: lambda i: 1, column_share: lambda o: -1},
                using=("used or not", "relation", "a letter", "forest"),
            ),
        ),
        step("parts of a row", ge(on(k) * f(k, t1), 0), sign()),
        step(
            "letter",
            ForAll((t1,), (), LETTER),
            block(
                step(
                    "no cell",
                    implies(eq(CELLS, 0), LETTER),
                    block(
                        step("none used", eq(on(k) * f(k, t1), 0), vanishing("parts of a row", "void")),
                        step(
                            "no mass in any",
                            ForAll((k,), (), le(w(k) * f(k, t1), 0)),
                            block(
                                step("which", Or((eq(on(k), 0), eq(f(k, t1), 0))), zero_product("none used")),
                                step(
                                    "not used",
                                    implies(eq(on(k), 0), le(w(k) * f(k, t1), 0)),
                                    block(
                                        step(
                                            "no weight",
                                            le(w(k), 0),
                                            instance("all of the support", {}, using=("off",)),
                                        ),
                                        step(
                                            "nothing",
                                            le(w(k) * f(k, t1), 0),
                                            algebra(over("no weight", times=f(k, t1))),
                                        ),
                                        given="off",
                                    ),
                                ),
                                step(
                                    "elsewhere",
                                    implies(eq(f(k, t1), 0), le(w(k) * f(k, t1), 0)),
                                    block(
                                        step(
                                            "nothing",
                                            le(w(k) * f(k, t1), 0),
                                            algebra(over("away", times=w(k))),
                                        ),
                                        given="away",
                                    ),
                                ),
                                step(
                                    "either",
                                    le(w(k) * f(k, t1), 0),
                                    by_cases("not used", "elsewhere", cover="which"),
                                ),
                            ),
                        ),
                        step("no mass", lt(0, 0), algebra("masses", "law of T", over("no mass in any", k))),
                        step("impossible", LETTER, absurd("no mass")),
                        given="void",
                    ),
                ),
                step(
                    "one cell",
                    implies(And((eq(CELLS, 1), eq(split(t1), 0))), LETTER),
                    block(
                        step("there", LETTER, algebra("alone", over("alone", times=split(t1)))),
                        given="alone",
                    ),
                ),
                step(
                    "more cells",
                    implies(And((ge(CELLS, 2), eq(split(t1), 1))), LETTER),
                    block(
                        step("shared", LETTER, algebra("several", over("several", times=CELLS))),
                        given="several",
                    ),
                ),
                step(
                    "one of these",
                    LETTER,
                    by_cases("no cell", "one cell", "more cells", cover="split or not"),
                ),
            ),
        ),
        step(
            "split letters",
            le(Total(split(t1), t1), size("Y") - 1),
            algebra("cells", over("letter", t1), over("one row", k, times=on(k))),
        ),
        step(
            "whole letters",
            le(size("T") - Total(split(t1), t1), size("Y")),
            algebra(
                over("merged", y),
                over("letter", t1),
                over("one column", k, t1, times=(1 - split(t1)) * on(k) * f(k, t1)),
            ),
        ),
        step("letters", le(size("T"), 2 * size("Y") - 1), algebra("split letters", "whole letters")),
    ),
    witness=Witness(draw=_draw, count=600),
)
