"""Python face of the compiled local search: descents over vertices by pivots, from many random starts.

A start is a vertex that minimises a random linear function; from there the pivot to the neighbouring vertex
of least joint entropy is taken until none improves.  Neighbours are the edges on which changed, swapped or
recombined mappings of the basis enter (see `mecbopt._core`).  Measured on 5x5: kicking the incumbent and
descending again found fewer optima than fresh starts at equal effort (61 to 82 of 100 against 94).  A local
optimum proves nothing about the global one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mecbopt._core import library
from mecbopt.errors import SolverError
from mecbopt.mappings import Instance
from mecbopt.mappings.instance import FloatArray
from mecbopt.solvers.vertex import Incumbent, to_vertex

__all__ = ["CompiledLocalSearch", "compiled_start_count"]

#: Longest slice spent in C, seconds: the wait for an answer to Ctrl-C or a limit.
_SLICE_SECONDS = 0.05
#: Evaluated neighbours after which a search ends whatever the number of starts.  Twice as many took 24 s at
#: 16x16 and 84 s at 32x32 on a busy machine.
_MAX_CANDIDATES = 3_000_000


class CompiledLocalSearch:
    """Descends from a feasible vertex, then from random ones; keeps the best.

    Parameters
    ----------
    instance : Instance
    feasible : Incumbent
        A feasible vertex.
    seed : int
        Of the random starts.
    should_stop : callable
        Asked about every 50 ms; without it the result is a function of the other arguments.

    Raises
    ------
    SolverError
        The compiled core is not built, or memory is short.
    """

    def __init__(
        self,
        instance: Instance,
        feasible: Incumbent,
        seed: int = 0,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        native = library()
        if native is None:
            raise SolverError("The compiled core is not built: install a C compiler and run `make native`.")
        self._ffi, self._lib = native
        self.instance = instance
        self.best = feasible
        self._should_stop = should_stop
        n, m = instance.shape
        label = instance.p_s_given_x if instance.has_label else None
        channel = np.empty((n, 0)) if label is None else label
        mappings = np.ascontiguousarray(feasible.mappings, dtype=np.int32)
        handle = self._lib.ls_search_new(
            n,
            m,
            self._doubles(instance.p_x),
            self._doubles(instance.p_y),
            float(instance.rate),
            channel.shape[1],
            self._doubles(channel),
            float(instance.label_limit),
            seed % 2**64,
            len(mappings),
            self._ffi.from_buffer("int32_t[]", mappings),
            self._doubles(feasible.weights),
        )
        if handle == self._ffi.NULL:
            raise SolverError(f"Not enough memory for a local search with (n, m) = {instance.shape}.")
        self._handle = self._ffi.gc(handle, self._lib.ls_search_free)
        self._report = self._ffi.new("ls_report *")

    def _doubles(self, array: FloatArray) -> object:
        return self._ffi.from_buffer("double[]", np.ascontiguousarray(array, dtype=np.float64))

    def run(self, starts: int, candidates: int = _MAX_CANDIDATES) -> Incumbent:
        """Descend from the given vertex and `starts` random ones, slice by slice.

        Parameters
        ----------
        starts : int
        candidates : int
            Neighbouring vertices to evaluate at most.

        Returns
        -------
        Incumbent
            The best vertex, its equations solved to rounding error; also kept in `best`.
        """
        report = self._report
        self._lib.ls_search_report(self._handle, report)
        try:
            while report.starts <= starts and report.candidates < candidates and not self._should_stop():
                self._lib.ls_search_run(self._handle, starts + 1, candidates, _SLICE_SECONDS)
                self._lib.ls_search_report(self._handle, report)
        finally:  # Ctrl-C included
            # A descent that was cut short counts too: its vertex is feasible.
            self._lib.ls_search_run(self._handle, 0, 0, 0.0)
            self._lib.ls_search_report(self._handle, report)
            self._take()
        return self.best

    @property
    def starts(self) -> int:
        """Descents finished, the one from the given vertex included."""
        return int(self._report.starts)

    @property
    def candidates(self) -> int:
        """Neighbouring vertices evaluated."""
        return int(self._report.candidates)

    def _take(self) -> None:
        """Polish the core's best vertex and keep it where it is better."""
        count = self._report.support
        if count == 0:
            return
        mappings = np.zeros((count, self.instance.shape[0]), dtype=np.int32)
        weights = np.zeros(count)
        self._lib.ls_search_incumbent(
            self._handle,
            self._ffi.from_buffer("int32_t[]", mappings),
            self._ffi.from_buffer("double[]", weights),
        )
        vertex = to_vertex(self.instance, mappings.astype(np.int64), weights)
        if vertex is not None and vertex.joint_entropy < self.best.joint_entropy:
            self.best = vertex


def compiled_start_count(instance: Instance) -> int:
    """Random starts by default: about a second's worth at 5x5 and 8x8, more than 4x4 needs."""
    cells = int(np.prod(instance.shape))
    return int(np.clip(3 * cells**2, 200, 2000))
