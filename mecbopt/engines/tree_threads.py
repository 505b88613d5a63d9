"""The compiled tree in several threads: subtrees are handed over, the incumbent is shared.

The core holds no interpreter lock while it works, so threads of one process serve.  Every thread owns a
search; one that has nothing left takes open nodes of another that has plenty.  A node belongs to one search
or waits on the counter between them, and the bound is the least of all of these.
"""

from __future__ import annotations

import math
import threading
import time

import numpy as np

from mecbopt._core import tree
from mecbopt._core.tree import Frontier
from mecbopt.control import improves, node_limit_reached
from mecbopt.engines.base import Request
from mecbopt.engines.tree_search import TreeInSlices
from mecbopt.engines.vertex import Incumbent
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation
from mecbopt.formulation.formulation import FloatArray

__all__ = ["TreeInThreads"]

#: Seconds of one slice of all threads: long enough that to start and join them costs nothing.
_SLICE_SECONDS = 0.25
#: Seconds in which a thread works without a look at the others, and in which one without nodes waits.
_TURN_SECONDS, _IDLE_SECONDS = 0.01, 0.001
#: Open nodes a thread, from which on several work.
_NODES_EACH = 3


class TreeInThreads(TreeInSlices):
    """A search in C on a formulation in `request.workers` threads.

    Value and status are those of one thread, within the gap; which nodes are expanded depends on timing.
    """

    def __init__(
        self,
        settings: tree.Settings,
        formulation: Formulation,
        feasible: Incumbent,
        cost_bound: float,
        request: Request,
    ) -> None:
        super().__init__(settings, formulation, feasible, cost_bound, request)
        self._searches = [self._search]
        self._lock = threading.Lock()
        self._counter: list[FloatArray] = []
        # What threads tell each other, under the lock: a search's own report changes while it runs.
        self._shared = math.inf, *self._search.incumbent_mixture
        self._granted = 0
        self._idle: set[int] = set()
        self._stopped = False
        self._turn_is_due = False
        self._error: SolverError | None = None

    def frontier(self) -> Frontier | None:
        """What is left in all threads and between them; between two steps."""
        parts = [search.frontier() for search in self._searches]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        mappings, weights = self._search.incumbent_mixture
        return Frontier(
            np.concatenate([*(part.nodes for part in known), *self._counter]),
            min(part.settled for part in known),
            self.cost_bound,
            mappings,
            weights,
            self.nodes,
        )

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits."""
        bounds = [search.entropy_lower_bound for search in self._searches]
        bound = min(*bounds, *(float(nodes[:, 0].min()) for nodes in self._counter), math.inf)
        # Infinity would say "infeasible", which the feasible start contradicts: then nothing was proved.
        return max(self._floor, bound) if bound < math.inf else self._floor

    @property
    def nodes(self) -> int:
        """Nodes processed by all threads."""
        return self._processed_before + sum(search.nodes for search in self._searches)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        return not self._counter and all(search.finished for search in self._searches)

    @property
    def trouble(self) -> bool:
        """Whether a part of the tree could not be closed for numerical reasons."""
        return any(search.trouble > 0 or search.infeasible for search in self._searches)

    def advance(self) -> None:
        """One slice of all threads; of one alone while there are too few nodes to share."""
        request = self._request
        if len(self._searches) == 1:
            first = self._searches[0]
            if not first.ready or first.open_nodes < _NODES_EACH * request.workers:
                super().advance()
                return
            for _ in range(request.workers - 1):
                search = self._new_search()
                search.resume(math.inf, math.inf)
                self._searches.append(search)
        self._stopped, self._error, self._granted = False, None, self.nodes
        self._turn_is_due = self._turns is not None and self._turns.due <= self._granted
        self._idle.clear()
        deadline = time.monotonic() + min(_SLICE_SECONDS, request.clock.remaining)
        threads = [
            threading.Thread(target=self._work, args=(place, deadline), daemon=True)
            for place in range(1, len(self._searches))
        ]
        try:
            for thread in threads:
                thread.start()
            self._work(0, deadline)
        except BaseException:  # Ctrl-C: the others end their turns
            self._stopped = True
            raise
        finally:
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            self._search = min(self._searches, key=lambda search: search.incumbent_entropy)
        if self._error is not None:
            raise self._error

    def _work(self, place: int, deadline: float) -> None:
        """Turns of one thread until the slice is over."""
        search, request = self._searches[place], self._request
        margin = request.target.pruning_gap(self.incumbent_cost)
        try:
            while not self._stopped and time.monotonic() < deadline:
                if place == 0 and self._turn_is_due:
                    self._have_turn(search)
                with self._lock:
                    busy = self._exchange(place, margin)
                    if len(self._idle) == len(self._searches):
                        return
                    if busy and request.node_limit is not None:
                        if node_limit_reached(self._granted, request.node_limit):
                            return
                        self._granted += 1
                if not busy:
                    time.sleep(_IDLE_SECONDS)
                elif request.node_limit is None:
                    search.run(seconds=_TURN_SECONDS, gap=margin, stop=self._ends)
                else:
                    search.run(nodes=1, gap=margin, stop=self._ends)
        except SolverError as error:
            self._error, self._stopped = error, True

    def _have_turn(self, search: tree.CompiledSearch) -> None:
        """A slice of the local search in the calling thread, between two turns of its search."""
        if self._turns is None:
            return
        with self._lock:
            value, mappings, weights = self._shared
        if value < self._best.cost:
            self._note((mappings, weights))
        found = self._turns.advance(self._best, _TURN_SECONDS, at_once=True)
        self._turn_is_due = self._turns.due <= self._granted
        if found is not None and improves(found.cost, search.incumbent_entropy):
            search.offer(found.mappings, found.weights)

    def _ends(self) -> bool:
        return self._stopped or self._request.clock.expired

    def _exchange(self, place: int, margin: float) -> bool:
        """Share the incumbent, take nodes or hand some over; whether this search has work.

        Under the lock, between two turns of this thread.
        """
        search = self._searches[place]
        if search.incumbent_entropy < self._shared[0]:
            self._shared = search.incumbent_entropy, *search.incumbent_mixture
        elif self._shared[0] < search.incumbent_entropy:
            search.offer(*self._shared[1:])
        if self._has_work(search, margin):
            self._idle.discard(place)
            if len(self._idle) > len(self._counter) and search.open_nodes > 1:
                nodes = search.take(search.open_nodes // 2)
                if len(nodes):
                    self._counter.append(nodes)
            return True
        if not self._counter:
            self._idle.add(place)
            return False
        search.put(self._counter[-1])
        self._counter.pop()
        self._idle.discard(place)
        return True

    @staticmethod
    def _has_work(search: tree.CompiledSearch, margin: float) -> bool:
        """Whether there is anything that could improve the incumbent by more than the margin."""
        return not search.finished and search.entropy_lower_bound < search.incumbent_entropy - margin
