"""The compiled search (`mec.h`) as a small object; absent without a C compiler.

Masses are integers times 2^-60, so that sums of subsets, their differences and the test for an exact balance
have no rounding; float masses move by at most 2^-60 each, and the largest of a side by the sum of that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mecbopt._core import library
from mecbopt._core.asking import interruptible
from mecbopt.errors import NotSupportedError, SolverError

__all__ = [
    "COMPLETE",
    "MAX_LETTERS",
    "RUNNING",
    "NativeSearch",
    "available",
    "integer_masses",
    "pattern_count",
    "root_bound",
]

#: Letters of positive mass in both alphabets together that the search takes (bits of a machine word).
MAX_LETTERS = 62
#: Longest side whose subsets the pattern bound enumerates, as in internal.h.
_PATTERN_LIMIT = 16
_BITS = 60
#: Steps of the subgradient ascent; 1,000 raise the bound by less than 1e-3 bits more.
_ITERATIONS = 300
RUNNING, COMPLETE = 0, 1


def available() -> bool:
    """Whether the compiled search is there."""
    return library() is not None


def integer_masses(p: NDArray[np.float64]) -> list[int]:
    """Masses in units of 2^-60 that sum to 2^60, of a descending pmf; letters below half a unit become 0."""
    masses = [round(math.ldexp(value, _BITS)) for value in p.tolist()]
    masses[0] += (1 << _BITS) - sum(masses)
    return masses


def pattern_count(n: int, m: int) -> float:
    """Patterns that the pattern bound enumerates at most; infinity where it does not apply."""
    if n + m > MAX_LETTERS:
        return math.inf
    counts = [(1 << items) * bins if items <= _PATTERN_LIMIT else 0 for items, bins in ((n, m), (m, n))]
    return sum(counts) or math.inf


def root_bound(p: NDArray[np.float64], q: NDArray[np.float64]) -> float | None:
    """The pattern bound (or the profile bound where that is larger), bits; None without the compiled core."""
    if not available():
        return None
    rows, columns = (integer_masses(np.sort(side)[::-1]) for side in (p, q))
    rows, columns = [x for x in rows if x > 0], [y for y in columns if y > 0]
    # Any target serves; this is an upper bound on the optimum's usual place, which lets the ascent converge.
    try:
        with NativeSearch(rows, columns, math.log2(len(rows) + len(columns))) as search:
            return search.root_bound
    except SolverError:  # no memory: the bounds that need none serve alone
        return None


class NativeSearch:
    """One instance: descending positive integer masses (units 2^-60) of rows and columns, equal sums.

    `stop` is asked about every 50 ms, from within C too; Ctrl-C is answered as quickly, and what the search
    has found and proved can still be read after it.
    """

    def __init__(
        self,
        rows: list[int],
        columns: list[int],
        target: float,
        pattern_bound: bool = True,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        core = library()
        if core is None:
            raise NotSupportedError(
                "the compiled core is absent: install a C compiler and reinstall mecbopt."
            )
        self._ffi, self._lib = core
        self._stop = stop
        masses = self._ffi.new("long long[]", rows + columns)
        self._cells = len(rows) + len(columns)
        self._search = self._ffi.NULL

        def create() -> int:
            # Owned at once, for Ctrl-C raised in an answer is raised again when this returns.
            self._search = self._ffi.gc(
                self._lib.mec_search_new(
                    len(rows),
                    len(columns),
                    masses,
                    math.ldexp(1.0, -_BITS),
                    target,
                    _ITERATIONS if pattern_bound else 0,
                    self._lib.core_ask,
                ),
                self._lib.mec_search_free,
            )
            return 0

        interruptible(create, stop=stop)
        if self._search == self._ffi.NULL:
            raise SolverError("no memory for the bounds of the minimum entropy coupling search")

    def __enter__(self) -> NativeSearch:
        return self

    def __exit__(self, *exception: object) -> None:
        self._ffi.release(self._search)

    def start(self, upper: float, gap: float, width: int, max_states: int) -> None:
        """Begin a pass; width 0 keeps every state, otherwise a beam."""
        if self._lib.mec_search_start(self._search, upper, gap, width, max_states):
            raise SolverError("no memory for the minimum entropy coupling search")

    def run(self, seconds: float) -> int:
        """Work for a while: RUNNING, COMPLETE or another number where memory ended the pass."""
        return interruptible(
            self._lib.mec_search_run, self._search, seconds, self._lib.core_ask, stop=self._stop
        )

    @property
    def root_bound(self) -> float:
        return float(self._lib.mec_search_root_bound(self._search))

    @property
    def lower_bound(self) -> float:
        return float(self._lib.mec_search_lower_bound(self._search))

    @property
    def best(self) -> float:
        return float(self._lib.mec_search_best(self._search))

    def cells(self) -> list[tuple[int, int, float]]:
        """Row, column and mass of the positive cells of the pass's best coupling."""
        rows, columns = (self._ffi.new("int[]", self._cells) for _ in range(2))
        masses = self._ffi.new("long long[]", self._cells)
        count = self._lib.mec_search_cells(self._search, self._cells, rows, columns, masses)
        return [(rows[k], columns[k], math.ldexp(masses[k], -_BITS)) for k in range(count)]
