"""Textbook facts that proofs cite: statements with their hypotheses, each evaluated in numbers like a lemma's.

A proof that cites one gives values to its symbols and families, and its hypotheses are then proved.
"""

from __future__ import annotations

import sympy as sp

from .lemma import Statement
from .tools.language import And, Exists, ForAll, Or, Total, eq, family, ge, gt, implies, index, le, lt, ne, real

__all__ = ["COLUMNS", "SCALE", "LOG_BOUND", "LOG_BOUND_STRICT", "LOG_INCREASES"]

u, v = real("u v")

_RUDIN = "Rudin, Principles of Mathematical Analysis, 3rd ed., chapter 8"

LOG_INCREASES = Statement(
    name="log_increases",
    label="the logarithm increases",
    hypotheses={"positive": gt(u, 0), "order": lt(u, v)},
    conclusions={"order of the logarithms": lt(sp.log(u), sp.log(v))},
    source=_RUDIN,
)
LOG_BOUND = Statement(
    name="log_bound",
    label="the logarithm lies below its tangent at 1",
    hypotheses={"positive": gt(u, 0)},
    conclusions={"tangent": le(sp.log(u), u - 1)},
    source=_RUDIN,
)
LOG_BOUND_STRICT = Statement(
    name="log_bound_strict",
    label="the logarithm lies strictly below its tangent at 1 elsewhere",
    hypotheses={"positive": gt(u, 0), "off the point": ne(u, 1)},
    conclusions={"tangent": lt(sp.log(u), u - 1)},
    source=_RUDIN,
)

k, i, o = index("k", "K"), index("i", "R"), index("o", "O")
w, z, A, on, slack, move = family("w z A on sigma d")
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
        "a step": Exists((epsilon,), And((
            gt(epsilon, 0),
            ForAll((k,), (), And((ge(w(k) + epsilon * z(k), 0), ge(w(k) - epsilon * z(k), 0)))),
            ForAll((o,), (), And((le(epsilon * move(o), slack(o)), le(-epsilon * move(o), slack(o))))),
        ))),
    },
    source="Rudin, Principles of Mathematical Analysis, 3rd ed., chapter 1",
)
COLUMNS = Statement(
    name="columns",
    label="independent columns are not more than the rows",
    hypotheses={
        "indicator": Or((eq(on(k), 0), eq(on(k), 1))),
        "independent": ForAll(
            (z,),
            (ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0)), ForAll((k,), (), implies(eq(on(k), 0), eq(z(k), 0)))),
            ForAll((k,), (), eq(z(k), 0)),
        ),
    },
    conclusions={"number": le(Total(on(k), k), sp.Symbol("size[R]", real=True))},
    source="Strang, Introduction to Linear Algebra, 5th ed., section 3.4",
)
