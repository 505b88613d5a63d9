"""Below R_low: the constants and one mapping, its coupling, and why the whole rate is spent.

With a label seen with the seed every mixture keeps at least H(S) - rho R, rho the most label information that
a mapping gives for its rate.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .tangent import s as touching
from .tangent import t as point
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import And, Or, Total, eq, family, ge, gt, index, le, lt, phi, real, total
from .tools.rules import algebra, sign, uses
from .two_bits import fraction

__all__ = ["LEMMA"]

x, y, k = index("x", "X"), index("y", "Y"), index("k", "K")
p, r, f, q, P, Q, w, told, spent = family("p r f q P Q w I h")
price, H, R, share, part, label, rho = real("c H R L z HS rho")

COUPLING = p(x) * r(y) + share * (p(x) * f(x, y) - p(x) * q(y))
WITH_CONSTANTS = share * p(x) * f(x, y) + p(x) * (r(y) - share * q(y))
PART = p(x) * r(y) + part * share * (p(x) * f(x, y) - p(x) * q(y))
SPREAD = Total(phi(p(x)), x) + Total(phi(r(y)), y)
GAIN = le(SPREAD - total(phi(P(x, y)), x, y), part * (SPREAD - total(phi(Q(x, y)), x, y)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A source, a law of Y and a mapping; a share up to what the rarest letter allows; numbers of a label."""
    n, m = generator.randint(1, 4), generator.randint(1, 4)
    source, law = pmf(generator, n), pmf(generator, m)
    images = [generator.randrange(m) for _ in range(n)]
    image = [sum((source[a] for a in range(n) if images[a] == b), fmpq(0)) for b in range(m)]
    entropy = ball(nats(*image)) if max(image) < 1 else ball(1)
    cost = min((entropy / one for one in image if one), key=lambda value: float(value.mid()))
    cost = cost * generator.choice((fmpq(1), fraction(generator)))
    rate = cost * min(law) * (fmpq(999, 1000) if place % 3 == 0 else fraction(generator)) * (place % 7 > 0)
    lam = rate / entropy
    some = generator.choice((fmpq(0), fmpq(1), fraction(generator)))
    hit = [[int(images[a] == b) for b in range(m)] for a in range(n)]
    whole = [
        [source[a] * law[b] + lam * source[a] * (hit[a][b] - image[b]) for b in range(m)] for a in range(n)
    ]
    few = [
        [source[a] * law[b] + some * lam * source[a] * (hit[a][b] - image[b]) for b in range(m)]
        for a in range(n)
    ]
    number = 1 + place % 3
    weights, most = pmf(generator, number, zeros=True), fraction(generator)
    costs = [generator.choice((0, 1)) * fraction(generator) for _ in range(number)]
    gains = [most * one * (1 if place % 2 else fraction(generator)) for one in costs]
    return {
        "#X": n,
        "#Y": m,
        "#K": number,
        "p": source,
        "r": law,
        "f": hit,
        "q": image,
        "c": cost,
        "H": entropy,
        "R": rate,
        "L": lam,
        "z": some,
        "Q": whole,
        "P": few,
        "w": weights,
        "rho": most,
        "h": costs,
        "I": gains,
        "HS": fmpq(3, 2),
    }


LEMMA = Lemma(
    name="low_rate_mixture",
    label="Low rates: the constants and one mapping",
    idea=(
        "The mapping takes from each letter less than it has, so the constants keep "
        "positive weights. Tangents of the "
        "entropy at a smaller share show that the information grows at least in proportion to the share."
    ),
    meaning={
        p: "law of X",
        r: "law of Y",
        f: "[f(x) = y]",
        q: "law of f(X)",
        H: "entropy of f(X)",
        R: "rate",
        share: "R/H",
        price: "what a unit of mass costs at least",
        Q: "coupling at the share R/H",
        P: "coupling at a part z of that share",
        part: "the part",
        told: "label information of a mapping",
        spent: "its rate",
        rho: "most label information for the rate",
        label: "H(S)",
    },
    hypotheses={
        "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
        "output": And((gt(r(y), 0), eq(Total(r(y), y), 1))),
        "indicator": Or((eq(f(x, y), 0), eq(f(x, y), 1))),
        "one image": eq(Total(f(x, y), y), 1),
        "law of the image": eq(q(y), Total(p(x) * f(x, y), x)),
        "entropy": gt(H, 0),
        "price": And((gt(price, 0), le(price * q(y), H))),
        "low rate": And((ge(R, 0), lt(R, price * r(y)))),
        "share": eq(share, R / H),
        "part": And((ge(part, 0), le(part, 1))),
        "whole share": eq(Q(x, y), COUPLING),
        "part of it": eq(P(x, y), PART),
        "label weights": And((ge(w(k), 0), eq(Total(w(k), k), 1))),
        "label rate": le(told(k), rho * spent(k)),
    },
    conclusions={
        "constants keep a weight": gt(r(y) - share * q(y), 0),
        "the coupling": eq(Q(x, y), WITH_CONSTANTS),
        "with both marginals": And((eq(Total(Q(x, y), y), p(x)), eq(Total(Q(x, y), x), r(y)))),
        "at the rate": eq(share * H, R),
        "a part of the share gives at most that part of the information": GAIN,
        "label entropy at least": ge(
            Total(w(k) * (label - told(k)), k), label - rho * Total(w(k) * spent(k), k)
        ),
    },
    steps=(
        step("rate", eq(share * H, R), algebra(over("share", times=H))),
        step("share not negative", ge(R / H, 0), sign()),
        step("lambda", ge(share, 0), algebra("share not negative", "share")),
        step("laws", ge(q(y), 0), sign()),
        step("priced", le(share * q(y) * price, share * H), algebra(over("price", times=share))),
        step("paid", lt(share * q(y) * price, price * r(y)), algebra("priced", "rate", "low rate")),
        step("left", gt(r(y) - share * q(y), 0), algebra(over("paid", times=1 / price))),
        step("coupling", eq(Q(x, y), WITH_CONSTANTS), algebra("whole share")),
        step(
            "image sums",
            eq(Total(q(y), y), 1),
            algebra(
                over("law of the image", y),
                over("one image", x, times=p(x)),
                "source",
            ),
        ),
        step(
            "marginals",
            And((eq(Total(Q(x, y), y), p(x)), eq(Total(Q(x, y), x), r(y)))),
            algebra(
                over("whole share", y),
                over("whole share", x),
                over("output", times=p(x)),
                over("source", times=r(y)),
                over("one image", times=share * p(x)),
                over("image sums", times=share * p(x)),
                over("law of the image", times=share),
                over("source", times=share * q(y)),
            ),
        ),
        step("rest", gt(r(y) - part * share * q(y), 0), algebra("left", over("part", times=share * q(y)))),
        step("hit", ge(part * share * p(x) * f(x, y), 0), sign()),
        step("left over", gt(p(x) * (r(y) - part * share * q(y)), 0), sign()),
        step("positive", gt(P(x, y), 0), algebra("part of it", "hit", "left over")),
        step("whole hit", ge(share * p(x) * f(x, y), 0), sign()),
        step("whole left over", gt(p(x) * (r(y) - share * q(y)), 0), sign()),
        step("whole positive", gt(Q(x, y), 0), algebra("coupling", "whole hit", "whole left over")),
        step("product", gt(p(x) * r(y), 0), sign()),
        step(
            "tangent at none",
            le(phi(p(x) * r(y)), -p(x) * r(y) * sp.log(P(x, y)) - p(x) * r(y) + P(x, y)),
            uses(
                "tangent",
                {point: p(x) * r(y), touching: P(x, y)},
                using=("product", "positive"),
            ),
        ),
        step(
            "tangent at all",
            le(phi(Q(x, y)), -Q(x, y) * sp.log(P(x, y)) - Q(x, y) + P(x, y)),
            uses(
                "tangent",
                {point: Q(x, y), touching: P(x, y)},
                using=("whole positive", "positive"),
            ),
        ),
        step(
            "between",
            eq(P(x, y), (1 - part) * p(x) * r(y) + part * Q(x, y)),
            algebra(
                "part of it",
                over("whole share", times=part),
            ),
        ),
        step(
            "cells",
            ge(phi(P(x, y)), (1 - part) * phi(p(x) * r(y)) + part * phi(Q(x, y))),
            algebra(
                over("tangent at none", times=1 - part),
                over("tangent at all", times=part),
                over("between", times=sp.log(P(x, y))),
                "between",
            ),
        ),
        step(
            "independent",
            eq(total(phi(p(x) * r(y)), x, y), SPREAD),
            algebra(
                over("output", x, times=phi(p(x))),
                over("source", y, times=phi(r(y))),
            ),
        ),
        step("gain", GAIN, algebra(over("cells", x, y), over("independent", times=1 - part))),
        step(
            "label",
            ge(Total(w(k) * (label - told(k)), k), label - rho * Total(w(k) * spent(k), k)),
            algebra(
                over("label weights", times=label),
                over("label rate", k, times=w(k)),
            ),
        ),
    ),
    witness=Witness(
        draw=_draw,
        count=2000,
        loose={
            "entropy": "mappings on four letters with small rational masses have no entropy close to 0",
        },
    ),
)
