"""The pattern bound: the Lagrangian dual of filling every column on its own, with a price for an open row.

Columns left to be filled, the open one among them, take parts of rows; an open row gives its mass to columns
beside the others.  Without one its mass is 0.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, ForAll, Total, eq, family, ge, gt, implies, index, le, lt, phi, real, total
from .tools.rules import algebra, block, by_cases, follows, instance, part_of_sum

__all__ = ["LEMMA"]

x, y = index("x", "X"), index("y", "Y")
p, rest, size, price, Q, given, value, v = family("p rho q u Q o G v")
r, U, b, s = real("r U b s")

FILLING = Total(phi(v(x)) - price(x) * v(x), x)
VALUE = ForAll(
    (b, v),
    (ForAll((x,), (), And((ge(v(x), 0), le(v(x), p(x))))), eq(Total(v(x), x), b)),
    le(value(b), FILLING),
)
PRICE = ForAll(
    (s,),
    (lt(0, s), le(s, r), le(s, size(y))),
    le(value(size(y)) + U * s, value(size(y) - s) + phi(s)),
)
COLUMN = le(
    value(size(y)) + U * given(y),
    Total(phi(Q(x, y)) - price(x) * Q(x, y), x) + phi(given(y)),
)


def _draw_value(items: list[Any], prices: list[Any]) -> Callable[[Any], Any]:
    """The least cost of a filling: whole items and at most one in part; far above where none fits."""

    def value(mass: Any) -> Any:
        best = ball(99)
        for chosen in itertools.product((0, 1), repeat=len(items)):
            over_items = list(zip(chosen, items, prices, strict=True))
            left = mass - sum((item for kept, item, _ in over_items if kept), fmpq(0))
            cost = sum((nats(item) - cost * item for kept, item, cost in over_items if kept), ball(0))
            if left == 0:
                best = best.min(cost)
            for kept, item, price_of in over_items:
                if not kept and 0 < left <= item:
                    best = best.min(cost + nats(left) - price_of * left)
        return best

    return value


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Columns that take parts of rows and of the open row; the values of fillings, the best price."""
    n, m = generator.randint(1, 3), generator.randint(1, 2)
    items = [fmpq(generator.randint(1, 9), 12) for _ in range(n)]
    prices = [fmpq(generator.randint(-4, 20), 8) for _ in range(n)]

    def part(of: Any) -> Any:
        return of * generator.choice((0, 1, 1, fmpq(1, 2), fmpq(1, 3)))

    taken = [[part(one) for _ in range(m)] for one in items]
    opened = [generator.choice((0, 0, 1, 2)) * fmpq(1, 10) if place % 3 else fmpq(0) for _ in range(m)]
    sizes = [sum((row[j] for row in taken), opened[j]) for j in range(m)]
    worth = _draw_value(items, prices)
    most = sum(opened, fmpq(0))
    sums = [
        sum((item for kept, item in zip(chosen, items, strict=True) if kept), fmpq(0))
        for chosen in itertools.product((0, 1), repeat=n)
    ]
    places = [(one - total_of, one) for one in sizes for total_of in sums] + [(most, one) for one in sizes]
    slopes = [
        ((worth(one - at) + nats(at) - worth(one)) / at, at) for at, one in places if 0 < at <= min(most, one)
    ]
    least, where = min(slopes, key=lambda one: float(one[0].mid()), default=(fmpq(0), fmpq(1, 7)))
    filling, more = [part(one) for one in items], fmpq(0)
    if place % 6 == 4:  # a filling that does not fit, and is worth nothing then
        filling[0] = filling[0] + 2 * items[0]
    if place % 6 == 5:
        filling, more = [fmpq(0)] * n, fmpq(1, 5)
    return {
        "#X": n,
        "#Y": m,
        "p": items,
        "u": prices,
        "rho": [sum(row, fmpq(0)) for row in taken],
        "q": sizes,
        "Q": taken,
        "o": opened,
        "r": most,
        "U": least,
        "G": worth,
        "b": sum(filling, more),
        "v": filling,
        "s": where if place % 2 else most / generator.choice((1, 2, 3)),
    }


LEMMA = Lemma(
    name="pattern_bound",
    label="Pattern bound",
    idea=(
        "After prices, a column costs at least its value; one that takes a part of the open row costs at "
        "least the price of that part more. The prices of all rows add up to what they are worth."
    ),
    meaning={
        p: "most that a column may take of a row",
        rest: "mass of a row that is left over",
        size: "mass of a column",
        price: "price of a row",
        Q: "what a column takes of a row",
        given: "what a column takes of the open row",
        r: "mass of the open row",
        U: "its price",
        value: "least cost of filling a column of that mass, after prices",
        v: "a filling of a column",
    },
    hypotheses={
        "parts": And((ge(Q(x, y), 0), le(Q(x, y), p(x)))),
        "rows": eq(Total(Q(x, y), y), rest(x)),
        "open row": And((ge(given(y), 0), eq(Total(given(y), y), r))),
        "columns": eq(Total(Q(x, y), x) + given(y), size(y)),
        "value": VALUE,
        "price": PRICE,
    },
    conclusions={
        "a column": COLUMN,
        "pattern": le(
            Total(price(x) * rest(x), x) + Total(value(size(y)), y) + U * r,
            total(phi(Q(x, y)), x, y) + Total(phi(given(y)), y),
        ),
    },
    steps=(
        step("not negative", ge(given(y), 0), follows("open row")),
        step("part of the open row", le(given(y), Total(given(y), y)), part_of_sum("not negative")),
        step("at most r", le(given(y), r), algebra("part of the open row", "open row")),
        step("at most the column", le(given(y), size(y)), algebra("columns", over("parts", x))),
        step(
            "filled",
            le(value(size(y) - given(y)), Total(phi(Q(x, y)) - price(x) * Q(x, y), x)),
            instance(
                "value",
                {b: size(y) - given(y), v: lambda at: Q(at, y)},
                using=("parts", "columns"),
            ),
        ),
        step(
            "column",
            ForAll((y,), (), COLUMN),
            block(
                step(
                    "takes a part",
                    implies(gt(given(y), 0), COLUMN),
                    block(
                        step(
                            "priced",
                            le(value(size(y)) + U * given(y), value(size(y) - given(y)) + phi(given(y))),
                            instance(
                                "price", {s: given(y)}, using=("part", "at most r", "at most the column")
                            ),
                        ),
                        step("with it", COLUMN, algebra("priced", "filled")),
                        given="part",
                    ),
                ),
                step(
                    "takes none",
                    implies(le(given(y), 0), COLUMN),
                    block(
                        step("nothing", eq(given(y), 0), algebra("none", "not negative")),
                        step(
                            "whole",
                            le(value(size(y)), Total(phi(Q(x, y)) - price(x) * Q(x, y), x)),
                            instance(
                                "value",
                                {b: size(y), v: lambda at: Q(at, y)},
                                using=("parts", "columns", "nothing"),
                            ),
                        ),
                        step("without it", COLUMN, algebra("whole", put=("nothing",))),
                        given="none",
                    ),
                ),
                step("either", COLUMN, by_cases("takes a part", "takes none")),
            ),
        ),
        step(
            "pattern",
            le(
                Total(price(x) * rest(x), x) + Total(value(size(y)), y) + U * r,
                total(phi(Q(x, y)), x, y) + Total(phi(given(y)), y),
            ),
            algebra(over("column", y), over("rows", x, times=price(x)), over("open row", times=U)),
        ),
    ),
    witness=Witness(draw=_draw, count=1000),
)
