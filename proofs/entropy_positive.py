"""The entropy of a bit that is not constant is positive."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .textbook import LOG_BOUND, u
from .tools.kernel import over
from .tools.language import And, entropy, ge, gt, le, lt, phi, real
from .tools.rules import algebra, cites, sign
from .two_bits import fraction

__all__ = ["LEMMA", "z"]

z = real("z")


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Probabilities, small ones among them."""
    del place
    return {"z": fraction(generator)}


LEMMA = Lemma(
    name="entropy_positive",
    label="Entropy of a bit",
    idea="Each term -z log z is at least z(1 - z).",
    hypotheses={"inside": And((gt(z, 0), lt(z, 1)))},
    conclusions={"positive": gt(entropy(z), 0)},
    steps=(
        step("bound", le(sp.log(z), z - 1), cites(LOG_BOUND, {u: z}, using=("inside",))),
        step("other bound", le(sp.log(1 - z), (1 - z) - 1), cites(LOG_BOUND, {u: 1 - z}, using=("inside",))),
        step("term", ge(phi(z), z * (1 - z)), algebra(over("bound", times=z))),
        step("other term", ge(phi(1 - z), z * (1 - z)), algebra(over("other bound", times=1 - z))),
        step("product", gt(z * (1 - z), 0), sign()),
        step("positive", gt(entropy(z), 0), algebra("term", "other term", "product")),
    ),
    witness=Witness(draw=_draw, needed={"inside": {"z": 1}}),
)
