"""Plain couplings: what a state leaves to be coupled is a smaller problem, whose bounds are valid.

A state is a set of letters, rows A and columns B, with one open letter; the others give nothing outside.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .edge_mass import draw_tree
from .lemma import Formula, Lemma, Rule, Step, Witness, step
from .tools.evaluate import nats
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    implies,
    index,
    le,
    phi,
    real,
    total,
)
from .tools.rules import algebra, block, by_cases, instance

__all__ = ["LEMMA"]

x, x2, y = *index("x x2", "X"), index("y", "Y")
p, q, P, in_a, in_b, is_open, Q, rest_p, rest_q = family("p q P alpha beta omega Q rho sigma")
d, F, G = real("d F G")

INSIDE = in_a(x) * in_b(y)
BOUND = ForAll(
    (Q,),
    (
        ForAll((x, y), (), ge(Q(x, y), 0)),
        ForAll((x,), (), eq(Total(Q(x, y), y), rest_p(x))),
        ForAll((y,), (), eq(Total(Q(x, y), x), rest_q(y))),
    ),
    le(G, total(phi(Q(x, y)), x, y)),
)


#: the part of a cell outside, whole or nothing
CELL = And(
    (
        ge((1 - INSIDE) * P(x, y), 0),
        eq(phi((1 - INSIDE) * P(x, y)), (1 - INSIDE) * phi(P(x, y))),
    )
)


def _by_cases(claim: Formula) -> Rule:
    """A claim about one cell, by where its row and column lie."""

    def known(name: str, of: Any, value: int, *facts: str) -> Step:
        return step(
            name,
            implies(eq(of, value), claim),
            block(
                step("so", claim, algebra("coupling", put=(f"{name}, given", *facts))), given=f"{name}, given"
            ),
        )

    return block(
        known("row outside", in_a(x), 0),
        step(
            "row inside",
            implies(eq(in_a(x), 1), claim),
            block(
                known("column outside", in_b(y), 0, "row in"),
                known("column inside", in_b(y), 1, "row in"),
                step("so", claim, by_cases("column outside", "column inside", cover="column")),
                given="row in",
            ),
        ),
        step("either", claim, by_cases("row outside", "row inside", cover="row")),
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A tree cut at an edge whose end in the branch is a row: that row is open."""
    values = draw_tree(generator, place - place % 2)  # the branch holds the row of the edge
    n, m, cut = values["#X"], values["#Y"], values["cut"]
    table = [[fmpq(0)] * m for _ in range(n)]
    for k, weight in enumerate(values["w"]):
        table[values["f"][k].index(1)][values["h"][k].index(1)] += weight
    a, b, d = values["alpha"], values["beta"], values["d"]
    inside = [[table[i][j] * a[i] * b[j] for j in range(m)] for i in range(n)]
    outside = [[table[i][j] * (1 - a[i] * b[j]) for j in range(m)] for i in range(n)]
    entropy_in, entropy_out = (nats(*(one for row in cells for one in row)) for cells in (inside, outside))
    less = generator.choice((fmpq(0), fmpq(0), fmpq(1, 9)))
    opened = [int(i == values["f"][cut].index(1)) for i in range(n)]
    return {
        "#X": n,
        "#Y": m,
        "p": values["p"],
        "q": values["q"],
        "P": table,
        "alpha": a,
        "beta": b,
        "omega": opened,
        "d": d,
        "rho": [(1 - a[i]) * values["p"][i] + opened[i] * d for i in range(n)],
        "sigma": [(1 - b[j]) * values["q"][j] for j in range(m)],
        "Q": outside,
        "F": entropy_in - less,
        "G": entropy_out - less,
    }


LEMMA = Lemma(
    name="residual",
    label="What a state leaves to be coupled",
    idea=(
        "The cells outside couple the unused letters and, as one more, the open letter with the difference "
        "of the set. So any bound for that problem, added to the entropy inside, bounds the whole."
    ),
    meaning={
        p: "law of X",
        q: "law of Y",
        P: "coupling",
        in_a: "[row x is in S]",
        in_b: "[column y is in S]",
        is_open: "[row x is the open letter]",
        d: "d(S), mass of the rows of S less that of its columns",
        rest_p: "masses of rows left over",
        rest_q: "masses of columns left over",
        Q: "a coupling of what is left over",
        F: "at most the entropy of the cells inside",
        G: "a bound on the entropy of every coupling of what is left over",
    },
    hypotheses={
        "coupling": And((ge(P(x, y), 0), eq(Total(P(x, y), y), p(x)), eq(Total(P(x, y), x), q(y)))),
        "row": Or((eq(in_a(x), 0), eq(in_a(x), 1))),
        "column": Or((eq(in_b(y), 0), eq(in_b(y), 1))),
        "open letter": And(
            (
                eq(is_open(x) * is_open(x2), is_open(x) * delta(x, x2)),
                eq(Total(is_open(x), x), 1),
                eq(is_open(x) * (1 - in_a(x)), 0),
            )
        ),
        "used rows": eq(in_a(x) * (1 - is_open(x)) * (1 - in_b(y)) * P(x, y), 0),
        "used columns": eq((1 - in_a(x)) * in_b(y) * P(x, y), 0),
        "difference": eq(d, Total(p(x) * in_a(x), x) - Total(q(y) * in_b(y), y)),
        "left over": And(
            (
                eq(rest_p(x), (1 - in_a(x)) * p(x) + is_open(x) * d),
                eq(rest_q(y), (1 - in_b(y)) * q(y)),
            )
        ),
        "inside": le(F, total(INSIDE * phi(P(x, y)), x, y)),
        "bound": BOUND,
    },
    conclusions={
        "rows left over": eq(Total((1 - INSIDE) * P(x, y), y), rest_p(x)),
        "columns left over": eq(Total((1 - INSIDE) * P(x, y), x), rest_q(y)),
        "what is open": ge(d, 0),
        "bound for the whole": le(F + G, total(phi(P(x, y)), x, y)),
    },
    steps=(
        step(
            "given away",
            ForAll((x, y), (), ge(in_a(x) * (1 - in_b(y)) * P(x, y), 0)),
            _by_cases(ge(in_a(x) * (1 - in_b(y)) * P(x, y), 0)),
        ),
        step(
            "difference by cells",
            eq(d, total(in_a(x) * (1 - in_b(y)) * P(x, y), x, y)),
            algebra(
                "difference",
                over("coupling", x, times=in_a(x)),
                over("coupling", y, times=in_b(y)),
                over("used columns", x, y),
            ),
        ),
        step("what is open", ge(d, 0), algebra("difference by cells", over("given away", x, y))),
        step(
            "by the open row",
            eq(in_a(x) * (1 - in_b(y)) * P(x, y), is_open(x) * (1 - in_b(y)) * P(x, y)),
            algebra("used rows", over("open letter", times=(1 - in_b(y)) * P(x, y))),
        ),
        step(
            "one row alone",
            eq(is_open(x) * d, Total(is_open(x) * (1 - in_b(y)) * P(x, y), y)),
            algebra(
                over("difference by cells", times=is_open(x)),
                over("by the open row", x2, y, times=is_open(x), at={x: x2}),
                over("open letter", x2, y, times=(1 - in_b(y)) * P(x2, y)),
            ),
        ),
        step(
            "rows",
            eq(Total((1 - INSIDE) * P(x, y), y), rest_p(x)),
            algebra(
                "left over", "one row alone", over("by the open row", y), over("coupling", times=1 - in_a(x))
            ),
        ),
        step(
            "columns",
            eq(Total((1 - INSIDE) * P(x, y), x), rest_q(y)),
            algebra("left over", over("used columns", x), over("coupling", times=1 - in_b(y))),
        ),
        step("cell", ForAll((x, y), (), CELL), _by_cases(CELL)),
        step(
            "outside",
            le(G, total(phi((1 - INSIDE) * P(x, y)), x, y)),
            instance(
                "bound",
                {Q: lambda at, b: (1 - in_a(at) * in_b(b)) * P(at, b)},
                using=("cell", "rows", "columns"),
            ),
        ),
        step(
            "whole",
            le(F + G, total(phi(P(x, y)), x, y)),
            algebra("inside", "outside", over("cell", x, y)),
        ),
    ),
    witness=Witness(draw=_draw, count=1000),
)
