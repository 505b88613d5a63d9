"""Majorize-profile bound (Compton and others 2023): sums that no coupling's largest atoms exceed.

Their differences are no more spread than any coupling's atoms are, so they have no more entropy.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .coupling_forest import draw_corners
from .lemma import Lemma, Step, Witness, step
from .tangent import s as touch
from .tangent import t as point
from .textbook import k, k2, rank
from .tools.evaluate import ball
from .tools.induction import induction
from .tools.kernel import over
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
    gt,
    implies,
    index,
    le,
    lt,
    phi,
    real,
)
from .tools.rules import algebra, block, by_cases, choose, follows, instance, uses

__all__ = ["LEMMA"]

k3, k4, x, l = *index("k3 k4", "K"), index("x", "X"), index("l", "L")
atom, part, upto, small, light, held, p, level, weight, slope, rise = family("a b B s r f p y w u g")
t, base = real("t u0")

ATOMS, SUMS = Total(upto(k2, k) * atom(k2), k2), Total(upto(k2, k) * part(k2), k2)
FIRST = ForAll((k2,), (), eq(upto(k2, k), delta(k2, k)))
NEXT = Exists(
    (k3,), And((lt(rank(k3), rank(k)), ForAll((k2,), (), eq(upto(k2, k), upto(k2, k3) + delta(k2, k)))))
)
LET = And((ge(SUMS, SUMS - part(k) + level(l)), ge(SUMS, t - weight(l))))
NOT_ABOVE = le(ATOMS, SUMS)
