"""Known sums for mixtures of deterministic mappings, on alphabets of any size.

Factors: w_k weight of mapping k, p_x and r_y the marginals of X and Y, e_kxy = [f_k(x) = y], q_ky the law of
f_k(X).  P(x, y) = sum_k w_k p_x e_kxy.
"""

from __future__ import annotations

from .tools.sums import Rule

__all__ = ["DEFINITIONS", "IMAGE", "LAW", "MARGINAL", "SIMPLEX", "SOURCE"]

#: sum_x p_x = 1
SOURCE = Rule("p_x", "x", "")
#: sum_k w_k = 1
SIMPLEX = Rule("w_k", "k", "")
#: every letter has exactly one image: sum_y [f_k(x) = y] = 1
IMAGE = Rule("e_kxy", "y", "")
#: q_k(y) = sum_x p_X(x) [f_k(x) = y]
LAW = Rule("p_x e_kxy", "x", "q_ky")
#: the marginal constraint sum_k w_k q_k(y) = p_Y(y)
MARGINAL = Rule("w_k q_ky", "k", "r_y")

DEFINITIONS = (LAW, MARGINAL, IMAGE, SIMPLEX, SOURCE)
