"""How many mappings an optimum needs, for every member of the family of problems."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq, fmpq_mat

from .edge import LEAST, D, E, J, K, M, N, P, Q, c, gain, of_limit, r, t, u
from .edge_instances import draw_cells, draw_law
from .lemma import Lemma, Step, Witness, step
from .mappings import IMAGE, LAW, e, p, pmf, q
from .textbook import A, B, i, k, on, w
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Formula,
    Or,
    Total,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    size,
    substitute,
    total,
)
from .tools.resorting import resorted
from .tools.rules import algebra, block, instance, sign, uses
from .vertex_optimum import FEWEST

__all__ = ["COLUMN_STEPS", "LEMMA", "MEANING", "SETTING", "count", "draw_mappings", "fewest"]

x, y, s, g = index("x", "X"), index("y", "Y"), index("s", "S"), index("g", "L")
a, limit, channel, C = family("a beta v C")
USED = Total(on(k), k)

#: weights u that use no other mappings and satisfy what w has to satisfy
FEASIBLE: tuple[Formula, ...] = (
    ForAll((k,), (), ge(u(k), 0)),
    ForAll((k,), (), implies(le(w(k), 0), le(u(k), 0))),
    ForAll((i,), (), le(Total(a(i, k) * u(k), k), limit(i))),
    ForAll((x, y), (), eq(Q(x, y), total(u(k) * p(x) * e(k, x, y), k))),
    ForAll((y,), (), eq(t(y), Total(Q(x, y), x))),
)
NO_WORSE = ge(gain(Q, t), gain(P, r))
WITHOUT_THE_SEED: tuple[Formula, ...] = (
    ForAll((g, s, y), (), eq(K(g, s, y), Total(u(k) * N(g, k, s, y), k))),
    ForAll((g, y), (), eq(E(g, y), Total(K(g, s, y), s))),
    ForAll((g,), (), le(-gain(of_limit(K), of_limit(E), s), C(g))),
)
ALL_KEPT = ForAll((k,), (), implies(gt(w(k), 0), gt(u(k), 0)))

SETTING: dict[str, Formula] = {
    "source": And((gt(p(x), 0), eq(Total(p(x), x), 1))),
    **IMAGE,
    **LAW,
    "channels": ge(channel(g, s, x), 0),
    "weights": ge(w(k), 0),
    "limits": le(Total(a(i, k) * w(k), k), limit(i)),
    "coupling": eq(P(x, y), total(w(k) * p(x) * e(k, x, y), k)),
    "law": eq(r(y), Total(P(x, y), x)),
    "label and image": eq(N(g, k, s, y), Total(p(x) * e(k, x, y) * channel(g, s, x), x)),
    "label": eq(J(g, s, y), Total(w(k) * N(g, k, s, y), k)),
    "label law": eq(D(g, y), Total(J(g, s, y), s)),
    "label limit": le(-gain(of_limit(J), of_limit(D), s), C(g)),
    "used or not": Or((eq(on(k), 0), eq(on(k), 1))),
    "on the support": implies(le(w(k), 0), eq(on(k), 0)),
}
#: columns of the edge lemma: mappings with the rows of their limits
OF_MAPPINGS = {
    A: a,
    M: lambda n, at, b: p(at) * e(n, at, b),
}
BY_SEED, BY_OUTPUT = "with the seed", "without the seed"
_CALLED = ("u", "no new mapping", "rows", "bounds", "cells", "law of u", "no worse")
_LABELS = ("labels of u", "label laws of u", "within")
_POINT = ("columns", "bounded", "weights", "coupling", "law", "used or not", "on the support")


def fewest(law: Formula, limits: bool) -> Formula:
    """No feasible weights on fewer mappings are as good."""
    if limits:
        return ForAll((u, Q, t, K, E), (*FEASIBLE, law, NO_WORSE, *WITHOUT_THE_SEED), ALL_KEPT)
    return ForAll((u, Q, t), (*FEASIBLE, law, NO_WORSE), ALL_KEPT)


def count(name: str, law: Formula, most: Any, bounds: dict[Any, Any], sort: str, same_law: Any) -> Step:
    """The number of mappings by the edge lemma, or by that of vertices where no label is limited by Y alone.

    `bounds` are its rows B over indices of `sort`; `same_law(u, t, at)` are steps that derive the law from
    them, `at` the indices of the fact about cells.
    """
    limits = name == BY_OUTPUT
    wanted = substitute(
        resorted(LEAST if limits else FEWEST, {"O": sort, "V": "Y"}), {**OF_MAPPINGS, **bounds}
    )
    new = wanted.variables
    called = (*_CALLED, *(_LABELS if limits else ()))
    within = step(
        "within the limits",
        le(-gain(of_limit(new[3]), of_limit(new[4]), s), C(g)) if limits else wanted,
        algebra("within", "label limit"),
    )
    derived = ("same law", "same limits", *(("within the limits",) if limits else ()))
    statement = fewest(law, limits)
    return step(
        name,
        implies(statement, le(USED, most)),
        block(
            step(
                "least",
                wanted,
                block(
                    *same_law(new[0], new[2], wanted.given[4].variables),
                    step(
                        "same limits", le(Total(a(i, k) * new[0](k), k), limit(i)), algebra("rows", "limits")
                    ),
                    *((within,) if limits else ()),
                    step(
                        "kept",
                        wanted.then,
                        instance(
                            "fewest",
                            dict(zip(statement.variables, new, strict=True)),
                            using=(*called, *derived),
                        ),
                    ),
                    given="; ".join(called),
                ),
            ),
            step(
                "number",
                le(USED, size("R") + size(sort) + (size("L") if limits else 0)),
                uses(
                    "edge" if limits else "vertex_optimum",
                    {"O": sort, "V": "Y", **OF_MAPPINGS, **bounds},
                    using=(*_POINT, "least", *(("label columns", "label", "label law") if limits else ())),
                ),
            ),
            *((step("at most", le(USED, most), algebra("number", "one row")),) if sort == "Z" else ()),
            given="fewest",
        ),
    )


def _flat(table: list[list[Any]]) -> list[Any]:
    return [one for row in table for one in row]


def draw_mappings(generator: random.Random, place: int, free: bool) -> dict[str, Any]:
    """Different mappings that are independent in the rows, sometimes one more than rows; the same weights
    again, others on fewer mappings, or where there is one more a better point on fewer.
    """
    n, m, labels = generator.randint(1, 3), generator.randint(1, 3), generator.randint(1, 2)
    every = [[number // m**letter % m for letter in range(n)] for number in range(m**n)]
    rows = generator.randint(1, 2)
    if place % 8 == 3:  # as many mappings as the limit on the label allows
        n, m, labels, rows = 3, 2, 2, 1
        every = [[number // 2**letter % 2 for letter in range(3)] for number in range(8)]
    images = generator.sample(every, min(len(every), 4 if place % 8 == 3 else generator.randint(1, 5)))
    number = len(images)
    source = pmf(generator, n)
    if place % 5 == 2:  # a rare letter
        source = [fmpq(1, 90), *(one * fmpq(89, 90) for one in pmf(generator, n - 1))] if n > 1 else source
    channel_table = [pmf(generator, labels, zeros=True) for _ in range(n)]
    costs = [[fmpq(generator.randint(0, 3)) for _ in range(number)] for _ in range(rows)]
    columns = [[[source[at] * int(image[at] == b) for b in range(m)] for at in range(n)] for image in images]
    laws = [draw_law(one) for one in columns]
    kept = [[fmpq(1)] * number] if free else [[law[b] for law in laws] for b in range(m)]
    chosen: list[int] = []
    for one in range(number):
        if fmpq_mat([[row[other] for other in (*chosen, one)] for row in (*costs, *kept)]).rank() > len(
            chosen
        ):
            chosen.append(one)
    if place % 2 == 0 and len(chosen) > 1:
        chosen.pop()
    rest = [one for one in range(number) if one not in chosen]
    more = place % 4 == 3 and bool(rest)
    chosen += rest[: int(more)]
    share = pmf(generator, len(chosen))
    weights = [share[chosen.index(one)] if one in chosen else fmpq(0) for one in range(number)]
    other = list(weights)
    if place % 4 == 1:
        other[generator.choice(chosen)] = fmpq(0)
    if more:
        rows_here = fmpq_mat([[row[one] for one in chosen] for row in (*costs, *kept)])
        other = _draw_better(columns, weights, chosen, rows_here)
    seen = [
        [
            [
                sum((source[at] * int(image[at] == b) * channel_table[at][label] for at in range(n)), fmpq(0))
                for b in range(m)
            ]
            for label in range(labels)
        ]
        for image in images
    ]
    here, there = draw_cells(columns, weights), draw_cells(columns, other)
    label_here, label_there = draw_cells(seen, weights), draw_cells(seen, other)
    most = rows + 1 + (1 if free else m)
    if place % 8 == 3 and not (len(chosen) == most and nats(*_flat(label_there)) > nats(*_flat(label_here))):
        return draw_mappings(generator, place, free)
    slack = fmpq(0) if place % 8 == 3 else generator.choice((fmpq(0), fmpq(1, 3)))
    unknown = nats(*_flat(label_here)) - nats(*draw_law(label_here))
    return {
        "#X": n,
        "#Y": m,
        "#S": labels,
        "#K": number,
        "#R": rows,
        "#L": 1,
        "#Z": 1,
        "p": source,
        "e": [[[int(image[at] == b) for b in range(m)] for at in range(n)] for image in images],
        "q": laws,
        "v": [[[channel_table[at][label] for at in range(n)] for label in range(labels)]],
        "w": weights,
        "u": other,
        "a": costs,
        "beta": [sum((c1 * w1 for c1, w1 in zip(row, weights, strict=True)), slack) for row in costs],
        "C": [unknown + slack],
        "P": here,
        "Q": there,
        "r": draw_law(here),
        "t": draw_law(there),
        "N": [seen],
        "J": [label_here],
        "K": [label_there],
        "D": [draw_law(label_here)],
        "E": [draw_law(label_there)],
        "on": [int(one > 0) for one in weights],
    }


def _draw_better(columns: list[Any], weights: list[Any], chosen: list[int], rows: Any) -> list[Any]:
    """The better end along the direction that keeps the rows: the last column depends on the others."""
    reduced, rank = rows.rref()
    direction = {one: -reduced[at, rank] for at, one in enumerate(chosen[:-1])} | {chosen[-1]: fmpq(1)}
    ends = []
    for way in (1, -1):
        step_size = min(
            -weights[one] / (way * change) for one, change in direction.items() if way * change < 0
        )
        ends.append([one + way * step_size * direction.get(at, fmpq(0)) for at, one in enumerate(weights)])

    def value(end: list[Any]) -> float:
        cells = draw_cells(columns, end)
        known = nats(*draw_law(cells)) - nats(*_flat(cells))
        return float(ball(known).mid())

    return max(ends, key=value)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    return draw_mappings(generator, place, False)


def _same_law(new: Any, law: Any, at: tuple[Any, ...]) -> tuple[Step, ...]:
    """The marginals as rows of the mappings."""
    return (
        step(
            "law of u by mappings",
            eq(law(y), Total(new(k) * q(k, y), k)),
            algebra(
                "law of u", over("cells", at[0], at={at[1]: y}), over("law of the image", k, times=new(k))
            ),
        ),
        step(
            "law by mappings",
            eq(r(y), Total(w(k) * q(k, y), k)),
            algebra("law", over("coupling", x), over("law of the image", k, times=w(k))),
        ),
        step("same law", eq(law(y), r(y)), algebra("law of u by mappings", "law by mappings", "bounds")),
    )


#: facts about the columns that the lemmas used ask for
COLUMN_STEPS = (
    step("columns", ge(p(x) * e(k, x, y), 0), sign()),
    step("label columns", ge(N(g, k, s, y), 0), sign()),
)
FIXED_LAW = ForAll((y,), (), eq(t(y), r(y)))
BY_MARGINALS = {B: lambda b, n: q(n, b), c: lambda b: 1}
MEANING = {
    p: "law of X",
    e: "[f_k(x) = y]",
    q: "law of f_k(X)",
    w: "weights of the mappings",
    a: "rows: rate, labels seen with the seed, linear limits",
    limit: "their limits",
    channel: "law of a label given X, one label for each limit without the seed",
    C: "limit of H(S|Y)",
    P: "coupling",
    r: "law of Y",
    N: "joint law of label and f_k(X)",
    J: "joint law of label and Y",
    D: "law of Y",
    on: "[w > 0]",
    u: "other weights",
    Q: "their coupling",
    t: "their law of Y",
    K: "their laws of label and Y",
    E: "their law of Y",
}

LEMMA = Lemma(
    name="mapping_counts",
    label="Number of mappings, law of Y given",
    idea=(
        "The marginals bound the weights, and every row and every limit without the seed adds one column at "
        "most: it is the edge lemma, or that of vertices, on the columns of the mappings."
    ),
    meaning=MEANING,
    hypotheses=SETTING,
    conclusions={
        BY_SEED: implies(fewest(FIXED_LAW, False), le(USED, size("R") + size("Y"))),
        BY_OUTPUT: implies(fewest(FIXED_LAW, True), le(USED, size("R") + size("Y") + size("L"))),
    },
    steps=(
        *COLUMN_STEPS,
        step(
            "bounded",
            gt(Total(q(k, y), y), 0),
            algebra(over("law of the image", y), over("one image", x, times=p(x)), "source"),
        ),
        count(BY_SEED, FIXED_LAW, size("R") + size("Y"), BY_MARGINALS, "Y", _same_law),
        count(BY_OUTPUT, FIXED_LAW, size("R") + size("Y") + size("L"), BY_MARGINALS, "Y", _same_law),
    ),
    witness=Witness(draw=_draw, count=400),
)
