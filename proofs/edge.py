"""The edge lemma: with reverse convex limits an optimum of least support has few columns all the same.

Weights w >= 0 of columns (mappings), rows of two groups that keep their values, a convex objective, and
limits -H(S|V) >= constant, V being Y for a label seen without the seed: each costs one column more, as a
row does.
"""

from __future__ import annotations

import random
from typing import Any

from .directions import STAYS_OFF, STAYS_OFF_TURNED, one_way
from .edge_instances import draw_optimum
from .information_convex import M as COLUMN
from .information_convex import P as COUPLING
from .information_convex import Q as OTHER_COUPLING
from .information_convex import r as LAW
from .information_convex import t as OTHER_LAW
from .lemma import Lemma, Witness, step
from .textbook import COLUMNS_IN_THREE, RATIO_TEST, A, B, C, epsilon, i, independent, k, k2, o, on, w, z
from .tools.kernel import over
from .tools.language import (
    And,
    Exists,
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
    ln0,
    lt,
    phi,
    size,
    total,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    choose,
    cites,
    contradiction,
    exists,
    instance,
    uses,
    vanishing,
)

__all__ = [
    "AS_GOOD",
    "BOUND",
    "FIRST_ZERO",
    "INDEPENDENT",
    "KEEPS",
    "KEPT",
    "LEAST",
    "LEMMA",
    "D",
    "E",
    "J",
    "K",
    "M",
    "N",
    "P",
    "Q",
    "c",
    "gain",
    "k3",
    "moved",
    "of_limit",
    "r",
    "t",
    "u",
    "x",
    "y",
]

x, y, s, v = index("x", "X"), index("y", "Y"), index("s", "S"), index("v", "V")
g, k3 = index("g", "L"), index("k3", "K")
M, N, P, r, J, D, c, u = family("M N P r J D c u")
Q, t, K, E = family("Q t K E")
Q2, t2, K2, E2 = family("Q2 t2 K2 E2")
BOUND = Total(c(o) * B(o, k), o)


def gain(cell: Any, law: Any, letter: Any = x, output: Any = y) -> Any:
    """-H(letter|output) of cell(letter, output) with the sums law(output)."""
    return Total(phi(law(output)), output) - total(phi(cell(letter, output)), letter, output)


def slope(weights: Any, column: Any, cell: Any, law: Any, letter: Any = x, output: Any = y) -> Any:
    """The tangent of the gain at the cells, in the direction of these weights."""
    difference = ln0(cell(letter, output)) - ln0(law(output))
    return total(weights(k) * column(k, letter, output) * difference, k, letter, output)


def of_limit(column: Any) -> Any:
    """The family of one limit."""
    return lambda *at: column(g, *at)


OBJECTIVE_SLOPE = slope(z, M, P, r)
LIMIT_SLOPE = slope(z, of_limit(N), of_limit(J), of_limit(D), s, v)
#: z keeps the rows, and the limits along their tangents
KEEPS = (
    ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0)),
    ForAll((o,), (), eq(Total(B(o, k) * z(k), k), 0)),
)
LEVEL = ForAll((g,), (), eq(LIMIT_SLOPE, 0))
OFF = ForAll((k,), (), implies(le(w(k), 0), eq(z(k), 0)))
INDEPENDENT = independent(*KEEPS, LEVEL)
#: weights u with their coupling and law: on no other columns, with the same rows, no worse
AS_GOOD: tuple[Formula, ...] = (
    ForAll((k,), (), ge(u(k), 0)),
    ForAll((k,), (), implies(le(w(k), 0), le(u(k), 0))),
    ForAll((i,), (), eq(Total(A(i, k) * u(k), k), Total(A(i, k) * w(k), k))),
    ForAll((o,), (), eq(Total(B(o, k) * u(k), k), Total(B(o, k) * w(k), k))),
    ForAll((x, y), (), eq(Q(x, y), Total(u(k) * M(k, x, y), k))),
    ForAll((y,), (), eq(t(y), Total(Q(x, y), x))),
    ge(gain(Q, t), gain(P, r)),
)
#: the same of the limits
WITHIN: tuple[Formula, ...] = (
    ForAll((g, s, v), (), eq(K(g, s, v), Total(u(k) * N(g, k, s, v), k))),
    ForAll((g, v), (), eq(E(g, v), Total(K(g, s, v), s))),
    ForAll((g,), (), ge(gain(of_limit(K), of_limit(E), s, v), gain(of_limit(J), of_limit(D), s, v))),
)
KEPT = ForAll((k,), (), implies(gt(w(k), 0), gt(u(k), 0)))
LEAST = ForAll((u, Q, t, K, E), (*AS_GOOD, *WITHIN), KEPT)


def moved(n: Any) -> Any:
    """The weights a step along z."""
    return w(n) + epsilon * z(n)


def _there(column: Any) -> Any:
    """The cells of the weights a step along z."""
    return lambda *at: Total(moved(k) * column(k, *at), k)


FIRST_ZERO = Exists(
    (epsilon, k2),
    And((gt(epsilon, 0), ForAll((k,), (), ge(moved(k), 0)), gt(w(k2), 0), eq(moved(k2), 0))),
)
THERE = Exists(
    (Q2, t2, K2, E2),
    And(
        (
            ForAll((x, y), (), eq(Q2(x, y), Total(moved(k) * M(k, x, y), k))),
            ForAll((y,), (), eq(t2(y), Total(Q2(x, y), x))),
            ForAll((g, s, v), (), eq(K2(g, s, v), Total(moved(k) * N(g, k, s, v), k))),
            ForAll((g, v), (), eq(E2(g, v), Total(K2(g, s, v), s))),
        )
    ),
)


def _tangent(
    other: Any, law: Any, column: Any, here: Any, here_law: Any, letter: Any, output: Any
) -> Formula:
    return And(
        (
            ge(gain(other, law, letter, output), slope(moved, column, here, here_law, letter, output)),
            eq(gain(here, here_law, letter, output), slope(w, column, here, here_law, letter, output)),
        )
    )


#: the move to the first zero: no worse, within the limits, on fewer columns
ARRIVED = choose(
    "there",
    step(
        "no new column",
        implies(le(w(k), 0), le(moved(k), 0)),
        block(
            step("still", eq(z(k), 0), instance("off", {}, using=("empty",))),
            step("none", le(moved(k), 0), algebra("empty", over("still", times=epsilon))),
            given="empty",
        ),
    ),
    step(
        "objective",
        _tangent(Q2, t2, M, P, r, x, y),
        uses(
            "information_convex",
            {
                COLUMN: M,
                COUPLING: P,
                LAW: r,
                OTHER_COUPLING: Q2,
                OTHER_LAW: t2,
                w: w,
                u: moved,
            },
            using=("columns", "weights", "zero", "no new column", "coupling", "law", "new cells"),
        ),
    ),
    step("no worse", ge(gain(Q2, t2), gain(P, r)), algebra("objective", over("rises", times=epsilon))),
    step(
        "limits",
        _tangent(of_limit(K2), of_limit(E2), of_limit(N), of_limit(J), of_limit(D), s, v),
        uses(
            "information_convex",
            {
                "X": "S",
                "Y": "V",
                COLUMN: of_limit(N),
                COUPLING: of_limit(J),
                LAW: of_limit(D),
                OTHER_COUPLING: of_limit(K2),
                OTHER_LAW: of_limit(E2),
                w: w,
                u: moved,
            },
            using=("limit columns", "weights", "zero", "no new column", "label", "label law", "new cells"),
        ),
    ),
    step(
        "within",
        ge(gain(of_limit(K2), of_limit(E2), s, v), gain(of_limit(J), of_limit(D), s, v)),
        algebra("limits", over("level", times=epsilon)),
    ),
    step(
        "same A",
        eq(Total(A(i, k) * moved(k), k), Total(A(i, k) * w(k), k)),
        algebra(over("A", times=epsilon)),
    ),
    step(
        "same B",
        eq(Total(B(o, k) * moved(k), k), Total(B(o, k) * w(k), k)),
        algebra(over("B", times=epsilon)),
    ),
    step(
        "kept",
        ForAll((k,), (), implies(gt(w(k), 0), gt(moved(k), 0))),
        instance(
            "least support",
            {u: moved, Q: Q2, t: t2, K: K2, E: E2},
            using=("zero", "no new column", "same A", "same B", "new cells", "no worse", "within"),
        ),
    ),
    step("positive", gt(moved(k2), 0), instance("kept", {k: k2}, using=("zero",))),
    step("nothing", lt(0, 0), algebra("positive", "zero")),
    called="new cells",
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    return draw_optimum(generator, place, 1)


_UNTURNED = step("none", eq(z(k), 0), algebra("no move down"))
DIRECTIONS = (
    step(
        "no fall",
        ForAll((z,), (*KEEPS, LEVEL, OFF, ge(OBJECTIVE_SLOPE, 0)), ForAll((k,), (), ge(z(k), 0))),
        block(
            step(
                "each",
                ForAll((k3,), (), ge(z(k3), 0)),
                block(
                    step(
                        "it does not fall",
                        ge(z(k3), 0),
                        contradiction(
                            step("falls", Exists((k2,), lt(z(k2), 0)), exists({k2: k3}, "opposite")),
                            step(
                                "first zero", FIRST_ZERO, cites(RATIO_TEST, using=("weights", "off", "falls"))
                            ),
                            step(
                                "nothing",
                                lt(0, 0),
                                choose(
                                    "first zero",
                                    step(
                                        "there",
                                        THERE,
                                        exists(
                                            {
                                                Q2: _there(M),
                                                t2: lambda b: Total(_there(M)(x, b), x),
                                                K2: lambda a, *at: Total(moved(k) * N(a, k, *at), k),
                                                E2: lambda a, b: total(moved(k) * N(a, k, s, b), k, s),
                                            }
                                        ),
                                    ),
                                    step("nothing there", lt(0, 0), ARRIVED),
                                    called="zero",
                                ),
                            ),
                        ),
                    )
                ),
            ),
            given="A; B; level; off; rises",
        ),
    ),
    step(
        "same sign",
        ForAll((z,), (KEEPS[1], ForAll((k,), (), ge(z(k), 0))), ForAll((k,), (), eq(z(k), 0))),
        block(
            step("terms", ge(BOUND * z(k), 0), algebra(over("bounded", times=z(k)))),
            step("sum", eq(Total(BOUND * z(k), k), 0), algebra(over("B", o, times=c(o)))),
            step("each term", eq(BOUND * z(k), 0), vanishing("terms", "sum")),
            step("none", eq(z(k), 0), algebra(over("each term", times=1 / BOUND))),
            given="B; one sign",
        ),
    ),
    step(
        "independent",
        INDEPENDENT,
        block(
            STAYS_OFF,
            STAYS_OFF_TURNED,
            one_way(
                "up",
                ge(OBJECTIVE_SLOPE, 0),
                z,
                given="rises",
                fall=("A", "B", "level", "rises", "off"),
                level="B",
            ),
            one_way(
                "down",
                le(OBJECTIVE_SLOPE, 0),
                lambda n: -z(n),
                _UNTURNED,
                given="falls",
                fall=("A", "B", "level", "falls", "turned off"),
                level="B",
            ),
            step("either way", ForAll((k,), (), eq(z(k), 0)), by_cases("up", "down")),
            given="A; B; level; outside",
        ),
    ),
)

LEMMA = Lemma(
    name="edge",
    label="Edge lemma",
    idea=(
        "Along a direction in the support that keeps the rows and, to first order, the limits, the objective "
        "rises on one side, and convexity keeps the limits. The first weight that reaches 0 would leave an "
        "optimum on fewer columns."
    ),
    meaning={
        w: "weights of the mappings",
        A: "rows: limits and constraints, each kept at its value",
        B: "rows that bound the weights: the marginals, or the sum of weights",
        c: "what shows that they do",
        M: "joint law of X and Y that a mapping brings",
        P: "coupling",
        r: "law of Y",
        N: "joint law of the label of a limit and what sees it that a mapping brings",
        J: "joint law of the label of a limit and what sees it",
        D: "law of what sees it",
        on: "[w > 0]",
        u: "other weights",
        Q: "their coupling",
        t: "their law of Y",
        K: "their laws of label and what sees it",
        E: "their laws of what sees it",
        z: "a direction",
    },
    hypotheses={
        "columns": ge(M(k, x, y), 0),
        "limit columns": ge(N(g, k, s, v), 0),
        "bounded": gt(BOUND, 0),
        "weights": ge(w(k), 0),
        "coupling": eq(P(x, y), Total(w(k) * M(k, x, y), k)),
        "law": eq(r(y), Total(P(x, y), x)),
        "label": eq(J(g, s, v), Total(w(k) * N(g, k, s, v), k)),
        "label law": eq(D(g, v), Total(J(g, s, v), s)),
        "least support": LEAST,
        "indicator": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
    },
    conclusions={
        "no direction": INDEPENDENT,
        "one column more for each limit": le(Total(on(k), k), size("R") + size("O") + size("L")),
    },
    steps=(
        *DIRECTIONS,
        step(
            "number",
            le(Total(on(k), k), size("R") + size("O") + size("L")),
            cites(
                COLUMNS_IN_THREE,
                {C: lambda a, n: total(N(a, n, s, v) * (ln0(J(a, s, v)) - ln0(D(a, v))), s, v)},
                using=("indicator", "independent"),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
