"""Binary X and Y as alike as a rate and a label allow: least P(X != Y) in closed form (`proofs/hamming.py`).

P(X != Y) = q_x + q_y - 2 q_x q_y - 2 q_x (1 - q_x) delta falls in delta = P(Y=1|X=1) - P(Y=1|X=0), so the
largest delta of the polygon of Theorem 3 is best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mecbopt._validate import nonnegative_number
from mecbopt.bernoulli.coupling import BinaryCoupling, Weights, active, weights_at
from mecbopt.bernoulli.optimum import infeasible
from mecbopt.bernoulli.polygon import closest_points
from mecbopt.bernoulli.scalars import label_arguments, probability

__all__ = ["HammingOptimum", "hamming"]


@dataclass(frozen=True, repr=False)
class HammingOptimum(BinaryCoupling):
    """A coupling of binary X and Y with least P(X != Y).

    Attributes
    ----------
    q_x, q_y : float
        P(X=1), P(Y=1).
    distortion : float
        P(X != Y); never below |q_x - q_y|.
    delta : float
        P(Y=1|X=1) - P(Y=1|X=0) = weights.identity - weights.flip.
    weights : Weights
        Of identity, flip, constant 0 and constant 1; they sum to 1.
    branch : str
        Active constraints: "rate", "marginal", "label", joined by "+" where several are.
    crossover : float or None
        P(S != X), where a label was given.
    """

    q_x: float
    q_y: float
    distortion: float
    delta: float
    weights: Weights
    branch: str
    crossover: float | None = None

    def __repr__(self) -> str:
        return f"HammingOptimum(P(X != Y) = {self.distortion:.6f}, {self.in_short})"


def hamming(
    q_x: Any,
    q_y: Any,
    rate: Any = math.inf,
    crossover: Any = None,
    max_label_entropy: Any = None,
) -> HammingOptimum:
    """The least P(X != Y) for X ~ Bern(q_x), Y ~ Bern(q_y), H(Y|U) <= R and H(S|Y,U) <= C.

    Parameters
    ----------
    q_x, q_y, rate, crossover, max_label_entropy : float
        As in `mecbopt.bernoulli.solve`.

    Returns
    -------
    HammingOptimum

    Raises
    ------
    ProblemError
        A value out of range, or C without a label.
    InfeasibleError
        No coupling meets C at this rate; the message gives the smallest C and the smallest R that serve.

    Notes
    -----
    Without a label delta = min{R/h(q_x), q_y/q_x, (1-q_y)/(1-q_x), 1}.  A label can lower it: where more
    seeds must show X than the law of Y lets agree with it, some of them flip X.  The general solver finds the
    same as a linear program: `Problem(..., distortion=[[0, 1], [1, 0]])`.  Cost O(1).

    Examples
    --------
    >>> best = hamming(0.3, 0.4, 0.5)
    >>> round(best.distortion, 6), best.branch
    (0.221713, 'rate')
    >>> round(hamming(0.3, 0.4).distortion, 6)
    0.1
    """
    a, b = probability("q_x", q_x), probability("q_y", q_y)
    limit = nonnegative_number("rate", rate)
    label = label_arguments(crossover, max_label_entropy)
    closest = closest_points(*(np.asarray(number) for number in (a, b, limit, *(label or ()))))
    if not closest.feasible:
        noise, label_limit = label or (0.5, math.inf)
        raise infeasible(a, b, limit, noise, label_limit)
    delta, share = float(closest.delta), float(closest.share)
    weights = weights_at(a, b, delta, share)
    _, flip, zero, one = weights
    return HammingOptimum(
        a,
        b,
        # From the cells: the closed form would cancel where the bits agree nearly always.
        (1.0 - a) * (flip + one) + a * (flip + zero),
        delta,
        weights,
        active(a, b, share, weights, limit, label),
        None if crossover is None else probability("crossover", crossover),
    )
