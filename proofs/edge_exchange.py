"""Plain couplings: two edges at the two ends of an edge z, one at each, differ by at least z.

The smaller of the two goes around the rectangle that they span.  Its fourth cell need not be empty.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .chain import at_most_one
from .coupling_forest import draw_corners
from .lemma import Formula, Lemma, Step, Witness, step
from .spreading import CLAIM as SPREAD
from .spreading import a as inner
from .spreading import b as other_inner
from .spreading import c as outer
from .spreading import d as other_outer
from .tools.evaluate import ball, nats
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
    gt,
    implies,
    index,
    le,
    lt,
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import absurd, algebra, block, by_cases, follows, instance, kronecker, uses, zero_product

__all__ = ["LEMMA"]

x, x2, i = index("x x2 i", "X")
y, y2, j = index("y y2 j", "Y")
P, Q = family("P Q")
t = real("t")

#: the edge, the other one in its row, the other one in its column, the fourth cell of their rectangle
z, a, b, c = P(x, y), P(x, y2), P(x2, y), P(x2, y2)
RECTANGLE = (x, x2, y, y2)
APART = (eq(delta(x, x2), 0), eq(delta(y, y2), 0))
EXCHANGE = Or((le(z, a - b), le(z, b - a)))
MOST = And((implies(le(b, z), le(b, a - z)), implies(le(a, z), le(a, b - z))))

LEAST = ForAll(
    (Q,),
    (
        ForAll((i, j), (), ge(Q(i, j), 0)),
        ForAll((i,), (), eq(Total(Q(i, j), j), Total(P(i, j), j))),
        ForAll((j,), (), eq(Total(Q(i, j), i), Total(P(i, j), i))),
    ),
    le(total(phi(P(i, j)), i, j), total(phi(Q(i, j)), i, j)),
)
#: mass t goes around the rectangle; the lines that it lies on
MOVED = P(i, j) + t * (delta(i, x) - delta(i, x2)) * (delta(j, y) - delta(j, y2))
ROW_LINES, COLUMN_LINES = delta(i, x) + delta(i, x2), delta(j, y) + delta(j, y2)
CHANGE = phi(Q(i, j)) - phi(P(i, j))
NOT_LESS = le(phi(z) + phi(a) + phi(b) + phi(c), phi(z + t) + phi(a - t) + phi(b - t) + phi(c + t))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """The best of all couplings by a corner rule and another one; every third time a tie by exchange."""
    corners = draw_corners(generator, place)
    if place % 3 == 0:
        one, two = fmpq(generator.randint(1, 9), 40), fmpq(generator.randint(1, 9), 40)
        corners = [[[two, one + two], [one, fmpq(0)]], [[one + two, two], [fmpq(0), one]]]
        generator.shuffle(corners)
        if place % 2:
            corners = [[list(row) for row in zip(*table, strict=True)] for table in corners]
    best = min(corners, key=lambda table: float(ball(nats(*itertools.chain(*table))).mid()))
    other = best if place % 4 == 0 else generator.choice(corners)
    if place % 5 == 1:
        other = [[one / 2 for one in row] for row in best]
    return {"#X": len(best), "#Y": len(best[0]), "P": best, "Q": other}


def _lines(name: str, lines: Any, one: Any, apart: str) -> tuple[Step, Step, Step]:
    """A cell lies on one of two lines or off both."""
    return (
        step(f"{name}, product", eq(lines * (1 - lines), 0), algebra(over(apart, times=one))),
        step(f"{name} or not", Or((eq(lines, 0), eq(lines, 1))), zero_product(f"{name}, product")),
        step(f"{name}, at most 1", ForAll((i, j), (), le(lines, 1)), at_most_one(lines, f"{name} or not")),
    )


def _off(name: str, lines: Any) -> Step:
    """Off both lines a cell keeps its mass and its entropy."""
    claim = eq((1 - lines) * CHANGE, 0)
    return step(
        f"off {name}",
        ForAll((i, j), (), claim),
        block(
            step(
                "off both",
                implies(eq(lines, 0), claim),
                block(
                    step("kept", eq(Q(i, j), P(i, j)), algebra("moved", over("off", times=MOVED - P(i, j)))),
                    step("nothing", claim, algebra(put=("kept",))),
                    given="off",
                ),
            ),
            step(
                "on one",
                implies(eq(lines, 1), claim),
                block(step("nothing", claim, algebra(over("on", times=CHANGE))), given="on"),
            ),
            step("either", claim, by_cases("off both", "on one", cover=f"{name} or not")),
        ),
    )


def _corner(name: str, row: Any, column: Any, mass: Any) -> tuple[Step, Step]:
    """A cell of the rectangle afterwards."""
    return (
        step(
            f"{name}, mass",
            eq(Q(row, column), mass),
            algebra(
                over("moved", at={i: row, j: column}),
                over("rows apart", times=t),
                over("rows apart", times=t * delta(y, y2)),
                over("columns apart", times=t),
            ),
        ),
        step(f"{name}, entropy", eq(phi(Q(row, column)), phi(mass)), algebra(put=(f"{name}, mass",))),
    )


CORNERS = {
    "edge": (x, y, z + t),
    "in its row": (x, y2, a - t),
    "in its column": (x2, y, b - t),
    "fourth": (x2, y2, c + t),
}


def _spread(low: Any, one: Any, other: Any, high: Any) -> tuple[Formula, dict[Any, Any]]:
    """Two masses moved apart."""
    values = {outer: low, inner: one, other_inner: other, other_outer: high}
    return substitute(SPREAD, values), values


def _used_up(name: str, less: Any, more: Any) -> Step:
    """Where `less` is the smaller of the two edges, it is used up in the rectangle."""
    apart, apart_values = _spread(more - less, z, more, z + less)
    joined, joined_values = _spread(0, c, less, c + less)
    room = le(z, more - less)
    return step(
        name,
        implies(le(less, more), EXCHANGE),
        block(
            step(
                "no lower",
                substitute(NOT_LESS, {t: less}),
                instance("around", {t: less}, using=("order", "row edge", "column edge")),
            ),
            step(
                "a fourth cell",
                implies(gt(c, 0), le(phi(c + less), phi(c) + phi(less))),
                block(
                    step(
                        "strictly",
                        joined,
                        uses("spreading", joined_values, using=("full", "row edge", "column edge")),
                    ),
                    step("joined", le(phi(c + less), phi(c) + phi(less)), algebra("strictly")),
                    given="full",
                ),
            ),
            step(
                "no fourth cell",
                implies(le(c, 0), le(phi(c + less), phi(c) + phi(less))),
                block(
                    step("empty", eq(c, 0), algebra("none", "coupling")),
                    step("joined", le(phi(c + less), phi(c) + phi(less)), algebra(put=("empty",))),
                    given="none",
                ),
            ),
            step(
                "joined",
                le(phi(c + less), phi(c) + phi(less)),
                by_cases("a fourth cell", "no fourth cell"),
            ),
            step("room", implies(room, EXCHANGE), block(step("so", EXCHANGE, follows("far")), given="far")),
            step(
                "no room",
                implies(lt(more - less, z), EXCHANGE),
                block(
                    step(
                        "strictly",
                        apart,
                        uses("spreading", apart_values, using=("near", "order", "row edge", "column edge")),
                    ),
                    step("nothing", lt(0, 0), algebra("strictly", "joined", "no lower")),
                    step("impossible", EXCHANGE, absurd("nothing")),
                    given="near",
                ),
            ),
            step("so", EXCHANGE, by_cases("room", "no room")),
            given="order",
        ),
    )


def _most(name: str, later: Any, earlier: Any) -> Step:
    """An edge of at most z has room beside z under the one at the other end."""
    claim = le(later, earlier - z)
    return step(
        name,
        implies(le(later, z), claim),
        block(
            step(
                "below",
                implies(le(z, earlier - later), claim),
                block(step("so", claim, algebra("far")), given="far"),
            ),
            step(
                "above",
                implies(le(z, later - earlier), claim),
                block(
                    step("nothing", lt(0, 0), algebra("far above", "later", "row edge", "column edge")),
                    step("impossible", claim, absurd("nothing")),
                    given="far above",
                ),
            ),
            step("so", claim, by_cases("below", "above", cover="exchange")),
            given="later",
        ),
    )


#: two equal edges at the ends of a third: the other coupling has less entropy
NOT_LEAST = {
    "#X": 2,
    "#Y": 2,
    "P": [[fmpq(1, 3), fmpq(1, 3)], [fmpq(1, 3), 0]],
    "Q": [[fmpq(2, 3), 0], [0, fmpq(1, 3)]],
}
ENTROPIES = tuple(f"{name}, entropy" for name in CORNERS)
AROUND = (
    *_lines("rows", ROW_LINES, delta(i, x), "rows apart"),
    *_lines("columns", COLUMN_LINES, delta(j, y), "columns apart"),
    step(
        "room",
        And((ge(z + t, 0), ge(a - t, 0), ge(b - t, 0), ge(c + t, 0))),
        algebra("coupling", "up", "row room", "column room"),
    ),
    *(
        step(f"{name}, indicator", Or((eq(delta(at, line), 0), eq(delta(at, line), 1))), kronecker())
        for name, at, line in (
            ("row", i, x),
            ("other row", i, x2),
            ("column", j, y),
            ("other column", j, y2),
        )
    ),
    step(
        "cells",
        ge(Q(i, j), 0),
        algebra(
            "moved",
            over("coupling", times=1 - ROW_LINES),
            over("coupling", times=ROW_LINES * (1 - COLUMN_LINES)),
            *(over("room", times=delta(i, row) * delta(j, column)) for row, column, _ in CORNERS.values()),
        ),
    ),
    _off("rows", ROW_LINES),
    _off("columns", COLUMN_LINES),
    *(one for name, place in CORNERS.items() for one in _corner(name, *place)),
    step("row sums", eq(Total(Q(i, j), j), Total(P(i, j), j)), algebra(over("moved", j))),
    step("column sums", eq(Total(Q(i, j), i), Total(P(i, j), i)), algebra(over("moved", i))),
    step(
        "least",
        le(total(phi(P(i, j)), i, j), total(phi(Q(i, j)), i, j)),
        instance("least entropy", {Q: Q}, using=("cells", "row sums", "column sums")),
    ),
    step(
        "not less",
        NOT_LESS,
        algebra("least", over("off rows", i, j), over("off columns", i, j, times=ROW_LINES), *ENTROPIES),
    ),
)

LEMMA = Lemma(
    name="edge_exchange",
    label="Edges at the two ends of an edge",
    idea=(
        "Move the smaller of the two around the rectangle. If they differ by less than z, z and the larger "
        "one move apart, and the smaller one joins the fourth cell: the entropy falls."
    ),
    meaning={P: "coupling", Q: "another coupling"},
    hypotheses={"coupling": ge(P(i, j), 0), "least entropy": LEAST},
    conclusions={
        "exchange, and the most that fits": ForAll(
            RECTANGLE, (*APART, gt(a, 0), gt(b, 0)), And((EXCHANGE, *MOST.parts))
        )
    },
    steps=(
        step(
            "rectangle",
            ForAll(RECTANGLE, (*APART, gt(a, 0), gt(b, 0)), And((EXCHANGE, *MOST.parts))),
            block(
                step(
                    "around",
                    ForAll((t,), (ge(t, 0), le(t, a), le(t, b)), NOT_LESS),
                    block(
                        step(
                            "such a coupling",
                            ForAll((Q,), (ForAll((i, j), (), eq(Q(i, j), MOVED)),), NOT_LESS),
                            block(*AROUND, given="moved"),
                        ),
                        step(
                            "there is",
                            NOT_LESS,
                            instance(
                                "such a coupling", {Q: lambda one, two: substitute(MOVED, {i: one, j: two})}
                            ),
                        ),
                        given="up; row room; column room",
                    ),
                ),
                _used_up("the one in the column", b, a),
                _used_up("the one in the row", a, b),
                step("exchange", EXCHANGE, by_cases("the one in the column", "the one in the row")),
                _most("most in the column", b, a),
                _most("most in the row", a, b),
                given="rows apart; columns apart; row edge; column edge",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=150, needed={"least entropy": NOT_LEAST}),
)
