"""Two masses moved apart with their sum kept have a smaller entropy: -p log p is strictly concave."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Rule, Witness, step
from .textbook import LOG_BOUND_STRICT, u
from .tools.kernel import over
from .tools.language import And, ForAll, Formula, eq, ge, gt, implies, le, lt, phi, real
from .tools.rules import algebra, block, by_cases, cites, sign
from .two_bits import fraction

__all__ = ["CLAIM", "LEMMA", "a", "b", "c", "d"]

a, b, c, d = real("a b c d")
CLAIM = lt(phi(c) + phi(d), phi(a) + phi(b))


def _below(point: Any, touch: Any) -> Formula:
    """The tangent at `touch` lies strictly above phi at `point`."""
    return lt(phi(point), -point * sp.log(touch) - point + touch)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Four points in order, the outer ones with the sum of the inner ones; 0 and equal inner points too."""
    low = 0 if place % 3 == 0 else fraction(generator)
    first = 2 * fraction(generator) if place % 5 else fraction(generator) / 500
    second = first if place % 4 == 0 else 2 * fraction(generator)
    return {"c": low, "a": low + first, "b": low + second, "d": low + first + second}


def _at(touch: Any) -> Rule:
    """Weighted so that the tangent at one inner point gives that point."""
    return block(
        step(
            "left",
            implies(gt(c, 0), _below(c, touch)),
            block(
                step("ratio", gt(touch / c - 1, 0), sign()),
                step(
                    "bound",
                    lt(sp.log(touch / c), touch / c - 1),
                    cites(LOG_BOUND_STRICT, {u: touch / c}, using=("ratio",)),
                ),
                step("times c", _below(c, touch), algebra(over("bound", times=c))),
                given="inside",
            ),
        ),
        step(
            "left at 0",
            implies(le(c, 0), _below(c, touch)),
            block(
                step("zero", eq(c, 0), algebra("outer", "outer point")),
                step("there", _below(c, touch), algebra("order", "zero", put=("zero",))),
                given="outer",
            ),
        ),
        step("left end", _below(c, touch), by_cases("left", "left at 0")),
        step("small", And((gt(touch / d, 0), gt(1 - touch / d, 0))), sign()),
        step(
            "right bound",
            lt(sp.log(touch / d), touch / d - 1),
            cites(LOG_BOUND_STRICT, {u: touch / d}, using=("small",)),
        ),
        step("right end", _below(d, touch), algebra(over("right bound", times=d))),
        step(
            "mean",
            _mean(touch),
            algebra(over("left end", times=d - touch), over("right end", times=touch - c)),
        ),
    )


def _mean(touch: Any) -> Formula:
    return lt((d - touch) * phi(c) + (touch - c) * phi(d), (d - c) * phi(touch))


LEMMA = Lemma(
    name="spreading",
    label="Spreading two masses lowers their entropy",
    idea=(
        "Both outer points lie strictly below the tangents at each inner point. Weighted so that each "
        "tangent gives its own point, they add up to the claim."
    ),
    meaning={a: "an inner point", b: "the other", c: "the left outer point", d: "the right one"},
    hypotheses={
        "outer point": ge(c, 0),
        "order": And((lt(c, a), lt(c, b))),
        "same sum": eq(d, a + b - c),
    },
    conclusions={"lower": CLAIM},
    steps=(
        step("mean at a", ForAll((), (), _mean(a)), _at(a)),
        step("mean at b", ForAll((), (), _mean(b)), _at(b)),
        step("width", gt(d - c, 0), algebra("same sum", "order")),
        step(
            "times the width",
            lt((d - c) * (phi(c) + phi(d)), (d - c) * (phi(a) + phi(b))),
            algebra("mean at a", "mean at b", over("same sum", times=phi(c) - phi(d))),
        ),
        step("lower", CLAIM, algebra(over("times the width", times=1 / (d - c)))),
    ),
    witness=Witness(draw=_draw, count=4000),
)
