"""Lemma 1 of the paper, reconstructed: what it does prove.

The flip can be removed at equal delta where delta >= 0.  It is no statement about delta < 0, and with a label
the removal raises H(S|Y,U): both errata start here.
"""

from __future__ import annotations

import sympy as sp

from .binary_coupling import MAPPINGS, WEIGHTS, a, p1, p2, p3, p4
from .lemma import Lemma, ProofError
from .tools.symbolic import case, entropy, identity, sign_step

__all__ = ["LEMMA"]

eta, d = sp.symbols("eta d", real=True)
q1, q2, q3, q4 = sp.symbols("q1 q2 q3 q4", positive=True)
NEW = {p1: p1 - p2, p2: sp.Integer(0), p3: p3 + p2, p4: p4 + p2}


def _coupling(weights) -> list[sp.Expr]:
    """P(x, y) in the order 00, 01, 10, 11."""
    masses = (1 - a, a)
    return [
        masses[x] * sp.Add(*(w for w, f in zip(weights, MAPPINGS, strict=True) if f[x] == y))
        for x in (0, 1)
        for y in (0, 1)
    ]


def _pointwise() -> str:
    """Identity + flip and zero + one send each x to the same two values."""
    for x in (0, 1):
        if sorted((MAPPINGS[0][x], MAPPINGS[1][x])) != sorted((MAPPINGS[2][x], MAPPINGS[3][x])):
            raise ProofError(f"the pairs differ at x = {x}")
    return "2 letters"


LEMMA = Lemma(
    label="Lemma 1 (removal of the flip), reconstructed",
    statement=(
        "If $\\delta = p_1 - p_2 \\ge 0$, the weights $(p_1 - p_2, 0, p_3 + p_2, p_4 + p_2)$ give the same "
        "coupling at a "
        "rate lower by $2 p_2 h(a)$. With a label, H(S|Y,U) grows by $2 p_2 (h(s) - h(\\eta))$."
    ),
    assumptions=("$p \\ge 0$, $\\sum p_k = 1$, $p_1 \\ge p_2$",),
    steps=(
        case("Identity and flip together send each x to both values, as zero and one do.", _pointwise),
        identity(
            "The coupling is unchanged in all four cells.",
            lambda: list(zip(_coupling([NEW[w] for w in WEIGHTS]), _coupling(WEIGHTS), strict=True)),
        ),
        identity(
            "The weights still sum to the same, and $\\delta$ is the same.",
            lambda: [
                (sum(NEW[w] for w in WEIGHTS), sum(WEIGHTS)),
                (NEW[p1] - NEW[p2], p1 - p2),
            ],
        ),
        sign_step(
            "The new weights are non-negative: with $p_1 = p_2 + d$, each is a sum of non-negative terms.",
            lambda: [
                (NEW[p1], {p1: q2 + q1, p2: q2}, 1),
                (NEW[p3], {p3: q3, p2: q2}, 1),
                (NEW[p4], {p4: q4, p2: q2}, 1),
            ],
        ),
        identity(
            "The rate falls by $2 p_2 h(a)$.",
            lambda: ((p1 + p2) * entropy(a) - (NEW[p1] + NEW[p2]) * entropy(a), 2 * p2 * entropy(a)),
        ),
        identity(
            "H(S|Y,U) $= t h(\\eta) + (1-t) h(s)$ grows by $2 p_2 (h(s) - h(\\eta))$, $s = a(1-\\eta) + "
            "(1-a)\\eta$.",
            lambda: (
                _label(NEW[p1] + NEW[p2]) - _label(p1 + p2),
                2 * p2 * (entropy(_S) - entropy(eta)),
            ),
        ),
    ),
)

_S = a * (1 - eta) + (1 - a) * eta


def _label(share: sp.Expr) -> sp.Expr:
    return share * entropy(eta) + (1 - share) * entropy(_S)
