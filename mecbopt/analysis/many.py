"""Many problems at once, in a pool of processes; results do not depend on the number of workers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
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


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> list[Result]:
    """Apply a picklable function to each item, in `workers` processes, results in the items' order."""
    workers = min(_validate.positive_integer("workers", workers), max(1, len(items)))
    if workers == 1:
        return [function(item) for item in items]
    # "spawn" on every platform: forking a process whose libraries hold threads can deadlock.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        return list(pool.map(function, items))
