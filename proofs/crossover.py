"""Exactly one rate at which the leading end changes, in every quadrant of (a, b)."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .concavity import FALLS, feasible, first, second
from .entropy_between import far, near
from .lemma import Lemma, Witness, step
from .textbook import LOG_BOUND_STRICT, u
from .tools.calculus import intermediate, monotone
from .tools.evaluate import ball, compiled
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, entropy, eq, ge, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, by_cases, cites, instance, sign, uses
from .two_bits import a, b, conditional_entropy, d, fraction, t

__all__ = ["ANTITONE_CAP", "LEMMA", "LEVEL"]

cap, turn, r, t1, t2 = real("T c r t1 t2")
HALF = sp.Rational(1, 2)
PHI = conditional_entropy(t)
#: the antitone end saturates at delta = -b/(1-a) for a, b < 1/2, and its H(Y|X) there
ANTITONE_CAP = b / (1 - a)
LEVEL = (1 - a) * entropy(ANTITONE_CAP)
#: the weight of a mapping that has Y = 1 with probability b at most: r h(b/r)
SPREAD = r * entropy(b / r)
AT_CAP = lt(conditional_entropy(cap), LEVEL)
#: at its cap the comonotone end is better, and that cap lies beyond the antitone one
BEYOND = And((AT_CAP, lt(ANTITONE_CAP, cap)))
BOTH = ForAll((t,), (gt(t, 0), le(t, ANTITONE_CAP)), lt(conditional_entropy(-t), PHI))
CROSSED = And(
    (
        lt(ANTITONE_CAP, turn),
        lt(turn, cap),
        eq(conditional_entropy(turn), LEVEL),
    )
)
MIRROR_X = implies(feasible(d), eq(conditional_entropy(-d, 1 - a, b), conditional_entropy(d)))
MIRROR_Y = implies(feasible(d), eq(conditional_entropy(-d, a, 1 - b), conditional_entropy(d)))
ONCE = Exists((turn,), CROSSED)
BEFORE = ForAll((turn, t), (CROSSED, le(ANTITONE_CAP, t), lt(t, turn)), lt(LEVEL, PHI))
AFTER = ForAll((turn, t), (CROSSED, lt(turn, t), le(t, cap)), lt(PHI, LEVEL))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Sources and laws below 1/2; the turn by bisection, and rates on both sides of it."""
    mass, other = fraction(generator) / 2, fraction(generator) / 2
    if place % 9 == 0:
        other = mass
    highest = min(other / mass, (1 - other) / (1 - mass))
    lowest = other / (1 - mass)
    value = compiled(PHI)
    level = compiled(LEVEL)({"a": mass, "b": other})
    low, high = lowest, highest
    for _ in range(40):
        middle = (low + high) / 2
        if value({"a": mass, "b": other, "t": middle}) > level:
            low = middle
        else:
            high = middle
    share = generator.choice((fraction(generator), fmpq(1)))
    return {
        "a": mass,
        "b": other,
        "T": highest,
        "t": lowest * share if place % 2 else lowest + (highest - lowest) * share,
        "c": ball(low).union(ball(high)),
        "delta": highest * fraction(generator),
    }


LEMMA = Lemma(
    name="crossover",
    label="One crossover rate in each quadrant",
    idea=(
        "For a, b < 1/2 the antitone end leads up to its cap (sign theorem); from there "
        "its entropy stays at the level "
        "while that of the comonotone end falls, and at the comonotone cap it lies "
        "below: the level is met once."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        cap: "comonotone cap, the smaller of b/a and (1-b)/(1-a)",
        turn: "share at the crossover",
    },
    hypotheses={
        "source": And((gt(a, 0), lt(a, HALF))),
        "law": And((gt(b, 0), lt(b, HALF))),
        "cap": And((le(cap, b / a), le(cap, (1 - b) / (1 - a)))),
        "cap is one": Or((eq(cap, b / a), eq(cap, (1 - b) / (1 - a)))),
    },
    conclusions={
        "the antitone cap comes first": And(
            (
                lt(ANTITONE_CAP, (1 - b) / a),
                lt(ANTITONE_CAP, b / a),
                lt(ANTITONE_CAP, (1 - b) / (1 - a)),
            )
        ),
        "up to it the antitone end leads": BOTH,
        "there its entropy is the level": eq(conditional_entropy(-ANTITONE_CAP), LEVEL),
        "the level is met": ONCE,
        "before, the antitone end leads": BEFORE,
        "after, the comonotone end": AFTER,
        "at its cap too": AT_CAP,
        "relabelling X turns delta": MIRROR_X,
        "relabelling Y turns delta": MIRROR_Y,
    },
    steps=(
        step(
            "first cap",
            And(
                (
                    lt(ANTITONE_CAP, (1 - b) / a),
                    lt(ANTITONE_CAP, b / a),
                    lt(ANTITONE_CAP, (1 - b) / (1 - a)),
                )
            ),
            algebra("source", "law", degree=2),
        ),
        step("range", gt(ANTITONE_CAP, 0), algebra("source", "law")),
        step("sides", gt((1 - 2 * a) * (1 - 2 * b), 0), sign()),
        step("level", eq(conditional_entropy(-ANTITONE_CAP), LEVEL), algebra()),
        step(
            "leads",
            BOTH,
            block(
                step(
                    "rows",
                    And((le(t * (1 - a), b), ge(t * a, 0), le(t * a, b))),
                    algebra("positive", "to cap", "source", degree=2),
                ),
                step(
                    "sign",
                    implies(gt((1 - 2 * a) * (1 - 2 * b), 0), lt(conditional_entropy(-t), PHI)),
                    uses(
                        "sign_theorem",
                        {d: t},
                        using=("source", "law", "positive", "rows"),
                    ),
                ),
                step("leads", lt(conditional_entropy(-t), PHI), instance("sign", {}, using=("sides",))),
                given="positive; to cap",
            ),
        ),
        step("rows at cap", And((le(a * cap, b), le((1 - a) * cap, 1 - b))), algebra("cap")),
        step(
            "cap is b/a",
            implies(eq(cap, b / a), BEYOND),
            block(
                step("order", le(b / a, (1 - b) / (1 - a)), algebra("cap", "this")),
                step("b up to a", le(b, a), algebra("order")),
                step(
                    "slope",
                    ForAll((r,), (lt(a, r), lt(r, 1 - a)), lt(0, sp.diff(SPREAD, r))),
                    block(
                        step(
                            "share",
                            And((gt(b / r, 0), lt(b / r, 1))),
                            algebra("above", "b up to a", "law", "source"),
                        ),
                        step(
                            "log",
                            lt(sp.log(1 - b / r), (1 - b / r) - 1),
                            cites(
                                LOG_BOUND_STRICT,
                                {u: 1 - b / r},
                                using=("share",),
                            ),
                        ),
                        step("sign", lt(0, sp.diff(SPREAD, r)), algebra("log", "share")),
                        given="above; below",
                    ),
                ),
                step(
                    "grows",
                    ForAll(
                        (t1, t2),
                        (le(a, t1), lt(t1, t2), le(t2, 1 - a)),
                        lt(
                            substitute(SPREAD, {r: t1}),
                            substitute(SPREAD, {r: t2}),
                        ),
                    ),
                    monotone(SPREAD, r, a, 1 - a, "slope"),
                ),
                step(
                    "spread",
                    lt(substitute(SPREAD, {r: a}), substitute(SPREAD, {r: 1 - a})),
                    instance(
                        "grows",
                        {t1: a, t2: 1 - a},
                        using=("source",),
                    ),
                ),
                step("beyond", BEYOND, algebra("spread", "first cap", put=("this",))),
                given="this",
            ),
        ),
        step(
            "cap is the other",
            implies(eq(cap, (1 - b) / (1 - a)), BEYOND),
            block(
                step("order", le((1 - b) / (1 - a), b / a), algebra("cap", "this")),
                step("a up to b", le(a, b), algebra("order")),
                step(
                    "ends",
                    And(
                        (
                            le(0, (b - a) / (1 - a)),
                            lt((b - a) / (1 - a), b / (1 - a)),
                            lt(b / (1 - a), 1 - (b - a) / (1 - a)),
                        )
                    ),
                    algebra("a up to b", "source", "law"),
                ),
                step(
                    "farther",
                    lt(entropy((b - a) / (1 - a)), entropy(b / (1 - a))),
                    uses(
                        "entropy_between",
                        {far: (b - a) / (1 - a), near: b / (1 - a)},
                        using=("ends",),
                    ),
                ),
                step(
                    "weighted",
                    lt((1 - a) * entropy((b - a) / (1 - a)), LEVEL),
                    algebra(over("farther", times=1 - a)),
                ),
                step("beyond", BEYOND, algebra("weighted", "first cap", put=("this",))),
                given="this",
            ),
        ),
        step("beyond", BEYOND, by_cases("cap is b/a", "cap is the other", cover="cap is one")),
        step(
            "at the antitone cap",
            lt(LEVEL, conditional_entropy(ANTITONE_CAP)),
            instance(
                "leads",
                {t: ANTITONE_CAP},
                using=("range",),
            ),
        ),
        step("met", ONCE, intermediate(PHI, t, ANTITONE_CAP, cap, LEVEL, ("beyond", "at the antitone cap"))),
        step("falls", FALLS, uses("concavity", using=("source", "law"))),
        step(
            "before",
            BEFORE,
            block(
                step(
                    "rows",
                    And((le(a * turn, b), le((1 - a) * turn, 1 - b))),
                    algebra(
                        "rows at cap",
                        "crossed",
                        "source",
                        degree=2,
                    ),
                ),
                step(
                    "higher",
                    lt(conditional_entropy(turn), PHI),
                    instance(
                        "falls",
                        {first: t, second: turn},
                        using=("from cap", "to turn", "range", "rows", "crossed", "source", "law"),
                        degree=2,
                    ),
                ),
                step("above", lt(LEVEL, PHI), algebra("higher", "crossed")),
                given="crossed; from cap; to turn",
            ),
        ),
        step(
            "after",
            AFTER,
            block(
                step(
                    "rows",
                    And((le(a * t, b), le((1 - a) * t, 1 - b))),
                    algebra(
                        "rows at cap",
                        "to cap",
                        "source",
                        degree=2,
                    ),
                ),
                step(
                    "lower",
                    lt(PHI, conditional_entropy(turn)),
                    instance(
                        "falls",
                        {first: turn, second: t},
                        using=("from turn", "range", "rows", "crossed", "source", "law"),
                        degree=2,
                    ),
                ),
                step("below", lt(PHI, LEVEL), algebra("lower", "crossed")),
                given="crossed; from turn; to cap",
            ),
        ),
        step(
            "other source",
            MIRROR_X,
            block(
                step("turned", MIRROR_X.then, algebra()),
                given="feasible",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1200),
)
