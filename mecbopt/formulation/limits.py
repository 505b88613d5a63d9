"""Limits that are sums over the output letters of functions of the preimage: rate, label, linear forms.

A limit reads  sum_k w_k sum_y T(f_k^{-1}(y)) <= bound, T a function of sets of X-letters with T(empty) = 0.
Each is scaled so that what a mixture can reach lies about 1, whatever the masses are:

    rate    T(A) = phi(p_X(A)) / R,                               bound 1
    label   T(A) = sum_{x in A} J({x}) / L - J(A) / L,           bound (C - H(S|X)) / L
    linear  T_y(A) = sum_{x in A} p_X(x) a(x, y),                a shifted and scaled to [0, 1]

with J(A) = p_X(A) D(p(s|A) || p(s)), L = I(S;X) = sum_x J({x}): the share of I(S;X) that the mapping loses.
In bits a label that says next to nothing drowns in the rounding of H(S); as a share of I(S;X) it does not,
since J is computed from the deviations p(s|x) - p(s), never as a difference of entropies.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mecbopt.formulation.exact_label import ExactLabel
from mecbopt.formulation.partitions import block_sums, subset_sums
from mecbopt.info import phi
from mecbopt.tolerances import LIMIT_SLACK
from mecbopt.units import BITS_PER_NAT

__all__ = [
    "BoolArray",
    "FloatArray",
    "IntArray",
    "KeptInformation",
    "LabelLimit",
    "Limit",
    "LinearLimit",
    "RateLimit",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Below this I(S;X) the rounding of H(S) in double precision, 1e-15 bits, is no longer small beside the slack
#: of a limit: the label as stated is asked.
_EXACT_BELOW = 1e-3
#: A rate in units of less than this would make entries that overflow a linear program's scaling.
_SMALLEST_RATE_UNIT = 1e-9
#: Relative deviations below this go to the series of (1 + d) ln(1 + d) - d, which cancels otherwise.
_SERIES_BELOW = 0.05
_ABOVE_MINUS_ONE = -1.0 + 2.0**-53
_SERIES_TERMS = 14  # 0.05^13 / 13 / 14 is below the rounding of d^2 / 2


class Limit(Protocol):
    """One limit: sums of a statistic over the preimage of every output letter, and a function of them."""

    @property
    def name(self) -> str:
        """The argument of the problem that states it."""
        ...

    @property
    def bound(self) -> float:
        """The right-hand side, in the units of the row as scaled."""
        ...

    @property
    def nonnegative(self) -> bool:
        """Whether no mapping has a left-hand side below 0."""
        ...

    @property
    def statistics(self) -> FloatArray:
        """What is summed over a set of X-letters, shape (n, d)."""
        ...

    def term(self, blocks: FloatArray) -> FloatArray:
        """T of the preimage of every letter of Y given its sums, shape (..., m, d) -> (..., m)."""
        ...

    def values(self, mappings: IntArray) -> FloatArray:
        """The scaled left-hand side of each mapping, shape (k,)."""
        ...

    @property
    def table(self) -> FloatArray:
        """T of every set of X-letters, shape (m, 2^n), or (1, 2^n) where all letters of Y count alike.

        Bit x of the index says whether x is in the set.
        """
        ...

    def bits(self, level: float) -> float:
        """A scaled level in the units of the argument."""
        ...

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> Limit:
        """The same for the letters that are kept, with their masses."""
        ...

    def level_per_mass(self) -> float:
        """How far the scaled level moves at most where a letter is dropped, per unit of its mass."""
        ...


class _SumOverBlocks(ABC):
    """What all limits share: values and tables from the statistic and its term."""

    letters_y: int

    @property
    @abstractmethod
    def statistics(self) -> FloatArray:
        """What is summed over a set of X-letters, shape (n, d)."""

    @abstractmethod
    def term(self, blocks: FloatArray) -> FloatArray:
        """T of the preimage of every letter of Y given its sums, shape (..., m, d) -> (..., m)."""

    def values(self, mappings: IntArray) -> FloatArray:
        """The scaled left-hand side of each mapping, shape (k,)."""
        blocks = block_sums(mappings, self.statistics, self.letters_y)
        total: FloatArray = self.term(blocks).sum(axis=1)
        return total

    def level_per_mass(self) -> float:
        """0: what the mass of a dropped letter moves is below the rounding of p log p."""
        return 0.0

    @cached_property
    def table(self) -> FloatArray:
        """T of every set of X-letters, the same for every letter of Y, shape (1, 2^n)."""
        return self.term(subset_sums(self.statistics)[:, None, :])[:, 0][None, :]


@dataclass(frozen=True, eq=False)
class LinearLimit(_SumOverBlocks):
    """sum_xy a(x, y) P(x, y) <= b: a linear form of the coupling, shifted and scaled to entries in [0, 1].

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    coefficients : ndarray, shape (n, m)
        a.
    limit : float
        b.
    name : str
        The argument of the problem that states it.
    """

    p_x: FloatArray
    coefficients: FloatArray
    limit: float
    name: str
    nonnegative = True  # by the shift: the masses of a coupling sum to 1

    @property
    def letters_y(self) -> int:  # type: ignore[override]
        """The letters of Y."""
        return int(self.coefficients.shape[1])

    @cached_property
    def _shift(self) -> float:
        return float(self.coefficients.min())

    @cached_property
    def _unit(self) -> float:
        return float(self.coefficients.max() - self._shift) or 1.0

    @cached_property
    def bound(self) -> float:
        """(b - min a) / (max a - min a)."""
        return (self.limit - self._shift) / self._unit

    @cached_property
    def statistics(self) -> FloatArray:
        """Mass times coefficient as shifted and scaled, shape (n, m)."""
        statistics: FloatArray = self.p_x[:, None] * (self.coefficients - self._shift) / self._unit
        return statistics

    def term(self, blocks: FloatArray) -> FloatArray:
        """Of the sums with every letter's coefficients, those of the letter itself."""
        terms: FloatArray = np.einsum("...yy->...y", blocks)
        return terms

    @cached_property
    def table(self) -> FloatArray:
        """Sums of the coefficients over every set, shape (m, 2^n)."""
        return subset_sums(self.statistics).T

    def bits(self, level: float) -> float:
        """A level in the units of the coefficients."""
        return self._shift + self._unit * level

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> LinearLimit:
        """The coefficients of the letters that are kept."""
        return LinearLimit(p_x, self.coefficients[np.ix_(keep_x, keep_y)], self.limit, self.name)


@dataclass(frozen=True, eq=False)
class RateLimit(_SumOverBlocks):
    """H(Y|U) <= R, in units of R (of 1e-9 bits where R is less).

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    letters_y : int
    rate : float
        R, bits, finite.
    """

    p_x: FloatArray
    letters_y: int
    rate: float
    name = "rate"
    nonnegative = True

    @property
    def unit(self) -> float:
        """Bits of one unit of the row."""
        return max(self.rate, _SMALLEST_RATE_UNIT)

    @property
    def bound(self) -> float:
        """The right-hand side: 1 for all but the smallest rates."""
        return self.rate / self.unit

    @cached_property
    def statistics(self) -> FloatArray:
        """The masses, shape (n, 1)."""
        return self.p_x[:, None]

    def term(self, blocks: FloatArray) -> FloatArray:
        """phi(p_X(A)) in units of the row."""
        # Sums that are kept up to date by differences leave [0, 1] by rounding, where phi has no value.
        terms: FloatArray = phi(np.clip(blocks[..., 0], 0.0, 1.0)) / self.unit
        return terms

    def bits(self, level: float) -> float:
        """A level in bits."""
        return level * self.unit

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> RateLimit:
        """The same limit on the letters that are kept."""
        return RateLimit(p_x, int(keep_y.sum()), self.rate)


@dataclass(frozen=True, eq=False)
class LabelLimit(_SumOverBlocks):
    """H(S|Y,U) <= C as a limit on the share of I(S;X) that is lost.

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    channel : ndarray, shape (n, s)
        p(s|x).
    letters_y : int
    limit : float
        C, bits.
    exact : ExactLabel, optional
        The label as stated; by default the floats, renormalised.  Read where I(S;X) is tiny.
    whole : tuple of LabelLimit and ndarray of bool, optional
        Where letters were dropped: the limit on all of them, whose p_S, unit and bound hold on, and which of
        its letters are left.  Beside a tiny I(S;X) no mass is negligible in H(S).
    """

    p_x: FloatArray
    channel: FloatArray
    letters_y: int
    limit: float
    exact: ExactLabel | None = None
    whole: tuple[LabelLimit, BoolArray] | None = None
    name = "max_label_entropy"
    nonnegative = True  # no mapping loses less than nothing

    @cached_property
    def _law(self) -> FloatArray:
        if self.whole is not None:
            return self.whole[0]._law
        law: FloatArray = self.p_x @ self.channel
        return law

    @cached_property
    def _information(self) -> FloatArray:
        """J({x}) of every letter, bits, shape (n,)."""
        return self._divergence(self._sums)

    @cached_property
    def _stated(self) -> ExactLabel:
        return self.exact or ExactLabel.of(self.p_x, self.channel, self.limit)

    @cached_property
    def _sums(self) -> FloatArray:
        """Mass and mass-weighted deviations p(s|x) - p(s), shape (n, 1 + s')."""
        if self.whole is not None:
            limit, keep = self.whole
            kept: FloatArray = limit._sums[keep] * (self.p_x / limit.p_x[keep])[:, None]
            return kept
        if self._weak:
            return np.column_stack([self.p_x, self._stated.deviations()[:, self._law > 0]])
        return self._rounded_sums

    @cached_property
    def _rounded_sums(self) -> FloatArray:
        """The sums from the floats."""
        used = self._law > 0
        # p(s|x) - p(s) as the mean of p(s|x) - p(s|x'), seen from one row: exactly 0 where all agree.
        differences = self.channel[:, used] - self.channel[np.argmax(self.p_x), used]
        deviations = differences * self.p_x.sum() - self.p_x @ differences
        return np.column_stack([self.p_x, self.p_x[:, None] * deviations])

    def _divergence(self, sums: FloatArray) -> FloatArray:
        return _divergence(sums, self._law)

    @cached_property
    def information(self) -> float:
        """I(S;X) of all letters, bits: the unit of the row."""
        return float(self._information.sum()) if self.whole is None else self.whole[0].information

    @property
    def _unit(self) -> float:
        # A label that is independent of X loses nothing in any mapping.
        return self.information or 1.0

    @cached_property
    def bound(self) -> float:
        """(C - H(S|X)) / I(S;X): the share that may be lost; negative where C is below H(S|X)."""
        missing = self._entropy_minus_limit
        if self.information == 0.0:
            # Nothing to lose: met by every mapping or by none.
            return math.inf if missing <= LIMIT_SLACK else -math.inf
        return 1.0 - missing / self.information

    @cached_property
    def _entropy_minus_limit(self) -> float:
        """H(S) - C of all letters, bits."""
        if self.whole is not None:
            return self.whole[0]._entropy_minus_limit
        return self._stated.entropy_minus_limit() if self._weak else float(phi(self._law).sum()) - self.limit

    @cached_property
    def _weak(self) -> bool:
        # Entropies in bits are off by 1e-15, which is no longer small beside I(S;X).
        if self.whole is not None:
            return self.whole[0]._weak
        return float(self._divergence(self._rounded_sums).sum()) < _EXACT_BELOW

    @cached_property
    def statistics(self) -> FloatArray:
        """Masses of the letter's labels, or mass and deviations, and its share of I(S;X), shape (n, d)."""
        if self._weak:
            return np.column_stack([self._sums, self._information / self._unit])
        joint = self.p_x[:, None] * self.channel
        own = (phi(joint).sum(axis=1) - phi(self.p_x)) / self._unit
        return np.column_stack([joint, own])

    def term(self, blocks: FloatArray) -> FloatArray:
        """The share of I(S;X) that is lost when the letters of the set are no longer told apart."""
        if self._weak:
            return blocks[..., -1] - self._divergence(blocks[..., :-1]) / self._unit
        joint = np.maximum(blocks[..., :-1], 0.0)  # sums kept up to date by differences
        left: FloatArray = phi(joint).sum(axis=-1) - phi(joint.sum(axis=-1))
        return left / self._unit - blocks[..., -1]

    def bits(self, level: float) -> float:
        """A level as H(S|Y,U), bits."""
        return self.limit + self._entropy_minus_limit - self.information * (1.0 - level)

    def kept(self, unit: float) -> KeptInformation:
        """What is kept of I(S;X), in units of so many bits."""
        return KeptInformation(self._sums, self._law, self.letters_y, unit)

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> LabelLimit:
        """The same limit on the letters that are kept."""
        return LabelLimit(
            p_x, self.channel[keep_x], int(keep_y.sum()), self.limit, whole=(self, np.asarray(keep_x))
        )

    def level_per_mass(self) -> float:
        """The greatest D(p(s|x) || p(s)) beside I(S;X): a set of letters tells no more of its mass."""
        masses = self.p_x > 0
        divergences = self._information[masses] / self.p_x[masses]
        return float(divergences.max()) / self._unit


@dataclass(frozen=True, eq=False)
class KeptInformation(_SumOverBlocks):
    """-I(S;Y|U) in units of so many bits, to be minimised where R is so small that all but nothing is lost.

    Attributes
    ----------
    sums : ndarray, shape (n, 1 + s')
        Mass and mass-weighted deviations p(s|x) - p(s).
    law : ndarray
        p_S.
    letters_y : int
    unit : float
        Bits.
    """

    sums: FloatArray
    law: FloatArray
    letters_y: int
    unit: float
    name = "max_label_entropy"
    nonnegative = False
    bound = math.inf

    @property
    def statistics(self) -> FloatArray:
        """Mass and deviations."""
        return self.sums

    def term(self, blocks: FloatArray) -> FloatArray:
        """-J of the set."""
        return -_divergence(blocks, self.law) / self.unit

    def bits(self, level: float) -> float:
        """A level as -I(S;Y|U), bits."""
        return level * self.unit

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> KeptInformation:
        """The same on the letters that are kept."""
        sums = self.sums[keep_x].copy()
        sums[:, 0] = p_x
        return KeptInformation(sums, self.law, int(keep_y.sum()), self.unit)


def _divergence(sums: FloatArray, law: FloatArray) -> FloatArray:
    """p(A) D(p(s|A) || p(s)), bits, from mass and deviations, shape (..., 1 + s') -> (...)."""
    law = law[law > 0]
    mass = sums[..., :1]
    relative = np.divide(sums[..., 1:], mass, out=np.zeros_like(sums[..., 1:]), where=mass > 0) / law
    relative = np.maximum(relative, -1.0)
    excess: FloatArray = (law * _convex(relative)).sum(axis=-1)
    return BITS_PER_NAT * mass[..., 0] * excess


def _convex(d: FloatArray) -> FloatArray:
    """(1 + d) ln(1 + d) - d >= 0 for d >= -1, without cancellation near 0."""
    small = np.abs(d) < _SERIES_BELOW
    if small.all():
        return _series(d)
    # At d = -1 the product is 0: the logarithm of the next number serves.
    large: FloatArray = (1.0 + d) * np.log1p(np.maximum(d, _ABOVE_MINUS_ONE)) - d
    return np.where(small, _series(np.where(small, d, 0.0)), large) if small.any() else large


def _series(d: FloatArray) -> FloatArray:
    """sum_{k >= 2} (-d)^k / (k (k - 1))."""
    total = np.full_like(d, 1.0 / (_SERIES_TERMS * (_SERIES_TERMS - 1)))
    for k in range(_SERIES_TERMS - 1, 1, -1):
        total = 1.0 / (k * (k - 1)) - d * total
    return d * d * total
