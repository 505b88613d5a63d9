"""Bounds that always hold, for alphabets of any size."""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, cited
from .mappings import IMAGE, LAW, MARGINAL, SIMPLEX, SOURCE
from .tools.sums import S, sum_identity
from .tools.symbolic import identity, phi, sign_step

__all__ = ["LEMMA"]

z, c = sp.symbols("z c", positive=True)

LEMMA = Lemma(
    label="Bounds that always hold",
    statement=(
        "$I(X;Y) \\le \\min(R, H(X), H(Y), H(X) + H(Y) - H(p_X \\wedge p_Y))$, and with a label "
        "$H(S|X) \\le H(S|Y,U) \\le H(S|Y)$."
    ),
    assumptions=("$Y = f(X, U)$, U independent of X, $H(Y|U) \\le R$", "$S - X - (U, Y)$ is Markov"),
    steps=(
        sum_identity(
            "A mixture's coupling has the marginals $p_X$ and $p_Y$.",
            lambda: [(S("w_k p_x e_kxy", "ky"), S("p_x"))],
            (IMAGE, SIMPLEX),
        ),
        sum_identity(
            "Its column sums are $p_Y$.", lambda: [(S("w_k p_x e_kxy", "kx"), S("r_y"))], (LAW, MARGINAL)
        ),
        sum_identity(
            "All cells together are 1.",
            lambda: [(S("w_k p_x e_kxy", "kxy"), S(""))],
            (IMAGE, SIMPLEX, SOURCE),
        ),
        cited(
            "$I(X;Y) \\le I(X;Y,U) = I(X;U) + I(X;Y|U) = I(X;Y|U) = H(Y|U) - H(Y|X,U) = H(Y|U) \\le R$; and "
            "$I \\le \\min(H(X), H(Y))$.",
            "Cover and Thomas, Elements of Information Theory, 2nd ed., theorems 2.4.1 and 2.5.2",
        ),
        identity("$\\phi''(z) = -1/z$ for $\\phi(z) = -z\\ln z$.", lambda: (sp.diff(phi(z), z, 2), -1 / z)),
        sign_step(
            "So $\\phi$ is strictly concave and $\\sum\\phi$ is Schur-concave.",
            lambda: [(-1 / z, {z: c}, -1)],
        ),
        cited(
            "A pmf is majorised by every pmf made by adding up its entries; so the coupling is majorised "
            "by $p_X$ and by "
            "$p_Y$, hence by their meet, and Schur-concavity gives $H(X,Y) \\ge H(p_X \\wedge p_Y)$.",
            "Marshall, Olkin and Arnold, Inequalities: Theory of Majorization, 2nd ed., 1.A, 3.C; "
            "Cicalese, Gargano "
            "and Vaccaro, IEEE Trans. Inform. Theory 65 (2019)",
        ),
        cited(
            "$H(S|X) = H(S|X,U,Y) \\le H(S|Y,U) \\le H(S|Y)$: the Markov chain, then conditioning reduces "
            "entropy.",
            "Cover and Thomas, theorem 2.6.5",
        ),
    ),
)
