"""Binary Y: with three nested sets the value depends on their three masses and weights alone."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .chain import at_most_one, p, x
from .lemma import Lemma, Step, Witness, step
from .mappings import pmf
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
    le,
    phi,
    real,
)
from .tools.rules import algebra, block, by_cases, sign

__all__ = ["LEMMA"]

A1, A2, A3, c, P, P0 = family("A1 A2 A3 c P P0")
a1, a2, a3, w1, w2, w3, b = real("a1 a2 a3 w1 w2 w3 b")
SETS = (A1, A2, A3)
LETTER = eq(
    entropy(c(x)),
    (A2(x) - A1(x)) * entropy(w2 + w3) + (A3(x) - A2(x)) * entropy(w3),
)
INFORMATION = Total(phi(p(x)), x) + entropy(b) - Total(phi(P(x)) + phi(P0(x)), x)
VALUE = eq(INFORMATION, entropy(b) - (a2 - a1) * entropy(w2 + w3) - (a3 - a2) * entropy(w3))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Nested sets, equal and empty ones among them, and a law of their weights."""
    n = generator.randint(1, 5)
    source, weights = pmf(generator, n), pmf(generator, 3, zeros=place % 2 == 0)
    levels = [generator.randint(0, 3) for _ in range(n)]
    sets = [[int(level <= j) for level in levels] for j in range(3)]
    given = [sum((weights[j] * sets[j][at] for j in range(3)), fmpq(0)) for at in range(n)]
    masses = [sum((source[at] * one[at] for at in range(n)), fmpq(0)) for one in sets]
    return {
        "#X": n,
        "p": source,
        **{f"A{j + 1}": sets[j] for j in range(3)},
        **{f"a{j + 1}": masses[j] for j in range(3)},
        **{f"w{j + 1}": weights[j] for j in range(3)},
        "c": given,
        "P": [source[at] * given[at] for at in range(n)],
        "P0": [source[at] * (1 - given[at]) for at in range(n)],
        "b": sum((source[at] * given[at] for at in range(n)), fmpq(0)),
    }


def _known(share: Any, *facts: str) -> tuple[Step, Step]:
    """The entropy at a letter whose memberships are known."""
    return (
        step("share", eq(c(x), share), algebra("weights", put=("conditional law", *facts))),
        step("value", LETTER, algebra(put=("share", *facts))),
    )


def _inside(of: Any, *known: Step, name: str) -> Step:
    """Where the letter is in the set, it is in the larger ones."""
    larger = SETS[SETS.index(of) + 1 :]
    return step(
        name,
        implies(eq(of(x), 1), LETTER),
        block(
            *(
                step(
                    f"in {one.__name__}",
                    eq(one(x), 1),
                    algebra(f"in {of.__name__}", "nested", f"{one.__name__} at most 1"),
                )
                for one in larger
            ),
            *known,
            given=f"in {of.__name__}",
        ),
    )


BEYOND_A2 = (
    _inside(A3, *_known(w3, "not in A1", "not in A2", "in A3"), name="in the third"),
    step(
        "in none",
        implies(eq(A3(x), 0), LETTER),
        block(*_known(sp.Integer(0), "not in A1", "not in A2", "not in A3"), given="not in A3"),
    ),
    step("third or none", LETTER, by_cases("in the third", "in none", cover="A3 is a set")),
)
BEYOND_A1 = (
    _inside(A2, *_known(w2 + w3, "not in A1", "in A2", "in A3"), name="in the second"),
    step("not in the second", implies(eq(A2(x), 0), LETTER), block(*BEYOND_A2, given="not in A2")),
    step("second or not", LETTER, by_cases("in the second", "not in the second", cover="A2 is a set")),
)

LEMMA = Lemma(
    name="chain_value",
    label="The value of three nested sets",
    idea=(
        "Y is determined on the smallest set and outside the largest one; between them it is 1 with the "
        "weight of the sets that hold the letter. The entropies add up over the rings."
    ),
    meaning={
        p: "law of X",
        A1: "[x in A_1], the smallest set",
        A2: "[x in A_2]",
        A3: "[x in A_3], the largest set",
        a1: "mass of A_1",
        a2: "mass of A_2",
        a3: "mass of A_3",
        w1: "weight of A_1",
        w2: "weight of A_2",
        w3: "weight of A_3",
        c: "P(Y = 1 given x)",
        P: "P(x, 1)",
        P0: "P(x, 0)",
        b: "P(Y = 1)",
    },
    hypotheses={
        "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
        **{f"{one.__name__} is a set": Or((eq(one(x), 0), eq(one(x), 1))) for one in SETS},
        "nested": And((le(A1(x), A2(x)), le(A2(x), A3(x)))),
        "masses": And(
            tuple(eq(mass, Total(p(x) * one(x), x)) for mass, one in zip((a1, a2, a3), SETS, strict=True))
        ),
        "weights": And((ge(w1, 0), ge(w2, 0), ge(w3, 0), eq(w1 + w2 + w3, 1))),
        "conditional law": eq(c(x), w1 * A1(x) + w2 * A2(x) + w3 * A3(x)),
        "coupling": And((eq(P(x), p(x) * c(x)), eq(P0(x), p(x) * (1 - c(x))))),
        "law": eq(b, Total(P(x), x)),
    },
    conclusions={"law by masses": eq(b, w1 * a1 + w2 * a2 + w3 * a3), "value": VALUE},
    steps=(
        *(
            step(
                f"{one.__name__} at most 1",
                ForAll((x,), (), le(one(x), 1)),
                at_most_one(one(x), f"{one.__name__} is a set"),
            )
            for one in SETS
        ),
        step(
            "share at most 1",
            le(c(x), 1),
            algebra(
                "conditional law",
                "weights",
                *(
                    over(f"{one.__name__} at most 1", times=weight)
                    for one, weight in zip(SETS, (w1, w2, w3), strict=True)
                ),
            ),
        ),
        step("indicators", And(tuple(ge(one(x), 0) for one in SETS)), sign()),
        step(
            "share not negative",
            ge(c(x), 0),
            algebra("conditional law", *(over("indicators", times=weight) for weight in (w1, w2, w3))),
        ),
        step("complement", ge(P0(x), 0), sign()),
        step(
            "law at most 1",
            le(b, 1),
            algebra("law", over("coupling", x), over("complement", x), "source"),
        ),
        step(
            "law by masses",
            eq(b, w1 * a1 + w2 * a2 + w3 * a3),
            algebra(
                "law",
                over("coupling", x),
                over("conditional law", x, times=p(x)),
                *(over("masses", times=weight) for weight in (w1, w2, w3)),
            ),
        ),
        step(
            "letter",
            ForAll((x,), (), LETTER),
            block(
                _inside(A1, *_known(sp.Integer(1), "in A1", "in A2", "in A3"), name="in the first"),
                step("not in the first", implies(eq(A1(x), 0), LETTER), block(*BEYOND_A1, given="not in A1")),
                step(
                    "first or not", LETTER, by_cases("in the first", "not in the first", cover="A1 is a set")
                ),
            ),
        ),
        step(
            "chain rule",
            ForAll((x,), (), eq(phi(P(x)) + phi(P0(x)), phi(p(x)) + p(x) * entropy(c(x)))),
            block(
                step(
                    "split",
                    eq(phi(P(x)) + phi(P0(x)), phi(p(x)) + p(x) * entropy(c(x))),
                    algebra(put=("coupling",)),
                )
            ),
        ),
        step(
            "value",
            VALUE,
            algebra(
                over("chain rule", x),
                over("letter", x, times=p(x)),
                *(over("masses", times=term) for term in (entropy(w2 + w3), entropy(w3))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1200),
)
