"""The printed Theorem 2, reconstructed: it is the comonotone branch."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .binary_coupling import ONE, ZERO
from .concavity import FALLS, first, second
from .entropy_positive import z
from .lemma import Lemma, Witness, step
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, ForAll, Or, entropy, eq, ge, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, by_cases, instance, sign, uses
from .two_bits import WEIGHTS, a, b, conditional_entropy, feasible_slopes, fraction, p1, p2, p4

__all__ = ["BEST", "FEASIBLE", "LEMMA", "R", "cap"]

R, cap = real("R T")
#: T is the least of R/h(a), b/a and (1-b)/(1-a): T times each factor is at most its limit, once equal
FACTORS, LIMITS = (entropy(a), a, 1 - a), (R, b, 1 - b)
#: weights with the right law of Y, within the rate, and delta >= 0
FEASIBLE = (
    *(ge(w, 0) for w in WEIGHTS),
    eq(sum(WEIGHTS), 1),
    eq((1 - a) * (p2 + p4) + a * (p1 + p4), b),
    le((p1 + p2) * entropy(a), R),
    ge(p1, p2),
)
EQUAL = tuple(eq(cap * f, one) for f, one in zip(FACTORS, LIMITS, strict=True))
BEST = le(conditional_entropy(cap), conditional_entropy(p1 - p2))
WEIGHTS_AT_CAP = And(
    (
        ge(cap, 0),
        ge(ZERO, 0),
        ge(ONE, 0),
        eq(cap + ZERO + ONE, 1),
        eq((1 - a) * ONE + a * (cap + ONE), b),
        le(cap * entropy(a), R),
    )
)
AT_CAP = substitute(WEIGHTS_AT_CAP, {real("delta"): cap, real("t"): cap})


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Random rates; weights with delta >= 0 within them, or the best ones by the joint law."""
    mass, other = fraction(generator), fraction(generator)
    _, top = feasible_slopes(mass, other)
    spread = ball(nats(mass, 1 - mass))
    share = (fmpq(0), fmpq(2), fraction(generator), fraction(generator))[place % 4]
    rate = spread * share
    best = min(share, top)
    # identity and flip: first the difference, then equal parts, as far as the rate and the constants go
    gap = best * (1 if place % 3 == 0 else fraction(generator))
    room = min(other - mass * gap, 1 - other - (1 - mass) * gap, (share - gap) / 2)
    both = max(fmpq(0), room) * generator.choice((0, 1, fraction(generator)))
    one = other - mass * gap - both
    return {
        "a": mass,
        "b": other,
        "R": rate,
        "T": ball(best) if share <= top else best,
        "p1": gap + both,
        "p2": both,
        "p4": one,
        "p3": 1 - gap - 2 * both - one,
    }


LEMMA = Lemma(
    name="theorem_2",
    label="Theorem 2 (printed), reconstructed: the comonotone branch",
    idea=(
        "The rate, the weight of one and the weight of zero each limit delta = p1 - p2. "
        "Phi falls on delta >= 0, so "
        "the least of the limits is best, and identity with that weight attains it."
    ),
    meaning={a: "P(X=1)", b: "P(Y=1)", R: "rate limit, nats", cap: "the least of the three limits"},
    hypotheses={
        "source": And((gt(a, 0), lt(a, 1))),
        "law": And((gt(b, 0), lt(b, 1))),
        "rate": ge(R, 0),
        "least": And(tuple(le(cap * f, one) for f, one in zip(FACTORS, LIMITS, strict=True))),
        "one of them": Or(EQUAL),
    },
    conclusions={
        "no coupling with delta >= 0 is better": ForAll(WEIGHTS, FEASIBLE, BEST),
        "identity with weight T is feasible": AT_CAP,
    },
    steps=(
        step("spread", gt(entropy(a), 0), uses("entropy_positive", {z: a}, using=("source",))),
        step(
            "positive limits",
            And(tuple(ge(one / f, 0) for f, one in zip(FACTORS, LIMITS, strict=True))),
            sign(),
        ),
        *(
            step(
                f"if limit {number}",
                implies(one, ge(cap, 0)),
                block(
                    step("value", eq(cap, LIMITS[number] / FACTORS[number]), algebra("this")),
                    step("not negative", ge(cap, 0), algebra("positive limits", put=("value",))),
                    given="this",
                ),
            )
            for number, one in enumerate(EQUAL)
        ),
        step("T >= 0", ge(cap, 0), by_cases("if limit 0", "if limit 1", "if limit 2", cover="one of them")),
        step("weight of one", ge(b - a * cap, 0), algebra("least")),
        step("weight of zero", ge(1 - b - (1 - a) * cap, 0), algebra("least")),
        step("rate at T", le(cap * entropy(a), R), algebra("least")),
        step("at the cap", AT_CAP, algebra("T >= 0", "weight of one", "weight of zero", "rate at T")),
        step(
            "best",
            ForAll(WEIGHTS, FEASIBLE, BEST),
            block(
                step("by one", ge(b - a * (p1 - p2), 0), algebra("w2", "w4", "sum", "marginal", degree=2)),
                step(
                    "by zero",
                    ge(1 - b - (1 - a) * (p1 - p2), 0),
                    algebra("w2", "w3", "sum", "marginal", degree=2),
                ),
                step(
                    "by rate",
                    le((p1 - p2) * entropy(a), R),
                    algebra(over("w2", times=entropy(a)), "within the rate"),
                ),
                *(
                    step(
                        f"T is {number}",
                        implies(one, le(p1 - p2, cap)),
                        block(
                            step(
                                "within",
                                le((p1 - p2) * FACTORS[number], cap * FACTORS[number]),
                                algebra("this", fact),
                            ),
                            step(
                                "divided",
                                le(p1 - p2, cap),
                                algebra(over("within", times=1 / FACTORS[number])),
                            ),
                            given="this",
                        ),
                    )
                    for number, (one, fact) in enumerate(
                        zip(EQUAL, ("by rate", "by one", "by zero"), strict=True)
                    )
                ),
                step(
                    "below T", le(p1 - p2, cap), by_cases("T is 0", "T is 1", "T is 2", cover="one of them")
                ),
                step(
                    "inside T",
                    implies(lt(p1 - p2, cap), BEST),
                    block(
                        step("falls", FALLS, uses("concavity", using=("source", "law"))),
                        step(
                            "less",
                            lt(conditional_entropy(cap), conditional_entropy(p1 - p2)),
                            instance(
                                "falls",
                                {first: p1 - p2, second: cap},
                                using=("order", "apart", "T >= 0", "weight of one", "weight of zero", "law"),
                            ),
                        ),
                        step("not above", BEST, algebra("less")),
                        given="apart",
                    ),
                ),
                step(
                    "at T",
                    implies(le(cap, p1 - p2), BEST),
                    block(
                        step("equal", eq(cap, p1 - p2), algebra("below T", "this")),
                        step("same", BEST, algebra(put=("equal",))),
                        given="this",
                    ),
                ),
                step("either", BEST, by_cases("inside T", "at T")),
                given="w1; w2; w3; w4; sum; marginal; within the rate; order",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=5000),
)
