"""From the floats of a relaxation to a record: any rounding gives a valid one, a coarse one is short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mecbopt._core.tree.trace import Relaxation
from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.records import Record, secant

__all__ = ["to_record"]

_ONE = 1 << GRID
#: Farkas multipliers may be scaled; the greatest is made this large, so that little is lost on the grid.
_FARKAS_SCALE = 2.0**12


def to_record(
    problem: ExactProblem,
    relaxation: Relaxation,
    lower: Sequence[int],
    upper: Sequence[int],
    order: Sequence[int],
    bits: int,
) -> Record:
    """The record of a relaxation on a box that holds the given one.

    The multipliers of the cells take up what the secants' slopes differ from the search's: near 0, where
    slopes are steep, its box in floats and the exact one have other secants even where they are very close.

    Parameters
    ----------
    problem : ExactProblem
    relaxation : Relaxation
    lower, upper : sequences of nm integers over 2^GRID
    order : sequence of int
        For every pair of the certificate's order, its place among the relaxation's.
    bits : int
        Fractional bits of the record's multipliers, and binary digits of the ends of its box; at most GRID.
    """
    n, m = problem.shape
    cells, farkas = n * m, relaxation.infeasible
    rows = relaxation.multipliers
    if farkas:
        greatest = float(np.abs(rows).max())
        rows = rows * (_FARKAS_SCALE / greatest if greatest > 0 else 1.0)
    record_lower = [_below(low, bits) for low in lower]
    record_upper = [min(-_below(-high, bits), _ONE) for high in upper]
    theta = [0] * cells
    touch_from, touch_to = [0] * cells, [0] * cells
    multipliers = rows[:cells].copy()
    if not farkas:
        jensen = rows[cells + m + 2 : 2 * cells + m + 2]
        theta = [min(max(-_grid(value, bits), 0), _ONE) for value in jensen]
        for cell in range(cells):
            low, high = record_lower[cell], record_upper[cell]
            slope = secant(low, high)[1] / _ONE
            multipliers[cell] += (1.0 - theta[cell] / _ONE) * (slope - relaxation.slopes[cell])
            if theta[cell]:
                touch_from[cell] = min(max(_below(_grid(relaxation.touch_from[cell], GRID), bits), low), high)
                end = -_below(-_grid(relaxation.touch_to[cell], GRID), bits)
                touch_to[cell] = min(max(end, touch_from[cell]), high)
    pairs = rows[2 * cells + m + 2 :]
    rate, label = (_grid(rows[cells + m + limit], bits) for limit in (0, 1))
    return Record(
        farkas=farkas,
        lower=record_lower,
        upper=record_upper,
        touch_from=[] if farkas else touch_from,
        touch_to=[] if farkas else touch_to,
        theta=[] if farkas else theta,
        cells=[_grid(value, bits) for value in multipliers],
        marginals=[_grid(value, bits) for value in rows[cells : cells + m]],
        rate=0 if problem.rate is None else min(rate, 0),
        label=0 if problem.label_limit is None else min(label, 0),
        order=[max(_grid(pairs[place], bits), 0) for place in order],
    )


def _grid(value: float, bits: int) -> int:
    """The nearest multiple of 2^-bits over 2^GRID."""
    return round(float(value) * (1 << bits)) << (GRID - bits)


def _below(value: int, bits: int) -> int:
    """An integer rounded down to so many binary digits."""
    spare = max(0, abs(value).bit_length() - bits)
    return value >> spare << spare
