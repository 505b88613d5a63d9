"""Phi is strictly concave with its maximum at 0, so only the two ends of an interval of delta matter."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .textbook import LOG_INCREASES, u, v
from .tools.calculus import monotone, strictly_concave
from .tools.kernel import over
from .tools.language import And, ForAll, Or, eq, ge, gt, implies, le, lt, real
from .tools.rules import algebra, block, by_cases, cites, follows, instance, sign
from .two_bits import a, b, conditional_entropy, feasible_slopes, fraction

__all__ = ["LEMMA"]

x, low, high, first, second, share = real("x l u s1 s2 lambda")
t1, t2, t3 = real("t1 t2 t3")

R0, R1 = b - a * x, b + (1 - a) * x
SLOPE = sp.diff(conditional_entropy(x), x)
CURVATURE = sp.diff(conditional_entropy(x), x, 2)
LEFT, RIGHT = (1 - a) * a**2 / (R0 * (1 - R0)), a * (1 - a) ** 2 / (R1 * (1 - R1))


def feasible(slope: Any) -> And:
    """P(Y=1|X=0) and P(Y=1|X=1) lie in [0, 1]."""
    zero, one = b - a * slope, b + (1 - a) * slope
    return And((ge(zero, 0), le(zero, 1), ge(one, 0), le(one, 1)))


INSIDE = And((gt(R0, 0), lt(R0, 1), gt(R1, 0), lt(R1, 1)))
FALLS = ForAll(
    (first, second),
    (le(0, first), lt(first, second), feasible(second)),
    lt(conditional_entropy(second), conditional_entropy(first)),
)
RISES = ForAll(
    (first, second),
    (lt(first, second), le(second, 0), feasible(first)),
    lt(conditional_entropy(first), conditional_entropy(second)),
)
CONCAVE = ForAll(
    (first, second, share),
    (lt(first, second), lt(0, share), lt(share, 1), feasible(first), feasible(second)),
    lt(
        (1 - share) * conditional_entropy(first) + share * conditional_entropy(second),
        conditional_entropy((1 - share) * first + share * second),
    ),
)
END = Or(
    (
        le(conditional_entropy(low), conditional_entropy(x)),
        le(conditional_entropy(high), conditional_entropy(x)),
    )
)
LEAST = ForAll((low, x, high), (le(low, x), le(x, high), feasible(low), feasible(high)), END)


def _one_side(falls: bool) -> Any:
    """Between 0 and the farther point the derivative has one sign."""
    between = (lt(0, x), lt(x, second)) if falls else (lt(first, x), lt(x, 0))
    logs = (R0 * (1 - R1), R1 * (1 - R0)) if falls else (R1 * (1 - R0), R0 * (1 - R1))
    sloped = lt(SLOPE, 0) if falls else lt(0, SLOPE)
    ends = (0, second) if falls else (first, 0)
    values = conditional_entropy(t1), conditional_entropy(t2)
    return block(
        step(
            "slope",
            ForAll((x,), between, sloped),
            block(
                step("inside", INSIDE, algebra("above", "below", "feasible", "source", "law", degree=2)),
                step("order", lt(*logs), algebra("above", "below")),
                step(
                    "logs",
                    lt(sp.log(logs[0]), sp.log(logs[1])),
                    cites(
                        LOG_INCREASES,
                        {u: logs[0], v: logs[1]},
                        using=("order", "inside"),
                        degree=2,
                    ),
                ),
                step("sign", sloped, algebra(over("logs", times=a * (1 - a)))),
                given="above; below",
            ),
        ),
        step(
            "monotone",
            ForAll(
                (t1, t2),
                (le(ends[0], t1), lt(t1, t2), le(t2, ends[1])),
                lt(*(values[::-1] if falls else values)),
            ),
            monotone(conditional_entropy(x), x, *ends, "slope"),
        ),
        step(
            "at the points",
            (FALLS if falls else RISES).then,
            instance(
                "monotone",
                {t1: first, t2: second},
                using=("end", "order of the points"),
            ),
        ),
        given="end; order of the points; feasible" if falls else "order of the points; end; feasible",
    )


def _towards(fact: str, one: Any, other: Any, end: Any) -> Any:
    """From x to the end on its side of 0, which x may be."""
    nearer = le(conditional_entropy(end), conditional_entropy(x))
    return block(
        step(
            "apart",
            implies(lt(one, other), nearer),
            block(
                step(
                    "strictly",
                    lt(conditional_entropy(end), conditional_entropy(x)),
                    instance(
                        fact,
                        {first: one, second: other},
                        using=(
                            "apart from it",
                            "side",
                            "above low",
                            "below high",
                            "feasible low",
                            "feasible high",
                        ),
                    ),
                ),
                step("not above", nearer, algebra("strictly")),
                given="apart from it",
            ),
        ),
        step(
            "the end itself",
            implies(ge(one, other), nearer),
            block(
                step("equal", eq(x, end), algebra("given 1", "above low", "below high")),
                step("not above", nearer, algebra(put=("equal",))),
            ),
        ),
        step("nearer", nearer, by_cases("apart", "the end itself")),
        step("one of them", END, follows("nearer")),
        given="side",
    )


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Sources, and points of the interval on which both conditional laws are laws."""
    mass, other = fraction(generator), fraction(generator)
    bottom, top = feasible_slopes(mass, other)

    def point() -> Any:
        share_of = generator.choice((0, 1, generator.random(), generator.random(), generator.random()))
        part = round(share_of * 50)
        return bottom + (top - bottom) * part / 50

    points = sorted((point(), point()))
    if place % 3 == 0:
        points[place % 2] = 0 * mass
        points.sort()
    ends = sorted((point(), point(), point()))
    return {
        "a": mass,
        "b": other,
        "s1": points[0],
        "s2": points[1],
        "lambda": fraction(generator),
        "l": ends[0],
        "x": ends[1],
        "u": ends[2],
    }


LEMMA = Lemma(
    name="concavity",
    label="Concavity of H(Y|X)",
    idea=(
        "The derivative of Phi is a(1-a) times the logarithm of r0(1-r1)/(r1(1-r0)), which is below 1 where "
        "delta is positive. The second derivative is a sum of two negative quotients."
    ),
    meaning={a: "P(X=1)", b: "P(Y=1)"},
    hypotheses={"source": And((gt(a, 0), lt(a, 1))), "law": And((gt(b, 0), lt(b, 1)))},
    conclusions={"falls": FALLS, "rises": RISES, "concave": CONCAVE, "least at an end": LEAST},
    steps=(
        step("falls", FALLS, _one_side(True)),
        step("rises", RISES, _one_side(False)),
        step(
            "concave",
            CONCAVE,
            block(
                step(
                    "curvature",
                    ForAll((x,), (lt(first, x), lt(x, second)), lt(CURVATURE, 0)),
                    block(
                        step(
                            "inside",
                            INSIDE,
                            algebra("above", "below", "feasible 1", "feasible 2", "source", degree=2),
                        ),
                        step("left", gt(LEFT, 0), sign()),
                        step("right", gt(RIGHT, 0), sign()),
                        step("both", lt(-LEFT - RIGHT, 0), algebra("left", "right")),
                        step("second derivative", lt(CURVATURE, 0), follows("both")),
                        given="above; below",
                    ),
                ),
                step(
                    "chord",
                    ForAll(
                        (t1, t2, t3),
                        (le(first, t1), lt(t1, t2), lt(0, t3), lt(t3, 1), le(t2, second)),
                        lt(
                            (1 - t3) * conditional_entropy(t1) + t3 * conditional_entropy(t2),
                            conditional_entropy((1 - t3) * t1 + t3 * t2),
                        ),
                    ),
                    strictly_concave(conditional_entropy(x), x, first, second, "curvature"),
                ),
                step(
                    "at the points",
                    CONCAVE.then,
                    instance(
                        "chord",
                        {t1: first, t2: second, t3: share},
                        using=("order of the points", "share > 0", "share < 1"),
                    ),
                ),
                given="order of the points; share > 0; share < 1; feasible 1; feasible 2",
            ),
        ),
        step(
            "least",
            LEAST,
            block(
                step("right of 0", implies(le(0, x), END), _towards("falls", x, high, high)),
                step("left of 0", implies(le(x, 0), END), _towards("rises", low, x, low)),
                step("end", END, by_cases("right of 0", "left of 0")),
                given="above low; below high; feasible low; feasible high",
            ),
        ),
    ),
    witness=Witness(draw=_draw),
)
