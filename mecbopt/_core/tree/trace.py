"""The trace of a compiled search, read: boxes, the relaxations that bounded them, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outcome", "Relaxation", "Side", "Trace"]

#: The parent's number and the side of its split; ROOT for the root.
Key = tuple[int, int]
ROOT: Key = (-1, 0)

# The kinds of events, as in tree.h.
_SIDE, _RELAXATION, _OPEN = 0, 1, 2


class Outcome(Enum):
    """What became of a box."""

    OPEN = 2
    EMPTY = 3
    INFEASIBLE = 4
    BOUNDED = 5
    CUT_OFF = 6
    NARROW = 7


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A relaxation that was solved on a box.

    Attributes
    ----------
    infeasible : bool
        The multipliers prove that the box holds no coupling.
    bound : float
        On H(X,Y) in the box, bits; of no meaning where it is infeasible.
    slopes : ndarray, shape (cells,)
        Of the secants on the search's own box.
    touch_from, touch_to : ndarray, shape (cells,)
        Touching intervals of the concave functions in the Jensen rows.
    multipliers : ndarray
        One a row: cells, marginals, rate, label, Jensen rows (in [-1, 0]), order, linear rows, and that of a
        label without the seed.
    label_slopes : ndarray, shape (s, m)
        Of the secants of a label without the seed; its row is less a constant of every column.
    """

    infeasible: bool
    bound: float
    slopes: NDArray[np.float64]
    touch_from: NDArray[np.float64]
    touch_to: NDArray[np.float64]
    multipliers: NDArray[np.float64]
    label_slopes: NDArray[np.float64]


@dataclass
class Side:
    """One box: the root's, or that on one side of a split.

    Attributes
    ----------
    relaxations : list of Relaxation
        In the order of solving; the box shrank between them.
    outcome : Outcome or None
        None where the work on it broke off.
    node, cell, point : int, int, float
        Of an open box: its number, and its split.
    """

    relaxations: list[Relaxation] = field(default_factory=list)
    outcome: Outcome | None = None
    node: int = -1
    cell: int = -1
    point: float = 0.0


class Trace:
    """Boxes by parent and side, out of the numbers that the search hands out.

    Parameters
    ----------
    cells, rows : int
        Of the relaxation: n m, and the number of its multipliers.
    labels : tuple (s, m)
        Of a label without the seed.
    """

    def __init__(self, cells: int, rows: int, labels: tuple[int, int] = (0, 0)) -> None:
        self._cells, self._rows, self._labels = cells, rows, labels
        self.sides: dict[Key, Side] = {}
        self._side = Side()

    def read(self, numbers: NDArray[np.float64]) -> Side:
        """Add events; returns the box that was begun last."""
        at, cells = 0, self._cells
        end = 2 + 3 * cells + self._rows
        length = end + 1 + self._labels[0] * self._labels[1]
        while at < len(numbers):
            kind = int(numbers[at])
            if kind == _SIDE:
                # A box that stands again was not finished the first time.
                self._side = self.sides[int(numbers[at + 1]), int(numbers[at + 2])] = Side()
                at += 3
            elif kind == _RELAXATION:
                body = numbers[at + 1 : at + length]
                self._side.relaxations.append(
                    Relaxation(
                        bool(body[0]),
                        float(body[1]),
                        body[2 : 2 + cells],
                        body[2 + cells : 2 + 2 * cells],
                        body[2 + 2 * cells : 2 + 3 * cells],
                        body[2 + 3 * cells : end],
                        body[end:].reshape(self._labels),
                    )
                )
                at += length
            else:
                self._side.outcome = Outcome(kind)
                at += 1
                if kind == _OPEN:
                    self._side.node, self._side.cell = int(numbers[at]), int(numbers[at + 1])
                    self._side.point = float(numbers[at + 2])
                    at += 3
        return self._side
