"""From the floats of a relaxation to a record: any rounding gives a valid record, a coarse one a short one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mecbopt._core.tree.trace import Relaxation
from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.records import Record

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

    Parameters
    ----------
    problem : ExactProblem
    relaxation : Relaxation
    lower, upper : sequences of nm integers over 2^GRID
    order : sequence of int
        For every pair of the certificate's order, its place among the relaxation's.
    bits : int
        Fractional bits of the record's numbers, at most GRID.
    """
    n, m = problem.shape
    cells = n * m
    rows = relaxation.multipliers
    if relaxation.infeasible:
        greatest = float(np.abs(rows).max())
        rows = rows * (_FARKAS_SCALE / greatest if greatest > 0 else 1.0)
    step = 1 << (GRID - bits)
    record_lower = [low // step * step for low in lower]
    record_upper = [min(-(-high // step) * step, _ONE) for high in upper]
    numbers = [_grid(value, bits) for value in rows]
    theta = [0] * cells
    touch_from, touch_to = [0] * cells, [0] * cells
    if not relaxation.infeasible:
        theta = [min(max(-value, 0), _ONE) for value in numbers[cells + m + 2 : 2 * cells + m + 2]]
        for cell in range(cells):
            if theta[cell]:
                low, high = record_lower[cell], record_upper[cell]
                start = _grid(relaxation.touch_from[cell], bits)
                end = _grid(relaxation.touch_to[cell], bits)
                touch_from[cell] = min(max(start, low), high)
                touch_to[cell] = min(max(end, touch_from[cell]), high)
    pairs = numbers[2 * cells + m + 2 :]
    return Record(
        farkas=relaxation.infeasible,
        lower=record_lower,
        upper=record_upper,
        touch_from=[] if relaxation.infeasible else touch_from,
        touch_to=[] if relaxation.infeasible else touch_to,
        theta=[] if relaxation.infeasible else theta,
        cells=numbers[:cells],
        marginals=numbers[cells : cells + m],
        rate=0 if problem.rate is None else min(numbers[cells + m], 0),
        label=0 if problem.label_limit is None else min(numbers[cells + m + 1], 0),
        order=[max(pairs[place], 0) for place in order],
    )


def _grid(value: float, bits: int) -> int:
    """The nearest multiple of 2^-bits over 2^GRID."""
    return round(float(value) * (1 << bits)) << (GRID - bits)
