"""From the floats of a relaxation to a record: any rounding gives a valid one, a coarse one is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mecbopt._core.tree.trace import Outcome, Relaxation, Side
from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.records import Record, label_interval, secant

__all__ = ["Bounded", "Work", "bounded", "to_record"]

FloatArray = NDArray[np.float64]

_ONE = 1 << GRID
#: Farkas multipliers may be scaled; the greatest is made this large, so that little is lost on the grid.
_FARKAS_SCALE = 2.0**12
#: Binary digits of the ends of touching intervals, at least.
_FEWEST_TOUCH_BITS = 10


def _nothing() -> FloatArray:
    return np.zeros(0)


@dataclass(eq=False)
class Bounded:
    """A relaxation that was solved on a box: what a record says, in floats.

    Attributes
    ----------
    infeasible : bool
    bound : float
        On the objective in the box; of no meaning where it is infeasible.
    slopes : ndarray, shape (cells,)
        Of the secants that the multipliers go with.
    touch_from, touch_to : ndarray, shape (cells,)
    theta : ndarray, shape (cells,)
        Empty where the objective is a mean distortion.
    cells, marginals, rate, label, order, given_y, privacy, constraints, channel, laws, columns
        As in `Record`.
    label_slopes : ndarray, shape (s, m)
        Of the secants of P(s, y).
    """

    infeasible: bool
    bound: float
    slopes: FloatArray
    touch_from: FloatArray
    touch_to: FloatArray
    theta: FloatArray
    cells: FloatArray
    marginals: FloatArray
    rate: float
    label: float
    order: FloatArray
    given_y: float = 0.0
    privacy: float = 0.0
    label_slopes: FloatArray = field(default_factory=_nothing)
    constraints: FloatArray = field(default_factory=_nothing)
    channel: FloatArray = field(default_factory=_nothing)
    laws: FloatArray = field(default_factory=_nothing)
    columns: FloatArray = field(default_factory=_nothing)


@dataclass
class Work:
    """What was done about a box: relaxations, what became of it, and its split if it is open."""

    relaxations: list[Bounded]
    outcome: Outcome | None = None
    node: int = -1
    cell: int = -1
    point: float = 0.0


def bounded(problem: ExactProblem, side: Side, order: Sequence[int], units: FloatArray) -> Work:
    """The work that a compiled search traced.

    Parameters
    ----------
    problem : ExactProblem
    side : Side
    order : sequence of int
        For every pair of the certificate's order, its place among the search's.
    units : ndarray
        What the coefficients of every linear row were divided by.
    """
    relaxations = [_of_trace(problem, relaxation, order, units) for relaxation in side.relaxations]
    return Work(relaxations, side.outcome, side.node, side.cell, side.point)


def _of_trace(
    problem: ExactProblem, relaxation: Relaxation, order: Sequence[int], units: FloatArray
) -> Bounded:
    n, m = problem.shape
    cells = n * m
    rows = relaxation.multipliers
    linear = rows[len(rows) - len(units) - len(relaxation.label_slopes[:1]) :]
    marginals, given_y = rows[cells : cells + m].copy(), 0.0
    if len(relaxation.label_slopes):
        given_y = float(linear[-1])
        channel = np.array([[float(p) for p in row] for row in problem.p_s_given_x or ()])
        # The search takes a constant out of every column of the row.
        marginals -= given_y * (channel @ relaxation.label_slopes).min(axis=0)
    return Bounded(
        infeasible=relaxation.infeasible,
        bound=relaxation.bound,
        slopes=relaxation.slopes,
        touch_from=relaxation.touch_from,
        touch_to=relaxation.touch_to,
        theta=-rows[cells + m + 2 : 2 * cells + m + 2],
        cells=rows[:cells],
        marginals=marginals,
        rate=float(rows[cells + m]),
        label=float(rows[cells + m + 1]),
        order=rows[2 * cells + m + 2 :][list(order)],
        given_y=given_y,
        label_slopes=relaxation.label_slopes,
        constraints=linear[: len(units)] / units,
    )


def to_record(
    problem: ExactProblem, relaxation: Bounded, lower: Sequence[int], upper: Sequence[int], bits: int
) -> Record:
    """The record of a relaxation on a box.

    The multipliers of the cells take up what the secants' slopes differ from the search's: near 0, where
    slopes are steep, its box in floats and the exact one have other secants even where they are very close.

    Parameters
    ----------
    problem : ExactProblem
    relaxation : Bounded
    lower, upper : sequences of nm integers over 2^GRID
    bits : int
        Fractional bits of the record's multipliers; at most GRID.
    """
    m, farkas, scale = problem.shape[1], relaxation.infeasible, 1.0
    # The intervals are where the bound is greatest: what they are off by counts squared.
    touch_bits = max(_FEWEST_TOUCH_BITS, bits // 2)
    if farkas:
        rows = [relaxation.rate, relaxation.label, relaxation.given_y, relaxation.privacy]
        parts = (relaxation.cells, relaxation.marginals, relaxation.order, relaxation.constraints, rows)
        greatest = max(float(np.abs(part).max(initial=0.0)) for part in map(np.asarray, parts))
        scale = _FARKAS_SCALE / greatest if greatest > 0 else 1.0
    given_y = min(_grid(scale * relaxation.given_y, bits), 0)
    multipliers = scale * relaxation.cells
    theta, touch_from, touch_to = [], [], []
    if not farkas and problem.distortion is None:
        theta = [min(max(_grid(value, bits), 0), _ONE) for value in relaxation.theta]
        for cell, (low, high) in enumerate(zip(lower, upper, strict=True)):
            slope = secant(low, high)[1] / _ONE
            share = 1.0 - relaxation.columns[cell % m] if len(relaxation.columns) else 1.0
            multipliers[cell] += share * (1.0 - theta[cell] / _ONE) * (slope - relaxation.slopes[cell])
            start = end = 0
            if theta[cell]:
                start = max(_below(_grid(relaxation.touch_from[cell], GRID), touch_bits), 0)
                end = -_below(-_grid(relaxation.touch_to[cell], GRID), touch_bits)
                end = min(max(end, start), _ONE)
            touch_from.append(start)
            touch_to.append(end)
    if given_y:
        channel = np.array([[float(p) for p in row] for row in problem.p_s_given_x or ()])
        slopes = [
            [secant(*label_interval(problem, lower, upper, s, y))[1] / _ONE for y in range(m)]
            for s in range(channel.shape[1])
        ]
        apart = channel @ (relaxation.label_slopes - np.array(slopes))
        multipliers = multipliers + given_y / _ONE * apart.ravel()
    constraints = [_grid(scale * float(value), bits) for value in relaxation.constraints]
    for index, row in enumerate(problem.constraints):
        # A multiplier of an end that is not stated is rounding.
        if (row.lower is None and constraints[index] > 0) or (row.upper is None and constraints[index] < 0):
            constraints[index] = 0
    rate, label = (min(_grid(scale * value, bits), 0) for value in (relaxation.rate, relaxation.label))
    return Record(
        farkas=farkas,
        lower=list(lower),
        upper=list(upper),
        touch_from=touch_from,
        touch_to=touch_to,
        theta=theta,
        cells=[_grid(float(value), bits) for value in multipliers],
        # A constant in all of them changes nothing, as masses sum to 1.
        marginals=[
            _grid(scale * float(value - relaxation.marginals[0]), bits) for value in relaxation.marginals
        ],
        rate=0 if problem.rate is None else rate,
        label=0 if problem.seen_limit is None else label,
        order=[max(_grid(scale * float(value), bits), 0) for value in relaxation.order],
        given_y=given_y,
        privacy=max(_grid(scale * relaxation.privacy, bits), 0),
        constraints=constraints,
        channel=_posterior(relaxation.channel, m),
        laws=[min(max(round(float(value) * _ONE), 1), _ONE) for value in relaxation.laws],
        columns=[min(max(_grid(float(value), bits), 0), _ONE) for value in relaxation.columns],
    )


def _posterior(channel: FloatArray, m: int) -> list[int]:
    """Positive, and at most 1 in sum for every letter of Y."""
    numbers = [max(int(float(value) * _ONE), 1) for value in channel]
    for y in range(m if numbers else 0):
        most = max(range(y, len(numbers), m), key=lambda place: numbers[place])
        numbers[most] -= max(sum(numbers[y::m]) - _ONE, 0)
    return numbers


def _grid(value: float, bits: int) -> int:
    """The nearest multiple of 2^-bits over 2^GRID."""
    return round(float(value) * (1 << bits)) << (GRID - bits)


def _below(value: int, bits: int) -> int:
    """An integer rounded down to so many binary digits."""
    spare = max(0, abs(value).bit_length() - bits)
    return value >> spare << spare
