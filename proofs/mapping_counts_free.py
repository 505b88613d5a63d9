"""How many mappings an optimum needs where the law of Y is free, or free within a tolerance."""

from __future__ import annotations

import random
from typing import Any

from .edge import c, u
from .lemma import Lemma, Step, Witness, step
from .mapping_counts import (
    BY_OUTPUT,
    BY_SEED,
    COLUMN_STEPS,
    MEANING,
    SETTING,
    USED,
    count,
    draw_mappings,
    fewest,
)
from .mappings import q
from .textbook import B, k, w
from .tools.language import And, Total, eq, ge, gt, implies, le, size
from .tools.rules import algebra

__all__ = ["LEMMA"]

NORMED = eq(Total(u(k), k), 1)
BY_SUM = {B: lambda b, n: 1, c: lambda b: 1}


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    return draw_mappings(generator, place, True)


def _same_sum(new: Any, law: Any, at: tuple[Any, ...]) -> tuple[Step, ...]:
    """The sum of weights as the one row."""
    del law, at
    return (step("same law", eq(Total(new(k), k), 1), algebra("bounds", "weights", "one row")),)


LEMMA = Lemma(
    name="mapping_counts_free",
    label="Number of mappings, law of Y free",
    idea=(
        "The sum of weights is the only row beside the limits, where the marginals were one for each letter. "
        "Otherwise it is the count with the law of Y given."
    ),
    meaning={symbol: words for symbol, words in MEANING.items() if symbol != q},
    hypotheses={
        **{name: one for name, one in SETTING.items() if name not in ("one image", "law of the image")},
        "weights": And((ge(w(k), 0), eq(Total(w(k), k), 1))),
        "one row": eq(size("Z"), 1),
    },
    conclusions={
        BY_SEED: implies(fewest(NORMED, False), le(USED, size("R") + 1)),
        BY_OUTPUT: implies(fewest(NORMED, True), le(USED, size("R") + 1 + size("L"))),
    },
    steps=(
        *COLUMN_STEPS,
        step("bounded", gt(size("Z"), 0), algebra("one row")),
        count(BY_SEED, NORMED, size("R") + 1, BY_SUM, "Z", _same_sum),
        count(BY_OUTPUT, NORMED, size("R") + 1 + size("L"), BY_SUM, "Z", _same_sum),
    ),
    witness=Witness(draw=_draw, count=400),
)
