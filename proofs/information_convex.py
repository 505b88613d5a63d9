"""Mutual information is convex in the weights, with the tangent that it lies above; so is -H(S|Y)."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .log_sum import A as whole_a
from .log_sum import B as whole_b
from .log_sum import a as first
from .log_sum import b as second
from .log_sum import w as weight
from .mappings import pmf
from .tools.kernel import over
from .tools.language import ForAll, Or, Total, eq, family, ge, implies, index, le, ln0, phi, total
from .tools.rules import algebra, block, by_cases, instance, sign, uses, vanishing, zero_product

__all__ = ["LEMMA", "M", "P", "Q", "gain", "k", "r", "slope", "t", "u", "w", "x", "y"]

x, y, k = index("x", "X"), index("y", "Y"), index("k", "K")
w, u, M, P, Q, r, t = family("w u M P Q r t")


def gain(coupling: Any, law: Any) -> Any:
    """-H(X|Y), which is I(X;Y) - H(X)."""
    return Total(phi(law(y)), y) - total(phi(coupling(x, y)), x, y)


def slope(weights: Any) -> Any:
    """What a change of the weights by that much adds, along the tangent at P."""
    return total(weights(k) * M(k, x, y) * (ln0(P(x, y)) - ln0(r(y))), k, x, y)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Columns with zeros, weights, and others in their support: the same ones among them."""
    n, m, number = generator.randint(1, 3), generator.randint(1, 3), generator.randint(1, 4)
    columns = [
        [
            [fmpq(generator.choice((0, 1, 1, 2, 5)), generator.choice((4, 30))) for _ in range(m)]
            for _ in range(n)
        ]
        for _ in range(number)
    ]
    weights = pmf(generator, number, zeros=True)
    others = [one and fmpq(generator.choice((0, 1, 3)), generator.choice((2, 40))) for one in weights]
    if place % 4 == 0:
        others = [one * fmpq(place % 3 + 1, 2) for one in weights]

    def cells(of: list[Any]) -> list[list[Any]]:
        return [
            [sum((a * b[i][j] for a, b in zip(of, columns, strict=True)), fmpq(0)) for j in range(m)]
            for i in range(n)
        ]

    here, there = cells(weights), cells(others)
    return {
        "#X": n,
        "#Y": m,
        "#K": number,
        "M": columns,
        "w": weights,
        "u": others,
        "P": here,
        "Q": there,
        "r": [sum((row[j] for row in here), fmpq(0)) for j in range(m)],
        "t": [sum((row[j] for row in there), fmpq(0)) for j in range(m)],
    }


LEMMA = Lemma(
    name="information_convex",
    label="Mutual information is convex in the weights",
    idea=(
        "For each y the log-sum inequality compares the two couplings cell by cell. Their sum is the tangent "
        "at P, which is met at P itself."
    ),
    meaning={
        w: "weights of columns (mappings)",
        u: "other weights, on the same columns or fewer",
        M: "joint law that a column brings",
        P: "coupling of the weights",
        Q: "coupling of the others",
        r: "law of Y under P",
        t: "law of Y under Q",
    },
    hypotheses={
        "columns": ge(M(k, x, y), 0),
        "weights": ge(w(k), 0),
        "others": ge(u(k), 0),
        "no new column": implies(le(w(k), 0), le(u(k), 0)),
        "coupling": eq(P(x, y), Total(w(k) * M(k, x, y), k)),
        "law": eq(r(y), Total(P(x, y), x)),
        "other coupling": eq(Q(x, y), Total(u(k) * M(k, x, y), k)),
        "other law": eq(t(y), Total(Q(x, y), x)),
    },
    conclusions={
        "above the tangent": ge(gain(Q, t), slope(u)),
        "the tangent touches": eq(gain(P, r), slope(w)),
    },
    steps=(
        step("cells", ge(P(x, y), 0), sign()),
        step("other cells", ge(Q(x, y), 0), sign()),
        step("parts", ge(w(k) * M(k, x, y), 0), sign()),
        step(
            "support",
            ForAll((x, y), (), implies(le(P(x, y), 0), le(Q(x, y), 0))),
            block(
                step(
                    "if empty",
                    implies(le(P(x, y), 0), le(Q(x, y), 0)),
                    block(
                        step(
                            "sum is 0",
                            eq(Total(w(k) * M(k, x, y), k), 0),
                            algebra("empty", "cells", "coupling"),
                        ),
                        step("each is 0", eq(w(k) * M(k, x, y), 0), vanishing("parts", "sum is 0")),
                        step(
                            "no part",
                            ForAll((k,), (), le(u(k) * M(k, x, y), 0)),
                            block(
                                step(
                                    "one of them",
                                    Or((eq(w(k), 0), eq(M(k, x, y), 0))),
                                    zero_product("each is 0"),
                                ),
                                step(
                                    "no weight",
                                    implies(eq(w(k), 0), le(u(k) * M(k, x, y), 0)),
                                    block(
                                        step(
                                            "no other",
                                            le(u(k), 0),
                                            instance("no new column", {}, using=("idle",)),
                                        ),
                                        step(
                                            "nothing",
                                            le(u(k) * M(k, x, y), 0),
                                            algebra(over("no other", times=M(k, x, y))),
                                        ),
                                        given="idle",
                                    ),
                                ),
                                step(
                                    "no entry",
                                    implies(eq(M(k, x, y), 0), le(u(k) * M(k, x, y), 0)),
                                    block(
                                        step(
                                            "nothing there",
                                            le(u(k) * M(k, x, y), 0),
                                            algebra(over("void", times=u(k))),
                                        ),
                                        given="void",
                                    ),
                                ),
                                step(
                                    "either",
                                    le(u(k) * M(k, x, y), 0),
                                    by_cases("no weight", "no entry", cover="one of them"),
                                ),
                            ),
                        ),
                        step("empty there", le(Q(x, y), 0), algebra(over("no part", k), "other coupling")),
                        given="empty",
                    ),
                ),
            ),
        ),
        step(
            "column",
            le(
                Total(phi(Q(x, y)) + Q(x, y) * ln0(P(x, y)), x),
                phi(t(y)) + t(y) * ln0(r(y)),
            ),
            uses(
                "log_sum",
                {
                    "I": "X",
                    weight: lambda i: 1,
                    first: lambda i: P(i, y),
                    second: lambda i: Q(i, y),
                    whole_a: r(y),
                    whole_b: t(y),
                },
                using=("cells", "other cells", "support", "law", "other law"),
            ),
        ),
        step(
            "tangent",
            ge(gain(Q, t), slope(u)),
            algebra(
                over("column", y),
                over("other coupling", x, y, times=ln0(P(x, y)) - ln0(r(y))),
                over("other law", y, times=ln0(r(y))),
            ),
        ),
        step(
            "touches",
            eq(gain(P, r), slope(w)),
            algebra(
                over("coupling", x, y, times=ln0(P(x, y)) - ln0(r(y))),
                over("law", y, times=ln0(r(y))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=2000),
    conventions=("ln_0 is the logarithm, and 0 at 0",),
)
