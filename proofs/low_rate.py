"""The low-rate theorem for any alphabets: below R_low an optimum mixes the constants with one mapping."""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, ProofError, cited
from .mappings import DEFINITIONS, MARGINAL
from .runner import uses
from .tools.sums import Rule, S, sum_identity
from .tools.symbolic import case, entropy, identity, ln, sign_step

__all__ = ["LEMMA"]

s, u, v = sp.symbols("s u v", positive=True)
#: c = h(p_min)/(1 - p_min); excess entropies, masses and rates as non-negative slacks.
ratio, mass, rest, share, spare, excess, weight = sp.symbols("c q rest lambda spare excess w", positive=True)
m, j = sp.symbols("m j", integer=True)


def _counts() -> str:
    """Of m constants, a vertex with j other mappings misses at least j - 1 (j - 2 with the label row)."""
    for extra, name in ((1, "rate"), (2, "rate and label")):
        most_positive = m + extra
        constants = most_positive - j
        if sp.expand((m - constants) - (j - extra)) != 0:
            raise ProofError(f"{name}: the count is off")
        if sp.expand((m - constants).subs(j, extra + 1)) != 1:
            raise ProofError(f"{name}: one more mapping must miss a constant")
    return "rate: j - 1; rate and label: j - 2"


LEMMA = Lemma(
    label="Low-rate theorem",
    statement=(
        "Let $p_{min} = \\min_x p_X(x)$ and $R_{low} = \\min_y p_Y(y)\\, h(p_{min})/(1 - p_{min})$. For $0 "
        "\\le R < R_{low}$ every "
        "vertex of the feasible polytope has positive weight on all m constants, hence on at most one "
        "other mapping, "
        "and $V(R) = \\max_f I$ at $P = p_X p_Y + (R/H(f(X)))(M_f - p_X q_f)$. With a label row, at most "
        "two others, and "
        "the smallest attainable C is $H(S) - R \\max_f I(S;f(X))/H(f(X))$."
    ),
    assumptions=("finite alphabets, $n, m \\ge 2$", "all masses positive", "no extra constraint"),
    steps=(
        identity(
            "$\\frac{d}{ds}\\frac{h(s)}{s} = \\frac{\\ln(1-s)}{s^2}$.",
            lambda: (sp.diff(entropy(s) / s, s), ln(1 - s) / s**2),
        ),
        sign_step(
            "It is negative on (0, 1), since $1 - (1-s) > 0$ and the logarithm increases with $\\ln 1 = "
            "0$: $h(s)/s$ decreases.",
            lambda: [(1 - (1 - s), {s: 1 / (1 + u)}, 1)],
        ),
        cited(
            "Grouping: $H(q) \\ge h(q(y_0))$.",
            "Cover and Thomas, Elements of Information Theory, 2nd ed., theorem 2.2.1",
        ),
        identity(
            "A non-constant f sends some letter elsewhere than $y_0$; that letter's mass and the rest that "
            "goes elsewhere "
            "give $q_f(y_0) = 1 - (p_{min} + rest)$, so $(1 - p_{min}) - q_f(y_0) = rest \\ge 0$.",
            lambda: ((1 - v) - (1 - (v + rest)), rest),
        ),
        identity(
            "At $s = 1 - p_{min}$: $h(s)/s = h(p_{min})/(1-p_{min}) = c$. So $H(q_f) \\ge c\\, q_f(y_0)$ "
            "for every "
            "non-constant f.",
            lambda: (entropy(1 - v) / (1 - v), entropy(v) / (1 - v)),
        ),
        sum_identity(
            "If constant $y_0$ has weight 0, $p_Y(y_0) = \\sum_k w_k q_k(y_0)$ over non-constant k (other "
            "constants have "
            "$q(y_0) = 0$), and the rate exceeds $c\\,p_Y(y_0)$ by $\\sum_k w_k (H_k - c\\,q_k(y_0))$.",
            lambda: [(S("w_k H_k", "k") - S("c r_y"), S("w_k H_k", "k") - S("c w_k q_ky", "k"))],
            (MARGINAL,),
        ),
        sign_step(
            "Each summand is a weight times a non-negative excess: $w((c q + excess) - c q) \\ge 0$. So "
            "the rate is at least "
            "$c\\,p_Y(y_0) \\ge R_{low} > R$, a contradiction.",
            lambda: [(weight * ((ratio * mass + excess) - ratio * mass), {}, 1)],
        ),
        uses("A vertex has at most m + 1 positive weights (m + 2 with the label row).", "support"),
        case(
            "So at most one non-constant mapping (two), and j of them miss j - 1 (j - 2) constants.", _counts
        ),
        sum_identity(
            "With weight $\\lambda$ on f and $p_Y(y) - \\lambda q_f(y)$ on the constants: the marginal "
            "holds and "
            "$P = p_X p_Y + \\lambda(M_f - p_X q_f)$.",
            lambda: [
                (
                    S("p_x r_z i_zy", "z") - S("L p_x q_z i_zy", "z") + S("L p_x e_xy"),
                    S("p_x r_y") + S("L p_x e_xy") - S("L p_x q_y"),
                ),
                (S("r_y") - S("L q_y") + S("L p_x e_xy", "x"), S("r_y")),
            ],
            (Rule("r_z i_zy", "z", "r_y"), Rule("q_z i_zy", "z", "q_y"), Rule("p_x e_xy", "x", "q_y")),
        ),
        identity(
            "Feasible up to $\\lambda = R/H(q_f)$: with $c\\,p_Y(y) = R + spare$ and $H = c q + excess$, "
            "$c\\,(p_Y H - R q) = spare\\,(c q + excess) + R\\,excess$.",
            lambda: (
                ratio * ((share + spare) / ratio * (ratio * mass + excess) - share * mass),
                spare * (ratio * mass + excess) + share * excess,
            ),
        ),
        sign_step(
            "That is positive, so every constant keeps a positive weight.",
            lambda: [(spare * (ratio * mass + excess) + share * excess, {}, 1)],
        ),
        cited(
            "Along $\\lambda$ the convex I is least at $\\lambda = 0$, where it is 0, so it does not "
            "decrease: "
            "$\\lambda = R/H(f(X))$ is best for f.",
            "Rockafellar, Convex Analysis, section 4",
        ),
        sum_identity(
            "With a label, $\\sum_k w_k H(S|f_k) = H(S) - \\sum_k w_k I(S;f_k)$, and a constant has "
            "$I(S;f) = 0$.",
            lambda: [(S("w_k h", "k") - S("w_k I_k", "k"), S("h") - S("w_k I_k", "k"))],
            (Rule("w_k", "k", ""),),
        ),
        sum_identity(
            "With $\\rho = \\max_f I(S;f)/H(f)$: $\\rho \\sum w_f H_f - \\sum w_f I_f = \\sum w_f (\\rho "
            "H_f - I_f)$, a sum of "
            "non-negative terms. So C is at least $H(S) - \\rho R$.",
            lambda: [(S("rho w_k H_k", "k") - S("w_k I_k", "k"), S("w_k rho H_k", "k") - S("w_k I_k", "k"))],
            DEFINITIONS,
        ),
        sum_identity(
            "It is attained by the best f with $\\lambda = R/H(f)$: its label information is $\\lambda I_f "
            "= \\rho R$ where "
            "$\\lambda H_f = R$ and $I_f = \\rho H_f$.",
            lambda: [(S("L rho H"), S("rho R"))],
            (Rule("L H", "", "R"),),
        ),
    ),
)
