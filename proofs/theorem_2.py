"""The printed Theorem 2, reconstructed: it is the comonotone branch."""

from __future__ import annotations

import sympy as sp

from .binary_coupling import ONE, ZERO, a, b, delta, t
from .lemma import Lemma
from .runner import uses
from .tools.symbolic import identity, sign_step

__all__ = ["LEMMA"]

c, d, e = sp.symbols("c d e", positive=True)

LEMMA = Lemma(
    label="Theorem 2 (printed), reconstructed: the comonotone branch",
    statement=(
        "Among couplings with $\\delta \\ge 0$ the largest mutual information is "
        "$V_{com} = h(b) - \\Phi(\\min\\{R/h(a), b/a, (1-b)/(1-a), 1\\})$."
    ),
    assumptions=(
        "$0 < a, b < 1$, $R \\ge 0$",
        "no label; the printed statement is reconstructed from its proof",
    ),
    steps=(
        uses("The flip can be removed (Lemma 1), so $p_2 = 0$ and $\\delta = t$.", "lemma_1"),
        identity(
            "At $\\delta = t$: $p_4 = a(b/a - t)$ and $p_3 = (1-a)((1-b)/(1-a) - t)$.",
            lambda: [
                (ONE.subs(delta, t), a * (b / a - t)),
                (ZERO.subs(delta, t), (1 - a) * ((1 - b) / (1 - a) - t)),
            ],
        ),
        sign_step(
            "The factors $a$ and $1 - a$ are positive, so $p_4, p_3 \\ge 0$ iff $t \\le b/a$ and $t \\le "
            "(1-b)/(1-a)$.",
            lambda: [(a, {a: 1 / (1 + c)}, 1), (1 - a, {a: 1 / (1 + c)}, 1)],
        ),
        sign_step(
            "$t \\le 1$ follows: $b/a \\le 1$ for $b \\le a$ and $(1-b)/(1-a) < 1$ for $b > a$.",
            lambda: [
                (1 - b / a, {a: c + d, b: c}, 1),
                (1 - (1 - b) / (1 - a), {a: c / (c + d + e), b: (c + d) / (c + d + e)}, 1),
            ],
        ),
        identity(
            "At $b = a$ both caps are 1.",
            lambda: [((b / a).subs(b, a), 1), (((1 - b) / (1 - a)).subs(b, a), 1)],
        ),
        uses("The rate is $t h(a)$, so the rate row is $t \\le R/h(a)$.", "binary_coupling"),
        uses("$\\Phi$ decreases on $\\delta \\ge 0$, so the largest $t$ is best.", "concavity"),
    ),
)
