"""The exchange lemma: pairs of mappings that an optimal support can hold."""

from __future__ import annotations

import itertools

import sympy as sp

from .lemma import Lemma, ProofError, cited
from .runner import uses
from .tools.symbolic import case, identity, phi, sign_step

__all__ = ["LEMMA"]

z, c, gain = sp.symbols("z c gain", positive=True)
shift, first, second = sp.symbols("epsilon w v", positive=True)
h_f, h_g, h_a, h_b, total = sp.symbols("H_f H_fprime H_g H_gprime total", real=True)
#: Masses of a letter's cell under f, f', g, g'.
m_f, m_g, m_a, m_b, others = sp.symbols("M_f M_fprime M_g M_gprime others", real=True)


def _pointwise() -> str:
    """[f(x)=y] + [f'(x)=y] = [g(x)=y] + [g'(x)=y] for one letter x, whatever the alphabets are.

    A cell (x, y) sees of f only whether f(x) = y.  With x in A, g follows f and g' follows f'; outside, the
    reverse.  These are all cases, for any n, m and A.
    """
    cases = 0
    for inside, hit_f, hit_other in itertools.product((True, False), repeat=3):
        hit_g, hit_g_other = (hit_f, hit_other) if inside else (hit_other, hit_f)
        if int(hit_f) + int(hit_other) != int(hit_g) + int(hit_g_other):
            raise ProofError(f"the sums differ for x in A = {inside}, f: {hit_f}, f': {hit_other}")
        cases += 1
    return f"{cases} cases of one cell"


LEMMA = Lemma(
    label="Exchange lemma",
    statement=(
        "Without label and extra constraint some optimal vertex has a support in which every pair satisfies "
        "$H_f + H_{f'} \\le H_g + H_{g'}$ for every recombination: g = f on A and f' off A, g' the reverse."
    ),
    assumptions=("finite alphabets", "the rate row is the only row besides the marginals"),
    steps=(
        case("$M_f + M_{f'} = M_g + M_{g'}$ in every cell.", _pointwise),
        identity(
            "Moving mass $\\epsilon$ from f and f' to g and g' changes P by $\\epsilon(M_g + M_{g'} - M_f "
            "- M_{f'})$, and "
            "the rate by $\\epsilon(H_g + H_{g'} - H_f - H_{f'})$.",
            lambda: [
                (
                    (first - shift) * m_f
                    + (second - shift) * m_g
                    + shift * (m_a + m_b)
                    + others
                    - (first * m_f + second * m_g + others),
                    shift * (m_a + m_b - m_f - m_g),
                ),
                (
                    (first - shift) * h_f
                    + (second - shift) * h_g
                    + shift * (h_a + h_b)
                    + total
                    - (first * h_f + second * h_g + total),
                    shift * (h_a + h_b - h_f - h_g),
                ),
                (((first - shift) + (second - shift) + 2 * shift), first + second),
            ],
        ),
        sign_step(
            "With $\\epsilon = \\min(w_f, w_{f'})$ all weights stay non-negative; a violating pair, "
            "$H_f + H_{f'} = H_g + H_{g'} + gain$, lowers the rate by $\\epsilon \\cdot gain > 0$ "
            "at the same P: it cannot lie in the support of a mixture of least rate over its P.",
            lambda: [
                (shift * (h_a + h_b - h_f - h_g), {h_f: h_a + h_b - h_g + gain}, -1),
                (second - shift, {second: shift + gain}, 1),
            ],
        ),
        identity("$\\phi''(z) = -1/z$.", lambda: (sp.diff(phi(z), z, 2), -1 / z)),
        sign_step(
            "So $I = H(X) + H(Y) - \\sum\\phi(P)$ is strictly convex in P.", lambda: [(-1 / z, {z: c}, -1)]
        ),
        cited(
            "A strictly convex function on a compact convex set is maximal at extreme points only, so an "
            "optimal $P^*$ is "
            "a vertex of the polytope of feasible couplings, the linear image of the feasible mixtures.",
            "Rockafellar, Convex Analysis, section 32",
        ),
        cited(
            "The feasible mixtures over a vertex of a linear image form a face; a linear function (the "
            "rate) is least over "
            "the face at a vertex of it, which is a vertex of the whole: the optimal vertex of the "
            "statement.",
            "Schrijver, Theory of Linear and Integer Programming, sections 8.3 and 8.5",
        ),
        uses("Such a vertex has at most m + 1 mappings.", "support"),
    ),
)
