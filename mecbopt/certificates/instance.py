"""The exact problem of a certificate, with the tables over sets of X-letters that every record uses.

Conventions: cell (x, y) has the index x * m + y; a set of X-letters is a bit mask; a mapping f is the ordered
partition of the X-letters into its preimages.  All masses are positive here: letters of mass zero are removed
before anything is numbered.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from mecbopt.certificates.arithmetic import phi_bounds

__all__ = ["ExactProblem", "Limit"]

#: A limit in bits; None when there is none.
Limit = Fraction | None
Bounds = tuple[int, int]


@dataclass(frozen=True)
class ExactProblem:
    """Marginals, limits and label channel in exact rationals.

    Attributes
    ----------
    p_x, p_y : tuple of Fraction, lengths n and m
        Positive, each summing to 1.
    rate : Fraction or None
        R in bits.
    p_s_given_x : tuple of tuples of Fraction, n rows, or None
    label_limit : Fraction or None
        C in bits, on H(S|Y,U).
    """

    p_x: tuple[Fraction, ...]
    p_y: tuple[Fraction, ...]
    rate: Limit = None
    p_s_given_x: tuple[tuple[Fraction, ...], ...] | None = None
    label_limit: Limit = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.p_x), len(self.p_y)

    @cached_property
    def x_scale(self) -> int:
        """The common denominator of p_x."""
        return lcm(*(mass.denominator for mass in self.p_x))

    @cached_property
    def x_units(self) -> tuple[int, ...]:
        """p_x in units of 1 / x_scale."""
        return tuple(int(mass * self.x_scale) for mass in self.p_x)

    @cached_property
    def set_units(self) -> list[int]:
        """p_X(A) in units of 1 / x_scale for every set A."""
        units = [0]
        for unit in self.x_units:
            units += [total + unit for total in units]
        return units

    @cached_property
    def set_phi(self) -> list[Bounds]:
        """Enclosures of phi(p_X(A)): the rate of a mapping is the sum over its preimages."""
        return [phi_bounds(units, self.x_scale) for units in self.set_units]

    @cached_property
    def set_label(self) -> list[Bounds]:
        """Enclosures of sum_s phi(P(s, A)) - phi(p_X(A)): the label entropy of a mapping, a preimage each.

        Exactly 0 where one label has all the mass of the set: a limit of 0 could not be met otherwise.
        """
        if self.p_s_given_x is None:
            return [(0, 0)] * len(self.set_units)
        low = [-bounds[1] for bounds in self.set_phi]
        high = [-bounds[0] for bounds in self.set_phi]
        certain = [False] * len(self.set_units)
        for s in range(len(self.p_s_given_x[0])):
            joint = [mass * row[s] for mass, row in zip(self.p_x, self.p_s_given_x, strict=True)]
            scale = lcm(*(mass.denominator for mass in joint))
            totals = [0]
            for mass in joint:
                unit = int(mass * scale)
                totals += [total + unit for total in totals]
            for index, total in enumerate(totals):
                bounds = phi_bounds(total, scale)
                low[index] += bounds[0]
                high[index] += bounds[1]
                certain[index] |= total * self.x_scale == self.set_units[index] * scale
        enclosures = zip(low, high, strict=True)
        return [(0, 0) if sure else ends for sure, ends in zip(certain, enclosures, strict=True)]

    @cached_property
    def entropy_sum(self) -> Bounds:
        """An enclosure of H(X) + H(Y)."""
        masses = [phi_bounds(mass.numerator, mass.denominator) for mass in (*self.p_x, *self.p_y)]
        return sum(low for low, _ in masses), sum(high for _, high in masses)

    @cached_property
    def atoms(self) -> dict[tuple[int, int, int], tuple[int, int, int]]:
        """For x in A: the atom v = p_Y(y) p_X(x) / p_X(A): numerator, denominator, lower end of phi(v)."""
        table = {}
        for y, p in enumerate(self.p_y):
            for x, unit in enumerate(self.x_units):
                for letters in range(len(self.set_units)):
                    if letters >> x & 1:
                        atom = p * Fraction(unit, self.set_units[letters])
                        low = phi_bounds(atom.numerator, atom.denominator)[0]
                        table[x, y, letters] = atom.numerator, atom.denominator, low
        return table
