"""Textbook facts on finite sets and polytopes that proofs cite: sorting, a greatest member, vertices."""

from __future__ import annotations

import itertools
import random
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from .lemma import Statement, Witness
from .mappings import pmf
from .textbook import A, B, i, k, o, w, z
from .tools.language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    implies,
    index,
    le,
    lt,
)

__all__ = [
    "GREATEST",
    "MIXED",
    "SORT",
    "VERTICES",
    "draw_polytope",
    "equivalence",
    "feasible",
    "permutation",
    "sorting",
    "vertex",
]

m, m2, m3, place_of, source = index("m m2 m3 a0 c0", "I")
n, n2, n3, column = index("n n2 n3 b0", "J")
alike, other_alike, key, position, send, value = family("E F c o sigma f")


def equivalence(relation: Any, one: Any, two: Any, three: Any) -> dict[str, Formula]:
    """Members are alike or not, as in an equivalence relation."""
    return {
        "alike or not": Or((eq(relation(one, two), 0), eq(relation(one, two), 1))),
        "equivalence": And(
            (
                eq(relation(one, one), 1),
                eq(relation(one, two), relation(two, one)),
                le(relation(one, two) * relation(two, three), relation(one, three)),
            )
        ),
    }


def permutation(matrix: Any, one: Any, two: Any, three: Any) -> tuple[Any, ...]:
    """A matrix with one 1 in every row and column: where each place takes its member from."""
    return (
        ForAll(
            (one, two, three),
            (),
            eq(matrix(one, two) * matrix(one, three), delta(two, three) * matrix(one, two)),
        ),
        ForAll((one,), (), eq(Total(matrix(one, two), two), 1)),
        ForAll((two,), (), eq(Total(matrix(one, two), one), 1)),
    )


def sorting(
    matrix: Any, relation: Any, keys: Any, order: Any, at: Any, taken: Any, one: Any, two: Any, three: Any
) -> And:
    """A permutation within classes that puts one member at a place and sorts the others by falling keys."""
    return And(
        (
            *permutation(matrix, one, two, three),
            ForAll((one, two), (), eq(matrix(one, two) * (1 - relation(one, two)), 0)),
            eq(matrix(at, taken), 1),
            ForAll(
                (one, two),
                (
                    eq(relation(one, two), 1),
                    lt(order(one), order(two)),
                    eq(delta(one, at), 0),
                    eq(delta(two, at), 0),
                ),
                le(
                    Total(matrix(two, three) * keys(three), three),
                    Total(matrix(one, three) * keys(three), three),
                ),
            ),
        )
    )


def _sorted_classes(generator: random.Random, place: int) -> dict[str, Any]:
    """Up to five members in up to two classes, keys with ties, the permutation that sorts them."""
    count = 1 + place % 5
    kinds = [generator.randint(0, 1) for _ in range(count)]
    keys = [fmpq(generator.randint(-3, 3), 2) for _ in range(count)]
    order = list(range(count))
    generator.shuffle(order)
    fixed = generator.randrange(count)
    taken = generator.choice([one for one in range(count) if kinds[one] == kinds[fixed]])
    table = [[0] * count for _ in range(count)]
    table[fixed][taken] = 1
    for one in set(kinds):
        places = sorted((i for i in range(count) if kinds[i] == one and i != fixed), key=order.__getitem__)
        members = sorted((i for i in range(count) if kinds[i] == one and i != taken), key=lambda i: -keys[i])
        for to, of in zip(places, members, strict=True):
            table[to][of] = 1
    return {
        "#I": count,
        "E": [[int(one == two) for two in kinds] for one in kinds],
        "c": keys,
        "o": order,
        "@a0": fixed,
        "@c0": taken,
        "sigma": table,
    }


def _pairs(generator: random.Random, place: int) -> dict[str, Any]:
    """Tables of up to three rows and columns in classes."""
    rows, columns = 1 + place % 3, generator.randint(1, 3)
    kinds, others = ([generator.randint(0, 1) for _ in range(count)] for count in (rows, columns))
    return {
        "#I": rows,
        "#J": columns,
        "E": [[int(one == two) for two in kinds] for one in kinds],
        "F": [[int(one == two) for two in others] for one in others],
        "f": [[fmpq(generator.randint(-3, 3)) for _ in range(columns)] for _ in range(rows)],
    }


_KNUTH = "Knuth, The Art of Computer Programming, volume 3, 2nd ed., section 5"
SORT = Statement(
    name="sort",
    label="the members of each class can be sorted, one of them put at a given place",
    hypotheses=equivalence(alike, m, m2, m3),
    conclusions={
        "a permutation": implies(
            eq(alike(place_of, source), 1),
            Exists((send,), sorting(send, alike, key, position, place_of, source, m, m2, m3)),
        )
    },
    source=_KNUTH,
    witness=Witness(draw=_sorted_classes, count=600),
)
GREATEST = Statement(
    name="greatest",
    label="finitely many numbers have a greatest one among them",
    hypotheses={
        **equivalence(alike, m, m2, m3),
        **{f"{name} (2)": one for name, one in equivalence(other_alike, n, n2, n3).items()},
    },
    conclusions={
        "a greatest one": Exists(
            (m, n),
            And(
                (
                    eq(alike(place_of, m), 1),
                    eq(other_alike(column, n), 1),
                    ForAll(
                        (m2, n2),
                        (eq(alike(place_of, m2), 1), eq(other_alike(column, n2), 1)),
                        le(value(m2, n2), value(m, n)),
                    ),
                )
            ),
        )
    },
    source="Rudin, Principles of Mathematical Analysis, 3rd ed., chapter 1",
    witness=Witness(draw=_pairs, count=600),
)

direction, t = family("v"), index("t", "V")
right, limit, share, corner = family("b beta lambda u")
PLACES, COUNT = sp.Symbol("size[V]", real=True), sp.Symbol("size[K]", real=True)


def feasible(weights: Any) -> tuple[Formula, ...]:
    """Weights that meet the rows."""
    return (
        ForAll((k,), (), ge(weights(k), 0)),
        ForAll((i,), (), eq(Total(A(i, k) * weights(k), k), right(i))),
        ForAll((o,), (), le(Total(B(o, k) * weights(k), k), limit(o))),
    )


def vertex(weights: Any) -> ForAll:
    """No direction keeps the weights feasible both ways."""
    both = ForAll((k,), (), And((ge(weights(k) + direction(k), 0), ge(weights(k) - direction(k), 0))))
    sides = tuple(le(Total(B(o, k) * (weights(k) + sign * direction(k)), k), limit(o)) for sign in (1, -1))
    rows = ForAll((i,), (), eq(Total(A(i, k) * direction(k), k), 0))
    return ForAll(
        (direction,), (both, rows, ForAll((o,), (), And(sides))), ForAll((k,), (), eq(direction(k), 0))
    )


def draw_polytope(generator: random.Random, place: int) -> dict[str, Any]:
    """A polytope of up to three weights, its vertices from all sets of active rows, a mixture of them."""
    count = 1 + place % 3
    equal = [[fmpq(1)] * count]
    if place % 2 and count > 1:
        equal.append([fmpq(generator.randint(0, 2)) for _ in range(count)])
    inside = pmf(generator, count)
    ends = [sum((a * b for a, b in zip(row, inside, strict=True)), fmpq(0)) for row in equal]
    row = [fmpq(generator.randint(-2, 2)) for _ in range(count)]
    top = sum((a * b for a, b in zip(row, inside, strict=True)), fmpq(0)) + generator.choice((0, fmpq(1, 9)))
    units = [[fmpq(int(one == two)) for two in range(count)] for one in range(count)]
    active = [*((unit, fmpq(0)) for unit in units), (row, top)]
    corners: list[list[Any]] = []
    for chosen in itertools.product((False, True), repeat=len(active)):
        used = [one for one, on_ in zip(active, chosen, strict=True) if on_]
        matrix = [*equal, *(one[0] for one in used)]
        sides = [*ends, *(one[1] for one in used)]
        square = fmpq_mat(matrix)
        if square.rank() < count:
            continue
        normal = square.transpose() * square
        found = normal.solve(square.transpose() * fmpq_mat([[one] for one in sides]))
        point = [found[one, 0] for one in range(count)]
        met = all(
            sum((a * b for a, b in zip(line, point, strict=True)), fmpq(0)) == side
            for line, side in zip(matrix, sides, strict=True)
        )
        below = sum((a * b for a, b in zip(row, point, strict=True)), fmpq(0)) <= top
        if met and below and min(point) >= 0 and point not in corners:
            corners.append(point)
    taken = [generator.choice(corners) for _ in range(count)]
    shares = pmf(generator, count, zeros=True)
    return {
        "#K": count,
        "#R": len(equal),
        "#O": 1,
        "#V": count,
        "A": equal,
        "b": ends,
        "B": [row],
        "beta": [top],
        "w": [sum(a * one[b] for a, one in zip(shares, taken, strict=True)) for b in range(count)],
        "z": inside if place % 2 else pmf(generator, count),
        "v": [fmpq(0)] * count,
        "lambda": shares,
        "u": taken,
    }


#: weights as a mixture of vertices
MIXED = And(
    (
        ForAll((t,), (), ge(share(t), 0)),
        eq(Total(share(t), t), 1),
        ForAll((t,), (), And(feasible(lambda one: corner(t, one)))),
        ForAll((t,), (), vertex(lambda one: corner(t, one))),
        ForAll((k,), (), eq(w(k), Total(share(t) * corner(t, k), t))),
    )
)
VERTICES = Statement(
    name="vertices",
    label="a point of a polytope is a mixture of vertices, of no more than there are coordinates",
    hypotheses={
        "feasible": And(feasible(w)),
        "bounded": ForAll((z,), feasible(z), eq(Total(z(k), k), 1)),
        "places": eq(PLACES, COUNT),
    },
    conclusions={
        "mixture of vertices": Exists(
            (share, corner),
            MIXED,
        )
    },
    source="Schrijver, Theory of Linear and Integer Programming, sections 7.7 and 8.5",
    witness=Witness(draw=draw_polytope, count=600),
)
