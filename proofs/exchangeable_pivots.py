"""Ordering exchangeable letters by pivots: a greatest cell of what is left, one after the other.

Stage by stage a greatest cell of the letters left moves to its place, by letters alone that are left, so the
stages before keep theirs.  `exchangeable` shows that a permuted mixture is as good as the one before.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .textbook import FIRST_MEMBER, k, k2, rank
from .textbook import on as chosen
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Formula, Or, delta, eq, family, implies, index, le, lt
from .tools.rules import algebra, block, by_cases, choose, cites, exists, follows, instance, kronecker

__all__ = ["LEMMA"]

g, h = index("g h", "G")
now, i, i2, i3 = index("l i i2 i3", "L")
k3 = index("k3", "K")
P, pivot, left, upto, place = family("P D r A o")

EARLIER = (eq(upto(i, now), 1), eq(delta(i, now), 0))
HELD = (eq(upto(i, now), 1), eq(left(i, k), 1))
GREATEST = ForAll((i, k), HELD, le(P(g, k), pivot(g, i)))
ORDERED = Exists((g,), GREATEST)
SO_FAR = Exists((g,), ForAll((i, k), (*EARLIER, eq(left(i, k), 1)), le(P(g, k), pivot(g, i))))
FIRST = ForAll((i,), (), eq(upto(i, now), delta(i, now)))
NEXT = Exists(
    (i2,),
    And((lt(place(i2), place(now)), ForAll((i,), (), eq(upto(i, now), upto(i, i2) + delta(i, now))))),
)
KEPT = ForAll((i,), EARLIER, eq(pivot(h, i), pivot(g, i)))
FROM = Exists((k3,), And((eq(left(i, k3), 1), eq(P(h, k), P(g, k3)))))
CELLS = ForAll((i, k), HELD, FROM)
MOVED = Exists((h,), And((eq(pivot(h, now), P(g, k2)), KEPT, CELLS)))
NONE_ABOVE = ForAll((k,), (), implies(eq(left(now, k), 1), le(-P(g, k2), -P(g, k))))
TOP = Exists((k2,), And((eq(left(now, k2), 1), NONE_ABOVE)))


def _either(of: Any) -> Formula:
    return Or((eq(of, 0), eq(of, 1)))


def _draw(generator: random.Random, place_: int) -> dict[str, Any]:
    """All arrangements of a small coupling by permutations of its rows and columns."""
    n, m = (2, 3) if place_ % 8 == 0 else (1, 3) if place_ % 3 == 0 else (2, 2)
    table = [[fmpq(generator.randint(0, 4), 12) for _ in range(m)] for _ in range(n)]
    cells = list(itertools.product(range(n), range(m)))
    arrangements = [
        [table[rows[x]][columns[y]] for x, y in cells]
        for rows in itertools.permutations(range(n))
        for columns in itertools.permutations(range(m))
    ]
    stages = min(n, m)
    return {
        "#G": len(arrangements),
        "#L": stages,
        "#K": len(cells),
        "P": arrangements,
        "D": [[one[cells.index((at, at))] for at in range(stages)] for one in arrangements],
        "r": [[int(min(cell) >= at) for cell in cells] for at in range(stages)],
        "A": [[int(one <= other) for other in range(stages)] for one in range(stages)],
        "o": list(range(stages)),
    }


BELOW = le(P(h, k), pivot(h, i))
EXCHANGED = (
    step("the pivot", eq(pivot(h, now), P(g, k2)), follows("exchanged")),
    step("kept", KEPT, follows("exchanged")),
    step("same cells", CELLS, follows("exchanged")),
    step(
        "below",
        ForAll((i, k), HELD, BELOW),
        block(
            step("where from", FROM, instance("same cells", {i: i, k: k}, using=("not after", "there"))),
            step(
                "it is",
                BELOW,
                choose(
                    "where from",
                    step(
                        "earlier stage",
                        implies(eq(delta(i, now), 0), BELOW),
                        block(
                            step(
                                "its pivot",
                                eq(pivot(h, i), pivot(g, i)),
                                instance("kept", {i: i}, using=("not after", "not now")),
                            ),
                            step(
                                "was below",
                                le(P(g, k3), pivot(g, i)),
                                instance("earlier", {i: i, k: k3}, using=("not after", "not now", "source")),
                            ),
                            step("so", BELOW, algebra("its pivot", "was below", "source")),
                            given="not now",
                        ),
                    ),
                    step(
                        "this stage",
                        implies(eq(delta(i, now), 1), BELOW),
                        block(
                            step(
                                "left now",
                                eq(left(now, k3), 1),
                                algebra(
                                    "source",
                                    over("now", times=left(now, k3)),
                                    over("now", times=left(i, k3)),
                                ),
                            ),
                            step(
                                "not above",
                                le(-P(g, k2), -P(g, k3)),
                                instance("none above", {k: k3}, using=("left now",)),
                            ),
                            step(
                                "so",
                                BELOW,
                                algebra(
                                    "not above",
                                    "the pivot",
                                    "source",
                                    over("now", times=pivot(h, now)),
                                    over("now", times=pivot(h, i)),
                                ),
                            ),
                            given="now",
                        ),
                    ),
                    step("now or not", _either(delta(i, now)), kronecker()),
                    step("either", BELOW, by_cases("earlier stage", "this stage", cover="now or not")),
                    called="source",
                ),
            ),
            given="not after; there",
        ),
    ),
    step("so", ORDERED, exists({g: h}, "below")),
)

LEMMA = Lemma(
    name="exchangeable_pivots",
    label="Order of exchangeable letters by pivots",
    idea=(
        "By induction over the stages: a greatest cell of what is left can be moved to the place of the "
        "stage. The cells left at earlier stages are the same ones, and their pivots stay."
    ),
    meaning={
        P: "mass of a cell of an arrangement of the coupling",
        pivot: "mass of the cell where a stage has its pivot",
        left: "[the cell lies in rows and columns that are left at the stage]",
        upto: "[stage i does not come after stage l]",
        place: "number of the stage",
    },
    hypotheses={
        "left or not": _either(left(now, k)),
        "not empty": ForAll((now,), (), Exists((k2,), eq(left(now, k2), 1))),
        "first or next": Or((FIRST, NEXT)),
        "exchanges": ForAll((g, now, k2), (eq(left(now, k2), 1),), MOVED),
    },
    conclusions={"ordered": ForAll((now,), (), ORDERED)},
    steps=(
        step(
            "ordered",
            ForAll((now,), (), ORDERED),
            induction(
                place(now),
                i3,
                step(
                    "is first",
                    implies(FIRST, SO_FAR),
                    block(step("any", SO_FAR, exists({g: g}, "alone")), given="alone"),
                ),
                step(
                    "is next",
                    implies(NEXT, SO_FAR),
                    block(
                        step(
                            "by the one before",
                            SO_FAR,
                            choose(
                                "there is one",
                                step(
                                    "its order",
                                    Exists(
                                        (g,),
                                        ForAll(
                                            (i, k),
                                            (eq(upto(i, i2), 1), eq(left(i, k), 1)),
                                            le(P(g, k), pivot(g, i)),
                                        ),
                                    ),
                                    instance("before", {i3: i2}, using=("one before",)),
                                ),
                                step(
                                    "as before",
                                    SO_FAR,
                                    choose(
                                        "its order",
                                        step(
                                            "below",
                                            ForAll(
                                                (i, k),
                                                (*EARLIER, eq(left(i, k), 1)),
                                                le(P(g, k), pivot(g, i)),
                                            ),
                                            block(
                                                step(
                                                    "earlier still",
                                                    eq(upto(i, i2), 1),
                                                    algebra("one before", "early", "not now"),
                                                ),
                                                step(
                                                    "so",
                                                    le(P(g, k), pivot(g, i)),
                                                    instance(
                                                        "order",
                                                        {i: i, k: k},
                                                        using=("earlier still", "there"),
                                                    ),
                                                ),
                                                given="early; not now; there",
                                            ),
                                        ),
                                        step("it", SO_FAR, exists({g: g}, "below")),
                                        called="order",
                                    ),
                                ),
                                called="one before",
                            ),
                        ),
                        given="there is one",
                    ),
                ),
                step("stage", Or((FIRST, NEXT)), follows("first or next")),
                step("so far", SO_FAR, by_cases("is first", "is next", cover="stage")),
                step(
                    "with this one",
                    ORDERED,
                    choose(
                        "so far",
                        step("some are left", Exists((k2,), eq(left(now, k2), 1)), follows("not empty")),
                        step(
                            "a greatest",
                            TOP,
                            cites(
                                FIRST_MEMBER,
                                {chosen: lambda cell: left(now, cell), rank: lambda cell: -P(g, cell)},
                                using=("left or not", "some are left"),
                            ),
                        ),
                        step(
                            "at its place",
                            ORDERED,
                            choose(
                                "a greatest",
                                step("it is left", eq(left(now, k2), 1), follows("top")),
                                step(
                                    "none above",
                                    NONE_ABOVE,
                                    follows("top"),
                                ),
                                step(
                                    "moved",
                                    MOVED,
                                    instance("exchanges", {g: g, now: now, k2: k2}, using=("it is left",)),
                                ),
                                step("then", ORDERED, choose("moved", *EXCHANGED, called="exchanged")),
                                called="top",
                            ),
                        ),
                        called="earlier",
                    ),
                ),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=40),
)
