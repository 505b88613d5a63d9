"""Exactly one rate at which the leading end changes, in every quadrant of (a, b)."""

from __future__ import annotations

import sympy as sp

from .binary_coupling import a, b, conditional_entropy, delta, t
from .lemma import Lemma, cited
from .runner import uses
from .tools.symbolic import entropy, identity, ln, sign_step

__all__ = ["ANTITONE_CAP", "BELOW", "LEMMA", "LEVEL"]

u, v, w = sp.symbols("u v w", positive=True)
r = sp.Symbol("r", positive=True)

#: The antitone end saturates at delta = -b/(1-a) for a, b < 1/2, and its H(Y|X) there.
ANTITONE_CAP = b / (1 - a)
LEVEL = (1 - a) * entropy(b / (1 - a))

#: 0 < a, b < 1/2; the two halves b <= a and b > a.
BELOW = {a: 1 / (2 + u), b: 1 / (2 + v)}
B_AT_MOST_A = {a: 1 / (2 + u), b: 1 / ((2 + u) * (1 + v))}
B_ABOVE_A = {b: 1 / (2 + u), a: 1 / ((2 + u) * (1 + v))}

G = r * entropy(b / r)

LEMMA = Lemma(
    label="One crossover rate in each quadrant",
    statement=(
        "For $a, b \\ne 1/2$ there is exactly one rate $R^* > 0$ at which both ends are equally good. On "
        "the same side "
        "of 1/2 the antitone end leads below and the comonotone end above; on opposite sides the reverse. "
        "For "
        "$a, b < 1/2$, $R^* = t^* h(a)$ with $\\Phi(t^*) = (1-a) h(b/(1-a))$. For $a = 1/2$ or $b = 1/2$ "
        "the ends tie at "
        "every rate."
    ),
    assumptions=("$0 < a, b < 1$", "no label"),
    steps=(
        identity(
            "Relabelling X or Y turns the sign of $\\delta$: $\\Phi_{1-a,b}(\\delta) = "
            "\\Phi_{a,1-b}(\\delta) = "
            "\\Phi_{a,b}(-\\delta)$, and $h(1-a) = h(a)$, $h(1-b) = h(b)$. So one quadrant, $a, b < 1/2$, "
            "is enough.",
            lambda: [
                (conditional_entropy(1 - a, b), conditional_entropy(slope=-delta)),
                (conditional_entropy(a, 1 - b), conditional_entropy(slope=-delta)),
                (entropy(1 - a), entropy(a)),
                (entropy(1 - b), entropy(b)),
            ],
        ),
        identity(
            "At $\\delta = -t$: $p_4 = (1-a)(b/(1-a) - t)$ and $p_3 = a((1-b)/a - t)$, so the antitone "
            "caps are "
            "$b/(1-a)$ and $(1-b)/a$.",
            lambda: [
                (b - (t + (1 - 2 * a) * t) / 2, (1 - a) * (b / (1 - a) - t)),
                (1 - b - (t - (1 - 2 * a) * t) / 2, a * ((1 - b) / a - t)),
            ],
        ),
        sign_step(
            "For $a, b < 1/2$: $b/(1-a) < 1 < (1-b)/a$, and the antitone cap lies below the comonotone caps "
            "$b/a$ and $(1-b)/(1-a)$.",
            lambda: [
                (1 - ANTITONE_CAP, BELOW, 1),
                ((1 - b) / a - 1, BELOW, 1),
                (b / a - ANTITONE_CAP, BELOW, 1),
                ((1 - b) / (1 - a) - ANTITONE_CAP, BELOW, 1),
            ],
        ),
        uses("Up to $t = b/(1-a)$ the antitone end leads strictly, for $t > 0$.", "sign_theorem"),
        identity(
            "At $\\delta = -b/(1-a)$: $r_1 = 0$, $r_0 = b/(1-a)$, so from there on $\\Phi = (1-a) "
            "h(b/(1-a))$.",
            lambda: [(b - (1 - a) * ANTITONE_CAP, 0), (b + a * ANTITONE_CAP, ANTITONE_CAP)],
        ),
        uses("$\\Phi(t)$ decreases strictly and continuously.", "concavity"),
        sign_step(
            "The comonotone cap is $b/a$ for $b \\le a$ and $(1-b)/(1-a)$ for $b > a$.",
            lambda: [
                ((1 - b) / (1 - a) - b / a, B_AT_MOST_A, 1),
                (b / a - (1 - b) / (1 - a), B_ABOVE_A, 1),
            ],
        ),
        identity(
            "$b < a$: at the cap $r_0 = 0$ and $r_1 = b/a$, so $\\Phi = a h(b/a)$ (0 at $b = a$).",
            lambda: [(b - a * (b / a), 0), (b + (1 - a) * (b / a), b / a)],
        ),
        identity("$\\frac{d}{dr}\\, r h(b/r) = -\\ln(1 - b/r)$.", lambda: (sp.diff(G, r), -ln(1 - b / r))),
        sign_step(
            "It is positive for $r > b > 0$ since $1 - (1 - b/r) > 0$; and $1 - a > a$. So $a h(b/a) < "
            "(1-a) h(b/(1-a))$.",
            lambda: [
                (1 - (1 - b / r), {b: u, r: u + v}, 1),
                ((1 - a) - a, BELOW, 1),
            ],
        ),
        identity(
            "$b > a$: at the cap $r_1 = 1$ and $r_0 = (b-a)/(1-a)$, so $\\Phi = (1-a) h((b-a)/(1-a))$.",
            lambda: [
                (b + (1 - a) * (1 - b) / (1 - a), 1),
                (b - a * (1 - b) / (1 - a), (b - a) / (1 - a)),
            ],
        ),
        sign_step(
            "Then $(b-a)/(1-a)$ is farther from 1/2 than $b/(1-a)$: the difference of the squared "
            "distances is positive.",
            lambda: [
                (
                    ((b - a) / (1 - a) - sp.Rational(1, 2)) ** 2 - (b / (1 - a) - sp.Rational(1, 2)) ** 2,
                    B_ABOVE_A,
                    1,
                )
            ],
        ),
        identity(
            "$h'(p) = \\ln((1-p)/p)$, and $h(1-p) = h(p)$.",
            lambda: [(sp.diff(entropy(r), r), ln(1 - r) - ln(r)), (entropy(1 - r), entropy(r))],
        ),
        sign_step(
            "So h increases on (0, 1/2) and falls with the distance from 1/2: $(1-p) - p > 0$ there.",
            lambda: [((1 - r) - r, {r: 1 / (2 + u)}, 1)],
        ),
        cited(
            "At the comonotone cap $\\Phi$ is below the level and at $t = b/(1-a)$ above it; a strictly "
            "decreasing "
            "continuous function takes the level exactly once between. Beyond the cap both are constant.",
            "Rudin, Principles of Mathematical Analysis, 3rd ed., theorem 4.23",
        ),
        identity(
            "For $a = 1/2$ the caps of both ends are equal; for $b = 1/2$ too. With the sign theorem the "
            "ends tie.",
            lambda: [
                ((b / a).subs(a, sp.Rational(1, 2)), ANTITONE_CAP.subs(a, sp.Rational(1, 2))),
                (((1 - b) / (1 - a)).subs(a, sp.Rational(1, 2)), ((1 - b) / a).subs(a, sp.Rational(1, 2))),
                ((b / a).subs(b, sp.Rational(1, 2)), ((1 - b) / a).subs(b, sp.Rational(1, 2))),
                (((1 - b) / (1 - a)).subs(b, sp.Rational(1, 2)), ANTITONE_CAP.subs(b, sp.Rational(1, 2))),
            ],
        ),
    ),
)
