"""Plain couplings: at any stop the least bound of a waiting state, or the limit, lies below every tree.

States of one tree, each built from parts that come before it in the order of expansion.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .textbook import FIRST_MEMBER, k, k2, rank
from .textbook import on as chosen
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, eq, family, implies, index, le, lt, real, substitute
from .tools.rules import absurd, algebra, block, by_cases, choose, cites, follows, instance

__all__ = ["LEMMA"]

k3 = index("k3", "K")
part, left, waits, dropped, bound = family("pi e w d b")
V, limit, L = real("V l L")

PARTS_DONE = ForAll((k3,), (), implies(eq(part(k, k3), 1), eq(left(k3), 0)))

GENERATED = Or((eq(left(k), 0), eq(waits(k), 1), eq(dropped(k), 1)))
FIRST = Exists(
    (k2,),
    And((eq(left(k2), 1), ForAll((k,), (), implies(eq(left(k), 1), le(rank(k2), rank(k)))))),
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A tree of states in the order of expansion, the first few expanded; bounds at most its value."""
    count = generator.randint(1, 5)
    ranks = sorted(fmpq(generator.randint(0, 30), 7) for _ in range(count))
    ranks = [one + at * fmpq(1, 50) for at, one in enumerate(ranks)]
    parts = [[int(j < i and generator.random() < 0.5) for j in range(count)] for i in range(count)]
    done = generator.randint(0, count - 1)
    flags = [int(at < done) for at in range(count)]
    value = fmpq(generator.randint(10, 90), 9)
    bounds = [value - generator.choice((0, 0, fmpq(1, 100), 1)) for _ in range(count)]
    limit = value + fmpq(generator.randint(-3, 3), generator.choice((2, 300)))
    waiting, dropping = [0] * count, [0] * count
    for at in range(done, count):
        if all(flags[j] for j in range(count) if parts[at][j]):
            drops = bounds[at] > limit and generator.random() < 0.7
            waiting[at], dropping[at] = int(not drops), int(drops)
    least = min([limit, *(b for b, w in zip(bounds, waiting, strict=True) if w)])
    return {
        "#K": count,
        "rho": ranks,
        "pi": parts,
        "e": [1 - one for one in flags],
        "w": waiting,
        "d": dropping,
        "b": bounds,
        "V": value,
        "l": limit,
        "L": least - generator.choice((fmpq(0), fmpq(0), fmpq(1, 5))),
    }


LEMMA = Lemma(
    name="stopping_bound",
    label="The bound at a stop",
    idea=(
        "Take the first state of the tree that is not expanded. Its parts are, so it was generated: it "
        "waits, with a bound below the value, or it was dropped above the limit."
    ),
    meaning={
        rank: "place of a state in the order of expansion",
        part: "[the second state is a part of the first]",
        left: "[the state was not expanded]",
        waits: "[the state waits for its expansion]",
        dropped: "[the state was dropped]",
        bound: "bound of the state on every tree that holds it",
        V: "entropy of the tree",
        limit: "entropy of the best coupling so far, less the gap",
        L: "what is returned as a lower bound",
    },
    hypotheses={
        "states": Or((eq(left(k), 0), eq(left(k), 1))),
        "parts come before": implies(eq(part(k, k3), 1), lt(rank(k3), rank(k))),
        "generated": implies(PARTS_DONE, GENERATED),
        "dropped above the limit": implies(eq(dropped(k), 1), lt(limit, bound(k))),
        "bounds": le(bound(k), V),
        "not completed": Exists((k2,), eq(left(k2), 1)),
        "at most the limit": le(L, limit),
        "least of those that wait": implies(eq(waits(k), 1), le(L, bound(k))),
    },
    conclusions={"valid": le(L, V)},
    steps=(
        step("first", FIRST, cites(FIRST_MEMBER, {chosen: left}, using=("states", "not completed"))),
        step(
            "valid",
            le(L, V),
            choose(
                "first",
                step("done or not", Or((eq(left(k3), 0), eq(left(k3), 1))), follows("states")),
                step("is left", eq(left(k2), 1), follows("first left")),
                step("comes first", implies(eq(left(k), 1), le(rank(k2), rank(k))), follows("first left")),
                step(
                    "parts done",
                    ForAll((k3,), (), implies(eq(part(k2, k3), 1), eq(left(k3), 0))),
                    block(
                        step(
                            "a part",
                            implies(eq(part(k2, k3), 1), eq(left(k3), 0)),
                            block(
                                step(
                                    "before",
                                    lt(rank(k3), rank(k2)),
                                    instance("parts come before", {k: k2}, using=("its part",)),
                                ),
                                step(
                                    "not done",
                                    implies(eq(left(k3), 1), eq(left(k3), 0)),
                                    block(
                                        step(
                                            "not before",
                                            le(rank(k2), rank(k3)),
                                            instance("comes first", {k: k3}, using=("open",)),
                                        ),
                                        step("nothing", lt(0, 0), algebra("before", "not before")),
                                        step("impossible", eq(left(k3), 0), absurd("nothing")),
                                        given="open",
                                    ),
                                ),
                                step(
                                    "done",
                                    implies(eq(left(k3), 0), eq(2 * left(k3), 0)),
                                    block(step("twice", eq(2 * left(k3), 0), algebra("given 1"))),
                                ),
                                step(
                                    "either",
                                    eq(left(k3), 0),
                                    by_cases("not done", "done", cover="done or not"),
                                ),
                                given="its part",
                            ),
                        ),
                    ),
                ),
                step(
                    "generated there",
                    substitute(GENERATED, {k: k2}),
                    instance("generated", {k: k2}, using=("parts done",)),
                ),
                step(
                    "if expanded",
                    implies(eq(left(k2), 0), le(L, V)),
                    block(
                        step("nothing", lt(0, 0), algebra("was", "is left")),
                        step("impossible", le(L, V), absurd("nothing")),
                        given="was",
                    ),
                ),
                step(
                    "if it waits",
                    implies(eq(waits(k2), 1), le(L, V)),
                    block(
                        step(
                            "bounded",
                            le(L, bound(k2)),
                            instance("least of those that wait", {k: k2}, using=("waiting",)),
                        ),
                        step("below", le(L, V), algebra("bounded", over("bounds", at={k: k2}))),
                        given="waiting",
                    ),
                ),
                step(
                    "if dropped",
                    implies(eq(dropped(k2), 1), le(L, V)),
                    block(
                        step(
                            "over",
                            lt(limit, bound(k2)),
                            instance("dropped above the limit", {k: k2}, using=("gone",)),
                        ),
                        step(
                            "below",
                            le(L, V),
                            algebra("over", over("bounds", at={k: k2}), "at most the limit"),
                        ),
                        given="gone",
                    ),
                ),
                step(
                    "valid",
                    le(L, V),
                    by_cases("if expanded", "if it waits", "if dropped", cover="generated there"),
                ),
                called="first left",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
