"""Which exact steps shrink a box by the sums of its rows and columns and by the order, as few as serve.

Every step is one that the checker's tree knows; what it does is computed here in the same integers, so that a
step that is written has the effect that is found here.
"""

from __future__ import annotations

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
        self._pairs = pairs
        #: For every row and column: axis, letter, cells, the mass over 2^GRID rounded down and up.
        self._lines: list[tuple[str, int, list[int], int, int]] = []
        for x, mass in enumerate(problem.p_x):
            self._lines.append(("row", x, [x * m + y for y in range(m)], *_rounded(mass)))
        for y, mass in enumerate(problem.p_y):
            self._lines.append(("column", y, [x * m + y for x in range(n)], *_rounded(mass)))

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
            for axis, letter, cells, floor, ceiling in self._lines:
                low, high = sum(lower[cell] for cell in cells), sum(upper[cell] for cell in cells)
                if low > floor:
                    return ["empty", axis, letter], [(cell, "lower") for cell in cells]
                if high < ceiling:
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
            if len(steps) == count:
                break
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


def _rounded(mass: Fraction) -> tuple[int, int]:
    scaled = mass.numerator << GRID
    return scaled // mass.denominator, -(-scaled // mass.denominator)
