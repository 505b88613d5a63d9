"""Theorem 3: which rows of the polygon can be active at the largest delta.

With multipliers of the six rows, of any number, that make delta stationary, one of four pairs of rows holds
with equality: no p2 and the whole rate, no p2 and no p4, no p2 and no p3, no p3 and the label's share.  The
other pairs, single rows and no row at all carry none; and a point with multipliers has the largest delta.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Step, Witness, step
from .theorem_3 import POLYGON, T, k, tau
from .theorem_3 import _draw as draw_polygon
from .tools.kernel import over
from .tools.language import And, ForAll, Or, eq, ge, gt, implies, le, lt, real, substitute
from .tools.rules import algebra, block, by_cases, contradiction, follows, sign
from .two_bits import a, b, d, t

__all__ = ["LEMMA"]

MULTIPLIERS = m1, m2, m3, m4, m5, m6 = real("m1 m2 m3 m4 m5 m6")
d2, t2 = real("delta2 t2")
ROWS = (t + d, t - d, 2 * (1 - b) - t - k * d, 2 * b - t + k * d, T - t, t - tau)
PAIRS = ((2, 5), (2, 4), (2, 3), (3, 6))
ACTIVE = Or(tuple(And((eq(ROWS[one - 1], 0), eq(ROWS[two - 1], 0))) for one, two in PAIRS))
LARGEST = ForAll((d2, t2), tuple(substitute(one, {d: d2, t: t2}) for one in POLYGON), le(d2, d))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Polygons with their largest delta, and the multipliers of a pair of rows that is active there."""
    while True:
        values = draw_polygon(generator, place)
        place += 1
        a_, b_, end, height = (values[name] for name in ("a", "b", "e", "h"))
        slope = 1 - 2 * a_
        slack = (
            height + end,
            height - end,
            2 * (1 - b_) - height - slope * end,
            2 * b_ - height + slope * end,
            values["T"] - height,
            height - values["tau"],
        )
        found = {
            (2, 5): (fmpq(1), fmpq(1)),
            (2, 4): (1 / (2 * a_), 1 / (2 * a_)),
            (2, 3): (1 / (1 + slope), 1 / (1 + slope)),
        }
        if slope:
            found[3, 6] = (1 / slope, 1 / slope)
        fitting = [pair for pair in found if not slack[pair[0] - 1] and not slack[pair[1] - 1]]
        if fitting:
            break
    pair = generator.choice(fitting)
    prices = dict(zip(pair, found[pair], strict=True))
    return {
        **{name: values[name] for name in ("a", "b", "T", "tau")},
        **{f"m{number}": prices.get(number, fmpq(0)) for number in range(1, 7)},
        "delta": end,
        "t": height,
        "delta2": values["delta"],
        "t2": values["t"],
    }


def _active(one: int, two: int) -> tuple[Step, ...]:
    """Two positive multipliers make their rows active."""
    return (
        *(
            step(
                f"row {number} active",
                eq(ROWS[number - 1], 0),
                algebra(over(f"complementary {number}", times=1 / MULTIPLIERS[number - 1])),
            )
            for number in (one, two)
        ),
        step("pair", ACTIVE, follows(f"row {one} active", f"row {two} active")),
    )


def _by_sign(number: int, some: tuple[Step, ...], none: tuple[Step, ...]) -> tuple[Step, ...]:
    """A multiplier is positive or 0."""
    price = MULTIPLIERS[number - 1]
    return (
        step(f"with {number}", implies(gt(price, 0), ACTIVE), block(*some, given=f"positive {number}")),
        step(f"without {number}", implies(le(price, 0), ACTIVE), block(*none, given=f"none {number}")),
        step(f"either {number}", ACTIVE, by_cases(f"with {number}", f"without {number}")),
    )


_WITH_P2 = _by_sign(
    5,
    _active(2, 5),
    _by_sign(
        4,
        _active(2, 4),
        (
            step("third", gt(m3, 0), algebra("stationary", "prices", "positive 2", "none 5", "none 4")),
            *_active(2, 3),
        ),
    ),
)
_WITHOUT_P2 = (
    step("share of p3", ge(k * m3, 1), algebra("stationary", "prices", "none 2", over("prices", times=k))),
    step(
        "third",
        gt(m3, 0),
        contradiction(step("nothing", lt(0, 0), algebra("share of p3", over("opposite", times=k)))),
    ),
    step("less than all", ge((1 - k) * m3, 0), sign()),
    step(
        "sixth",
        gt(m6, 0),
        algebra("stationary", "prices", "none 2", "less than all", over("prices", times=k)),
    ),
    *_active(3, 6),
)

LEMMA = Lemma(
    name="theorem_3_kkt",
    label="Theorem 3: the four active sets",
    idea=(
        "Stationarity needs p2 or p3, and t has to be held from the other side. Slacks times multipliers "
        "add up to how far another delta is behind."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        T: "R/h(a), at most 1",
        tau: "share that the label needs",
        **{
            price: f"multiplier of the row of {name}"
            for price, name in zip(
                MULTIPLIERS, ("p1", "p2", "p3", "p4", "the rate", "the label"), strict=True
            )
        },
    },
    hypotheses={
        "source": And((gt(a, 0), ge(k, 0))),
        "prices": And(tuple(ge(price, 0) for price in MULTIPLIERS)),
        "stationary": And((eq(1 + m1 - m2 - k * m3 + k * m4, 0), eq(m1 + m2 + m6, m3 + m4 + m5))),
        **{
            f"complementary {number}": eq(price * row, 0)
            for number, (price, row) in enumerate(zip(MULTIPLIERS, ROWS, strict=True), 1)
        },
    },
    conclusions={"one of four pairs": ACTIVE, "the largest delta": LARGEST},
    steps=(
        *_by_sign(2, _WITH_P2, _WITHOUT_P2),
        step(
            "largest",
            LARGEST,
            block(
                step(
                    "behind",
                    le(d2, d),
                    algebra(
                        *(over(f"row {number}", times=price) for number, price in enumerate(MULTIPLIERS, 1)),
                        *(f"complementary {number}" for number in range(1, 7)),
                        over("stationary", times=d2 - d),
                        over("stationary", times=t2 - t),
                    ),
                ),
                given="row 1; row 2; row 3; row 4; row 5; row 6",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
