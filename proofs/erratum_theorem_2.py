"""What the printed Theorem 2 misses: an exact witness at a = b = 3/10, R = 0.378 bits."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .lemma_1 import mean_rate
from .theorem_2 import BEST, FACTORS, FEASIBLE, LIMITS, R, cap
from .tools.language import And, ForAll, entropy, eq, ge, le, lt, substitute
from .tools.rules import algebra, block, decide, enclosure, instance, uses
from .two_bits import WEIGHTS, a, b, conditional_entropy, fraction, p1, p2

__all__ = ["LEMMA", "RATE", "WITNESS"]

TENTHS = sp.Rational(3, 10)
#: 0.378 bits, in nats
RATE = sp.Rational(378, 1000) * sp.log(2)
#: weights of identity, flip, zero and one
WITNESS = (sp.Integer(0), sp.Rational(3, 7), sp.Rational(4, 7), sp.Integer(0))
HERE = {a: TENTHS, b: TENTHS, R: RATE}
WITHIN = tuple(substitute(one, HERE) for one in FEASIBLE)
#: mutual information, nats
INFORMATION = entropy(TENTHS) - substitute(conditional_entropy(p1 - p2), HERE)
AT = dict(zip(WEIGHTS, WITNESS, strict=True))
BEST_SHARE = RATE / entropy(TENTHS)
BY_WITNESS = substitute(INFORMATION, AT)
BY_FORMULA = entropy(TENTHS) - substitute(conditional_entropy(cap), {**HERE, cap: BEST_SHARE})
MISSED = sp.Rational(64, 1000) * sp.log(2)

LAW = And((*(ge(one, 0) for one in dict.fromkeys(WITNESS)), eq(sum(WITNESS), 1)))
MARGINAL = eq((1 - TENTHS) * (WITNESS[1] + WITNESS[3]) + TENTHS * (WITNESS[0] + WITNESS[3]), TENTHS)
SPENT = lt(substitute(mean_rate(WEIGHTS), {**AT, a: TENTHS}), RATE)


def _within(low: int, value: sp.Expr, high: int) -> And:
    """Millionths of a bit on both sides."""
    bit = sp.log(2) / 10**6
    return And((lt(low * bit, value), lt(value, high * bit)))


CARRIED, PRINTED = _within(191631, BY_WITNESS, 191632), _within(127539, BY_FORMULA, 127540)
ALL = ForAll(WEIGHTS, WITHIN, lt(INFORMATION + MISSED, BY_WITNESS))
NAMES = ("w1", "w2", "w3", "w4", "sum", "law of Y", "within", "order")


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Weights with delta >= 0 within the rate; the best of them among these."""
    mass = fmpq(3, 10)
    below = fmpq(428, 1000)  # just below the largest share, a rational
    gap = below * (1 if place % 4 == 0 else fraction(generator))
    room = min(mass - mass * gap, 1 - mass - (1 - mass) * gap, (below - gap) / 2)
    both = max(fmpq(0), room) * generator.choice((0, 1, fraction(generator)))
    one = mass - mass * gap - both
    return {"p1": gap + both, "p2": both, "p4": one, "p3": 1 - gap - 2 * both - one}


LEMMA = Lemma(
    name="erratum_theorem_2",
    label="Erratum to Theorem 2",
    idea=(
        "At a = b = 3/10 and R = 0.378 bits every coupling with delta >= 0 carries less, "
        "by more than 0.064 bits, than "
        "the flip with weight 3/7 and zero with weight 4/7, which is feasible."
    ),
    hypotheses={},
    conclusions={
        "a law": LAW,
        "with the law of Y": MARGINAL,
        "within the rate": SPENT,
        "its information": CARRIED,
        "the printed formula": PRINTED,
        "every coupling with delta >= 0 carries less": ALL,
    },
    steps=(
        step("a law", LAW, decide()),
        step("marginal", MARGINAL, decide()),
        step("rate", SPENT, enclosure()),
        step("information", CARRIED, enclosure()),
        step("formula", PRINTED, enclosure()),
        step("rate positive", ge(RATE, 0), enclosure()),
        step("share", lt(BEST_SHARE, 1), enclosure()),
        step(
            "limits",
            And(
                tuple(
                    le(BEST_SHARE * substitute(f, HERE), substitute(one, HERE))
                    for f, one in zip(FACTORS, LIMITS, strict=True)
                )
            ),
            algebra("share"),
        ),
        step(
            "best share",
            ForAll(WEIGHTS, WITHIN, substitute(BEST, {**HERE, cap: BEST_SHARE})),
            uses(
                "theorem_2",
                {**HERE, cap: BEST_SHARE},
                using=("rate positive", "limits"),
            ),
        ),
        step("less", lt(BY_FORMULA + MISSED, BY_WITNESS), enclosure()),
        step(
            "all",
            ALL,
            block(
                step(
                    "at most",
                    substitute(BEST, {**HERE, cap: BEST_SHARE}),
                    instance(
                        "best share",
                        {w: w for w in WEIGHTS},
                        using=NAMES,
                    ),
                ),
                step("less than the witness", ALL.then, algebra("at most", "less")),
                given="; ".join(NAMES),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=300),
)
