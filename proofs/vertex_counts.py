"""Which constants a vertex can miss: with j mappings that are no constants at least j - t of them.

The rows that hold with equality are the m marginals and t limits: one for the rate, one for the label.  So
few constants are missing where few other mappings are used, which makes enumeration by j cheap at low rates.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .support import LEMMA as SUPPORT
from .support import limit
from .textbook import A, k, on, w
from .tools.language import Total, eq, family, le, real
from .tools.rules import algebra, uses

__all__ = ["LEMMA"]

constant = family("c")
limits = real("t")
LETTERS, ROWS = (sp.Symbol(f"size[{sort}]", real=True) for sort in "YR")
OTHERS, MISSING = Total(on(k) * (1 - constant(k)), k), Total(constant(k) * (1 - on(k)), k)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Constants and other mappings with their laws and costs; a support of independent columns, at random."""
    letters, limited, n = generator.randint(1, 3), place % 3, generator.randint(2, 3)
    source = pmf(generator, n)
    images = [(b,) * n for b in range(letters)]
    images += [tuple(generator.randrange(letters) for _ in range(n)) for _ in range(generator.randint(1, 3))]
    fixed = [int(number < letters) for number in range(len(images))]
    columns = []
    for number, image in enumerate(images):
        law = [sum((source[a] for a in range(n) if image[a] == b), fmpq(0)) for b in range(letters)]
        costs = [fmpq(0) if fixed[number] else fmpq(generator.randint(1, 5)) for _ in range(limited)]
        columns.append(law + costs)
    order = list(range(len(images)))
    generator.shuffle(order)
    if place % 2:
        order.sort(key=fixed.__getitem__)  # constants last: as many others as there can be
    chosen: list[int] = []
    for number in order:
        tried = [columns[one] for one in (*chosen, number)]
        if fmpq_mat(tried).rank() == len(tried):
            chosen.append(number)
    weights = [fmpq(generator.randint(1, 4), 5) if one in chosen else fmpq(0) for one in range(len(images))]
    zero = [fmpq(0)] * len(images)
    return {
        "#K": len(images),
        "#Y": letters,
        "#R": letters + limited,
        "#O": 1,
        "A": [list(row) for row in zip(*columns, strict=True)],
        "w": weights,
        "on": [int(one > 0) for one in weights],
        "c": fixed,
        "t": limited,
        "B": [zero],
        "beta": [fmpq(1, generator.randint(1, 400))],
        "v": zero,
    }


LEMMA = Lemma(
    name="vertex_counts",
    label="Constants that a vertex misses",
    idea="There are at most m + t mappings, and the constants that are used are m less those missing.",
    meaning={
        w: "weights of the mappings",
        A: "rows that hold with equality: marginals, active limits",
        limit: "limits of the other rows",
        on: "[w > 0]",
        constant: "[the mapping is constant]",
        limits: "active limits",
    },
    hypotheses={
        **SUPPORT.hypotheses,
        "every constant once": eq(Total(constant(k), k), LETTERS),
        "rows": eq(ROWS, LETTERS + limits),
    },
    conclusions={"missing constants": le(OTHERS - limits, MISSING)},
    steps=(
        step("number", le(Total(on(k), k), ROWS), uses("support", using=tuple(SUPPORT.hypotheses))),
        step("missing", le(OTHERS - limits, MISSING), algebra("number", "every constant once", "rows")),
    ),
    witness=Witness(draw=_draw, count=800),
)
