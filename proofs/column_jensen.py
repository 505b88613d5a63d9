"""The column Jensen bound: a row of the relaxation that knows the rate, for any alphabets and any box."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import MIXTURE, P, e, k, mixture, p, q, r, w, x, y
from .tangent import s, t
from .textbook import LOG_BOUND
from .textbook import u as point
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, ForAll, Total, eq, family, ge, gt, implies, le, lt, ne, phi
from .tools.rules import algebra, block, by_cases, cites, instance, sign, uses, vanishing
from .two_bits import fraction

__all__ = ["HIGH", "LEMMA", "LOW", "ROW", "SHARE", "G", "V", "draw_places", "draw_touching", "tangent", "v"]

v, G, low, high = family("v G l u")
V, CELL, LOW, HIGH = v(k, x, y), P(x, y), low(x, y), high(x, y)
SHARE = w(k) * q(k, y) / r(y)


def tangent(at: Any, argument: Any) -> Any:
    """The tangent of phi at a point."""
    return phi(at) + (-sp.log(at) - 1) * (argument - at)


INSIDE = implies(le(LOW, V), le(V, HIGH), eq(G(k, x, y), phi(V)))
BELOW = implies(lt(V, LOW), eq(G(k, x, y), tangent(LOW, V)))
ABOVE = implies(lt(HIGH, V), eq(G(k, x, y), tangent(HIGH, V)))
ROW = le(Total(SHARE * G(k, x, y), k), phi(CELL))
UNDER = le(G(k, x, y), -V * sp.log(CELL) - V + CELL)


def _outside(end: Any, rule: str) -> Any:
    """Beyond an end of the box: the tangent at that end lies below the tangent at P."""
    return block(
        step("value", eq(G(k, x, y), tangent(end, V)), instance(rule, {}, using=("beyond",))),
        step("ratio", gt(CELL / end, 0), sign()),
        step(
            "bound",
            le(sp.log(CELL / end), CELL / end - 1),
            cites(LOG_BOUND, {point: CELL / end}, using=("ratio",)),
        ),
        step("both beyond", ge((CELL - end) * (end - V) / end, 0), sign()),
        step("under", UNDER, algebra("value", over("bound", times=V), "both beyond")),
        given="beyond",
    )


def draw_places(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures in which every output letter is met, with the places of the mappings in each column."""
    values = mixture(generator, place)
    if 0 in values["r"]:
        return draw_places(generator, place + 1)
    n, m, number = values["#X"], values["#Y"], values["#K"]
    places = [[[fmpq(0)] * m for _ in range(n)] for _ in range(number)]
    for f in range(number):
        for letter in range(n):
            for out in range(m):
                law = values["q"][f][out]
                if law == 0:
                    places[f][letter][out] = fraction(generator)  # free: the mapping never takes that value
                elif values["images"][f][letter] == out:
                    places[f][letter][out] = values["r"][out] * values["p"][letter] / law
    return values | {"v": places}


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Boxes around the couplings; phi inside a box, the tangents at its ends outside."""
    values = draw_places(generator, place)
    lows, highs = [], []
    for row in values["P"]:
        lows.append([generator.choice((cell, cell * fraction(generator), fmpq(0))) for cell in row])
        tops = [generator.choice((cell, cell + fraction(generator) / 3, cell * 2)) for cell in row]
        highs.append([one if one > 0 else fmpq(1, 2) for one in tops])

    def height(at: fmpq, bottom: fmpq, top: fmpq) -> Any:
        if bottom <= at <= top:
            return nats(at)
        end = ball(min(max(at, bottom), top))
        return -ball(at) * end.log() - ball(at) + end

    heights = [
        [
            [height(at, *ends) for at, *ends in zip(*rows, strict=True)]
            for rows in zip(table, lows, highs, strict=True)
        ]
        for table in values["v"]
    ]
    return values | {"l": lows, "u": highs, "G": heights}


def draw_touching(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures with places up to 1, boxes, touching intervals anywhere, slopes rounded or not."""
    values = draw_places(generator, place)
    n, m, number = values["#X"], values["#Y"], values["#K"]
    names = ("l", "u", "a", "b", "A", "B")
    tables: dict[str, list[list[Any]]] = {name: [[None] * m for _ in range(n)] for name in names}
    heights = [[[None] * m for _ in range(n)] for _ in range(number)]
    for letter in range(n):
        for out in range(m):
            cell = values["P"][letter][out]
            low = generator.choice((cell, cell * fraction(generator), fmpq(0)))
            high = generator.choice((cell, cell + fraction(generator) / 3, cell * 2))
            ends = [generator.choice((fmpq(0), low, high, cell, fmpq(1), fraction(generator))) for _ in "ab"]
            first, last = sorted(ends)
            more = generator.choice((0, 0, fmpq(1, 9)))

            def chord(touching: Any, other: Any) -> Any:
                return (nats(touching) - nats(other)) / (touching - other)

            steep = chord(first, low) if low < first else -ball(first).log() - 1 if first > 0 else fmpq(0)
            if last < high:
                flat = chord(last, high)
            else:
                flat = -ball(last).log() - 1 if last > 0 else fmpq(0)
            slopes = steep + more, flat - more
            for name, value in zip(names, (low, high, first, last, *slopes), strict=True):
                tables[name][letter][out] = value
            for f in range(number):
                here = values["v"][f][letter][out]
                if here < first:
                    height = nats(first) + slopes[0] * (here - first)
                else:
                    height = nats(here) if here <= last else nats(last) + slopes[1] * (here - last)
                heights[f][letter][out] = height - generator.choice((0, 0, fmpq(1, 50)))
    return values | tables | {"G": heights}


LEMMA = Lemma(
    name="column_jensen",
    label="Column Jensen bound",
    idea=(
        "The shares w q / p_Y add up to 1 and P is the mean of the v. Every value of phi "
        "and of its end tangents "
        "lies under the tangent of phi at P, and the mean of that tangent is phi(P)."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        v: "place of mapping k in a column",
        G: "phi on the box, its end tangents outside",
        low: "lower ends of the box",
        high: "upper ends",
    },
    hypotheses={
        **{name: formula for name, formula in MIXTURE.items() if name != "one image"},
        "output": gt(r(y), 0),
        "box": And((le(0, LOW), le(LOW, CELL), le(CELL, HIGH), gt(HIGH, 0))),
        "place": eq(q(k, y) * V, r(y) * p(x) * e(k, x, y)),
        "place not negative": ge(V, 0),
        "inside the box": INSIDE,
        "below the box": BELOW,
        "above the box": ABOVE,
    },
    conclusions={"row": ROW},
    steps=(
        step("cell not negative", ge(CELL, 0), sign()),
        step("shares", eq(Total(w(k) * q(k, y), k), r(y)), algebra("marginal")),
        step(
            "mean",
            eq(Total(w(k) * q(k, y) * V, k), r(y) * CELL),
            algebra(
                over("place", k, times=w(k)),
                over("coupling", times=r(y)),
            ),
        ),
        step(
            "under",
            ForAll((k, x, y), (gt(CELL, 0),), UNDER),
            block(
                step(
                    "within",
                    implies(le(LOW, V), le(V, HIGH), UNDER),
                    block(
                        step(
                            "value",
                            eq(G(k, x, y), phi(V)),
                            instance("inside the box", {}, using=("from low", "to high")),
                        ),
                        step(
                            "tangent",
                            le(phi(V), -V * sp.log(CELL) - V + CELL),
                            uses(
                                "tangent",
                                {s: CELL, t: V},
                                using=("place not negative", "cell"),
                            ),
                        ),
                        step("under", UNDER, algebra("value", "tangent")),
                        given="from low; to high",
                    ),
                ),
                step("beneath", implies(lt(V, LOW), UNDER), _outside(LOW, "below the box")),
                step("over", implies(lt(HIGH, V), UNDER), _outside(HIGH, "above the box")),
                step(
                    "up to high",
                    implies(le(V, HIGH), UNDER),
                    block(
                        step(
                            "from low",
                            implies(le(LOW, V), UNDER),
                            block(
                                step("there", UNDER, instance("within", {}, using=("to high", "from there"))),
                                given="from there",
                            ),
                        ),
                        step("any", UNDER, by_cases("from low", "beneath")),
                        given="to high",
                    ),
                ),
                step("anywhere", UNDER, by_cases("up to high", "over")),
                given="cell",
            ),
        ),
        step(
            "positive cell",
            ForAll((x, y), (gt(CELL, 0),), ROW),
            block(
                step("bound", UNDER, instance("under", {k: k, x: x, y: y}, using=("cell",))),
                step(
                    "row",
                    ROW,
                    algebra(
                        over("bound", k, times=SHARE),
                        over("shares", times=CELL / r(y)),
                        over("mean", times=(sp.log(CELL) + 1) / r(y)),
                    ),
                ),
                given="cell",
            ),
        ),
        step(
            "empty cell",
            ForAll((x, y), (le(CELL, 0),), ROW),
            block(
                step("zero", eq(CELL, 0), algebra("cell", "cell not negative")),
                step(
                    "mean zero",
                    eq(Total(w(k) * q(k, y) * V, k), 0),
                    algebra("mean", over("zero", times=r(y))),
                ),
                step("terms", ge(w(k) * q(k, y) * V, 0), sign()),
                step("each", eq(w(k) * q(k, y) * V, 0), vanishing("terms", "mean zero")),
                step(
                    "heights",
                    ForAll((k,), (), eq(SHARE * G(k, x, y), 0)),
                    block(
                        step(
                            "at 0",
                            implies(eq(V, 0), eq(SHARE * G(k, x, y), 0)),
                            block(
                                step("from low", le(LOW, V), algebra("at", "zero", "box")),
                                step("to high", le(V, HIGH), algebra("at", "box")),
                                step(
                                    "value",
                                    eq(G(k, x, y), phi(V)),
                                    instance("inside the box", {}, using=("from low", "to high")),
                                ),
                                step("phi", eq(phi(V), 0), algebra(put=("at",))),
                                step("height", eq(G(k, x, y), 0), algebra("value", "phi")),
                                step(
                                    "product", eq(SHARE * G(k, x, y), 0), algebra(over("height", times=SHARE))
                                ),
                                given="at",
                            ),
                        ),
                        step(
                            "away",
                            implies(ne(V, 0), eq(SHARE * G(k, x, y), 0)),
                            block(
                                step(
                                    "product",
                                    eq(SHARE * G(k, x, y), 0),
                                    algebra(over("each", times=G(k, x, y) / (r(y) * V))),
                                ),
                            ),
                        ),
                        step("either", eq(SHARE * G(k, x, y), 0), by_cases("at 0", "away")),
                    ),
                ),
                step("row", ROW, algebra(over("heights", k), put=("zero",))),
                given="cell",
            ),
        ),
        step(
            "row",
            ForAll((x, y), (), ROW),
            block(
                step(
                    "positive",
                    implies(gt(CELL, 0), ROW),
                    block(
                        step("there", ROW, instance("positive cell", {x: x, y: y}, using=("given 1",))),
                    ),
                ),
                step(
                    "empty",
                    implies(le(CELL, 0), ROW),
                    block(
                        step("there", ROW, instance("empty cell", {x: x, y: y}, using=("given 1",))),
                    ),
                ),
                step("either", ROW, by_cases("positive", "empty")),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=3000),
    conventions=(
        "a mapping that never takes the value y may have any place v there: its share is 0",
        "0 log 0 = 0",
    ),
)
