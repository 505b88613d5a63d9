"""Many problems at once, in a pool of processes; results do not depend on the number of workers."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

from mecbopt import _validate
from mecbopt.errors import ProblemError
from mecbopt.problem import Problem, Solution
from mecbopt.solvers import solve

__all__ = ["map_in_order", "solve_many"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def solve_many(problems: Iterable[Problem], workers: int = 1, **solve_options: Any) -> list[Solution]:
    """Solve problems independently, in their order.

    Parameters
    ----------
    problems : iterable of Problem
    workers : int
        Processes.  Each starts a fresh interpreter (about a second), so use them for work that takes longer.
    solve_options
        As for `solve`; limits hold for each problem.

    Examples
    --------
    >>> import mecbopt as mb
    >>> problem = mb.Problem([0.5, 0.5], [0.5, 0.5])
    >>> [round(s.mutual_information, 6) for s in mb.solve_many([problem, problem.replace(rate=0.5)])]
    [1.0, 0.188722]
    """
    chosen = list(problems)
    for index, problem in enumerate(chosen):
        if not isinstance(problem, Problem):
            raise ProblemError(f"problems[{index}] is a {type(problem).__name__}: give a mecbopt.Problem.")
    return map_in_order(partial(solve, **solve_options), chosen, workers)


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    interrupted: Callable[[Item], Result] | None = None,
) -> list[Result]:
    """Apply a picklable function to each item, in `workers` processes, results in the items' order.

    After Ctrl-C, which a terminal sends to the workers as well, the items that are not done get what the
    quick function `interrupted` gives them; without it the interruption passes on.
    """
    workers = min(_validate.positive_integer("workers", workers), max(1, len(items)))
    if workers == 1:
        return [function(item) for item in items]
    # "spawn" on every platform: forking a process whose libraries hold threads can deadlock.
    context = multiprocessing.get_context("spawn")
    results: dict[int, Result] = {}
    running: dict[Future[Result], int] = {}
    waiting = iter(range(len(items)))
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        try:
            while len(results) < len(items):
                # No more than one item a worker: what the pool has queued could not be taken back.
                for index in itertools.islice(waiting, workers - len(running)):
                    running[pool.submit(function, items[index])] = index
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    results[running.pop(future)] = future.result()
        except KeyboardInterrupt:
            if interrupted is None:
                raise
            for future, index in running.items():
                # A worker that was interrupted outside the search has nothing to give.
                with contextlib.suppress(KeyboardInterrupt, BrokenProcessPool):
                    results[index] = future.result()
    for index, item in enumerate(items):
        if index not in results and interrupted is not None:
            results[index] = interrupted(item)
    return [results[index] for index in range(len(items))]
