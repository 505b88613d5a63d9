"""Two bits: the coupling, the rate and H(Y|X) depend on delta = p1 - p2 and t = p1 + p2 alone."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from .lemma import Lemma, Witness, step
from .tools.evaluate import nats, number
from .tools.language import And, entropy, eq, ge, gt, le, lt, phi, real
from .tools.rules import algebra
from .two_bits import MAPPINGS, WEIGHTS, a, b, conditional_entropy, d, instance, p1, p2, p3, p4, t

__all__ = ["LEMMA", "ONE", "ZERO"]

r0, r1, rate, H = real("r0 r1 rate H")

#: p4 and p3 as functions of delta and t.
ONE = b - (t - (1 - 2 * a) * d) / 2
ZERO = 1 - b - (t + (1 - 2 * a) * d) / 2


def one_given(x: int) -> sp.Expr:
    """P(Y=1|X=x) of the mixture."""
    return sp.Add(*(w for w, mapping in zip(WEIGHTS, MAPPINGS, strict=True) if mapping[x] == 1))


def mean_rate() -> sp.Expr:
    """The mean entropy of f(X)."""
    law = {0: 1 - a, 1: a}
    outcomes = [[sp.Add(*(law[x] for x in (0, 1) if f[x] == y)) for y in (0, 1)] for f in MAPPINGS]
    return sp.Add(*(w * phi(q) for w, pair in zip(WEIGHTS, outcomes, strict=True) for q in pair))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """The joint law gives r0, r1 and H(Y|X); the rate is added up from the laws of f(X)."""
    values = instance(generator, place)
    joint, mass = values["joint"], values["a"]
    law = {0: 1 - mass, 1: mass}
    values |= {"r0": joint[0, 1] / law[0], "r1": joint[1, 1] / law[1]}
    values["H"] = sum(number(law[x]) * nats(values[f"r{x}"], 1 - values[f"r{x}"]) for x in (0, 1))
    values["rate"] = nats(mass, 1 - mass) * number(values["p1"] + values["p2"])
    return values


LEMMA = Lemma(
    name="binary_coupling",
    label="Coupling of two bits",
    idea=(
        "Four linear equations tie the weights of identity, flip, zero and one to delta, t and the law of Y. "
        "Entropies of Y given X and of f(X) are read off the table of the four mappings."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        p1: "weight of the identity",
        p2: "weight of the flip",
        p3: "weight of the constant 0",
        p4: "weight of the constant 1",
        r0: "P(Y=1|X=0)",
        r1: "P(Y=1|X=1)",
        H: "H(Y|X)",
        rate: "mean entropy of f(X)",
    },
    hypotheses={
        "source": And((gt(a, 0), lt(a, 1))),
        "weights": And(tuple(ge(w, 0) for w in WEIGHTS)),
        "simplex": eq(sum(WEIGHTS), 1),
        "given 0": eq(r0, one_given(0)),
        "given 1": eq(r1, one_given(1)),
        "marginal": eq(b, (1 - a) * r0 + a * r1),
        "delta": eq(d, p1 - p2),
        "t": eq(t, p1 + p2),
        "conditional entropy": eq(H, (1 - a) * entropy(r0) + a * entropy(r1)),
        "mean rate": eq(rate, mean_rate()),
    },
    conclusions={
        "value at 0": eq(r0, b - a * d),
        "value at 1": eq(r1, b + (1 - a) * d),
        "H(Y|X)": eq(H, conditional_entropy()),
        "rate in t": eq(rate, t * entropy(a)),
        "zero": eq(p3, ZERO),
        "one": eq(p4, ONE),
        "shares": And((ge(d, -t), le(d, t), le(t, 1))),
    },
    steps=(
        step("range 0", And((ge(r0, 0), le(r0, 1))), algebra("given 0", "weights", "simplex")),
        step("range 1", And((ge(r1, 0), le(r1, 1))), algebra("given 1", "weights", "simplex")),
        step(
            "value 0", eq(r0, b - a * d), algebra("given 0", put=("marginal", "delta", "given 0", "given 1"))
        ),
        step("value 1", eq(r1, b + (1 - a) * d), algebra(put=("marginal", "delta", "given 0", "given 1"))),
        step(
            "inside",
            And((ge(b - a * d, 0), le(b - a * d, 1), ge(b + (1 - a) * d, 0), le(b + (1 - a) * d, 1))),
            algebra("value 0", "value 1", "range 0", "range 1"),
        ),
        step(
            "entropy",
            eq(H, conditional_entropy()),
            algebra(put=("conditional entropy", "value 0", "value 1")),
        ),
        step("rate", eq(rate, t * entropy(a)), algebra(put=("mean rate", "t"))),
        step(
            "p3",
            eq(p3, ZERO),
            algebra("simplex", degree=2, put=("marginal", "delta", "t", "given 0", "given 1")),
        ),
        step(
            "p4",
            eq(p4, ONE),
            algebra("simplex", degree=2, put=("marginal", "delta", "t", "given 0", "given 1")),
        ),
        step("bounds", And((ge(d, -t), le(d, t), le(t, 1))), algebra("delta", "t", "weights", "simplex")),
    ),
    witness=Witness(draw=_draw),
    conventions=("0 log 0 = 0: a constant has entropy 0",),
)
