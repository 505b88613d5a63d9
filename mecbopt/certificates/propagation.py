"""Which exact steps shrink a box by the sums of its rows and columns and by the order, as few as serve.

Every step is one that the checker's tree knows; what it does is computed here in the same integers, so that a
step that is written has the effect that is found here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.instance import ExactProblem

__all__ = ["Propagation"]

_ONE = 1 << GRID
#: Rounds over all rows and columns, as many as the search makes.
_ROUNDS = 6
#: A step is written for an end that moves by this share of the cell's width; what it rests on goes with it.
WORTH = 1e-4

#: An end of a cell: the cell, and "lower" or "upper".
End = tuple[int, str]


class _Step(NamedTuple):
    node: list[Any]
    moved: End
    reads: list[End]


class Propagation:
    """Propagation in the boxes of one problem.

    Parameters
    ----------
    problem : ExactProblem
    pairs : sequence of pairs of cells
        Of the order.
    """

    def __init__(self, problem: ExactProblem, pairs: Sequence[tuple[int, int]]) -> None:
        n, m = problem.shape
        self._pairs, unit = pairs, 1 << GRID
        #: Every row and column: axis, letter, cells, least and greatest mass over 2^GRID.
        self._lines: list[tuple[str, int, list[int], Fraction, Fraction]] = []
        for x, mass in enumerate(problem.p_x):
            self._lines.append(("row", x, [x * m + y for y in range(m)], mass * unit, mass * unit))
        for y, ends in enumerate(problem.law_ends):
            self._lines.append(("column", y, [x * m + y for x in range(n)], ends[0] * unit, ends[1] * unit))

        #: Every inequality of a linear row: its number, integer coefficients, sign and end over 2^GRID.
        self._rows: list[tuple[int, dict[int, int], int, Fraction]] = []
        for index, (coefficients, lower, upper) in enumerate(problem.constraints):
            entries = [a for line in coefficients for a in line]
            common = math.lcm(*(a.denominator for a in entries))
            cells = {cell: int(a * common) for cell, a in enumerate(entries) if a}
            for sign, end in ((1, upper), (-1, lower)):
                if end is not None:
                    self._rows.append((index, cells, sign, sign * end * common * unit))

    def steps(
        self, lower: Sequence[int], upper: Sequence[int], worth: float = WORTH
    ) -> tuple[list[list[Any]], bool]:
        """Nodes that shrink the box, and whether the last of them says that it is empty."""
        low, high = list(lower), list(upper)
        steps: list[_Step] = []
        empty = self._run(low, high, steps)
        if empty is not None:
            node, needed = empty
            return [*_sliced(steps, needed), node], True
        moved: list[End] = []
        for cell, (start, end) in enumerate(zip(lower, upper, strict=True)):
            least = max(1, worth * (end - start))
            moved += [(cell, "lower")] if low[cell] - start >= least else []
            moved += [(cell, "upper")] if end - high[cell] >= least else []
        return _sliced(steps, moved) if moved else [], False

    def _run(
        self, lower: list[int], upper: list[int], steps: list[_Step]
    ) -> tuple[list[Any], list[End]] | None:
        """Shrink the box in place; where it turns out empty, the node that says so and what it rests on."""
        for cell in range(len(lower)):
            if lower[cell] > upper[cell]:
                return ["empty", "row", 0], [(cell, "lower"), (cell, "upper")]
        for _ in range(_ROUNDS):
            count = len(steps)
            for axis, letter, cells, least_mass, most_mass in self._lines:
                floor, ceiling = math.floor(least_mass), math.ceil(most_mass)
                low, high = sum(lower[cell] for cell in cells), sum(upper[cell] for cell in cells)
                if low > most_mass:
                    return ["empty", axis, letter], [(cell, "lower") for cell in cells]
                if high < least_mass:
                    return ["empty", axis, letter], [(cell, "upper") for cell in cells]
                for cell in cells:
                    most, least = ceiling - (low - lower[cell]), floor - (high - upper[cell])
                    others = [other for other in cells if other != cell]
                    if most < upper[cell]:
                        reads: list[End] = [(other, "lower") for other in others]
                        steps.append(_Step(["tighten", axis, cell, "upper"], (cell, "upper"), reads))
                        high += most - upper[cell]
                        upper[cell] = most
                    if least > lower[cell]:
                        reads = [(other, "upper") for other in others]
                        steps.append(_Step(["tighten", axis, cell, "lower"], (cell, "lower"), reads))
                        low += least - lower[cell]
                        lower[cell] = least
                    if lower[cell] > upper[cell]:
                        return ["empty", "row", 0], [(cell, "lower"), (cell, "upper")]
            crossed = self._ordered(lower, upper, steps)
            if crossed is not None:
                return ["empty", "row", 0], [(crossed, "lower"), (crossed, "upper")]
            empty = self._constrained(lower, upper, steps)
            if empty is not None:
                return empty
            if len(steps) == count:
                break
        return None

    def _constrained(
        self, lower: list[int], upper: list[int], steps: list[_Step]
    ) -> tuple[list[Any], list[End]] | None:
        """The linear rows' steps; where one cannot be met, the node that says so and what it rests on."""
        for index, cells, sign, end in self._rows:
            # sign * (sum of a P) <= end: the least that each cell adds, and the end of it that adds this.
            least = {cell: sign * a * (lower if sign * a > 0 else upper)[cell] for cell, a in cells.items()}
            reads: dict[int, End] = {
                cell: (cell, "lower" if sign * a > 0 else "upper") for cell, a in cells.items()
            }
            room = end - sum(least.values())
            if room < 0:
                return ["empty", "constraint", index], list(reads.values())
            for cell, a in cells.items():
                rest, others = room + least[cell], [reads[other] for other in cells if other != cell]
                if sign * a > 0:
                    most = math.ceil(rest / (sign * a))
                    if most < upper[cell]:
                        node = ["tighten", "constraint", cell, "upper", index]
                        steps.append(_Step(node, (cell, "upper"), others))
                        upper[cell] = most
                else:
                    floor = math.floor(rest / (sign * a))
                    if floor > lower[cell]:
                        node = ["tighten", "constraint", cell, "lower", index]
                        steps.append(_Step(node, (cell, "lower"), others))
                        lower[cell] = floor
                if lower[cell] > upper[cell]:
                    return ["empty", "row", 0], [(cell, "lower"), (cell, "upper")]
        return None

    def _ordered(self, lower: list[int], upper: list[int], steps: list[_Step]) -> int | None:
        """The order's steps; a cell whose ends cross."""
        for index, (first, second) in enumerate(self._pairs):
            if lower[second] > lower[first]:
                node = ["tighten", "order", first, "lower", index]
                steps.append(_Step(node, (first, "lower"), [(second, "lower")]))
                lower[first] = lower[second]
            if upper[first] < upper[second]:
                node = ["tighten", "order", second, "upper", index]
                steps.append(_Step(node, (second, "upper"), [(first, "upper")]))
                upper[second] = upper[first]
            for cell in (first, second):
                if lower[cell] > upper[cell]:
                    return cell
        return None


def _sliced(steps: Sequence[_Step], ends: Sequence[End]) -> list[list[Any]]:
    """The nodes of the steps on which these ends rest, directly or through others."""
    needed, kept = set(ends), []
    for step in reversed(steps):
        if step.moved in needed:
            # The step sets the end afresh: what moved it before is needed only where it is read.
            needed.discard(step.moved)
            needed.update(step.reads)
            kept.append(step.node)
    return kept[::-1]
