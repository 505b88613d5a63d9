"""Lemma 2: observing the label through a bit helps, h(eta) <= h(s), and the label row in t."""

from __future__ import annotations

import sympy as sp

from .binary_coupling import MAPPINGS, WEIGHTS, a, t
from .lemma import Lemma
from .tools.symbolic import entropy, identity, ln, sign_step

__all__ = ["LEMMA"]

eta, r = sp.symbols("eta r", real=True)
u, v, d = sp.symbols("u v d", positive=True)
limit = sp.Symbol("C", real=True)

#: P(S = 1) for S = X xor N.
S_MASS = a * (1 - eta) + (1 - a) * eta
gap = entropy(S_MASS) - entropy(eta)


def _label_entropy(mapping: tuple[int, int]) -> sp.Expr:
    """H(S|f(X)), nats, from the joint law of S and f(X)."""
    joint = {}
    for x, mass in ((0, 1 - a), (1, a)):
        for noise, probability in ((0, 1 - eta), (1, eta)):
            key = (x ^ noise, mapping[x])
            joint[key] = joint.get(key, 0) + mass * probability
    total = sp.Integer(0)
    for y in set(mapping):
        pair = [joint[(s, y)] for s in (0, 1)]
        whole = sp.expand(sum(pair))
        total += sum(-value * (ln(value) - ln(whole)) for value in pair)
    return total


def _row() -> tuple[sp.Expr, sp.Expr]:
    p1, p2, p3, p4 = WEIGHTS
    left = sp.Add(*(w * _label_entropy(f) for w, f in zip(WEIGHTS, MAPPINGS, strict=True)))
    share = {p1: (t + d) / 2, p2: (t - d) / 2, p3: 1 - t - p4}
    return left.subs(share), t * entropy(eta) + (1 - t) * entropy(S_MASS)


LEMMA = Lemma(
    label="Lemma 2",
    statement=(
        "With $s = a(1-\\eta) + (1-a)\\eta$: $h(\\eta) \\le h(s)$, with equality iff $a \\in \\{0, 1\\}$ "
        "or $\\eta = 1/2$. The "
        "label constraint is $t\\,h(\\eta) + (1-t)\\,h(s) \\le C$, that is $t \\ge (h(s)-C)/(h(s)-h(\\eta))$."
    ),
    assumptions=(
        "$S = X \\oplus N$, $N \\sim$ Bern$(\\eta)$ independent of X and U",
        "$0 \\le a, \\eta \\le 1$",
    ),
    steps=(
        identity("$1 - 2s = (1-2a)(1-2\\eta)$.", lambda: (1 - 2 * S_MASS, (1 - 2 * a) * (1 - 2 * eta))),
        identity(
            "$(1/2-\\eta)^2 - (1/2-s)^2 = (1-2\\eta)^2 a(1-a)$.",
            lambda: (
                (sp.Rational(1, 2) - eta) ** 2 - (sp.Rational(1, 2) - S_MASS) ** 2,
                (1 - 2 * eta) ** 2 * a * (1 - a),
            ),
        ),
        sign_step(
            "It is positive for $0 < a < 1$ and $\\eta \\ne 1/2$, on either side.",
            lambda: [
                ((1 - 2 * eta) ** 2 * a * (1 - a), {a: 1 / (1 + u), eta: side}, 1)
                for side in (1 / (2 + v), (1 + v) / (2 + v))
            ],
        ),
        identity(
            "It vanishes for $a = 0$, $a = 1$, $\\eta = 1/2$; at $\\eta = 0$ and 1 it is $a(1-a)$.",
            lambda: [
                (((1 - 2 * eta) ** 2 * a * (1 - a)).subs(variable, value), result)
                for variable, value, result in (
                    (a, 0, 0),
                    (a, 1, 0),
                    (eta, sp.Rational(1, 2), 0),
                    (eta, 0, a * (1 - a)),
                    (eta, 1, a * (1 - a)),
                )
            ],
        ),
        identity(
            "$h'(p) = \\ln((1-p)/p)$ and $h(1-p) = h(p)$.",
            lambda: [(sp.diff(entropy(r), r), ln(1 - r) - ln(r)), (entropy(1 - r), entropy(r))],
        ),
        sign_step(
            "$(1-p) - p > 0$ for $p < 1/2$, so h falls strictly with the distance from 1/2.",
            lambda: [((1 - r) - r, {r: 1 / (2 + u)}, 1)],
        ),
        identity(
            "H(S|f(X)) is $h(\\eta)$ for identity and flip, $h(s)$ for the constants; so the row is "
            "$t h(\\eta) + (1-t) h(s)$.",
            lambda: [
                (_label_entropy(MAPPINGS[0]), entropy(eta)),
                (_label_entropy(MAPPINGS[1]), entropy(eta)),
                (_label_entropy(MAPPINGS[2]), entropy(S_MASS)),
                (_label_entropy(MAPPINGS[3]), entropy(S_MASS)),
                _row(),
            ],
        ),
        identity(
            "$\\eta \\to 1-\\eta$ relabels S: $s \\to 1-s$ and both entropies stay.",
            lambda: [
                (S_MASS.subs(eta, 1 - eta), 1 - S_MASS),
                (entropy(1 - eta), entropy(eta)),
            ],
        ),
        identity(
            "The row is $t\\,(h(s) - h(\\eta)) \\ge h(s) - C$; divide by $h(s) - h(\\eta) > 0$.",
            lambda: (
                limit - (t * entropy(eta) + (1 - t) * entropy(S_MASS)),
                t * gap - (entropy(S_MASS) - limit),
            ),
        ),
    ),
)
