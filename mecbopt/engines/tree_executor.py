"""The compiled tree on any `concurrent.futures.Executor`: subtrees as tasks of a few seconds.

Open nodes stand in a list here.  A task gets some of them with the incumbent, searches for its seconds, and
returns what is left, the bound of what it closed, and what it found (`mecbopt._core.tree.Frontier`, as
bytes).  Nodes of a task that fails, is cancelled or never comes back are still here: they go to another.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Any

import numpy as np

from mecbopt._core import tree
from mecbopt._core.tree import Frontier
from mecbopt.control import Clock
from mecbopt.engines.base import Request
from mecbopt.engines.tree_search import TreeInSlices
from mecbopt.engines.vertex import Incumbent
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation
from mecbopt.formulation.formulation import FloatArray

__all__ = ["TreeInExecutor", "default_workers", "search_subtrees"]

#: Seconds of a task at first, and at most: short while there are few subtrees, so that all soon have work.
_FIRST_SECONDS, _MOST_SECONDS = 0.2, 4.0
#: Seconds after which the caller gets to look at limits and at what was found.
_SLICE_SECONDS = 0.25
#: Seconds of the local search here, between two looks at the tasks.
_TURN_SECONDS = 0.05
#: Nodes of one task: the best ones, a share of all.
_MOST_NODES = 512
#: A task is given up after so many times its seconds, and never before so many seconds: it may have to queue.
_PATIENCE, _LEAST_PATIENCE = 20.0, 60.0
#: Failures in a row after which the work goes on here, without the executor.
_MOST_FAILURES = 8


def search_subtrees(arguments: dict[str, Any], frontier: bytes, seconds: float, gap: float) -> bytes:
    """What runs in the executor: a search that has only these nodes, for so many seconds.

    Parameters
    ----------
    arguments : dict
        Of `CompiledSearch`.
    frontier : bytes
        `Frontier.to_bytes`.
    seconds : float
    gap : float
        Bits; what cannot improve the incumbent by more is closed.
    """
    given = Frontier.from_bytes(frontier)
    search = tree.CompiledSearch(**arguments)
    search.restore(given)
    search.run(seconds=seconds, gap=gap)
    left = search.frontier()
    if left is None:
        raise SolverError("the search has no frontier: its root was taken as not done")
    return left.to_bytes()


class TreeInExecutor(TreeInSlices):
    """A search in C on a formulation whose subtrees are searched by an executor.

    Value and status are those of one thread, within the gap.
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
        self._executor: Executor | None = request.executor
        self._at_a_time = request.workers
        # Until the root is bounded and there are nodes for several tasks, the search here has everything.
        self._taken_over = False
        self._nodes: FloatArray = np.empty((0, 0))
        self._settled = math.inf
        self._processed = 0
        self._running: dict[Future[bytes], FloatArray] = {}
        self._overdue: dict[Future[bytes], float] = {}
        self._seconds = _FIRST_SECONDS
        self._failures = 0
        self._best_found = math.inf, *self._search.incumbent_mixture

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits."""
        if not self._taken_over:
            return super().cost_bound
        open_nodes = [rows[:, 0].min() for rows in (self._nodes, *self._running.values()) if len(rows)]
        bound = min(self._settled, self._best_found[0], *map(float, open_nodes), math.inf)
        return max(self._floor, bound)

    @property
    def nodes(self) -> int:
        """Nodes processed, here and elsewhere."""
        return super().nodes + self._processed

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        if not self._taken_over:
            return super().finished
        return len(self._nodes) == 0 and not self._running

    def frontier(self) -> Frontier | None:
        """Everything that is left, with the nodes of tasks under way."""
        if not self._taken_over:
            return super().frontier()
        nodes = np.concatenate([self._nodes, *self._running.values()])
        _, mappings, weights = self._best_found
        return Frontier(nodes, self._settled, self.cost_bound, mappings, weights, self.nodes)

    def advance(self) -> None:
        """Hand out tasks and take what is done, for a quarter of a second; the root is bounded here."""
        if not self._taken_over:
            if not self._search.ready or self._search.open_nodes < 2 * self._at_a_time:
                super().advance()
                return
            self._take_over()
        if self._executor is None:
            self._here()
            return
        clock = self._request.clock
        self._hand_out(self._executor, clock)
        patience = min(_SLICE_SECONDS, clock.remaining)
        if self._turns is not None and self._turns.due <= self.nodes:
            self._local_turn(min(_TURN_SECONDS, patience), at_once=True)
            self._best_found = self._search.incumbent_entropy, *self._search.incumbent_mixture
            patience = 0.0
        done = wait(self._running, timeout=patience, return_when=FIRST_COMPLETED).done
        for future in done:
            if future in self._running:  # else the executor broke meanwhile, and everything came back
                self._take(future)
        self._take_back()

    def close(self) -> None:
        """Take back what was not begun; results of tasks under way are not waited for."""
        for future in self._running:
            future.cancel()

    def _take_over(self) -> None:
        """From the search of the root to the list of nodes."""
        left = self._search.frontier()
        if left is None:
            raise SolverError("the search says that its root is bounded, and has no frontier")
        self._taken_over, self._nodes, self._settled = True, left.nodes, left.settled
        self._best_found = self._search.incumbent_entropy, left.mappings, left.weights
        self._drop_closed()

    def _margin(self) -> float:
        return self._request.target.pruning_gap(self.incumbent_cost)

    def _drop_closed(self) -> None:
        """Nodes that the incumbent closes need no task."""
        closed = self._nodes[:, 0] > self._best_found[0] - self._margin()
        if closed.any():
            self._settled = min(self._settled, float(self._nodes[closed, 0].min()))
            self._nodes = self._nodes[~closed]

    def _hand_out(self, executor: Executor, clock: Clock) -> None:
        """Keep as many tasks under way as there are workers."""
        while len(self._running) < self._at_a_time and len(self._nodes):
            free = self._at_a_time - len(self._running)
            share = min(_MOST_NODES, max(1, len(self._nodes) // (2 * free)))
            order = np.argsort(self._nodes[:, 0], kind="stable")
            nodes = self._nodes[order[: share * free : free]]
            left = np.delete(self._nodes, order[: share * free : free], axis=0)
            seconds = min(self._seconds, max(0.01, clock.remaining))
            try:
                future = executor.submit(
                    search_subtrees, self._arguments, self._task(nodes), seconds, self._margin()
                )
            except (BrokenExecutor, RuntimeError) as error:  # broken, or shut down
                self._give_up(error)
                return
            self._running[future] = nodes
            self._overdue[future] = time.monotonic() + max(_LEAST_PATIENCE, _PATIENCE * seconds)
            self._nodes = left

    def _take_back(self) -> None:
        """Nodes of tasks that never come back, from a lost scheduler say, go to another task."""
        for future, nodes in list(self._running.items()):
            if time.monotonic() > self._overdue[future]:
                future.cancel()
                del self._running[future], self._overdue[future]
                self._nodes = np.concatenate([self._nodes, nodes])

    def _take(self, future: Future[bytes]) -> None:
        """The outcome of a task; the nodes of one that failed come back."""
        nodes = self._running.pop(future)
        self._overdue.pop(future, None)
        try:
            left = Frontier.from_bytes(future.result())
        except (KeyboardInterrupt, CancelledError, BrokenExecutor, OSError, SolverError) as error:
            self._nodes = np.concatenate([self._nodes, nodes])
            self._failures += 1
            if isinstance(error, BrokenExecutor) or self._failures >= _MOST_FAILURES:
                self._give_up(error)
            return
        self._failures = 0
        self._collect(left)
        busy = len(self._nodes) >= 2 * self._at_a_time
        self._seconds = min(_MOST_SECONDS, 2.0 * self._seconds) if busy else _FIRST_SECONDS

    def _task(self, nodes: FloatArray) -> bytes:
        """What a task is given: nodes and the incumbent; what was settled stays here."""
        _, mappings, weights = self._best_found
        return Frontier(nodes, math.inf, float(nodes[:, 0].min()), mappings, weights).to_bytes()

    def _collect(self, left: Frontier) -> None:
        """What a task brought back."""
        self._settled = min(self._settled, left.settled)
        self._processed += left.processed
        self._nodes = np.concatenate([self._nodes, left.nodes])
        if len(left.weights):
            self._search.offer(left.mappings, left.weights)
        if self._search.incumbent_entropy < self._best_found[0]:
            self._best_found = self._search.incumbent_entropy, *self._search.incumbent_mixture
        self._drop_closed()

    def _give_up(self, error: BaseException) -> None:
        """The executor is gone: everything comes back, and the work goes on here."""
        warnings.warn(
            f"the executor is of no use any more ({type(error).__name__}: {error}): the search goes on here",
            RuntimeWarning,
            stacklevel=2,
        )
        self._nodes = np.concatenate([self._nodes, *self._running.values()])
        self._running.clear()
        self._overdue.clear()
        self._executor = None

    def _here(self) -> None:
        """A slice in this process."""
        order = np.argsort(self._nodes[:, 0], kind="stable")[:_MOST_NODES]
        nodes = self._nodes[order]
        seconds = min(_SLICE_SECONDS, self._request.clock.remaining)
        left = search_subtrees(self._arguments, self._task(nodes), seconds, self._margin())
        self._nodes = np.delete(self._nodes, order, axis=0)
        self._collect(Frontier.from_bytes(left))


def default_workers(executor: Executor) -> int:
    """How many tasks an executor works on at a time, as far as it says."""
    return int(getattr(executor, "_max_workers", 0) or os.cpu_count() or 1)
