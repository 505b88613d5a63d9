"""Masses that majorize others have no more entropy: sums of -p log p fall as masses are spread out.

Only the majorized masses need to be in descending order.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .tangent import s as touch
from .tangent import t as point
from .textbook import k, k2
from .tools.evaluate import ball
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, eq, family, ge, gt, implies, le, phi, real
from .tools.rules import algebra, block, by_cases, follows, instance, uses, vanishing

__all__ = ["LEMMA", "a", "b", "base", "before", "draw_slopes", "rise", "slope"]

a, b, before, slope, rise = family("a b B u g")
base = real("c")

A_BEFORE, B_BEFORE = Total(before(k2, k) * a(k2), k2), Total(before(k2, k) * b(k2), k2)
COST = And((eq(phi(a(k)), a(k) * slope(k)), le(phi(b(k)), b(k) * slope(k) - b(k) + a(k))))


def draw_slopes(masses: list[Any]) -> tuple[list[Any], list[Any], Any]:
    """-log of descending masses, after the last positive one the same again; their rises and the first."""
    slopes: list[Any] = []
    for mass in masses:
        slopes.append(-ball(mass).log() if mass else slopes[-1])
    return slopes, [fmpq(0), *(slopes[at] - slopes[at - 1] for at in range(1, len(slopes)))], slopes[0]


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Descending masses, some of them 0; mass moved towards the front, whatever order that leaves."""
    count = generator.randint(1, 5)
    scale = fmpq(1, generator.choice((1, 4)))
    masses = sorted((one * scale for one in pmf(generator, count, zeros=place % 2 == 0)), reverse=True)
    moved = list(masses)
    for _ in range(place % 4):
        first, second = sorted(generator.choices(range(count), k=2))
        share = moved[second] * generator.choice((1, fmpq(1, 2), fmpq(1, 50)))
        moved[second] -= share
        moved[first] += share
    slopes, rises, first_slope = draw_slopes(masses)
    order = list(range(count))
    generator.shuffle(order)
    return {
        "#K": count,
        "a": [masses[at] for at in order],
        "b": [moved[at] for at in order],
        "B": [[int(one < other) for other in order] for one in order],
        "u": [slopes[at] for at in order],
        "g": [rises[at] for at in order],
        "c": first_slope,
    }


LEMMA = Lemma(
    name="majorized",
    label="Majorized masses have more entropy",
    idea=(
        "The tangents at the descending masses rise from one to the next. So by parts their sum over the "
        "differences is at most 0 where the first masses of the other law have the larger sums."
    ),
    meaning={
        a: "masses in descending order",
        b: "masses whose first ones have larger sums",
        before: "[k_2 comes before k]",
        slope: "-log of the mass, or of the last positive one before it",
        rise: "by how much that exceeds the one before",
        base: "-log of the largest mass",
    },
    hypotheses={
        "masses": And((ge(a(k), 0), ge(b(k), 0))),
        "same sum": eq(Total(a(k), k), Total(b(k), k)),
        "before or not": Or((eq(before(k2, k), 0), eq(before(k2, k), 1))),
        "not before itself": eq(before(k, k), 0),
        "descending": implies(eq(before(k2, k), 0), le(a(k2), a(k))),
        "larger sums": le(A_BEFORE, B_BEFORE),
        "logs": implies(gt(a(k), 0), eq(slope(k), -sp.log(a(k)))),
        "rises": And((ge(rise(k), 0), eq(slope(k), base + Total(rise(k2) * (1 - before(k, k2)), k2)))),
    },
    conclusions={"entropy": le(Total(phi(b(k)), k), Total(phi(a(k)), k))},
    steps=(
        step(
            "rest of the others",
            ForAll((k2, k), (), ge((1 - before(k2, k)) * b(k2), 0)),
            block(
                step(
                    "there",
                    implies(eq(before(k2, k), 1), ge((1 - before(k2, k)) * b(k2), 0)),
                    block(step("none", ge((1 - before(k2, k)) * b(k2), 0), algebra(put=("on",))), given="on"),
                ),
                step(
                    "not there",
                    implies(eq(before(k2, k), 0), ge((1 - before(k2, k)) * b(k2), 0)),
                    block(
                        step("all", ge((1 - before(k2, k)) * b(k2), 0), algebra("masses", put=("off",))),
                        given="off",
                    ),
                ),
                step("which", Or((eq(before(k2, k), 0), eq(before(k2, k), 1))), follows("before or not")),
                step(
                    "either",
                    ge((1 - before(k2, k)) * b(k2), 0),
                    by_cases("there", "not there", cover="which"),
                ),
            ),
        ),
        step(
            "cost",
            ForAll((k,), (), COST),
            block(
                step(
                    "positive",
                    implies(gt(a(k), 0), COST),
                    block(
                        step("log", eq(slope(k), -sp.log(a(k))), instance("logs", {}, using=("there",))),
                        step(
                            "tangent",
                            le(phi(b(k)), -b(k) * sp.log(a(k)) - b(k) + a(k)),
                            uses("tangent", {touch: a(k), point: b(k)}, using=("masses", "there")),
                        ),
                        step(
                            "so", COST, algebra("tangent", over("log", times=a(k)), over("log", times=b(k)))
                        ),
                        given="there",
                    ),
                ),
                step(
                    "zero",
                    implies(le(a(k), 0), COST),
                    block(
                        step("no mass", eq(a(k), 0), algebra("nothing there", "masses")),
                        step(
                            "nothing after",
                            ForAll((k2,), (), le((1 - before(k2, k)) * a(k2), 0)),
                            block(
                                step(
                                    "earlier",
                                    implies(eq(before(k2, k), 1), le((1 - before(k2, k)) * a(k2), 0)),
                                    block(
                                        step(
                                            "none", le((1 - before(k2, k)) * a(k2), 0), algebra(put=("on",))
                                        ),
                                        given="on",
                                    ),
                                ),
                                step(
                                    "later",
                                    implies(eq(before(k2, k), 0), le((1 - before(k2, k)) * a(k2), 0)),
                                    block(
                                        step(
                                            "smaller",
                                            le(a(k2), a(k)),
                                            instance("descending", {}, using=("off",)),
                                        ),
                                        step(
                                            "none",
                                            le((1 - before(k2, k)) * a(k2), 0),
                                            algebra("smaller", "no mass", put=("off",)),
                                        ),
                                        given="off",
                                    ),
                                ),
                                step(
                                    "which",
                                    Or((eq(before(k2, k), 0), eq(before(k2, k), 1))),
                                    follows("before or not"),
                                ),
                                step(
                                    "either",
                                    le((1 - before(k2, k)) * a(k2), 0),
                                    by_cases("earlier", "later", cover="which"),
                                ),
                            ),
                        ),
                        step(
                            "no rest",
                            eq(Total((1 - before(k2, k)) * b(k2), k2), 0),
                            algebra(
                                over("nothing after", k2),
                                over("rest of the others", k2),
                                "larger sums",
                                "same sum",
                            ),
                        ),
                        step(
                            "no rests",
                            eq((1 - before(k2, k)) * b(k2), 0),
                            vanishing("rest of the others", "no rest"),
                        ),
                        step(
                            "none of the other",
                            eq(b(k), 0),
                            algebra(over("no rests", at={k2: k}), over("not before itself", times=b(k))),
                        ),
                        step("so", COST, algebra(put=("no mass", "none of the other"))),
                        given="nothing there",
                    ),
                ),
                step("either", COST, by_cases("positive", "zero")),
            ),
        ),
        step(
            "entropy",
            le(Total(phi(b(k)), k), Total(phi(a(k)), k)),
            algebra(
                over("cost", k),
                over("rises", k, times=b(k) - a(k)),
                over("larger sums", k, times=rise(k)),
                "same sum",
                over("same sum", times=base + Total(rise(k), k)),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=150),
)
