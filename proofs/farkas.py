"""Farkas closing: multipliers whose sum is positive leave no mixture that meets the rows.

Said of a mixture that meets them: the sum is not positive, and a row with a multiplier has to spare at most
what is missing to 0 (the slab rule of infeasibility records).
"""

from __future__ import annotations

import random
from typing import Any

from .lemma import Lemma, Witness, step
from .mappings import k, w
from .tools.kernel import over
from .tools.language import Total, gt, implies, le
from .tools.rules import algebra, block, part_of_sum
from .weak_duality import ACTIVITY, ROWS, WEIGHTS, a, down, draw_rows, hi, i, least, lo, no_loss, up

__all__ = ["LEMMA", "PROVED"]

PROVED = Total(up(i) * lo(i) - down(i) * hi(i), i) + least
TERM = up(i) * (ACTIVITY - lo(i)) + down(i) * (hi(i) - ACTIVITY)
SPARE = Total(TERM, i)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Rows that a mixture meets, without costs and elastic rows."""
    return draw_rows(generator, place, elastic=False)


def _slab(multiplier: Any, claim: Any, slack: Any, other: str) -> Any:
    """What one row has to spare is at most what is missing."""
    return block(
        step("spared here", le(PROVED + multiplier * slack, 0), algebra("one row", other)),
        step("slab", claim, algebra(over("spared here", times=1 / multiplier))),
        given="priced",
    )


LEMMA = Lemma(
    name="farkas",
    label="Farkas closing",
    idea=(
        "Rows times multipliers add up to at least what the ends say, and mappings average to at most minus "
        "their least sum."
    ),
    meaning={
        w: "weights of all mappings",
        a: "coefficients of the rows",
        lo: "lower ends",
        hi: "upper ends",
        up: "positive parts of the multipliers",
        down: "negative parts",
        least: "at most minus the rows' sum at every mapping",
    },
    hypotheses={
        "weights": WEIGHTS,
        **ROWS,
        "least mapping": le(least, -Total((up(i) - down(i)) * a(i, k), i)),
    },
    conclusions={
        "the sum is not positive": le(PROVED, 0),
        "slab from above": implies(gt(up(i), 0), le(ACTIVITY, lo(i) - PROVED / up(i))),
        "slab from below": implies(gt(down(i), 0), le(hi(i) + PROVED / down(i), ACTIVITY)),
    },
    steps=(
        no_loss("lower ends", up(i), ACTIVITY - lo(i)),
        no_loss("upper ends", down(i), hi(i) - ACTIVITY),
        step(
            "spared",
            le(PROVED + SPARE, 0),
            algebra(over("least mapping", k, times=w(k)), over("weights", times=least)),
        ),
        step(
            "closed",
            le(PROVED, 0),
            algebra("spared", over("lower ends count", i), over("upper ends count", i)),
        ),
        step("rows count", le(0, TERM), algebra("lower ends count", "upper ends count")),
        step("one of them", le(TERM, SPARE), part_of_sum("rows count")),
        step("one row", le(PROVED + TERM, 0), algebra("one of them", "spared")),
        step(
            "from above",
            implies(gt(up(i), 0), le(ACTIVITY, lo(i) - PROVED / up(i))),
            _slab(up(i), le(ACTIVITY, lo(i) - PROVED / up(i)), ACTIVITY - lo(i), "upper ends count"),
        ),
        step(
            "from below",
            implies(gt(down(i), 0), le(hi(i) + PROVED / down(i), ACTIVITY)),
            _slab(down(i), le(hi(i) + PROVED / down(i), ACTIVITY), hi(i) - ACTIVITY, "lower ends count"),
        ),
    ),
    witness=Witness(draw=_draw, count=2500),
)
