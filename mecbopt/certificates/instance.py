"""The exact problem of a certificate, with the tables over sets of X-letters that every record uses.

Conventions: cell (x, y) has the index x * m + y; a set of X-letters is a bit mask; a mapping f is the ordered
partition of the X-letters into its preimages.  All masses are positive here: letters of mass zero are removed
before anything is numbered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import NamedTuple

from mecbopt.certificates.arithmetic import phi_bounds

__all__ = ["ExactProblem", "Limit", "LinearRow", "Matrix", "entropy_bounds"]

#: A limit; None when there is none.
Limit = Fraction | None
Bounds = tuple[int, int]
Matrix = tuple[tuple[Fraction, ...], ...]
#: For every X-letter the atoms of the sets that hold it: set, numerator, denominator, lower end of phi.
Atoms = list[list[tuple[int, int, int, int]]]

#: Laws of Y that tables of atoms are kept for.
_MOST_TABLES = 512


class LinearRow(NamedTuple):
    """lower <= sum over cells of coefficients P <= upper."""

    coefficients: Matrix
    lower: Limit
    upper: Limit


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
    label_limit, given_y_limit, privacy : Fraction or None
        Bits: H(S|Y,U) and H(S|Y) are at most the first two, H(S|Y) at least the third.
    p_y_tolerance : Fraction
        The law of Y lies within this of p_y in total variation; 0 holds it exactly.
    distortion : n rows of m Fractions, or None
        Its mean is minimised in place of maximising I(X;Y).
    constraints : tuple of LinearRow
    """

    p_x: tuple[Fraction, ...]
    p_y: tuple[Fraction, ...]
    rate: Limit = None
    p_s_given_x: Matrix | None = None
    label_limit: Limit = None
    given_y_limit: Limit = None
    privacy: Limit = None
    p_y_tolerance: Fraction = Fraction(0)
    distortion: Matrix | None = None
    constraints: tuple[LinearRow, ...] = ()
    _atoms: dict[tuple[int, Fraction], Atoms] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.p_x), len(self.p_y)

    @property
    def seen_limit(self) -> Limit:
        """What H(S|Y,U) is at most: H(S|Y) is no less."""
        return min(
            (limit for limit in (self.label_limit, self.given_y_limit) if limit is not None), default=None
        )

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
    def set_apart(self) -> list[int]:
        """Lower ends of the sum of phi(p_X(x)) over the letters of a set."""
        sums = [0]
        for mass in self.p_x:
            low = phi_bounds(mass.numerator, mass.denominator)[0]
            sums += [total + low for total in sums]
        return sums

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
    def entropy_x(self) -> Bounds:
        """An enclosure of H(X)."""
        return entropy_bounds(self.p_x)

    @cached_property
    def entropy_y(self) -> Bounds:
        """An enclosure of the entropy of p_y."""
        return entropy_bounds(self.p_y)

    @cached_property
    def law_ends(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Between which P(Y = y) lies."""
        room = self.p_y_tolerance
        return tuple((max(p - room, Fraction(0)), min(p + room, Fraction(1))) for p in self.p_y)

    def atoms(self, y: int, mass: Fraction) -> Atoms:
        """For x in A: the atom v = mass p_X(x) / p_X(A), where the letter y has this mass."""
        if (y, mass) not in self._atoms:
            if len(self._atoms) >= _MOST_TABLES:
                self._atoms.clear()
            table: Atoms = []
            for x, unit in enumerate(self.x_units):
                table.append([])
                for letters, units in enumerate(self.set_units):
                    if letters >> x & 1:
                        atom = mass * Fraction(unit, units)
                        low = phi_bounds(atom.numerator, atom.denominator)[0]
                        table[x].append((letters, atom.numerator, atom.denominator, low))
            self._atoms[y, mass] = table
        return self._atoms[y, mass]


def entropy_bounds(masses: Iterable[Fraction]) -> Bounds:
    """An enclosure of the sum of phi over masses."""
    bounds = [phi_bounds(mass.numerator, mass.denominator) for mass in masses]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)
