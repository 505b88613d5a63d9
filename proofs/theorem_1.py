"""Theorem 1 for finite alphabets of any size: the deterministic form loses nothing.

Factors: p_x; m_u the law of U; E_xut and D_tuy encoder and decoder; a_v, c_z the laws of two further seeds;
g_uvxt = [g(x,u,v) = t] and l_uzty = [l(t,u,z) = y] the functions that represent them.
"""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, cited
from .tools.sums import Rule, S, sum_identity
from .tools.symbolic import identity

__all__ = ["LEMMA"]

first, last, following = sp.symbols("F_i F_j F_k", real=True)

#: the seeds represent the channels, and every value of a seed gives one letter
ENCODER = Rule("a_v g_uvxt", "v", "E_xut")
DECODER = Rule("c_z l_uzty", "z", "D_tuy")
ONE_T = Rule("g_uvxt", "t", "")
ONE_Y = Rule("l_uzty", "y", "")
#: pmfs
SOURCE, SEED, FIRST, SECOND = (
    Rule(f"{name}_{i}", i, "") for name, i in (("p", "x"), ("m", "u"), ("a", "v"), ("c", "z"))
)

LEMMA = Lemma(
    label="Theorem 1: the deterministic form",
    statement=(
        "For every scheme $U \\sim p_U$, $T \\sim p(t|x,u)$, $Y \\sim p(y|t,u)$ on finite alphabets there "
        "is a finite seed W, "
        "independent of X, with Y a function of (X, W), the same $P(X,Y)$, and $H(Y|W) \\le H(T|U)$; with "
        "a label, "
        "$H(S|Y,W) \\le H(S|Y,U)$. Conversely a mixture of mappings is such a scheme with $T = Y$."
    ),
    assumptions=("finite alphabets", "U independent of X (of (X,S) with a label), $S - X - (U,T,Y)$ Markov"),
    steps=(
        identity(
            "Inverse distribution functions: cut [0,1) at the values $F_j$ of all rows; the pieces from "
            "$F_i$ to $F_j$ "
            "add up to $F_j - F_i$ (induction on the pieces: none, and one more).",
            lambda: [
                (sp.Integer(0), first - first),
                ((last - first) + (following - last), following - first),
            ],
        ),
        cited(
            "So a finite seed V with those pieces and $g(x,u,v) = t$ where $F_{t-1} \\le v < F_t$ in row "
            "(x,u) gives "
            "$P(g(x,u,V) = t) = p(t|x,u)$ (functional representation lemma).",
            "El Gamal and Kim, Network Information Theory, appendix B",
        ),
        sum_identity(
            "With $W = (U, V_1, V_2)$ and $Y = l(g(X,U,V_1),U,V_2)$, $[Y = y] = \\sum_t [g = t][l(t) = "
            "y]$: the law of "
            "(X,Y) is that of the scheme.",
            lambda: [(S("p_x m_u a_v c_z g_uvxt l_uzty", "uvzt"), S("p_x m_u E_xut D_tuy", "ut"))],
            (ENCODER, DECODER),
        ),
        sum_identity(
            "W is a pmf that multiplies $p_X$: summing everything but W leaves its law, and that sums to 1.",
            lambda: [
                (S("p_x m_u a_v c_z", "x"), S("m_u a_v c_z")),
                (S("m_u a_v c_z", "uvz"), S("")),
            ],
            (SOURCE, SEED, FIRST, SECOND),
        ),
        sum_identity(
            "For each x and W, Y takes exactly one value.",
            lambda: [(S("g_uvxt l_uzty", "ty"), S(""))],
            (ONE_Y, ONE_T),
        ),
        sum_identity(
            "The law of T given U is that of the scheme.",
            lambda: [(S("p_x a_v g_uvxt", "xv"), S("p_x E_xut", "x"))],
            (ENCODER,),
        ),
        cited(
            "$H(Y|W) \\le H(T|W)$, as Y is a function of T given W; $H(T|W) \\le H(T|U)$ and $H(S|Y,W) "
            "\\le H(S|Y,U)$, as "
            "conditioning reduces entropy and W contains U.",
            "Cover and Thomas, Elements of Information Theory, 2nd ed., theorem 2.6.5 and problem 2.4",
        ),
        sum_identity(
            "Conversely, with $T = Y = f_U(X)$ and the decoder $[t = y]$ the coupling is the mixture's; "
            "$H(T|U) = H(Y|U)$.",
            lambda: [(S("w_k p_x e_kxt i_ty", "kt"), S("w_k p_x e_kxy", "k"))],
            (Rule("e_kxt i_ty", "t", "e_kxy"),),
        ),
    ),
)
