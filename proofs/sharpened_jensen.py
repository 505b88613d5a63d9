"""Column Jensen rows with another concave function: any that lies below phi on the box will do.

The family in use: phi on a touching interval [s, e] inside the box [l, u], the chords from its ends to the
ends of the box, and straight on outside.
"""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, cited
from .mappings import MARGINAL
from .runner import uses
from .tools.sums import S, sum_identity
from .tools.symbolic import identity, ln, phi, sign_step

__all__ = ["LEMMA"]

r, u, v = sp.symbols("r c d", positive=True)
low, start, end, high = sp.symbols("l s e u", positive=True)

KAPPA = ln(r) + 1 / r - 1


def _chord(first: sp.Symbol, second: sp.Symbol) -> sp.Expr:
    """The slope of phi's chord between two points."""
    return (phi(second) - phi(first)) / (second - first)


def _slope(at: sp.Symbol) -> sp.Expr:
    return sp.diff(phi(at), at)


LEMMA = Lemma(
    label="Sharpened Jensen rows",
    statement=(
        "Let g be concave on $[0, \\infty)$ with $g \\le \\phi$ on $[l,u]$, and $P(x,y) \\in [l,u]$. Then "
        "$\\phi(P(x,y)) \\ge \\sum_k w_k \\frac{q_k(y)}{p_Y(y)} g(v_k(x))$. For $l \\le s \\le e \\le u$ "
        "the function that "
        "is $\\phi$ on $[s,e]$, the chord to $(l, \\phi(l))$ before, the chord to $(u, \\phi(u))$ after, "
        "and straight on "
        "outside, is such a g."
    ),
    assumptions=("as for the column Jensen bound", "$0 \\le l \\le s \\le e \\le u$, $s > 0$"),
    steps=(
        uses("$P(x,y) = \\sum_k \\beta_k v_k(x)$, and $\\phi$ is concave.", "column_jensen"),
        sum_identity(
            "The $\\beta_k$ sum to 1 (here times $p_Y(y)$).",
            lambda: [(S("w_k q_ky", "k"), S("r_y"))],
            (MARGINAL,),
        ),
        cited(
            "Jensen: $\\phi(P) \\ge g(P) = g(\\sum_k \\beta_k v_k) \\ge \\sum_k \\beta_k g(v_k)$.",
            "Cover and Thomas, Elements of Information Theory, 2nd ed., theorem 2.6.2",
        ),
        cited(
            "A chord of the concave $\\phi$ lies below it: $g \\le \\phi$ on the box.",
            "Rockafellar, section 4",
        ),
        identity(
            "Left of s the chord's slope less $\\phi'(s)$ is $\\frac{l}{s-l}\\kappa(l/s)$, right of e "
            "$\\phi'(e)$ less the "
            "chord's slope is $\\frac{u}{u-e}\\kappa(u/e)$, with $\\kappa(r) = \\ln r + 1/r - 1$.",
            lambda: [
                (_chord(low, start) - _slope(start), low / (start - low) * KAPPA.subs(r, low / start)),
                (_slope(end) - _chord(end, high), high / (high - end) * KAPPA.subs(r, high / end)),
            ],
        ),
        identity(
            "$\\kappa(1) = 0$ and $\\kappa'(r) = (r-1)/r^2$; for $l = 0$ the left difference is 1.",
            lambda: [
                (KAPPA.subs(r, 1), 0),
                (sp.diff(KAPPA, r), (r - 1) / r**2),
                (phi(start) / start - _slope(start), 1),
            ],
        ),
        sign_step(
            "$\\kappa$ falls before 1 and rises after it, so it is positive off 1; the factors are positive.",
            lambda: [
                ((r - 1) / r**2, {r: 1 / (1 + u)}, -1),
                ((r - 1) / r**2, {r: 1 + u}, 1),
                (low / (start - low), {start: low + u}, 1),
                (high / (high - end), {high: end + v}, 1),
            ],
        ),
        cited(
            "So the slope of g does not increase anywhere, also where $s = e$: g is concave.",
            "Rockafellar, Convex Analysis, section 4",
        ),
    ),
)
