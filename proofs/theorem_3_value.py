"""Theorem 3: the value is that of the better end of the interval of delta, the lower end by turning Y round.

Turning Y round (b to 1 - b) turns delta, so `theorem_3` gives both ends; H(Y|X) is concave in delta, so no
point between them is better, whatever signs the ends have.
"""

from __future__ import annotations

import random
from typing import Any

from .concavity import LEAST, feasible
from .concavity import high as right_end
from .concavity import low as left_end
from .concavity import x as point
from .lemma import Lemma, Step, Witness, step
from .theorem_3 import LEMMA as ENDS
from .theorem_3 import POLYGON, T, end, k, more, tau, top
from .theorem_3 import _draw as draw_polygon
from .tools.language import And, Exists, ForAll, Or, eq, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, by_cases, choose, exists, follows, instance, uses
from .two_bits import a, b, conditional_entropy, d, t

__all__ = ["LEMMA"]

low, turn, height, other_height = real("e2 m2 h h2")
CROSSING = b / (1 - a)
ROWS = ("p1", "p2", "p3", "p4", "rate", "label")


def _at(slope: Any, level: Any) -> tuple[Any, ...]:
    return tuple(substitute(one, {d: slope, t: level}) for one in POLYGON)


def _attained(slope: Any, level: Any = height) -> Exists:
    return Exists((level,), And(_at(slope, level)))


BETTER = ForAll(
    (d, t),
    POLYGON,
    Or(
        (
            le(conditional_entropy(low), conditional_entropy(d)),
            le(conditional_entropy(end), conditional_entropy(d)),
        )
    ),
)
NO_SMALLER = ForAll((d, t), POLYGON, le(low, d))
#: the upper end of the polygon of 1 - b, and the names of its hypotheses here
MIRROR = {b: 1 - b, end: -low, more: turn}


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Polygons with both ends, each by trying all vertices."""
    values = draw_polygon(generator, place)
    a_, b_, highest = values["a"], values["b"], values["top"]
    turned = max(values["tau"], b_ / (1 - a_))
    if highest <= b_ / (1 - a_):
        lowest, level = -highest, highest
    else:
        lowest, level = -(2 * b_ - turned) / (1 - 2 * a_), turned
    return values | {"e2": lowest, "m2": turned, "h2": level}


ONE_OF = Or((eq(top, T), eq(top, (1 - b) / a), eq(top, b / a)))
CONCLUDED = {name: substitute(one, MIRROR) for name, one in ENDS.conclusions.items()}
LARGEST, REACHED, ROOM = ENDS.conclusions.values()
TURNED_LARGEST, TURNED_REACHED, _ = CONCLUDED.values()
_NAMES = ("source", "limits", "top")
_MIRROR_FACTS = (
    *_NAMES,
    "top is one, turned",
    "lower turn",
    "lower turn is one",
    "lower, below the turn",
    "lower, beyond the turn",
)


def _laws(name: str, slope: Any, fact: str) -> Step:
    """P(Y=1|X=0) and P(Y=1|X=1) are sums of two rows."""
    return step(name, feasible(slope), algebra(fact))


LEMMA = Lemma(
    name="theorem_3_value",
    label="Theorem 3: the better end",
    idea=(
        "With Y turned round the largest delta is minus the smallest. Phi is concave, so between the ends "
        "it is at least the lesser of its values there."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        T: "R/h(a), at most 1",
        tau: "share that the label needs",
        top: "largest t",
        more: "max of tau and (1-b)/(1-a)",
        turn: "max of tau and b/(1-a)",
        end: "largest delta",
        low: "smallest delta",
    },
    hypotheses={
        **ENDS.hypotheses,
        "law": And((gt(b, 0), lt(b, 1))),
        "lower turn": And((le(tau, turn), le(CROSSING, turn))),
        "lower turn is one": Or((eq(turn, tau), eq(turn, CROSSING))),
        "lower, below the turn": implies(le(top, CROSSING), eq(low, -top)),
        "lower, beyond the turn": implies(lt(CROSSING, top), eq(k * -low, 2 * b - turn)),
    },
    conclusions={
        "no delta is smaller": NO_SMALLER,
        "both ends are attained": implies(le(tau, top), And((_attained(end), _attained(low, other_height)))),
        "an end is at least as good": BETTER,
    },
    steps=(
        *(
            step(
                f"top is one {number}",
                implies(eq(top, one), ONE_OF),
                block(step("one of them", ONE_OF, follows("it is")), given="it is"),
            )
            for number, one in enumerate((T, b / a, (1 - b) / a))
        ),
        step(
            "top is one, turned",
            ONE_OF,
            by_cases("top is one 0", "top is one 1", "top is one 2", cover="top is one"),
        ),
        step("largest", LARGEST, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("room", ROOM, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("end attained", REACHED, uses("theorem_3", using=tuple(ENDS.hypotheses))),
        step("turned", TURNED_LARGEST, uses("theorem_3", MIRROR, using=_MIRROR_FACTS)),
        step("turned end attained", TURNED_REACHED, uses("theorem_3", MIRROR, using=_MIRROR_FACTS)),
        step(
            "smallest",
            NO_SMALLER,
            block(
                step("minus", le(-d, -low), instance("turned", {d: -d, t: t}, using=ROWS)),
                step("smaller", le(low, d), algebra("minus")),
                given="; ".join(ROWS),
            ),
        ),
        step(
            "attained",
            implies(le(tau, top), And((_attained(end), _attained(low, other_height)))),
            block(
                step("upper", _attained(end), instance("end attained", {}, using=("there is room",))),
                step(
                    "turned upper",
                    TURNED_REACHED.then,
                    instance("turned end attained", {}, using=("there is room",)),
                ),
                step(
                    "lower",
                    _attained(low, other_height),
                    choose(
                        "turned upper",
                        step("rows", And(_at(low, height)), algebra("found")),
                        step("it", _attained(low, other_height), exists({other_height: height}, "rows")),
                        called="found",
                    ),
                ),
                given="there is room",
            ),
        ),
        step(
            "better",
            BETTER,
            block(
                step("some room", le(tau, top), instance("room", {d: d, t: t}, using=ROWS)),
                step("below", le(d, end), instance("largest", {d: d, t: t}, using=ROWS)),
                step("above", le(low, d), instance("smallest", {d: d, t: t}, using=ROWS)),
                step(
                    "both",
                    And((_attained(end), _attained(low, other_height))),
                    instance("attained", {}, using=("some room",)),
                ),
                step("upper", _attained(end), follows("both")),
                step("lower", _attained(low, other_height), follows("both")),
                step(
                    "laws at the end",
                    feasible(end),
                    choose("upper", _laws("laws", end, "at the end"), called="at the end"),
                ),
                step(
                    "laws at the other",
                    feasible(low),
                    choose("lower", _laws("laws", low, "at the other"), called="at the other"),
                ),
                step("inside", And((gt(a, 0), lt(a, 1))), algebra("source")),
                step("least", LEAST, uses("concavity", using=("inside", "law"))),
                step(
                    "an end",
                    BETTER.then,
                    instance(
                        "least",
                        {left_end: low, point: d, right_end: end},
                        using=("above", "below", "laws at the other", "laws at the end"),
                    ),
                ),
                given="; ".join(ROWS),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=800),
)
