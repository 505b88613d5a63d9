"""Many small linear programs at once: min g . p over low <= p <= high, sum p = 1 and one or two rows r . p
<= c.

By Lagrange duality: for multipliers of the rows, at least 0, the inner minimum fills the letters in the
order of their slopes (`filled`).  The dual function is concave and piecewise linear, with kinks where two
slopes tie, so that its maximum is at 0, at a tie, or where two ties meet.  Every one of these values, less
the rounding of its terms, is a valid lower bound, whatever rounding did to the multipliers.  The room of a
row is finite.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Program", "filled"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Roundings of a multiplier's terms, which a large one makes large; the sums have at most a dozen terms.
_ROUNDING = 16 * np.finfo(float).eps


class Program(NamedTuple):
    """Boxes low, high (N, k), and a row (N, k) that is at most room (N,)."""

    low: FloatArray
    high: FloatArray
    row: FloatArray
    room: FloatArray

    def taken(self, which: IntArray) -> Program:
        """Some of them."""
        return Program(*(part[which] for part in self))

    def least(self, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The least values (N,), infinity where nothing meets the row, and inner minimisers (N, k)."""
        value, point = self._lagrangian(gradient)
        tight = np.flatnonzero((self.row * point).sum(axis=1) > self.room)
        if not tight.size:
            return value, point
        part, slopes = self.taken(tight), gradient[tight]
        best, where = value[tight], point[tight]
        for i, j in _letter_pairs(slopes):
            multiplier = _positive(slopes[:, j] - slopes[:, i], part.row[:, i] - part.row[:, j])
            candidate, inner = part._lagrangian(slopes, multiplier)
            better = candidate > best
            best[better], where[better] = candidate[better], inner[better]
        least_row = (part.row * filled(part.row, part.low, part.high)).sum(axis=1)
        best[least_row > part.room] = np.inf
        value[tight], point[tight] = best, where
        return value, point

    def least_beside(
        self, gradient: FloatArray, other: FloatArray, room: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same with a second row `other` (N, k) that is at most `room` (N,)."""
        first = np.zeros(len(room))
        best, where = np.full(len(room), -np.inf), self.low.copy()
        differences = [
            (gradient[:, j] - gradient[:, i], self.row[:, i] - self.row[:, j], other[:, i] - other[:, j])
            for i, j in _letter_pairs(gradient)
        ]
        multipliers = [(_positive(gap, row), first) for gap, row, _ in differences]
        multipliers += [(first, _positive(gap, second)) for gap, _, second in differences]
        for (a, r, s), (b, u, v) in itertools.combinations(differences, 2):
            # a = mu r + nu s and b = mu u + nu v.
            determinant = r * v - s * u
            mu, nu = _positive(a * v - s * b, determinant), _positive(r * b - a * u, determinant)
            multipliers.append((np.where(nu > 0.0, mu, 0.0), np.where(mu > 0.0, nu, 0.0)))
        for mu, nu in multipliers:
            candidate, inner = self._lagrangian(gradient, mu, other, room, nu)
            better = candidate > best
            best[better], where[better] = candidate[better], inner[better]
        return best, where

    def _lagrangian(
        self,
        gradient: FloatArray,
        multiplier: FloatArray | float = 0.0,
        other: FloatArray | float = 0.0,
        room: FloatArray | float = 0.0,
        second: FloatArray | float = 0.0,
    ) -> tuple[FloatArray, FloatArray]:
        """The dual function at given multipliers of both rows, and the inner minimisers."""
        slopes, constant = gradient, np.zeros(len(gradient))
        if isinstance(multiplier, np.ndarray):
            slopes = slopes + multiplier[:, None] * self.row
            sizes = np.abs(self.row).max(axis=1) + np.abs(self.room)
            constant = constant - multiplier * self.room - _ROUNDING * multiplier * sizes
        if isinstance(second, np.ndarray):
            slopes = slopes + second[:, None] * other
            constant = constant - second * room - _ROUNDING * second * (1.0 + np.abs(room))
        point = filled(slopes, self.low, self.high)
        value: FloatArray = (slopes * point).sum(axis=1) + constant
        return value, point


def filled(slopes: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The minimiser of slopes . p over box and sum 1: what the lower ends leave goes to the least slopes."""
    order = np.argsort(slopes, axis=1, kind="stable")
    width = np.take_along_axis(high - low, order, axis=1)
    rest = 1.0 - low.sum(axis=1, keepdims=True)
    before = np.cumsum(width, axis=1) - width
    given = np.clip(rest - before, 0.0, width)
    point = low.copy()
    np.put_along_axis(point, order, np.take_along_axis(low, order, axis=1) + given, axis=1)
    return point


def _letter_pairs(slopes: FloatArray) -> itertools.combinations[tuple[int, int]]:
    return itertools.combinations(range(slopes.shape[1]), 2)


def _positive(part: FloatArray, whole: FloatArray) -> FloatArray:
    """The ratio part / whole where it is positive and finite, else 0."""
    ratio = np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0.0)
    return np.where(np.isfinite(ratio), np.maximum(0.0, ratio), 0.0)
