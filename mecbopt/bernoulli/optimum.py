"""Binary sources, one problem at a time: the optimum with its weights, its end and its branch.

Theorems 2 and 3 of the paper with both ends of the delta interval (theory, section 3).  The printed Theorem 2
keeps the comonotone end alone; `comonotone` gives that branch, reconstructed from its proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from typing import Any

import numpy as np

from mecbopt._validate import nonnegative_number
from mecbopt.bernoulli.coupling import (
    BinaryCoupling,
    Weights,
    active,
    entropy,
    least_share,
    mass_of_label,
    weights_at,
)
from mecbopt.bernoulli.information import information
from mecbopt.bernoulli.polygon import (
    best_points,
    comonotone_share,
    largest_share,
    largest_share_complement,
)
from mecbopt.bernoulli.scalars import label_arguments, probability
from mecbopt.errors import InfeasibleError, Name

__all__ = [
    "BernoulliOptimum",
    "comonotone",
    "infeasible",
    "smallest_label_entropy",
    "smallest_rate",
    "solve",
]


@dataclass(frozen=True, repr=False)
class BernoulliOptimum(BinaryCoupling):
    """An optimal coupling of binary X and Y.

    Attributes
    ----------
    q_x, q_y : float
        P(X=1), P(Y=1).
    mutual_information : float
        I(X;Y), bits.
    delta : float
        P(Y=1|X=1) - P(Y=1|X=0) = weights.identity - weights.flip.
    weights : Weights
        Of identity, flip, constant 0 and constant 1; they sum to 1.
    end : str
        "comonotone" (delta > 0), "antitone" (delta < 0), or "tie" where the best delta of the other sign, or
        delta = 0, is as good.
    branch : str
        Active constraints: "rate", "marginal" (a Frechet-Hoeffding end), "label", joined by "+" at corners.
    crossover : float or None
        P(S != X), where a label was given.
    """

    q_x: float
    q_y: float
    mutual_information: float
    delta: float
    weights: Weights
    end: str
    branch: str
    crossover: float | None = None

    def __repr__(self) -> str:
        return f"BernoulliOptimum(I(X;Y) = {self.mutual_information:.6f} bits, {self.end}, {self.in_short})"


def solve(
    q_x: Any,
    q_y: Any,
    rate: Any = math.inf,
    crossover: Any = None,
    max_label_entropy: Any = None,
) -> BernoulliOptimum:
    """The optimum of max I(X;Y) for X ~ Bern(q_x), Y ~ Bern(q_y), H(Y|U) <= R and H(S|Y,U) <= C.

    Parameters
    ----------
    q_x, q_y : float
        P(X=1) and P(Y=1), in [0, 1].
    rate : float
        R >= 0 in bits; infinity means no limit.
    crossover : float, optional
        P(S != X) of the label S = X xor N, in [0, 1].
    max_label_entropy : float, optional
        C >= 0 in bits; goes with `crossover`.

    Returns
    -------
    BernoulliOptimum

    Raises
    ------
    ProblemError
        A value out of range, or C without a label.
    InfeasibleError
        No coupling meets C at this rate; the message gives the smallest C and the smallest R that serve.

    Examples
    --------
    >>> optimum = solve(0.3, 0.3, 0.378)
    >>> round(optimum.mutual_information, 6), optimum.end, optimum.branch
    (0.191631, 'antitone', 'marginal')
    """
    a, b = probability("q_x", q_x), probability("q_y", q_y)
    limit = nonnegative_number("rate", rate)
    label = label_arguments(crossover, max_label_entropy)
    best = best_points(*(np.asarray(number) for number in (a, b, limit, *(label or ()))))
    if not best.feasible:
        noise, label_limit = label or (0.5, math.inf)
        raise infeasible(a, b, limit, noise, label_limit)
    delta, share = float(best.delta), float(best.share)
    weights = weights_at(a, b, delta, share)
    # Degenerate bits and delta = 0 tie with everything; otherwise the sign of delta names the end.
    end = "tie" if best.tie else "comonotone" if delta > 0.0 else "antitone"
    return BernoulliOptimum(
        a,
        b,
        float(best.value),
        delta,
        weights,
        end,
        active(a, b, share, weights, limit, label),
        None if crossover is None else probability("crossover", crossover),
    )


def comonotone(q_x: Any, q_y: Any, rate: Any = math.inf) -> BernoulliOptimum:
    """The comonotone branch (printed Theorem 2, reconstructed): the best coupling with delta >= 0.

    V_com = h(b) - Phi(min{R/h(a), b/a, (1-b)/(1-a), 1}).  It is the optimum over all couplings only on one
    side of the crossover rate; `solve` gives the optimum.  The printed statement is reconstructed from its
    proof.

    Parameters
    ----------
    q_x, q_y, rate : float
        As for `solve`.

    Raises
    ------
    ProblemError
        A value out of range.

    Examples
    --------
    >>> round(comonotone(0.3, 0.3, 0.378).mutual_information, 6)
    0.127539
    """
    a, b = probability("q_x", q_x), probability("q_y", q_y)
    limit = nonnegative_number("rate", rate)
    if a in (0.0, 1.0) or b in (0.0, 1.0):
        weights = weights_at(a, b, 0.0, 0.0)
        return BernoulliOptimum(a, b, 0.0, 0.0, weights, "tie", active(a, b, 0.0, weights, limit, None))
    delta = float(comonotone_share(np.asarray(a), np.asarray(b), np.asarray(limit)))
    gain = float(information(np.asarray(a), np.asarray(b), np.asarray(delta)))
    weights = weights_at(a, b, delta, delta)
    end = "comonotone" if delta > 0.0 else "tie"
    return BernoulliOptimum(a, b, gain, delta, weights, end, active(a, b, delta, weights, limit, None))


def smallest_label_entropy(q_x: Any, q_y: Any, rate: Any, crossover: Any) -> float:
    """The smallest attainable C = H(S|Y,U) at a rate, bits: (1 - t_top) h(s) + t_top h(eta).

    Parameters
    ----------
    q_x, q_y, rate, crossover : float
        As in `solve`; eta is the crossover, s = P(S=1), and t_top the largest weight that identity and flip
        can have together (theory, section 3).

    Raises
    ------
    ProblemError
        A value out of range.
    """
    a, b = probability("q_x", q_x), probability("q_y", q_y)
    noise, limit = probability("crossover", crossover), nonnegative_number("rate", rate)
    plain = entropy(mass_of_label(a, noise))
    if a in (0.0, 1.0) or b in (0.0, 1.0):
        return plain
    point = np.asarray(min(a, 1.0 - a)), np.asarray(b), np.asarray(limit)
    return float(largest_share_complement(*point)) * plain + float(largest_share(*point)) * entropy(noise)


def smallest_rate(q_x: Any, q_y: Any, crossover: Any, max_label_entropy: Any) -> float | None:
    """The smallest R that makes H(S|Y,U) <= C attainable, bits; None where no rate does.

    Parameters
    ----------
    q_x, q_y, crossover, max_label_entropy : float
        As in `solve`; the last is C.

    Raises
    ------
    ProblemError
        A value out of range.
    """
    a, b = probability("q_x", q_x), probability("q_y", q_y)
    noise = probability("crossover", crossover)
    limit = nonnegative_number("max_label_entropy", max_label_entropy)
    if not best_points(*(np.asarray(number) for number in (a, b, math.inf, noise, limit))).feasible:
        return None
    if a in (0.0, 1.0) or b in (0.0, 1.0):
        return 0.0
    share = least_share(a, noise, limit)
    top = float(largest_share(np.asarray(min(a, 1.0 - a)), np.asarray(b), np.asarray(math.inf)))
    return min(max(share, 0.0), top) * entropy(a)


def infeasible(a: float, b: float, limit: float, noise: float, label_limit: float) -> InfeasibleError:
    """What is attainable instead, rounded so that it serves as it is printed."""
    least = smallest_label_entropy(a, b, limit, noise)
    needed = smallest_rate(a, b, noise, label_limit)
    raise_rate: tuple[str, ...] = ("no R is enough for less",)
    if needed is not None:
        raise_rate = ("or ", Name("rate"), f" to at least {_rounded_up(needed)}")
    return InfeasibleError(
        argument="max_label_entropy",
        value=label_limit,
        found=(f"is {label_limit:g} at ", Name("rate"), f" {limit:g}, which no coupling attains"),
        remedy=(f"raise it to at least {_rounded_up(least)}, ", *raise_rate),
    )


def _rounded_up(number: float) -> str:
    """Nine digits, upwards: what an error offers must serve as it is printed."""
    return f"{float(Context(prec=9, rounding=ROUND_CEILING).create_decimal_from_float(number)):.9g}"
