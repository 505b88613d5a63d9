"""Chords of -p log p lie below it: the secant rows of the relaxation."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .tangent import s, t
from .tools.kernel import over
from .tools.language import And, eq, gt, implies, le, phi, real
from .tools.rules import algebra, block, by_cases, uses
from .two_bits import fraction

__all__ = ["LEMMA", "c", "high", "low"]

low, c, high = real("l c u")
CLAIM = le((high - c) * phi(low) + (c - low) * phi(high), (high - low) * phi(c))


def _tangent_at(point: Any) -> Any:
    return le(phi(point), -point * sp.log(c) - point + c)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Three points in order, ends and equal ones among them."""
    points = [generator.choice((0, 1, 2, 3)) * fraction(generator) for _ in range(3)]
    if place % 5 == 0:
        points[1] = points[0]
    ordered = sorted(points)
    return {"l": ordered[0], "c": ordered[1], "u": ordered[2]}


LEMMA = Lemma(
    name="chord",
    label="Secants of the entropy function",
    idea=(
        "Both ends lie below the tangent at the point between; weight them so that the "
        "tangent gives its own point."
    ),
    hypotheses={"order": And((le(0, low), le(low, c), le(c, high)))},
    conclusions={"chord": CLAIM},
    steps=(
        step(
            "inside",
            implies(gt(c, 0), CLAIM),
            block(
                step(
                    "left end", _tangent_at(low), uses("tangent", {s: c, t: low}, using=("order", "positive"))
                ),
                step(
                    "right end",
                    _tangent_at(high),
                    uses("tangent", {s: c, t: high}, using=("order", "positive")),
                ),
                step(
                    "mean",
                    CLAIM,
                    algebra(
                        over("left end", times=high - c),
                        over("right end", times=c - low),
                    ),
                ),
                given="positive",
            ),
        ),
        step(
            "at 0",
            implies(le(c, 0), CLAIM),
            block(
                step("zero", And((eq(c, 0), eq(low, 0))), algebra("given 1", "order")),
                step("there", CLAIM, algebra(put=("zero",))),
            ),
        ),
        step("chord", CLAIM, by_cases("inside", "at 0")),
    ),
    witness=Witness(draw=_draw, needed={"order": {"l": 1, "c": 3, "u": 2}}),
)
