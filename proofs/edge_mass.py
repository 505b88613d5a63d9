"""Plain couplings: the mass on an edge of a tree is |d(S)|, d(S) = p(A) - q(B), whatever the branch S is."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .coupling_forest import f, h, x, y
from .lemma import Lemma, Witness, step
from .mappings import pmf
from .textbook import k, k2, w
from .tools.kernel import over
from .tools.language import And, ForAll, Total, delta, eq, family, implies, real
from .tools.rules import algebra, block

__all__ = ["BRANCH", "LEMMA", "SET", "d", "in_a", "in_b", "inside_a", "inside_b", "p", "q"]

p, q, in_a, in_b, inside_a, inside_b = family("p q alpha beta a b")
d = real("d")

#: a set S of letters, where the ends of each cell lie, and its difference
SET = {
    "rows": eq(p(x), Total(w(k) * f(k, x), k)),
    "columns": eq(q(y), Total(w(k) * h(k, y), k)),
    "ends": And(
        (
            eq(inside_a(k), Total(f(k, x) * in_a(x), x)),
            eq(inside_b(k), Total(h(k, y) * in_b(y), y)),
        )
    ),
    "difference": eq(d, Total(p(x) * in_a(x), x) - Total(q(y) * in_b(y), y)),
}
#: every cell but k2 lies inside S, outside S, or carries nothing
BRANCH = ForAll((k,), (), eq(w(k) * (inside_a(k) - inside_b(k)) * (1 - delta(k, k2)), 0))


def draw_tree(generator: random.Random, place: int) -> dict[str, Any]:
    """A random tree on the letters with masses on its edges; the branch on one side of an edge."""
    n, m = generator.randint(1, 4), generator.randint(1, 4)
    nodes = [("x", 0), ("y", 0)]
    edges = [(0, 0)]
    rest = [("x", i) for i in range(1, n)] + [("y", j) for j in range(1, m)]
    generator.shuffle(rest)
    for side, number in rest:
        ends = [one for one in nodes if one[0] != side]
        other = generator.choice(ends)[1]
        edges.append((number, other) if side == "x" else (other, number))
        nodes.append((side, number))
    weights = pmf(generator, len(edges), zeros=True)
    cut = generator.randrange(len(edges))
    reached = {("xy"[place % 2], edges[cut][place % 2])}
    for _ in nodes:
        for at, (i, j) in enumerate(edges):
            if at != cut and (("x", i) in reached or ("y", j) in reached):
                reached |= {("x", i), ("y", j)}
    rows = [sum((one for one, e in zip(weights, edges, strict=True) if e[0] == i), fmpq(0)) for i in range(n)]
    columns = [
        sum((one for one, e in zip(weights, edges, strict=True) if e[1] == j), fmpq(0)) for j in range(m)
    ]
    a, b = [int(("x", i) in reached) for i in range(n)], [int(("y", j) in reached) for j in range(m)]
    return {
        "#X": n,
        "#Y": m,
        "#K": len(edges),
        "f": [[int(i == at) for at in range(n)] for i, _ in edges],
        "h": [[int(j == at) for at in range(m)] for _, j in edges],
        "w": weights,
        "p": rows,
        "q": columns,
        "alpha": a,
        "beta": b,
        "a": [a[i] for i, _ in edges],
        "b": [b[j] for _, j in edges],
        "d": sum((r1 * a1 for r1, a1 in zip(rows, a, strict=True)), fmpq(0))
        - sum((c1 * b1 for c1, b1 in zip(columns, b, strict=True)), fmpq(0)),
        "cut": cut,
    }


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    values = draw_tree(generator, place)
    del values["cut"]
    return values


LEMMA = Lemma(
    name="edge_mass",
    label="The mass on an edge depends on the set alone",
    idea=(
        "All mass of a branch is coupled inside, but for that on its edge. So the edge carries the "
        "difference of the masses of rows and columns, and its end in the branch is on the heavier side."
    ),
    meaning={
        f: "[cell k lies in row x]",
        h: "[cell k lies in column y]",
        w: "mass of a cell",
        p: "law of X",
        q: "law of Y",
        in_a: "[row x is in S]",
        in_b: "[column y is in S]",
        inside_a: "[the row of cell k is in S]",
        inside_b: "[the column of cell k is in S]",
        d: "d(S), mass of the rows of S less that of its columns",
        k2: "the edge that leaves the branch",
    },
    hypotheses=SET,
    conclusions={
        "mass": implies(BRANCH, eq(w(k2) * (inside_a(k2) - inside_b(k2)), d)),
    },
    steps=(
        step(
            "difference by cells",
            eq(Total(w(k) * (inside_a(k) - inside_b(k)), k), d),
            algebra(
                "difference",
                over("ends", k, times=w(k)),
                over("rows", x, times=in_a(x)),
                over("columns", y, times=in_b(y)),
            ),
        ),
        step(
            "mass",
            implies(BRANCH, eq(w(k2) * (inside_a(k2) - inside_b(k2)), d)),
            block(
                step(
                    "on the edge",
                    eq(w(k2) * (inside_a(k2) - inside_b(k2)), d),
                    algebra("difference by cells", over("only edge", k)),
                ),
                given="only edge",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=1500),
)
