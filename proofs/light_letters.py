"""Plain couplings: light letters lie in small atoms, as no atom is larger than its letter lets it be.

The open letter of a state may let less through than its mass: it counts as lighter than it is.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .coupling_forest import draw_corners
from .lemma import Lemma, Witness, step
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, eq, family, ge, implies, index, le, lt, real, total
from .tools.rules import absurd, algebra, block, by_cases, follows, instance

__all__ = ["LEMMA"]

x, y = index("x", "X"), index("y", "Y")
p, P, most, light, small = family("p P s r b")
level = real("y0")

CELL = le(light(x) * P(x, y), small(x, y) * P(x, y))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A coupling by a corner rule, the largest atom or the mass of each letter, a level."""
    table = generator.choice(draw_corners(generator, place))
    rows = [sum(row, fmpq(0)) for row in table]
    limits = [generator.choice((max(row), mass)) for row, mass in zip(table, rows, strict=True)]
    level_ = generator.choice((*limits, fmpq(generator.randint(0, 9), 9)))
    return {
        "#X": len(table),
        "#Y": len(table[0]),
        "p": rows,
        "P": table,
        "s": limits,
        "y0": level_,
        "r": [int(one <= level_ and generator.random() < 0.9) for one in limits],
        "b": [[int(one <= level_ or generator.random() < 0.1) for one in row] for row in table],
    }


LEMMA = Lemma(
    name="light_letters",
    label="Light letters lie in small atoms",
    idea="Every atom of a light letter is small. So small atoms hold the mass of all light letters.",
    meaning={
        p: "masses of the letters of one side",
        P: "coupling",
        most: "the most that an atom of the letter carries",
        light: "[the letter is counted as light]",
        small: "[the atom is small]",
        level: "level",
    },
    hypotheses={
        "coupling": And((ge(P(x, y), 0), eq(Total(P(x, y), y), p(x)))),
        "the most": le(P(x, y), most(x)),
        "light or not": Or((eq(light(x), 0), eq(light(x), 1))),
        "light": implies(eq(light(x), 1), le(most(x), level)),
        "small or not": Or((eq(small(x, y), 0), eq(small(x, y), 1))),
        "not small": implies(eq(small(x, y), 0), lt(level, P(x, y))),
    },
    conclusions={"mass": le(Total(light(x) * p(x), x), total(small(x, y) * P(x, y), x, y))},
    steps=(
        step(
            "atom",
            ForAll((x, y), (), CELL),
            block(
                step("small or large", Or((eq(small(x, y), 0), eq(small(x, y), 1))), follows("small or not")),
                step("light or heavy", Or((eq(light(x), 0), eq(light(x), 1))), follows("light or not")),
                step(
                    "heavy letter",
                    implies(eq(light(x), 0), CELL),
                    block(
                        step(
                            "small there",
                            implies(eq(small(x, y), 1), CELL),
                            block(step("so", CELL, algebra("coupling", put=("heavy", "tiny"))), given="tiny"),
                        ),
                        step(
                            "large there",
                            implies(eq(small(x, y), 0), CELL),
                            block(step("so", CELL, algebra(put=("heavy", "large"))), given="large"),
                        ),
                        step("either", CELL, by_cases("small there", "large there", cover="small or large")),
                        given="heavy",
                    ),
                ),
                step(
                    "light letter",
                    implies(eq(light(x), 1), CELL),
                    block(
                        step("below", le(most(x), level), instance("light", {}, using=("weighs little",))),
                        step(
                            "small atom",
                            implies(eq(small(x, y), 1), CELL),
                            block(step("so", CELL, algebra(put=("weighs little", "tiny"))), given="tiny"),
                        ),
                        step(
                            "no large atom",
                            implies(eq(small(x, y), 0), CELL),
                            block(
                                step(
                                    "above", lt(level, P(x, y)), instance("not small", {}, using=("large",))
                                ),
                                step("nothing", lt(0, 0), algebra("above", "below", "the most")),
                                step("impossible", CELL, absurd("nothing")),
                                given="large",
                            ),
                        ),
                        step("either", CELL, by_cases("small atom", "no large atom", cover="small or large")),
                        given="weighs little",
                    ),
                ),
                step("so", CELL, by_cases("heavy letter", "light letter", cover="light or heavy")),
            ),
        ),
        step(
            "mass",
            le(Total(light(x) * p(x), x), total(small(x, y) * P(x, y), x, y)),
            algebra(over("atom", x, y), over("coupling", x, times=light(x))),
        ),
    ),
    witness=Witness(draw=_draw, count=120),
)
