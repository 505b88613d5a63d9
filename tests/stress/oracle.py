"""An oracle in 256-bit ball arithmetic: least label entropy, least rate and value, each as a proved interval.

Nothing here imports mecbopt.  Letters, masses and limits are rationals (every float is one), so no scale is
too small: masses of 1e-13 and labels that say 1e-9 bits are as exact as any others.

*Linear programs* over all m^n mappings: a simplex method works on the midpoints of balls, and its word is not
taken.  The last basis gives two statements that hold by themselves: its primal point, whose balls lie in the
feasible set or not (upper end), and its multipliers y, for which every feasible w has
c.w >= y.b + min_k (c_k - y.A_k), since the weights sum to 1 (lower end).

*Values*: I(X;Y) is convex in the weights, so the best vertex is the optimum.  All bases are tried; one whose
levels may be negative or not, within their balls, counts for the upper end alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq

__all__ = ["Interval", "Mixtures"]

_PRECISION = 256
#: Below this the simplex method takes a number for 0 in its decisions (which prove nothing).
_ZERO = arb(2) ** -140
Number = Fraction | float | int


@dataclass(frozen=True)
class Interval:
    """What is proved: lower <= quantity <= upper, in bits; (inf, inf) where there is no feasible point."""

    lower: float
    upper: float


def _ball(number: Number) -> arb:
    fraction = Fraction(number)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def _phi(mass: fmpq) -> arb:
    """-p log2 p."""
    ball = arb(mass)
    return arb(0) if mass == 0 else -ball * ball.log() / arb.const_log2()


def _subset_sums(masses: Sequence[Fraction]) -> list[fmpq]:
    """The sum over every set of letters; bit x of the index says whether letter x is in it."""
    sums = [fmpq(0)]
    for mass in masses:
        added = fmpq(mass.numerator, mass.denominator)
        sums += [total + added for total in sums]
    return sums


def _phi_of_ball(mass: arb) -> arb:
    """-p log2 p of a ball; for one that touches 0, every value from 0 to that of its upper end."""
    if mass > 0:
        return -mass * mass.log() / arb.const_log2()
    upper = mass.upper()
    if not upper > 0:
        return arb(0)
    top = (-upper * upper.log() / arb.const_log2()).upper()
    return arb(top / 2, top / 2)


class Mixtures:
    """All mixtures of mappings of a problem.

    Parameters
    ----------
    p_x, p_y : sequences of Fraction, float or int
        They must sum to exactly 1 (`Problem.exact_p_x`).
    channel : rows of the label channel, each summing to exactly 1, optional
    precision : int
        Bits of the balls; masses of 1e-300 need thousands.
    """

    def __init__(
        self,
        p_x: Sequence[Number],
        p_y: Sequence[Number],
        channel: Sequence[Sequence[Number]] | None = None,
        precision: int = _PRECISION,
    ) -> None:
        self.precision = ctx.prec = precision
        #: Levels of a basis whose balls reach above minus this may be feasible.
        self.negligible = arb(2) ** -(precision // 2)
        self.p_x, self.p_y = [Fraction(v) for v in p_x], [Fraction(v) for v in p_y]
        n, m = len(self.p_x), len(self.p_y)
        rows = [[Fraction(v) for v in row] for row in channel] if channel is not None else None
        if any(sum(law) != 1 for law in (self.p_x, self.p_y, *(rows or []))):
            raise ValueError("the oracle takes pmfs that sum to exactly 1")
        # Exact masses of every set of letters, and of every set beside every label.
        alone = _subset_sums(self.p_x)
        beside = [
            _subset_sums([mass * row[label] for mass, row in zip(self.p_x, rows, strict=True)])
            for label in range(len(rows[0]) if rows else 0)
        ]
        balls, rates = [arb(mass) for mass in alone], [_phi(mass) for mass in alone]
        labels = [
            sum((_phi(mass) for mass in joint), arb(0)) - rate
            for joint, rate in zip(zip(*beside, strict=True), rates, strict=False)
        ]
        self.mappings = list(itertools.product(range(m), repeat=n))
        self.laws: list[list[arb]] = [[] for _ in range(m)]
        self.rates: list[arb] = []
        self.labels: list[arb] = []
        for mapping in self.mappings:
            parts = [sum(1 << x for x in range(n) if mapping[x] == y) for y in range(m)]
            for y, part in enumerate(parts):
                self.laws[y].append(balls[part])
            self.rates.append(sum((rates[part] for part in parts), arb(0)))
            if rows is not None:
                self.labels.append(sum((labels[part] for part in parts), arb(0)))

    # Linear programs ------------------------------------------------------------------------------------

    def smallest_label_entropy(self, rate: float = math.inf) -> Interval:
        """Min H(S|Y,U) over the mixtures within the rate."""
        program = self._program(self.labels, [(self.rates, rate)])
        return program.minimum()

    def smallest_rate(self, limit: Number) -> Interval:
        """Min H(Y|U) over the mixtures with H(S|Y,U) <= limit; (inf, inf) where none has it."""
        least = self._program(self.labels, [])
        least.minimum()
        if not least.primal <= _ball(limit):
            return Interval(math.inf, math.inf)
        program = self._program(self.rates, [(self.labels, limit)], least.basis)
        return program.minimum()

    def _program(
        self,
        costs: list[arb],
        limits: list[tuple[list[arb], Number]],
        basis: list[int] | None = None,
    ) -> _Program:
        limits = [(row, limit) for row, limit in limits if limit != math.inf]
        return _Program(
            costs, self.laws, [_ball(mass) for mass in self.p_y], limits, self._start(basis, limits)
        )

    def _start(self, basis: list[int] | None, limits: list[tuple[list[arb], Number]]) -> list[int]:
        """A feasible basis: the constants, or the one given, with the slacks of the limits."""
        m, n = len(self.p_y), len(self.p_x)
        constants = [y * (m**n - 1) // (m - 1) if m > 1 else 0 for y in range(m)]
        return [*(basis or constants), *(len(self.mappings) + k for k in range(len(limits)))]

    # Values ---------------------------------------------------------------------------------------------

    def bases(self, limits: int) -> int:
        """How many bases `value` has to try."""
        size = len(self.p_y) + limits
        return math.comb(len(self.mappings) + limits, size)

    def value(self, rate: Number = math.inf, limit: Number = math.inf) -> Interval:
        """Max I(X;Y); (-inf, -inf) where no mixture meets the limits."""
        ctx.prec = self.precision
        limits = [
            (row, bound) for row, bound in ((self.rates, rate), (self.labels, limit)) if bound != math.inf
        ]
        n, m, size = len(self.p_x), len(self.p_y), len(self.p_y) + len(limits)
        columns = [list(column) for column in zip(*self.laws, *(row for row, _ in limits), strict=True)]
        columns += [[arb(1 if r == m + k else 0) for r in range(size)] for k in range(len(limits))]
        target = arb_mat(size, 1, [_ball(v) for v in (*self.p_y, *(bound for _, bound in limits))])
        fixed = sum((_phi_of_ball(_ball(mass)) for mass in (*self.p_x, *self.p_y)), arb(0))
        masses = [_ball(mass) for mass in self.p_x]
        lower, upper = -math.inf, -math.inf
        for basis in itertools.combinations(range(len(columns)), size):
            matrix = arb_mat(size, size, [columns[k][r] for r in range(size) for k in basis])
            try:
                levels = matrix.solve(target).entries()
            except ZeroDivisionError:
                continue  # singular within the balls: its points belong to other bases, too
            if any(level.upper() < -self.negligible for level in levels):
                continue
            cells = [[arb(0)] * m for _ in range(n)]
            for k, level in zip(basis, levels, strict=True):
                if k < len(self.mappings):
                    for x, y in enumerate(self.mappings[k]):
                        cells[x][y] += level * masses[x]
            value = fixed - sum((_phi_of_ball(cell) for row in cells for cell in row), arb(0))
            upper = max(upper, float(value.upper()))
            if all(level > -self.negligible for level in levels):
                lower = max(lower, float(value.lower()))
        return Interval(lower, upper)


class _Program:
    """min c.w subject to rows w = b, limits w <= h, w >= 0, from a feasible basis."""

    def __init__(
        self,
        costs: list[arb],
        rows: list[list[arb]],
        target: list[arb],
        limits: list[tuple[list[arb], Number]],
        basis: list[int],
    ) -> None:
        self.count, size = len(costs), len(rows) + len(limits)
        entries: list[arb] = []
        for r, row in enumerate([*rows, *(row for row, _ in limits)]):
            entries += [*row, *(arb(1 if r == len(rows) + k else 0) for k in range(len(limits)))]
        self.size, self.width = size, self.count + len(limits)
        self.columns = arb_mat(size, self.width, entries)
        self.costs = [*costs, *(arb(0) for _ in limits)]
        self.target = arb_mat(size, 1, [*target, *(_ball(limit) for _, limit in limits)])
        self.basis = list(basis)
        self.primal = arb(0)

    def minimum(self) -> Interval:
        """The proved interval around the minimum.  Dantzig's rule, then Bland's, which cannot cycle."""
        for step in itertools.count():
            inverse = self._matrix(self.basis).inv()
            levels = inverse * self.target
            prices = arb_mat(1, self.size, [self.costs[k] for k in self.basis]) * inverse
            offered = (prices * self.columns).entries()
            reduced = [cost - price for cost, price in zip(self.costs, offered, strict=True)]
            improving = [k for k, value in enumerate(reduced) if value.upper() < -_ZERO]
            if not improving:
                break
            entering = improving[0] if step > 200 else min(improving, key=lambda k: reduced[k].mid())
            direction = inverse * self._matrix([entering])
            ratios = [
                ((levels[r, 0] / direction[r, 0]).mid(), self.basis[r], r)
                for r in range(self.size)
                if direction[r, 0].lower() > _ZERO
            ]
            least = min(ratio for ratio, _, _ in ratios)
            leaving = min((k, r) for ratio, k, r in ratios if ratio - least < _ZERO)[1]
            self.basis[leaving] = entering
        # A mixture's weights sum to 1 and its slacks are no negative: any multipliers with prices <= 0 on
        # the limits bound the minimum from below.
        dual = (prices * self.target)[0, 0]
        shift = min((value.lower() for value in reduced[: self.count]), key=float)
        feasible = all(levels[r, 0].upper() > -_ZERO for r in range(self.size))
        if not feasible or any(value.lower() < -_ZERO for value in reduced[self.count :]):
            raise ArithmeticError("the simplex method of the oracle lost its way")
        self.primal = sum((self.costs[k] * levels[r, 0] for r, k in enumerate(self.basis)), arb(0))
        return Interval(float((dual + shift).lower()), float(self.primal.upper()))

    def _matrix(self, chosen: list[int]) -> arb_mat:
        return arb_mat(self.size, len(chosen), [self.columns[r, k] for r in range(self.size) for k in chosen])
