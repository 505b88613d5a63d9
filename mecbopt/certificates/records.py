"""What one record proves: a lower bound on H(X,Y), or infeasibility, for every coupling in its box.

A record holds a box [L, U] of couplings, touching intervals of the concave functions g_xy, shares theta and
row multipliers z.  With a line alpha + beta P below phi on [L, U] for each cell,

    H(X,Y) >= sum_xy (1 - theta) alpha + sum_r (z_r^+ lo_r - z_r^- hi_r) + min_f sum_y G_y(f^{-1}(y)),
    G_y(A) = sum_x [ (1 - theta) beta p_X(x) [x in A] + theta (p_X(A) / p_Y(y)) g_xy(v(A)) ]
             - sum_r z_r a_{r,y}(A),

whatever the numbers are (weak duality and Jensen's inequality); without theta, alpha and beta the same sum is
a Farkas certificate where it is positive.  The minimum over all mappings is a dynamic program over sets of
X-letters.  Wrong numbers weaken the bound, they cannot falsify it: slopes are rounded to the side that keeps
g concave and below phi, products downward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mecbopt.certificates.arithmetic import FINE, GRID, ceil_div, phi_bounds, slope_bounds
from mecbopt.certificates.instance import ExactProblem

__all__ = ["Record", "record_value", "secant"]

_ONE = 1 << GRID
_STEP = 1 << (FINE - GRID)


@dataclass(frozen=True)
class Record:
    """One record; all numbers are integers over 2^GRID.

    Attributes
    ----------
    farkas : bool
        It proves that the box holds no feasible coupling.
    lower, upper : sequences of length n m
        The box.
    touch_from, touch_to : sequences of length n m
        Where g_xy is phi itself.
    theta : sequence of length n m
        The share of the Jensen row in the cell's bound, 0 to 2^GRID.
    cells, marginals, order : sequences
        Multipliers of the rows lower <= P <= upper, of the marginals, and of P[first] - P[second] >= 0
        for the pairs of the certificate's order (>= 0).
    rate, label : int
        Multipliers of the limits, <= 0.
    """

    farkas: bool
    lower: Sequence[int]
    upper: Sequence[int]
    touch_from: Sequence[int]
    touch_to: Sequence[int]
    theta: Sequence[int]
    cells: Sequence[int]
    marginals: Sequence[int]
    rate: int
    label: int
    order: Sequence[int]


def record_value(problem: ExactProblem, record: Record, pairs: Sequence[tuple[int, int]]) -> int:
    """The lower end of what a record proves, over 2^FINE bits; O(m 3^n) steps.

    A lower bound on H(X,Y) in the record's box, or, of a Farkas record, a number that is positive only where
    the box holds no feasible coupling.
    """
    n, m = problem.shape
    constant = 0
    # Coefficient of P(x, y), over 2^FINE, before the mass p_X(x).
    slopes = [0] * (n * m)
    for cell in range(n * m):
        multiplier, y = record.cells[cell], cell % m
        constant += multiplier * (record.lower[cell] if multiplier > 0 else record.upper[cell])
        slopes[cell] = -(multiplier + record.marginals[y]) * _ONE
        if not record.farkas:
            alpha, beta = secant(record.lower[cell], record.upper[cell])
            share = _ONE - record.theta[cell]
            constant += share * alpha >> GRID
            slopes[cell] += share * beta
    for y in range(m):
        p = problem.p_y[y]
        constant += record.marginals[y] * p.numerator * _ONE // p.denominator
    for multiplier, limit in ((record.rate, problem.rate), (record.label, problem.label_limit)):
        if multiplier and limit is not None:
            constant += multiplier * limit.numerator * _ONE // limit.denominator
    for multiplier, (first, second) in zip(record.order, pairs, strict=True):
        slopes[first] -= multiplier * _ONE
        slopes[second] += multiplier * _ONE
    return constant + _least_mapping(_tables(problem, record, slopes))


def secant(low: int, high: int) -> tuple[int, int]:
    """A line alpha + beta p below phi on [low, high]: alpha over 2^FINE, beta over 2^GRID."""
    at_low = phi_bounds(low, _ONE)[0]
    if low == high:
        return at_low, 0
    at_high = phi_bounds(high, _ONE)[0]
    beta = (at_high - at_low) // (high - low)
    # Below phi at both ends, hence by concavity between them, whatever beta is.
    return min(at_low - beta * low, at_high - beta * high), beta


def _outer_slopes(low: int, start: int, end: int, high: int) -> tuple[int, int]:
    """Slopes of g left of its touching interval (rounded up) and right of it (rounded down), over 2^GRID.

    Left of `start` any slope serves that is at least the chord's from the box's end: then g is concave, and
    below phi on the box.  Where the interval reaches the box's end, the tangent's slope serves.
    """
    if start == 0:
        left = 0  # no atom lies left of 0
    elif start > low:
        left = ceil_div(phi_bounds(start, _ONE)[1] - phi_bounds(low, _ONE)[0], start - low)
    else:
        left = ceil_div(slope_bounds(start, _ONE)[1], _STEP)
    if end >= _ONE:
        right = 0  # no atom lies right of 1
    elif end < high:
        right = (phi_bounds(high, _ONE)[0] - phi_bounds(end, _ONE)[1]) // (high - end)
    else:
        right = slope_bounds(end, _ONE)[0] // _STEP
    return left, right


def _tables(problem: ExactProblem, record: Record, slopes: Sequence[int]) -> list[list[int]]:
    """Lower ends of G_y(A) over 2^FINE, for every output letter and set."""
    n, m = problem.shape
    size = 1 << n
    tables = []
    for y in range(m):
        linear = [0]
        for x, unit in enumerate(problem.x_units):
            step = slopes[x * m + y] * unit
            linear += [total + step for total in linear]
        table = [total // problem.x_scale for total in linear]
        for multiplier, terms in ((record.rate, problem.set_phi), (record.label, problem.set_label)):
            if multiplier:
                table = [
                    value + (-multiplier * low >> GRID) for value, (low, _) in zip(table, terms, strict=True)
                ]
        if not record.farkas:
            p = problem.p_y[y]
            for x in range(n):
                cell = x * m + y
                if record.theta[cell]:
                    numerator = record.theta[cell] * p.denominator
                    denominator = p.numerator * problem.x_scale << GRID
                    atoms = _atom_values(problem, record, x, y)
                    for letters in range(1, size):
                        table[letters] += (
                            atoms[letters] * numerator * problem.set_units[letters] // denominator
                        )
        tables.append(table)
    return tables


def _atom_values(problem: ExactProblem, record: Record, x: int, y: int) -> list[int]:
    """Lower ends of g_xy at the atom of every set, over 2^FINE; the atom is 0 where x is not in the set."""
    cell = x * problem.shape[1] + y
    start, end = record.touch_from[cell], record.touch_to[cell]
    # Where the interval ends at 0, phi itself is the function right of it: it has no tangent there.
    if end == 0 and record.upper[cell] == 0:
        end = _ONE
    left, right = _outer_slopes(record.lower[cell], start, end, record.upper[cell])
    at_start, at_end = phi_bounds(start, _ONE)[0], phi_bounds(end, _ONE)[0]
    outside = at_start - left * start if start > 0 else 0
    values = [outside] * (1 << problem.shape[0])
    for letters in range(len(values)):
        if not letters >> x & 1:
            continue
        numerator, denominator, low = problem.atoms[x, y, letters]
        grid = numerator << GRID
        if grid < start * denominator:
            values[letters] = at_start + left * (grid - start * denominator) // denominator
        elif grid > end * denominator:
            values[letters] = at_end + right * (grid - end * denominator) // denominator
        else:
            values[letters] = low
    return values


def _least_mapping(tables: Sequence[Sequence[int]]) -> int:
    """The least sum of G_y(A_y) over all ordered partitions (A_1 .. A_m) of the letters."""
    best = list(tables[0])
    full = len(best) - 1
    for table in tables[1:-1]:
        stage = []
        for letters in range(full + 1):
            part, least = letters, best[0] + table[letters]
            while part:
                part = (part - 1) & letters
                value = best[letters ^ part] + table[part]
                if value < least:
                    least = value
            stage.append(least)
        best = stage
    if len(tables) == 1:
        return best[full]
    last = tables[-1]
    return min(best[full ^ letters] + last[letters] for letters in range(full + 1))
