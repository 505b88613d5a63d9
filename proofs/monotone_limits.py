"""V grows with its limits: the rate, the label seen with the seed, the label without it.

What is feasible under the smaller limits is so under the larger, so a bound proved for larger limits holds
for smaller ones, and where nothing is feasible nothing is below.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .general_bounds import LABEL, J, c, j, s
from .lemma import Lemma, Witness, step
from .mappings import IMAGE, LAW, P, e, k, p, pmf, q, r, w, x, y
from .tools.evaluate import nats, number
from .tools.language import And, ForAll, Total, eq, family, ge, gt, le, phi, real, total
from .tools.rules import algebra, follows, instance, sign

__all__ = ["LEMMA", "feasible", "value"]

z, Q, M = family("z Q M")
R, R2, C, C2, D, D2, V, V2 = real("R R2 C C2 D D2 V V2")

H_Y = Total(phi(r(y)), y)


def value(coupling: Any) -> Any:
    """I(X;Y) of a coupling with the marginals."""
    return Total(phi(p(x)), x) + H_Y - total(phi(coupling(x, y)), x, y)


def feasible(weights: Any, coupling: Any, label: Any, rate: Any, seen: Any, unseen: Any) -> tuple[Any, ...]:
    """Weights that meet the marginals and the limits; their coupling, and the law of label and output."""
    spent = total(weights(k) * phi(q(k, y)), k, y)
    return (
        ForAll((k,), (), ge(weights(k), 0)),
        eq(Total(weights(k), k), 1),
        ForAll((y,), (), eq(Total(weights(k) * q(k, y), k), r(y))),
        ForAll((x, y), (), eq(coupling(x, y), Total(weights(k) * p(x) * e(k, x, y), k))),
        ForAll((s, y), (), eq(label(s, y), Total(weights(k) * j(k, s, y), k))),
        le(spent, rate),
        le(total(weights(k) * phi(j(k, s, y)), k, s, y) - spent, seen),
        le(total(phi(label(s, y)), s, y) - H_Y, unseen),
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Two mixtures of the same marginals, a pair of mappings against its recombination; what they spend and
    tell.
    """
    n, m, labels = generator.randint(1, 3), generator.randint(1, 3), generator.randint(1, 2)
    source = pmf(generator, n)
    first, second, other = ([generator.randrange(m) for _ in range(n)] for _ in range(3))
    swap = [generator.randrange(2) for _ in range(n)]
    third = [(b, a)[one] for a, b, one in zip(second, first, swap, strict=True)]
    fourth = [(a, b)[one] for a, b, one in zip(second, first, swap, strict=True)]
    images = [first, second, third, fourth, other]
    half = fmpq(generator.randint(0, 4), 8)
    weights = [half, half, 0, 0, 1 - 2 * half]
    others = [0, 0, half, half, 1 - 2 * half]
    if place % 3 == 0:
        others = weights
    channel = [pmf(generator, labels, zeros=True) for _ in range(n)]
    laws = [[sum((source[a] for a in range(n) if f[a] == b), fmpq(0)) for b in range(m)] for f in images]
    joint = [
        [
            [sum((source[a] * channel[a][t] for a in range(n) if f[a] == b), fmpq(0)) for b in range(m)]
            for t in range(labels)
        ]
        for f in images
    ]
    output = [sum(weights[f] * laws[f][b] for f in range(5)) for b in range(m)]

    def mixed(some: list[Any]) -> tuple[list[list[Any]], list[list[Any]]]:
        cells = [
            [source[a] * sum((some[f] for f in range(5) if images[f][a] == b), fmpq(0)) for b in range(m)]
            for a in range(n)
        ]
        return cells, [
            [sum(some[f] * joint[f][t][b] for f in range(5)) for b in range(m)] for t in range(labels)
        ]

    def told(some: list[Any]) -> tuple[Any, Any, Any, Any]:
        spent = sum(number(one) * nats(*law) for one, law in zip(some, laws, strict=True))
        seen = (
            sum(number(one) * nats(*itertools.chain(*table)) for one, table in zip(some, joint, strict=True))
            - spent
        )
        cells, label = (itertools.chain(*table) for table in mixed(some))
        gained = nats(*source) + nats(*output) - nats(*cells)
        return spent, seen, nats(*label) - nats(*output), gained

    limits = [one + generator.choice((0, 0, fmpq(1, 9))) for one in told(weights)[:3]]
    wider = [one + generator.choice((0, 0, fmpq(1, 9), 2)) for one in limits]
    gains = told(weights)[3], told(others)[3]
    best = gains[0] if gains[1] - gains[0] < 0 or others == weights else gains[1]
    return {
        "#X": n,
        "#Y": m,
        "#K": 5,
        "#S": labels,
        "p": source,
        "e": [[[int(f[a] == b) for b in range(m)] for a in range(n)] for f in images],
        "q": laws,
        "r": output,
        "c": [[channel[a][t] for a in range(n)] for t in range(labels)],
        "j": joint,
        "w": weights,
        "P": mixed(weights)[0],
        "J": mixed(weights)[1],
        "z": others,
        "Q": mixed(others)[0],
        "M": mixed(others)[1],
        "R": limits[0],
        "C": limits[1],
        "D": limits[2],
        "R2": wider[0],
        "C2": wider[1],
        "D2": wider[2],
        "V": gains[0],
        "V2": best + generator.choice((0, 0, fmpq(1, 8))),
    }


AT, THERE = feasible(w, P, J, R, C, D), feasible(w, P, J, R2, C2, D2)

LEMMA = Lemma(
    name="monotone_limits",
    label="V grows with its limits",
    idea="A mixture that meets the smaller limits meets the larger ones, and is one of those compared there.",
    meaning={
        p: "law of X",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        c: "law of the label given X",
        j: "joint law of label and f_k(X)",
        w: "an optimal mixture under the smaller limits",
        P: "its coupling",
        J: "its joint law of label and Y",
        R: "rate limit",
        C: "limit of the label seen with the seed",
        D: "limit of the label without the seed",
        V: "greatest information under R, C, D",
        V2: "at least the information of every mixture under R2, C2, D2",
    },
    hypotheses={
        "source": gt(p(x), 0),
        "indicator": IMAGE["indicator"],
        **LAW,
        "output": ge(r(y), 0),
        "channel": ge(c(s, x), 0),
        "label and image": LABEL["label and image"],
        "larger limits": And((le(R, R2), le(C, C2), le(D, D2))),
        "attained": And((*AT, eq(V, value(P)))),
        "nothing more": ForAll((z, Q, M), feasible(z, Q, M, R2, C2, D2), le(value(Q), V2)),
    },
    conclusions={
        "feasible under the larger limits": And(THERE),
        "V grows": le(V, V2),
    },
    steps=(
        step("laws", ge(q(k, y), 0), sign()),
        step("joint laws", ge(j(k, s, y), 0), sign()),
        step("feasible", And(THERE), follows("attained", "larger limits")),
        step("compared", le(value(P), V2), instance("nothing more", {z: w, Q: P, M: J}, using=("feasible",))),
        step("V grows", le(V, V2), algebra("compared", "attained")),
    ),
    witness=Witness(draw=_draw, count=700),
)
