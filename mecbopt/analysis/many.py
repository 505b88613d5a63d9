"""Many problems at once; results do not depend on the number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from mecbopt import _validate, tolerances
from mecbopt.analysis.pool import map_in_order
from mecbopt.errors import ProblemError
from mecbopt.problem import Problem, Solution, Status, StopReason
from mecbopt.solving import solve

__all__ = ["ManyProgress", "solve_many", "unsolved"]


@dataclass(frozen=True)
class ManyProgress:
    """A problem that is done: `done` of `total` are, and `solution` belongs to the problem at `index`."""

    done: int
    total: int
    index: int
    solution: Solution


def solve_many(
    problems: Iterable[Problem],
    workers: int = 1,
    executor: Executor | None = None,
    progress: Callable[[ManyProgress], None] | None = None,
    **solve_options: Any,
) -> list[Solution]:
    """Solve problems independently, in their order.

    Parameters
    ----------
    problems : iterable of Problem
    workers : int
        Processes.  Each starts a fresh interpreter (about a second), so use them for work that takes longer.
    executor : concurrent.futures.Executor, optional
        Where to solve in place of processes of our own: dask's, mpi4py's, loky's, threads; left running.
    progress : callable, optional
        Told each problem that is done, in the order in which they end.
    solve_options
        As for `solve`; limits hold for each problem.

    Returns
    -------
    list of Solution
        After Ctrl-C, or when a worker dies, what is done is kept; the others have status UNKNOWN, stop reason
        INTERRUPTED, no coupling, and the upper bound that costs nothing.

    Raises
    ------
    ProblemError
        An argument is not what it must be.
    SolverError
        The worker processes cannot start.

    Warns
    -----
    RuntimeWarning
        A worker died.

    Examples
    --------
    >>> import mecbopt as mb
    >>> problem = mb.Problem([0.5, 0.5], [0.5, 0.5])
    >>> [round(s.mutual_information, 6) for s in mb.solve_many([problem, problem.replace(rate=0.5)])]
    [1.0, 0.188722]
    """
    try:
        entries = iter(problems)
    except TypeError:
        required = "be a list or another iterable of mecbopt.Problem"
        raise ProblemError(argument="problems", value=problems, required=required) from None
    chosen = list(entries)
    for index, problem in enumerate(chosen):
        if not isinstance(problem, Problem):
            raise ProblemError(argument=f"problems[{index}]", value=problem, required="be a mecbopt.Problem")
    _validate.callback("progress", progress)
    done = 0

    def tell(index: int, solution: Solution) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(ManyProgress(done, len(chosen), index, solution))

    return map_in_order(
        partial(solve, **solve_options),
        chosen,
        workers,
        executor=executor,
        unfinished=partial(unsolved, solve_options=solve_options),
        interrupted=was_interrupted,
        on_result=tell,
    )


def was_interrupted(solution: Solution) -> bool:
    """Whether Ctrl-C ended the search."""
    return solution.stop_reason is StopReason.INTERRUPTED


def unsolved(problem: Problem, solve_options: dict[str, Any]) -> Solution:
    """The solution of a problem that nobody worked on: nothing known but I <= min(R, H(X), H(Y))."""
    return Solution(
        problem,
        Status.UNKNOWN,
        StopReason.INTERRUPTED,
        None,
        problem.value_upper_bound,
        _validate.positive_number("gap", solve_options.get("gap", tolerances.GAP), "bits"),
        method=solve_options.get("method", "auto"),
    )
