"""Plain couplings: the search reaches every tree that its limit lets through, at no higher entropy.

The states of one tree, single letters and joins of two parts (a take-over and a leaf join a single letter).
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .textbook import k, k2, rank
from .tools.induction import induction
from .tools.language import And, Exists, ForAll, Or, eq, family, implies, index, le, lt, real
from .tools.rules import algebra, block, by_cases, choose, follows, instance

__all__ = ["LEMMA"]

k3, k4 = index("k3 k4", "K")
single, kept, found, own, cost, rest = family("sigma kappa F E c R")
V, limit = real("V l")

REACHED = And((eq(kept(k), 1), le(found(k), own(k))))
PARTS = And(
    (
        lt(rank(k3), rank(k)),
        lt(rank(k4), rank(k)),
        eq(own(k), own(k3) + own(k4) + cost(k)),
        implies(eq(kept(k3), 1), eq(kept(k4), 1), le(found(k), found(k3) + found(k4) + cost(k))),
    )
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A tree of joins with random costs; a search that drops what its bounds put above the limit."""
    count = 1 + 2 * generator.randint(0, 3)
    letters = (count + 1) // 2
    own, found, parts = [fmpq(0)] * letters, [fmpq(0)] * letters, [()] * letters
    costs, waiting = [fmpq(0)] * count, list(range(letters))
    for at in range(letters, count):
        first = waiting.pop(generator.randrange(len(waiting)))
        second = waiting.pop(generator.randrange(len(waiting)))
        costs[at] = fmpq(generator.randint(0, 6), 7)
        own.append(own[first] + own[second] + costs[at])
        found.append(found[first] + found[second] + costs[at] - generator.choice((0, 0, fmpq(1, 9))))
        waiting.append(at)
        parts.append((first, second))
    ranks = [fmpq(0)]
    for _ in range(count - 1):
        ranks.append(ranks[-1] + generator.choice((fmpq(1), fmpq(1, 50))))
    value = own[-1] + generator.choice((0, fmpq(1, 5)))
    rests = [value - one - generator.choice((0, 0, fmpq(1, 4))) for one in own]
    return {
        "#K": count,
        "rho": ranks,
        "sigma": [int(at < letters) for at in range(count)],
        "kappa": [1] * count,
        "F": found,
        "E": own,
        "c": costs,
        "R": rests,
        "V": value,
        "l": value + (fmpq(0) if place % 3 else fmpq(1, 8)),
    }


LEMMA = Lemma(
    name="completeness",
    label="Completeness of the joins",
    idea=(
        "By induction over the states of the tree: where both parts were reached, so is their join, at no "
        "higher entropy. With what it leaves it is at most the tree, so it is not dropped."
    ),
    meaning={
        rank: "number of letters",
        single: "[the state is a single letter]",
        kept: "[the search keeps the state]",
        found: "least entropy inside that the search has for the set of the state",
        own: "entropy of the cells of the tree inside the state",
        cost: "entropy of the edge between two parts",
        rest: "bound on what is still to come",
        V: "entropy of the tree",
        limit: "limit of the search",
    },
    hypotheses={
        "single or not": Or((eq(single(k), 0), eq(single(k), 1))),
        "single letters": implies(eq(single(k), 1), And((eq(found(k), 0), eq(own(k), 0)))),
        "joins": implies(eq(single(k), 0), Exists((k3, k4), PARTS)),
        "kept below the limit": implies(le(found(k) + rest(k), limit), eq(kept(k), 1)),
        "bounds": le(own(k) + rest(k), V),
        "within the limit": le(V, limit),
    },
    conclusions={"reached": REACHED},
    steps=(
        step(
            "reached",
            ForAll((k,), (), REACHED),
            induction(
                rank(k),
                k2,
                step(
                    "a letter",
                    implies(eq(single(k), 1), REACHED),
                    block(
                        step(
                            "nothing inside",
                            And((eq(found(k), 0), eq(own(k), 0))),
                            instance("single letters", {}, using=("alone",)),
                        ),
                        step(
                            "not dropped",
                            eq(kept(k), 1),
                            instance(
                                "kept below the limit",
                                {},
                                using=("nothing inside", "bounds", "within the limit"),
                            ),
                        ),
                        step("no higher", le(found(k), own(k)), algebra("nothing inside")),
                        given="alone",
                    ),
                ),
                step(
                    "a join",
                    implies(eq(single(k), 0), REACHED),
                    block(
                        step(
                            "there are parts",
                            Exists((k3, k4), PARTS),
                            instance("joins", {}, using=("joined",)),
                        ),
                        step(
                            "by parts",
                            REACHED,
                            choose(
                                "there are parts",
                                step(
                                    "first",
                                    And((eq(kept(k3), 1), le(found(k3), own(k3)))),
                                    instance("before", {k2: k3}, using=("parts",)),
                                ),
                                step(
                                    "second",
                                    And((eq(kept(k4), 1), le(found(k4), own(k4)))),
                                    instance("before", {k2: k4}, using=("parts",)),
                                ),
                                step(
                                    "join",
                                    implies(
                                        eq(kept(k3), 1),
                                        eq(kept(k4), 1),
                                        le(found(k), found(k3) + found(k4) + cost(k)),
                                    ),
                                    follows("parts"),
                                ),
                                step(
                                    "offered",
                                    le(found(k), found(k3) + found(k4) + cost(k)),
                                    instance("join", {}, using=("first", "second")),
                                ),
                                step(
                                    "no higher",
                                    le(found(k), own(k)),
                                    algebra("offered", "first", "second", "parts"),
                                ),
                                step(
                                    "not dropped",
                                    eq(kept(k), 1),
                                    instance(
                                        "kept below the limit",
                                        {},
                                        using=("no higher", "bounds", "within the limit"),
                                    ),
                                ),
                                called="parts",
                            ),
                        ),
                        given="joined",
                    ),
                ),
                step("either", REACHED, by_cases("a join", "a letter", cover="single or not")),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
