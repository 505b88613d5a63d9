"""How many mappings a given coupling needs: n(m - 1) + 1, and one more for each label seen with the seed.

For constraints on the coupling that are convex, where an optimum need not be a vertex of the mixtures.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq, fmpq_mat

from .directions import STAYS_OFF, STAYS_OFF_TURNED, one_way
from .edge import FIRST_ZERO, k3, moved
from .lemma import Lemma, Witness, step
from .mappings import IMAGE, e
from .textbook import COLUMNS_IN_THREE, RATIO_TEST, A, B, C, epsilon, i, independent, k, k2, o, on, w, z
from .tools.kernel import over
from .tools.language import (
    And,
    Exists,
    ForAll,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    size,
    total,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    choose,
    cites,
    contradiction,
    exists,
    follows,
    instance,
    vanishing,
)

__all__ = ["LEMMA"]

x, x2, y, y2, one = *index("x x2", "X"), *index("y y2", "Y"), index("j", "Z")
a, limit, cost, u, listed, last = family("a beta c u T l")

CELL = Total(z(k) * e(k, x, y), k)
#: weights u on no other mappings, with the same coupling, the limits kept and no higher rate, keep all
LEAST = ForAll(
    (u,),
    (
        ForAll((k,), (), ge(u(k), 0)),
        ForAll((k,), (), implies(le(w(k), 0), le(u(k), 0))),
        ForAll((x, y), (), eq(Total(u(k) * e(k, x, y), k), Total(w(k) * e(k, x, y), k))),
        ForAll((i,), (), le(Total(a(i, k) * u(k), k), limit(i))),
        le(Total(cost(k) * u(k), k), Total(cost(k) * w(k), k)),
    ),
    ForAll((k,), (), implies(gt(w(k), 0), gt(u(k), 0))),
)
KEEPS = (ForAll((x, y), (), eq(CELL, 0)), ForAll((i,), (), eq(Total(a(i, k) * z(k), k), 0)))
OFF = ForAll((k,), (), implies(le(w(k), 0), eq(z(k), 0)))
RATE = Total(cost(k) * z(k), k)
ROWS = independent(
    ForAll((i,), (), eq(Total(a(i, k) * z(k), k), 0)),
    ForAll((o,), (), eq(Total(total(listed(o, x, y) * e(k, x, y), x, y) * z(k), k), 0)),
    ForAll((one,), (), eq(Total(z(k), k), 0)),
)


#: the move to the first zero: the same coupling on fewer mappings
ARRIVED = (
    step(
        "no new mapping",
        implies(le(w(k), 0), le(moved(k), 0)),
        block(
            step("still", eq(z(k), 0), instance("off", {}, using=("empty",))),
            step("none", le(moved(k), 0), algebra("empty", over("still", times=epsilon))),
            given="empty",
        ),
    ),
    step(
        "same coupling",
        eq(Total(moved(k) * e(k, x, y), k), Total(w(k) * e(k, x, y), k)),
        algebra(over("coupling kept", times=epsilon)),
    ),
    step(
        "within the limits",
        le(Total(a(i, k) * moved(k), k), limit(i)),
        algebra(over("limits kept", times=epsilon), "limits"),
    ),
    step(
        "no higher rate",
        le(Total(cost(k) * moved(k), k), Total(cost(k) * w(k), k)),
        algebra(over("rate", times=epsilon)),
    ),
    step(
        "kept",
        ForAll((k,), (), implies(gt(w(k), 0), gt(moved(k), 0))),
        instance(
            "least support",
            {u: moved},
            using=("zero", "no new mapping", "same coupling", "within the limits", "no higher rate"),
        ),
    ),
    step("positive", gt(moved(k2), 0), instance("kept", {k: k2}, using=("zero",))),
    step("nothing", lt(0, 0), algebra("positive", "zero")),
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Different mappings whose couplings and limits are independent; the same weights, or others."""
    n, m = generator.randint(1, 3), generator.randint(2, 3) if place % 4 else 2
    every = [[number // m**letter % m for letter in range(n)] for number in range(m**n)]
    images = generator.sample(every, min(len(every), generator.randint(1, 7)))
    number, rows = len(images), 1
    table = [[[int(image[at] == b) for b in range(m)] for at in range(n)] for image in images]
    limits = [[fmpq(generator.randint(0, 3)) for _ in range(number)] for _ in range(rows)]
    cells = [[row[at][b] for row in table] for at in range(n) for b in range(m)]
    chosen: list[int] = []
    for column in range(number):
        tried = [[fmpq(row[other]) for other in (*chosen, column)] for row in (*cells, *limits)]
        if fmpq_mat(tried).rank() > len(chosen):
            chosen.append(column)
    if place % 2 and len(chosen) > 1:
        chosen.pop()
    weights = [
        fmpq(generator.randint(1, 9), generator.choice((9, 300))) if at in chosen else fmpq(0)
        for at in range(number)
    ]
    other = list(weights)
    if place % 3 == 1:
        other[generator.choice(chosen)] = fmpq(0)
    final = generator.randrange(m)
    pairs = [(at, b) for at in range(n) for b in range(m) if b != final]
    return {
        "#X": n,
        "#Y": m,
        "#K": number,
        "#R": rows,
        "#O": len(pairs),
        "#Z": 1,
        "e": table,
        "a": limits,
        "beta": [
            sum((one_of * w1 for one_of, w1 in zip(row, weights, strict=True)), fmpq(place % 2, 3))
            for row in limits
        ],
        "c": [fmpq(generator.randint(0, 5), 3) for _ in range(number)],
        "w": weights,
        "u": other,
        "on": [int(one_of > 0) for one_of in weights],
        "z": [fmpq(0)] * number,
        "T": [[[int((at, b) == pair) for b in range(m)] for at in range(n)] for pair in pairs],
        "l": [int(b == final) for b in range(m)],
    }


LEMMA = Lemma(
    name="coupling_counts",
    label="Number of mappings for a coupling",
    idea=(
        "Of all weights for the coupling take some of least rate on least support. No direction in the "
        "support keeps all cells, and n(m - 1) cells and the sum of weights determine the others."
    ),
    meaning={
        e: "[f_k(x) = y]",
        w: "weights of the mappings",
        u: "other weights",
        a: "rows: labels seen with the seed, linear limits",
        limit: "their limits",
        cost: "rate of a mapping",
        on: "[w > 0]",
        listed: "[the cell is the one listed at that place]",
        last: "[y is the last output]",
        z: "a direction",
    },
    hypotheses={
        "one image": IMAGE["one image"],
        "weights": ge(w(k), 0),
        "limits": le(Total(a(i, k) * w(k), k), limit(i)),
        "least support": LEAST,
        "used or not": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
        "last output": And((eq(last(y) * last(y2), last(y) * delta(y, y2)), eq(Total(last(y), y), 1))),
        "list": And(
            (
                eq(Total(listed(o, x, y), o), 1 - last(y)),
                eq(listed(o, x, y) * listed(o, x2, y2), listed(o, x, y) * delta(x, x2) * delta(y, y2)),
                eq(total(listed(o, x, y), x, y), 1),
            )
        ),
        "one row": eq(size("Z"), 1),
    },
    conclusions={
        "no direction": independent(*KEEPS),
        "cells listed": eq(size("O"), size("X") * (size("Y") - 1)),
        "mappings": le(Total(on(k), k), size("X") * (size("Y") - 1) + 1 + size("R")),
    },
    steps=(
        step(
            "no fall",
            ForAll((z,), (*KEEPS, OFF, le(RATE, 0)), ForAll((k,), (), ge(z(k), 0))),
            block(
                step(
                    "each",
                    ForAll((k3,), (), ge(z(k3), 0)),
                    block(
                        step(
                            "it does not fall",
                            ge(z(k3), 0),
                            contradiction(
                                step("falls", Exists((k2,), lt(z(k2), 0)), exists({k2: k3}, "opposite")),
                                step(
                                    "first zero",
                                    FIRST_ZERO,
                                    cites(RATIO_TEST, using=("weights", "off", "falls")),
                                ),
                                step("nothing", lt(0, 0), choose("first zero", *ARRIVED, called="zero")),
                            ),
                        )
                    ),
                ),
                given="coupling kept; limits kept; off; rate",
            ),
        ),
        step(
            "same sign",
            ForAll(
                (z,), (eq(Total(z(k), k), 0), ForAll((k,), (), ge(z(k), 0))), ForAll((k,), (), eq(z(k), 0))
            ),
            block(
                step("none", eq(z(k), 0), vanishing("one sign", "sum kept")),
                given="sum kept; one sign",
            ),
        ),
        step(
            "independent",
            independent(*KEEPS),
            block(
                step(
                    "sum by cells",
                    ForAll((x,), (), eq(Total(z(k), k), 0)),
                    block(
                        step(
                            "one row of cells",
                            eq(Total(z(k), k), 0),
                            algebra(over("coupling kept", y), over("one image", k, times=z(k))),
                        )
                    ),
                ),
                step("sum kept", eq(Total(z(k), k), 0), follows("sum by cells")),
                STAYS_OFF,
                STAYS_OFF_TURNED,
                one_way(
                    "up",
                    le(RATE, 0),
                    z,
                    given="falls",
                    fall=("coupling kept", "limits kept", "off", "falls"),
                    level="sum kept",
                ),
                one_way(
                    "down",
                    ge(RATE, 0),
                    lambda n: -z(n),
                    step("none", eq(z(k), 0), algebra("no move down")),
                    given="rises",
                    fall=("coupling kept", "limits kept", "turned off", "rises"),
                    level="sum kept",
                ),
                step("either way", ForAll((k,), (), eq(z(k), 0)), by_cases("up", "down")),
                given="coupling kept; limits kept; outside",
            ),
        ),
        step(
            "rows",
            ROWS,
            block(
                step(
                    "cells listed, none moves",
                    eq((1 - last(y)) * CELL, 0),
                    algebra(
                        over("cells kept", o, times=listed(o, x, y)),
                        over("list", times=CELL),
                        over("list", o, x2, y2, times=Total(z(k) * e(k, x2, y2), k)),
                    ),
                ),
                step(
                    "all but the last",
                    eq(Total(last(y) * CELL, y), 0),
                    algebra(
                        over("cells listed, none moves", y),
                        over("one image", k, times=z(k)),
                        "sum of weights",
                    ),
                ),
                step(
                    "the last",
                    eq(last(y) * CELL, 0),
                    algebra(
                        over("all but the last", times=last(y)),
                        over("last output", y2, times=Total(z(k) * e(k, x, y2), k)),
                    ),
                ),
                step("each cell", eq(CELL, 0), algebra("the last", "cells listed, none moves")),
                step(
                    "nothing moves",
                    ForAll((k,), (), eq(z(k), 0)),
                    instance("independent", {z: z}, using=("each cell", "limits kept", "outside")),
                ),
                given="limits kept; cells kept; sum of weights; outside",
            ),
        ),
        step(
            "number by rows",
            le(Total(on(k), k), size("R") + size("O") + size("Z")),
            cites(
                COLUMNS_IN_THREE,
                {
                    "L": "Z",
                    A: a,
                    B: lambda at, n: total(listed(at, x, y) * e(n, x, y), x, y),
                    C: lambda at, n: 1,
                },
                using=("used or not", "rows"),
            ),
        ),
        step(
            "cells listed",
            eq(size("O"), size("X") * (size("Y") - 1)),
            algebra(over("list", o), over("list", x, y), over("last output", x)),
        ),
        step(
            "mappings",
            le(Total(on(k), k), size("X") * (size("Y") - 1) + 1 + size("R")),
            algebra("number by rows", "cells listed", "one row"),
        ),
    ),
    witness=Witness(draw=_draw, count=300),
)
