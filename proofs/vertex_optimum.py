"""An optimum of a convex objective, on least support, is a vertex: it has no more columns than rows."""

from __future__ import annotations

import random
from typing import Any

from .edge import (
    AS_GOOD,
    BOUND,
    INDEPENDENT,
    KEEPS,
    KEPT,
    LEAST,
    D,
    J,
    M,
    N,
    P,
    Q,
    c,
    r,
    t,
    u,
    x,
    y,
)
from .edge_instances import draw_optimum
from .lemma import Lemma, Witness, step
from .textbook import COLUMNS_IN_TWO, A, B, independent, k, on, w, z
from .tools.language import ForAll, Or, Total, eq, ge, gt, implies, le, size, substitute
from .tools.rules import block, cites, instance, uses

__all__ = ["FEWEST", "LEMMA", "WITHOUT_LIMITS"]

#: no limit: the laws that it would look at are 0
WITHOUT_LIMITS = {N: lambda *at: 0, J: lambda *at: 0, D: lambda *at: 0}
FEWEST = ForAll((u, Q, t), AS_GOOD, KEPT)
NO_DIRECTION = substitute(INDEPENDENT, WITHOUT_LIMITS)
WITH_NO_LIMITS = substitute(LEAST, WITHOUT_LIMITS)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    return draw_optimum(generator, place, 0)


LEMMA = Lemma(
    name="vertex_optimum",
    label="An optimum on least support is a vertex",
    idea=(
        "It is the edge lemma without limits: no direction in the support keeps the rows. "
        "Independent columns are not more than rows."
    ),
    meaning={
        w: "weights of the mappings",
        A: "rows: limits and constraints, each kept at its value",
        B: "rows that bound the weights: the marginals, or the sum of weights",
        c: "what shows that they do",
        M: "joint law of X and Y that a mapping brings",
        P: "coupling",
        r: "law of Y",
        on: "[w > 0]",
        u: "other weights",
        Q: "their coupling",
        t: "their law of Y",
        z: "a direction",
    },
    hypotheses={
        "columns": ge(M(k, x, y), 0),
        "bounded": gt(BOUND, 0),
        "weights": ge(w(k), 0),
        "coupling": eq(P(x, y), Total(w(k) * M(k, x, y), k)),
        "law": eq(r(y), Total(P(x, y), x)),
        "least support": FEWEST,
        "indicator": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
    },
    conclusions={
        "no direction": independent(*KEEPS),
        "no more mappings than rows": le(Total(on(k), k), size("R") + size("O")),
    },
    steps=(
        step(
            "least with limits",
            WITH_NO_LIMITS,
            block(
                step(
                    "kept",
                    WITH_NO_LIMITS.then,
                    instance(
                        "least support",
                        dict(zip((u, Q, t), WITH_NO_LIMITS.variables[:3], strict=True)),
                        using=("u", "no new column", "A", "B", "cells", "law of u", "no worse"),
                    ),
                ),
                given="u; no new column; A; B; cells; law of u; no worse; label; label law; within",
            ),
        ),
        step(
            "directions",
            NO_DIRECTION,
            uses(
                "edge",
                WITHOUT_LIMITS,
                using=(
                    "columns",
                    "bounded",
                    "weights",
                    "coupling",
                    "law",
                    "least with limits",
                    "indicator",
                    "on the support",
                ),
            ),
        ),
        step(
            "independent",
            independent(*KEEPS),
            block(
                step(
                    "none",
                    ForAll((k,), (), eq(z(k), 0)),
                    instance(
                        "directions", {NO_DIRECTION.variables[0]: z}, using=("keeps A", "keeps B", "outside")
                    ),
                ),
                given="keeps A; keeps B; outside",
            ),
        ),
        step(
            "number",
            le(Total(on(k), k), size("R") + size("O")),
            cites(COLUMNS_IN_TWO, using=("indicator", "independent")),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
