"""A bit nearer to a fair one has the larger entropy."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .tools.calculus import strictly_concave
from .tools.language import And, ForAll, entropy, gt, le, lt, real, substitute
from .tools.rules import algebra, block, follows, instance, sign
from .two_bits import fraction

__all__ = ["FARTHER", "LEMMA", "far", "near"]

far, near, x, t1, t2, t3 = real("z1 z2 x t1 t2 t3")
FARTHER = lt(entropy(far), entropy(near))
CURVATURE = sp.diff(entropy(x), x, 2)
SHARE = (near - far) / (1 - 2 * far)
CHORD = lt((1 - t3) * entropy(t1) + t3 * entropy(t2), entropy((1 - t3) * t1 + t3 * t2))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A probability up to 1/2, 0 among them, and one between it and its mirror image, close ones among
    them.
    """
    end = fraction(generator) / 2 * (place % 6 > 0)
    return {"z1": end, "z2": end + fraction(generator) * (1 - 2 * end)}


LEMMA = Lemma(
    name="entropy_between",
    label="Entropy falls with the distance from a fair bit",
    idea=(
        "h is strictly concave and takes equal values at a point and its mirror image: it is larger between."
    ),
    hypotheses={"order": And((le(0, far), lt(far, near), lt(near, 1 - far)))},
    conclusions={"larger": FARTHER},
    steps=(
        step(
            "curvature",
            ForAll((x,), (lt(0, x), lt(x, 1)), lt(CURVATURE, 0)),
            block(
                step("terms", And((gt(1 / x, 0), gt(1 / (1 - x), 0))), sign()),
                step("sum", lt(CURVATURE, 0), algebra("terms", "inside", "below")),
                given="inside; below",
            ),
        ),
        step(
            "concave",
            ForAll((t1, t2, t3), (le(0, t1), lt(t1, t2), lt(0, t3), lt(t3, 1), le(t2, 1)), CHORD),
            strictly_concave(entropy(x), x, 0, 1, "curvature"),
        ),
        step("gap", gt(1 - 2 * far, 0), algebra("order")),
        step("share", And((gt(SHARE, 0), lt(SHARE, 1))), algebra("order", "gap")),
        step(
            "between",
            substitute(CHORD, {t1: far, t2: 1 - far, t3: SHARE}),
            instance(
                "concave",
                {t1: far, t2: 1 - far, t3: SHARE},
                using=("order", "share", "gap"),
            ),
        ),
        step("larger", FARTHER, follows("between")),
    ),
    witness=Witness(draw=_draw, needed={"order": {"z1": 0, "z2": 1}}),
)
