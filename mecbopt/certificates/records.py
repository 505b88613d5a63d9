"""What one record proves: a lower bound on the objective, or infeasibility, for every coupling in its box.

A record holds a box [L, U] of couplings, touching intervals of the concave functions g_xy, shares theta and
row multipliers z.  With a line alpha + beta P below phi on [L, U] for each cell,

    H(X,Y) >= sum_xy (1 - theta) alpha + sum_r (z_r^+ lo_r - z_r^- hi_r) + min_f sum_y G_y(f^{-1}(y)),
    G_y(A) = sum_x [ (1 - theta) beta p_X(x) [x in A] + theta (p_X(A) / p_Y(y)) g_xy(v(A)) ]
             - sum_r z_r a_{r,y}(A),

whatever the numbers are (weak duality and Jensen's inequality); without theta, alpha and beta the same sum is
a Farkas certificate where it is positive.  The minimum over all mappings is a dynamic program over sets of
X-letters.  Wrong numbers weaken the bound, they cannot falsify it: slopes are rounded to the side that keeps
g concave and below phi, products downward.  A mean distortion takes the place of the secants and of g; limits
on H(S|Y) and laws of Y that are not held exactly enter by lines below phi, or below -phi (`_law_lines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mecbopt.certificates.arithmetic import FINE, GRID, ceil_div, phi_bounds, slope_bounds
from mecbopt.certificates.instance import ExactProblem

__all__ = ["Record", "label_interval", "record_value", "secant"]

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
        The box; empty where it is that of the first node which uses the record.
    touch_from, touch_to : sequences of length n m
        Where g_xy is phi itself.
    theta : sequence of length n m
        The share of the Jensen row in the cell's bound, 0 to 2^GRID.
    cells, marginals, order : sequences
        Multipliers of the rows lower <= P <= upper, of the marginals, and of P[first] - P[second] >= 0
        for the pairs of the certificate's order (>= 0).
    rate, label, given_y, privacy : int
        Multipliers of the limits, <= 0; of the least H(S|Y), >= 0.
    constraints : sequence of int
        Multipliers of the linear rows.
    channel : sequence of length s m
        Some p(s|y), for the least H(S|Y).
    laws : sequence of length m
        Where -phi(P(y)) has its tangents; for laws of Y that are not held exactly.
    columns : sequence of length m
        The share of the column's own Jensen row in its bound, 0 to 2^GRID; for such laws, with I(X;Y).
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
    given_y: int = 0
    privacy: int = 0
    constraints: Sequence[int] = ()
    channel: Sequence[int] = ()
    laws: Sequence[int] = ()
    columns: Sequence[int] = ()


def record_value(problem: ExactProblem, record: Record, pairs: Sequence[tuple[int, int]]) -> int:
    """The lower end of what a record proves, over 2^FINE bits; O(m 3^n) steps.

    A lower bound on H(X,Y) in the record's box - on H(X|Y) where the law of Y is not held exactly, on the
    mean distortion where there is one - or, of a Farkas record, a number that is positive only where the box
    holds no feasible coupling.
    """
    n, m = problem.shape
    constant = _least_over_laws(problem, record.marginals)
    # Coefficient of P(x, y), over 2^FINE, before the mass p_X(x).
    slopes = [0] * (n * m)
    for cell in range(n * m):
        multiplier, y = record.cells[cell], cell % m
        constant += multiplier * (record.lower[cell] if multiplier > 0 else record.upper[cell])
        slopes[cell] = -(multiplier + record.marginals[y]) * _ONE
        if problem.distortion is not None and not record.farkas:
            slopes[cell] += _floor(problem.distortion[cell // m][y])
        elif not record.farkas:
            alpha, beta = secant(record.lower[cell], record.upper[cell])
            share = (_ONE - record.theta[cell]) * _rest(record, y)
            constant += share * alpha >> 2 * GRID
            slopes[cell] += share * beta >> GRID
    for multiplier, limit in (
        (record.rate, problem.rate),
        (record.label, problem.seen_limit),
        (record.given_y, problem.given_y_limit),
        (record.privacy, problem.privacy),
    ):
        if multiplier and limit is not None:
            constant += _floor(multiplier * limit) >> GRID
    for multiplier, row in zip(record.constraints, problem.constraints, strict=True):
        end = row.lower if multiplier > 0 else row.upper
        if multiplier and end is not None:
            constant += _floor(multiplier * end) >> GRID
            for cell in range(n * m):
                slopes[cell] += _floor(-multiplier * row.coefficients[cell // m][cell % m]) >> GRID
    for multiplier, (first, second) in zip(record.order, pairs, strict=True):
        slopes[first] -= multiplier * _ONE
        slopes[second] += multiplier * _ONE
    constant += _label_lines(problem, record, slopes) + _law_lines(problem, record, slopes)
    tables, rest = _tables(problem, record, slopes)
    return constant + rest + _least_mapping(tables)


def _floor(value: Fraction) -> int:
    """Over 2^FINE, rounded down."""
    return (value.numerator << FINE) // value.denominator


def _least_over_laws(problem: ExactProblem, multipliers: Sequence[int]) -> int:
    """The least sum of z_y P(y) over the laws of Y: mass goes from great multipliers to the least."""
    total = sum((z * p for z, p in zip(multipliers, problem.p_y, strict=True)), Fraction(0))
    room, least = problem.p_y_tolerance, min(multipliers)
    for z, p in sorted(zip(multipliers, problem.p_y, strict=True), reverse=True):
        total -= min(room, p) * (z - least)
        room -= min(room, p)
    return _floor(total) >> GRID


def _law_lines(problem: ExactProblem, record: Record, slopes: list[int]) -> int:
    """The lines of -H(Y) in the objective and in H(S|Y): slopes are added, the constant is returned.

    The tangent of -phi at r is -phi'(r) q - r / ln 2, r / ln 2 = phi(r) - r phi'(r); a lesser slope serves.
    """
    if not problem.p_y_tolerance:
        # -H(Y) is a constant, which the objective has on its other side.
        return record.given_y * problem.entropy_y[1] >> GRID
    constant = 0
    for y, point in enumerate(record.laws):
        share = -record.given_y + (_rest(record, y) if record.columns else 0)
        low, high = slope_bounds(point, _ONE)
        constant += share * ((point * low >> GRID) - phi_bounds(point, _ONE)[1]) >> GRID
        for cell in range(y, len(slopes), problem.shape[1]):
            slopes[cell] += share * (-high // _STEP)
    return constant


def _rest(record: Record, y: int) -> int:
    """What the column's own Jensen row leaves of its bound."""
    return _ONE - record.columns[y] if record.columns else _ONE


def _label_lines(problem: ExactProblem, record: Record, slopes: list[int]) -> int:
    """Secants below H(S,Y), cross entropies above H(S|Y): slopes are added, the constant is returned."""
    m, channel, constant = problem.shape[1], problem.p_s_given_x or (), 0
    for s in range(len(channel[0]) if record.given_y or record.privacy else 0):
        for y in range(m):
            slope = 0
            if record.given_y:
                alpha, beta = secant(*label_interval(problem, record.lower, record.upper, s, y))
                constant += -record.given_y * alpha >> GRID
                slope = -record.given_y * beta
            if record.privacy:
                # -log2 r = phi(r) / r; sum_s P(s, y) -log2 r(s|y) is least for r = p(s|y) (Gibbs).
                point = record.channel[s * m + y]
                slope -= record.privacy * ceil_div(phi_bounds(point, _ONE)[1], point)
            for x, row in enumerate(channel):
                slopes[x * m + y] += slope * row[s].numerator // row[s].denominator
    return constant


def label_interval(
    problem: ExactProblem, lower: Sequence[int], upper: Sequence[int], s: int, y: int
) -> tuple[int, int]:
    """Between which P(s, y) = sum_x p(s|x) P(x, y) lies in a box, rounded outward.

    What the column's mass leaves beyond the lower ends goes to the letters of least p(s|x), or of greatest.
    """
    n, m = problem.shape
    cells = range(y, n * m, m)
    chances = [row[s] for row in problem.p_s_given_x or ()]
    start = sum((p * lower[cell] for p, cell in zip(chances, cells, strict=True)), Fraction(0))
    ends = []
    for mass, reverse in zip(problem.law_ends[y], (False, True), strict=True):
        end, rest = start, max(mass * _ONE - sum(lower[cell] for cell in cells), Fraction(0))
        for p, cell in sorted(zip(chances, cells, strict=True), reverse=reverse):
            part = min(rest, Fraction(upper[cell] - lower[cell]))
            end, rest = end + p * part, rest - part
        ends.append(end)
    low = min(ends[0].numerator // ends[0].denominator, _ONE)
    return low, max(low, min(ceil_div(ends[1].numerator, ends[1].denominator), _ONE))


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


def _tables(problem: ExactProblem, record: Record, slopes: Sequence[int]) -> tuple[list[list[int]], int]:
    """Lower ends of G_y(A) over 2^FINE, for every output letter and set, and a constant to be added."""
    m, constant = problem.shape[1], 0
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
        if record.theta:
            constant += _add_jensen(problem, record, y, table)
        if record.columns:
            # H(X, Y=y) - phi(P(y)) is concave and homogeneous, so it is at least its mean over the mappings.
            table = [
                value + (record.columns[y] * (apart - problem.set_phi[letters][1]) >> GRID)
                for letters, (value, apart) in enumerate(zip(table, problem.set_apart, strict=True))
            ]
        tables.append(table)
    return tables, constant


def _add_jensen(problem: ExactProblem, record: Record, y: int, table: list[int]) -> int:
    """Add the Jensen terms of a column; returns a constant that goes with them.

    With a mass d that P(y) does not exceed in the place of p_Y(y): g(r a) / r falls in r where g(0) >= 0, and
    a negative g(0) is made up for.
    """
    (n, m), mass, constant = problem.shape, problem.p_y[y], 0
    if problem.p_y_tolerance:
        room = sum(record.upper[cell] for cell in range(y, n * m, m))
        mass = min(problem.law_ends[y][1], Fraction(room, _ONE))
    for x in range(n if mass else 0):
        cell = x * m + y
        if record.theta[cell]:
            share = record.theta[cell] * _rest(record, y)
            numerator = share * mass.denominator
            denominator = mass.numerator * problem.x_scale << 2 * GRID
            atoms = _atom_values(problem, record, mass, x, y)
            for letters in range(1, len(table)):
                table[letters] += atoms[letters] * numerator * problem.set_units[letters] // denominator
            if problem.p_y_tolerance:
                constant += share * min(atoms[0], 0) >> 2 * GRID
    return constant


def _atom_values(problem: ExactProblem, record: Record, mass: Fraction, x: int, y: int) -> list[int]:
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
    for letters, numerator, denominator, low in problem.atoms(y, mass)[x]:
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
