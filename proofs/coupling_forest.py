"""Plain couplings: the cells of a coupling of least entropy are a forest, at most n + m - 1 of them."""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .directions import STAYS_OFF
from .lemma import Lemma, Step, Witness, step
from .mappings import pmf
from .spreading import CLAIM as SPREAD
from .spreading import a as inner
from .spreading import b as other_inner
from .spreading import c as outer
from .spreading import d as other_outer
from .textbook import FOREST_COLUMNS, SCALE, A, B, epsilon, independent, k, move, o, on, slack, w, z
from .textbook import c as row_share
from .textbook import d as column_share
from .tools.evaluate import ball, nats
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
)
from .tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    choose,
    cites,
    exists,
    instance,
    uses,
    vanishing,
)

__all__ = ["CELLS", "LEMMA", "f", "h", "x", "y"]

x, y = index("x", "X"), index("y", "Y")
f, h, u = family("f h u")

#: cells k of a table, each in one row and one column
CELLS = {
    "one row": And((ge(f(k, x), 0), eq(Total(f(k, x), x), 1))),
    "one column": And((ge(h(k, y), 0), eq(Total(h(k, y), y), 1))),
    "masses": ge(w(k), 0),
}
LEAST = ForAll(
    (u,),
    (
        ForAll((k,), (), ge(u(k), 0)),
        ForAll((x,), (), eq(Total(f(k, x) * u(k), k), Total(f(k, x) * w(k), k))),
        ForAll((y,), (), eq(Total(h(k, y) * u(k), k), Total(h(k, y) * w(k), k))),
    ),
    le(Total(phi(w(k)), k), Total(phi(u(k)), k)),
)
FOREST = independent(
    ForAll((x,), (), eq(Total(f(k, x) * z(k), k), 0)),
    ForAll((y,), (), eq(Total(h(k, y) * z(k), k), 0)),
)
UP, DOWN = w(k) + epsilon * z(k), w(k) - epsilon * z(k)
BOTH = Exists(
    (epsilon,),
    And(
        (
            gt(epsilon, 0),
            ForAll((k,), (), And((ge(UP, 0), ge(DOWN, 0)))),
            ForAll((o,), (), And((le(epsilon * 0, 1), le(-epsilon * 0, 1)))),
        )
    ),
)
LOSS = 2 * phi(w(k)) - phi(UP) - phi(DOWN)


def _spread(low: Any, high: Any) -> tuple[Any, dict[Any, Any]]:
    """Two equal masses moved apart."""
    values = {outer: low, inner: w(k), other_inner: w(k), other_outer: high}
    return substitute(SPREAD, values), values


def _turned(name: str, way: Any, low: Any, high: Any) -> Step:
    """Where z is not 0 there the entropy of that cell falls strictly on the mean of both sides."""
    claim, values = _spread(low, high)
    return step(
        name,
        implies(way, eq(z(k), 0)),
        block(
            step(
                "apart", And((lt(low, w(k)), eq(high, 2 * w(k) - low))), algebra(over("turn", times=epsilon))
            ),
            step("strictly", claim, uses("spreading", values, using=("room", "apart"))),
            step("nothing", lt(0, 0), algebra("strictly", "no loss")),
            step("impossible", eq(z(k), 0), absurd("nothing")),
            given="turn",
        ),
    )


def _weak(name: str, way: Any, low: Any, high: Any) -> Step:
    """On that side there is a loss, perhaps of 0."""
    claim, values = _spread(low, high)
    return step(
        name,
        implies(way, ge(LOSS, 0)),
        block(
            step(
                "apart", And((lt(low, w(k)), eq(high, 2 * w(k) - low))), algebra(over("turn", times=epsilon))
            ),
            step("strictly", claim, uses("spreading", values, using=("room", "apart"))),
            step("loss", ge(LOSS, 0), algebra("strictly")),
            given="turn",
        ),
    )


def _no_lower(name: str, way: int) -> tuple[Step, Step, Step]:
    """A step along z, or against it, has the same sums, so its entropy is no lower."""
    term = w(k) + way * epsilon * z(k)
    return (
        step(
            f"{name}, rows",
            eq(Total(f(k, x) * term, k), Total(f(k, x) * w(k), k)),
            algebra(over("rows", times=epsilon)),
        ),
        step(
            f"{name}, columns",
            eq(Total(h(k, y) * term, k), Total(h(k, y) * w(k), k)),
            algebra(over("columns", times=epsilon)),
        ),
        step(
            f"{name}, entropy",
            le(Total(phi(w(k)), k), Total(phi(term), k)),
            instance(
                "least entropy",
                {u: lambda n: w(n) + way * epsilon * z(n)},
                using=("room", f"{name}, rows", f"{name}, columns"),
            ),
        ),
    )


NONE = choose(
    "both ways",
    *_no_lower("up", 1),
    *_no_lower("down", -1),
    step(
        "losses",
        ForAll((k,), (), ge(LOSS, 0)),
        block(
            _weak("rises", gt(z(k), 0), DOWN, UP),
            _weak("falls", lt(z(k), 0), UP, DOWN),
            step(
                "stays",
                implies(eq(z(k), 0), ge(LOSS, 0)),
                block(step("same", ge(LOSS, 0), algebra(put=("still",))), given="still"),
            ),
            step("either", ge(LOSS, 0), by_cases("rises", "falls", "stays")),
        ),
    ),
    step("no loss in all", eq(Total(LOSS, k), 0), algebra("up, entropy", "down, entropy", over("losses", k))),
    step("no loss", eq(LOSS, 0), vanishing("losses", "no loss in all")),
    step(
        "none",
        ForAll((k,), (), eq(z(k), 0)),
        block(
            _turned("rises", gt(z(k), 0), DOWN, UP),
            _turned("falls", lt(z(k), 0), UP, DOWN),
            step(
                "stays",
                implies(eq(z(k), 0), eq(2 * z(k), 0)),
                block(step("twice", eq(2 * z(k), 0), algebra("given 1"))),
            ),
            step("either", eq(z(k), 0), by_cases("rises", "falls", "stays")),
        ),
    ),
    called="room",
)


def draw_corners(generator: random.Random, place: int) -> list[list[Any]]:
    """Couplings of two random laws by the north-west corner rule, in every order of the letters."""
    n, m = generator.randint(1, 3), generator.randint(1, 3)
    p, q = pmf(generator, n), pmf(generator, m)
    if place % 3 == 0:
        n, m, p, q = m, n, q, p
    found = []
    for rows in itertools.permutations(range(n)):
        for columns in itertools.permutations(range(m)):
            table = [[fmpq(0)] * m for _ in range(n)]
            left, right = list(p), list(q)
            for row in rows:
                for column in columns:
                    moved = min(left[row], right[column])
                    table[row][column] = moved
                    left[row], right[column] = left[row] - moved, right[column] - moved
            found.append(table)
    return found


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """The best of those couplings, and another one, or the same again."""
    corners = draw_corners(generator, place)
    n, m = len(corners[0]), len(corners[0][0])
    flat = [[one for row in table for one in row] for table in corners]
    best = min(flat, key=lambda one: float(ball(nats(*one)).mid()))
    other = best if place % 4 == 0 else generator.choice(flat)
    if place % 4 == 1:
        other = [one / 2 for one in best]
    return {
        "#X": n,
        "#Y": m,
        "#K": n * m,
        "f": [[int(row == at) for at in range(n)] for row in range(n) for _ in range(m)],
        "h": [[int(column == at) for at in range(m)] for _ in range(n) for column in range(m)],
        "w": best,
        "u": other,
        "on": [int(one > 0) for one in best],
        "z": [fmpq(0)] * (n * m),
    }


LEMMA = Lemma(
    name="coupling_forest",
    label="Couplings of least entropy are forests",
    idea=(
        "A direction in the support that keeps rows and columns could be followed both ways, and one of the "
        "two has a lower entropy, as it is strictly concave. Around a cycle there is such a direction."
    ),
    meaning={
        f: "[cell k lies in row x]",
        h: "[cell k lies in column y]",
        w: "mass of a cell",
        u: "masses of another coupling",
        on: "[w > 0]",
        z: "a direction",
    },
    hypotheses={
        **CELLS,
        "least entropy": LEAST,
        "used or not": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
    },
    conclusions={"a forest": FOREST, "cells": le(Total(on(k), k), size("X") + size("Y") - 1)},
    steps=(
        step(
            "forest",
            FOREST,
            block(
                STAYS_OFF,
                step(
                    "both ways",
                    BOTH,
                    cites(SCALE, {slack: lambda n: 1, move: lambda n: 0}, using=("masses", "off")),
                ),
                step("nothing moves", ForAll((k,), (), eq(z(k), 0)), NONE),
                given="rows; columns; outside",
            ),
        ),
        step("a row", Exists((x,), ne(1, 0)), exists({x: x})),
        step("relation", eq(Total(f(k, x), x) + Total(-h(k, y), y), 0), algebra("one row", "one column")),
        step(
            "cells",
            le(Total(on(k), k), size("X") + size("Y") - 1),
            cites(
                FOREST_COLUMNS,
                {
                    "R": "X",
                    "O": "Y",
                    A: lambda at, n: f(n, at),
                    B: lambda b, n: h(n, b),
                    row_share: lambda at: 1,
                    column_share: lambda b: -1,
                },
                using=("used or not", "relation", "a row", "forest"),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
