"""The compiled local search on a formulation, advanced in slices; see `mecbopt._core.pivots`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from mecbopt._core.pivots import PivotSearch
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.formulation import Formulation

__all__ = ["PivotDescent", "compiled_start_count"]

#: Longest slice spent in C, seconds: the wait for an answer to Ctrl-C or a limit.
_SLICE_SECONDS = 0.05
#: Evaluated neighbours after which a search ends whatever the number of starts, up to 32x32 (twice as many
#: took 24 s at 16x16 and 84 s at 32x32 on a busy machine), and in proportion fewer beyond: a neighbour costs
#: as much time as the coupling has cells.
_MAX_CANDIDATES = 3_000_000
_FULL_EFFORT_CELLS = 32 * 32
#: More descents than any search makes.
_NO_LIMIT = 2**62
#: Seconds between two polished vertices while the search improves.
_TAKE_SECONDS = 0.2


class PivotDescent:
    """Descends from a feasible vertex, then from random ones; keeps the best.

    Parameters
    ----------
    formulation : Formulation
    feasible : Incumbent
        A feasible vertex.
    seed : int
        Of the random starts.
    should_stop : callable
        Asked about every 50 ms; without it the result is a function of the other arguments.
    progress : callable, optional
        Told the best vertex so far after every slice.

    Raises
    ------
    SolverError
        The compiled core is not built, or memory is short.
    """

    def __init__(
        self,
        formulation: Formulation,
        feasible: Incumbent,
        seed: int = 0,
        should_stop: Callable[[], bool] = lambda: False,
        progress: Callable[[Incumbent], None] | None = None,
    ) -> None:
        self.formulation = formulation
        self.best = feasible
        self._should_stop = should_stop
        self._progress = progress
        self._taken, self._next_take = feasible.cost, 0.0
        label = formulation.label_limit
        self._search = PivotSearch(
            formulation.p_x,
            formulation.p_y,
            formulation.rate,
            None if label is None else label.channel,
            math.inf if label is None else label.limit,
            start=(feasible.mappings, feasible.weights),
            seed=seed,
        )

    def run(self, starts: int, candidates: int | None = None) -> Incumbent:
        """Descend from the given vertex and `starts` random ones, slice by slice.

        Parameters
        ----------
        starts : int
        candidates : int, optional
            Neighbouring vertices to evaluate at most; by default as many as take seconds, or a minute on the
            largest alphabets.

        Returns
        -------
        Incumbent
            The best vertex, its equations solved to rounding error; also kept in `best`.
        """
        search = self._search
        if candidates is None:
            cells = int(np.prod(self.formulation.shape))
            candidates = int(_MAX_CANDIDATES * min(1.0, _FULL_EFFORT_CELLS / cells))
        try:
            while search.starts <= starts and search.candidates < candidates and not self._should_stop():
                search.run(starts + 1, candidates, _SLICE_SECONDS, stop=self._should_stop)
                if search.entropy < self._taken and time.monotonic() >= self._next_take:
                    self._take()
                if self._progress is not None:
                    self._progress(self.best)
        finally:  # Ctrl-C included
            # A descent that was cut short counts too: its vertex is feasible.
            search.run(0, 0, 0.0, take_now=True)
            self._take()
        return self.best

    def slice(self, candidates: int, seconds: float) -> bool:
        """Go on until `candidates` neighbours were evaluated in all, for `seconds` at most.

        Returns
        -------
        bool
            Whether they were.
        """
        self._search.run(_NO_LIMIT, candidates, seconds, stop=self._should_stop)
        return self._search.candidates >= candidates

    def taken(self) -> Incumbent:
        """The best vertex, a descent under way left aside; also kept in `best`."""
        if self._search.entropy < self._taken:
            self._take()
        return self.best

    @property
    def best_cost(self) -> float:
        """Joint entropy of the best vertex known, bits, without writing it out."""
        return min(self.best.cost, self._search.best)

    @property
    def starts(self) -> int:
        """Descents finished, the one from the given vertex included."""
        return self._search.starts

    @property
    def candidates(self) -> int:
        """Neighbouring vertices evaluated."""
        return self._search.candidates

    def _take(self) -> None:
        """Polish the core's best vertex and keep it where it is better."""
        self._taken, self._next_take = self._search.entropy, time.monotonic() + _TAKE_SECONDS
        mappings, weights = self._search.incumbent()
        if len(weights) == 0:
            return
        vertex = to_vertex(self.formulation, mappings, weights)
        if vertex is not None and vertex.cost < self.best.cost:
            self.best = vertex


def compiled_start_count(formulation: Formulation) -> int:
    """Random starts by default: about a second's worth at 5x5 and 8x8, more than 4x4 needs."""
    cells = int(np.prod(formulation.shape))
    return int(np.clip(3 * cells**2, 200, 2000))
