"""What the printed Theorem 3 may miss: a labelled problem that both one-sided branches call infeasible."""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from .lemma import Lemma, ProofError
from .runner import uses
from .tools.ball import ball, ball_step, conditional_entropy, entropy
from .tools.symbolic import case

__all__ = ["LEMMA", "WITNESS"]

A, B, ETA = Fraction(3, 10), Fraction(4, 10), Fraction(1, 10)
LIMIT, RATE = Fraction(514_578, 1_000_000), Fraction(1)
S_MASS = A * (1 - ETA) + (1 - A) * ETA
#: Weights of identity, flip, zero and one.
WITNESS = (Fraction(33, 40), Fraction(3, 40), Fraction(0), Fraction(1, 10))


def _label_share() -> arb:
    """t_C."""
    plain, noise = entropy(ball(S_MASS)), entropy(ball(ETA))
    return (plain - ball(LIMIT)) / (plain - noise)


def _exact() -> str:
    identity, flip, _, one = WITNESS
    if min(WITNESS) < 0 or sum(WITNESS) != 1:
        raise ProofError("the weights are no pmf")
    if (1 - A) * (flip + one) + A * (identity + one) != B:
        raise ProofError("the marginal of Y is not b")
    return f"weights {', '.join(str(weight) for weight in WITNESS)}; P(Y=1) = {B}"


def _one_sided() -> tuple[bool, str]:
    share = _label_share()
    caps = {"flip removed": min(B / A, (1 - B) / (1 - A)), "identity removed": min(B / (1 - A), (1 - B) / A)}
    proved = all(bool(share > ball(cap)) for cap in caps.values())
    listed = ", ".join(f"{name}: t <= {cap}" for name, cap in caps.items())
    return proved, f"t_C in {share.str(20)}; {listed}"


def _feasible() -> tuple[bool, str]:
    share = ball(WITNESS[0] + WITNESS[1])
    label = share * entropy(ball(ETA)) + (1 - share) * entropy(ball(S_MASS))
    rate = share * entropy(ball(A))
    proved = bool(label < ball(LIMIT) and rate < ball(RATE))
    return proved, f"H(S|Y,U) in {label.str(20)} <= {float(LIMIT)}, rate in {rate.str(20)} bits"


def _value() -> tuple[bool, str]:
    b = ball(B)
    value = entropy(b) - conditional_entropy(ball(A), b, ball(WITNESS[0] - WITNESS[1]))
    return bool(value > ball(Fraction(3873, 10_000))), f"I(X;Y) in {value.str(25)} bits"


LEMMA = Lemma(
    label="Erratum to Theorem 3",
    statement=(
        "With a label, removing the flip or the identity can lose feasibility: for $a = 3/10$, $b = 4/10$, "
        "$\\eta = 1/10$, "
        "$C = 0.514578$, $R = 1$ both one-sided branches are infeasible, yet the weights (33/40, 3/40, 0, "
        "1/10) are "
        "feasible with more than 0.3873 bits."
    ),
    assumptions=("the printed theorem is reconstructed from its proof: $p_2 = 0$ and $p_1 = 0$ in turn",),
    steps=(
        uses("The label row is $t \\ge t_C$.", "lemma_2"),
        uses("With $p_2 = 0$: $t \\le \\min(b/a, (1-b)/(1-a))$.", "theorem_2"),
        uses("With $p_1 = 0$: $t \\le \\min(b/(1-a), (1-b)/a)$.", "crossover"),
        ball_step("$t_C$ exceeds both caps.", _one_sided),
        case("The witness is a pmf with the right marginal, in exact rationals.", _exact),
        ball_step("It meets the label and the rate constraint.", _feasible),
        ball_step("Its mutual information.", _value),
    ),
)
