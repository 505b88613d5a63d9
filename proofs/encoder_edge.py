"""Without common randomness and with a free law of T: the best encoder has at most n + m positive cells.

The decoder is fixed.  H(T) <= R is a reverse convex limit, so the encoder lies on an edge of its polytope.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .edge import INDEPENDENT, LEAST, D, J, M, N, P, c, r, u
from .lemma import Lemma, Witness, step
from .mappings import pmf
from .textbook import FOREST_COLUMNS_AND_MORE, A, B, C, k, on, w
from .textbook import c as row_share
from .textbook import d as column_share
from .tools.evaluate import nats
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
    ln0,
    ne,
    phi,
    real,
    size,
    substitute,
    total,
)
from .tools.resorting import resorted
from .tools.rules import algebra, block, choose, cites, exists, follows, instance, sign, uses

__all__ = ["LEMMA"]

x, y, t1, g, v = index("x", "X"), index("y", "Y"), index("t1", "T"), index("g", "L"), index("v", "Z")
f, h, b, d, p, pi, Q, tau, chosen = family("f h b d p pi Q tau tau2")
R = real("R")

#: encoders u on no other cells, with the same laws of X and Y, within the limit and as good, keep all cells
BEST = ForAll(
    (u, Q, tau),
    (
        ForAll((k,), (), ge(u(k), 0)),
        ForAll((k,), (), implies(le(w(k), 0), le(u(k), 0))),
        ForAll((x,), (), eq(Total(u(k) * f(k, x), k), p(x))),
        ForAll((y,), (), eq(Total(u(k) * d(k, y), k), r(y))),
        ForAll((x, y), (), eq(Q(x, y), Total(u(k) * f(k, x) * d(k, y), k))),
        ForAll((t1,), (), eq(tau(t1), Total(u(k) * h(k, t1), k))),
        le(Total(phi(tau(t1)), t1), R),
        le(total(phi(Q(x, y)), x, y), total(phi(P(x, y)), x, y)),
    ),
    ForAll((k,), (), implies(gt(w(k), 0), gt(u(k), 0))),
)
OF_CELLS = {
    A: lambda at, n: f(n, at),
    B: lambda at, n: d(n, at),
    c: lambda at: 1,
    M: lambda n, at, to: f(n, at) * d(n, to),
    N: lambda of, n, at, to: h(n, at),
    J: lambda of, at, to: pi(at),
    D: lambda of, to: 1,
}
SORTS = {"R": "X", "O": "Y", "S": "T", "V": "Z"}
WANTED = substitute(resorted(LEAST, SORTS), OF_CELLS)
U1, Q1, T1, K1, E1 = WANTED.variables
CELLS = WANTED.given[4].variables
OUTPUT, LIMIT = WANTED.given[3].variables[0], WANTED.given[9].variables[0]
LABELS = WANTED.given[7].variables
LEVEL = substitute(resorted(INDEPENDENT, SORTS), OF_CELLS)
NEW_LAW = Exists((chosen,), ForAll((t1,), (), eq(chosen(t1), Total(U1(k) * h(k, t1), k))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """An encoder with at most as many cells as letters of X and Y; the same again, or another one."""
    n, m, letters = generator.randint(1, 3), generator.randint(1, 3), generator.randint(1, 4)
    every = [(at, to) for at in range(n) for to in range(letters)]
    cells = generator.sample(every, min(len(every), n + m + 1))
    used = min(len(cells), n + m if place % 2 else generator.randint(1, n + m))
    raw = [fmpq(generator.choice((1, 2, 5, 200))) if at < used else fmpq(0) for at in range(len(cells))]
    weights = [one / sum(raw, fmpq(0)) for one in raw]
    decoder = [pmf(generator, m, zeros=True) for _ in range(letters)]
    other = list(weights)
    if place % 4 == 1:
        other[generator.randrange(used)] = fmpq(0)

    def coupling(of: list[Any]) -> list[list[Any]]:
        return [
            [
                sum(
                    (one * decoder[to][j] for one, (at, to) in zip(of, cells, strict=True) if at == i),
                    fmpq(0),
                )
                for j in range(m)
            ]
            for i in range(n)
        ]

    def law(of: list[Any], number: int, side: int) -> list[Any]:
        return [
            sum((one for one, ends in zip(of, cells, strict=True) if ends[side] == at), fmpq(0))
            for at in range(number)
        ]

    here = coupling(weights)
    return {
        "#X": n,
        "#Y": m,
        "#T": letters,
        "#K": len(cells),
        "#L": 1,
        "#Z": 1,
        "f": [[int(at == i) for i in range(n)] for at, _ in cells],
        "h": [[int(to == i) for i in range(letters)] for _, to in cells],
        "b": decoder,
        "d": [decoder[to] for _, to in cells],
        "p": law(weights, n, 0),
        "pi": law(weights, letters, 1),
        "tau": law(other, letters, 1),
        "w": weights,
        "u": other,
        "on": [int(one > 0) for one in weights],
        "P": here,
        "Q": coupling(other),
        "r": [sum((row[j] for row in here), fmpq(0)) for j in range(m)],
        "R": nats(*law(weights, letters, 1)) + fmpq(place % 3, 5),
    }


LEMMA = Lemma(
    name="encoder_edge",
    label="Cells of an encoder without common randomness",
    idea=(
        "H(T) is concave, so its limit is reverse convex and costs one cell more than a vertex has: this is "
        "the edge lemma. The laws of X and Y have the same sum, which saves one."
    ),
    meaning={
        f: "[cell k lies in the row of x]",
        h: "[cell k lies in the column of letter t]",
        b: "law of Y given the letter",
        d: "the same at the letter of cell k",
        w: "joint law of X and T",
        p: "law of X",
        pi: "law of T",
        r: "law of Y",
        P: "coupling of X and Y",
        R: "limit of H(T)",
        on: "[w > 0]",
        u: "another joint law of X and T",
        Q: "its coupling",
        tau: "its law of T",
    },
    hypotheses={
        "one row": And((ge(f(k, x), 0), eq(Total(f(k, x), x), 1))),
        "one letter": And((ge(h(k, t1), 0), eq(Total(h(k, t1), t1), 1))),
        "decoder": And((ge(b(t1, y), 0), eq(Total(b(t1, y), y), 1))),
        "law at a cell": eq(d(k, y), Total(h(k, t1) * b(t1, y), t1)),
        "encoder": And((ge(w(k), 0), eq(Total(w(k), k), 1))),
        "law of X": eq(p(x), Total(w(k) * f(k, x), k)),
        "law of T": eq(pi(t1), Total(w(k) * h(k, t1), k)),
        "law of Y": eq(r(y), Total(w(k) * d(k, y), k)),
        "coupling": eq(P(x, y), Total(w(k) * f(k, x) * d(k, y), k)),
        "limit": le(Total(phi(pi(t1)), t1), R),
        "least support": BEST,
        "used or not": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
        "one limit": And((eq(size("L"), 1), eq(size("Z"), 1))),
    },
    conclusions={"cells": le(Total(on(k), k), size("X") + size("Y"))},
    steps=(
        step("outputs at cells", ge(d(k, y), 0), sign()),
        step(
            "law at a cell sums to 1",
            eq(Total(d(k, y), y), 1),
            algebra(over("law at a cell", y), over("decoder", t1, times=h(k, t1)), "one letter"),
        ),
        step("columns", ge(f(k, x) * d(k, y), 0), sign()),
        step("letters at cells", ge(h(k, t1), 0), follows("one letter")),
        step("weights", ge(w(k), 0), follows("encoder")),
        step(
            "law of the coupling",
            eq(r(y), Total(P(x, y), x)),
            algebra("law of Y", over("coupling", x), over("one row", k, times=w(k) * d(k, y))),
        ),
        step(
            "whole T",
            eq(1, Total(pi(t1), t1)),
            algebra(over("law of T", t1), over("one letter", k, times=w(k)), "encoder"),
        ),
        step("bounded", gt(Total(d(k, y), y), 0), algebra("law at a cell sums to 1")),
        step(
            "least",
            WANTED,
            block(
                step("same X", eq(Total(U1(k) * f(k, x), k), p(x)), algebra("rows", "law of X")),
                step("same Y", eq(Total(U1(k) * d(k, y), k), r(y)), algebra("outputs", "law of Y")),
                step(
                    "whole u",
                    eq(Total(U1(k), k), 1),
                    algebra(
                        over("outputs", OUTPUT),
                        over("law at a cell sums to 1", k, times=U1(k)),
                        over("law at a cell sums to 1", k, times=w(k)),
                        "encoder",
                    ),
                ),
                step(
                    "law of u",
                    eq(T1(y), r(y)),
                    algebra(
                        "sums",
                        over("cells of u", CELLS[0], at={CELLS[1]: y}),
                        over("one row", k, times=U1(k) * d(k, y)),
                        "same Y",
                    ),
                ),
                step("entropy of u", eq(phi(T1(y)), phi(r(y))), algebra(put=("law of u",))),
                step(
                    "no more entropy",
                    le(total(phi(Q1(x, y)), x, y), total(phi(P(x, y)), x, y)),
                    algebra("no worse", over("entropy of u", y)),
                ),
                step("T of u", NEW_LAW, exists({chosen: lambda at: Total(U1(k) * h(k, at), k)})),
                step(
                    "kept",
                    WANTED.then,
                    choose(
                        "T of u",
                        step("letter of u", eq(K1(g, t1, v), chosen(t1)), algebra("labels", "new law")),
                        step(
                            "whole label",
                            eq(E1(g, v), 1),
                            algebra(
                                "label sums",
                                over("labels", LABELS[1], at={LABELS[0]: g, LABELS[2]: v}),
                                over("one letter", k, times=U1(k)),
                                "whole u",
                            ),
                        ),
                        step(
                            "of letters",
                            eq(phi(K1(g, t1, v)), phi(chosen(t1))),
                            algebra(put=("letter of u",)),
                        ),
                        step("of all", eq(phi(E1(g, v)), 0), algebra(put=("whole label",))),
                        step(
                            "within the limit",
                            le(Total(phi(chosen(t1)), t1), R),
                            algebra(
                                over("within", at={LIMIT: g}),
                                over("of letters", t1, v),
                                over("of all", v),
                                over("one limit", times=Total(phi(chosen(t1)), t1)),
                                over("one limit", times=Total(phi(pi(t1)), t1)),
                                "limit",
                            ),
                        ),
                        step(
                            "all kept",
                            WANTED.then,
                            instance(
                                "least support",
                                {u: U1, Q: Q1, tau: chosen},
                                using=(
                                    "u",
                                    "no new cell",
                                    "same X",
                                    "same Y",
                                    "cells of u",
                                    "new law",
                                    "within the limit",
                                    "no more entropy",
                                ),
                            ),
                        ),
                        called="new law",
                    ),
                ),
                given="u; no new cell; rows; outputs; cells of u; sums; no worse; labels; label sums; within",
            ),
        ),
        step(
            "directions",
            LEVEL,
            uses(
                "edge",
                {**SORTS, **OF_CELLS},
                using=(
                    "columns",
                    "letters at cells",
                    "bounded",
                    "weights",
                    "coupling",
                    "law of the coupling",
                    "law of T",
                    "whole T",
                    "least",
                    "used or not",
                    "on the support",
                ),
            ),
        ),
        step("a letter", Exists((x,), ne(1, 0)), exists({x: x})),
        step(
            "relation",
            eq(Total(f(k, x), x) + Total(-d(k, y), y), 0),
            algebra("one row", "law at a cell sums to 1"),
        ),
        step(
            "number",
            le(Total(on(k), k), size("X") + size("Y") + size("L") - 1),
            cites(
                FOREST_COLUMNS_AND_MORE,
                {
                    "R": "X",
                    "O": "Y",
                    A: OF_CELLS[A],
                    B: OF_CELLS[B],
                    C: lambda of, n: total(h(n, t1) * ln0(pi(t1)), t1, v),
                    row_share: lambda at: 1,
                    column_share: lambda at: -1,
                },
                using=("used or not", "relation", "a letter", "directions"),
            ),
        ),
        step("cells", le(Total(on(k), k), size("X") + size("Y")), algebra("number", "one limit")),
    ),
    witness=Witness(draw=_draw, count=500),
)
