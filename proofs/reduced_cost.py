"""Reduced-cost cuts: a row's activity cannot leave its end by more than the gap over its multiplier.

Rows may be cells of a box, marginals or limits.  The same inequality, read with an end moved, is the slab
rule of certificates.
"""

from __future__ import annotations

import random
from typing import Any

from .lemma import Lemma, Witness, step
from .tools.kernel import over
from .tools.language import ge, gt, implies, le, lt, real
from .tools.rules import algebra, block, part_of_sum, uses
from .two_bits import fraction
from .weak_duality import (
    ACTIVITY,
    BOUND,
    OBJECTIVE,
    SPARE,
    down,
    draw_rows,
    hi,
    i,
    lo,
    no_loss,
    up,
)
from .weak_duality import LEMMA as DUALITY

__all__ = ["LEMMA"]

cutoff = real("z")
TERM = up(i) * (ACTIVITY - lo(i)) + down(i) * (hi(i) - ACTIVITY)
ABOVE = lo(i) + (cutoff - BOUND) / up(i)
BELOW = hi(i) - (cutoff - BOUND) / down(i)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Rows and multipliers; a cutoff at, near or above the objective."""
    values = draw_rows(generator, place)
    objective = sum(one * two for one, two in zip(values["c"], values["w"], strict=True)) + sum(values["t"])
    return values | {
        "z": objective + generator.choice((0, fraction(generator) / 100, fraction(generator), -1))
    }


def _cut(multiplier: Any, claim: Any, slack: Any) -> Any:
    """What one row has to spare is at most the gap."""
    return block(
        step(
            "spared here", le(BOUND + multiplier * slack, OBJECTIVE), algebra("one row", *_other(multiplier))
        ),
        step(
            "below the gap", lt(multiplier * slack, cutoff - BOUND), algebra("spared here", "worth finding")
        ),
        step("cut", claim, algebra(over("below the gap", times=1 / multiplier))),
        given="priced; worth finding",
    )


def _other(multiplier: Any) -> tuple[str, ...]:
    return ("upper ends count",) if multiplier == up(i) else ("lower ends count",)


LEMMA = Lemma(
    name="reduced_cost",
    label="Reduced-cost cuts",
    idea=(
        "What a row has to spare, times its multiplier, comes on top of the bound. Where the objective "
        "is below the cutoff, it is less than the gap."
    ),
    meaning={
        **DUALITY.meaning,
        cutoff: "objective from which on a mixture is not worth finding",
    },
    hypotheses=dict(DUALITY.hypotheses),
    conclusions={
        "cut from above": implies(gt(up(i), 0), lt(OBJECTIVE, cutoff), lt(ACTIVITY, ABOVE)),
        "cut from below": implies(gt(down(i), 0), lt(OBJECTIVE, cutoff), gt(ACTIVITY, BELOW)),
    },
    steps=(
        no_loss("lower ends", up(i), ACTIVITY - lo(i)),
        no_loss("upper ends", down(i), hi(i) - ACTIVITY),
        step("rows count", ge(TERM, 0), algebra("lower ends count", "upper ends count")),
        step("one of them", le(TERM, SPARE), part_of_sum("rows count")),
        step(
            "spared",
            le(BOUND + SPARE, OBJECTIVE),
            uses(
                "weak_duality",
                using=(
                    "weights",
                    "multipliers",
                    "lower ends",
                    "upper ends",
                    "elastic multipliers",
                    "excess",
                    "reduced costs",
                ),
            ),
        ),
        step("one row", le(BOUND + TERM, OBJECTIVE), algebra("one of them", "spared")),
        step(
            "from above",
            implies(gt(up(i), 0), lt(OBJECTIVE, cutoff), lt(ACTIVITY, ABOVE)),
            _cut(up(i), lt(ACTIVITY, ABOVE), ACTIVITY - lo(i)),
        ),
        step(
            "from below",
            implies(gt(down(i), 0), lt(OBJECTIVE, cutoff), gt(ACTIVITY, BELOW)),
            _cut(down(i), gt(ACTIVITY, BELOW), hi(i) - ACTIVITY),
        ),
    ),
    witness=Witness(draw=_draw, count=2500),
)
