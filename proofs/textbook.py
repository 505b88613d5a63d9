"""Textbook facts that proofs cite: statements with their hypotheses, each evaluated in numbers like a lemma's.

A proof that cites one gives values to its symbols and families, and its hypotheses are then proved.
"""

from __future__ import annotations

import sympy as sp

from .lemma import Statement
from .tools.language import gt, le, lt, ne, real

__all__ = ["LOG_BOUND", "LOG_BOUND_STRICT", "LOG_INCREASES"]

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
