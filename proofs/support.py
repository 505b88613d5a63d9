"""The support lemma: a vertex of the feasible mixtures has at most as many mappings as active rows."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .directions import STAYS_OFF
from .lemma import Lemma, Witness, step
from .textbook import COLUMNS, SCALE, A, epsilon, i, k, move, o, on, slack, w, z
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, Total, eq, family, ge, gt, implies, le, size
from .tools.rules import algebra, block, choose, cites, instance

__all__ = ["LEMMA"]

B, limit, v = family("B beta v")


def _middle(direction: Any) -> tuple[Any, ...]:
    """W plus and minus a direction are feasible."""
    return (
        ForAll((k,), (), And((ge(w(k) + direction(k), 0), ge(w(k) - direction(k), 0)))),
        ForAll((i,), (), eq(Total(A(i, k) * direction(k), k), 0)),
        ForAll(
            (o,),
            (),
            And(
                (
                    le(Total(B(o, k) * (w(k) + direction(k)), k), limit(o)),
                    le(Total(B(o, k) * (w(k) - direction(k)), k), limit(o)),
                )
            ),
        ),
    )


VERTEX = ForAll((v,), _middle(v), ForAll((k,), (), eq(v(k), 0)))
INDEPENDENT = ForAll(
    (z,),
    (ForAll((i,), (), eq(Total(A(i, k) * z(k), k), 0)), ForAll((k,), (), implies(eq(on(k), 0), eq(z(k), 0)))),
    ForAll((k,), (), eq(z(k), 0)),
)
SCALE_HERE = Exists(
    (epsilon,),
    And(
        (
            gt(epsilon, 0),
            ForAll((k,), (), And((ge(w(k) + epsilon * z(k), 0), ge(w(k) - epsilon * z(k), 0)))),
            ForAll(
                (o,),
                (),
                And(
                    (
                        le(epsilon * Total(B(o, k) * z(k), k), limit(o) - Total(B(o, k) * w(k), k)),
                        le(-epsilon * Total(B(o, k) * z(k), k), limit(o) - Total(B(o, k) * w(k), k)),
                    )
                ),
            ),
        )
    ),
)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Vertices: basic solutions with as many columns as rows, in triangular form; no direction keeps them
    feasible.
    """
    del place
    rows, extra = generator.randint(1, 3), generator.randint(0, 3)
    number = rows + extra
    matrix = [
        [fmpq(int(r == c)) if c < rows else fmpq(generator.randint(-3, 3)) for c in range(number)]
        for r in range(rows)
    ]
    weights = [fmpq(generator.randint(0, 4), 3) if c < rows else fmpq(0) for c in range(number)]
    if generator.random() < 0.5:
        weights = [fmpq(1 + generator.randint(0, 4), 3) if c < rows else fmpq(0) for c in range(number)]
    other = [fmpq(generator.randint(-2, 2)) for _ in range(number)]
    used = sum((a1 * b1 for a1, b1 in zip(other, weights, strict=True)), fmpq(0))
    zero = [fmpq(0)] * number
    return {
        "#K": number,
        "#R": rows,
        "#O": 1,
        "A": matrix,
        "w": weights,
        "on": [int(one > 0) for one in weights],
        "b": [sum((a1 * b1 for a1, b1 in zip(row, weights, strict=True)), fmpq(0)) for row in matrix],
        "B": [other],
        "beta": [used + fraction_of(generator)],
        "v": zero,
        "z": zero,
    }


def fraction_of(generator: random.Random) -> Any:
    """A small positive slack."""
    return fmpq(1, generator.randint(1, 400))


LEMMA = Lemma(
    name="support",
    label="Support lemma",
    idea=(
        "If columns of the active rows in the support were dependent, a small step both "
        "ways would stay feasible, and "
        "the point would be the middle of two others. Independent columns are not more than rows."
    ),
    meaning={
        w: "weights of the mappings",
        A: "rows that hold with equality (marginals, active limits)",
        B: "rows with slack",
        limit: "their limits",
        on: "[w > 0]",
        v: "a direction",
    },
    hypotheses={
        "weights": ge(w(k), 0),
        "slack": gt(limit(o), Total(B(o, k) * w(k), k)),
        "vertex": VERTEX,
        "indicator": Or((eq(on(k), 0), eq(on(k), 1))),
        "on the support": implies(le(w(k), 0), eq(on(k), 0)),
    },
    conclusions={"at most as many mappings as rows": le(Total(on(k), k), size("R"))},
    steps=(
        step(
            "independent",
            INDEPENDENT,
            block(
                STAYS_OFF,
                step("room", gt(limit(o) - Total(B(o, k) * w(k), k), 0), algebra("slack")),
                step(
                    "step",
                    SCALE_HERE,
                    cites(
                        SCALE,
                        {
                            slack: lambda n: limit(n) - Total(B(n, k) * w(k), k),
                            move: lambda n: Total(B(n, k) * z(k), k),
                        },
                        using=("weights", "off", "room"),
                    ),
                ),
                step(
                    "no direction",
                    ForAll((k,), (), eq(z(k), 0)),
                    choose(
                        "step",
                        step(
                            "rows",
                            eq(Total(A(i, k) * (epsilon * z(k)), k), 0),
                            algebra(over("rows are 0", times=epsilon)),
                        ),
                        step(
                            "limits",
                            And(
                                (
                                    le(Total(B(o, k) * (w(k) + epsilon * z(k)), k), limit(o)),
                                    le(Total(B(o, k) * (w(k) - epsilon * z(k)), k), limit(o)),
                                )
                            ),
                            algebra("small"),
                        ),
                        step(
                            "nothing",
                            ForAll((k,), (), eq(epsilon * z(k), 0)),
                            instance(
                                "vertex",
                                {v: lambda n: epsilon * z(n)},
                                using=("small", "rows", "limits"),
                            ),
                        ),
                        step("none", eq(z(k), 0), algebra(over("nothing", times=1 / epsilon))),
                        called="small",
                    ),
                ),
                given="rows are 0; outside",
            ),
        ),
        step(
            "number",
            le(Total(on(k), k), size("R")),
            cites(
                COLUMNS,
                using=("indicator", "independent"),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=2000),
)
