"""Theorem 3: the ends of the interval of delta with a label, and the optimum between them.

In (delta, t) a mixture is a point of the polygon |delta| <= t, t_C <= t <= T_R, t - (1-2a) delta <= 2b,
t + (1-2a) delta <= 2(1-b).  The value depends on |delta| on either side of 0, so the largest and the smallest
delta decide, whatever their signs are.  (The printed theorem, reconstructed from its proof, has one-sided
branches alone; `erratum_theorem_3` shows what that loses.)
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Rule, Witness, step
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, eq, ge, gt, implies, le, lt, real, substitute
from .tools.rules import absurd, algebra, block, by_cases, contradiction, exists, instance
from .two_bits import a, b, d, fraction, t

__all__ = ["LEMMA", "POLYGON"]

T, tau, top, more, end, height = real("T tau top m e h")
k = 1 - 2 * a
#: the limits of t, and where the upper end turns
BETA, CROSSING, OTHER = b / a, (1 - b) / (1 - a), (1 - b) / a
POLYGON = (
    ge(t + d, 0),
    ge(t - d, 0),
    ge(2 * (1 - b) - t - k * d, 0),
    ge(2 * b - t + k * d, 0),
    le(t, T),
    ge(t, tau),
)
NAMES = ("p1", "p2", "p3", "p4", "rate", "label")
TOPS = (T, BETA, OTHER)
TURNED = (2 * (1 - b) - more) / k
LARGEST = ForAll((d, t), POLYGON, le(d, end))
ATTAINED = Exists((height,), And(tuple(substitute(one, {d: end, t: height}) for one in POLYGON)))
EMPTY = ForAll((d, t), POLYGON, le(tau, top))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Polygons of all shapes; the end by trying all vertices, a point by mixing two of them."""
    while True:
        mass = fraction(generator) / 2 if place % 7 else fmpq(1, 2)
        other = fraction(generator)
        limit, label = (
            generator.choice((fmpq(1), fraction(generator), fmpq(0))),
            fraction(generator) * (place % 3 > 0),
        )
        slope = 1 - 2 * mass
        caps = (limit, other / mass, (1 - other) / mass)
        highest = min(caps)
        if place % 5 == 0:
            label = highest
        if label > highest:
            continue
        rows = [
            (fmpq(1), fmpq(1), fmpq(0)),
            (fmpq(-1), fmpq(1), fmpq(0)),
            (-slope, fmpq(-1), 2 * (1 - other)),
            (slope, fmpq(-1), 2 * other),
            (fmpq(0), fmpq(-1), limit),
            (fmpq(0), fmpq(1), -label),
        ]
        corners = []
        for one in range(6):
            for two in range(one):
                (a1, b1, c1), (a2, b2, c2) = rows[one], rows[two]
                determinant = a1 * b2 - a2 * b1
                if determinant:
                    point = ((b1 * c2 - b2 * c1) / determinant, (a2 * c1 - a1 * c2) / determinant)
                    if all(x * point[0] + y * point[1] + z >= 0 for x, y, z in rows):
                        corners.append(point)
        if corners:
            break
    best = max(corners)
    share = generator.choice((fmpq(0), fmpq(1), fraction(generator)))
    corner = generator.choice(corners)
    turn = (1 - other) / (1 - mass)
    return {
        "a": mass,
        "b": other,
        "T": limit,
        "tau": label,
        "top": highest,
        "m": max(label, turn),
        "e": best[0],
        "delta": best[0] + share * (corner[0] - best[0]),
        "t": best[1] + share * (corner[1] - best[1]),
        "h": best[1],
    }


def _at(level: Any) -> And:
    """The rows at the point (end, level)."""
    return And(tuple(substitute(one, {d: end, t: level}) for one in POLYGON))


def _no_larger() -> Rule:
    """T is at most each of the three limits, so it is at most the one that is top."""
    return block(
        step("t below T", le(t, T), algebra("rate")),
        step("t below b/a", le(t, BETA), algebra("p2", "p4", "source", degree=2)),
        step("t below (1-b)/a", le(t, OTHER), algebra("p1", "p3", "source", degree=2)),
        *(
            step(
                f"top {number}",
                implies(eq(top, one), le(t, top)),
                block(
                    step("below", le(t, top), algebra(fact, put=("this",))),
                    given="this",
                ),
            )
            for number, (one, fact) in enumerate(
                zip(TOPS, ("t below T", "t below b/a", "t below (1-b)/a"), strict=True)
            )
        ),
        step("t below top", le(t, top), by_cases("top 0", "top 1", "top 2", cover="top is one")),
        given="; ".join(NAMES),
    )


UNEVEN = implies(lt(CROSSING, top), lt(a, sp.Rational(1, 2)))
BELOW_TOP = ForAll((d, t), POLYGON, le(t, top))


LEMMA = Lemma(
    name="theorem_3",
    label="Theorem 3: the ends of the interval of delta",
    idea=(
        "Adding rows shows that t is at most top. Below the turn the upper end is (top, "
        "top) on the side of the flip; "
        "beyond it the row of zero turns the end back, and the lowest t allowed is best."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        T: "R/h(a), at most 1",
        tau: "share that the label needs",
        top: "largest t",
        more: "max of tau and (1-b)/(1-a)",
        end: "largest delta",
    },
    hypotheses={
        "source": And((gt(a, 0), le(a, sp.Rational(1, 2)))),
        "limits": And((ge(tau, 0), ge(T, 0), le(T, 1))),
        "top": And(tuple(le(top, one) for one in TOPS)),
        "top is one": Or(tuple(eq(top, one) for one in TOPS)),
        "turn": And((le(tau, more), le(CROSSING, more))),
        "turn is one": Or((eq(more, tau), eq(more, CROSSING))),
        "below the turn": implies(le(top, CROSSING), eq(end, top)),
        "beyond the turn": implies(lt(CROSSING, top), eq(k * end, 2 * (1 - b) - more)),
    },
    conclusions={
        "no delta is larger": LARGEST,
        "it is attained": implies(le(tau, top), ATTAINED),
        "otherwise the polygon is empty": EMPTY,
    },
    steps=(
        step("t below top", BELOW_TOP, _no_larger()),
        step(
            "uneven",
            UNEVEN,
            block(
                step(
                    "strictly",
                    lt(a, sp.Rational(1, 2)),
                    contradiction(
                        step("even", eq(a, sp.Rational(1, 2)), algebra("opposite", "source")),
                        step("same", eq(CROSSING, OTHER), algebra(put=("even",))),
                        step("nothing", lt(0, 0), algebra("same", "beyond", "top")),
                    ),
                ),
                given="beyond",
            ),
        ),
        # no delta is larger
        step(
            "largest",
            LARGEST,
            block(
                step("t at most top", le(t, top), instance("t below top", {d: d, t: t}, using=NAMES)),
                step(
                    "before",
                    implies(le(top, CROSSING), le(d, end)),
                    block(
                        step("value", eq(end, top), instance("below the turn", {}, using=("this",))),
                        step("below", le(d, end), algebra("p2", "t at most top", "value")),
                        given="this",
                    ),
                ),
                step(
                    "after",
                    implies(lt(CROSSING, top), le(d, end)),
                    block(
                        step(
                            "product",
                            eq(k * end, 2 * (1 - b) - more),
                            instance("beyond the turn", {}, using=("this",)),
                        ),
                        step("half", lt(a, sp.Rational(1, 2)), instance("uneven", {}, using=("this",))),
                        step("value", eq(end, TURNED), algebra("product")),
                        step(
                            "low t",
                            implies(lt(t, more), le(k * d, 2 * (1 - b) - more)),
                            block(
                                step(
                                    "is tau",
                                    implies(eq(more, tau), le(k * d, 2 * (1 - b) - more)),
                                    block(
                                        step("nothing", lt(0, 0), algebra("low", "label", "it is")),
                                        step("anything", le(k * d, 2 * (1 - b) - more), absurd("nothing")),
                                        given="it is",
                                    ),
                                ),
                                step(
                                    "is crossing",
                                    implies(eq(more, CROSSING), le(k * d, 2 * (1 - b) - more)),
                                    block(
                                        step(
                                            "d below",
                                            le(k * d, k * more),
                                            algebra(over("p2", times=k), over("low", times=k)),
                                        ),
                                        step(
                                            "same", eq(2 * (1 - b) - more, k * more), algebra(put=("it is",))
                                        ),
                                        step(
                                            "turned",
                                            le(k * d, 2 * (1 - b) - more),
                                            algebra("d below", "same"),
                                        ),
                                        given="it is",
                                    ),
                                ),
                                step(
                                    "either",
                                    le(k * d, 2 * (1 - b) - more),
                                    by_cases(
                                        "is tau",
                                        "is crossing",
                                        cover="turn is one",
                                    ),
                                ),
                                given="low",
                            ),
                        ),
                        step(
                            "high t",
                            implies(le(more, t), le(k * d, 2 * (1 - b) - more)),
                            block(
                                step("by p3", le(k * d, 2 * (1 - b) - more), algebra("p3", "high")),
                                given="high",
                            ),
                        ),
                        step("any t", le(k * d, 2 * (1 - b) - more), by_cases("low t", "high t")),
                        step("divided", le(d, TURNED), algebra("any t")),
                        step("below", le(d, end), algebra("divided", put=("value",))),
                        given="this",
                    ),
                ),
                step("either end", le(d, end), by_cases("before", "after")),
                given="; ".join(NAMES),
            ),
        ),
        # it is attained
        step(
            "top >= 0",
            implies(le(tau, top), ge(top, 0)),
            block(
                step("there", ge(top, 0), algebra("room", "limits")),
                given="room",
            ),
        ),
        step(
            "attained",
            implies(le(tau, top), ATTAINED),
            block(
                step("top at least 0", ge(top, 0), instance("top >= 0", {}, using=("room",))),
                step(
                    "before",
                    implies(le(top, CROSSING), ATTAINED),
                    block(
                        step("value", eq(end, top), instance("below the turn", {}, using=("this",))),
                        step("by zero", ge(1 - b - (1 - a) * top, 0), algebra(over("this", times=1 - a))),
                        step("by one", ge(b - a * top, 0), algebra(over("top", times=a))),
                        step(
                            "point",
                            _at(top),
                            algebra(
                                "by zero",
                                "by one",
                                "room",
                                "top",
                                "top at least 0",
                                put=("value",),
                            ),
                        ),
                        step("exists", ATTAINED, exists({height: top}, "point")),
                        given="this",
                    ),
                ),
                step(
                    "after",
                    implies(lt(CROSSING, top), ATTAINED),
                    block(
                        step(
                            "product",
                            eq(k * end, 2 * (1 - b) - more),
                            instance("beyond the turn", {}, using=("this",)),
                        ),
                        step("half", lt(a, sp.Rational(1, 2)), instance("uneven", {}, using=("this",))),
                        step("value", eq(end, TURNED), algebra("product")),
                        step(
                            "tau below",
                            implies(eq(more, tau), le(more, top)),
                            block(
                                step("turn low", le(more, top), algebra("it is", "room")),
                                given="it is",
                            ),
                        ),
                        step(
                            "crossing below",
                            implies(eq(more, CROSSING), le(more, top)),
                            block(
                                step("turn low", le(more, top), algebra("this", put=("it is",))),
                                given="it is",
                            ),
                        ),
                        step(
                            "turn below top",
                            le(more, top),
                            by_cases("tau below", "crossing below", cover="turn is one"),
                        ),
                        step("flip", ge((1 - a) * more - (1 - b), 0), algebra(over("turn", times=1 - a))),
                        step(
                            "other",
                            le(a * more, 1 - b),
                            algebra(
                                over("turn below top", times=a),
                                over("top", times=a),
                            ),
                        ),
                        step("flip weight", ge(more - TURNED, 0), algebra("flip")),
                        step("identity weight", ge(more + TURNED, 0), algebra("other")),
                        step(
                            "p4 weight",
                            ge(2 * b - more + k * TURNED, 0),
                            algebra("turn below top", "top", "limits"),
                        ),
                        step(
                            "point",
                            _at(more),
                            algebra(
                                "flip weight",
                                "identity weight",
                                "p4 weight",
                                "turn below top",
                                "top",
                                "turn",
                                put=("value",),
                            ),
                        ),
                        step("exists", ATTAINED, exists({height: more}, "point")),
                        given="this",
                    ),
                ),
                step("either", ATTAINED, by_cases("before", "after")),
                given="room",
            ),
        ),
        step(
            "empty",
            EMPTY,
            block(
                step("t at most top", le(t, top), instance("t below top", {d: d, t: t}, using=NAMES)),
                step("room", le(tau, top), algebra("t at most top", "label")),
                given="; ".join(NAMES),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=4000),
)
