"""Which masses sets of letters can have, and nested sets of given masses.

Letters of equal mass are exchangeable: a set is the number of its letters in each class.  Where these counts
are few enough all are listed; else those of the heaviest classes, and a set then has the mass of a listed one
plus at most what all other letters weigh together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mecbopt.formulation.partitions import subset_sums

__all__ = ["IntArray", "Masses"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Sums that are listed at most: 2^20, of 20 letters of different masses.
_MOST_SUMS = 1 << 20
#: Sums of masses in [0, 1] that differ by less are the same up to rounding.
_ROUNDING = 1e-14
#: Letters in each half of those among which the nearest sum is found exactly (2^24 sums, by meeting in the
#: middle); heavier ones are filled in first.
_HALF = 12


@dataclass(frozen=True, eq=False)
class Masses:
    """The masses of sets of X-letters.

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    """

    p_x: FloatArray

    @cached_property
    def _classes(self) -> list[IntArray]:
        """Letters of equal mass, the heaviest first."""
        masses, places = np.unique(-self.p_x, return_inverse=True)
        return [np.flatnonzero(places == k) for k in range(len(masses))]

    @cached_property
    def _listed(self) -> int:
        """How many classes are listed."""
        total = 1
        for k, letters in enumerate(self._classes):
            total *= len(letters) + 1
            if total > _MOST_SUMS:
                return k
        return len(self._classes)

    @property
    def complete(self) -> bool:
        """Whether every set is listed."""
        return self._listed == len(self._classes)

    @cached_property
    def _sorted(self) -> tuple[FloatArray, IntArray]:
        """Masses of the listed sets, ascending, and their codes: counts to a mixed base."""
        sums = np.zeros(1)
        for letters in self._classes[: self._listed]:
            sums = (sums[:, None] + self.p_x[letters[0]] * np.arange(len(letters) + 1)).ravel()
        order = np.argsort(sums, kind="stable")
        return np.clip(sums[order], 0.0, 1.0), order

    @cached_property
    def _intervals(self) -> tuple[FloatArray, FloatArray]:
        """Disjoint intervals, ascending, that hold every attainable mass."""
        sums, _ = self._sorted
        rest = float(sum(self.p_x[letters].sum() for letters in self._classes[self._listed :]))
        ends = np.maximum.accumulate(sums + rest)
        new = np.concatenate([[True], sums[1:] > ends[:-1] + _ROUNDING])
        starts = sums[new]
        closing = np.append(np.flatnonzero(new)[1:] - 1, len(sums) - 1)
        return np.clip(starts - _ROUNDING, 0.0, 1.0), np.clip(ends[closing] + _ROUNDING, 0.0, 1.0)

    def shrink(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """The smallest intervals with the same attainable masses, and where there are none."""
        starts, ends = self._intervals
        first = np.searchsorted(ends, low)
        last = np.searchsorted(starts, high, side="right") - 1
        empty = (first >= len(ends)) | (last < 0) | (first > last)
        new_low = np.maximum(low, starts[np.minimum(first, len(starts) - 1)])
        new_high = np.minimum(high, ends[np.maximum(last, 0)])
        return new_low, new_high, empty | (new_low > new_high)

    def ranges(self, low: FloatArray, high: FloatArray) -> tuple[IntArray, IntArray]:
        """Positions in the sorted list: first, and one past the last, of the sums in each interval."""
        sums, _ = self._sorted
        first = np.searchsorted(sums, low - _ROUNDING)
        return first, np.searchsorted(sums, high + _ROUNDING, side="right")

    def mass(self, positions: IntArray) -> FloatArray:
        """Masses at positions of the sorted list."""
        return self._sorted[0][positions]

    def counts(self, positions: IntArray) -> IntArray:
        """Letters of each class, the sets at these positions, shape (k, classes)."""
        codes = self._sorted[1][positions].copy()
        columns = []
        for letters in reversed(self._classes[: self._listed]):
            columns.append(codes % (len(letters) + 1))
            codes //= len(letters) + 1
        return np.stack(columns[::-1], axis=1)

    def sets(self, counts: IntArray) -> BoolArray:
        """Members of the sets with these counts, shape (k, n); nested where the counts are."""
        members = np.zeros((len(counts), len(self.p_x)), dtype=bool)
        for column, letters in zip(counts.T, self._classes, strict=False):
            members[:, letters] = np.arange(len(letters)) < column[:, None]
        return members

    def chain_near(self, masses: FloatArray) -> BoolArray:
        """Nested sets whose masses come close to three given ones, shape (3, n)."""
        everything = np.ones(len(self.p_x), dtype=bool)
        middle = self.near(float(masses[1]), everything)
        inner = self.near(float(masses[0]), middle)
        outer = middle | self.near(float(masses[2] - self.p_x[middle].sum()), ~middle)
        return np.stack([inner, middle, outer])

    def near(self, mass: float, allowed: BoolArray) -> BoolArray:
        """A set of allowed letters of about this mass: the heavy ones greedily, the lightest exactly."""
        letters = np.flatnonzero(allowed)
        letters = letters[np.argsort(-self.p_x[letters], kind="stable")]
        heavy, light = letters[: -2 * _HALF], letters[-2 * _HALF :]
        chosen = np.zeros(len(self.p_x), dtype=bool)
        for x in heavy:
            if self.p_x[x] <= mass:
                chosen[x] = True
                mass -= float(self.p_x[x])
        first, second = light[::2], light[1::2]
        sums = subset_sums(self.p_x[first][:, None])[:, 0]
        others = subset_sums(self.p_x[second][:, None])[:, 0]
        order = np.argsort(others, kind="stable")
        ordered = others[order]
        after = np.minimum(np.searchsorted(ordered, mass - sums), len(ordered) - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(sums + ordered[before] - mass) < np.abs(sums + ordered[after] - mass)
        partner = np.where(nearer, before, after)
        best = int(np.argmin(np.abs(sums + ordered[partner] - mass)))
        for half, code in ((first, best), (second, int(order[partner[best]]))):
            chosen[half] = (code >> np.arange(len(half))) & 1 == 1
        return chosen
