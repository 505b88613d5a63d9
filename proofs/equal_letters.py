"""Letters of equal mass are exchangeable: a set is represented by the one that takes the first of them."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .coupling_forest import draw_corners
from .lemma import Lemma, Witness, step
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, delta, eq, family, ge, implies, index, phi, total
from .tools.rules import algebra, block, by_cases, sign

__all__ = ["LEMMA"]

x, x2, x3, y = *index("x x2 x3", "X"), index("y", "Y")
p, q, P, P2, turn, in_a, in_a2, in_b = family("p q P P2 tau alpha alpha2 beta")

SAME = eq(turn(x, x2) * phi(P2(x, y)), turn(x, x2) * phi(P(x2, y)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A coupling, letters of equal mass exchanged, and a set."""
    table = generator.choice(draw_corners(generator, place))
    if place % 2:  # two letters in place of each, of half its mass
        table = [[one / 2 for one in row] for row in table for _ in range(2)]
    n, m = len(table), len(table[0])
    rows = [sum(row, fmpq(0)) for row in table]
    order = list(range(n))
    for mass in set(rows):
        places = [at for at in range(n) if rows[at] == mass]
        for at, to in zip(places, generator.sample(places, len(places)), strict=True):
            order[at] = to
    chosen = [generator.randint(0, 1) for _ in range(n)]
    return {
        "#X": n,
        "#Y": m,
        "p": rows,
        "q": [sum((row[j] for row in table), fmpq(0)) for j in range(m)],
        "P": table,
        "P2": [table[order[at]] for at in range(n)],
        "tau": [[int(order[at] == to) for to in range(n)] for at in range(n)],
        "alpha": chosen,
        "alpha2": [chosen[order[at]] for at in range(n)],
        "beta": [generator.randint(0, 1) for _ in range(m)],
    }


LEMMA = Lemma(
    name="equal_letters",
    label="Letters of equal mass are exchangeable",
    idea=(
        "Exchanging rows of equal mass keeps both marginals, and every cell keeps its mass. So a set and the "
        "one that takes the first of its equal letters have the same values."
    ),
    meaning={
        p: "law of X",
        q: "law of Y",
        P: "coupling",
        turn: "[row x takes the place of row x_2]",
        P2: "the coupling after the exchange",
        in_a: "[row x is in the set]",
        in_a2: "the same after the exchange",
        in_b: "[column y is in the set]",
    },
    hypotheses={
        "coupling": And((ge(P(x, y), 0), eq(Total(P(x, y), y), p(x)), eq(Total(P(x, y), x), q(y)))),
        "moved or not": Or((eq(turn(x, x2), 0), eq(turn(x, x2), 1))),
        "exchange": And(
            (
                eq(turn(x, x2) * turn(x, x3), turn(x, x2) * delta(x2, x3)),
                eq(Total(turn(x, x2), x2), 1),
                eq(Total(turn(x, x2), x), 1),
            )
        ),
        "equal masses": eq(turn(x, x2) * (p(x) - p(x2)), 0),
        "exchanged coupling": eq(P2(x, y), Total(turn(x, x2) * P(x2, y), x2)),
        "exchanged set": eq(in_a2(x), Total(turn(x, x2) * in_a(x2), x2)),
    },
    conclusions={
        "the same marginals": And((eq(Total(P2(x, y), y), p(x)), eq(Total(P2(x, y), x), q(y)))),
        "the same difference": eq(
            Total(p(x) * in_a2(x), x) - Total(q(y) * in_b(y), y),
            Total(p(x) * in_a(x), x) - Total(q(y) * in_b(y), y),
        ),
        "the same entropy": eq(total(phi(P2(x, y)), x, y), total(phi(P(x, y)), x, y)),
        "the same entropy inside": eq(
            total(in_a2(x) * in_b(y) * phi(P2(x, y)), x, y), total(in_a(x) * in_b(y) * phi(P(x, y)), x, y)
        ),
    },
    steps=(
        step(
            "rows",
            eq(Total(P2(x, y), y), p(x)),
            algebra(
                over("exchanged coupling", y),
                over("coupling", x2, times=turn(x, x2), at={x: x2}),
                over("equal masses", x2),
                over("exchange", times=p(x)),
            ),
        ),
        step(
            "columns",
            eq(Total(P2(x, y), x), q(y)),
            algebra(over("exchanged coupling", x), over("exchange", x2, times=P(x2, y)), "coupling"),
        ),
        step(
            "difference",
            eq(
                Total(p(x) * in_a2(x), x) - Total(q(y) * in_b(y), y),
                Total(p(x) * in_a(x), x) - Total(q(y) * in_b(y), y),
            ),
            algebra(
                over("exchanged set", x, times=p(x)),
                over("equal masses", x, x2, times=in_a(x2)),
                over("exchange", x2, times=p(x2) * in_a(x2)),
            ),
        ),
        step("new cells", ge(P2(x, y), 0), sign()),
        step(
            "cell",
            ForAll((x, x2, y), (), SAME),
            block(
                step(
                    "elsewhere",
                    implies(eq(turn(x, x2), 0), SAME),
                    block(step("nothing", SAME, algebra(put=("off",))), given="off"),
                ),
                step(
                    "there",
                    implies(eq(turn(x, x2), 1), SAME),
                    block(
                        step(
                            "moved",
                            eq(turn(x, x2) * P2(x, y), turn(x, x2) * P(x2, y)),
                            algebra(
                                over("exchanged coupling", times=turn(x, x2)),
                                over("exchange", x3, times=P(x3, y)),
                            ),
                        ),
                        step(
                            "value",
                            eq(P2(x, y), P(x2, y)),
                            algebra("moved", over("on", times=P2(x, y)), over("on", times=P(x2, y))),
                        ),
                        step("same", SAME, algebra(put=("value",))),
                        given="on",
                    ),
                ),
                step("either", SAME, by_cases("elsewhere", "there", cover="moved or not")),
            ),
        ),
        step(
            "entropy",
            eq(total(phi(P2(x, y)), x, y), total(phi(P(x, y)), x, y)),
            algebra(
                over("cell", x, x2, y),
                over("exchange", x, y, times=phi(P2(x, y))),
                over("exchange", x2, y, times=phi(P(x2, y))),
            ),
        ),
        step(
            "entropy inside",
            eq(
                total(in_a2(x) * in_b(y) * phi(P2(x, y)), x, y), total(in_a(x) * in_b(y) * phi(P(x, y)), x, y)
            ),
            algebra(
                over("exchanged set", x, y, times=in_b(y) * phi(P2(x, y))),
                over("cell", x, x2, y, times=in_a(x2) * in_b(y)),
                over("exchange", x2, y, times=in_a(x2) * in_b(y) * phi(P(x2, y))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
