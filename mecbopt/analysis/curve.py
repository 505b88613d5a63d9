"""The value as a function of the rate.

V(R) does not decrease in R: a coupling found at a smaller rate serves every larger one, and an upper bound at
a larger rate holds for every smaller one.  Both are used to start and to sharpen the points of a curve.
"""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.analysis.many import map_in_order
from mecbopt.control import gap_closed
from mecbopt.errors import ProblemError
from mecbopt.problem import Problem, Solution, Status, StopReason
from mecbopt.solvers import solve

__all__ = ["RateCurve", "rate_curve"]

#: Points that are solved one after the other, each from the one before.  The blocks are the same whatever the
#: number of workers, and so are the results.
_BLOCK = 10

#: Limits for the points after an interruption: each gets a coupling and a valid bound, and no search.
_HURRIED = {"node_limit": 0, "time_limit": 1e-3}


@dataclass(frozen=True, eq=False)
class RateCurve:
    """I(X;Y) against R.

    Attributes
    ----------
    problem : Problem
        Its own rate plays no part.
    rates : ndarray, shape (r,)
        Ascending, bits.
    solutions : tuple of Solution, length r
    """

    problem: Problem
    rates: NDArray[np.float64]
    solutions: tuple[Solution, ...]

    @property
    def mutual_information(self) -> NDArray[np.float64]:
        """The values found, bits, not decreasing; nan where infeasible."""
        return np.array([solution.mutual_information for solution in self.solutions])

    @property
    def upper_bound(self) -> NDArray[np.float64]:
        """Valid upper bounds, bits, not decreasing; nan where infeasible."""
        bounds = np.array([solution.upper_bound for solution in self.solutions])
        return np.where(np.isfinite(bounds), bounds, np.nan)

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Where there is a coupling, shape (r,)."""
        return np.array([solution.has_coupling for solution in self.solutions])

    def to_csv(self, path: str | Path) -> None:
        """Write one line a rate; empty fields where there is no coupling."""
        fields = ["rate", "mutual_information", "upper_bound", "gap", "status", "stop_reason", "rate_used"]
        fields += ["label_entropy_with_seed", "label_entropy_without_seed", "nodes", "seconds"]
        try:
            with Path(path).open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(fields)
                for rate, solution in zip(self.rates, self.solutions, strict=True):
                    figures = [solution.mutual_information, solution.upper_bound, solution.gap]
                    labels = [solution.label_entropy_with_seed, solution.label_entropy_without_seed]
                    writer.writerow(
                        [
                            repr(float(rate)),
                            *map(_cell, figures),
                            solution.status.value,
                            solution.stop_reason.value,
                            _cell(solution.rate),
                            *map(_cell, labels),
                            solution.nodes,
                            f"{solution.seconds:.6f}",
                        ]
                    )
        except OSError as error:
            raise ProblemError(f"path {path} cannot be written: {error.strerror}.") from error


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def rate_curve(
    problem: Problem, rates: Sequence[float] | NDArray[np.float64], workers: int = 1, **solve_options: Any
) -> RateCurve:
    """Solve a problem at several rates.

    Parameters
    ----------
    problem : Problem
        Its rate is replaced by each of `rates`.
    rates : sequence of float, shape (r,)
        Bits, strictly ascending.
    workers : int
        Processes.
    solve_options
        As for `solve`; limits hold for each point.

    Returns
    -------
    RateCurve
        Interrupted by Ctrl-C, the points that follow still get a coupling and a valid bound.

    Raises
    ------
    ProblemError
        Rates that are empty, negative, not numbers or not ascending.

    Examples
    --------
    >>> import mecbopt as mb
    >>> curve = mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), [0.0, 0.5, 1.0])
    >>> curve.mutual_information.round(6).tolist()
    [0.0, 0.188722, 1.0]
    """
    if not isinstance(problem, Problem):
        raise ProblemError(f"problem is a {type(problem).__name__}: give a mecbopt.Problem.")
    chosen = [_validate.nonnegative_number(f"rates[{k}]", rate) for k, rate in enumerate(rates)]
    if not chosen:
        raise ProblemError("rates is empty: give at least one rate, in bits.")
    for k, (left, right) in enumerate(pairwise(chosen)):
        if not left < right:
            raise ProblemError(f"rates[{k + 1}] is {right}, not above {left}: give strictly ascending rates.")
    blocks = [chosen[start : start + _BLOCK] for start in range(0, len(chosen), _BLOCK)]
    if workers == 1:
        solved = _solve_in_turn(problem, solve_options, blocks)
    else:
        solve_block = partial(_solve_block, problem, solve_options)
        solved = map_in_order(solve_block, blocks, workers, partial(solve_block, interrupted=True))
    solutions = _sharpened([solution for block in solved for solution in block])
    return RateCurve(problem, np.array(chosen), tuple(solutions))


def _solve_block(
    problem: Problem, solve_options: dict[str, Any], rates: list[float], interrupted: bool = False
) -> list[Solution]:
    """Points in ascending order, each started from the mixture before it; quickly after an interruption."""
    solutions: list[Solution] = []
    for rate in rates:
        start = solutions[-1].mixture if solutions else None
        hurried = _HURRIED if interrupted or any(map(_interrupted, solutions)) else {}
        solution = solve(problem.replace(rate=rate), start=start, **{**solve_options, **hurried})
        if hurried and solution.status is Status.FEASIBLE:
            solution = dataclasses.replace(solution, stop_reason=StopReason.INTERRUPTED)
        solutions.append(solution)
    return solutions


def _solve_in_turn(
    problem: Problem, solve_options: dict[str, Any], blocks: list[list[float]]
) -> list[list[Solution]]:
    """The blocks in this process: one interruption ends the search at every point that follows."""
    solved: list[list[Solution]] = []
    for block in blocks:
        interrupted = any(_interrupted(solution) for points in solved for solution in points)
        solved.append(_solve_block(problem, solve_options, block, interrupted))
    return solved


def _interrupted(solution: Solution) -> bool:
    return solution.stop_reason is StopReason.INTERRUPTED


def _sharpened(solutions: list[Solution]) -> list[Solution]:
    """Carry couplings to larger rates and bounds to smaller ones."""
    for k in range(1, len(solutions)):
        before, here = solutions[k - 1], solutions[k]
        if before.has_coupling and not here.mutual_information >= before.mutual_information:
            solutions[k] = _renamed(dataclasses.replace(here, mixture=before.mixture))
    for k in range(len(solutions) - 2, -1, -1):
        after, here = solutions[k + 1], solutions[k]
        if here.has_coupling and after.upper_bound < here.upper_bound:
            solutions[k] = _renamed(dataclasses.replace(here, upper_bound=after.upper_bound))
    return solutions


def _renamed(solution: Solution) -> Solution:
    """The status that goes with the sharpened values."""
    if solution.status is Status.FEASIBLE and gap_closed(
        -solution.upper_bound, -solution.mutual_information, solution.gap_tolerance
    ):
        return dataclasses.replace(solution, status=Status.OPTIMAL)
    return solution
