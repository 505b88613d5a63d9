"""What is minimised: a function of the coupling, called its cost, and the value that the caller reads.

Engines work on costs alone, so that all of them search in one sense.  Every objective here is concave in the
coupling: a vertex of the mixtures is then optimal, and linearising never raises a cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mecbopt.bounds import mutual_information_bound
from mecbopt.info import entropy, phi
from mecbopt.units import BITS_PER_NAT

__all__ = ["ConditionalEntropy", "JointEntropy", "LinearObjective", "Objective"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Gradients are cut off at this cell mass: the derivative of phi is infinite at 0.
_SMALLEST_CELL = 1e-9
#: Rounding of a sum of entropies relative to the sum: a few units in the last place.
_ROUNDING = 4.0 * float(np.finfo(float).eps)
#: What rounded masses move an entropy by beside that, bits: |phi'(p)| p <= phi(p) + p / ln 2, at half a unit
#: in the last place of every mass, for two laws.  It counts where almost all of the mass is one letter's.
_MASS_ROUNDING = float(np.finfo(float).eps) * BITS_PER_NAT


class Objective(Protocol):
    """A concave function of the coupling that is minimised."""

    @property
    def name(self) -> str:
        """What engines know it by."""
        ...

    @property
    def offset(self) -> float:
        """The value is `offset` less the cost, for a relative gap and for reports."""
        ...

    @property
    def lower_bound(self) -> float:
        """A bound on the cost that takes no search."""
        ...

    def costs(self, cells: FloatArray) -> FloatArray:
        """The cost of couplings written in rows, shape (..., n m) -> (...)."""
        ...

    def gradient(self, coupling: FloatArray) -> FloatArray:
        """The derivative by every cell, finite, shape (n, m)."""
        ...

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray, p_y: FloatArray) -> Objective:
        """The same for the letters that are kept, with their masses."""
        ...

    def claims(self, cost_bound: float, slack: float) -> dict[str, Any]:
        """The fields of a `Solution` that state this bound on the cost; rounded outward."""
        ...


def _information_claim(offset: float, cost_bound: float, slack: float, terms: float) -> dict[str, Any]:
    """An upper bound on I(X;Y) = offset - cost; `terms` is the size of the sums behind it, bits."""
    if cost_bound == np.inf:
        return {"upper_bound": -np.inf}
    # The difference of two sums of rounded terms is off by a few units in the last place of either.
    rounding = _ROUNDING * terms + (_MASS_ROUNDING if terms > 0.0 else 0.0)
    return {"upper_bound": max(0.0, offset - cost_bound + slack + rounding)}


@dataclass(frozen=True, eq=False)
class JointEntropy:
    """H(X,Y): least where I(X;Y) = H(X) + H(Y) - H(X,Y) is greatest.

    Attributes
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
    entropy_y : float
        H(Y), bits.
    offset : float
        H(X) + H(Y), bits.
    lower_bound : float
        By the elementary bounds and majorisation, bits.
    rate : float
        R in bits, for I(X;Y) <= R.
    """

    p_x: FloatArray
    p_y: FloatArray
    entropy_y: float
    offset: float
    lower_bound: float
    rate: float
    name = "mutual_information"

    @classmethod
    def of(cls, p_x: FloatArray, p_y: FloatArray, rate: float) -> JointEntropy:
        """The objective for given masses."""
        entropy_y = float(entropy(p_y))
        offset = float(entropy(p_x)) + entropy_y
        return cls(p_x, p_y, entropy_y, offset, offset - mutual_information_bound(p_x, p_y, rate), rate)

    def costs(self, cells: FloatArray) -> FloatArray:
        """Joint entropies, bits."""
        costs: FloatArray = phi(cells).sum(axis=-1)
        return costs

    def gradient(self, coupling: FloatArray) -> FloatArray:
        """phi', cut off near 0."""
        gradient: FloatArray = -np.log2(np.maximum(coupling, _SMALLEST_CELL)) - BITS_PER_NAT
        return gradient

    def restrict(
        self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray, p_y: FloatArray
    ) -> JointEntropy:
        """The joint entropy of the letters that are kept."""
        return JointEntropy.of(p_x, p_y, self.rate)

    def claims(self, cost_bound: float, slack: float) -> dict[str, Any]:
        """An upper bound on I(X;Y), bits."""
        return _information_claim(self.offset, cost_bound, slack, self.offset)


@dataclass(frozen=True, eq=False)
class ConditionalEntropy:
    """H(X|Y), concave in the coupling: least where I(X;Y) is greatest whatever the law of Y.

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    letters_y : int
    rate : float
        R in bits, for I(X;Y) <= R.
    """

    p_x: FloatArray
    letters_y: int
    rate: float
    name = "conditional_entropy"

    @cached_property
    def offset(self) -> float:
        """H(X), bits."""
        return float(entropy(self.p_x))

    @property
    def lower_bound(self) -> float:
        """By I(X;Y) <= R, H(X) and log2 m, bits."""
        return self.offset - max(0.0, min(self.rate, self.offset, float(np.log2(self.letters_y))))

    def costs(self, cells: FloatArray) -> FloatArray:
        """Conditional entropies, bits."""
        laws = cells.reshape(*cells.shape[:-1], -1, self.letters_y).sum(axis=-2)
        costs: FloatArray = phi(cells).sum(axis=-1) - phi(laws).sum(axis=-1)
        return costs

    def gradient(self, coupling: FloatArray) -> FloatArray:
        """log2 p(y) - log2 p(x,y), cut off near 0."""
        laws = np.log2(np.maximum(coupling.sum(axis=0), _SMALLEST_CELL))
        gradient: FloatArray = laws - np.log2(np.maximum(coupling, _SMALLEST_CELL))
        return gradient

    def restrict(
        self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray, p_y: FloatArray
    ) -> ConditionalEntropy:
        """The conditional entropy of the letters that are kept."""
        return ConditionalEntropy(p_x, len(p_y), self.rate)

    def claims(self, cost_bound: float, slack: float) -> dict[str, Any]:
        """An upper bound on I(X;Y), bits."""
        return _information_claim(
            self.offset, cost_bound, slack, self.offset + float(np.log2(self.letters_y))
        )


@dataclass(frozen=True, eq=False)
class LinearObjective:
    """E d(X,Y), linear in the coupling.

    Attributes
    ----------
    coefficients : ndarray, shape (n, m)
        d(x, y).
    """

    coefficients: FloatArray
    name = "distortion"
    offset = 0.0

    @cached_property
    def lower_bound(self) -> float:
        """Every unit of mass pays at least the least coefficient."""
        return float(self.coefficients.min())

    def costs(self, cells: FloatArray) -> FloatArray:
        """Expected distortions."""
        costs: FloatArray = cells @ self.coefficients.ravel()
        return costs

    def gradient(self, coupling: FloatArray) -> FloatArray:
        """The coefficients, at every coupling."""
        return self.coefficients

    def restrict(
        self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray, p_y: FloatArray
    ) -> LinearObjective:
        """The coefficients of the letters that are kept."""
        return LinearObjective(self.coefficients[np.ix_(keep_x, keep_y)])

    def claims(self, cost_bound: float, slack: float) -> dict[str, Any]:
        """A lower bound on E d(X,Y); no bound on I(X;Y) follows."""
        scale = float(np.abs(self.coefficients).max())
        bound = cost_bound - (slack + _ROUNDING) * scale
        return {"upper_bound": np.nan, "distortion_lower_bound": bound}
