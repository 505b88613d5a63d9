"""Ordering exchangeable letters: every coupling can be permuted so that one cell is greatest and lines fall.

Letters are exchangeable within classes.  For any cell (a, b) some permutation within the classes makes it
greatest over class(a) x class(b), column b fall along every X-class (a left out) and row a along every
Y-class (b left out).  `exchangeable` shows that a permuted mixture is as good as the one before.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Step, Witness, step
from .textbook_sets import (
    GREATEST,
    SORT,
    alike,
    equivalence,
    key,
    other_alike,
    permutation,
    position,
    sorting,
    value,
)
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, Total, delta, eq, family, implies, index, le, lt, total
from .tools.rules import algebra, block, by_cases, choose, cites, exists, follows, instance, zero_product

__all__ = ["LEMMA", "alike_x", "alike_y", "classes", "draw_classes", "relation", "sigma", "tau", "turned"]

x, x2, x3, x4, x0, a = index("x x2 x3 x4 x0 a", "X")
y, y2, y3, y4, y0, b = index("y y2 y3 y4 y0 b", "Y")
P, alike_x, alike_y, order_x, order_y, sigma, tau = family("P E F o u sigma tau")


def turned(one: Any, other: Any) -> Any:
    """A cell of the permuted coupling."""
    return total(sigma(one, x4) * tau(other, y4) * P(x4, y4), x4, y4)


def classes() -> dict[str, Any]:
    """Exchangeable letters of X and of Y."""
    found = {f"{name} in X": one for name, one in equivalence(alike_x, x, x2, x3).items()}
    return found | {f"{name} in Y": one for name, one in equivalence(alike_y, y, y2, y3).items()}


ROWS = sorting(sigma, alike_x, lambda one: P(one, y0), order_x, a, x0, x, x2, x3)
COLUMNS = sorting(tau, alike_y, lambda one: P(x0, one), order_y, b, y0, y, y2, y3)
TOP = And(
    (
        eq(alike_x(a, x0), 1),
        eq(alike_y(b, y0), 1),
        ForAll((x2, y2), (eq(alike_x(a, x2), 1), eq(alike_y(b, y2), 1)), le(P(x2, y2), P(x0, y0))),
    )
)
GREATEST_CELL = ForAll((x, y), (eq(alike_x(a, x), 1), eq(alike_y(b, y), 1)), le(turned(x, y), turned(a, b)))


def _falls(relation: Any, rank: Any, one: Any, two: Any, at: Any, cell: Any) -> ForAll:
    apart = (eq(delta(one, at), 0), eq(delta(two, at), 0))
    return ForAll(
        (one, two), (eq(relation(one, two), 1), lt(rank(one), rank(two)), *apart), le(cell(two), cell(one))
    )


COLUMN = _falls(alike_x, order_x, x, x2, a, lambda one: turned(one, b))
ROW = _falls(alike_y, order_y, y, y2, b, lambda one: turned(a, one))
WITHIN = (
    ForAll((x, x2), (), eq(sigma(x, x2) * (1 - alike_x(x, x2)), 0)),
    ForAll((y, y2), (), eq(tau(y, y2) * (1 - alike_y(y, y2)), 0)),
)
CLAIM = Exists(
    (sigma, tau),
    And(
        (
            *permutation(sigma, x, x2, x3),
            *permutation(tau, y, y2, y3),
            *WITHIN,
            GREATEST_CELL,
            COLUMN,
            ROW,
        )
    ),
)


def draw_classes(generator: random.Random, count: int) -> list[int]:
    """Members in up to two classes."""
    return [generator.choice((0, 0, 1)) for _ in range(count)]


def relation(kinds: list[int]) -> list[list[int]]:
    """Which members are alike."""
    return [[int(one == two) for two in kinds] for one in kinds]


def _sorted(kinds: list[int], keys: list[Any], order: list[int], at: int, taken: int) -> list[list[int]]:
    """The permutation that puts one member at its place and sorts the rest of each class."""
    table = [[0] * len(kinds) for _ in kinds]
    table[at][taken] = 1
    for kind in set(kinds):
        places = sorted((i for i, one in enumerate(kinds) if one == kind and i != at), key=order.__getitem__)
        members = sorted(
            (i for i, one in enumerate(kinds) if one == kind and i != taken), key=lambda i: -keys[i]
        )
        for to, of in zip(places, members, strict=True):
            table[to][of] = 1
    return table


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Couplings with ties, the permutations by sorting."""
    n, m = 1 + place % 3, generator.randint(1, 3)
    cells = [[fmpq(generator.randint(0, 3), 6) for _ in range(m)] for _ in range(n)]
    kinds, others = draw_classes(generator, n), draw_classes(generator, m)
    orders = []
    for count in (n, m):
        order = list(range(count))
        generator.shuffle(order)
        orders.append(order)
    at, other_at = generator.randrange(n), generator.randrange(m)
    best = max(
        (
            (i, j)
            for i in range(n)
            for j in range(m)
            if kinds[i] == kinds[at] and others[j] == others[other_at]
        ),
        key=lambda cell: cells[cell[0]][cell[1]],
    )
    return {
        "#X": n,
        "#Y": m,
        "P": cells,
        "E": relation(kinds),
        "F": relation(others),
        "o": orders[0],
        "u": orders[1],
        "@a": at,
        "@b": other_at,
        "sigma": _sorted(kinds, [row[best[1]] for row in cells], orders[0], at, best[0]),
        "tau": _sorted(others, cells[best[0]], orders[1], other_at, best[1]),
    }


def _sent(
    name: str, facts: str, matrix: Any, at: Any, taken: Any, ones: tuple[Any, Any, Any]
) -> tuple[Step, ...]:
    """The row of the permutation at the place."""
    one, two, three = ones
    return (
        step(
            f"{name} products",
            eq(matrix(one, two) * matrix(one, three), delta(two, three) * matrix(one, two)),
            follows(facts),
        ),
        step(f"{name} rows", eq(Total(matrix(one, two), two), 1), follows(facts)),
        step(
            f"{name} within",
            eq(matrix(one, two) * (1 - (alike_x if matrix == sigma else alike_y)(one, two)), 0),
            follows(facts),
        ),
        step(f"{name} at its place", eq(matrix(at, taken), 1), follows(facts)),
        step(
            f"{name} row of the place",
            eq(matrix(at, three), delta(taken, three)),
            algebra(
                over(f"{name} products", at={one: at, two: taken}),
                over(f"{name} at its place", times=matrix(at, three)),
                over(f"{name} at its place", times=delta(taken, three)),
            ),
        ),
        step(
            f"{name} squares",
            eq(matrix(one, two) * (1 - matrix(one, two)), 0),
            algebra(over(f"{name} products", at={three: two})),
        ),
    )


TERM = le(sigma(x, x2) * tau(y, y2) * P(x2, y2), sigma(x, x2) * tau(y, y2) * P(x0, y0))


_TERM = block(
    step("sigma 0 or 1", Or((eq(sigma(x, x2), 0), eq(1 - sigma(x, x2), 0))), zero_product("sigma squares")),
    step("tau 0 or 1", Or((eq(tau(y, y2), 0), eq(1 - tau(y, y2), 0))), zero_product("tau squares")),
    step(
        "no x",
        implies(eq(sigma(x, x2), 0), TERM),
        block(step("nothing", TERM, algebra(put=("off",))), given="off"),
    ),
    step(
        "some x",
        implies(eq(1 - sigma(x, x2), 0), TERM),
        block(
            step(
                "no y",
                implies(eq(tau(y, y2), 0), TERM),
                block(step("nothing", TERM, algebra(put=("off",))), given="off"),
            ),
            step(
                "some y",
                implies(eq(1 - tau(y, y2), 0), TERM),
                block(
                    step(
                        "x alike",
                        eq(alike_x(x, x2), 1),
                        algebra("sigma within", over("x on", times=1 - alike_x(x, x2))),
                    ),
                    step(
                        "y alike",
                        eq(alike_y(y, y2), 1),
                        algebra("tau within", over("y on", times=1 - alike_y(y, y2))),
                    ),
                    step(
                        "x in class",
                        eq(alike_x(a, x2), 1),
                        algebra(
                            over("equivalence in X", at={x: a, x2: x, x3: x2}),
                            over("x alike", times=alike_x(a, x)),
                            "class of x",
                            "at most alike in X",
                        ),
                    ),
                    step(
                        "y in class",
                        eq(alike_y(b, y2), 1),
                        algebra(
                            over("equivalence in Y", at={y: b, y2: y, y3: y2}),
                            over("y alike", times=alike_y(b, y)),
                            "class of y",
                            "at most alike in Y",
                        ),
                    ),
                    step(
                        "below",
                        le(P(x2, y2), P(x0, y0)),
                        instance("greatest in class", {x2: x2, y2: y2}, using=("x in class", "y in class")),
                    ),
                    step("sigma", eq(sigma(x, x2), 1), algebra("x on")),
                    step("tau", eq(tau(y, y2), 1), algebra("y on")),
                    step("term", TERM, algebra("below", put=("sigma", "tau"))),
                    given="y on",
                ),
            ),
            step("either y", TERM, by_cases("no y", "some y", cover="tau 0 or 1")),
            given="x on",
        ),
    ),
    step("either x", TERM, by_cases("no x", "some x", cover="sigma 0 or 1")),
)


def _at_most(name: str, relation_: Any, one: Any, two: Any, values: str) -> Step:
    """Alike is 0 or 1, so at most 1."""
    claim = le(relation_(one, two), 1)
    return step(
        name,
        ForAll((one, two), (), claim),
        block(
            step(
                "unlike",
                implies(eq(relation_(one, two), 0), claim),
                block(step("0", claim, algebra("given 1"))),
            ),
            step(
                "like",
                implies(eq(relation_(one, two), 1), claim),
                block(step("1", claim, algebra("given 1"))),
            ),
            step("any", claim, by_cases("unlike", "like", cover=values)),
        ),
    )


CORNER, IN_COLUMN, IN_ROW = (
    eq(turned(a, b), P(x0, y0)),
    eq(turned(x, b), Total(sigma(x, x2) * P(x2, y0), x2)),
    eq(turned(a, y), Total(tau(y, y2) * P(x0, y2), y2)),
)
_FOUND = (
    *_sent("sigma", "rows", sigma, a, x0, (x, x2, x3)),
    *_sent("tau", "columns", tau, b, y0, (y, y2, y3)),
    step(
        "corner",
        CORNER,
        algebra(
            over("sigma row of the place", x3, y3, times=tau(b, y3) * P(x3, y3)),
            over("tau row of the place", y3, times=P(x0, y3)),
        ),
    ),
    step(
        "in the column",
        IN_COLUMN,
        algebra(over("tau row of the place", x3, y3, times=sigma(x, x3) * P(x3, y3))),
    ),
    step("in the row", IN_ROW, algebra(over("sigma row of the place", x3, y3, times=tau(y, y3) * P(x3, y3)))),
    step(
        "greatest in class",
        ForAll((x2, y2), (eq(alike_x(a, x2), 1), eq(alike_y(b, y2), 1)), le(P(x2, y2), P(x0, y0))),
        follows("top"),
    ),
    step(
        "greatest cell",
        GREATEST_CELL,
        block(
            step("terms", ForAll((x2, y2), (), TERM), _TERM),
            step(
                "sum",
                le(turned(x, y), turned(a, b)),
                algebra(
                    over("terms", x2, y2),
                    over("sigma rows", y2, times=tau(y, y2) * P(x0, y0)),
                    over("tau rows", times=P(x0, y0)),
                    "corner",
                ),
            ),
            given="class of x; class of y",
        ),
    ),
    step("column falls in P", ROWS.parts[-1], follows("rows")),
    step("row falls in P", COLUMNS.parts[-1], follows("columns")),
    step(
        "column falls",
        COLUMN,
        block(
            step(
                "of P",
                ROWS.parts[-1].then,
                instance("column falls in P", {x: x, x2: x2}, using=("like", "later", "not a", "nor a")),
            ),
            step("falls", COLUMN.then, algebra("of P", "in the column")),
            given="like; later; not a; nor a",
        ),
    ),
    step(
        "row falls",
        ROW,
        block(
            step(
                "of P",
                COLUMNS.parts[-1].then,
                instance("row falls in P", {y: y, y2: y2}, using=("like", "later", "not b", "nor b")),
            ),
            step("falls", ROW.then, algebra("of P", "in the row")),
            given="like; later; not b; nor b",
        ),
    ),
    step(
        "permutations",
        CLAIM,
        exists(
            {sigma: lambda one, two: sigma(one, two), tau: lambda one, two: tau(one, two)},
            "rows",
            "columns",
            "greatest cell",
            "column falls",
            "row falls",
        ),
    ),
)
IN_X, IN_Y = ("alike or not in X", "equivalence in X"), ("alike or not in Y", "equivalence in Y")

LEMMA = Lemma(
    name="exchangeable_order",
    label="An order of exchangeable letters",
    idea=(
        "Put a greatest cell of class(a) x class(b) at (a, b), sort the other letters of X by its column, "
        "then those of Y by its row. Neither disturbs what the other has put in order."
    ),
    meaning={
        P: "coupling",
        alike_x: "[letters of X are exchangeable]",
        alike_y: "[letters of Y are exchangeable]",
        order_x: "positions of letters of X",
        order_y: "positions of letters of Y",
        sigma: "[the place x takes letter x']",
        tau: "[the place y takes letter y']",
    },
    hypotheses=classes(),
    conclusions={"permutations": CLAIM},
    steps=(
        _at_most("at most alike in X", alike_x, x, x2, "alike or not in X"),
        _at_most("at most alike in Y", alike_y, y, y2, "alike or not in Y"),
        step(
            "ordered",
            ForAll((a, b), (), CLAIM),
            block(
                step(
                    "greatest",
                    Exists((x0, y0), TOP),
                    cites(
                        GREATEST,
                        {"I": "X", "J": "Y", alike: alike_x, other_alike: alike_y, value: P},
                        using=(*IN_X, *IN_Y),
                    ),
                ),
                step(
                    "by the greatest",
                    CLAIM,
                    choose(
                        "greatest",
                        step(
                            "row sorting",
                            implies(eq(alike_x(a, x0), 1), Exists((sigma,), ROWS)),
                            cites(
                                SORT,
                                {"I": "X", alike: alike_x, key: lambda one: P(one, y0), position: order_x},
                                using=IN_X,
                            ),
                        ),
                        step(
                            "column sorting",
                            implies(eq(alike_y(b, y0), 1), Exists((tau,), COLUMNS)),
                            cites(
                                SORT,
                                {"I": "Y", alike: alike_y, key: lambda one: P(x0, one), position: order_y},
                                using=IN_Y,
                            ),
                        ),
                        step(
                            "sorted rows", Exists((sigma,), ROWS), instance("row sorting", {}, using=("top",))
                        ),
                        step(
                            "sorted columns",
                            Exists((tau,), COLUMNS),
                            instance("column sorting", {}, using=("top",)),
                        ),
                        step(
                            "with rows",
                            CLAIM,
                            choose(
                                "sorted rows",
                                step(
                                    "with columns", CLAIM, choose("sorted columns", *_FOUND, called="columns")
                                ),
                                called="rows",
                            ),
                        ),
                        called="top",
                    ),
                ),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
