"""Majorize-profile bound (Compton and others 2023): what the largest atoms of a coupling weigh at most.

With these sums the masses majorize every coupling, so it has no less entropy than they.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chain import at_most_one
from .coupling_forest import draw_corners
from .lemma import Lemma, Witness, step
from .majorized import a, b, base, draw_slopes, rise, slope
from .majorized import before as strictly_before
from .textbook import k, k2, rank
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    phi,
    real,
)
from .tools.rules import absurd, algebra, block, by_cases, choose, follows, instance, uses, zero_product

__all__ = ["LEMMA"]

k3, k4, at = *index("k3 k4", "K"), index("l", "L")
upto, small, level, weight = family("A r y w")
t = real("t")

ATOMS, SUMS = Total(upto(k2, k) * a(k2), k2), Total(upto(k2, k) * b(k2), k2)
FIRST = ForAll((k2,), (), eq(upto(k2, k), delta(k2, k)))
NEXT = Exists(
    (k3,), And((lt(rank(k3), rank(k)), ForAll((k2,), (), eq(upto(k2, k), upto(k2, k3) + delta(k2, k)))))
)
AT_LEVEL = Exists((at,), And((ge(SUMS, SUMS - b(k) + level(at)), ge(SUMS, t - weight(at)))))
BEFORE = upto(k2, k) - delta(k2, k)
PREFIX, NOT_ABOVE = le(ATOMS - a(k), SUMS - b(k)), le(ATOMS, SUMS)


def _either(of: Any) -> Formula:
    return Or((eq(of, 0), eq(of, 1)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A coupling by a corner rule, the levels of both marginals, the sums that meet them with equality."""
    table = generator.choice(draw_corners(generator, place))
    scale = fmpq(1, generator.choice((1, 3)))
    table = [[one * scale for one in row] for row in table]
    rows, columns = ([sum(one, fmpq(0)) for one in side] for side in (table, [*zip(*table, strict=True)]))
    atoms = sorted((one for row in table for one in row), reverse=True)
    whole = sum(rows, fmpq(0))
    levels = [(one, sum(other for other in side if other <= one)) for side in (rows, columns) for one in side]
    sums = [fmpq(0)]
    for _ in atoms:
        sums.append(min(whole, *(max(sums[-1] + one, whole - heavy) for one, heavy in levels)))
    slopes, rises, first = draw_slopes(atoms)
    order = list(range(len(atoms)))
    generator.shuffle(order)
    return {
        "#K": len(atoms),
        "#L": len(levels),
        "a": [atoms[one] for one in order],
        "b": [sums[one + 1] - sums[one] for one in order],
        "A": [[int(one <= other) for other in order] for one in order],
        "rho": order,
        "u": [slopes[one] for one in order],
        "g": [rises[one] for one in order],
        "c": first,
        "t": whole,
        "y": [one for one, _ in levels],
        "w": [heavy for _, heavy in levels],
        "r": [[int(atoms[one] <= limit) for limit, _ in levels] for one in order],
    }


BOTH = le((upto(k2, k) + small(k2, at)) * a(k2), a(k2))
BY_LEVEL = (
    step(
        "low",
        implies(le(a(k), level(at)), NOT_ABOVE),
        block(step("so", NOT_ABOVE, algebra("given 1", "prefix", "that level"))),
    ),
    step(
        "high",
        implies(lt(level(at), a(k)), NOT_ABOVE),
        block(
            step(
                "never both",
                ForAll((k2,), (), BOTH),
                block(
                    step("first ones or not", _either(upto(k2, k)), follows("upto or not")),
                    step("small ones or not", _either(small(k2, at)), follows("small or not")),
                    step(
                        "not first",
                        implies(eq(upto(k2, k), 0), BOTH),
                        block(
                            step(
                                "so",
                                BOTH,
                                algebra(over("masses", times=1 - small(k2, at), at={k: k2}), put=("later",)),
                            ),
                            given="later",
                        ),
                    ),
                    step(
                        "one of the first",
                        implies(eq(upto(k2, k), 1), BOTH),
                        block(
                            step(
                                "large",
                                implies(eq(small(k2, at), 0), BOTH),
                                block(step("so", BOTH, algebra(put=("earlier", "off"))), given="off"),
                            ),
                            step(
                                "not small",
                                implies(eq(small(k2, at), 1), BOTH),
                                block(
                                    step(
                                        "below",
                                        le(a(k2), level(at)),
                                        instance("small", {k: k2}, using=("tiny",)),
                                    ),
                                    step(
                                        "above",
                                        le(a(k), a(k2)),
                                        instance("descending", {}, using=("earlier",)),
                                    ),
                                    step("nothing", lt(0, 0), algebra("below", "above", "higher")),
                                    step("impossible", BOTH, absurd("nothing")),
                                    given="tiny",
                                ),
                            ),
                            step("either", BOTH, by_cases("large", "not small", cover="small ones or not")),
                            given="earlier",
                        ),
                    ),
                    step(
                        "either", BOTH, by_cases("not first", "one of the first", cover="first ones or not")
                    ),
                ),
            ),
            step(
                "so", NOT_ABOVE, algebra(over("never both", k2), "light letters", "all of it", "that level")
            ),
            given="higher",
        ),
    ),
    step("either", NOT_ABOVE, by_cases("low", "high")),
)

LEMMA = Lemma(
    name="majorize_profile",
    label="Majorize-profile bound",
    idea=(
        "An atom is at most a level, or those up to it leave the small ones, which hold all light letters. "
        "So by induction the sums are not exceeded, and what has them majorizes the atoms."
    ),
    meaning={
        a: "atoms in descending order",
        b: "differences of the sums",
        upto: "[k_2 does not come after k]",
        rank: "place in the order",
        level: "level",
        weight: "mass of the light letters of one side",
        small: "[the atom is not above the level]",
        t: "mass of all",
        slope: "-log of the atom, or of the last positive one before it",
        rise: "by how much that exceeds the one before",
        base: "-log of the largest atom",
    },
    hypotheses={
        "masses": And((ge(a(k), 0), ge(b(k), 0))),
        "all of it": And((eq(Total(a(k), k), t), eq(Total(b(k), k), t))),
        "upto or not": _either(upto(k2, k)),
        "itself": eq(upto(k, k), 1),
        "first or next": Or((FIRST, NEXT)),
        "descending": implies(eq(upto(k2, k), 1), le(a(k), a(k2))),
        "after": implies(eq(BEFORE, 0), le(a(k2), a(k))),
        "small or not": _either(small(k, at)),
        "small": implies(eq(small(k, at), 1), le(a(k), level(at))),
        "light letters": le(weight(at), Total(small(k, at) * a(k), k)),
        "as large as they may be": Or((ge(SUMS, t), AT_LEVEL)),
        "logs": implies(gt(a(k), 0), eq(slope(k), -sp.log(a(k)))),
        "rises": And(
            (
                ge(rise(k), 0),
                eq(slope(k), base + Total(rise(k2) * (1 - upto(k, k2) + delta(k, k2)), k2)),
            )
        ),
    },
    conclusions={
        "sums": NOT_ABOVE,
        "entropy": le(Total(phi(b(k)), k), Total(phi(a(k)), k)),
    },
    steps=(
        step("at most 1", ForAll((k2, k), (), le(upto(k2, k), 1)), at_most_one(upto(k2, k), "upto or not")),
        step(
            "small at most 1",
            ForAll((k, at), (), le(small(k, at), 1)),
            at_most_one(small(k, at), "small or not"),
        ),
        step(
            "not exceeded",
            ForAll((k,), (), And((PREFIX, NOT_ABOVE))),
            induction(
                rank(k),
                k4,
                step(
                    "is first",
                    implies(FIRST, PREFIX),
                    block(
                        step(
                            "nothing before",
                            PREFIX,
                            algebra(over("alone", k2, times=a(k2)), over("alone", k2, times=b(k2))),
                        ),
                        given="alone",
                    ),
                ),
                step(
                    "is next",
                    implies(NEXT, PREFIX),
                    block(
                        step(
                            "by the one before",
                            PREFIX,
                            choose(
                                "there is one",
                                step(
                                    "earlier sums",
                                    le(Total(upto(k2, k3) * a(k2), k2), Total(upto(k2, k3) * b(k2), k2)),
                                    instance("before", {k4: k3}, using=("one before",)),
                                ),
                                step(
                                    "so",
                                    PREFIX,
                                    algebra(
                                        "earlier sums",
                                        over("one before", k2, times=a(k2)),
                                        over("one before", k2, times=b(k2)),
                                    ),
                                ),
                                called="one before",
                            ),
                        ),
                        given="there is one",
                    ),
                ),
                step("stage", Or((FIRST, NEXT)), follows("first or next")),
                step("prefix", PREFIX, by_cases("is first", "is next", cover="stage")),
                step("which", Or((ge(SUMS, t), AT_LEVEL)), follows("as large as they may be")),
                step(
                    "all",
                    implies(ge(SUMS, t), NOT_ABOVE),
                    block(
                        step(
                            "so",
                            NOT_ABOVE,
                            algebra(
                                "full", "all of it", over("masses", k2, times=1 - upto(k2, k), at={k: k2})
                            ),
                        ),
                        given="full",
                    ),
                ),
                step(
                    "by a level",
                    implies(AT_LEVEL, NOT_ABOVE),
                    block(
                        step("so", NOT_ABOVE, choose("some level", *BY_LEVEL, called="that level")),
                        given="some level",
                    ),
                ),
                step("not above", NOT_ABOVE, by_cases("all", "by a level", cover="which")),
            ),
        ),
        step(
            "indicator",
            ForAll((k2, k), (), eq(upto(k2, k) * (1 - upto(k2, k)), 0)),
            block(
                step(
                    "off",
                    implies(eq(upto(k2, k), 0), eq(upto(k2, k) * (1 - upto(k2, k)), 0)),
                    block(step("so", eq(upto(k2, k) * (1 - upto(k2, k)), 0), algebra(put=("given 1",)))),
                ),
                step(
                    "on",
                    implies(eq(upto(k2, k), 1), eq(upto(k2, k) * (1 - upto(k2, k)), 0)),
                    block(step("so", eq(upto(k2, k) * (1 - upto(k2, k)), 0), algebra(put=("given 1",)))),
                ),
                step("which", _either(upto(k2, k)), follows("upto or not")),
                step("so", eq(upto(k2, k) * (1 - upto(k2, k)), 0), by_cases("off", "on", cover="which")),
            ),
        ),
        step(
            "product",
            eq(BEFORE * (1 - BEFORE), 0),
            algebra("indicator", over("itself", times=delta(k2, k))),
        ),
        step("before or not", _either(BEFORE), zero_product("product")),
        step(
            "entropy",
            le(Total(phi(b(k)), k), Total(phi(a(k)), k)),
            uses(
                "majorized",
                {strictly_before: lambda one, other: upto(one, other) - delta(one, other)},
                using=(
                    "masses",
                    "all of it",
                    "before or not",
                    "itself",
                    "after",
                    "not exceeded",
                    "logs",
                    "rises",
                ),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=120),
)
