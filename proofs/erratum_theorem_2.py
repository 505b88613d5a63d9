"""What the printed Theorem 2 misses: an exact witness at a = b = 3/10, R = 0.378."""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from .lemma import Lemma, ProofError
from .runner import uses
from .tools.ball import ball, ball_step, conditional_entropy, entropy, precision
from .tools.symbolic import case

__all__ = ["LEMMA", "WITNESS", "enclosures"]

A = B = Fraction(3, 10)
RATE = Fraction(378, 1000)
#: Weights of identity, flip, zero and one.
WITNESS = (Fraction(0), Fraction(3, 7), Fraction(4, 7), Fraction(0))


def _exact() -> str:
    identity, flip, _, one = WITNESS
    if min(WITNESS) < 0 or sum(WITNESS) != 1:
        raise ProofError("the weights are no pmf")
    if (1 - A) * (flip + one) + A * (identity + one) != B:
        raise ProofError("the marginal of Y is not b")
    return f"weights {', '.join(str(weight) for weight in WITNESS)}; P(Y=1) = {B}"


@precision()
def enclosures() -> tuple[arb, arb, arb]:
    """The witness's rate, its mutual information and the comonotone branch, bits."""
    a, b = ball(A), ball(B)
    share = WITNESS[0] + WITNESS[1]
    slope = ball(WITNESS[0] - WITNESS[1])
    rate = ball(share) * entropy(a)
    value = entropy(b) - conditional_entropy(a, b, slope)
    printed = entropy(b) - conditional_entropy(a, b, ball(RATE) / entropy(a))
    return rate, value, printed


def _rate() -> tuple[bool, str]:
    rate, _, _ = enclosures()
    return bool(rate < ball(RATE)), f"rate in {rate.str(25)} bits"


def _branch() -> tuple[bool, str]:
    share = ball(RATE) / entropy(ball(A))
    return bool(share < 1), f"R/h(a) in {share.str(25)}; b/a = (1-b)/(1-a) = 1"


def _values() -> tuple[bool, str]:
    _, value, printed = enclosures()
    proved = bool(value - printed > ball(Fraction(64, 1000)) and value > printed)
    return proved, f"witness {value.str(25)}, comonotone branch {printed.str(25)} bits"


LEMMA = Lemma(
    label="Erratum to Theorem 2",
    statement=(
        "The comonotone branch (printed Theorem 2, reconstructed) is not the optimum: at $a = b = 3/10$, "
        "$R = 0.378$ it "
        "gives 0.127539 bits, while flip with weight 3/7 and zero with weight 4/7 is feasible with "
        "0.191631 bits."
    ),
    assumptions=("$a = b = 3/10$, $R = 0.378$",),
    steps=(
        uses("The comonotone branch is $h(b) - \\Phi(\\min\\{R/h(a), b/a, (1-b)/(1-a), 1\\})$.", "theorem_2"),
        uses("Value and rate of a mixture follow from $\\delta$ and t.", "binary_coupling"),
        case("The witness is a pmf with the right marginal, in exact rationals.", _exact),
        ball_step("Its rate $\\frac37 h(3/10)$ is below 0.378.", _rate),
        ball_step("The minimum in the printed formula is $R/h(a)$.", _branch),
        ball_step("The witness carries more, by over 0.064 bits.", _values),
    ),
)
