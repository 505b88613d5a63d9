"""Functions for sharper Jensen rows: phi on a touching interval, chords to the ends of the box, straight
on outside.

Where the touching interval meets an end of the box, the tangent at that end takes the place of the chord.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chord import c as middle
from .chord import high, low
from .lemma import Lemma, Rule, Step, Witness, step
from .phi_order import CLAIM as ORDER
from .tangent import s as at
from .tangent import t as point
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, ForAll, eq, family, ge, gt, implies, le, lt, phi, real, substitute
from .tools.rules import algebra, block, by_cases, instance, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

start, end, left, right, c, t = real("a b A B P v")
g, m = family("g m")

SUPPORT = le(g(t), g(c) + m(c) * (t - c))
BELOW = le(g(c), phi(c))
#: the pieces of g and of the slopes m of its supporting lines: before, on and after the touching interval
PIECES = {"before": phi(start) + left * (t - start), "on": phi(t), "after": phi(end) + right * (t - end)}
CHORD = le((high - middle) * phi(low) + (middle - low) * phi(high), (high - low) * phi(middle))
SLOPES = {"before": left, "on": -sp.log(c) - 1, "after": right}
WHERE = {
    "before": (le(0, t), lt(t, start)),
    "on": (le(start, t), le(t, end)),
    "after": (lt(end, t),),
}


def _three(claim: Any, x: Any, tag: str, before: Rule, on: Rule, after: Rule) -> tuple[Step, ...]:
    """The claim before, on and after the touching interval."""
    return (
        step(f"{tag} before", implies(lt(x, start), claim), before),
        step(
            f"{tag} from start",
            implies(le(start, x), claim),
            block(
                step(f"{tag} on", implies(le(x, end), claim), on),
                step(f"{tag} after", implies(lt(end, x), claim), after),
                step(f"{tag} either", claim, by_cases(f"{tag} on", f"{tag} after")),
                given=f"{tag} >= start",
            ),
        ),
        step(f"{tag} any", claim, by_cases(f"{tag} before", f"{tag} from start")),
    )


def _known(tag: str, piece: str) -> tuple[str, ...]:
    """The facts that say where a point lies."""
    return {"before": (f"{tag} case",), "on": (f"{tag} case", f"{tag} >= start"), "after": (f"{tag} case",)}[
        piece
    ]


def _height(name: str, piece: str, x: Any, tag: str) -> Step:
    value = substitute(PIECES[piece], {t: x})
    return step(
        name,
        eq(g(x), value),
        instance(
            f"g {piece}",
            {t: x},
            using=(*_known(tag, piece), "not negative", "order"),
        ),
    )


def _logs(name: str, x: Any, y: Any, *using: str) -> tuple[Step, ...]:
    """Log x <= log y for 0 < x <= y."""
    order = substitute(ORDER, {point: x, at: y})
    return (
        step(f"{name} times", order, uses("phi_order", {point: x, at: y}, using=using)),
        step(name, le(sp.log(x), sp.log(y)), algebra(over(f"{name} times", times=1 / x))),
    )


def _cell(c_piece: str) -> Rule:
    """The point P in one place: g(P), m(P), then v in each of three places."""
    known = _known("c", c_piece)

    def place(t_piece: str) -> Rule:
        using: tuple[Any, ...] = ()
        steps: tuple[Step, ...] = ()
        both = ("order", *known, *_known("t", t_piece), "not negative")

        def touch(name: str, x: Any, touching: Any) -> Step:
            claim = le(phi(x), -x * sp.log(touching) - x + touching)
            return step(name, claim, uses("tangent", {at: touching, point: x}, using=both))

        to_left, to_right = over("left slope", times=t - start), over("right slope", times=t - end)
        from_left, from_right = over("left slope", times=start - t), over("right slope", times=end - t)
        pair = (c_piece, t_piece)
        if pair == ("before", "on"):
            steps, using = (touch("tangent", t, start),), ("tangent", to_left)
        elif pair == ("before", "after"):
            steps = (touch("tangent", end, start),)
            using = ("tangent", to_right, to_left, over("logs", times=t - end))
        elif pair == ("on", "before"):
            steps = (touch("tangent", start, c), *_logs("nearer", start, c, *both))
            using = ("tangent", from_left, over("nearer", times=start - t))
        elif pair == ("on", "on"):
            steps, using = (touch("tangent", t, c),), ("tangent",)
        elif pair == ("on", "after"):
            steps = (touch("tangent", end, c), *_logs("nearer", c, end, *both))
            using = ("tangent", to_right, over("nearer", times=t - end))
        elif pair == ("after", "on"):
            steps, using = (touch("tangent", t, end),), ("tangent", from_right)
        elif pair == ("after", "before"):
            steps = (touch("tangent", start, end),)
            using = ("tangent", from_left, from_right, over("logs", times=start - t))
        return block(
            _height("height", t_piece, t, "t"),
            *steps,
            step("support", SUPPORT, algebra(*using, put=("height", "height at P", "slope at P"))),
            given="t case",
        )

    return block(
        _height("height at P", c_piece, c, "c"),
        step(
            "slope at P",
            eq(m(c), SLOPES[c_piece]),
            instance(f"m {c_piece}", {c: c}, using=(*known, "from low", "inside")),
        ),
        *_three(SUPPORT, t, "t", place("before"), place("on"), place("after")),
        given="c case",
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Boxes with touching intervals inside them or at their ends; g and the slopes as functions."""
    points = sorted(fraction(generator) for _ in range(4))
    low_end, first, last, high_end = points
    if place % 4 == 1:
        first = low_end
    if place % 4 == 2:
        last = high_end
    if place % 7 == 0:
        low_end = fmpq(0)
    if place % 5 == 0:
        last = first
    if place % 11 == 0:
        high_end = last = first

    def chord(touching: Any, other: Any) -> Any:
        if touching == other:
            return -ball(touching).log() - 1
        return (nats(touching) - nats(other)) / (touching - other)

    slopes = chord(first, low_end), chord(last, high_end)

    def height(x: Any) -> Any:
        if x < first:
            return nats(first) + slopes[0] * (x - first)
        return nats(x) if x <= last else nats(last) + slopes[1] * (x - last)

    def slope(x: Any) -> Any:
        return slopes[0] if x < first else slopes[1] if x > last else -ball(x).log() - 1

    share = generator.choice((fmpq(0), fmpq(1), fraction(generator)))
    cell = low_end + share * (high_end - low_end)
    return {
        "l": low_end,
        "a": first,
        "b": last,
        "u": high_end,
        "A": slopes[0],
        "B": slopes[1],
        "g": height,
        "m": slope,
        "P": cell,
        "v": generator.choice((fmpq(0), cell, first, last, 2 * fraction(generator))),
    }


LEMMA = Lemma(
    name="sharpened_jensen",
    label="Sharpened Jensen rows",
    idea=(
        "The chords lie below phi, so they are steeper than phi at the ends of the "
        "touching interval: the slopes of "
        "g fall from left to right. So at every point of the box a line lies above g, and g lies below phi."
    ),
    meaning={
        low: "lower end of the box",
        high: "upper end",
        start: "start of the touching interval",
        end: "its end",
        left: "slope before it",
        right: "slope after it",
        g: "the function",
        m: "slope of its line at P",
    },
    hypotheses={
        "order": And((le(0, low), le(low, start), le(start, end), le(end, high), gt(start, 0))),
        "left chord": implies(lt(low, start), eq(left, (phi(start) - phi(low)) / (start - low))),
        "left end": implies(le(start, low), eq(left, -sp.log(start) - 1)),
        "right chord": implies(lt(end, high), eq(right, (phi(high) - phi(end)) / (high - end))),
        "right end": implies(le(high, end), eq(right, -sp.log(end) - 1)),
        **{f"g {name}": ForAll((t,), WHERE[name], eq(g(t), value)) for name, value in PIECES.items()},
        "m before": ForAll((c,), (le(low, c), lt(c, start)), eq(m(c), left)),
        "m on": ForAll((c,), (le(start, c), le(c, end)), eq(m(c), -sp.log(c) - 1)),
        "m after": ForAll((c,), (lt(end, c), le(c, high)), eq(m(c), right)),
    },
    conclusions={
        "supporting line": ForAll((c, t), (le(low, c), le(c, high), le(0, t)), SUPPORT),
        "below": ForAll((c,), (le(low, c), le(c, high)), BELOW),
    },
    steps=(
        step(
            "chord before",
            implies(lt(low, start), ge(left, -sp.log(start) - 1)),
            block(
                step(
                    "value",
                    eq(left, (phi(start) - phi(low)) / (start - low)),
                    instance(
                        "left chord",
                        {},
                        using=("apart",),
                    ),
                ),
                step(
                    "tangent",
                    le(phi(low), -low * sp.log(start) - low + start),
                    uses(
                        "tangent",
                        {at: start, point: low},
                        using=("order",),
                    ),
                ),
                step("steeper", ge(left, -sp.log(start) - 1), algebra("tangent", put=("value",))),
                given="apart",
            ),
        ),
        step(
            "tangent before",
            implies(le(start, low), ge(left, -sp.log(start) - 1)),
            block(
                step("value", eq(left, -sp.log(start) - 1), instance("left end", {}, using=("given 1",))),
                step("steeper", ge(left, -sp.log(start) - 1), algebra("value")),
            ),
        ),
        step("left slope", ge(left, -sp.log(start) - 1), by_cases("chord before", "tangent before")),
        step(
            "chord after",
            implies(lt(end, high), le(right, -sp.log(end) - 1)),
            block(
                step(
                    "value",
                    eq(right, (phi(high) - phi(end)) / (high - end)),
                    instance(
                        "right chord",
                        {},
                        using=("apart",),
                    ),
                ),
                step(
                    "tangent",
                    le(phi(high), -high * sp.log(end) - high + end),
                    uses(
                        "tangent",
                        {at: end, point: high},
                        using=("order",),
                    ),
                ),
                step("flatter", le(right, -sp.log(end) - 1), algebra("tangent", put=("value",))),
                given="apart",
            ),
        ),
        step(
            "tangent after",
            implies(le(high, end), le(right, -sp.log(end) - 1)),
            block(
                step("value", eq(right, -sp.log(end) - 1), instance("right end", {}, using=("given 1",))),
                step("flatter", le(right, -sp.log(end) - 1), algebra("value")),
            ),
        ),
        step("right slope", le(right, -sp.log(end) - 1), by_cases("chord after", "tangent after")),
        *_logs("logs", start, end, "order"),
        step(
            "supporting line",
            ForAll((c, t), (le(low, c), le(c, high), le(0, t)), SUPPORT),
            block(
                step(
                    "not negative",
                    And((le(0, c), le(0, t))),
                    algebra("order", "from low", "inside", "t given"),
                ),
                *_three(SUPPORT, c, "c", _cell("before"), _cell("on"), _cell("after")),
                given="from low; inside; t given",
            ),
        ),
        step(
            "below",
            ForAll((c,), (le(low, c), le(c, high)), BELOW),
            block(
                step("not negative", le(0, c), algebra("order", "from low")),
                *_three(
                    BELOW,
                    c,
                    "c",
                    block(
                        _height("height", "before", c, "c"),
                        step(
                            "value",
                            eq(left, (phi(start) - phi(low)) / (start - low)),
                            instance(
                                "left chord",
                                {},
                                using=("order", "from low", "c case"),
                            ),
                        ),
                        step(
                            "chord",
                            substitute(CHORD, {high: start, middle: c}),
                            uses(
                                "chord",
                                {high: start, middle: c},
                                using=("order", "from low", "c case"),
                            ),
                        ),
                        step("below it", BELOW, algebra("chord", put=("height", "value"))),
                        given="c case",
                    ),
                    block(
                        _height("height", "on", c, "c"),
                        step("equal", BELOW, algebra("height")),
                        given="c case",
                    ),
                    block(
                        _height("height", "after", c, "c"),
                        step(
                            "value",
                            eq(right, (phi(high) - phi(end)) / (high - end)),
                            instance(
                                "right chord",
                                {},
                                using=("order", "inside", "c case"),
                            ),
                        ),
                        step(
                            "chord",
                            substitute(CHORD, {low: end, middle: c}),
                            uses(
                                "chord",
                                {low: end, middle: c},
                                using=("order", "inside", "c case"),
                            ),
                        ),
                        step("below it", BELOW, algebra("chord", put=("height", "value"))),
                        given="c case",
                    ),
                ),
                given="from low; inside",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=6000),
    conventions=(
        "where the touching interval meets an end of the box, the tangent there takes the chord's place",
    ),
)
