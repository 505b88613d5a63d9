"""Binary Y: the sets of a least-rate support are nested, and what three nested sets are worth."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Rule, Step, Witness, step
from .mappings import pmf
from .spreading import CLAIM as SPREAD
from .spreading import a as inner
from .spreading import b as other_inner
from .spreading import c as outer
from .spreading import d as other_outer
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Or,
    Total,
    entropy,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    real,
    substitute,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    contradiction,
    instance,
    part_of_sum,
    sign,
    uses,
)

__all__ = ["LEMMA", "at_most_one", "p", "x"]

x, x2 = index("x x2", "X")
p, A, B = family("p A B")
a, b, c, d, w1, w2, n1, n2, n3, n4 = real("a b c d w1 w2 n1 n2 n3 n4")
OLD = w1 * entropy(a) + w2 * entropy(b)
LEAST = ForAll(
    (n1, n2, n3, n4),
    (
        And(tuple(ge(n, 0) for n in (n1, n2, n3, n4))),
        eq(n1 + n2 + n3 + n4, w1 + w2),
        ForAll(
            (x,),
            (),
            eq(
                n1 * A(x) + n2 * B(x) + n3 * A(x) * B(x) + n4 * (A(x) + B(x) - A(x) * B(x)),
                w1 * A(x) + w2 * B(x),
            ),
        ),
    ),
    le(OLD, n1 * entropy(a) + n2 * entropy(b) + n3 * entropy(c) + n4 * entropy(d)),
)
PAIR = le(entropy(a) + entropy(b), entropy(c) + entropy(d))
NESTED = implies(gt(A(x), B(x)), ge(A(x2), B(x2)))


def _moved(least: Any, name: str) -> Rule:
    """Exchange as much as the smaller weight for meet and join."""
    return block(
        step(
            "rates",
            le(
                OLD,
                (w1 - least) * entropy(a)
                + (w2 - least) * entropy(b)
                + least * entropy(c)
                + least * entropy(d),
            ),
            instance(
                "least rate",
                {n1: w1 - least, n2: w2 - least, n3: least, n4: least},
                using=("positive", name),
            ),
        ),
        step("divided", PAIR, algebra(over("rates", times=1 / least))),
        given=name,
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Two nested sets, and a part of their weights exchanged; or two others, which the exchange improves."""
    n = generator.randint(1, 4)
    source = pmf(generator, n)
    first = [generator.randint(0, 1) for _ in range(n)]
    second = [one * generator.randint(0, 1) for one in first]
    if place % 2:
        first, second = second, first

    def mass(of: list[int]) -> Any:
        return sum((m1 * s1 for m1, s1 in zip(source, of, strict=True)), fmpq(0))

    weights = [fmpq(generator.randint(1, 9), generator.choice((10, 400))) for _ in range(2)]
    moved = min(weights) * generator.choice((0, 1, fmpq(1, 2)))
    parts = [weights[0] - moved, weights[1] - moved, moved, moved]
    return {
        "#X": n,
        "p": source,
        "A": first,
        "B": second,
        "a": mass(first),
        "b": mass(second),
        "c": mass([i * j for i, j in zip(first, second, strict=True)]),
        "d": mass([max(i, j) for i, j in zip(first, second, strict=True)]),
        "w1": weights[0],
        "w2": weights[1],
        **dict(zip(("n1", "n2", "n3", "n4"), parts, strict=True)),
    }


def at_most_one(term: Any, cover: str) -> Rule:
    """A term that is 0 or 1, as the fact `cover` says, is at most 1."""
    claim = le(term, 1)
    return block(
        step("miss", implies(eq(term, 0), claim), block(step("no", claim, algebra("given 1")))),
        step("hit", implies(eq(term, 1), claim), block(step("yes", claim, algebra("given 1")))),
        step("either", claim, by_cases("miss", "hit", cover=cover)),
    )


def _smaller(name: str, own: Any, other: Any, at: Any, whole: Any) -> tuple[Step, Step]:
    """A letter in one set alone: the meet has less mass than that set."""
    return (
        step(f"letter of {name}", gt(p(at) * own(at) * (1 - other(at)), 0), sign()),
        step(
            f"less than {name}",
            lt(c, whole),
            algebra(f"letter of {name}", over(f"{name} alone in its sum", at={x: at}), "masses", "meet"),
        ),
    )


SPREAD_MEET = substitute(SPREAD, {outer: c, inner: a, other_inner: b, other_outer: d})
SPREAD_JOIN = substitute(SPREAD, {outer: 1 - d, inner: 1 - a, other_inner: 1 - b, other_outer: 1 - c})


LEMMA = Lemma(
    name="chain",
    label="Sets of a least-rate support are nested",
    idea=(
        "Meet and join of two sets have the same sum of indicators. If neither set held the other, their "
        "masses would lie strictly outside, and an exchange would lower the rate, as h is strictly concave."
    ),
    meaning={
        p: "law of X",
        A: "[x in A], A = f^{-1}(1)",
        B: "[x in B], the same of another mapping",
        a: "mass of A",
        b: "mass of B",
        c: "mass of their meet",
        d: "mass of their join",
        w1: "weight of A",
        w2: "weight of B",
    },
    hypotheses={
        "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
        "A is a set": Or((eq(A(x), 0), eq(A(x), 1))),
        "B is a set": Or((eq(B(x), 0), eq(B(x), 1))),
        "masses": And((eq(a, Total(p(x) * A(x), x)), eq(b, Total(p(x) * B(x), x)))),
        "meet": eq(c, Total(p(x) * A(x) * B(x), x)),
        "join": eq(d, Total(p(x) * (A(x) + B(x) - A(x) * B(x)), x)),
        "masses of sets": And((ge(c, 0), ge(d, 0), *(le(one, 1) for one in (a, b, c, d)))),
        "positive": And((gt(w1, 0), gt(w2, 0))),
        "least rate": LEAST,
    },
    conclusions={
        "no pair gains by meet and join": PAIR,
        "nested": NESTED,
    },
    steps=(
        step("first is smaller", implies(le(w1, w2), PAIR), _moved(w1, "first")),
        step("second is smaller", implies(le(w2, w1), PAIR), _moved(w2, "second")),
        step("pair", PAIR, by_cases("first is smaller", "second is smaller")),
        step("A at most 1", ForAll((x,), (), le(A(x), 1)), at_most_one(A(x), "A is a set")),
        step("B at most 1", ForAll((x,), (), le(B(x), 1)), at_most_one(B(x), "B is a set")),
        step("A alone", ge(p(x) * A(x) * (1 - B(x)), 0), sign()),
        step("B alone", ge(p(x) * B(x) * (1 - A(x)), 0), sign()),
        step(
            "A alone in its sum",
            le(p(x) * A(x) * (1 - B(x)), Total(p(x) * A(x) * (1 - B(x)), x)),
            part_of_sum("A alone"),
        ),
        step(
            "B alone in its sum",
            le(p(x) * B(x) * (1 - A(x)), Total(p(x) * B(x) * (1 - A(x)), x)),
            part_of_sum("B alone"),
        ),
        step("same sum", eq(d, a + b - c), algebra("masses", "meet", "join")),
        step(
            "nested",
            ForAll((x, x2), (), NESTED),
            block(
                step(
                    "if in A alone",
                    NESTED,
                    block(
                        step(
                            "none in B alone",
                            ge(A(x2), B(x2)),
                            contradiction(
                                *_smaller("A", A, B, x, a),
                                *_smaller("B", B, A, x2, b),
                                step(
                                    "meet and join",
                                    SPREAD_MEET,
                                    uses(
                                        "spreading",
                                        {outer: c, inner: a, other_inner: b, other_outer: d},
                                        using=("masses of sets", "less than A", "less than B", "same sum"),
                                    ),
                                ),
                                step(
                                    "their complements",
                                    SPREAD_JOIN,
                                    uses(
                                        "spreading",
                                        {outer: 1 - d, inner: 1 - a, other_inner: 1 - b, other_outer: 1 - c},
                                        using=("masses of sets", "less than A", "less than B", "same sum"),
                                    ),
                                ),
                                step(
                                    "nothing", lt(0, 0), algebra("pair", "meet and join", "their complements")
                                ),
                            ),
                        ),
                        given="in A alone",
                    ),
                )
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
