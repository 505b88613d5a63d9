"""Textbook facts that proofs cite: statements with their hypotheses, each evaluated in numbers like a
lemma's.

A proof that cites one gives values to its symbols and families, and its hypotheses are then proved.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Statement, Witness
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
    lt,
    ne,
    real,
    size,
)

__all__ = [
    "COLUMNS",
    "COLUMNS_IN_THREE",
    "COLUMNS_IN_TWO",
    "FIRST_MEMBER",
    "FOREST_COLUMNS",
    "FOREST_COLUMNS_AND_MORE",
    "LOG_BOUND",
    "LOG_BOUND_STRICT",
    "LOG_INCREASES",
    "RATIO_TEST",
    "SCALE",
]

u, v = real("u v")


def _points(generator: random.Random, place: int) -> dict[str, Any]:
    """Positive numbers up to 9, close ones, and those next to 1."""
    one = fmpq(generator.randint(1, 900), 100)
    if place % 5 == 1:
        one = 1 + fmpq(generator.choice((-1, 1)), generator.randint(50, 500))
    if place % 7 == 2:
        one = fmpq(1, generator.randint(100, 900))
    if one == 1:
        one = fmpq(1001, 1000)
    return {"u": one, "v": one + fmpq(generator.randint(1, 300), generator.choice((100, 10**6)))}


def _touching(generator: random.Random, place: int) -> dict[str, Any]:
    """The same, with 1 itself."""
    return {"u": fmpq(1)} if place % 10 == 0 else _points(generator, place)


def _scaled(generator: random.Random, place: int) -> dict[str, Any]:
    """Weights with zeros, moves inside their support; the largest step that both ways allow."""
    count, others = 1 + place % 4, 1 + place % 2
    weights = [fmpq(generator.randint(0, 3), generator.choice((2, 200))) for _ in range(count)]
    moves = [fmpq(generator.randint(-3, 3)) if one else fmpq(0) for one in weights]
    slacks = [fmpq(generator.randint(1, 5), generator.choice((2, 200))) for _ in range(others)]
    turns = [fmpq(generator.randint(-3, 3)) for _ in range(others)]
    limits = [a / abs(b) for a, b in zip((*weights, *slacks), (*moves, *turns), strict=True) if b]
    return {
        "#K": count,
        "#O": others,
        "w": weights,
        "z": moves,
        "sigma": slacks,
        "d": turns,
        "epsilon": min(limits, default=fmpq(1, 50)),
    }


def _triangular(generator: random.Random, place: int) -> dict[str, Any]:
    """Unit columns and others; those chosen are independent: at most one unit column each, or one other
    alone.
    """
    rows, extra = 1 + place % 3, generator.randint(0, 2)
    number = rows + extra
    table = [
        [fmpq(int(r == c)) if c < rows else fmpq(generator.randint(-2, 2)) for c in range(number)]
        for r in range(rows)
    ]
    chosen = [int(c < rows and generator.random() < 0.8) for c in range(number)]
    return {"#K": number, "#R": rows, "A": table, "on": chosen, "z": [fmpq(0)] * number}


def _triangular_parts(generator: random.Random, place: int, parts: int) -> dict[str, Any]:
    """The same with the rows in several groups, none of them empty."""
    values = _triangular(generator, place)
    if values["#R"] < parts:
        return _triangular_parts(generator, place + 1, parts)
    rows, sizes = values.pop("A"), [values["#R"] - parts + 1, *[1] * (parts - 1)]
    for (size_name, name), number in zip((("#R", "A"), ("#O", "B"), ("#L", "C")), sizes, strict=False):
        values[size_name], values[name], rows = number, rows[:number], rows[number:]
    return values


def _triangular_two(generator: random.Random, place: int) -> dict[str, Any]:
    return _triangular_parts(generator, place, 2)


def _triangular_three(generator: random.Random, place: int) -> dict[str, Any]:
    return _triangular_parts(generator, place, 3)


def _triangular_forest(generator: random.Random, place: int) -> dict[str, Any]:
    """Random edges between rows and columns, some of those that close no cycle chosen."""
    rows, columns = generator.randint(1, 4), generator.randint(1, 4)
    ends = [(generator.randrange(rows), generator.randrange(columns)) for _ in range(rows * columns + 2)]
    component, chosen = list(range(rows + columns)), []
    for row, column in ends:
        one, other = component[row], component[rows + column]
        chosen.append(int(one != other and (place % 3 == 0 or generator.random() < 0.7)))
        if chosen[-1]:
            component = [one if label == other else label for label in component]
    return {
        "#K": len(ends),
        "#R": rows,
        "#O": columns,
        "A": [[int(row == end[0]) for end in ends] for row in range(rows)],
        "B": [[int(column == end[1]) for end in ends] for column in range(columns)],
        "c": [1] * rows,
        "d": [-1] * columns,
        "on": chosen,
        "z": [fmpq(0)] * len(ends),
    }


def _triangular_forest_and_more(generator: random.Random, place: int) -> dict[str, Any]:
    """The same with one more row, which one more column has an entry in."""
    values = _triangular_forest(generator, place)
    extra = next((at for at, one in enumerate(values["on"]) if not one), None)
    if extra is not None:
        values["on"][extra] = 1
    row = [generator.randint(0, 2) * (1 - one) for one in values["on"]]
    return values | {"#L": 1, "C": [[int(at == extra) or one for at, one in enumerate(row)]]}


def _ratios(generator: random.Random, place: int) -> dict[str, Any]:
    """Weights with zeros, a direction in their support that falls somewhere; the step to the first 0."""
    while True:
        count = 1 + place % 4
        weights = [fmpq(generator.randint(0, 3), generator.choice((2, 200))) for _ in range(count)]
        moves = [
            fmpq(generator.randint(-3, 3), generator.choice((1, 50))) if one else fmpq(0) for one in weights
        ]
        limits = [-a / b for a, b in zip(weights, moves, strict=True) if b < 0]
        if limits:
            return {"#K": count, "w": weights, "z": moves, "epsilon": min(limits)}


def _ranked(generator: random.Random, place: int) -> dict[str, Any]:
    """Members of a set, not empty, with ranks that may be equal."""
    count = 1 + place % 5
    chosen = [generator.randint(0, 1) for _ in range(count)]
    chosen[generator.randrange(count)] = 1
    return {"#K": count, "on": chosen, "rho": [fmpq(generator.randint(0, 3)) for _ in range(count)]}


_RUDIN = "Rudin, Principles of Mathematical Analysis, 3rd ed., chapter 8"

LOG_INCREASES = Statement(
    name="log_increases",
    label="the logarithm increases",
    hypotheses={"positive": gt(u, 0), "order": lt(u, v)},
    conclusions={"order of the logarithms": lt(sp.log(u), sp.log(v))},
    source=_RUDIN,
    witness=Witness(draw=_points, count=1500),
)
LOG_BOUND = Statement(
    name="log_bound",
    label="the logarithm lies below its tangent at 1",
    hypotheses={"positive": gt(u, 0)},
    conclusions={"tangent": le(sp.log(u), u - 1)},
    source=_RUDIN,
    witness=Witness(draw=_touching, count=1500),
)
LOG_BOUND_STRICT = Statement(
    name="log_bound_strict",
    label="the logarithm lies strictly below its tangent at 1 elsewhere",
    hypotheses={"positive": gt(u, 0), "off the point": ne(u, 1)},
    conclusions={"tangent": lt(sp.log(u), u - 1)},
    source=_RUDIN,
    witness=Witness(draw=_points, count=1500),
)

k, k2, i, o, j = *index("k k2", "K"), index("i", "R"), index("o", "O"), index("j", "L")
w, z, A, B, C, on, slack, move, c, d, rank = family("w z A B C on sigma d c d rho")
epsilon = real("epsilon")

SCALE = Statement(
    name="scale",
    label="finitely many positive numbers have a positive lower bound",
    hypotheses={
        "weights": ge(w(k), 0),
        "support": implies(le(w(k), 0), eq(z(k), 0)),
        "slacks": gt(slack(o), 0),
    },
    conclusions={
        "a step": Exists(
            (epsilon,),
            And(
                (
                    gt(epsilon, 0),
                    ForAll((k,), (), And((ge(w(k) + epsilon * z(k), 0), ge(w(k) - epsilon * z(k), 0)))),
                    ForAll(
                        (o,), (), And((le(epsilon * move(o), slack(o)), le(-epsilon * move(o), slack(o))))
                    ),
                )
            ),
        ),
    },
    source="Rudin, Principles of Mathematical Analysis, 3rd ed., chapter 1",
    witness=Witness(draw=_scaled, count=800),
)
RATIO_TEST = Statement(
    name="ratio_test",
    label="along a direction that falls somewhere a first coordinate reaches 0",
    hypotheses={
        "weights": ge(w(k), 0),
        "support": implies(le(w(k), 0), eq(z(k), 0)),
        "falls": Exists((k2,), lt(z(k2), 0)),
    },
    conclusions={
        "the first 0": Exists(
            (epsilon, k2),
            And(
                (
                    gt(epsilon, 0),
                    ForAll((k,), (), ge(w(k) + epsilon * z(k), 0)),
                    gt(w(k2), 0),
                    eq(w(k2) + epsilon * z(k2), 0),
                )
            ),
        ),
    },
    source="Bertsimas and Tsitsiklis, Introduction to Linear Optimization, section 3.2",
    witness=Witness(draw=_ratios, count=800),
)
FIRST_MEMBER = Statement(
    name="first_member",
    label="a finite set that is not empty has a first member in every order",
    hypotheses={
        "set": Or((eq(on(k), 0), eq(on(k), 1))),
        "not empty": Exists((k2,), eq(on(k2), 1)),
    },
    conclusions={
        "first": Exists(
            (k2,),
            And((eq(on(k2), 1), ForAll((k,), (), implies(eq(on(k), 1), le(rank(k2), rank(k)))))),
        ),
    },
    source="Halmos, Naive Set Theory, section 13",
    witness=Witness(draw=_ranked, count=800),
)
INDICATOR = Or((eq(on(k), 0), eq(on(k), 1)))
_STRANG = "Strang, Introduction to Linear Algebra, 5th ed., section 3.4"


def independent(*rows: Formula) -> Formula:
    """No direction but 0 on the chosen columns is 0 in every row; the rows are equations in z."""
    return ForAll(
        (z,),
        (*rows, ForAll((k,), (), implies(eq(on(k), 0), eq(z(k), 0)))),
        ForAll((k,), (), eq(z(k), 0)),
    )


ROWS_A = ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0))
ROWS_B = ForAll((o,), (), eq(Total(B(o, k) * z(k), k), 0))
ROWS_C = ForAll((j,), (), eq(Total(C(j, k) * z(k), k), 0))

COLUMNS = Statement(
    name="columns",
    label="independent columns are not more than the rows",
    hypotheses={"indicator": INDICATOR, "independent": independent(ROWS_A)},
    conclusions={"number": le(Total(on(k), k), size("R"))},
    source=_STRANG,
    witness=Witness(draw=_triangular, count=800),
)
COLUMNS_IN_TWO = Statement(
    name="columns_in_two",
    label="independent columns are not more than the rows, in two groups",
    hypotheses={"indicator": INDICATOR, "independent": independent(ROWS_A, ROWS_B)},
    conclusions={"number": le(Total(on(k), k), size("R") + size("O"))},
    source=_STRANG,
    witness=Witness(draw=_triangular_two, count=800),
)
COLUMNS_IN_THREE = Statement(
    name="columns_in_three",
    label="independent columns are not more than the rows, in three groups",
    hypotheses={"indicator": INDICATOR, "independent": independent(ROWS_A, ROWS_B, ROWS_C)},
    conclusions={"number": le(Total(on(k), k), size("R") + size("O") + size("L"))},
    source=_STRANG,
    witness=Witness(draw=_triangular_three, count=800),
)
FOREST_COLUMNS = Statement(
    name="forest_columns",
    label="independent columns are fewer than rows that depend on each other",
    hypotheses={
        "indicator": INDICATOR,
        "relation": eq(Total(c(i) * A(i, k), i) + Total(d(o) * B(o, k), o), 0),
        "not trivial": Exists((i,), ne(c(i), 0)),
        "independent": independent(ROWS_A, ROWS_B),
    },
    conclusions={"number": le(Total(on(k), k), size("R") + size("O") - 1)},
    source=_STRANG,
    witness=Witness(draw=_triangular_forest, count=800),
)
FOREST_COLUMNS_AND_MORE = Statement(
    name="forest_columns_and_more",
    label="independent columns are fewer than rows of which some depend on each other",
    hypotheses={
        "indicator": INDICATOR,
        "relation": eq(Total(c(i) * A(i, k), i) + Total(d(o) * B(o, k), o), 0),
        "not trivial": Exists((i,), ne(c(i), 0)),
        "independent": independent(ROWS_A, ROWS_B, ROWS_C),
    },
    conclusions={"number": le(Total(on(k), k), size("R") + size("O") + size("L") - 1)},
    source=_STRANG,
    witness=Witness(draw=_triangular_forest_and_more, count=800),
)
