"""The exchange lemma: pairs of mappings that a mixture of least rate over its coupling can hold."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .tools.evaluate import nats
from .tools.kernel import over
from .tools.language import And, ForAll, Total, eq, family, ge, gt, implies, index, le, phi, real
from .tools.rules import algebra, block, by_cases, instance

__all__ = ["LEMMA"]

x, y = index("x", "X"), index("y", "Y")
p, inside, f, g, f1, g1 = family("p A f g F G")
qf, qg, qf1, qg1 = family("q1 q2 q3 q4")
w1, w2, n1, n2, n3, n4 = real("w1 w2 n1 n2 n3 n4")

ENTROPIES = tuple(Total(phi(law(y)), y) for law in (qf, qg, qf1, qg1))
CLAIM = le(ENTROPIES[0] + ENTROPIES[1], ENTROPIES[2] + ENTROPIES[3])
OLD = w1 * ENTROPIES[0] + w2 * ENTROPIES[1]
NEW = sum(n * h for n, h in zip((n1, n2, n3, n4), ENTROPIES, strict=True))
LEAST = ForAll(
    (n1, n2, n3, n4),
    (
        And(tuple(ge(n, 0) for n in (n1, n2, n3, n4))),
        eq(n1 + n2 + n3 + n4, w1 + w2),
        ForAll(
            (x, y),
            (),
            eq(
                n1 * f(x, y) + n2 * g(x, y) + n3 * f1(x, y) + n4 * g1(x, y),
                w1 * f(x, y) + w2 * g(x, y),
            ),
        ),
    ),
    le(OLD, NEW),
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Two mappings and their recombination, named so that the pair has the lower rate; a part of it
    exchanged.
    """
    n, m = generator.randint(1, 4), generator.randint(1, 4)
    source = pmf(generator, n)
    first, second = ([generator.randrange(m) for _ in range(n)] for _ in range(2))
    chosen = [generator.randint(0, 1) for _ in range(n)]
    third = [a if c else b for a, b, c in zip(first, second, chosen, strict=True)]
    fourth = [b if c else a for a, b, c in zip(first, second, chosen, strict=True)]

    def law(images: list[int]) -> list[Any]:
        return [sum((source[a] for a in range(n) if images[a] == b), fmpq(0)) for b in range(m)]

    def table(images: list[int]) -> list[list[int]]:
        return [[int(images[a] == b) for b in range(m)] for a in range(n)]

    rates = [nats(*law(one)) for one in (first, second, third, fourth)]
    if place % 10 == 0:
        third, fourth, chosen = first, second, [1] * n
    elif not rates[0] + rates[1] < rates[2] + rates[3]:
        first, second, third, fourth = third, fourth, first, second

    weights = [fmpq(generator.randint(1, 9), generator.choice((20, 400))) for _ in range(2)]
    moved = min(weights) * generator.choice((0, 1, fmpq(1, 2)))
    return {
        "#X": n,
        "#Y": m,
        "p": source,
        "A": chosen,
        "f": table(first),
        "g": table(second),
        "F": table(third),
        "G": table(fourth),
        "q1": law(first),
        "q2": law(second),
        "q3": law(third),
        "q4": law(fourth),
        "w1": weights[0],
        "w2": weights[1],
        "n1": weights[0] - moved,
        "n2": weights[1] - moved,
        "n3": moved,
        "n4": moved,
    }


def _moved(least: Any, name: str) -> Any:
    """Exchange as much as the smaller weight."""
    return block(
        step(
            "rates",
            le(
                OLD,
                (w1 - least) * ENTROPIES[0]
                + (w2 - least) * ENTROPIES[1]
                + least * ENTROPIES[2]
                + least * ENTROPIES[3],
            ),
            instance(
                "least rate",
                {n1: w1 - least, n2: w2 - least, n3: least, n4: least},
                using=("positive", name, over("cells", times=least)),
            ),
        ),
        step("divided", CLAIM, algebra(over("rates", times=1 / least))),
        given=name,
    )


LEMMA = Lemma(
    name="exchange",
    label="Exchange lemma",
    idea=(
        "A pair of mappings and its recombination have the same sum of matrices, so mass "
        "can be moved from the pair to "
        "the recombination at the same coupling: where the rate is least that does not lower it."
    ),
    meaning={
        inside: "[x in A]",
        f: "[f(x) = y]",
        g: "[f'(x) = y]",
        f1: "[g(x) = y], g = f on A and f' off A",
        g1: "[g'(x) = y], the reverse",
        qf: "law of f(X)",
        qg: "law of f'(X)",
        qf1: "law of g(X)",
        qg1: "law of g'(X)",
        w1: "weight of f",
        w2: "weight of f'",
    },
    hypotheses={
        "recombination": And(
            (
                eq(f1(x, y), inside(x) * f(x, y) + (1 - inside(x)) * g(x, y)),
                eq(g1(x, y), inside(x) * g(x, y) + (1 - inside(x)) * f(x, y)),
            )
        ),
        "laws": And(
            (
                eq(qf(y), Total(p(x) * f(x, y), x)),
                eq(qg(y), Total(p(x) * g(x, y), x)),
                eq(qf1(y), Total(p(x) * f1(x, y), x)),
                eq(qg1(y), Total(p(x) * g1(x, y), x)),
            )
        ),
        "laws not negative": And((ge(qf(y), 0), ge(qg(y), 0), ge(qf1(y), 0), ge(qg1(y), 0))),
        "positive": And((gt(w1, 0), gt(w2, 0))),
        "least rate": LEAST,
    },
    conclusions={
        "the same matrices": eq(p(x) * f(x, y) + p(x) * g(x, y), p(x) * f1(x, y) + p(x) * g1(x, y)),
        "the same mean law": eq(qf(y) + qg(y), qf1(y) + qg1(y)),
        "no recombination has a lower rate": CLAIM,
    },
    steps=(
        step("cells", eq(f(x, y) + g(x, y), f1(x, y) + g1(x, y)), algebra("recombination")),
        step(
            "matrices",
            eq(p(x) * f(x, y) + p(x) * g(x, y), p(x) * f1(x, y) + p(x) * g1(x, y)),
            algebra(
                over("cells", times=p(x)),
            ),
        ),
        step("mean law", eq(qf(y) + qg(y), qf1(y) + qg1(y)), algebra("laws", over("matrices", x))),
        step("first is smaller", implies(le(w1, w2), CLAIM), _moved(w1, "first")),
        step("second is smaller", implies(le(w2, w1), CLAIM), _moved(w2, "second")),
        step("claim", CLAIM, by_cases("first is smaller", "second is smaller")),
    ),
    witness=Witness(draw=_draw, count=2500),
)
