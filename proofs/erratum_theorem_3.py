"""What the printed Theorem 3 may miss: a labelled problem that both one-sided branches call infeasible.

The printed theorem is reconstructed from its proof: it sets the flip's weight to 0 and the identity's to 0
in turn.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .lemma import Lemma, Witness, step
from .lemma_1 import mean_rate
from .tools.kernel import over
from .tools.language import And, ForAll, entropy, eq, ge, le, lt, substitute
from .tools.rules import algebra, block, decide, enclosure
from .two_bits import WEIGHTS, a, conditional_entropy, fraction, p1, p2, p3, p4

__all__ = ["LEMMA", "WITNESS"]

A, B, NOISE = sp.Rational(3, 10), sp.Rational(4, 10), sp.Rational(1, 10)
LIMIT, RATE = sp.Rational(514_578, 10**6) * sp.log(2), sp.log(2)
S_MASS = A * (1 - NOISE) + (1 - A) * NOISE
#: weights of identity, flip, zero and one
WITNESS = (sp.Rational(33, 40), sp.Rational(3, 40), sp.Integer(0), sp.Rational(1, 10))
AT = dict(zip(WEIGHTS, WITNESS, strict=True))
#: H(S|Y,U): what the label keeps from identity and flip, and from constants (lemma_2)
LABEL = (p1 + p2) * entropy(NOISE) + (p3 + p4) * entropy(S_MASS)
MARGINAL = eq((1 - A) * (p2 + p4) + A * (p1 + p4), B)
LAW = (*(ge(w, 0) for w in WEIGHTS), eq(sum(WEIGHTS), 1), MARGINAL)
NAMES = ("w1", "w2", "w3", "w4", "sum", "law of Y")
INFORMATION = entropy(B) - conditional_entropy(p1 - p2, A, B)


def _misses(gone: Any) -> ForAll:
    return ForAll(WEIGHTS, (*LAW, eq(gone, 0)), lt(LIMIT, LABEL))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures without the flip (even places) or without the identity, with the law of Y."""
    mass_x, mass_y = fmpq(3, 10), fmpq(4, 10)
    if place % 2 == 0:
        share = min(mass_y / mass_x, (1 - mass_y) / (1 - mass_x)) * (
            1 if place % 4 == 0 else fraction(generator)
        )
        one = mass_y - mass_x * share
        return {"p1": share, "p2": fmpq(0), "p4": one, "p3": 1 - share - one}
    share = min(mass_y / (1 - mass_x), (1 - mass_y) / mass_x) * (1 if place % 4 == 1 else fraction(generator))
    one = mass_y - (1 - mass_x) * share
    return {"p1": fmpq(0), "p2": share, "p4": one, "p3": 1 - share - one}


FEASIBLE = And(tuple(substitute(one, AT) for one in LAW))
LABELLED, SPENT = lt(substitute(LABEL, AT), LIMIT), lt(substitute(mean_rate(WEIGHTS), {**AT, a: A}), RATE)
CARRIED = lt(sp.Rational(3873, 10**4) * sp.log(2), substitute(INFORMATION, AT))
GAP = entropy(S_MASS) - entropy(NOISE)

LEMMA = Lemma(
    name="erratum_theorem_3",
    label="Erratum to Theorem 3",
    idea=(
        "With one of flip and identity gone the law of Y caps the weight of the other "
        "below what the label needs. Both "
        "together, (33/40, 3/40, 0, 1/10), meet every limit."
    ),
    hypotheses={},
    conclusions={
        "without the flip the label fails": _misses(p2),
        "without the identity the label fails": _misses(p1),
        "the witness has the law of Y": FEASIBLE,
        "it meets the label limit": LABELLED,
        "and the rate": SPENT,
        "with information": CARRIED,
    },
    steps=(
        step("needed, first", lt(LIMIT, entropy(S_MASS) - sp.Rational(6, 7) * GAP), enclosure()),
        step("needed, second", lt(LIMIT, entropy(S_MASS) - sp.Rational(4, 7) * GAP), enclosure()),
        step(
            "without flip",
            _misses(p2),
            block(
                step("cap", le(p1, sp.Rational(6, 7)), algebra(*NAMES, "gone")),
                step(
                    "label",
                    eq(LABEL, entropy(S_MASS) - (p1 + p2) * GAP),
                    algebra(over("sum", times=entropy(S_MASS))),
                ),
                step(
                    "too little",
                    lt(LIMIT, LABEL),
                    algebra(
                        "label",
                        "needed, first",
                        over("cap", times=GAP),
                        over("gone", times=GAP),
                    ),
                ),
                given="; ".join((*NAMES, "gone")),
            ),
        ),
        step(
            "without identity",
            _misses(p1),
            block(
                step("cap", le(p2, sp.Rational(4, 7)), algebra(*NAMES, "gone")),
                step(
                    "label",
                    eq(LABEL, entropy(S_MASS) - (p1 + p2) * GAP),
                    algebra(over("sum", times=entropy(S_MASS))),
                ),
                step(
                    "too little",
                    lt(LIMIT, LABEL),
                    algebra(
                        "label",
                        "needed, second",
                        over("cap", times=GAP),
                        over("gone", times=GAP),
                    ),
                ),
                given="; ".join((*NAMES, "gone")),
            ),
        ),
        step("witness", FEASIBLE, decide()),
        step("label of it", LABELLED, enclosure()),
        step("rate of it", SPENT, enclosure()),
        step("information of it", CARRIED, enclosure()),
    ),
    witness=Witness(
        draw=_draw,
        count=300,
        loose={
            "without the identity the label fails": (
                "the label needs a weight of 0.9, and the law of Y allows 4/7"
            ),
        },
    ),
)
