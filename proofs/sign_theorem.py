"""Which end is better at equal |delta|: sign(Phi(delta) - Phi(-delta)) = sign((1-2a)(1-2b))."""

from __future__ import annotations

import sympy as sp

from .binary_coupling import a, b, conditional_entropy, delta
from .lemma import Lemma, cited
from .tools.symbolic import identity, ln, sign_step

__all__ = ["LEMMA"]

u, v = sp.symbols("u v", positive=True)
r = sp.Symbol("r", real=True)

DIFFERENCE = conditional_entropy() - conditional_entropy(slope=-delta)


def _g(radius: sp.Expr) -> sp.Expr:
    """G(r) = h'(b + r) + h'(b - r)."""
    return ln(1 - b - radius) - ln(b + radius) + ln(1 - b + radius) - ln(b - radius)


NEAR, FAR = a * delta, (1 - a) * delta
#: exp(G((1-a) delta) - G(a delta)) = TOP / BOTTOM.
TOP = ((1 - b) ** 2 - FAR**2) * (b**2 - NEAR**2)
BOTTOM = ((1 - b) ** 2 - NEAR**2) * (b**2 - FAR**2)

LEMMA = Lemma(
    label="Sign theorem",
    statement=(
        "For $\\delta > 0$ with $\\pm\\delta$ both feasible, sign$(\\Phi(\\delta) - \\Phi(-\\delta)) = $ "
        "sign$((1-2a)(1-2b))$: for $a, b$ on the same side of 1/2 the antitone coupling carries more."
    ),
    assumptions=(
        "$0 < a, b < 1$",
        "$b \\pm a\\delta$ and $b \\pm (1-a)\\delta$ lie in $(0, 1)$ (in $[0,1]$ at the end of the interval)",
    ),
    steps=(
        identity(
            "$D(\\delta) = \\Phi(\\delta) - \\Phi(-\\delta)$ is 0 at 0.",
            lambda: (DIFFERENCE.subs(delta, 0), 0),
        ),
        identity(
            "$D'(\\delta) = a(1-a)\\,[G((1-a)\\delta) - G(a\\delta)]$ with $G(r) = h'(b+r) + h'(b-r)$.",
            lambda: (sp.diff(DIFFERENCE, delta), a * (1 - a) * (_g(FAR) - _g(NEAR))),
        ),
        identity(
            "$G((1-a)\\delta) - G(a\\delta) = \\ln\\frac{((1-b)^2 - (1-a)^2\\delta^2)(b^2 - a^2\\delta^2)}"
            "{((1-b)^2 - a^2\\delta^2)(b^2 - (1-a)^2\\delta^2)}$.",
            lambda: (_g(FAR) - _g(NEAR), ln(TOP) - ln(BOTTOM)),
        ),
        identity(
            "Numerator minus denominator is $\\delta^2 (1-2a)(1-2b)$.",
            lambda: (TOP - BOTTOM, delta**2 * (1 - 2 * a) * (1 - 2 * b)),
        ),
        sign_step(
            "$(1-2a)(1-2b)$ is positive for $a, b$ on the same side of 1/2 and negative on opposite sides.",
            lambda: [
                ((1 - 2 * a) * (1 - 2 * b), {a: first, b: second}, sign)
                for first, second, sign in (
                    (1 / (2 + u), 1 / (2 + v), 1),
                    ((1 + u) / (2 + u), (1 + v) / (2 + v), 1),
                    (1 / (2 + u), (1 + v) / (2 + v), -1),
                    ((1 + u) / (2 + u), 1 / (2 + v), -1),
                )
            ],
        ),
        identity(
            "For $a = 1/2$ or $b = 1/2$ the ends tie: $D$ vanishes identically.",
            lambda: [
                (DIFFERENCE.subs(a, sp.Rational(1, 2)), 0),
                (DIFFERENCE.subs(b, sp.Rational(1, 2)), 0),
            ],
        ),
        identity(
            "In passing, $G'(r) = \\frac{2r(1-2b)}{((1-b)^2 - r^2)(b^2 - r^2)}$ has the sign of $1 - 2b$.",
            lambda: (sp.diff(_g(r), r), 2 * r * (1 - 2 * b) / (((1 - b) ** 2 - r**2) * (b**2 - r**2))),
        ),
        cited(
            "The logarithm increases, and a function with $D(0) = 0$ and a derivative of one sign has that "
            "sign (mean "
            "value theorem; continuity at the end).",
            "Rudin, Principles of Mathematical Analysis, 3rd ed., theorem 5.10",
        ),
    ),
)
