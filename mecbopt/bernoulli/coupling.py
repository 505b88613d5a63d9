"""A coupling of binary X and Y: its weights, what follows from them, and which constraints are active."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mecbopt.bernoulli.polygon import label_mass, label_share
from mecbopt.info import binary_entropy
from mecbopt.problem import Mixture

__all__ = ["BinaryCoupling", "Weights", "active", "entropy", "least_share", "mass_of_label", "weights_at"]

#: A constraint is called active when its slack is below this share of what it limits: well above the rounding
#: of R/h(a), well below what a user would call a different rate.
_ACTIVE = 1e-12
#: Rounding of t_C in absolute terms: h(s) - C is a difference of numbers that may be nearly equal.
_LABEL_ROUNDING = 8.0 * np.finfo(float).eps


class Weights(NamedTuple):
    """Probabilities with which the shared seed picks each mapping of a bit to a bit."""

    identity: float
    flip: float
    zero: float
    one: float


class BinaryCoupling:
    """What the weights determine; the fields are those of the results that build on it."""

    q_x: float
    q_y: float
    delta: float
    weights: Weights
    branch: str
    crossover: float | None

    @property
    def in_short(self) -> str:
        """What the results that build on it show of themselves beside their value."""
        label = self.label_entropy_with_seed
        return (
            f"branch {self.branch}, closed form, rate {self.rate:.6f}"
            f"{'' if label is None else f', H(S|Y,U) {label:.6f}'}, delta {self.delta:.6f}, "
            f"q_x={self.q_x:.6g}, q_y={self.q_y:.6g}"
        )

    @property
    def rate(self) -> float:
        """H(Y|U) = (p1 + p2) h(q_x), bits."""
        return (self.weights.identity + self.weights.flip) * entropy(self.q_x)

    @property
    def label_entropy_with_seed(self) -> float | None:
        """H(S|Y,U), bits; None without a label."""
        if self.crossover is None:
            return None
        share = self.weights.identity + self.weights.flip
        plain = entropy(mass_of_label(self.q_x, self.crossover))
        return share * entropy(self.crossover) + (1.0 - share) * plain

    @property
    def coupling(self) -> NDArray[np.float64]:
        """P(x, y), shape (2, 2)."""
        identity, flip, zero, one = self.weights
        a = self.q_x
        return np.array(
            [[(1 - a) * (identity + zero), (1 - a) * (flip + one)], [a * (flip + zero), a * (identity + one)]]
        )

    @property
    def mixture(self) -> Mixture:
        """The mappings with positive weight, as the solver's solutions have them."""
        mappings = np.array([[0, 1], [1, 0], [0, 0], [1, 1]])
        weights = np.array(self.weights)
        return Mixture(mappings[weights > 0], weights[weights > 0] / weights.sum())


def entropy(p: float) -> float:
    """h(p), bits."""
    return float(binary_entropy(p))


def mass_of_label(a: float, noise: float) -> float:
    """P(S=1) for S = X xor N with N ~ Bern(noise)."""
    return float(label_mass(np.asarray(a), np.asarray(noise)))


def least_share(a: float, noise: float, limit: float) -> float:
    """t_C before its cut at 0, for 0 < a < 1."""
    share, _ = label_share(
        np.asarray(min(a, 1.0 - a)), np.asarray(min(noise, 1.0 - noise)), np.asarray(limit)
    )
    return float(share)


def weights_at(a: float, b: float, delta: float, share: float) -> Weights:
    """The four weights of a point of the polygon; what is 0 up to rounding becomes 0."""
    # (t -+ (1-2a) delta) / 2, arranged so that delta = +-t leaves nothing to cancel.
    one = b - ((share - delta) / 2.0 + a * delta)
    zero = 1.0 - b - ((share + delta) / 2.0 - a * delta)
    rounding = 8.0 * np.finfo(float).eps
    return Weights(
        (share + delta) / 2.0,
        (share - delta) / 2.0,
        0.0 if zero <= rounding * (1.0 - b) else zero,
        0.0 if one <= rounding * b else one,
    )


def active(
    a: float, b: float, share: float, weights: Weights, limit: float, label: tuple[float, float] | None
) -> str:
    """Names of the active constraints, in the order rate, marginal, label."""
    if a in (0.0, 1.0) or b in (0.0, 1.0):
        return "marginal"  # a constant bit leaves one coupling
    names = []
    spent = share * entropy(a)
    if abs(limit - spent) <= _ACTIVE * spent:
        names.append("rate")
    # p3 or p4 is 0, measured in t: near the end t = b/a the weight p4 = b - a t moves with slope a <= b.
    if weights.one <= _ACTIVE * b or weights.zero <= _ACTIVE * (1.0 - b):
        names.append("marginal")
    if label is not None and abs(least_share(a, *label) - share) <= max(_ACTIVE * share, _LABEL_ROUNDING):
        names.append("label")
    return "+".join(names)
