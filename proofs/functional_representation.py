"""Functional representation for finite alphabets: one more row of a channel is one more independent seed.

From a seed that represents the rows so far (none at first: a seed with one value) and a seed with the law of
the new row, the pair represents all of them.  By induction on the rows every channel with finitely many rows
and letters has a finite seed (`finite_seed` derives that); `represent` builds it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .tools.kernel import over
from .tools.language import And, Total, delta, eq, family, ge, index, total
from .tools.rules import algebra, sign

__all__ = ["LEMMA", "represent"]

i = index("i", "R")
t, t2, t3 = index("t t2 t3", "T")
v = index("v", "V")
E, a, g, new, pair, old_row, new_row = family("E a g N s G H")


def represent(rows: Sequence[Sequence[Any]], empty: bool = False) -> tuple[list[Any], list[tuple[int, ...]]]:
    """The law of a seed and, for each of its values, the letter of every row; values without mass left out
    unless `empty`.
    """
    law: list[Any] = [fmpq(1)]
    letters: list[tuple[int, ...]] = [()]
    for row in rows:
        pairs = [
            (mass * share, (*sent, letter))
            for (mass, sent), (letter, share) in itertools.product(
                zip(law, letters, strict=True), enumerate(row)
            )
            if share or empty
        ]
        law, letters = [one[0] for one in pairs], [one[1] for one in pairs]
    return law, letters


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Channels of up to three rows with their seeds, and one more row."""
    letters, rows = generator.choice(((1, 2), (2, 1), (2, 2), (2, 3), (3, 1)))
    channel = [pmf(generator, letters, zeros=True) for _ in range(rows)]
    row = pmf(generator, letters, zeros=True)
    law, sent = represent(channel, place % 4 == 0)
    return {
        "#R": rows,
        "#T": letters,
        "#V": len(law),
        "E": channel,
        "a": law,
        "N": row,
        "g": [[[int(one[r1] == t1) for t1 in range(letters)] for r1 in range(rows)] for one in sent],
        "s": [[mass * share for share in row] for mass in law],
        "G": [
            [[[int(one[r1] == t1) for t1 in range(letters)] for r1 in range(rows)] for _ in range(letters)]
            for one in sent
        ],
        "H": [[[int(t1 == t2_) for t1 in range(letters)] for t2_ in range(letters)] for _ in sent],
    }


LEMMA = Lemma(
    name="functional_representation",
    label="Functional representation, one row at a time",
    idea="The new seed is the pair of the old one and an independent letter with the law of the new row.",
    meaning={
        E: "the rows so far",
        a: "law of their seed",
        g: "[seed v sends t in row i]",
        new: "the new row",
        pair: "law of the pair of seeds",
        old_row: "[the pair sends t in row i]",
        new_row: "[the pair sends t in the new row]",
    },
    hypotheses={
        "seed": And((ge(a(v), 0), eq(Total(a(v), v), 1))),
        "one letter": And(
            (eq(g(v, i, t) * g(v, i, t2), delta(t, t2) * g(v, i, t)), eq(Total(g(v, i, t), t), 1))
        ),
        "represents": eq(Total(a(v) * g(v, i, t), v), E(i, t)),
        "new row": And((ge(new(t), 0), eq(Total(new(t), t), 1))),
        "pair": eq(pair(v, t), a(v) * new(t)),
        "old rows of the pair": eq(old_row(v, t2, i, t), g(v, i, t)),
        "new row of the pair": eq(new_row(v, t2, t), delta(t, t2)),
    },
    conclusions={
        "the pair is a seed": And((ge(pair(v, t), 0), eq(total(pair(v, t), v, t), 1))),
        "it sends one letter in the old rows": And(
            (
                eq(old_row(v, t2, i, t) * old_row(v, t2, i, t3), delta(t, t3) * old_row(v, t2, i, t)),
                eq(Total(old_row(v, t2, i, t), t), 1),
            )
        ),
        "and in the new row": And(
            (
                eq(new_row(v, t2, t) * new_row(v, t2, t3), delta(t, t3) * new_row(v, t2, t)),
                eq(Total(new_row(v, t2, t), t), 1),
            )
        ),
        "it represents the old rows": eq(total(pair(v, t2) * old_row(v, t2, i, t), v, t2), E(i, t)),
        "and the new row ": eq(total(pair(v, t2) * new_row(v, t2, t), v, t2), new(t)),
    },
    steps=(
        step("laws", ge(pair(v, t), 0), sign()),
        step(
            "sum",
            eq(total(pair(v, t), v, t), 1),
            algebra(
                over("pair", v, t),
                over("new row", v, times=a(v)),
                "seed",
            ),
        ),
        step(
            "old letters",
            eq(
                old_row(v, t2, i, t) * old_row(v, t2, i, t3),
                delta(t, t3) * old_row(v, t2, i, t),
            ),
            algebra(over("one letter", at={t2: t3}), put=("old rows of the pair",)),
        ),
        step(
            "old sum",
            eq(Total(old_row(v, t2, i, t), t), 1),
            algebra(
                over("one letter"),
                put=("old rows of the pair",),
            ),
        ),
        step(
            "new letters",
            eq(
                new_row(v, t2, t) * new_row(v, t2, t3),
                delta(t, t3) * new_row(v, t2, t),
            ),
            algebra(put=("new row of the pair",)),
        ),
        step("new sum", eq(Total(new_row(v, t2, t), t), 1), algebra(put=("new row of the pair",))),
        step(
            "old rows",
            eq(total(pair(v, t2) * old_row(v, t2, i, t), v, t2), E(i, t)),
            algebra(
                over("new row", v, times=a(v) * g(v, i, t)),
                "represents",
                put=("old rows of the pair", "pair"),
            ),
        ),
        step(
            "new one",
            eq(total(pair(v, t2) * new_row(v, t2, t), v, t2), new(t)),
            algebra(
                over("seed", times=new(t)),
                put=("new row of the pair", "pair"),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
