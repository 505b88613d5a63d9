"""Bounds that always hold, for alphabets of any size."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .log_sum import A as whole_a
from .log_sum import B as whole_b
from .log_sum import a as first
from .log_sum import b as second
from .log_sum import w as weight
from .mappings import MIXTURE, P, e, k, mixture, p, pmf, q, r, w, x, y
from .phi_order import CLAIM as ORDER
from .tangent import s as above
from .tangent import t as point
from .tools.evaluate import nats, number
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Total,
    eq,
    family,
    free_indices,
    ge,
    gt,
    implies,
    index,
    le,
    ln0,
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import algebra, block, by_cases, part_of_sum, sign, uses

__all__ = ["LABEL", "LEMMA", "information", "seed_entropy"]

s = index("s", "S")
c, j, J = family("c j J")
R = real("R")

H_X, H_Y, H_XY = Total(phi(p(x)), x), Total(phi(r(y)), y), total(phi(P(x, y)), x, y)
#: I(X;Y)
information = H_X + H_Y - H_XY
rate = total(w(k) * phi(q(k, y)), k, y)
#: the label's law given X, its joint laws with f_k(X) and with Y
LABEL = {
    "channel": And((ge(c(s, x), 0), eq(Total(c(s, x), s), 1))),
    "label and image": eq(j(k, s, y), Total(p(x) * e(k, x, y) * c(s, x), x)),
    "label and output": eq(J(s, y), Total(w(k) * j(k, s, y), k)),
}
seed_entropy = total(w(k) * phi(j(k, s, y)), k, s, y) - rate


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures in which every output letter is met, a random channel to a label, a rate at or above the
    mixture's.
    """
    values = mixture(generator, place)
    if 0 in values["r"]:
        return _draw(generator, place + 1)
    n, m, number_of = values["#X"], values["#Y"], values["#K"]
    labels = generator.randint(1, 3)
    sharp = generator.random() < 0.3
    channel = [pmf(generator, labels, zeros=True) for _ in range(n)]
    if sharp:
        channel = [[int(label == letter % labels) for label in range(labels)] for letter in range(n)]
    by_image = [
        [
            [
                sum(
                    (values["p"][a] * channel[a][label] for a in range(n) if image[a] == b),
                    0 * values["p"][0],
                )
                for b in range(m)
            ]
            for label in range(labels)
        ]
        for image in values["images"]
    ]
    joint = [
        [sum(values["w"][f] * by_image[f][label][b] for f in range(number_of)) for b in range(m)]
        for label in range(labels)
    ]
    spent = sum(number(values["w"][f]) * nats(*values["q"][f]) for f in range(number_of))
    return values | {
        "#S": labels,
        "c": [[channel[a][label] for a in range(n)] for label in range(labels)],
        "j": by_image,
        "J": joint,
        "R": spent + generator.choice((0, number(values["p"][0]))),
    }


TERM_R = Total(w(k) * (phi(p(x) * e(k, x, y)) + p(x) * e(k, x, y) * ln0(q(k, y))), k)
TERM_X = Total(p(x) * (phi(e(k, x, y) * c(s, x)) + e(k, x, y) * c(s, x) * ln0(e(k, x, y))), x)
TERM_Y = Total(w(k) * (phi(j(k, s, y)) + j(k, s, y) * ln0(q(k, y))), k)


def _either(name: str, claim: Any) -> Any:
    """An equation that holds for e = 0 and for e = 1."""
    return step(
        name,
        ForAll(tuple(sorted(free_indices(claim), key=str)), (), claim),
        block(
            step(
                f"{name}, miss",
                implies(eq(e(k, x, y), 0), claim),
                block(
                    step(f"{name} at 0", claim, algebra(put=(f"{name} miss",))),
                    given=f"{name} miss",
                ),
            ),
            step(
                f"{name}, hit",
                implies(eq(e(k, x, y), 1), claim),
                block(
                    step(f"{name} at 1", claim, algebra(put=(f"{name} hit",))),
                    given=f"{name} hit",
                ),
            ),
            step(f"{name}, either", claim, by_cases(f"{name}, miss", f"{name}, hit", cover="indicator")),
        ),
    )


LEMMA = Lemma(
    name="general_bounds",
    label="Bounds that always hold",
    idea=(
        "A cell is at most its row and its column, so the joint entropy is at least each "
        "marginal one. The rest is "
        "the log-sum inequality over mappings (rate, label seen without the seed) and over letters (label)."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        c: "law of the label given X",
        j: "joint law of label and f_k(X)",
        J: "joint law of label and Y",
        R: "rate limit",
    },
    hypotheses={**MIXTURE, "output": gt(r(y), 0), "rate": le(rate, R), **LABEL},
    conclusions={
        "row sums": eq(Total(P(x, y), y), p(x)),
        "column sums": eq(Total(P(x, y), x), r(y)),
        "by the source": le(information, H_X),
        "by the output": le(information, H_Y),
        "by the rate": le(information, R),
        "label data processing": le(total(p(x) * phi(c(s, x)), x, s), seed_entropy),
        "label without the seed": le(seed_entropy, total(phi(J(s, y)), s, y) - H_Y),
    },
    steps=(
        step(
            "rows",
            eq(Total(P(x, y), y), p(x)),
            algebra(
                over("coupling", y),
                over("one image", k, times=w(k) * p(x)),
                over("weights", times=p(x)),
            ),
        ),
        step(
            "columns",
            eq(Total(P(x, y), x), r(y)),
            algebra(
                over("coupling", x),
                over("law of the image", k, times=w(k)),
                "marginal",
            ),
        ),
        step("cells", ge(P(x, y), 0), sign()),
        step("in its row", le(P(x, y), Total(P(x, y), y)), part_of_sum("cells")),
        step("in its column", le(P(x, y), Total(P(x, y), x)), part_of_sum("cells")),
        step("below p", le(P(x, y), p(x)), algebra("in its row", "rows")),
        step("below r", le(P(x, y), r(y)), algebra("in its column", "columns")),
        step(
            "against p",
            substitute(ORDER, {point: P(x, y), above: p(x)}),
            uses(
                "phi_order",
                {point: P(x, y), above: p(x)},
                using=("cells", "below p", "source"),
            ),
        ),
        step(
            "against r",
            substitute(ORDER, {point: P(x, y), above: r(y)}),
            uses(
                "phi_order",
                {point: P(x, y), above: r(y)},
                using=("cells", "below r", "output"),
            ),
        ),
        step(
            "source bound",
            le(information, H_X),
            algebra(
                over("against r", x, y),
                over("columns", y, times=sp.log(r(y))),
            ),
        ),
        step(
            "output bound",
            le(information, H_Y),
            algebra(
                over("against p", x, y),
                over("rows", x, times=sp.log(p(x))),
            ),
        ),
        step("hits", ge(p(x) * e(k, x, y), 0), sign()),
        step("hit in its image", le(p(x) * e(k, x, y), Total(p(x) * e(k, x, y), x)), part_of_sum("hits")),
        step("hit below q", le(p(x) * e(k, x, y), q(k, y)), algebra("hit in its image", "law of the image")),
        step("laws", ge(q(k, y), 0), sign()),
        step(
            "mixing",
            le(TERM_R, phi(P(x, y)) + P(x, y) * ln0(r(y))),
            uses(
                "log_sum",
                {
                    "I": "K",
                    weight: w,
                    second: lambda i: p(x) * e(i, x, y),
                    first: lambda i: q(i, y),
                    whole_a: r(y),
                    whole_b: P(x, y),
                },
                using=("weights", "hits", "laws", "hit below q", "marginal", "coupling"),
            ),
        ),
        _either("hit entropy", eq(phi(p(x) * e(k, x, y)), e(k, x, y) * phi(p(x)))),
        step(
            "by the rate",
            le(information, R),
            algebra(
                over("mixing", x, y),
                over("hit entropy", k, x, y, times=w(k)),
                over("one image", k, x, times=w(k) * phi(p(x))),
                over("weights", x, times=phi(p(x))),
                over("law of the image", k, y, times=w(k) * ln0(q(k, y))),
                over("columns", y, times=ln0(r(y))),
                "rate",
            ),
        ),
        step("shares", ge(e(k, x, y) * c(s, x), 0), sign()),
        step(
            "fits",
            implies(le(e(k, x, y), 0), le(e(k, x, y) * c(s, x), 0)),
            block(
                step("product", le(e(k, x, y) * c(s, x), 0), algebra("given 1", "channel", degree=2)),
            ),
        ),
        step("hit or miss", ge(e(k, x, y), 0), sign()),
        step(
            "letters",
            le(TERM_X, phi(j(k, s, y)) + j(k, s, y) * ln0(q(k, y))),
            uses(
                "log_sum",
                {
                    "I": "X",
                    weight: p,
                    second: lambda i: e(k, i, y) * c(s, i),
                    first: lambda i: e(k, i, y),
                    whole_a: q(k, y),
                    whole_b: j(k, s, y),
                },
                using=("source", "shares", "hit or miss", "fits", "law of the image", "label and image"),
            ),
        ),
        _either(
            "label entropy",
            eq(
                phi(e(k, x, y) * c(s, x)) + e(k, x, y) * c(s, x) * ln0(e(k, x, y)),
                e(k, x, y) * phi(c(s, x)),
            ),
        ),
        step(
            "labels add up",
            eq(Total(j(k, s, y), s), q(k, y)),
            algebra(
                over("label and image", s),
                over("channel", x, times=p(x) * e(k, x, y)),
                "law of the image",
            ),
        ),
        step(
            "data processing",
            le(total(p(x) * phi(c(s, x)), x, s), seed_entropy),
            algebra(
                over("letters", k, s, y, times=w(k)),
                over("label entropy", k, x, y, s, times=w(k) * p(x)),
                over("one image", k, x, s, times=w(k) * p(x) * phi(c(s, x))),
                over("weights", x, s, times=p(x) * phi(c(s, x))),
                over("labels add up", k, y, times=w(k) * ln0(q(k, y))),
            ),
        ),
        step("joints", ge(j(k, s, y), 0), sign()),
        step("joint in its image", le(j(k, s, y), Total(j(k, s, y), s)), part_of_sum("joints")),
        step("joint below q", le(j(k, s, y), q(k, y)), algebra("joint in its image", "labels add up")),
        step(
            "mappings",
            le(TERM_Y, phi(J(s, y)) + J(s, y) * ln0(r(y))),
            uses(
                "log_sum",
                {
                    "I": "K",
                    weight: w,
                    second: lambda i: j(i, s, y),
                    first: lambda i: q(i, y),
                    whole_a: r(y),
                    whole_b: J(s, y),
                },
                using=("weights", "joints", "laws", "joint below q", "marginal", "label and output"),
            ),
        ),
        step(
            "outputs add up",
            eq(Total(J(s, y), s), r(y)),
            algebra(
                over("label and output", s),
                over("labels add up", k, times=w(k)),
                "marginal",
            ),
        ),
        step(
            "without the seed",
            le(seed_entropy, total(phi(J(s, y)), s, y) - H_Y),
            algebra(
                over("mappings", s, y),
                over("labels add up", k, y, times=w(k) * ln0(q(k, y))),
                over("outputs add up", y, times=ln0(r(y))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
