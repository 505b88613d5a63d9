"""The rounding of a sum whose terms are added one after another, each time with a relative error up to u.

After the term at place o the error is at most (1 + eta) o u times the sum of the absolute terms, wherever
(1 + eta) N u <= eta for the largest place N: the factor 1 + eta takes the errors of errors.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Rule, Witness, step
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, Total, delta, eq, family, ge, implies, index, le, real
from .tools.rules import algebra, block, by_cases, choose, instance, sign

__all__ = ["LEMMA"]

i, i2, j, earlier = index("i i2 j h", "T")
t, a, s, o, d, upto = family("t a s o d B")
u, eta, most = real("u eta N")

FACTOR = 1 + eta


def _sum(terms: Any, last: Any) -> Any:
    """The exact sum of the terms up to a place."""
    return Total(upto(i2, last) * terms(i2), i2)


def _close(last: Any) -> And:
    """The computed sum is close to the exact one, which is at most the sum of the sizes."""
    exact, sizes = _sum(t, last), _sum(a, last)
    room = FACTOR * o(last) * u * sizes
    return And((le(s(last) - exact, room), le(-room, s(last) - exact), le(exact, sizes), le(-sizes, exact)))


FIRST = And((ForAll((i2,), (), eq(upto(i2, j), delta(i2, j))), eq(s(j), t(j))))
NEXT = Exists(
    (i,),
    And(
        (
            eq(o(j), o(i) + 1),
            ForAll((i2,), (), eq(upto(i2, j), upto(i2, i) + delta(i2, j))),
            eq(s(j), (s(i) + t(j)) * (1 + d(j))),
        )
    ),
)
TOTAL = FACTOR * most * u * Total(a(i), i)
WHOLE = ForAll((i,), (), eq(upto(i, j), 1))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Up to five terms in random order, rounding of a few bits at its worst, or of none."""
    number = 1 + place % 5
    order = list(range(number))
    generator.shuffle(order)
    terms = [fmpq(generator.randint(-6, 6), 4) for _ in range(number)]
    unit = generator.choice((fmpq(0), fmpq(1, 64), fmpq(1, 1000)))
    errors = [unit * generator.choice((-1, 1, 1, fmpq(1, 2), 0)) for _ in range(number)]
    sums, places, upto_ = [fmpq(0)] * number, [0] * number, [[0] * number for _ in range(number)]
    running = fmpq(0)
    for position, term in enumerate(order):
        running = terms[term] if position == 0 else (running + terms[term]) * (1 + errors[term])
        sums[term], places[term] = running, position + 1
        for other in order[: position + 1]:
            upto_[other][term] = 1
    # the least eta with (1 + eta) N u <= eta, or more
    share = number * unit
    return {
        "#T": number,
        "t": terms,
        "a": [abs(one) + generator.choice((0, 0, fmpq(1, 3))) for one in terms],
        "s": sums,
        "o": places,
        "d": errors,
        "B": upto_,
        "u": unit,
        "N": fmpq(number),
        "eta": share / (1 - share) + generator.choice((0, fmpq(1, 10))),
    }


def _added() -> Rule:
    """One more term: the error so far grows by its rounding, and the new sum is rounded."""
    before, new = _sum(t, i), _sum(t, j)
    sizes, larger = _sum(a, i), _sum(a, j)
    room = FACTOR * o(i) * u * sizes
    return choose(
        "added",
        step("next", eq(o(j), o(i) + 1), algebra("the one before")),
        step("close before", _close(i), instance("before", {earlier: i}, using=("the one before",))),
        step("sum", eq(new, before + t(j)), algebra(over("the one before", i2, times=t(i2)))),
        step("sizes", eq(larger, sizes + a(j)), algebra(over("the one before", i2, times=a(i2)))),
        step("sizes not negative", ge(sizes, 0), algebra("close before")),
        step("size", ge(a(j), 0), algebra("terms")),
        step("growth", le(sizes, larger), algebra("sizes", "size")),
        step(
            "new sum in size",
            And((le(new, larger), le(-larger, new))),
            algebra("close before", "sum", "sizes", "terms"),
        ),
        step("factor", ge(1 + d(j), 0), algebra("errors", "u below 1")),
        step(
            "grown",
            And(
                (
                    le((1 + d(j)) * (s(i) - before), (1 + d(j)) * room),
                    le(-(1 + d(j)) * room, (1 + d(j)) * (s(i) - before)),
                )
            ),
            algebra(over("close before", times=1 + d(j))),
        ),
        step("room", ge(room, 0), algebra("close before")),
        step("at most grown", le((1 + d(j)) * room, (1 + u) * room), algebra(over("errors", times=room))),
        step(
            "rounded",
            And((le(d(j) * new, u * larger), le(-u * larger, d(j) * new))),
            algebra("errors", "new sum in size", degree=2),
        ),
        step("places so far", le(FACTOR * o(i) * u, eta), algebra("small")),
        step(
            "own room",
            le((1 + u) * room, (1 + u) * FACTOR * o(i) * u * larger),
            algebra(over("growth", times=(1 + u) * FACTOR * o(i) * u)),
        ),
        step("larger", ge(larger, 0), algebra("growth", "sizes not negative")),
        step("scaled", ge(u * larger, 0), algebra(over("larger", times=u))),
        step(
            "all room",
            le((1 + u) * FACTOR * o(i) * u * larger + u * larger, FACTOR * (o(i) + 1) * u * larger),
            algebra(over("places so far", times=u * larger)),
        ),
        step(
            "error",
            eq(s(j) - new, (1 + d(j)) * (s(i) - before) + d(j) * new),
            algebra("the one before", over("sum", times=1 + d(j))),
        ),
        step(
            "close",
            _close(j),
            algebra(
                "error",
                "grown",
                "at most grown",
                "rounded",
                "own room",
                "all room",
                "new sum in size",
                over("next", times=FACTOR * u * larger),
            ),
        ),
        called="the one before",
    )


LEMMA = Lemma(
    name="float_sum",
    label="Rounding of a sum",
    idea=(
        "An addition multiplies the error so far by at most 1 + u and adds at most u times the new sum. With "
        "places so far times u small, that is no more than one more place allows."
    ),
    meaning={
        t: "terms",
        a: "sizes, at least the absolute terms",
        o: "the place at which a term is added, from 1",
        upto: "[term i is added up to place of j]",
        s: "computed sum after a term",
        d: "relative error of the addition",
        u: "unit of rounding",
        most: "largest place",
        eta: "room for errors of errors",
    },
    hypotheses={
        "unit": And((ge(u, 0), ge(eta, 0), le(FACTOR * most * u, eta))),
        "places": And((le(1, o(j)), le(o(j), most))),
        "terms": And((le(t(j), a(j)), le(-a(j), t(j)))),
        "errors": And((le(d(j), u), le(-u, d(j)))),
        "additions": Or((FIRST, NEXT)),
    },
    conclusions={
        "partial sums": _close(j),
        "the whole sum": implies(
            WHOLE, And((le(s(j) - Total(t(i), i), TOTAL), le(-TOTAL, s(j) - Total(t(i), i))))
        ),
    },
    steps=(
        step(
            "small",
            le(FACTOR * o(j) * u, eta),
            algebra("unit", over("places", times=FACTOR * u)),
        ),
        step("one small", le(FACTOR * u, eta), algebra("small", over("places", times=FACTOR * u))),
        step("left of 1", ge(FACTOR * (1 - u), 0), algebra("one small")),
        step("u below 1", le(u, 1), algebra(over("left of 1", times=1 / FACTOR))),
        step(
            "close",
            ForAll((j,), (), _close(j)),
            induction(
                o(j),
                earlier,
                step(
                    "at the first",
                    implies(FIRST, _close(j)),
                    block(
                        step("sum", eq(_sum(t, j), t(j)), algebra(over("first", i2, times=t(i2)))),
                        step("sizes", eq(_sum(a, j), a(j)), algebra(over("first", i2, times=a(i2)))),
                        step("size", ge(a(j), 0), algebra("terms")),
                        step("room", ge(FACTOR * o(j) * u * a(j), 0), sign()),
                        step(
                            "close",
                            _close(j),
                            algebra(
                                "sum",
                                "sizes",
                                "first",
                                "terms",
                                "room",
                                over("sizes", times=FACTOR * o(j) * u),
                            ),
                        ),
                        given="first",
                    ),
                ),
                step(
                    "after another",
                    implies(NEXT, _close(j)),
                    block(step("close", _close(j), _added()), given="added"),
                ),
                step("close at j", _close(j), by_cases("at the first", "after another", cover="additions")),
            ),
        ),
        step(
            "whole",
            implies(WHOLE, And((le(s(j) - Total(t(i), i), TOTAL), le(-TOTAL, s(j) - Total(t(i), i))))),
            block(
                step("sum", eq(_sum(t, j), Total(t(i), i)), algebra(over("all of them", i, times=t(i)))),
                step("sizes", eq(_sum(a, j), Total(a(i), i)), algebra(over("all of them", i, times=a(i)))),
                step("size", ge(a(i), 0), algebra("terms")),
                step("sum of sizes", ge(Total(a(i), i), 0), algebra(over("size", i))),
                step(
                    "all sizes",
                    ge(FACTOR * u * Total(a(i), i), 0),
                    algebra(over("sum of sizes", times=FACTOR * u)),
                ),
                step(
                    "within",
                    And((le(s(j) - Total(t(i), i), TOTAL), le(-TOTAL, s(j) - Total(t(i), i)))),
                    algebra(
                        "close",
                        "sum",
                        over("sizes", times=FACTOR * o(j) * u),
                        over("places", times=FACTOR * u * Total(a(i), i)),
                    ),
                ),
                given="all of them",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=700),
)
