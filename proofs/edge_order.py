"""Plain couplings: in a tree of least entropy masses grow on every path away from one letter, the root.

Every edge belongs to an end at which it is the smallest; so every letter but one has an edge of its own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from flint import fmpq

from .lemma import Formula, Lemma, Rule, Step, Witness, step
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
    gt,
    implies,
    index,
    le,
    lt,
    size,
    substitute,
    total,
)
from .tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    choose,
    follows,
    instance,
    kronecker,
    zero_product,
)

__all__ = ["LEMMA"]

x, x2 = index("x x2", "X")
y, y2 = index("y y2", "Y")
P, on, lowest = family("P sigma alpha")

EDGE = eq(on(x, y), 1)
IN_ROW = (eq(on(x, y2), 1), eq(delta(y, y2), 0))
IN_COLUMN = (eq(on(x2, y), 1), eq(delta(x, x2), 0))
LARGER_IN_ROW, LARGER_IN_COLUMN = lt(P(x, y), P(x, y2)), lt(P(x, y), P(x2, y))
#: an edge belongs to its row where it is the smallest there, else to its column
ROWS, COLUMNS = on(x, y) * lowest(x, y), on(x, y) * (1 - lowest(x, y))
OF_ROW, OF_COLUMN = Total(ROWS, y), Total(COLUMNS, x)
NONE_LESS = ForAll((x2, y2), (eq(on(x2, y2), 1),), le(P(x, y), P(x2, y2)))


def _draw_letter(
    generator: random.Random, edges: dict[tuple[int, int], Any], counts: list[int]
) -> tuple[tuple[int, int], Any] | None:
    """One more letter with its edge, of a mass that keeps the exchange's gaps; None where none was found."""
    side = generator.randint(0, 1)
    end = generator.randrange(counts[1 - side])
    place = (counts[0], end) if side == 0 else (end, counts[1])
    known = list(edges.values())
    for _ in range(30):
        mass = abs(generator.choice(known) + generator.choice((-1, 1)) * generator.choice(known))
        if generator.random() < 0.5:
            mass = fmpq(generator.randint(1, 60), 60)
        if mass > 0 and _draw_allowed({**edges, place: mass}):
            return place, mass
    return None


def _draw_allowed(edges: dict[tuple[int, int], Any]) -> bool:
    """Whether two edges at the two ends of an edge differ by at least its mass."""
    return all(
        abs(one - other) >= mass
        for (i, j), mass in edges.items()
        for (i1, j1), one in edges.items()
        for (i2, j2), other in edges.items()
        if i1 == i and j1 != j and j2 == j and i2 != i
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A tree of up to six letters that keeps those gaps, some of them exactly."""
    edges, counts = {(0, 0): fmpq(generator.randint(1, 60), 60)}, [1, 1]
    for _ in range(place % 5):
        found = _draw_letter(generator, edges, counts)
        if found is not None:
            edges[found[0]] = found[1]
            counts[int(found[0][0] < counts[0])] += 1
    n, m = counts
    table = [[edges.get((i, j), fmpq(0)) for j in range(m)] for i in range(n)]
    return {
        "#X": n,
        "#Y": m,
        "P": table,
        "sigma": [[int(one > 0) for one in row] for row in table],
        "alpha": [
            [int(one > 0 and sum(0 < other <= one for other in row) == 1) for one in row] for row in table
        ],
    }


def _unless(claim: Formula, switches: Sequence[tuple[str, Any, int, Rule]], *inner: Step) -> tuple[Step, ...]:
    """A claim that is trivial unless each switch, 0 or 1, has its value; the inner steps are for that."""
    if not switches:
        return inner
    (name, term, value, cover), *rest = switches
    return (
        step(f"{name} or not", _either(term), cover),
        step(
            f"without {name}",
            implies(eq(term, 1 - value), claim),
            block(step("nothing", claim, algebra(put=(f"no {name}",))), given=f"no {name}"),
        ),
        step(
            f"with {name}", implies(eq(term, value), claim), block(*_unless(claim, rest, *inner), given=name)
        ),
        step(
            f"either, by {name}", claim, by_cases(f"without {name}", f"with {name}", cover=f"{name} or not")
        ),
    )


def _either(of: Any) -> Formula:
    return Or((eq(of, 0), eq(of, 1)))


def _edge(name: str, row: Any, column: Any) -> tuple[str, Any, int, Rule]:
    return name, on(row, column), 1, follows("edges")


def _lowest(name: str, row: Any, column: Any, value: int) -> tuple[str, Any, int, Rule]:
    return name, lowest(row, column), value, follows("lowest or not")


def _letter(name: str, own: Any, at: Any, to: Any, value: int, *smaller: Step) -> tuple[Step, ...]:
    """Two edges that belong to one letter would both be smaller than the other, so it has one or none."""
    row = at == y
    second = (x, to) if row else (to, y)
    other = substitute(own, {at: to})
    pair, once, count = eq(own * other * (1 - delta(at, to)), 0), eq(own * (1 - own), 0), Total(own, at)
    first_own = (_edge("first", x, y), _lowest("first is low", x, y, value))
    return (
        step(
            f"{name}, two edges",
            ForAll((x, y, to), (), pair),
            block(
                *_unless(
                    pair,
                    (
                        *first_own,
                        _edge("second", *second),
                        _lowest("second is low", *second, value),
                        ("apart", delta(at, to), 0, kronecker()),
                    ),
                    *smaller,
                    step("neither", lt(0, 0), algebra("one way", "other way")),
                    step("impossible", pair, absurd("neither")),
                )
            ),
        ),
        step(
            f"{name}, an edge",
            ForAll((x, y), (), once),
            block(*_unless(once, first_own, step("one", once, algebra(put=("first", "first is low"))))),
        ),
        step(
            f"{name}, square",
            eq(count * (1 - count), 0),
            algebra(over(f"{name}, two edges", at, to), over(f"{name}, an edge", at)),
        ),
        step(f"{name}, one or none", _either(count), zero_product(f"{name}, square")),
    )


def _one_way(name: str, by: str, first: tuple[Any, Any], second: tuple[Any, Any]) -> Step:
    """An edge is smaller than another one at the letter that it belongs to."""
    facts = ("first", "first is low", "second", "second is low", "apart")
    return step(
        name,
        lt(P(*first), P(*second)),
        instance(by, _values(first, second), using=facts),
    )


def _values(first: tuple[Any, Any], second: tuple[Any, Any]) -> dict[Any, Any]:
    found = {x: first[0], y: first[1]}
    return found | ({y2: second[1]} if first[0] == second[0] else {x2: second[0]})


IN_THE_COLUMN = ForAll((x, x2, y), (EDGE, eq(lowest(x, y), 0), *IN_COLUMN), LARGER_IN_COLUMN)
ROW_AWAY = implies(EDGE, eq(lowest(x, y), 1), *IN_ROW, And((LARGER_IN_ROW, eq(lowest(x, y2), 0))))
COLUMN_AWAY = implies(EDGE, eq(lowest(x, y), 0), *IN_COLUMN, And((LARGER_IN_COLUMN, eq(lowest(x2, y), 1))))


def _away(name: str, value: int, claim: Formula, larger: Formula, other: tuple[Any, Any], by: str) -> Step:
    """The other edges of the letter that an edge belongs to are larger, and belong to their other ends."""
    far = eq(lowest(*other), 1 - value)
    return step(
        name,
        claim,
        block(
            step(
                "larger",
                larger,
                instance(by, _values((x, y), other), using=("edge", "low", "other", "apart")),
            ),
            step("low or not", _either(lowest(*other)), follows("lowest or not")),
            step(
                "it is so",
                implies(far, And((eq(2 * lowest(*other), 2 - 2 * value),))),
                block(step("so", eq(2 * lowest(*other), 2 - 2 * value), algebra("given 1"))),
            ),
            step(
                "not low",
                implies(eq(lowest(*other), value), far),
                block(
                    step(
                        "smaller",
                        gt(P(x, y), P(*other)),
                        instance(by, _values(other, (x, y)), using=("edge", "low too", "other", "apart")),
                    ),
                    step("nothing", lt(0, 0), algebra("larger", "smaller")),
                    step("impossible", far, absurd("nothing")),
                    given="low too",
                ),
            ),
            step("so", far, by_cases("it is so", "not low", cover="low or not")),
            given="edge; low; other; apart",
        ),
    )


def _root(name: str, value: int, own: Any, at: Any, by: str) -> Step:
    """An edge that belonged to the other end of the least edge would be smaller."""
    to = x2 if at == x else y2
    other = (to, y) if at == x else (x, to)
    there = substitute(own, {at: to})
    claim = eq(there * (1 - delta(at, to)), 0)
    return step(
        name,
        implies(EDGE, NONE_LESS, eq(lowest(x, y), value), eq(Total(own, at), 0)),
        block(
            step(
                "no other",
                ForAll((to,), (), claim),
                block(
                    *_unless(
                        claim,
                        (
                            _edge("other", *other),
                            _lowest("other is low", *other, 1 - value),
                            ("apart", delta(at, to), 0, kronecker()),
                        ),
                        step(
                            "not less",
                            le(P(x, y), P(*other)),
                            instance("least", {x2: other[0], y2: other[1]}, using=("other",)),
                        ),
                        step(
                            "less",
                            lt(P(*other), P(x, y)),
                            instance(
                                by, _values(other, (x, y)), using=("edge", "other", "other is low", "apart")
                            ),
                        ),
                        step("nothing", lt(0, 0), algebra("less", "not less")),
                        step("impossible", claim, absurd("nothing")),
                    )
                ),
            ),
            step("none", eq(Total(own, at), 0), algebra(over("no other", to), over("low", times=on(x, y)))),
            given="edge; least; low",
        ),
    )


LEMMA = Lemma(
    name="edge_order",
    label="Order of the edges",
    idea=(
        "At one end of an edge all others are larger, as two that are not would differ by less than it. "
        "No letter is that end for two edges, and a tree has one edge less than letters."
    ),
    meaning={
        P: "masses on the cells of a tree",
        on: "[the cell is an edge]",
        lowest: "[the edge is smaller than all others of its row]",
    },
    hypotheses={
        "edges": _either(on(x, y)),
        "masses": implies(EDGE, gt(P(x, y), 0)),
        "exchange": ForAll(
            (x, x2, y, y2),
            (EDGE, *IN_ROW, *IN_COLUMN),
            Or((le(P(x, y), P(x, y2) - P(x2, y)), le(P(x, y), P(x2, y) - P(x, y2)))),
        ),
        "tree": eq(total(on(x, y), x, y), size("X") + size("Y") - 1),
        "lowest or not": _either(lowest(x, y)),
        "lowest": ForAll((x, y, y2), (EDGE, eq(lowest(x, y), 1), *IN_ROW), LARGER_IN_ROW),
        "not lowest": ForAll(
            (x, y), (EDGE, eq(lowest(x, y), 0)), Exists((y2,), And((*IN_ROW, le(P(x, y2), P(x, y)))))
        ),
    },
    conclusions={
        "one or none of a row": _either(OF_ROW),
        "one or none of a column": _either(OF_COLUMN),
        "one letter has none": eq(Total(1 - OF_ROW, x) + Total(1 - OF_COLUMN, y), 1),
        "away from the root, by a row": ROW_AWAY,
        "away from the root, by a column": COLUMN_AWAY,
        "the least edge belongs to a row": implies(EDGE, NONE_LESS, eq(lowest(x, y), 1), eq(OF_COLUMN, 0)),
        "the least edge belongs to a column": implies(EDGE, NONE_LESS, eq(lowest(x, y), 0), eq(OF_ROW, 0)),
    },
    steps=(
        step(
            "lowest in the column",
            IN_THE_COLUMN,
            block(
                step("mass", gt(P(x2, y), 0), instance("masses", {x: x2, y: y}, using=("other",))),
                step(
                    "smaller in the row",
                    Exists((y2,), And((*IN_ROW, le(P(x, y2), P(x, y))))),
                    instance("not lowest", {x: x, y: y}, using=("edge", "not low")),
                ),
                step(
                    "by it",
                    LARGER_IN_COLUMN,
                    choose(
                        "smaller in the row",
                        step(
                            "its mass", gt(P(x, y2), 0), instance("masses", {x: x, y: y2}, using=("chosen",))
                        ),
                        step(
                            "gap",
                            Or((le(P(x, y), P(x, y2) - P(x2, y)), le(P(x, y), P(x2, y) - P(x, y2)))),
                            instance(
                                "exchange",
                                {x: x, x2: x2, y: y, y2: y2},
                                using=("edge", "chosen", "other", "apart"),
                            ),
                        ),
                        step(
                            "below",
                            implies(le(P(x, y), P(x, y2) - P(x2, y)), LARGER_IN_COLUMN),
                            block(
                                step("nothing", lt(0, 0), algebra("given 1", "chosen", "mass")),
                                step("impossible", LARGER_IN_COLUMN, absurd("nothing")),
                            ),
                        ),
                        step(
                            "above",
                            implies(le(P(x, y), P(x2, y) - P(x, y2)), LARGER_IN_COLUMN),
                            block(step("larger", LARGER_IN_COLUMN, algebra("given 1", "its mass"))),
                        ),
                        step("either", LARGER_IN_COLUMN, by_cases("below", "above", cover="gap")),
                    ),
                ),
                given="edge; not low; other; apart",
            ),
        ),
        *_letter(
            "row",
            ROWS,
            y,
            y2,
            1,
            _one_way("one way", "lowest", (x, y), (x, y2)),
            _one_way("other way", "lowest", (x, y2), (x, y)),
        ),
        *_letter(
            "column",
            COLUMNS,
            x,
            x2,
            0,
            _one_way("one way", "lowest in the column", (x, y), (x2, y)),
            _one_way("other way", "lowest in the column", (x2, y), (x, y)),
        ),
        step("count", eq(Total(1 - OF_ROW, x) + Total(1 - OF_COLUMN, y), 1), algebra("tree")),
        _root("least edge of a row", 1, COLUMNS, x, "lowest in the column"),
        _root("least edge of a column", 0, ROWS, y, "lowest"),
        _away("row", 1, ROW_AWAY, LARGER_IN_ROW, (x, y2), "lowest"),
        _away("column", 0, COLUMN_AWAY, LARGER_IN_COLUMN, (x2, y), "lowest in the column"),
    ),
    witness=Witness(draw=_draw, count=240),
)
