"""Which end is better at equal |delta|: sign(Phi(delta) - Phi(-delta)) = sign((1-2a)(1-2b))."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Rule, Witness, step
from .textbook import LOG_INCREASES, u, v
from .tools.calculus import monotone
from .tools.kernel import over
from .tools.language import And, ForAll, Or, eq, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, by_cases, cites, instance, sign, zero_product
from .two_bits import a, b, conditional_entropy, d, feasible_slopes, fraction

__all__ = ["DIFFERENCE", "LEMMA"]

x, t1, t2 = real("x t1 t2")
HALF = sp.Rational(1, 2)
DIFFERENCE = conditional_entropy(x) - conditional_entropy(-x)
SLOPE = sp.diff(DIFFERENCE, x)
NEAR, FAR = a * x, (1 - a) * x
#: the derivative is a (1-a) log(TOP / BOTTOM)
TOP = ((1 - b) ** 2 - FAR**2) * (b**2 - NEAR**2)
BOTTOM = ((1 - b) ** 2 - NEAR**2) * (b**2 - FAR**2)
SIDES = (1 - 2 * a) * (1 - 2 * b)
#: the four laws P(Y=1|X) at +x and -x lie inside (0, 1)
INSIDE = And(tuple(one for slope in (NEAR, -NEAR, FAR, -FAR) for one in (gt(b + slope, 0), lt(b + slope, 1))))


def _leads(positive: bool) -> Rule:
    """On one pair of sides the difference has one sign."""
    logs = (BOTTOM, TOP) if positive else (TOP, BOTTOM)
    sloped = lt(0, SLOPE) if positive else lt(SLOPE, 0)
    values = [substitute(DIFFERENCE, {x: one}) for one in (t1, t2)]
    ends = [conditional_entropy(-d), conditional_entropy(d)]
    return block(
        step(
            "slope",
            ForAll((x,), (lt(0, x), lt(x, d)), sloped),
            block(
                step("inside", INSIDE, algebra("above", "below", "feasible", "source", degree=2)),
                step("positive", And((gt(TOP, 0), gt(BOTTOM, 0))), sign()),
                step(
                    "gap",
                    gt(x**2 * SIDES, 0) if positive else lt(x**2 * SIDES, 0),
                    algebra(over("sides", times=x**2)),
                ),
                step("order", lt(*logs), algebra("gap")),
                step(
                    "logs",
                    lt(*map(sp.log, logs)),
                    cites(
                        LOG_INCREASES,
                        {u: logs[0], v: logs[1]},
                        using=("order", "positive"),
                    ),
                ),
                step("sign", sloped, algebra(over("logs", times=a * (1 - a)))),
                given="above; below",
            ),
        ),
        step(
            "monotone",
            ForAll(
                (t1, t2), (le(0, t1), lt(t1, t2), le(t2, d)), lt(*values) if positive else lt(*values[::-1])
            ),
            monotone(DIFFERENCE, x, 0, d, "slope"),
        ),
        step(
            "from 0",
            substitute(lt(*values) if positive else lt(*values[::-1]), {t1: 0, t2: d}),
            instance(
                "monotone",
                {t1: 0, t2: d},
                using=("distance",),
            ),
        ),
        step("leads", lt(*ends) if positive else lt(*ends[::-1]), algebra("from 0")),
        given="sides",
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Sources and laws on all sides of 1/2, deltas up to the largest that both signs allow."""
    mass, other = fraction(generator), fraction(generator)
    if place % 6 == 0:
        mass = fmpq(1, 2)
    if place % 6 == 1:
        other = fmpq(1, 2)
    bottom, top = feasible_slopes(mass, other)
    return {
        "a": mass,
        "b": other,
        "delta": min(-bottom, top) * (1 if place % 5 == 0 else fraction(generator)),
    }


COMONOTONE = lt(conditional_entropy(-d), conditional_entropy(d))
ANTITONE = lt(conditional_entropy(d), conditional_entropy(-d))
TIE = eq(conditional_entropy(d), conditional_entropy(-d))

LEMMA = Lemma(
    name="sign_theorem",
    label="Sign theorem",
    idea=(
        "The difference Phi(delta) - Phi(-delta) is 0 at 0, and its derivative is a(1-a) "
        "times the logarithm of a "
        "ratio whose numerator minus denominator is delta^2 (1-2a)(1-2b)."
    ),
    meaning={a: "P(X=1)", b: "P(Y=1)", d: "P(Y=1|X=1) - P(Y=1|X=0)"},
    hypotheses={
        "source": And((gt(a, 0), lt(a, 1))),
        "law": And((gt(b, 0), lt(b, 1))),
        "distance": gt(d, 0),
        "feasible": And(
            (
                le(0, b - a * d),
                le(b + a * d, 1),
                le(0, b - (1 - a) * d),
                le(b + (1 - a) * d, 1),
            )
        ),
    },
    conclusions={
        "same side of 1/2: the antitone end carries more": implies(gt(SIDES, 0), COMONOTONE),
        "opposite sides: the comonotone end carries more": implies(lt(SIDES, 0), ANTITONE),
        "on 1/2 they tie": implies(eq((a - HALF) * (b - HALF), 0), TIE),
    },
    steps=(
        step("same side", implies(gt(SIDES, 0), COMONOTONE), _leads(True)),
        step("opposite sides", implies(lt(SIDES, 0), ANTITONE), _leads(False)),
        step(
            "tie",
            implies(eq((a - HALF) * (b - HALF), 0), TIE),
            block(
                step("which", Or((eq(a, HALF), eq(b, HALF))), zero_product("on 1/2")),
                step(
                    "a",
                    implies(eq(a, HALF), TIE),
                    block(
                        step("even source", TIE, algebra(put=("a is",))),
                        given="a is",
                    ),
                ),
                step(
                    "b",
                    implies(eq(b, HALF), TIE),
                    block(
                        step("even law", TIE, algebra(put=("b is",))),
                        given="b is",
                    ),
                ),
                step("either", TIE, by_cases("a", "b", cover="which")),
                given="on 1/2",
            ),
        ),
    ),
    witness=Witness(draw=_draw),
)
