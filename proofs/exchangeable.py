"""Exchangeable letters: a mixture with its letters permuted within classes is as good as it was.

X-letters of equal mass and equal label row, and Y-letters of equal mass, may be permuted: the marginals, the
rate, the label seen with the seed or without it, and the information stay.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .exchangeable_order import alike_x, alike_y, draw_classes, relation, sigma, tau, x2, x3, y2, y3
from .general_bounds import LABEL, J, c, j, s
from .lemma import Lemma, Step, Witness, step
from .mappings import IMAGE, LAW, P, e, k, p, pmf, q, r, w, x, y
from .textbook_sets import permutation
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, eq, family, ge, implies, phi, total
from .tools.rules import algebra, block, by_cases, follows, instance, sign, zero_product

__all__ = ["LEMMA"]

f, laws, joints, Q, told = family("f g h Q M")


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Letters in classes with equal masses and label rows; mixtures with a law of Y even in classes."""
    n, m, number, labels = generator.randint(1, 3), generator.randint(1, 3), generator.randint(1, 3), 2
    kinds, others = draw_classes(generator, n), draw_classes(generator, m)
    masses = [fmpq(generator.choice((0, 0, 1, 3) if place % 2 else (1, 2, 3))) for _ in range(2)]
    masses[kinds[0]] += 1
    source = [masses[one] / sum(masses[two] for two in kinds) for one in kinds]
    rows = [pmf(generator, labels, zeros=True) for _ in range(2)]
    channel = [rows[one] for one in kinds]
    images = [[generator.randrange(m) for _ in range(n)] for _ in range(number)]
    weights = pmf(generator, number, zeros=True)
    # every mapping also with its outputs turned round in each class, so that the law of Y is even in it
    turns = []
    for shift in range(
        max(others.count(0), others.count(1), 1) * max(1, min(others.count(0), others.count(1)))
    ):
        turn = list(range(m))
        for kind in (0, 1):
            places = [b for b in range(m) if others[b] == kind]
            for number_of, b in enumerate(places):
                turn[b] = places[(number_of + shift) % len(places)]
        turns.append(turn)
    weights = [one / len(turns) for one in weights for _ in turns]
    images = [[turn[b] for b in image] for image in images for turn in turns]

    def permuted(kinds_: list[int]) -> list[int]:
        taken = list(range(len(kinds_)))
        for kind in (0, 1):
            places = [one for one in taken if kinds_[one] == kind]
            shuffled = places[:]
            generator.shuffle(shuffled)
            for to, of in zip(places, shuffled, strict=True):
                taken[to] = of
        return taken if place % 4 else list(range(len(kinds_)))

    taken_x, taken_y = permuted(kinds), permuted(others)
    back = [taken_y.index(b) for b in range(m)]
    moved = [[back[image[taken_x[a]]] for a in range(n)] for image in images]

    def laws_of(maps: list[list[int]]) -> tuple[Any, ...]:
        law = [[sum((source[a] for a in range(n) if f_[a] == b), fmpq(0)) for b in range(m)] for f_ in maps]
        joint = [
            [
                [sum((source[a] * channel[a][t] for a in range(n) if f_[a] == b), fmpq(0)) for b in range(m)]
                for t in range(labels)
            ]
            for f_ in maps
        ]
        cells = [
            [
                source[a] * sum((u for u, f_ in zip(weights, maps, strict=True) if f_[a] == b), fmpq(0))
                for b in range(m)
            ]
            for a in range(n)
        ]
        seen = [
            [sum(u * one[t][b] for u, one in zip(weights, joint, strict=True)) for b in range(m)]
            for t in range(labels)
        ]
        return (
            [[[int(f_[a] == b) for b in range(m)] for a in range(n)] for f_ in maps],
            law,
            joint,
            cells,
            seen,
        )

    before, after = laws_of(images), laws_of(moved)
    return {
        "#X": n,
        "#Y": m,
        "#K": len(images),
        "#S": labels,
        "p": source,
        "w": weights,
        "c": [[channel[a][t] for a in range(n)] for t in range(labels)],
        "r": [sum(row[b] for row in before[3]) for b in range(m)],
        "E": relation(kinds),
        "F": relation(others),
        "sigma": [[int(one == two) for two in range(n)] for one in taken_x],
        "tau": [[int(one == two) for two in range(m)] for one in taken_y],
        **dict(zip("eqjPJ", before, strict=True)),
        **dict(zip("fghQM", after, strict=True)),
    }


TURNED = total(sigma(x, x2) * tau(y, y2) * e(k, x2, y2), x2, y2)
#: by the indicator of a case: it is 0, or 1 less it is 0
SIGMA_SIDES, TAU_SIDES = ((eq(one, 0), eq(1 - one, 0)) for one in (sigma(x, x2), tau(y, y2)))


def _sides(claim: Any, sides: Any, cover: str, *on: Step) -> tuple[Step, ...]:
    """A claim that is empty on one side, and proved by the steps on the other."""
    name = cover.split()[0]
    off = f"{name} is off"
    return (
        step(
            f"{name} off",
            implies(sides[0], claim),
            block(step("empty", claim, algebra(put=(off,))), given=off),
        ),
        step(f"{name} on", implies(sides[1], claim), block(*on, given=f"{name} is on")),
        step(f"{name} off or on", claim, by_cases(f"{name} off", f"{name} on", cover=cover)),
    )


def _entropies(name: str, new: Any, old: Any, rows: Any) -> tuple[Step, ...]:
    """Phi of permuted numbers is permuted phi: where the permutation has its 1 they are equal."""
    at = old(y2)
    claim = eq(tau(y, y2) * phi(new), tau(y, y2) * phi(at))
    return (
        step(
            f"{name} picked",
            eq(tau(y, y2) * new, tau(y, y2) * at),
            algebra(over(name, times=tau(y, y2)), over("tau products", y3, times=old(y3))),
        ),
        step(
            f"{name} phi picked",
            ForAll((*rows, y, y2), (), claim),
            block(
                *_sides(
                    claim,
                    TAU_SIDES,
                    "tau 0 or 1",
                    step(
                        "equal",
                        eq(new, at),
                        algebra(f"{name} picked", over("tau is on", times=new), over("tau is on", times=at)),
                    ),
                    step("same", claim, algebra(put=("equal",))),
                )
            ),
        ),
        step(
            f"{name} phi",
            eq(phi(new), Total(tau(y, y2) * phi(at), y2)),
            algebra(over(f"{name} phi picked", y2), over("tau rows", times=phi(new))),
        ),
    )


CELL = eq(sigma(x, x2) * tau(y, y2) * phi(Q(x, y)), sigma(x, x2) * tau(y, y2) * phi(P(x2, y2)))
_CELLS = (
    step(
        "cells",
        eq(Q(x, y), total(sigma(x, x2) * tau(y, y2) * P(x2, y2), x2, y2)),
        algebra(
            "permuted coupling",
            over("permuted images", k, times=w(k) * p(x)),
            over("masses", x2, y2, k, times=tau(y, y2) * e(k, x2, y2) * w(k)),
            over("coupling", x2, y2, at={x: x2, y: y2}, times=sigma(x, x2) * tau(y, y2)),
        ),
    ),
    step(
        "cells picked",
        eq(sigma(x, x2) * tau(y, y2) * Q(x, y), sigma(x, x2) * tau(y, y2) * P(x2, y2)),
        algebra(
            over("cells", times=sigma(x, x2) * tau(y, y2)),
            over("sigma products", x3, y3, times=tau(y, y2) * tau(y, y3) * P(x3, y3)),
            over("tau products", y3, times=sigma(x, x2) * P(x2, y3)),
        ),
    ),
    step(
        "cells phi picked",
        ForAll((x, x2, y, y2), (), CELL),
        block(
            *_sides(
                CELL,
                SIGMA_SIDES,
                "sigma 0 or 1",
                *_sides(
                    CELL,
                    TAU_SIDES,
                    "tau 0 or 1",
                    step(
                        "equal",
                        eq(Q(x, y), P(x2, y2)),
                        algebra(
                            "cells picked",
                            over("sigma is on", times=tau(y, y2) * Q(x, y)),
                            over("sigma is on", times=tau(y, y2) * P(x2, y2)),
                            over("tau is on", times=Q(x, y)),
                            over("tau is on", times=P(x2, y2)),
                        ),
                    ),
                    step("same", CELL, algebra(put=("equal",))),
                ),
            )
        ),
    ),
)
MASSES = And(
    (eq(sigma(x, x2) * (p(x) - p(x2)), 0), eq(sigma(x, x2) * (p(x) * c(s, x) - p(x2) * c(s, x2)), 0))
)
OUT = eq(tau(y, y2) * (r(y) - r(y2)), 0)
HIT = eq(e(k, x, y) * (1 - e(k, x, y)), 0)


def _alike(
    name: str, claim: Any, free: Any, related: Any, matrix: Any, within: str, cover: str, *on: Step
) -> Step:
    """A claim times the permutation: it sends no letter out of its class."""
    return step(
        name,
        ForAll(free, (), claim),
        block(
            step(
                "unlike",
                implies(eq(related, 0), claim),
                block(
                    step("none", eq(matrix, 0), algebra(within, over("is unlike", times=matrix))),
                    step("empty", claim, algebra(put=("none",))),
                    given="is unlike",
                ),
            ),
            step("like", implies(eq(related, 1), claim), block(*on, given="is like")),
            step("any", claim, by_cases("unlike", "like", cover=cover)),
        ),
    )


LEMMA = Lemma(
    name="exchangeable",
    label="Exchangeable letters",
    idea=(
        "Permuted letters have permuted laws, for masses and label rows are equal within a class. A sum of "
        "phi over all letters does not see the permutation."
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
        alike_x: "[letters of X are exchangeable]",
        alike_y: "[letters of Y are exchangeable]",
        sigma: "[the place x takes letter x']",
        tau: "[the place y takes letter y']",
        f: "e with its letters permuted",
        laws: "q of that",
        joints: "j of that",
        Q: "P of that",
        told: "J of that",
    },
    hypotheses={
        "source": ge(p(x), 0),
        "weights": ge(w(k), 0),
        **IMAGE,
        **LAW,
        "coupling": eq(P(x, y), total(w(k) * p(x) * e(k, x, y), k)),
        "marginal": eq(r(y), total(w(k) * q(k, y), k)),
        "channel": ge(c(s, x), 0),
        "label and image": LABEL["label and image"],
        "label and output": LABEL["label and output"],
        "alike or not in X": Or((eq(alike_x(x, x2), 0), eq(alike_x(x, x2), 1))),
        "alike or not in Y": Or((eq(alike_y(y, y2), 0), eq(alike_y(y, y2), 1))),
        "masses in X": implies(eq(alike_x(x, x2), 1), eq(p(x), p(x2))),
        "label rows in X": implies(eq(alike_x(x, x2), 1), eq(c(s, x), c(s, x2))),
        "masses in Y": implies(eq(alike_y(y, y2), 1), eq(r(y), r(y2))),
        "permutation of X": And(permutation(sigma, x, x2, x3)),
        "permutation of Y": And(permutation(tau, y, y2, y3)),
        "sigma within": eq(sigma(x, x2) * (1 - alike_x(x, x2)), 0),
        "tau within": eq(tau(y, y2) * (1 - alike_y(y, y2)), 0),
        "permuted images": eq(f(k, x, y), TURNED),
        "permuted laws": eq(laws(k, y), Total(p(x) * f(k, x, y), x)),
        "permuted joint laws": eq(joints(k, s, y), Total(p(x) * f(k, x, y) * c(s, x), x)),
        "permuted coupling": eq(Q(x, y), Total(w(k) * p(x) * f(k, x, y), k)),
        "permuted label and output": eq(told(s, y), Total(w(k) * joints(k, s, y), k)),
    },
    conclusions={
        "mappings": And((eq(f(k, x, y) * (1 - f(k, x, y)), 0), eq(Total(f(k, x, y), y), 1))),
        "marginal": eq(Total(w(k) * laws(k, y), k), r(y)),
        "rate": eq(Total(phi(laws(k, y)), y), Total(phi(q(k, y)), y)),
        "label seen with the seed": eq(total(phi(joints(k, s, y)), s, y), total(phi(j(k, s, y)), s, y)),
        "label without the seed": eq(total(phi(told(s, y)), s, y), total(phi(J(s, y)), s, y)),
        "coupling": eq(Q(x, y), total(sigma(x, x2) * tau(y, y2) * P(x2, y2), x2, y2)),
        "information": eq(total(phi(Q(x, y)), x, y), total(phi(P(x, y)), x, y)),
    },
    steps=(
        *(
            one
            for name, matrix, first, second, third, fact in (
                ("sigma", sigma, x, x2, x3, "permutation of X"),
                ("tau", tau, y, y2, y3, "permutation of Y"),
            )
            for one in (
                step(f"{name} products", permutation(matrix, first, second, third)[0].then, follows(fact)),
                step(f"{name} rows", permutation(matrix, first, second, third)[1].then, follows(fact)),
                step(f"{name} columns", permutation(matrix, first, second, third)[2].then, follows(fact)),
                step(
                    f"{name} squares",
                    eq(matrix(first, second) * (1 - matrix(first, second)), 0),
                    algebra(over(f"{name} products", at={third: second})),
                ),
                step(
                    f"{name} 0 or 1",
                    Or((eq(matrix(first, second), 0), eq(1 - matrix(first, second), 0))),
                    zero_product(f"{name} squares"),
                ),
            )
        ),
        _alike(
            "masses",
            MASSES,
            (s, x, x2),
            alike_x(x, x2),
            sigma(x, x2),
            "sigma within",
            "alike or not in X",
            step("mass", eq(p(x), p(x2)), instance("masses in X", {}, using=("is like",))),
            step("row", eq(c(s, x), c(s, x2)), instance("label rows in X", {}, using=("is like",))),
            step("equal", MASSES, algebra(put=("mass", "row"))),
        ),
        _alike(
            "outputs",
            OUT,
            (y, y2),
            alike_y(y, y2),
            tau(y, y2),
            "tau within",
            "alike or not in Y",
            step("mass", eq(r(y), r(y2)), instance("masses in Y", {}, using=("is like",))),
            step("equal", OUT, algebra(put=("mass",))),
        ),
        step(
            "hits",
            ForAll((k, x, y), (), HIT),
            block(
                *_sides(
                    HIT,
                    (eq(e(k, x, y), 0), eq(e(k, x, y), 1)),
                    "indicator",
                    step("one", HIT, algebra(put=("indicator is on",))),
                )
            ),
        ),
        step(
            "images picked",
            eq(sigma(x, x2) * tau(y, y2) * f(k, x, y), sigma(x, x2) * tau(y, y2) * e(k, x2, y2)),
            algebra(
                over("permuted images", times=sigma(x, x2) * tau(y, y2)),
                over("sigma products", x3, y3, times=tau(y, y2) * tau(y, y3) * e(k, x3, y3)),
                over("tau products", y3, times=sigma(x, x2) * e(k, x2, y3)),
            ),
        ),
        step(
            "0 or 1",
            eq(f(k, x, y) * (1 - f(k, x, y)), 0),
            algebra(
                "permuted images",
                over("permuted images", times=f(k, x, y)),
                over("images picked", x2, y2, times=e(k, x2, y2)),
                over("hits", x2, y2, at={x: x2, y: y2}, times=sigma(x, x2) * tau(y, y2)),
            ),
        ),
        step(
            "one",
            eq(Total(f(k, x, y), y), 1),
            algebra(
                over("permuted images", y),
                over("tau columns", x2, y2, times=sigma(x, x2) * e(k, x2, y2)),
                over("one image", x2, at={x: x2}, times=sigma(x, x2)),
                "sigma rows",
            ),
        ),
        step(
            "laws",
            eq(laws(k, y), Total(tau(y, y2) * q(k, y2), y2)),
            algebra(
                "permuted laws",
                over("permuted images", x, times=p(x)),
                over("masses", x, x2, y2, times=tau(y, y2) * e(k, x2, y2)),
                over("sigma columns", x2, y2, times=p(x2) * tau(y, y2) * e(k, x2, y2)),
                over("law of the image", y2, at={y: y2}, times=tau(y, y2)),
            ),
        ),
        step(
            "joint laws",
            eq(joints(k, s, y), Total(tau(y, y2) * j(k, s, y2), y2)),
            algebra(
                "permuted joint laws",
                over("permuted images", x, times=p(x) * c(s, x)),
                over("masses", x, x2, y2, times=tau(y, y2) * e(k, x2, y2)),
                over("sigma columns", x2, y2, times=p(x2) * c(s, x2) * tau(y, y2) * e(k, x2, y2)),
                over("label and image", y2, at={y: y2}, times=tau(y, y2)),
            ),
        ),
        step(
            "label laws",
            eq(told(s, y), Total(tau(y, y2) * J(s, y2), y2)),
            algebra(
                "permuted label and output",
                over("joint laws", k, times=w(k)),
                over("label and output", y2, at={y: y2}, times=tau(y, y2)),
            ),
        ),
        step(
            "even law",
            eq(Total(w(k) * laws(k, y), k), r(y)),
            algebra(
                over("laws", k, times=w(k)),
                over("marginal", y2, at={y: y2}, times=tau(y, y2)),
                over("outputs", y2),
                over("tau rows", times=r(y)),
            ),
        ),
        step("square of sigma", ge(sigma(x, x2) ** 2, 0), sign()),
        step("sigma not negative", ge(sigma(x, x2), 0), algebra("square of sigma", "sigma squares")),
        step("square of tau", ge(tau(y, y2) ** 2, 0), sign()),
        step("tau not negative", ge(tau(y, y2), 0), algebra("square of tau", "tau squares")),
        step("images not negative", ge(f(k, x, y), 0), sign()),
        *_entropies("laws", laws(k, y), lambda one: q(k, one), (k,)),
        step(
            "rate",
            eq(Total(phi(laws(k, y)), y), Total(phi(q(k, y)), y)),
            algebra(over("laws phi", y), over("tau columns", y2, times=phi(q(k, y2)))),
        ),
        *_entropies("joint laws", joints(k, s, y), lambda one: j(k, s, one), (k, s)),
        step(
            "label",
            eq(total(phi(joints(k, s, y)), s, y), total(phi(j(k, s, y)), s, y)),
            algebra(over("joint laws phi", s, y), over("tau columns", s, y2, times=phi(j(k, s, y2)))),
        ),
        *_entropies("label laws", told(s, y), lambda one: J(s, one), (s,)),
        step(
            "label alone",
            eq(total(phi(told(s, y)), s, y), total(phi(J(s, y)), s, y)),
            algebra(over("label laws phi", s, y), over("tau columns", s, y2, times=phi(J(s, y2)))),
        ),
        *_CELLS,
        step(
            "cells phi",
            eq(phi(Q(x, y)), total(sigma(x, x2) * tau(y, y2) * phi(P(x2, y2)), x2, y2)),
            algebra(
                over("cells phi picked", x2, y2),
                over("tau rows", x2, times=sigma(x, x2) * phi(Q(x, y))),
                over("sigma rows", times=phi(Q(x, y))),
            ),
        ),
        step(
            "information",
            eq(total(phi(Q(x, y)), x, y), total(phi(P(x, y)), x, y)),
            algebra(
                over("cells phi", x, y),
                over("sigma columns", x2, y2, y, times=tau(y, y2) * phi(P(x2, y2))),
                over("tau columns", x2, y2, times=phi(P(x2, y2))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=150),
)
