"""Mixtures of deterministic mappings on alphabets of any size: families, hypotheses, and instances.

Indices: x of source letters, y of output letters, k of mappings.  Families: p the law of X, w the weights,
e_kxy = [f_k(x) = y], q_ky the law of f_k(X), r_y the law of Y, P_xy the coupling.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .tools.language import And, Formula, Or, Total, eq, family, ge, gt, index, total

__all__ = ["IMAGE", "LAW", "MIXTURE", "P", "e", "k", "mixture", "p", "pmf", "q", "r", "w", "x", "y"]

x, x2 = index("x x2", "X")
y, y2 = index("y y2", "Y")
k, k2 = index("k k2", "K")
p, w, e, q, r, P = family("p w e q r P")

#: every letter has exactly one image
IMAGE: dict[str, Formula] = {
    "indicator": Or((eq(e(k, x, y), 0), eq(e(k, x, y), 1))),
    "one image": eq(Total(e(k, x, y), y), 1),
}
#: the law of f_k(X)
LAW: dict[str, Formula] = {"law of the image": eq(q(k, y), Total(p(x) * e(k, x, y), x))}
#: a mixture of mappings, its coupling and its marginal
MIXTURE: dict[str, Formula] = {
    "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
    "weights": And((ge(w(k), 0), eq(Total(w(k), k), 1))),
    **IMAGE,
    **LAW,
    "coupling": eq(P(x, y), total(w(k) * p(x) * e(k, x, y), k)),
    "marginal": eq(r(y), total(w(k) * q(k, y), k)),
}


def pmf(generator: random.Random, size: int, zeros: bool = False) -> list[Any]:
    """A random pmf in rationals, all positive unless zeros are asked for."""
    while True:
        raw = [generator.choice((1, 1, 2, 3, 5, 8, 13, *((0, 0) if zeros else ()))) for _ in range(size)]
        if sum(raw):
            return [fmpq(one, sum(raw)) for one in raw]


def mixture(generator: random.Random, place: int, most: int = 4, mappings: int = 4) -> dict[str, Any]:
    """Random alphabets of 1 to `most` letters and a random mixture, its laws counted letter by letter."""
    n, m = generator.randint(1, most), generator.randint(1, most)
    number = 1 if place % 10 == 0 else generator.randint(1, mappings)
    source, weights = pmf(generator, n), pmf(generator, number, zeros=True)
    images = [[generator.randrange(m) for _ in range(n)] for _ in range(number)]
    laws = [[fmpq(0)] * m for _ in range(number)]
    joint = [[fmpq(0)] * m for _ in range(n)]
    for image, weight, law in zip(images, weights, laws, strict=True):
        for letter, mass in enumerate(source):
            law[image[letter]] = law[image[letter]] + mass
            joint[letter][image[letter]] = joint[letter][image[letter]] + weight * mass
    return {
        "#X": n,
        "#Y": m,
        "#K": number,
        "p": source,
        "w": weights,
        "images": images,
        "e": [[[int(image[letter] == y) for y in range(m)] for letter in range(n)] for image in images],
        "q": laws,
        "P": joint,
        "r": [sum((row[y] for row in joint), fmpq(0)) for y in range(m)],
    }
