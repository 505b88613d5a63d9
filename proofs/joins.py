"""Plain couplings: every tree grows by the joins of the search, take-over, leaf and hanging branch.

At one letter of a tree: the edge of the path that comes, the branches that hang there, and the edge of the
path that goes on.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Witness, step
from .mappings import pmf
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, eq, family, ge, implies, index, le, real
from .tools.rules import algebra, block, by_cases, part_of_sum

__all__ = ["LEMMA"]

i, i2 = index("i i2", "I")
e, hung = family("e h")
mass, came, goes = real("m a g")
OPEN = mass - came - Total(hung(i2) * e(i2), i2)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A letter that gives its mass to its edges; some of its branches hang already."""
    count = generator.randint(1, 4)
    shares = pmf(generator, count + 2, zeros=True)
    size = fmpq(1, generator.choice((1, 30)))
    parts = [size * one for one in shares]
    return {
        "#I": count,
        "m": size,
        "a": parts[0],
        "g": parts[1],
        "e": parts[2:],
        "h": [generator.randint(0, 1) if place % 3 else 1 for _ in range(count)],
    }


LEMMA = Lemma(
    name="joins",
    label="Joins at a letter",
    idea=(
        "The edges of a letter carry its mass between them. So the letter can take over what comes, and "
        "each of its branches finds room, whatever hangs already."
    ),
    meaning={
        mass: "mass of the letter",
        came: "mass on the edge from the part built so far",
        e: "mass on the edge to a branch that hangs on the letter",
        goes: "mass on the edge that the path goes on by, 0 at its end",
        hung: "[the branch hangs already]",
    },
    hypotheses={
        "edges": And((ge(came, 0), ge(goes, 0))),
        "branches": ge(e(i), 0),
        "all of its mass": eq(mass, came + goes + Total(e(i), i)),
        "hangs or not": Or((eq(hung(i), 0), eq(hung(i), 1))),
    },
    conclusions={
        "takes over": le(came, mass),
        "room for a branch": implies(eq(hung(i), 0), le(e(i), OPEN)),
        "stays open": ge(OPEN, goes),
        "goes on": implies(ForAll((i2,), (), eq(hung(i2), 1)), eq(OPEN, goes)),
    },
    steps=(
        step("takes over", le(came, mass), algebra("all of its mass", "edges", over("branches", i))),
        step(
            "what does not hang",
            ForAll((i,), (), ge((1 - hung(i)) * e(i), 0)),
            block(
                step(
                    "not yet",
                    implies(eq(hung(i), 0), ge((1 - hung(i)) * e(i), 0)),
                    block(
                        step("all", ge((1 - hung(i)) * e(i), 0), algebra("branches", put=("off",))),
                        given="off",
                    ),
                ),
                step(
                    "already",
                    implies(eq(hung(i), 1), ge((1 - hung(i)) * e(i), 0)),
                    block(step("none", ge((1 - hung(i)) * e(i), 0), algebra(put=("on",))), given="on"),
                ),
                step(
                    "either",
                    ge((1 - hung(i)) * e(i), 0),
                    by_cases("not yet", "already", cover="hangs or not"),
                ),
            ),
        ),
        step(
            "one of them",
            le((1 - hung(i)) * e(i), Total((1 - hung(i)) * e(i), i)),
            part_of_sum("what does not hang"),
        ),
        step(
            "room",
            implies(eq(hung(i), 0), le(e(i), OPEN)),
            block(
                step(
                    "fits",
                    le(e(i), OPEN),
                    algebra("one of them", over("off", times=e(i)), "all of its mass", "edges"),
                ),
                given="off",
            ),
        ),
        step("stays open", ge(OPEN, goes), algebra("all of its mass", over("what does not hang", i))),
        step(
            "goes on",
            implies(ForAll((i2,), (), eq(hung(i2), 1)), eq(OPEN, goes)),
            block(
                step("rest", eq(OPEN, goes), algebra("all of its mass", over("all hang", i2, times=e(i2)))),
                given="all hang",
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=3000),
)
