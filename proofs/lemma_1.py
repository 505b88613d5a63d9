"""Lemma 1 of the paper, reconstructed: what it does prove.

The flip can be removed at equal delta where delta >= 0, and the identity where delta <= 0.  It is no
statement about the flip at delta < 0, and with a label the removal raises H(S|Y,U): both errata start here.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .tools.language import And, Or, entropy, eq, ge, gt, implies, le, lt, phi, real
from .tools.rules import algebra, block, by_cases, follows
from .two_bits import MAPPINGS, WEIGHTS, a, fraction, instance, p1, p2

__all__ = ["LEMMA", "cells", "label_entropy", "mean_rate"]

n1, n2, n3, n4 = NEW = real("n1 n2 n3 n4")
c0, c1, least = real("c0 c1 q")
JOINT = real("P00 P01 P10 P11")


def cells(weights: Any) -> list[Any]:
    """P(x, y) in the order 00, 01, 10, 11."""
    masses = (1 - a, a)
    return [
        masses[x] * sum(w for w, f in zip(weights, MAPPINGS, strict=True) if f[x] == y)
        for x in (0, 1)
        for y in (0, 1)
    ]


def laws(mapping: tuple[int, int]) -> list[Any]:
    """The law of f(X)."""
    return [sum(mass for x, mass in ((0, 1 - a), (1, a)) if mapping[x] == y) for y in (0, 1)]


def mean_rate(weights: Any) -> Any:
    """The mean entropy of f(X), nats."""
    return sum(w * phi(q) for w, f in zip(weights, MAPPINGS, strict=True) for q in laws(f))


def label_entropy(weights: Any, zero: Any = c0, one: Any = c1) -> Any:
    """H(S|Y,U), nats, for a label with P(S=1|X=0) and P(S=1|X=1)."""
    total: Any = 0
    for weight, mapping in zip(weights, MAPPINGS, strict=True):
        for y, q in zip((0, 1), laws(mapping), strict=True):
            hit = sum(
                mass * channel for x, mass, channel in ((0, 1 - a, zero), (1, a, one)) if mapping[x] == y
            )
            total += weight * (phi(hit) + phi(q - hit) - phi(q))
    return total


S_MASS = (1 - a) * c0 + a * c1
TOLD = entropy(S_MASS) - (1 - a) * entropy(c0) - a * entropy(c1)


GONE = Or((eq(n1, 0), eq(n2, 0)))
CHOICE = And((ge(least, 0), GONE))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Random weights; the smaller of identity and flip is taken off both and given to the constants."""
    values = instance(generator, place)
    taken = min(values["p1"], values["p2"])
    channel = [generator.choice((fmpq(0), fmpq(1), fraction(generator))) for _ in range(2)]
    values |= {"q": taken, "c0": channel[0], "c1": channel[1]}
    values |= {f"P{x}{y}": values["joint"][x, y] for x in (0, 1) for y in (0, 1)}
    values |= {"n1": values["p1"] - taken, "n2": values["p2"] - taken}
    return values | {"n3": values["p3"] + taken, "n4": values["p4"] + taken}


LEMMA = Lemma(
    name="lemma_1",
    label="Lemma 1 (removal of the flip or the identity), reconstructed",
    idea=(
        "Identity and flip together send each letter to both values, as zero and one do: "
        "exchange equal parts."
    ),
    meaning={
        a: "P(X=1)",
        c0: "P(S=1|X=0)",
        c1: "P(S=1|X=1)",
        least: "the smaller weight of identity and flip",
        n1: "new weight of the identity",
        n2: "of the flip",
        n3: "of zero",
        n4: "of one",
    },
    hypotheses={
        "source": And((gt(a, 0), lt(a, 1))),
        "label": And((ge(c0, 0), le(c0, 1), ge(c1, 0), le(c1, 1))),
        "weights": And(tuple(ge(w, 0) for w in WEIGHTS)),
        "simplex": eq(sum(WEIGHTS), 1),
        "coupling": And(tuple(eq(one, old) for one, old in zip(JOINT, cells(WEIGHTS), strict=True))),
        "smaller": And((le(least, p1), le(least, p2))),
        "one of them": Or((eq(least, p1), eq(least, p2))),
        "new": And(
            (eq(n1, p1 - least), eq(n2, p2 - least), eq(n3, WEIGHTS[2] + least), eq(n4, WEIGHTS[3] + least))
        ),
    },
    conclusions={
        "a pmf": And((*(ge(n, 0) for n in NEW), eq(sum(NEW), 1))),
        "one of them is gone": GONE,
        "the same delta": eq(n1 - n2, p1 - p2),
        "the same coupling": And(tuple(eq(new, one) for new, one in zip(cells(NEW), JOINT, strict=True))),
        "a lower rate": eq(mean_rate(NEW), mean_rate(WEIGHTS) - 2 * least * entropy(a)),
        "more label entropy": eq(label_entropy(NEW), label_entropy(WEIGHTS) + 2 * least * TOLD),
    },
    steps=(
        step(
            "identity least",
            implies(eq(least, p1), CHOICE),
            block(
                step("taken", ge(least, 0), algebra("this", "weights")),
                step("gone", eq(n1, 0), algebra("this", "new")),
                step("one", GONE, follows("gone")),
                given="this",
            ),
        ),
        step(
            "flip least",
            implies(eq(least, p2), CHOICE),
            block(
                step("taken", ge(least, 0), algebra("this", "weights")),
                step("gone", eq(n2, 0), algebra("this", "new")),
                step("one", GONE, follows("gone")),
                given="this",
            ),
        ),
        step("choice", CHOICE, by_cases("identity least", "flip least", cover="one of them")),
        step(
            "not negative", And(tuple(ge(n, 0) for n in NEW)), algebra("new", "smaller", "weights", "choice")
        ),
        step("sum", eq(sum(NEW), 1), algebra("new", "simplex")),
        step("delta", eq(n1 - n2, p1 - p2), algebra("new")),
        step(
            "cells",
            And(tuple(eq(new, one) for new, one in zip(cells(NEW), JOINT, strict=True))),
            algebra(
                put=("coupling", "new"),
            ),
        ),
        step("rate", eq(mean_rate(NEW), mean_rate(WEIGHTS) - 2 * least * entropy(a)), algebra(put=("new",))),
        step(
            "entropy",
            eq(label_entropy(NEW), label_entropy(WEIGHTS) + 2 * least * TOLD),
            algebra(put=("new",)),
        ),
    ),
    witness=Witness(draw=_draw, count=4000),
)
