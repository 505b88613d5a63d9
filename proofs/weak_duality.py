"""Weak duality with elastic rows: any multipliers bound the relaxation, whatever pool or simplex found them.

Rows have two ends, one of which may be missing (its part of the multiplier is then 0); an elastic row may be
exceeded at a price of 1 a unit.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import k, pmf, w
from .tools.kernel import over
from .tools.language import And, ForAll, Total, eq, family, ge, gt, implies, index, le, real
from .tools.rules import algebra, block, by_cases, instance

__all__ = ["BOUND", "LEMMA", "OBJECTIVE", "ROWS", "SPARE", "WEIGHTS", "draw_rows", "no_loss"]

i, j = index("i", "R"), index("j", "J")
c, a, lo, hi, up, down = family("c a l h u v")
b, d, theta, excess = family("b d theta t")
least = real("mu")

ACTIVITY = Total(a(i, k) * w(k), k)
WEIGHTS = And((ge(w(k), 0), eq(Total(w(k), k), 1)))
#: the rows; an end that no multiplier asks for may be missing
ROWS = {
    "multipliers": And((ge(up(i), 0), ge(down(i), 0))),
    "lower ends": implies(gt(up(i), 0), le(lo(i), ACTIVITY)),
    "upper ends": implies(gt(down(i), 0), le(ACTIVITY, hi(i))),
}
OBJECTIVE = Total(c(k) * w(k), k) + Total(excess(j), j)
BOUND = Total(up(i) * lo(i) - down(i) * hi(i), i) - Total(theta(j) * d(j), j) + least
#: what the rows have to spare
SPARE = Total(up(i) * (ACTIVITY - lo(i)) + down(i) * (hi(i) - ACTIVITY), i)


def draw_rows(generator: random.Random, place: int, elastic: bool = True) -> dict[str, Any]:
    """A mixture, random rows around its activities, multipliers, and what they prove by going through the
    mappings.
    """
    number, rows, others = 1 + place % 4, generator.randint(1, 3), generator.randint(1, 2)
    weights = pmf(generator, number, zeros=True)

    def table(count: int) -> list[list[Any]]:
        return [[fmpq(generator.randint(-3, 3), 2) for _ in range(number)] for _ in range(count)]

    def activity(row: list[Any]) -> Any:
        return sum((x * y for x, y in zip(row, weights, strict=True)), fmpq(0))

    cost = [fmpq(generator.randint(-4, 4), 3) * elastic for _ in range(number)]
    first, second = table(rows), table(others)
    tight = place % 8 == 0  # a mapping alone, rows without slack: the bound is the objective
    gap = (0,) if tight else (0, 0, fmpq(1, 3))
    ups = [generator.choice((0, 0, 1, fmpq(1, 2), fmpq(1, 50))) for _ in range(rows)]
    downs = [generator.choice((0, 0, 2, fmpq(1, 2), fmpq(1, 50))) for _ in range(rows)]
    # an end without a multiplier may lie anywhere
    lows = [
        activity(row) - generator.choice(gap) if one else fmpq(generator.randint(-2, 2))
        for row, one in zip(first, ups, strict=True)
    ]
    highs = [
        activity(row) + generator.choice(gap) if one else fmpq(generator.randint(-2, 2))
        for row, one in zip(first, downs, strict=True)
    ]
    limits = [activity(row) + fmpq(generator.randint(-2, 2), 3) for row in second]
    shares = [generator.choice((0, 1, fmpq(1, 2))) * elastic for _ in range(others)]
    if tight:
        shares = [int(activity(row) > limit) * elastic for row, limit in zip(second, limits, strict=True)]
    spent = [
        max(fmpq(0), activity(row) - limit) + generator.choice((0,) if tight else (0, 0, fmpq(1, 4)))
        for row, limit in zip(second, limits, strict=True)
    ]
    reduced = [
        cost[f]
        - sum((u - v) * row[f] for u, v, row in zip(ups, downs, first, strict=True))
        + sum(one * row[f] for one, row in zip(shares, second, strict=True))
        for f in range(number)
    ]
    return {
        "#K": number,
        "#R": rows,
        "#J": others,
        "w": weights,
        "c": cost,
        "a": first,
        "l": lows,
        "h": highs,
        "u": ups,
        "v": downs,
        "b": second,
        "d": limits,
        "theta": shares,
        "t": spent,
        "mu": min(reduced) - generator.choice((0,) if tight else (0, 0, fmpq(1, 5))),
    }


def no_loss(end: str, multiplier: Any, slack: Any) -> Any:
    """A multiplier times what its end leaves is not negative: the end holds where the multiplier is
    positive.
    """
    claim = ge(multiplier * slack, 0)
    return step(
        f"{end} count",
        ForAll((i,), (), claim),
        block(
            step(
                f"{end} with a multiplier",
                implies(gt(multiplier, 0), claim),
                block(
                    step(f"{end} hold", ge(slack, 0), instance(end, {}, using=("priced",))),
                    step(f"{end} product", claim, algebra(over(f"{end} hold", times=multiplier))),
                    given="priced",
                ),
            ),
            step(
                f"{end} without",
                implies(le(multiplier, 0), claim),
                block(
                    step("none", eq(multiplier, 0), algebra("free", "multipliers")),
                    step(f"{end} nothing", claim, algebra(over("none", times=slack))),
                    given="free",
                ),
            ),
            step(f"{end} either", claim, by_cases(f"{end} with a multiplier", f"{end} without")),
        ),
    )


LEMMA = Lemma(
    name="weak_duality",
    label="Weak duality with elastic rows",
    idea=(
        "Each row's slack, times its multiplier, is not negative, an excess is at least any share of itself, "
        "and the reduced costs average to at least their least value. What rows have to spare is left over."
    ),
    meaning={
        w: "weights of all mappings",
        c: "costs",
        a: "coefficients of the rows",
        lo: "lower ends",
        hi: "upper ends",
        up: "positive parts of the multipliers",
        down: "negative parts",
        b: "coefficients of the elastic rows",
        d: "their limits",
        theta: "their multipliers, turned positive",
        excess: "what is paid for exceeding them",
        least: "at most every reduced cost",
    },
    hypotheses={
        "weights": WEIGHTS,
        **ROWS,
        "elastic multipliers": And((ge(theta(j), 0), le(theta(j), 1))),
        "excess": And((ge(excess(j), 0), ge(excess(j), Total(b(j, k) * w(k), k) - d(j)))),
        "reduced costs": le(
            least, c(k) - Total((up(i) - down(i)) * a(i, k), i) + Total(theta(j) * b(j, k), j)
        ),
    },
    conclusions={
        "bound": le(BOUND, OBJECTIVE),
        "with what rows have to spare": le(BOUND + SPARE, OBJECTIVE),
    },
    steps=(
        step(
            "elastic",
            ge(excess(j) - theta(j) * (Total(b(j, k) * w(k), k) - d(j)), 0),
            algebra(
                over("excess", times=theta(j)),
                over("excess", times=1 - theta(j)),
            ),
        ),
        no_loss("lower ends", up(i), ACTIVITY - lo(i)),
        no_loss("upper ends", down(i), hi(i) - ACTIVITY),
        step(
            "spared",
            le(BOUND + SPARE, OBJECTIVE),
            algebra(
                over("elastic", j),
                over("reduced costs", k, times=w(k)),
                over("weights", times=least),
            ),
        ),
        step(
            "bound",
            le(BOUND, OBJECTIVE),
            algebra("spared", over("lower ends count", i), over("upper ends count", i)),
        ),
    ),
    witness=Witness(draw=draw_rows, count=2500),
)
