"""The support lemma: an optimal mixture needs at most m + 1 mappings (m + 2 with a label)."""

from __future__ import annotations

import sympy as sp

from .lemma import Lemma, ProofError, cited
from .mappings import DEFINITIONS, IMAGE, LAW
from .tools.sums import Rule, S, sum_identity
from .tools.symbolic import case, identity, phi, sign_step

__all__ = ["LEMMA"]

z, c = sp.symbols("z c", positive=True)
n, m = sp.symbols("n m", integer=True)


def _counts() -> str:
    """Marginal rows: m; one row for each of rate and label, a slack for each: positives <= rows."""
    lines = []
    for name, extra in (("no rate, no label", 0), ("rate", 1), ("rate and label", 2)):
        for slack in range(extra + 1):
            # Of m + extra basic variables, `slack` are slacks of rows that are not active.
            largest = m + extra - slack
            active = extra - slack
            if sp.expand(largest - (m + active)) != 0:
                raise ProofError(f"{name}: the count is off")
        lines.append(f"{name}: m + {extra}" if extra else f"{name}: m")
    return "; ".join(lines)


LEMMA = Lemma(
    label="Support lemma",
    statement=(
        "max I is attained by a mixture with at most m + 1 mappings where the rate row is active, m where "
        "no row "
        "besides the marginals is, m + 2 with rate and label rows active. At a fixed coupling P at most "
        "n(m-1) + 1 "
        "mappings are needed for the least rate; that is the dimension of the span of the $M_k$."
    ),
    assumptions=("all masses of X positive", "the feasible polytope is not empty"),
    steps=(
        identity("$\\phi''(z) = -1/z$.", lambda: (sp.diff(phi(z), z, 2), -1 / z)),
        sign_step(
            "So $I = H(X) + H(Y) - \\sum\\phi(P(x,y))$ is convex in P, and P is linear in w.",
            lambda: [(-1 / z, {z: c}, -1)],
        ),
        cited(
            "A convex continuous function on a polytope attains its maximum at a vertex.",
            "Rockafellar, Convex Analysis, corollary 32.3.4",
        ),
        sum_identity(
            "If the columns of A in the support of w are dependent, take $z \\ne 0$ in the support with $A "
            "z = 0$: "
            "$A(w \\pm \\epsilon z) = b \\pm \\epsilon\\, A z = b$, so w is the middle of two feasible "
            "points.",
            lambda: [
                (S("A_ik w_k", "k") + sign * S("eps A_ik z_k", "k"), S("b_i") + sign * S("eps nil_i"))
                for sign in (1, -1)
            ],
            (Rule("A_ik w_k", "k", "b_i"), Rule("A_ik z_k", "k", "nil_i")),
        ),
        cited(
            "So a vertex of $\\{Aw = b, w \\ge 0\\}$ has at most rank(A) positive entries.",
            "Bertsimas and Tsitsiklis, Introduction to Linear Optimization, theorem 2.4",
        ),
        sum_identity(
            "The marginal rows add up to the simplex row: $\\sum_y\\sum_k w_k q_k(y) = \\sum_k w_k$.",
            lambda: [
                (S("w_k p_x e_kxy", "kxy"), S("w_k", "k")),
                (S("w_k p_x e_kxy", "kx"), S("w_k q_ky", "k")),
            ],
            (IMAGE, Rule("p_x", "x", ""), LAW),
        ),
        sum_identity(
            "Constants have the laws $q_{y'}(y) = [y' = y]$, so the m marginal rows have rank exactly m; "
            "their entropy is "
            "0, so a rate row that is not 0 adds exactly 1.",
            lambda: [(S("p_x i_zy", "x"), S("i_zy"))],
            (Rule("p_x", "x", ""),),
        ),
        case("Counting basic variables with a slack for each inequality.", _counts),
        sum_identity(
            "Every $M_k$ has the row sums $p_X(x)$: the span lies where all row sums are proportional to "
            "$p_X$.",
            lambda: [(S("p_x e_kxy", "y"), S("p_x"))],
            DEFINITIONS[2:],
        ),
        identity(
            "These are n - 1 equations in nm unknowns: dimension $nm - (n-1) = n(m-1) + 1$.",
            lambda: (n * m - (n - 1), n * (m - 1) + 1),
        ),
        cited(
            "Mappings that differ at one letter x give $p_X(x)(E_{xy} - E_{xy'})$; these n(m-1) matrices "
            "and one $M_k$ are "
            "independent, so the dimension is attained. The weights over a fixed P form a polytope with "
            "that many "
            "independent rows, and a linear function (the rate) is least at a vertex.",
            "Bertsimas and Tsitsiklis, theorems 2.4 and 2.8",
        ),
    ),
)
