"""What a column costs after prices is least at whole rows with at most one in part; so is a price at ends."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .chord import CLAIM as CHORD
from .chord import c as between
from .chord import high as right
from .chord import low as left
from .lemma import Formula, Lemma, Step, Witness, step
from .tools.kernel import over
from .tools.language import And, Or, eq, ge, implies, le, lt, phi, real, substitute
from .tools.rules import algebra, block, by_cases, follows, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

a, b, low, high, c, d, u1, u2 = real("a b l h c d u1 u2")


def cost(first: Any, second: Any) -> Any:
    """Two parts after prices."""
    return phi(first) - u1 * first + phi(second) - u2 * second


AT_LOW, AT_HIGH = (low, a + b - low), (high, a + b - high)
FIRST = {left: low, between: a, right: high}
SECOND = {left: a + b - high, between: b, right: a + b - low}
ENDS = Or((le(cost(*AT_LOW), cost(a, b)), le(cost(*AT_HIGH), cost(a, b))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Two rows taken in part; the ends of what can be moved between them."""
    most, other = fraction(generator), fraction(generator)
    first, second = (one * generator.choice((0, 1, fmpq(1, 2), fraction(generator))) for one in (most, other))
    whole = first + second
    return {
        "a": first,
        "b": second,
        "c": most,
        "d": other,
        "l": max(fmpq(0), whole - other),
        "h": min(most, whole),
        "u1": fmpq(generator.randint(-5, 20), 8),
        "u2": fmpq(generator.randint(-5, 20), 8) if place % 3 else fmpq(1),
    }


def _placed(
    name: str, end: Any, one: Any, where: Any, other: Any, there: Any, place: Formula
) -> tuple[Step, Step, Step, Step]:
    """Where an end lies, and which row is whole or empty there, in both cases of its definition."""
    whole = Or((eq(low, 0), eq(a + b - low, d))) if name == "low" else Or((eq(high, c), eq(a + b - high, 0)))

    def case(value: Any, order: Any, number: int) -> Step:
        return step(
            f"{name} end, case {number}",
            implies(And((eq(end, value), order)), And((*place.parts, whole))),
            block(
                step("place", place, algebra("so far", "parts")),
                step("which", whole, follows("so far")),
                given="so far",
            ),
        )

    cases = (f"{name} end, case 1", f"{name} end, case 2")
    return (
        case(one, where, 1),
        case(other, there, 2),
        step(f"{name} place", place, by_cases(*cases, cover=f"{name} end")),
        step(f"{name} is an end", whole, by_cases(*cases, cover=f"{name} end")),
    )


def _lower(name: str, order: Formula, end: tuple[Any, Any], weight: Any) -> Step:
    """The lower end is no worse than the mean."""
    return step(
        name,
        implies(order, ENDS),
        block(
            step(
                "no worse, times the room",
                le((high - low) * cost(*end), (high - low) * cost(a, b)),
                algebra("mean of the ends", over("lower", times=weight)),
            ),
            step(
                "no worse",
                le(cost(*end), cost(a, b)),
                algebra(over("no worse, times the room", times=1 / (high - low))),
            ),
            step("so", ENDS, follows("no worse")),
            given="lower",
        ),
    )


LEMMA = Lemma(
    name="bin_filling",
    label="One row at most is taken in part",
    idea=(
        "Moving mass between two rows taken in part changes the cost by a concave function. It is least at "
        "an end, where one of them is taken whole or not at all."
    ),
    meaning={
        a: "taken of a row",
        b: "taken of another",
        c: "most that can be taken of the first",
        d: "most that can be taken of the second",
        low: "least of the first with the sum kept",
        high: "most of the first with the sum kept",
        u1: "price of the first",
        u2: "price of the second",
    },
    hypotheses={
        "parts": And((ge(a, 0), le(a, c), ge(b, 0), le(b, d))),
        "low end": Or((And((eq(low, 0), le(a + b, d))), And((eq(low, a + b - d), le(d, a + b))))),
        "high end": Or((And((eq(high, c), le(c, a + b))), And((eq(high, a + b), le(a + b, c))))),
    },
    conclusions={
        "whole or not at all, low": Or((eq(low, 0), eq(a + b - low, d))),
        "whole or not at all, high": Or((eq(high, c), eq(a + b - high, 0))),
        "an end is no worse": ENDS,
    },
    steps=(
        *_placed("low", low, 0, le(a + b, d), a + b - d, le(d, a + b), And((ge(low, 0), le(low, a)))),
        *_placed("high", high, c, le(c, a + b), a + b, le(a + b, c), And((le(a, high), le(high, a + b)))),
        step(
            "first",
            substitute(CHORD, FIRST),
            uses("chord", FIRST, using=("low place", "high place")),
        ),
        step(
            "second",
            substitute(CHORD, SECOND),
            uses("chord", SECOND, using=("low place", "high place")),
        ),
        step(
            "mean of the ends",
            le((high - a) * cost(*AT_LOW) + (a - low) * cost(*AT_HIGH), (high - low) * cost(a, b)),
            algebra("first", "second"),
        ),
        step(
            "room",
            implies(lt(low, high), ENDS),
            block(
                _lower("low end is lower", le(cost(*AT_LOW), cost(*AT_HIGH)), AT_LOW, a - low),
                _lower("high end is lower", le(cost(*AT_HIGH), cost(*AT_LOW)), AT_HIGH, high - a),
                step("either end", ENDS, by_cases("low end is lower", "high end is lower")),
                given="between",
            ),
        ),
        step(
            "no room",
            implies(le(high, low), ENDS),
            block(
                step("there", eq(low, a), algebra("ends meet", "low place", "high place")),
                step("same", le(cost(*AT_LOW), cost(a, b)), algebra(put=("there",))),
                step("so", ENDS, follows("same")),
                given="ends meet",
            ),
        ),
        step("an end is no worse", ENDS, by_cases("room", "no room")),
    ),
    witness=Witness(draw=_draw, count=3000),
)
