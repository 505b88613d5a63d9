"""The value as a function of the rate.

V(R) does not decrease in R: a coupling found at a smaller rate serves every larger one, and an upper bound at
a larger rate holds for every smaller one.  Both are used to start and to sharpen the points of a curve.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.analysis import curve_text
from mecbopt.analysis.many import unsolved, was_interrupted
from mecbopt.analysis.pool import map_in_order
from mecbopt.control import bounds_cross, gap_closed, held_interrupts
from mecbopt.errors import ProblemError
from mecbopt.problem import Mixture, Problem, Solution, Status, StopReason
from mecbopt.problem.frames import pandas
from mecbopt.problem.text import write_text
from mecbopt.solving import solve

__all__ = ["RateCurve", "rate_curve"]

#: Points that are solved one after the other, each from the one before.  The blocks are the same whatever the
#: number of workers, and so are the results.
_BLOCK = 10

#: Limits for the points after an interruption: each gets a coupling and a valid bound, and no search, as long
#: as so many seconds last; then only what the other points say of it.
_HURRIED = {"node_limit": 0, "time_limit": 1e-3}
_HURRY_SECONDS = 0.2


@dataclass(frozen=True, eq=False, repr=False)
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

    def including(self, solution: Solution) -> RateCurve:
        """The curve with a solution of its problem as a further point, or in place of the one at that rate.

        Its coupling and its bound sharpen the other points.

        Parameters
        ----------
        solution : Solution
            Of the same problem at a finite rate.

        Raises
        ------
        ProblemError
            Another problem, or a rate without limit.

        Examples
        --------
        >>> import mecbopt as mb
        >>> problem = mb.Problem([0.5, 0.5], [0.5, 0.5])
        >>> curve = mb.rate_curve(problem, [0.0, 1.0])
        >>> curve.including(mb.solve(problem.replace(rate=0.5))).rates.tolist()
        [0.0, 0.5, 1.0]
        """
        rate = solution.problem.rate
        if not math.isfinite(rate):
            raise ProblemError(argument="solution", value=solution, required="have a finite rate")
        exact = solution.problem.exact_number("rate")
        if exact is None or not solution.problem.equals(self.problem.replace(rate=exact)):
            raise ProblemError(
                argument="solution", value=solution, required="be of the curve's problem, but for the rate"
            )
        place = int(np.searchsorted(self.rates, rate))
        rest = place + int(place < len(self.rates) and self.rates[place] == rate)
        solutions = [*self.solutions[:place], solution, *self.solutions[rest:]]
        rates = np.concatenate([self.rates[:place], [rate], self.rates[rest:]])
        return RateCurve(self.problem, rates, tuple(_sharpened(solutions)))

    def to_csv(self, path: str | Path | None = None) -> str:
        """One line a rate, as text and into the file if one is given; empty fields without a coupling."""
        text = curve_text.csv_text(self)
        if path is not None:
            write_text(Path(path), text, ProblemError)
        return text

    def to_frame(self) -> Any:
        """A pandas DataFrame with the columns of the CSV file, a row for each rate; nan where there is none.

        Raises
        ------
        NotSupportedError
            pandas is not installed.
        """
        frame = pandas().DataFrame(curve_text.rows(self), columns=list(curve_text.FIELDS))
        texts = ("status", "stop_reason", "nodes")
        return frame.astype({name: float for name in curve_text.FIELDS if name not in texts})

    def plot(self, ax: Any = None) -> Any:
        """Draw the curve with its band; see `mecbopt.plots.curve`."""
        import mecbopt  # the public face, which loads matplotlib when asked

        return mecbopt.plots.curve(self, ax=ax)

    def __repr__(self) -> str:
        return curve_text.one_line(self)

    def _repr_html_(self) -> str:
        return curve_text.html_table(self)


def rate_curve(
    problem: Problem,
    rates: Sequence[float] | NDArray[np.float64],
    workers: int = 1,
    executor: Executor | None = None,
    **solve_options: Any,
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
    executor : concurrent.futures.Executor, optional
        Where to solve in place of processes of our own.
    solve_options
        As for `solve`; limits hold for each point.

    Returns
    -------
    RateCurve
        Interrupted by Ctrl-C, or after the death of a worker, the points that follow still get a valid bound
        and a coupling: their own, found quickly, or that of a smaller rate.

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
        raise ProblemError(argument="problem", value=problem, required="be a mecbopt.Problem")
    required = "be a sequence of at least one rate, in bits, strictly ascending"
    try:
        _validate.refuse_masked("rates", rates)
        entries = iter(rates)
    except TypeError:
        raise ProblemError(argument="rates", value=rates, required=required) from None
    chosen = [_validate.nonnegative_number(f"rates[{k}]", rate) for k, rate in enumerate(entries)]
    if not chosen:
        raise ProblemError(argument="rates", value=rates, found="is empty", required=required)
    for k, (left, right) in enumerate(pairwise(chosen)):
        if not left < right:
            above = f"be above the rate before it, {left}: rates are strictly ascending"
            raise ProblemError(argument=f"rates[{k + 1}]", value=right, required=above)
    blocks = [chosen[start : start + _BLOCK] for start in range(0, len(chosen), _BLOCK)]
    solved = map_in_order(
        partial(_solve_block, problem, solve_options),
        blocks,
        workers,
        executor=executor,
        unfinished=_Hurry(problem, solve_options),
        interrupted=lambda solutions: any(map(was_interrupted, solutions)),
    )
    with held_interrupts() as held:  # every point is answered: none must be lost now
        solutions = _sharpened([solution for block in solved for solution in block])
        if held.arrived:
            solutions[-1] = dataclasses.replace(solutions[-1], stop_reason=StopReason.INTERRUPTED)
        return RateCurve(problem, np.array(chosen), tuple(solutions))


def _solve_block(problem: Problem, solve_options: dict[str, Any], rates: list[float]) -> list[Solution]:
    """Points in ascending order, each started from the mixture before it; quickly after an interruption."""
    solutions: list[Solution] = []
    hurry: _Hurry | None = None
    for rate in rates:
        start = solutions[-1].mixture if solutions else None
        if hurry is None:
            try:
                solutions.append(solve(problem.replace(rate=rate), start=start, **solve_options))
                if was_interrupted(solutions[-1]):
                    hurry = _Hurry(problem, solve_options)
                continue
            except KeyboardInterrupt:  # it came where the search could not answer it
                hurry = _Hurry(problem, solve_options)
        solutions.append(hurry.point(rate, start))
    return solutions


class _Hurry:
    """Answers points after an interruption; the time for that begins with the first."""

    def __init__(self, problem: Problem, solve_options: dict[str, Any]) -> None:
        self._problem, self._options = problem, solve_options
        self._deadline: float | None = None

    def __call__(self, rates: list[float]) -> list[Solution]:
        """The points of a block."""
        solutions: list[Solution] = []
        for rate in rates:
            solutions.append(self.point(rate, solutions[-1].mixture if solutions else None))
        return solutions

    def point(self, rate: float, start: Mixture | None) -> Solution:
        """One point: a coupling without a search, or nothing once the time is over."""
        now = time.monotonic()
        self._deadline = now + _HURRY_SECONDS if self._deadline is None else self._deadline
        problem = self._problem.replace(rate=rate)
        if now < self._deadline:
            with contextlib.suppress(KeyboardInterrupt):
                solution = solve(problem, start=start, **{**self._options, **_HURRIED})
                if solution.status is Status.FEASIBLE:
                    return dataclasses.replace(solution, stop_reason=StopReason.INTERRUPTED)
                return solution
        return unsolved(problem, self._options)


def _sharpened(solutions: list[Solution]) -> list[Solution]:
    """Carry couplings to larger rates and bounds to smaller ones, whichever objective they are judged by."""
    for k in range(1, len(solutions)):
        before, here = solutions[k - 1], solutions[k]
        if before.has_coupling and not _cost(here)[1] <= _cost(before)[1]:
            solutions[k] = _renamed(dataclasses.replace(here, mixture=before.mixture))
    for k in range(len(solutions) - 2, -1, -1):
        here = solutions[k]
        after, (known, value) = _cost(solutions[k + 1])[0], _cost(here)
        if here.has_coupling and after > known:
            # Two sums of the same number may differ by rounding; bounds that cross by more are not hidden.
            bound = after if bounds_cross(after, value) else min(after, value)
            solutions[k] = _renamed(
                dataclasses.replace(here, upper_bound=-bound)
                if here.problem.distortion is None
                else dataclasses.replace(here, distortion_lower_bound=bound)
            )
    return solutions


def _cost(solution: Solution) -> tuple[float, float]:
    """Bound and value of what is minimised: minus I(X;Y), or the distortion."""
    sign = -1.0 if solution.problem.distortion is None else 1.0
    return sign * solution.objective_bound, sign * solution.objective


def _renamed(solution: Solution) -> Solution:
    """The status that goes with the sharpened values."""
    bound, value = _cost(solution)
    if bounds_cross(bound, value):
        return dataclasses.replace(solution, status=Status.INVALID)
    if solution.status in (Status.FEASIBLE, Status.UNKNOWN):
        closed = gap_closed(bound, value, solution.gap_tolerance)
        return dataclasses.replace(solution, status=Status.OPTIMAL if closed else Status.FEASIBLE)
    return solution
