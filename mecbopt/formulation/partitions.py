"""The cheapest ordered partitions of the letters of X: a dynamic program over subsets.

A mapping f is the partition (f^{-1}(1) .. f^{-1}(m)); for costs sum_y G[y, f^{-1}(y)] the minimum over all
m^n mappings is D_m(X), D_y(A) = min over B in A of D_{y-1}(A without B) + G[y, B]: O(m 3^n) steps, and O(2^n)
for two letters of Y, where a set and its complement are all.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mecbopt.control import Clock

__all__ = [
    "MAX_BINARY_LETTERS",
    "MAX_SUBSET_LETTERS",
    "CheapestPartition",
    "block_sums",
    "prices_exactly",
    "subset_sums",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: 3^13 = 1,594,323 pairs of nested subsets: some 10 milliseconds a letter of Y in vectorised form.
MAX_SUBSET_LETTERS = 13
#: With two letters of Y a subset and its complement are all: 2^20 sums take some 30 milliseconds.
MAX_BINARY_LETTERS = 20
#: Up to this many letters of Y one comparison with each is quicker than counting.
_FEW_LETTERS = 8


def prices_exactly(shape: tuple[int, int]) -> bool:
    """Whether the dynamic program serves for n letters of X and m of Y."""
    n, m = shape
    return n <= (MAX_BINARY_LETTERS if m <= 2 else MAX_SUBSET_LETTERS)


def block_sums(mappings: IntArray, statistics: FloatArray, letters_y: int) -> FloatArray:
    """Sums of statistics, shape (n, d), over the preimage of every letter of Y, shape (k, m, d).

    Cost O(k n d) for long alphabets, O(k n m d) in fewer and quicker steps for short ones.
    """
    if letters_y <= _FEW_LETTERS:
        return np.stack([(mappings == y) @ statistics for y in range(letters_y)], axis=1)
    count = len(mappings) * letters_y
    blocks = (np.arange(len(mappings))[:, None] * letters_y + mappings).ravel()
    columns = [
        np.bincount(blocks, np.broadcast_to(column, mappings.shape).ravel(), count) for column in statistics.T
    ]
    sums: FloatArray = np.stack(columns, axis=-1)
    return sums.reshape(len(mappings), letters_y, -1)


def subset_sums(statistics: FloatArray) -> FloatArray:
    """Sums of the rows of every set, shape (n, d) -> (2^n, d).  Cost O(d 2^n)."""
    sums = np.zeros((1, statistics.shape[1]))
    for row in statistics:
        sums = np.concatenate([sums, sums + row])
    return sums


class CheapestPartition:
    """The search for one pair of alphabets.

    Parameters
    ----------
    letters_x, letters_y : int
    clock : Clock, optional
        Asked between letters of Y.
    """

    def __init__(self, letters_x: int, letters_y: int, clock: Clock | None = None) -> None:
        self._n, self._m = letters_x, letters_y
        self._clock = clock or Clock()

    @cached_property
    def _nested_pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32], IntArray]:
        """All pairs B in A, ordered by A: (A without B, B, first position of each A), 3^n of them."""
        rest, part = np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32)
        for x in range(self._n):
            bit = np.int32(1 << x)
            rest = np.concatenate([rest, rest | bit, rest])
            part = np.concatenate([part, part, part | bit])
        order = np.argsort(rest | part, kind="stable")
        rest, part = rest[order], part[order]
        return rest, part, np.flatnonzero(np.diff(rest | part, prepend=-1))

    def find(self, table: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
        """The best completions of the cheapest choices of the last preimage.

        Parameters
        ----------
        table : ndarray, shape (m, 2^n)
            G[y, A]; bit x of A says whether x is in the set.
        count : int
            Mappings wanted at most.

        Returns
        -------
        mappings : ndarray of int, shape (k, n)
        costs : ndarray, shape (k,), ascending; the first is the minimum over all mappings

        Raises
        ------
        Expired
            The clock's limit is reached.
        """
        n, m = self._n, self._m
        full = 2**n - 1
        if m == 1:
            return np.zeros((1, n), dtype=np.int64), table[0][full:]
        tables = [table[0]]
        for y in range(1, m - 1):
            self._clock.check()
            rest, part, first = self._nested_pairs
            tables.append(np.minimum.reduceat(tables[-1][rest] + table[y][part], first))
        totals = tables[-1][::-1] + table[-1]  # the complement of A is 2^n - 1 - A
        chosen = np.argpartition(totals, count - 1)[:count] if count <= full else np.arange(full + 1)
        chosen = chosen[np.argsort(totals[chosen], kind="stable")]
        mappings = np.zeros((len(chosen), n), dtype=np.int64)
        for row, subset in zip(mappings, chosen, strict=True):
            row[(subset >> np.arange(n)) & 1 == 1] = m - 1
            self._trace(row, full ^ int(subset), m - 2, tables, table)
        return mappings, totals[chosen]

    def _trace(
        self, mapping: IntArray, subset: int, y: int, tables: list[FloatArray], table: FloatArray
    ) -> None:
        """Fill in the images of `subset` among the letters 0 .. y along the optimal choices."""
        letters = np.arange(self._n)
        while y > 0:
            rest, part, first = self._nested_pairs
            start = first[subset]
            stop = first[subset + 1] if subset + 1 < len(first) else len(rest)
            best = start + int(np.argmin(tables[y - 1][rest[start:stop]] + table[y][part[start:stop]]))
            mapping[(part[best] >> letters) & 1 == 1] = y
            subset = int(rest[best])
            y -= 1
        mapping[(subset >> letters) & 1 == 1] = 0
