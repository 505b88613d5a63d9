"""Two bits, Hamming distortion: P(X != Y) falls as delta grows, so the largest delta is closest.

The closed form of least distortion at a rate and with a label that is seen with the seed; and where the
predecessor's printed formula (as far as it reached us) lies below |P(X=1) - P(Y=1)|, which every coupling
pays.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Rule, Witness, step
from .theorem_3 import BETA, CROSSING, POLYGON, T, end, height, k, more, tau, top
from .theorem_3 import LEMMA as ENDS
from .theorem_3 import _draw as draw_polygon
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, eq, ge, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, choose, exists, follows, instance, sign, uses
from .two_bits import WEIGHTS, a, b, d, p1, p2, p3, p4, t

__all__ = ["LEAST", "LEMMA", "distortion"]

#: the weights of a closest coupling
BEST = q1, q2, q3, q4 = real("q1 q2 q3 q4")


def distortion(weights: Any = WEIGHTS) -> sp.Expr:
    """P(X=0, Y=1) + P(X=1, Y=0) of a mixture of identity, flip, zero and one."""
    _, flip, zero, one = weights
    return (1 - a) * (flip + one) + a * (flip + zero)


def by_slope(slope: Any) -> sp.Expr:
    """P(X != Y) at delta: what independent bits pay, less 2 a (1-a) delta."""
    return a + b - 2 * a * b - 2 * a * (1 - a) * slope


def couplings(weights: Any) -> tuple[Any, ...]:
    """The weights are a law, make the law of Y, keep the rate (t <= T) and the label (t >= tau)."""
    identity, flip, _, one = weights
    return (
        And(tuple(ge(weight, 0) for weight in weights)),
        eq(sp.Add(*weights), 1),
        eq(b, a * identity + (1 - a) * flip + one),
        le(identity + flip, T),
        ge(identity + flip, tau),
    )


LEAST = by_slope(end)
ROWS = ("weights", "simplex", "marginal", "rate", "label")
MIXTURES = couplings(WEIGHTS)
POINT = {d: p1 - p2, t: p1 + p2}
AT_WEIGHTS = And(tuple(substitute(one, POINT) for one in POLYGON))
LARGEST, REACHED, ROOM = ENDS.conclusions.values()
CLOSEST = ForAll(WEIGHTS, MIXTURES, le(LEAST, distortion()))
ATTAINED = Exists(BEST, And((*couplings(BEST), eq(distortion(BEST), LEAST))))
EMPTY = ForAll(WEIGHTS, MIXTURES, le(tau, top))
FLOOR = ForAll(WEIGHTS, MIXTURES, And((le(b - a, distortion()), le(a - b, distortion()))))
#: weights of a point (end, height) of the polygon
AT_END = {
    q1: (height + end) / 2,
    q2: (height - end) / 2,
    q3: 1 - b - (height + k * end) / 2,
    q4: b - (height - k * end) / 2,
}
FOUND = And(tuple(substitute(one, AT_END) for one in (*couplings(BEST), eq(distortion(BEST), LEAST))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Polygons whose ends are found by trying all vertices; weights of a point and of the best vertex."""
    values = draw_polygon(generator, place)

    def weights(slope: Any, share: Any, letter: str) -> dict[str, Any]:
        """The law of Y given each letter of X, then the weights of the mappings that make it."""
        given_0 = values["b"] - values["a"] * slope
        given_1 = given_0 + slope
        identity, flip = (share + slope) / 2, (share - slope) / 2
        found = (identity, flip, 1 - given_1 - flip, given_0 - flip)
        return {f"{letter}{number + 1}": one for number, one in enumerate(found)}

    return values | weights(values["delta"], values["t"], "p") | weights(values["e"], values["h"], "q")


def _for_mixtures(*steps: Any) -> Rule:
    return block(
        step("positive", AT_WEIGHTS, algebra("weights", "simplex", "rate", "label", put=("marginal",))),
        *steps,
        given="; ".join(ROWS),
    )


LEMMA = Lemma(
    name="hamming",
    label="Least Hamming distortion of two bits",
    idea=(
        "P(X != Y) is linear in delta with slope -2a(1-a), so the largest delta, which Theorem 3 gives, is "
        "best. Cell by cell it is at least the difference of the two masses."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        T: "R/h(a), at most 1",
        tau: "share that the label needs",
        top: "largest t",
        more: "max of tau and (1-b)/(1-a)",
        end: "largest delta",
        p1: "weight of the identity",
        p2: "weight of the flip",
        p3: "weight of the constant 0",
        p4: "weight of the constant 1",
        **dict.fromkeys(BEST, "weight at the optimum"),
    },
    hypotheses=dict(ENDS.hypotheses),
    conclusions={
        "no coupling is closer": CLOSEST,
        "one is as close": implies(le(tau, top), ATTAINED),
        "otherwise there is no coupling": EMPTY,
        "every coupling pays the difference of the masses": FLOOR,
        "the printed first branch, Y the heavier": implies(lt(CROSSING, T), lt(by_slope(T), b - a)),
        "the printed first branch, X the heavier": implies(lt(BETA, T), lt(by_slope(T), a - b)),
    },
    steps=(
        step("largest", LARGEST, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("reached", REACHED, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("room", ROOM, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("rest positive", gt(1 - a, 0), algebra("source")),
        step("slope", gt(2 * a * (1 - a), 0), sign()),
        step(
            "closest",
            CLOSEST,
            _for_mixtures(
                step(
                    "in delta",
                    eq(distortion(), by_slope(p1 - p2)),
                    algebra(over("simplex", times=a), put=("marginal",)),
                ),
                step("below", le(p1 - p2, end), instance("largest", POINT, using=("positive",))),
                step(
                    "closer",
                    le(LEAST, distortion()),
                    algebra(over("below", times=2 * a * (1 - a)), "in delta"),
                ),
            ),
        ),
        step(
            "empty",
            EMPTY,
            _for_mixtures(step("some room", le(tau, top), instance("room", POINT, using=("positive",)))),
        ),
        step(
            "attained",
            implies(le(tau, top), ATTAINED),
            block(
                step("point", REACHED.then, instance("reached", {}, using=("there is room",))),
                step(
                    "mixture",
                    ATTAINED,
                    choose(
                        "point",
                        step("its weights", FOUND, algebra("at the end")),
                        step("it", ATTAINED, exists(AT_END, "its weights")),
                        called="at the end",
                    ),
                ),
                given="there is room",
            ),
        ),
        step(
            "floor",
            FLOOR,
            block(
                step("no flip", ge(p2, 0), follows("weights")),
                step("no zero", ge(p3, 0), follows("weights")),
                step("no one", ge(p4, 0), follows("weights")),
                step(
                    "by the ones",
                    le(b - a, distortion()),
                    algebra(
                        over("simplex", times=a),
                        over("no flip", times=2 * a),
                        over("no zero", times=2 * a),
                        put=("marginal",),
                    ),
                ),
                step(
                    "by the zeros",
                    le(a - b, distortion()),
                    algebra(
                        over("simplex", times=a),
                        over("no flip", times=2 * (1 - a)),
                        over("no one", times=2 * (1 - a)),
                        put=("marginal",),
                    ),
                ),
                given="; ".join(ROWS),
            ),
        ),
        step(
            "printed, Y",
            implies(lt(CROSSING, T), lt(by_slope(T), b - a)),
            block(
                step("it", lt(by_slope(T), b - a), algebra(over("beyond", times=2 * a * (1 - a)))),
                given="beyond",
            ),
        ),
        step(
            "printed, X",
            implies(lt(BETA, T), lt(by_slope(T), a - b)),
            block(
                step("it", lt(by_slope(T), a - b), algebra(over("beyond", times=2 * a * (1 - a)))),
                given="beyond",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=800),
)
