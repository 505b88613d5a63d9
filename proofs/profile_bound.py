"""The profile bound: at every quantile a cell is at most the letters of both marginals there.

Compton, Katz, Qi, Greenewald and Kocaoglu 2023.  Masses need not add up to 1: what a state leaves over is
bounded alike.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chain import at_most_one
from .coupling_forest import draw_corners
from .lemma import Lemma, Step, Witness, step
from .phi_order import CLAIM as ORDER
from .tangent import s as above
from .tangent import t as point
from .tools.evaluate import ball
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Formula,
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
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    follows,
    instance,
    part_of_sum,
    sign,
    uses,
    zero_product,
)

__all__ = ["LEMMA"]

x, x2, y, y2, j = *index("x x2", "X"), *index("y y2", "Y"), index("j", "L")
p, q, P, W, smaller, gap, reached = family("p q P W m g theta")
base, s, t = real("b s t")

ROW, COLUMN = reached(j, p(x)), reached(j, q(y))
COST = base + Total(gap(j) * (1 - ROW * COLUMN), j)
ONLY_ROW = total(ROW * (1 - COLUMN) * W(x, y), x, y)
ONLY_COLUMN = total((1 - ROW) * COLUMN * W(x, y), x, y)
LEVEL = le(total(ROW * COLUMN * P(x, y), x, y), total(ROW * COLUMN * W(x, y), x, y))
TERM = (
    reached(j, p(x))
    * (1 - reached(j, q(y)))
    * W(x, y)
    * (1 - reached(j, p(x2)))
    * reached(j, q(y2))
    * W(x2, y2)
)


def _either(of: Any) -> Formula:
    return Or((eq(of, 0), eq(of, 1)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A coupling by a corner rule, the one in descending order, and the masses as levels."""
    corners = draw_corners(generator, place)
    scale = fmpq(1, generator.choice((1, 3)))
    coupling = [[one * scale for one in row] for row in generator.choice(corners)]
    n, m = len(coupling), len(coupling[0])
    rows = [sum(row, fmpq(0)) for row in coupling]
    columns = [sum(one, fmpq(0)) for one in zip(*coupling, strict=True)]
    table, left, right = [[fmpq(0)] * m for _ in range(n)], list(rows), list(columns)
    for i in sorted(range(n), key=lambda one: -rows[one]):
        for j in sorted(range(m), key=lambda one: -columns[one]):
            moved = min(left[i], right[j])
            table[i][j], left[i], right[j] = moved, left[i] - moved, right[j] - moved
    levels = sorted({*rows, *columns})
    logs = [-ball(one).log() for one in levels]
    pair = sorted(generator.choice((*rows, *columns, fmpq(generator.randint(0, 9), 9))) for _ in range(2))
    return {
        "#X": n,
        "#Y": m,
        "#L": len(levels),
        "p": rows,
        "q": columns,
        "P": table if place % 5 == 0 else coupling,
        "W": table,
        "m": [[min(one, other) for other in columns] for one in rows],
        "g": [fmpq(0), *(logs[at - 1] - logs[at] for at in range(1, len(levels)))],
        "b": logs[-1],
        "theta": lambda level, mass: fmpq(int(mass >= levels[level])),
        "s": pair[0],
        "t": pair[1],
    }


def _not_both(name: str, low: Any, high: Any, order: str) -> Step:
    """A level that the smaller of two masses reaches is reached by the larger one."""
    return step(
        name,
        eq(reached(j, low) * (1 - reached(j, high)), 0),
        instance("levels are passed on", {s: low, t: high}, using=(order,)),
    )


def _level_by(empty: Any, name: str, factor: Any, other: Any, at: Any) -> Step:
    """Where W has nothing in one letter alone, no coupling has more in both."""
    return step(
        name,
        implies(eq(empty, 0), LEVEL),
        block(
            step("no coupling has less", ge(factor * (1 - other) * P(x, y), 0), sign()),
            step(
                "more",
                LEVEL,
                algebra(
                    "empty",
                    over("no coupling has less", x, y),
                    over("coupling", at, times=factor),
                    over("descending", at, times=factor),
                ),
            ),
            given="empty",
        ),
    )


AT_MOST_THE_SMALLER = And(
    (eq(-sp.log(smaller(x, y)), COST), le(P(x, y), smaller(x, y)), gt(smaller(x, y), 0))
)


def _smaller(name: str, low: Any, high: Any, levels: str) -> Step:
    """Where that letter is the smaller one, the levels that both reach are its own."""
    return step(
        name,
        implies(And((eq(smaller(x, y), low), le(low, high))), AT_MOST_THE_SMALLER),
        block(
            _not_both("passed on", low, high, "small"),
            step("value", eq(smaller(x, y), low), algebra("small")),
            step("log", eq(-sp.log(smaller(x, y)), -sp.log(low)), algebra(put=("value",))),
            step(
                "known",
                AT_MOST_THE_SMALLER,
                algebra(
                    "log", levels, over("passed on", j, times=gap(j)), "below its letters", "masses", "small"
                ),
            ),
            given="small",
        ),
    )


_REST_OF_ROWS = (1 - reached(j, q(y))) * W(x, y) * reached(j, q(y2)) * W(x2, y2)
_REST_OF_COLUMNS = reached(j, p(x)) * W(x, y) * (1 - reached(j, p(x2))) * W(x2, y2)
_REST_OF_BOTH = reached(j, p(x)) * (1 - reached(j, q(y))) * (1 - reached(j, p(x2))) * reached(j, q(y2))

LEMMA = Lemma(
    name="profile_bound",
    label="Profile bound",
    idea=(
        "A cell is at most the smaller of its letters, and the coupling in descending order has the "
        "most mass where both letters reach a level. So it has the least mean of -log of the smaller letter."
    ),
    meaning={
        p: "masses of the rows, not 0",
        q: "masses of the columns, not 0",
        P: "coupling",
        W: "the coupling of rows and columns in descending order",
        smaller: "the smaller of a row and a column",
        gap: "step of -log from one level to the next",
        reached: "[mass reaches the level]",
        base: "-log of the highest level",
    },
    hypotheses={
        "masses": And((gt(p(x), 0), gt(q(y), 0))),
        "coupling": And((ge(P(x, y), 0), eq(Total(P(x, y), y), p(x)), eq(Total(P(x, y), x), q(y)))),
        "descending": And((ge(W(x, y), 0), eq(Total(W(x, y), y), p(x)), eq(Total(W(x, y), x), q(y)))),
        "no inversion": implies(gt(p(x), p(x2)), lt(q(y), q(y2)), eq(W(x, y) * W(x2, y2), 0)),
        "smaller": Or(
            (
                And((eq(smaller(x, y), p(x)), le(p(x), q(y)))),
                And((eq(smaller(x, y), q(y)), le(q(y), p(x)))),
            )
        ),
        "reached or not": ForAll((s,), (), _either(reached(j, s))),
        "levels": ForAll((s, t), (le(s, t),), le(reached(j, s), reached(j, t))),
        "steps": ge(gap(j), 0),
        "row levels": eq(-sp.log(p(x)), base + Total(gap(j) * (1 - reached(j, p(x))), j)),
        "column levels": eq(-sp.log(q(y)), base + Total(gap(j) * (1 - reached(j, q(y))), j)),
    },
    conclusions={
        "a level": LEVEL,
        "profile": le(-total(W(x, y) * sp.log(smaller(x, y)), x, y), total(phi(P(x, y)), x, y)),
    },
    steps=(
        step(
            "levels are passed on",
            ForAll((s, t), (le(s, t),), eq(reached(j, s) * (1 - reached(j, t)), 0)),
            block(
                step("which", _either(reached(j, t)), instance("reached or not", {s: t})),
                step(
                    "lower",
                    le(reached(j, s), reached(j, t)),
                    instance("levels", {s: s, t: t}, using=("order",)),
                ),
                step("which below", _either(reached(j, s)), instance("reached or not", {s: s})),
                step(
                    "not reached",
                    implies(eq(reached(j, t), 0), eq(reached(j, s) * (1 - reached(j, t)), 0)),
                    block(
                        step("not negative", ge(reached(j, s), 0), sign()),
                        step("nor below", eq(reached(j, s), 0), algebra("not negative", "lower", "off")),
                        step(
                            "nothing", eq(reached(j, s) * (1 - reached(j, t)), 0), algebra(put=("nor below",))
                        ),
                        given="off",
                    ),
                ),
                step(
                    "reached",
                    implies(eq(reached(j, t), 1), eq(reached(j, s) * (1 - reached(j, t)), 0)),
                    block(
                        step("nothing", eq(reached(j, s) * (1 - reached(j, t)), 0), algebra(put=("on",))),
                        given="on",
                    ),
                ),
                step(
                    "either",
                    eq(reached(j, s) * (1 - reached(j, t)), 0),
                    by_cases("not reached", "reached", cover="which"),
                ),
                given="order",
            ),
        ),
        step("row or not", _either(ROW), instance("reached or not", {s: p(x)})),
        step("column or not", _either(COLUMN), instance("reached or not", {s: q(y)})),
        step("row at most 1", ForAll((j, x), (), le(ROW, 1)), at_most_one(ROW, "row or not")),
        step("column at most 1", ForAll((j, y), (), le(COLUMN, 1)), at_most_one(COLUMN, "column or not")),
        step(
            "inverted",
            ForAll((j, x, y, x2, y2), (), eq(TERM, 0)),
            block(
                step(
                    "rows in order",
                    implies(le(p(x), p(x2)), eq(TERM, 0)),
                    block(
                        _not_both("passed on", p(x), p(x2), "order"),
                        step("nothing", eq(TERM, 0), algebra(over("passed on", times=_REST_OF_ROWS))),
                        given="order",
                    ),
                ),
                step(
                    "rows against it",
                    implies(gt(p(x), p(x2)), eq(TERM, 0)),
                    block(
                        step(
                            "columns in order",
                            implies(le(q(y2), q(y)), eq(TERM, 0)),
                            block(
                                _not_both("passed on", q(y2), q(y), "order"),
                                step(
                                    "nothing", eq(TERM, 0), algebra(over("passed on", times=_REST_OF_COLUMNS))
                                ),
                                given="order",
                            ),
                        ),
                        step(
                            "columns against it",
                            implies(gt(q(y2), q(y)), eq(TERM, 0)),
                            block(
                                step(
                                    "no mass",
                                    eq(W(x, y) * W(x2, y2), 0),
                                    instance("no inversion", {}, using=("above", "below")),
                                ),
                                step("nothing", eq(TERM, 0), algebra(over("no mass", times=_REST_OF_BOTH))),
                                given="below",
                            ),
                        ),
                        step("either", eq(TERM, 0), by_cases("columns in order", "columns against it")),
                        given="above",
                    ),
                ),
                step("either", eq(TERM, 0), by_cases("rows in order", "rows against it")),
            ),
        ),
        step("product", eq(ONLY_ROW * ONLY_COLUMN, 0), algebra(over("inverted", x, y, x2, y2))),
        step("one is empty", Or((eq(ONLY_ROW, 0), eq(ONLY_COLUMN, 0))), zero_product("product")),
        step(
            "level",
            ForAll((j,), (), LEVEL),
            block(
                _level_by(ONLY_ROW, "rows", ROW, COLUMN, x),
                _level_by(ONLY_COLUMN, "columns", COLUMN, ROW, y),
                step("either", LEVEL, by_cases("rows", "columns", cover="one is empty")),
            ),
        ),
        step("cells", ge(P(x, y), 0), follows("coupling")),
        step("in its row", le(P(x, y), Total(P(x, y), y)), part_of_sum("cells")),
        step("in its column", le(P(x, y), Total(P(x, y), x)), part_of_sum("cells")),
        step(
            "below its letters",
            And((le(P(x, y), p(x)), le(P(x, y), q(y)))),
            algebra("in its row", "in its column", "coupling"),
        ),
        step(
            "cost",
            ForAll((x, y), (), AT_MOST_THE_SMALLER),
            block(
                _smaller("row is smaller", p(x), q(y), "row levels"),
                _smaller("column is smaller", q(y), p(x), "column levels"),
                step(
                    "either",
                    AT_MOST_THE_SMALLER,
                    by_cases("row is smaller", "column is smaller", cover="smaller"),
                ),
            ),
        ),
        step(
            "cell",
            substitute(ORDER, {point: P(x, y), above: smaller(x, y)}),
            uses("phi_order", {point: P(x, y), above: smaller(x, y)}, using=("cells", "cost")),
        ),
        step(
            "profile",
            le(-total(W(x, y) * sp.log(smaller(x, y)), x, y), total(phi(P(x, y)), x, y)),
            algebra(
                over("cell", x, y),
                over("cost", x, y, times=P(x, y)),
                over("cost", x, y, times=W(x, y)),
                over("level", j, times=gap(j)),
                over("coupling", x, times=base + Total(gap(j), j)),
                over("descending", x, times=base + Total(gap(j), j)),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=500),
)
