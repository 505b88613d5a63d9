"""Vertices suffice: what no vertex beats, no mixture beats.

The joint entropy is a concave function of the weights, so it is at least the mean of what it is at vertices
that the weights are a mixture of.  With fixed marginals that is a greatest I(X;Y) at a vertex.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .log_sum import A as whole_a
from .log_sum import B as whole_b
from .log_sum import a as first
from .log_sum import b as second
from .log_sum import w as weight
from .mappings import IMAGE, P, e, k, p, pmf, w, x, y
from .textbook_sets import (
    COUNT,
    MIXED,
    PLACES,
    VERTICES,
    A,
    B,
    corner,
    draw_polytope,
    feasible,
    limit,
    right,
    share,
    t,
    vertex,
    z,
)
from .tools.evaluate import nats
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Total, eq, family, ge, le, phi, real, total
from .tools.rules import algebra, block, choose, cites, exists, follows, instance, sign, uses

__all__ = ["LEMMA"]

Q, cells, g = family("Q M g")
least = real("L")
JOINT = total(phi(P(x, y)), x, y)
OF_VERTEX = eq(Q(x, y), Total(p(x) * g(k) * e(k, x, y), k))
AT_VERTICES = ForAll(
    (g, Q),
    (*feasible(g), vertex(g), ForAll((x, y), (), OF_VERTEX)),
    le(least, total(phi(Q(x, y)), x, y)),
)
CELLS = ForAll((t, x, y), (), eq(cells(t, x, y), Total(p(x) * corner(t, k) * e(k, x, y), k)))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A mixture of vertices of a small polytope; the least joint entropy among them, or less."""
    values = draw_polytope(generator, place)
    number, n, m = values["#K"], generator.randint(1, 2), generator.randint(1, 2)
    source = pmf(generator, n, zeros=True)
    images = [generator.choice(list(itertools.product(range(m), repeat=n))) for _ in range(number)]

    def joint(weights: list[Any]) -> list[list[Any]]:
        return [
            [
                source[a] * sum((u for u, f in zip(weights, images, strict=True) if f[a] == b), fmpq(0))
                for b in range(m)
            ]
            for a in range(n)
        ]

    def entropy(weights: list[Any]) -> Any:
        return nats(*(one for row in joint(weights) for one in row))

    lowest = min((entropy(one) for one in values["u"]), key=lambda one: float(one if one == 0 else one.mid()))
    at = generator.choice(values["u"])
    return values | {
        "#X": n,
        "#Y": m,
        "p": source,
        "e": [[[int(f[a] == b) for b in range(m)] for a in range(n)] for f in images],
        "P": joint(values["w"]),
        "g": at,
        "Q": joint(at),
        "L": lowest - generator.choice((0, 0, fmpq(1, 7))),
    }


LEMMA = Lemma(
    name="vertex_maximum",
    label="Vertices suffice",
    idea=("Weights are a mixture of vertices, and so is their coupling. Phi of a mean is at least its mean."),
    meaning={
        p: "law of X",
        e: "[f_k(x) = y]",
        w: "weights that meet the rows",
        P: "their coupling",
        A: "rows that hold with equality",
        right: "their values",
        B: "limits",
        limit: "what they allow",
        g: "a vertex",
        Q: "its coupling",
        least: "at most the joint entropy of every vertex",
    },
    hypotheses={
        "source": ge(p(x), 0),
        "indicator": IMAGE["indicator"],
        "feasible": And(feasible(w)),
        "bounded": ForAll((z,), feasible(z), eq(Total(z(k), k), 1)),
        "places": eq(PLACES, COUNT),
        "coupling": eq(P(x, y), Total(p(x) * w(k) * e(k, x, y), k)),
        "vertices": AT_VERTICES,
    },
    conclusions={"mixtures": le(least, JOINT)},
    steps=(
        step(
            "mixture of vertices",
            Exists((share, corner), MIXED),
            cites(VERTICES, using=("feasible", "bounded", "places")),
        ),
        step(
            "mixtures",
            le(least, JOINT),
            choose(
                "mixture of vertices",
                step(
                    "couplings",
                    Exists((cells,), CELLS),
                    exists({cells: lambda one, a, b: Total(p(a) * corner(one, k) * e(k, a, b), k)}),
                ),
                step(
                    "by the couplings",
                    le(least, JOINT),
                    choose(
                        "couplings",
                        step("parts", ge(corner(t, k), 0), follows("mixed")),
                        step("shares", ge(share(t), 0), follows("mixed")),
                        step("whole", eq(Total(share(t), t), 1), follows("mixed")),
                        step("cells", ge(cells(t, x, y), 0), sign()),
                        step(
                            "limits of each", feasible(lambda one: corner(t, one))[2].then, follows("mixed")
                        ),
                        step("rows of each", feasible(lambda one: corner(t, one))[1].then, follows("mixed")),
                        step("vertex of each", vertex(lambda one: corner(t, one)), follows("mixed")),
                        step(
                            "each",
                            ForAll((t,), (), le(least, total(phi(cells(t, x, y)), x, y))),
                            block(
                                step(
                                    "here",
                                    le(least, total(phi(cells(t, x, y)), x, y)),
                                    instance(
                                        "vertices",
                                        {g: lambda one: corner(t, one), Q: lambda a, b: cells(t, a, b)},
                                        using=(
                                            "parts",
                                            "limits of each",
                                            "rows of each",
                                            "vertex of each",
                                            "their cells",
                                        ),
                                    ),
                                ),
                            ),
                        ),
                        step(
                            "mean",
                            eq(P(x, y), Total(share(t) * cells(t, x, y), t)),
                            algebra(
                                "coupling",
                                over("their cells", t, times=share(t)),
                                over("mixed", k, times=p(x) * e(k, x, y)),
                            ),
                        ),
                        step("one", eq(1, Total(share(t) * 1, t)), algebra("whole")),
                        step("carried", ge(P(x, y), 0), sign()),
                        step(
                            "concave",
                            le(Total(share(t) * phi(cells(t, x, y)), t), phi(P(x, y))),
                            uses(
                                "log_sum",
                                {
                                    "I": "V",
                                    weight: share,
                                    first: lambda one: sp.Integer(1),
                                    second: lambda one: cells(one, x, y),
                                    whole_a: sp.Integer(1),
                                    whole_b: P(x, y),
                                },
                                using=("shares", "cells", "one", "mean"),
                            ),
                        ),
                        step(
                            "sum",
                            le(least, JOINT),
                            algebra(
                                over("each", t, times=share(t)),
                                over("concave", x, y),
                                over("whole", times=least),
                            ),
                        ),
                        called="their cells",
                    ),
                ),
                called="mixed",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
