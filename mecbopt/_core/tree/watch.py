"""Searches that know some limits by cuts alone: rows that change, and the mixtures that cuts come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._core.asking import interruptible
from mecbopt.errors import ProblemError

__all__ = ["WatchFace"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class WatchFace:
    """What a compiled search without a local search is told, and tells; `CompiledSearch` has the rest."""

    _ffi: Any
    _lib: Any
    _handle: Any
    _shape: tuple[int, int]
    _stated_rows: int
    _spare_rows: int

    def set_row(self, row: int, coefficients: FloatArray, lower: float, upper: float) -> None:
        """Give one of the spare rows a meaning, or another one.

        What was bounded before keeps its bound, so every row must hold all that is feasible.

        Parameters
        ----------
        row : int
        coefficients : ndarray, shape (n, m)
            At most about 1.
        lower, upper : float
            Infinite where absent.
        """
        if not 0 <= row < self._spare_rows:
            raise ProblemError(f"row = {row} must be one of the {self._spare_rows} spare rows of the search.")
        cells = np.ascontiguousarray(coefficients, dtype=np.float64)
        if cells.shape != self._shape or not np.isfinite(cells).all() or not lower <= upper:
            raise ProblemError(
                "a linear row must hold finite coefficients of the coupling and ordered bounds."
            )
        self._lib.mb_search_set_row(self._handle, self._stated_rows + row, self._doubles(cells), lower, upper)

    def attained(self, value: float) -> None:
        """Tell the search of a value of H(X,Y), bits, that is attained: boxes above it are closed."""
        self._lib.mb_search_attained(self._handle, value)
        self._refresh()

    def seen(self) -> list[tuple[IntArray, FloatArray]]:
        """Mixtures that solve the relaxations of the boxes that the last step left open, at most two.

        Only without a local search.  Mappings, shape (k, n), with weights, shape (k,), to the tolerance of
        the simplex method.
        """
        found = []
        for which in range(2):
            mappings, weights = self._room_for_a_mixture()
            count = self._lib.mb_search_seen(
                self._handle, which, len(weights), *self._buffers(mappings, weights)
            )
            if count:
                found.append((mappings[:count].astype(np.int64), weights[:count]))
        return found

    def minimise(
        self, cost: FloatArray, *, stop: Callable[[], bool] | None = None
    ) -> tuple[IntArray, FloatArray] | None:
        """The vertex of the limits at which sum cost P is least; None where there is none.

        Parameters
        ----------
        cost : ndarray, shape (n, m)
        stop : callable, optional
            As for `run`; what is broken off has no result.
        """
        mappings, weights = self._room_for_a_mixture()
        count = interruptible(
            self._lib.mb_search_minimise,
            self._handle,
            self._doubles(np.ascontiguousarray(cost, dtype=np.float64)),
            self._lib.core_ask,
            len(weights),
            *self._buffers(mappings, weights),
            stop=stop,
        )
        return (mappings[:count].astype(np.int64), weights[:count]) if count > 0 else None

    def _room_for_a_mixture(self) -> tuple[NDArray[np.int32], FloatArray]:
        capacity = self._lib.MB_MAX_SUPPORT
        return np.zeros((capacity, self._shape[0]), dtype=np.int32), np.zeros(capacity)

    def _buffers(self, mappings: NDArray[np.int32], weights: FloatArray) -> tuple[Any, Any]:
        return self._ffi.from_buffer("int32_t[]", mappings), self._doubles(weights)

    def _doubles(self, array: FloatArray) -> Any:
        return self._ffi.from_buffer("double[]", array)

    def _refresh(self) -> None:  # in `CompiledSearch`
        raise NotImplementedError
