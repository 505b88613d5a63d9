"""Two bits: the coupling, the rate and H(Y|X) depend on delta = p1 - p2 and t = p1 + p2 alone."""

from __future__ import annotations

import itertools

import sympy as sp

from .lemma import Lemma, ProofError
from .tools.symbolic import case, entropy, identity

__all__ = ["LEMMA", "ONE", "ZERO", "a", "b", "conditional_entropy", "delta", "p1", "p2", "p3", "p4", "t"]

a, b, delta, t = sp.symbols("a b delta t", real=True)
p1, p2, p3, p4 = sp.symbols("p1 p2 p3 p4", real=True)

#: The four mappings (f(0), f(1)) in the order of the weights p1 .. p4.
MAPPINGS = ((0, 1), (1, 0), (0, 0), (1, 1))
WEIGHTS = (p1, p2, p3, p4)

#: p4 and p3 as functions of delta and t.
ONE = b - (t - (1 - 2 * a) * delta) / 2
ZERO = 1 - b - (t + (1 - 2 * a) * delta) / 2


def conditional_entropy(first=a, second=b, slope=delta):
    """Phi(delta) = H(Y|X), nats."""
    return (1 - first) * entropy(second - first * slope) + first * entropy(second + (1 - first) * slope)


def _one_given(x: int) -> sp.Expr:
    """P(Y=1|X=x) of the mixture."""
    return sp.Add(*(w for w, mapping in zip(WEIGHTS, MAPPINGS, strict=True) if mapping[x] == 1))


def _solution() -> dict[sp.Symbol, sp.Expr]:
    """The weights from delta, t, the simplex row and the marginal row."""
    equations = [
        p1 - p2 - delta,
        p1 + p2 - t,
        sum(WEIGHTS) - 1,
        (1 - a) * _one_given(0) + a * _one_given(1) - b,
    ]
    solutions = sp.linsolve(equations, WEIGHTS)
    if len(solutions) != 1:
        raise ProofError("the four rows do not determine the weights")
    return dict(zip(WEIGHTS, next(iter(solutions)), strict=True))


def _all_mappings() -> str:
    every = set(itertools.product((0, 1), repeat=2))
    if set(MAPPINGS) != every or len(MAPPINGS) != len(every):
        raise ProofError("the list of mappings is not complete")
    return f"{len(every)} mappings"


def _rate() -> tuple[sp.Expr, sp.Expr]:
    """The mean entropy of f(X); a constant has none."""
    total = sp.Integer(0)
    for weight, mapping in zip(WEIGHTS, MAPPINGS, strict=True):
        mass = sp.Add(*(p for x, p in ((0, 1 - a), (1, a)) if mapping[x] == 1))
        if mass not in (0, 1):
            total += weight * entropy(mass)
    return total, (p1 + p2) * entropy(a)


LEMMA = Lemma(
    label="Coupling of two bits",
    statement=(
        "With weights $p_1, p_2, p_3, p_4$ on identity, flip, 0 and 1, $\\delta = p_1 - p_2$ and $t = p_1 "
        "+ p_2$: "
        "$P(Y{=}1|X{=}0) = b - a\\delta$, $P(Y{=}1|X{=}1) = b + (1-a)\\delta$, so $H(Y|X) = \\Phi(\\delta)$ "
        "depends on $\\delta$ alone; the rate is $t\\,h(a)$; $p_4 = b - (t - (1-2a)\\delta)/2$ and "
        "$p_3 = 1 - b - (t + (1-2a)\\delta)/2$."
    ),
    assumptions=("$X \\sim$ Bern$(a)$, $Y \\sim$ Bern$(b)$, $0 < a, b < 1$", "U is independent of X"),
    steps=(
        case("The four mappings are all mappings of a bit to a bit.", _all_mappings),
        identity(
            "The rows for $\\delta$, $t$, the simplex and the marginal have one solution, with $p_3$ and "
            "$p_4$ as stated.",
            lambda: [
                (_solution()[p1], (t + delta) / 2),
                (_solution()[p2], (t - delta) / 2),
                (_solution()[p3], ZERO),
                (_solution()[p4], ONE),
            ],
        ),
        identity(
            "$P(Y{=}1|X{=}0) = b - a\\delta$ and $P(Y{=}1|X{=}1) = b + (1-a)\\delta$ for every $t$.",
            lambda: [
                (_one_given(0).subs(_solution()), b - a * delta),
                (_one_given(1).subs(_solution()), b + (1 - a) * delta),
            ],
        ),
        identity(
            "$H(Y|X) = (1-a) h(b - a\\delta) + a\\, h(b + (1-a)\\delta) = \\Phi(\\delta)$.",
            lambda: (
                (1 - a) * entropy(_one_given(0).subs(_solution()))
                + a * entropy(_one_given(1).subs(_solution())),
                conditional_entropy(),
            ),
        ),
        identity("The rate $\\sum_k p_k H(f_k(X))$ is $t\\,h(a)$.", _rate),
    ),
)
