"""The column Jensen bound: a row of the relaxation that knows the rate, for any alphabets and any box."""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, cited
from .mappings import DEFINITIONS, MARGINAL
from .tools.sums import Rule, S, sum_identity
from .tools.symbolic import identity, ln, phi, sign_step

__all__ = ["LEMMA", "extension"]

p, low, high, u, v = sp.symbols("p l u d e", positive=True)
w, r, q, mass = sp.symbols("w r q p_x", positive=True)


def _tangent(at: sp.Symbol, argument: sp.Expr) -> sp.Expr:
    """The tangent of phi at a point."""
    return phi(at) + sp.diff(phi(at), at) * (argument - at)


def extension(argument: float, lower: float, upper: float) -> sp.Expr:
    """phi~ on a box [lower, upper]: phi inside, its end tangents outside (nats); 0 log 0 = 0."""
    value = sp.sympify(argument)
    if value < lower:
        return _tangent(low, value).subs(low, lower)
    if value > upper:
        return _tangent(high, value).subs(high, upper)
    return sp.Integer(0) if value.is_zero else phi(value)


LEMMA = Lemma(
    label="Column Jensen bound",
    statement=(
        "For every mixture that meets the marginal of Y and every box $[l,u]$ that holds $P(x,y)$: "
        "$\\phi(P(x,y)) \\ge \\sum_k w_k \\frac{q_k(y)}{p_Y(y)} \\tilde\\phi(v_k(x))$, "
        "$v_k(x) = p_Y(y) p_X(x) [f_k(x)=y]/q_k(y)$, with $\\tilde\\phi$ equal to $\\phi$ on the box and "
        "to its end tangents "
        "outside. Without the extension the cells add up to $I \\le \\sum_k w_k H(q_k)$."
    ),
    assumptions=(
        "finite alphabets, $p_Y(y) > 0$",
        "mappings with $q_k(y) = 0$ drop out of column y",
        "$0 \\le l < u$",
    ),
    steps=(
        identity(
            "$\\phi'(p) = -\\ln p - 1$ and $\\phi''(p) = -1/p$.",
            lambda: [(sp.diff(phi(p), p), -ln(p) - 1), (sp.diff(phi(p), p, 2), -1 / p)],
        ),
        sign_step("$\\phi'' < 0$ on $p > 0$.", lambda: [(-1 / p, {p: u}, -1)]),
        identity(
            "$\\tilde\\phi$ and its derivative are continuous at both ends: each tangent has the value and "
            "the slope of "
            "$\\phi$ there.",
            lambda: [
                (_tangent(low, p).subs(p, low), phi(low)),
                (sp.diff(_tangent(low, p), p), sp.diff(phi(low), low)),
                (_tangent(high, p).subs(p, high), phi(high)),
                (sp.diff(_tangent(high, p), p), sp.diff(phi(high), high)),
            ],
        ),
        sign_step(
            "Its slope $\\phi'(\\min(\\max(p, l), u))$ does not increase: $\\phi'(l) - \\phi'(u) = "
            "\\ln(u/l)$ and $u/l > 1$. (For "
            "$l = 0$ there is nothing below the box, since $v_k \\ge 0$.)",
            lambda: [(high / low - 1, {low: u, high: u + v}, 1)],
        ),
        identity(
            "$\\phi'(l) - \\phi'(u) = \\ln(u/l)$.",
            lambda: (sp.diff(phi(low), low) - sp.diff(phi(high), high), ln(high / low)),
        ),
        sum_identity(
            "The $\\beta_k = w_k q_k(y)/p_Y(y)$ sum to 1 (here times $p_Y(y)$).",
            lambda: [(S("w_k q_ky", "k"), S("r_y"))],
            (MARGINAL,),
        ),
        sum_identity(
            "$P(x,y) = \\sum_k \\beta_k v_k(x)$: term by term $\\frac{w q}{p_Y}\\cdot\\frac{p_Y p_X e}{q} "
            "= w p_X e$.",
            lambda: [(S("w_k q_ky rinv_y r_y p_x e_kxy qinv_ky", "k"), S("w_k p_x e_kxy", "k"))],
            (Rule("q_ky qinv_ky", "", ""), Rule("r_y rinv_y", "", "")),
        ),
        cited(
            "A function with a non-increasing continuous derivative is concave; by Jensen's inequality "
            "$\\phi(P) = \\tilde\\phi(P) \\ge \\sum_k \\beta_k \\tilde\\phi(v_k(x))$ for P in the box, "
            "linear in w.",
            "Rockafellar, Convex Analysis, section 4; Cover and Thomas, theorem 2.6.2",
        ),
        identity(
            "Without the extension one term with $[f_k(x)=y] = 1$ is $-w p_X(\\ln p_Y + \\ln p_X - \\ln "
            "q)$; with 0 it is 0.",
            lambda: (w * q / r * phi(r * mass / q), -w * mass * (ln(r) + ln(mass) - ln(q))),
        ),
        sum_identity(
            "Summed over all cells: $H(X) + H(Y) - \\sum_k w_k H(q_k)$.",
            lambda: [
                (
                    -S("w_k p_x e_kxy logr_y", "kxy")
                    - S("w_k p_x e_kxy logp_x", "kxy")
                    + S("w_k p_x e_kxy logq_ky", "kxy"),
                    -S("p_x logp_x", "x") - S("r_y logr_y", "y") + S("w_k q_ky logq_ky", "ky"),
                )
            ],
            DEFINITIONS,
        ),
        identity(
            "As the box shrinks to P the extension becomes the tangent at P, which is linear: the bound "
            "becomes "
            "$\\phi(P)$, exactly.",
            lambda: [
                (r * _tangent(p, u) + (1 - r) * _tangent(p, v), _tangent(p, r * u + (1 - r) * v)),
                (_tangent(p, p), phi(p)),
            ],
        ),
    ),
)
