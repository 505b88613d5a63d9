"""The margin that the solver takes off a bound covers the rounding of its sums, so what is left is a bound.

Computed are the sum of the rows' terms, the scores of the mappings and the size of it all; the margin is mu
times that size (1, the absolute terms and tau for each unit of multiplier) and the absolute least score.
`float_sum` bounds the errors: g for the rows, g2 for the products of a score, nu for the last operations.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import k
from .tools.kernel import over
from .tools.language import And, Total, family, ge, le, lt, real
from .tools.rules import algebra, enclosure, uses
from .weak_duality import (
    BOUND,
    OBJECTIVE,
    a,
    b,
    c,
    down,
    draw_rows,
    i,
    j,
    least,
    theta,
    up,
)
from .weak_duality import LEMMA as DUALITY

__all__ = ["LEMMA"]

score = family("s")
sizes, most, cost, entry = real("A Z b0 h0")
computed, absolute, smallest, positive, size, value = real("Tc Ta Lc La Sc Bc")
g, g2, nu, mu, tau = real("g g2 nu mu0 tau")

TERMS = BOUND - least
REDUCED = c(k) - Total((up(i) - down(i)) * a(i, k), i) + Total(theta(j) * b(j, k), j)
ERROR = g2 * (cost + entry * most)
U = sp.Rational(1, 2**53)
#: 1024 terms of rows, 64 operations a score; entries up to 10, costs up to 100; 3 operations at the end
ROWS_ERROR, SCORE_ERROR, LAST = (
    (1 + sp.Rational(1, 1024)) * 1024 * U,
    (1 + sp.Rational(1, 1024)) * 64 * U,
    4 * U,
)
MARGIN, SHARE = sp.Rational(1, 10**12), sp.Rational(1, 10)
CONSTANTS = And(
    (
        lt(ROWS_ERROR + LAST * (1 + ROWS_ERROR), MARGIN * (1 - ROWS_ERROR)),
        lt(SCORE_ERROR * 100, MARGIN * (1 - ROWS_ERROR)),
        lt(SCORE_ERROR * 10, MARGIN * (1 - ROWS_ERROR) * SHARE),
        lt(LAST, MARGIN),
    )
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Rows and multipliers; computed sums at the ends of their errors or inside, at coarse units."""
    found = draw_rows(generator, place)
    total = sum((u * low for u, low in zip(found["u"], found["l"], strict=True)), fmpq(0))
    total -= sum((v * high for v, high in zip(found["v"], found["h"], strict=True)), fmpq(0))
    total -= sum((t * one for t, one in zip(found["theta"], found["d"], strict=True)), fmpq(0))
    weights = sum((abs(u * low) for u, low in zip(found["u"], found["l"], strict=True)), fmpq(0))
    weights += sum((abs(v * high) for v, high in zip(found["v"], found["h"], strict=True)), fmpq(0))
    weights += sum((abs(t * one) for t, one in zip(found["theta"], found["d"], strict=True)), fmpq(0))
    multipliers = sum(found["u"]) + sum(found["v"]) + sum(found["theta"]) + fmpq(0)
    exact = [
        found["c"][f]
        - sum((u - v) * row[f] for u, v, row in zip(found["u"], found["v"], found["a"], strict=True))
        + sum(t * row[f] for t, row in zip(found["theta"], found["b"], strict=True))
        for f in range(found["#K"])
    ]
    tight = place % 8 == 0
    if place % 16 == 0:  # a least reduced cost of 0
        found["c"] = [one - min(exact) for one in found["c"]]
        exact = [one - min(exact) for one in exact]
    margin, tau_ = (
        fmpq(0) if tight else generator.choice((fmpq(0), fmpq(1, 20), fmpq(1, 5))),
        generator.choice((1, fmpq(1, 10))),
    )
    g_ = margin / 4
    nu_ = generator.choice((margin / 4, margin if g_ == 0 else fmpq(0)))
    g2_, cost_, entry_ = margin / 8, fmpq(4), tau_ * 6

    def off(error: Any) -> Any:
        return error * generator.choice((-1, 1, 1, 0))

    room = g2_ * (cost_ + entry_ * multipliers)
    scores = [one + off(room) for one in exact]
    lowest = min(scores) - generator.choice((0,) if tight else (0, 0, fmpq(1, 10)))
    total_ = total + off(g_ * weights)
    size_ = (1 - g_) * (1 + weights + tau_ * multipliers) + generator.choice((0, 0, fmpq(1, 6)))
    last = total_ + lowest - margin * (size_ + abs(lowest)) + nu_ * (abs(total_) + abs(lowest))
    return found | {
        "A": weights,
        "Z": multipliers,
        "b0": cost_,
        "h0": entry_,
        "Tc": total_,
        "Ta": abs(total_),
        "s": scores,
        "Lc": lowest,
        "La": abs(lowest),
        "Sc": size_,
        "Bc": last - generator.choice((0,) if tight else (0, 0, fmpq(1, 6))),
        "g": g_,
        "g2": g2_,
        "nu": nu_,
        "mu0": margin,
        "tau": tau_,
    }


LEMMA = Lemma(
    name="rounding_margin",
    label="The margin for rounding",
    idea=(
        "The errors of the sums are at most their share of the margin, so the value computed is at most the "
        "exact sum with any reduced cost. Weak duality does the rest."
    ),
    meaning={
        **{symbol: words for symbol, words in DUALITY.meaning.items() if symbol is not least},
        sizes: "absolute terms of the rows, or more",
        most: "sum of the absolute multipliers",
        cost: "greatest cost",
        entry: "greatest coefficient",
        computed: "the rows' sum as computed",
        absolute: "its absolute value",
        score: "scores of the mappings as computed",
        smallest: "the least of them",
        positive: "its absolute value",
        size: "size as computed",
        value: "value as computed",
        g: "error of a sum over rows",
        g2: "error of a score",
        nu: "error of the last operations",
        mu: "margin",
        tau: "size of a multiplier",
    },
    hypotheses={
        **{name: formula for name, formula in DUALITY.hypotheses.items() if name != "reduced costs"},
        "sizes": And((le(TERMS, sizes), le(-sizes, TERMS), ge(most, 0))),
        "rows computed": And((le(computed - TERMS, g * sizes), le(-g * sizes, computed - TERMS))),
        "scores computed": And((le(score(k) - REDUCED, ERROR), le(-ERROR, score(k) - REDUCED))),
        "least computed": le(smallest, score(k)),
        "absolute values": And((le(computed, absolute), le(absolute, (1 + g) * sizes), ge(positive, 0))),
        "size computed": le((1 - g) * (1 + sizes + tau * most), size),
        "value computed": le(
            value, computed + smallest - mu * (size + positive) + nu * (absolute + positive)
        ),
        "errors": And((ge(g, 0), ge(nu, 0), ge(mu, 0))),
        "margin": And(
            (
                le(g + nu * (1 + g), mu * (1 - g)),
                le(g2 * cost, mu * (1 - g)),
                le(g2 * entry, mu * (1 - g) * tau),
                le(nu, mu),
            )
        ),
    },
    conclusions={
        "the value is a bound": le(value, OBJECTIVE),
        "the constants of the solver do": CONSTANTS,
    },
    steps=(
        step("sizes not negative", ge(sizes, 0), algebra("sizes")),
        step(
            "size counts",
            le(mu * (1 - g) * (1 + sizes + tau * most), mu * size),
            algebra(over("size computed", times=mu)),
        ),
        step(
            "last of the rows",
            le(nu * absolute, nu * (1 + g) * sizes),
            algebra(over("absolute values", times=nu)),
        ),
        step("last of the least", le(nu * positive, mu * positive), algebra(over("margin", times=positive))),
        step(
            "rows' share",
            le((g + nu * (1 + g)) * sizes, mu * (1 - g) * sizes),
            algebra(over("margin", times=sizes)),
        ),
        step(
            "multipliers' share",
            le(g2 * entry * most, mu * (1 - g) * tau * most),
            algebra(over("margin", times=most)),
        ),
        step(
            "below every sum",
            le(value - TERMS, REDUCED),
            algebra(
                "value computed",
                "size counts",
                "last of the rows",
                "last of the least",
                "rows' share",
                "multipliers' share",
                "margin",
                "rows computed",
                "least computed",
                "scores computed",
            ),
        ),
        step(
            "bound",
            le(value - TERMS + TERMS, OBJECTIVE),
            uses(
                "weak_duality",
                {least: value - TERMS},
                using=(
                    "weights",
                    "multipliers",
                    "lower ends",
                    "upper ends",
                    "elastic multipliers",
                    "excess",
                    "below every sum",
                ),
            ),
        ),
        step("constants", CONSTANTS, enclosure()),
    ),
    witness=Witness(draw=_draw, count=1200),
)
