"""Python face of the compiled local search over the vertices of the feasible polytope.

The pivot to a neighbouring vertex of less joint entropy is taken until there is none.  Neighbours are the
edges on which changed, swapped or recombined mappings of the basis enter.  The next descent begins near
the last good vertex, at the end of a linear program that looks for a coupling with a changed posterior
(`starts.c`), and after fifty in vain at a vertex that minimises a random linear function.  A local
optimum proves nothing about the global one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt._core import library
from mecbopt._core.asking import interruptible
from mecbopt.errors import SolverError

__all__ = ["PivotSearch"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class PivotSearch:
    """Descends from a feasible vertex, then from others; keeps the best.

    Parameters
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
        Positive masses.
    rate : float
        Bits; infinity where there is no limit.
    p_s_given_x : ndarray, shape (n, s), or None
        Label channel.
    label_limit : float
        Bits; infinity where there is no limit.
    start : tuple (mappings (k, n), weights (k,))
        A feasible vertex.
    seed : int
        Of the random starts.

    Raises
    ------
    SolverError
        The compiled core is not built, or memory is short.
    """

    def __init__(
        self,
        p_x: FloatArray,
        p_y: FloatArray,
        rate: float,
        p_s_given_x: FloatArray | None,
        label_limit: float,
        *,
        start: tuple[ArrayLike, ArrayLike],
        seed: int = 0,
    ) -> None:
        native = library()
        if native is None:
            raise SolverError("The compiled core is not built: install a C compiler and run `make native`.")
        self._ffi, self._lib = native
        self._shape = len(p_x), len(p_y)
        channel = np.empty((len(p_x), 0)) if p_s_given_x is None else p_s_given_x
        mappings = np.ascontiguousarray(start[0], dtype=np.int32)
        handle = self._lib.ls_search_new(
            *self._shape,
            self._doubles(p_x),
            self._doubles(p_y),
            float(rate),
            channel.shape[1],
            self._doubles(channel),
            float(label_limit),
            seed % 2**64,
            len(mappings),
            self._ffi.from_buffer("int32_t[]", mappings),
            self._doubles(start[1]),
        )
        if handle == self._ffi.NULL:
            raise SolverError(f"Not enough memory for a local search with (n, m) = {self._shape}.")
        self._handle = self._ffi.gc(handle, self._lib.ls_search_free)
        # C writes the report and the vertex into these by one call: there is no moment between them.
        self._report = self._ffi.new("ls_report *")
        capacity = self._shape[1] + 2
        self._mappings = np.zeros((capacity, self._shape[0]), dtype=np.int32)
        self._weights = np.zeros(capacity)
        self._room = (
            self._report,
            capacity,
            self._ffi.from_buffer("int32_t[]", self._mappings),
            self._doubles(self._weights),
        )
        self.run(0, 0, 0.0)

    def _doubles(self, array: ArrayLike) -> Any:
        return self._ffi.from_buffer("double[]", np.ascontiguousarray(array, dtype=np.float64))

    def run(
        self,
        starts: int,
        candidates: int,
        seconds: float,
        *,
        take_now: bool = False,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Advance until `starts` descents or `candidates` neighbours in all are done, or the time is over.

        Parameters
        ----------
        starts, candidates : int
        seconds : float
        take_now : bool
            Take the descent that is under way into account: its vertex is feasible.
        stop : callable, optional
            Asked about every 50 ms.
        """
        interruptible(
            self._lib.ls_search_run,
            self._handle,
            starts,
            candidates,
            seconds,
            take_now,
            self._lib.core_ask,
            *self._room,
            stop=stop,
        )

    @property
    def best(self) -> float:
        """H(X,Y) of the best vertex known, bits."""
        return float(self._report.best)

    @property
    def starts(self) -> int:
        """Descents finished, the one from the given vertex included."""
        return int(self._report.starts)

    @property
    def candidates(self) -> int:
        """Neighbouring vertices evaluated."""
        return int(self._report.candidates)

    def incumbent(self) -> tuple[IntArray, FloatArray]:
        """Mappings, shape (k, n), and weights, shape (k,), of the best vertex; k = 0 when none is known."""
        count = self._report.support
        return self._mappings[:count].astype(np.int64), self._weights[:count].copy()

    @property
    def entropy(self) -> float:
        """Joint entropy of the best vertex, bits; infinity when none is known."""
        return float(self._report.best)
