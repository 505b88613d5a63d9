"""Functional representation for finite alphabets: a channel of any number of rows has a finite seed.

The seeds are the functions from rows to letters.  By induction over the rows there is a law of them that
gives each row so far its law: the next row's letter is drawn anew, whatever the function was there.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Rule, Step, Witness, step
from .mappings import pmf
from .tools.induction import induction
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
    implies,
    index,
    lt,
    substitute,
    total,
)
from .tools.rules import algebra, block, by_cases, choose, exists, follows, instance, sign

__all__ = ["LEMMA"]

i, i2, j, h, earlier = index("i i2 j h earlier", "R")
t, t2 = index("t t2", "T")
v, u = index("v u", "V")
E, g, drawn, start, a, upto, rank = family("E g n s a B o")


def _law(weights: Any, last: Any) -> And:
    """A law of the seeds that gives every row up to one its law."""
    missing = Total(weights(v) * g(v, i, t), v) - E(i, t)
    return And(
        (
            ForAll((v,), (), ge(weights(v), 0)),
            eq(Total(weights(v), v), 1),
            ForAll((i, t), (), eq(upto(i, last) * missing, 0)),
        )
    )


FIRST = ForAll((i2,), (), eq(upto(i2, j), delta(i2, j)))
NEXT = Exists(
    (h,),
    And((lt(rank(h), rank(j)), ForAll((i2,), (), eq(upto(i2, j), upto(i2, h) + delta(i2, j))))),
)
SO_FAR = Exists((a,), _law(a, j))
ALL = Exists(
    (a,),
    And(
        (
            ForAll((v,), (), ge(a(v), 0)),
            eq(Total(a(v), v), 1),
            ForAll((i, t), (), eq(Total(a(v) * g(v, i, t), v), E(i, t))),
        )
    ),
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Channels of up to three rows, all functions as seeds, their product law."""
    letters, rows = ((1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2))[place % 6]
    channel = [pmf(generator, letters, zeros=True) for _ in range(rows)]
    seeds = list(itertools.product(range(letters), repeat=rows))
    order = list(range(rows))
    generator.shuffle(order)
    ranks = [order.index(row) for row in range(rows)]
    law = []
    for seed in seeds:
        mass = fmpq(1)
        for row, letter in enumerate(seed):
            mass *= channel[row][letter]
        law.append(mass)

    def anew(seed: tuple[int, ...], row: int, letter: int) -> int:
        return seeds.index((*seed[:row], letter, *seed[row + 1 :]))

    return {
        "#R": rows,
        "#T": letters,
        "#V": len(seeds),
        "E": channel,
        "g": [[[int(seed[row] == one) for one in range(letters)] for row in range(rows)] for seed in seeds],
        "n": [
            [
                [
                    [int(anew(seed, row, one) == other) for other in range(len(seeds))]
                    for one in range(letters)
                ]
                for row in range(rows)
            ]
            for seed in seeds
        ],
        "s": pmf(generator, len(seeds), zeros=True),
        "a": law,
        "B": [[int(ranks[one] <= ranks[two]) for two in range(rows)] for one in range(rows)],
        "o": ranks,
    }


def _grown(old: Any, order: str, sums: str, *before: Any) -> tuple[Step, ...]:
    """Draw the letter of row j anew: the other rows stay, row j gets its law."""

    def new(one: Any) -> Any:
        return total(old(u) * E(j, t2) * drawn(u, j, t2, one), u, t2)

    missing = Total(new(v) * g(v, i, t), v) - E(i, t)
    others = step(
        "other rows",
        eq(
            (1 - delta(i, j)) * Total(new(v) * g(v, i, t), v),
            (1 - delta(i, j)) * Total(old(u) * g(u, i, t), u),
        ),
        algebra(
            over("the other rows", u, t2, v, at={t: t2, t2: t}, times=old(u) * E(j, t2)),
            over("drawn", u, t2, at={t: t2}, times=(1 - delta(i, j)) * old(u) * E(j, t2) * g(u, i, t)),
            over("channel", u, at={i: j}, times=(1 - delta(i, j)) * old(u) * g(u, i, t)),
        ),
    )
    return (
        step("terms", ge(old(u) * E(j, t2) * drawn(u, j, t2, v), 0), sign()),
        step("new law", ge(new(v), 0), algebra(over("terms", u, t2))),
        step(
            "new sum",
            eq(Total(new(v), v), 1),
            algebra(
                over("drawn", u, t2, at={t: t2}, times=old(u) * E(j, t2)),
                over("channel", u, at={i: j}, times=old(u)),
                sums,
            ),
        ),
        step(
            "new row",
            eq(Total(new(v) * g(v, j, t), v), E(j, t)),
            algebra(
                over("the row drawn", u, t2, v, at={t: t2, t2: t}, times=old(u) * E(j, t2)),
                over("drawn", u, at={}, times=old(u) * E(j, t)),
                over(sums, times=E(j, t)),
            ),
        ),
        *((others,) if before else ()),
        step("row of the new one", eq(delta(i, j) * missing, 0), algebra(over("new row", times=delta(i, j)))),
        step(
            "rows",
            eq(upto(i, j) * missing, 0),
            algebra(
                over(order, at={i2: i}, times=missing),
                "row of the new one",
                *before,
            ),
        ),
        step("law", SO_FAR, exists({a: new}, "new law", "new sum", "rows")),
    )


_AT_FIRST = block(*_grown(start, "first", "start sum"), given="first")


def _later() -> Rule:
    return block(
        step(
            "law",
            SO_FAR,
            choose(
                "next",
                step("order", eq(upto(i2, j), upto(i2, h) + delta(i2, j)), follows("stage")),
                step(
                    "law before",
                    substitute(SO_FAR, {j: h}),
                    instance("before", {earlier: h}, using=("stage",)),
                ),
                step(
                    "grown",
                    SO_FAR,
                    choose(
                        "law before",
                        step("old sum", eq(Total(a(v), v), 1), follows("old")),
                        step(
                            "old rows",
                            eq(upto(i, h) * (Total(a(v) * g(v, i, t), v) - E(i, t)), 0),
                            follows("old"),
                        ),
                        *_grown(
                            a,
                            "order",
                            "old sum",
                            over("old rows", times=1 - delta(i, j)),
                            over("other rows", times=upto(i, h)),
                            over("row of the new one", times=upto(i, h)),
                        ),
                        called="old",
                    ),
                ),
                called="stage",
            ),
        ),
        given="next",
    )


LEMMA = Lemma(
    name="finite_seed",
    label="Functional representation for finite alphabets",
    idea=(
        "Draw the letter of one row anew and leave the others. By induction over the rows some law of the "
        "functions from rows to letters gives every row its law."
    ),
    meaning={
        E: "rows of a channel",
        g: "[seed v sends letter t in row i]",
        drawn: "[seed v is seed u with letter t in row i]",
        start: "a law of seeds to begin with",
        a: "law of the seed",
        upto: "[row i comes no later than j]",
        rank: "position of a row",
    },
    hypotheses={
        "channel": And((ge(E(i, t), 0), eq(Total(E(i, t), t), 1))),
        "start": And((ge(start(v), 0), eq(Total(start(v), v), 1))),
        "drawn anew": And((ge(drawn(u, i, t, v), 0), eq(Total(drawn(u, i, t, v), v), 1))),
        "letter drawn": eq(drawn(u, i, t, v) * (g(v, i, t2) - delta(t, t2)), 0),
        "other letters": eq(drawn(u, j, t, v) * (1 - delta(i, j)) * (g(v, i, t2) - g(u, i, t2)), 0),
        "stages": Or((FIRST, NEXT)),
    },
    conclusions={"a finite seed": implies(ForAll((i,), (), eq(upto(i, j), 1)), ALL)},
    steps=(
        step(
            "up to every row",
            ForAll((j,), (), SO_FAR),
            induction(
                rank(j),
                earlier,
                step("drawn", eq(Total(drawn(u, j, t, v), v), 1), algebra(over("drawn anew", at={i: j}))),
                step(
                    "the row drawn",
                    eq(drawn(u, j, t, v) * (g(v, j, t2) - delta(t, t2)), 0),
                    algebra(over("letter drawn", at={i: j})),
                ),
                step(
                    "the other rows",
                    eq(drawn(u, j, t, v) * (1 - delta(i, j)) * (g(v, i, t2) - g(u, i, t2)), 0),
                    follows("other letters"),
                ),
                step("start sum", eq(Total(start(v), v), 1), follows("start")),
                step("at the first", implies(FIRST, SO_FAR), _AT_FIRST),
                step("later", implies(NEXT, SO_FAR), _later()),
                step("at j", SO_FAR, by_cases("at the first", "later", cover="stages")),
            ),
        ),
        step(
            "all rows",
            implies(ForAll((i,), (), eq(upto(i, j), 1)), ALL),
            block(
                step("some law", SO_FAR, follows("up to every row")),
                step(
                    "seed",
                    ALL,
                    choose(
                        "some law",
                        step(
                            "rows",
                            eq(Total(a(v) * g(v, i, t), v), E(i, t)),
                            algebra("found", over("last", times=Total(a(v) * g(v, i, t), v) - E(i, t))),
                        ),
                        step("seed", ALL, exists({a: lambda one: a(one)}, "found", "rows")),
                        called="found",
                    ),
                ),
                given="last",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=120),
)
