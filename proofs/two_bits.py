"""Two bits: symbols, the four mappings, and instances made from joint laws, for the lemmas on the binary
case.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .tools.language import entropy, real

__all__ = [
    "MAPPINGS",
    "WEIGHTS",
    "a",
    "b",
    "conditional_entropy",
    "d",
    "feasible_slopes",
    "fraction",
    "instance",
    "p1",
    "p2",
    "p3",
    "p4",
    "t",
]

a, b, d, t = real("a b delta t")
p1, p2, p3, p4 = WEIGHTS = real("p1 p2 p3 p4")

#: The mappings (f(0), f(1)) in the order of the weights: identity, flip, zero, one.
MAPPINGS = ((0, 1), (1, 0), (0, 0), (1, 1))


def conditional_entropy(slope: Any = d, first: Any = a, second: Any = b) -> Any:
    """Phi(delta) = (1-a) h(b - a delta) + a h(b + (1-a) delta) = H(Y|X), nats."""
    return (1 - first) * entropy(second - first * slope) + first * entropy(second + (1 - first) * slope)


def fraction(generator: random.Random, size: int = 60) -> fmpq:
    """A rational strictly between 0 and 1, now and then close to an end."""
    if generator.random() < 0.1:
        near = fmpq(1, generator.randint(200, 2000))
        return near if generator.random() < 0.5 else 1 - near
    bottom = generator.randint(2, size)
    return fmpq(generator.randint(1, bottom - 1), bottom)


def instance(generator: random.Random, place: int) -> dict[str, Any]:
    """Random source and weights; b is the law of Y that they make, by adding up the joint law."""
    mass = fraction(generator)
    raw = [generator.choice((0, 0, 1, 2, 5, 9, 14)) for _ in range(4)]
    if sum(raw) == 0 or place < 4:
        raw = [int(place == one) for one in range(4)] if place < 4 else [1, 1, 1, 1]
    weights = [fmpq(one, sum(raw)) for one in raw]
    law = {0: 1 - mass, 1: mass}
    joint = {(x, y): fmpq(0) for x in (0, 1) for y in (0, 1)}
    for weight, mapping in zip(weights, MAPPINGS, strict=True):
        for x in (0, 1):
            joint[x, mapping[x]] += weight * law[x]
    values: dict[str, Any] = {f"p{k + 1}": weight for k, weight in enumerate(weights)}
    values |= {"a": mass, "b": joint[0, 1] + joint[1, 1]}
    values |= {"delta": weights[0] - weights[1], "t": weights[0] + weights[1]}
    values |= {"joint": joint}
    return values


def feasible_slopes(mass: Any, other: Any) -> tuple[Any, Any]:
    """The ends of the interval of delta on which both conditional laws are laws: caps of the joint law."""
    return -min(other / (1 - mass), (1 - other) / mass), min(other / mass, (1 - other) / (1 - mass))
