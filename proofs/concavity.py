"""Phi is strictly concave with its maximum at 0, so only the two ends of the delta interval matter."""

from __future__ import annotations

import sympy as sp

from .binary_coupling import a, b, conditional_entropy, delta
from .lemma import Lemma, cited
from .tools.symbolic import identity, ln, sign_step

__all__ = ["LEMMA"]

#: r0 = P(Y=1|X=0), r1 = P(Y=1|X=1) and their complements, positive inside the feasible interval.
R0, R1 = b - a * delta, b + (1 - a) * delta
r0, r1, s0, s1, c = sp.symbols("r0 r1 s0 s1 c", positive=True)
u = sp.Symbol("u", positive=True)

SECOND = -((1 - a) * a**2 / (R0 * (1 - R0)) + a * (1 - a) ** 2 / (R1 * (1 - R1)))

LEMMA = Lemma(
    label="Concavity of H(Y|X)",
    statement=(
        "$\\Phi$ is strictly concave, $\\Phi'(0) = 0$, strictly increasing for $\\delta \\le 0$ and "
        "strictly decreasing "
        "for $\\delta \\ge 0$. Over any interval it is least at an end: $V = h(b) - "
        "\\min(\\Phi(\\delta_{\\max}), "
        "\\Phi(\\delta_{\\min}))$."
    ),
    assumptions=("$0 < a, b < 1$", "$b - a\\delta$ and $b + (1-a)\\delta$ lie in $[0, 1]$"),
    steps=(
        identity(
            "$\\Phi'(\\delta) = a(1-a) \\ln \\frac{r_0 (1-r_1)}{r_1 (1-r_0)}$ with $r_0 = b - a\\delta$, "
            "$r_1 = b + (1-a)\\delta$.",
            lambda: (
                sp.diff(conditional_entropy(), delta),
                a * (1 - a) * (ln(R0) + ln(1 - R1) - ln(R1) - ln(1 - R0)),
            ),
        ),
        identity(
            "$\\frac{r_0 (1-r_1)}{r_1 (1-r_0)} - 1 = \\frac{-\\delta}{r_1 (1-r_0)}$.",
            lambda: (R0 * (1 - R1) / (R1 * (1 - R0)) - 1, -delta / (R1 * (1 - R0))),
        ),
        sign_step(
            "For $r_1, 1 - r_0 > 0$ this is negative for $\\delta > 0$ and positive for $\\delta < 0$.",
            lambda: [(-delta / (r1 * s0), {delta: u}, -1), (-delta / (r1 * s0), {delta: -u}, 1)],
        ),
        cited(
            "The logarithm increases and $\\ln 1 = 0$, so $\\Phi'$ has that sign.",
            "Rudin, Principles of Mathematical Analysis, 3rd ed., ch. 8",
        ),
        identity("$\\Phi'(0) = 0$.", lambda: (sp.diff(conditional_entropy(), delta).subs(delta, 0), 0)),
        identity(
            "$\\Phi''(\\delta) = -\\left(\\frac{(1-a) a^2}{r_0(1-r_0)} + \\frac{a "
            "(1-a)^2}{r_1(1-r_1)}\\right)$.",
            lambda: (sp.diff(conditional_entropy(), delta, 2), SECOND),
        ),
        sign_step(
            "With $a = 1/(1+c)$, $c > 0$, and $r_0, r_1, 1-r_0, 1-r_1 > 0$ the second derivative is "
            "negative.",
            lambda: [(-((1 - a) * a**2 / (r0 * s0) + a * (1 - a) ** 2 / (r1 * s1)), {a: 1 / (1 + c)}, -1)],
        ),
        cited(
            "A continuous function that increases up to a point and decreases from it takes its least "
            "value over an "
            "interval at an end; entropy is continuous up to the ends.",
            "Rudin, Principles of Mathematical Analysis, 3rd ed., ch. 4 and 5",
        ),
    ),
)
