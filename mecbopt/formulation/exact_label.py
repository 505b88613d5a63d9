"""A label with its numbers as stated, of which the floats are roundings.

The distance from H(S) to C and the deviations p(s|x) - p(s) come with 50 digits: rounding the masses to
floats alone moves H(S) by 1e-16 bits, which counts where the label says next to nothing of X.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactLabel"]

FloatArray = NDArray[np.float64]

_DIGITS = 50


@dataclass(frozen=True)
class ExactLabel:
    """A label as stated, of which the floats are roundings.

    Attributes
    ----------
    p_x : tuple of Fraction
        Sums to exactly 1.
    channel : tuple of tuples of Fraction
        p(s|x), every row summing to exactly 1.
    limit : Fraction
        C, bits.
    """

    p_x: tuple[Fraction, ...]
    channel: tuple[tuple[Fraction, ...], ...]
    limit: Fraction

    @classmethod
    def of(cls, p_x: FloatArray, channel: FloatArray, limit: float) -> ExactLabel:
        """The floats taken as stated, renormalised."""
        return cls(_summing_to_1(p_x), tuple(_summing_to_1(row) for row in channel), Fraction(limit))

    @cached_property
    def _decimals(self) -> tuple[list[Decimal], list[list[Decimal]], list[Decimal]]:
        """p_X, p(s|x) and p_S.  To be read within a context of `_DIGITS`."""
        masses = [_decimal(mass) for mass in self.p_x]
        rows = [[_decimal(entry) for entry in row] for row in self.channel]
        law = [
            sum((mass * entry for mass, entry in zip(masses, column, strict=True)), Decimal(0))
            for column in zip(*rows, strict=True)
        ]
        return masses, rows, law

    def entropy_minus_limit(self) -> float:
        """H(S) - C, bits."""
        with localcontext() as context:
            context.prec = _DIGITS
            _, _, law = self._decimals
            entropy = -sum((mass * mass.ln() for mass in law if mass > 0), Decimal(0))
            return float(entropy / Decimal(2).ln() - _decimal(self.limit))

    def deviations(self) -> FloatArray:
        """p_X(x) (p(s|x) - p(s)), shape (n, s)."""
        with localcontext() as context:
            context.prec = _DIGITS
            masses, rows, law = self._decimals
            # Equal rows deviate by nothing, not by the rounding of their mean.
            rounding = Decimal(10) ** (5 - _DIGITS)

            def deviation(mass: Decimal, entry: Decimal, mean: Decimal) -> float:
                difference = entry - mean
                return float(mass * difference) if abs(difference) > rounding else 0.0

            return np.array(
                [
                    [deviation(mass, entry, mean) for entry, mean in zip(row, law, strict=True)]
                    for mass, row in zip(masses, rows, strict=True)
                ]
            )


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _summing_to_1(masses: FloatArray) -> tuple[Fraction, ...]:
    exact = [Fraction(float(mass)) for mass in masses]
    total = sum(exact, Fraction(0))
    return tuple(mass / total for mass in exact)
