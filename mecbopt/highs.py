"""A thin face of HiGHS (Huangfu and Hall, Math. Prog. Comp. 10, 2018) with the settings used throughout.

One thread, no presolve (so that bases stay warm between changes), tolerances well below its default 1e-7, and
runs in slices: between them Python answers Ctrl-C, and a time limit is met.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from mecbopt.control import Clock

__all__ = [
    "FEASIBILITY_TOLERANCE",
    "INFINITY",
    "add_columns",
    "indices",
    "is_infeasible",
    "is_optimal",
    "new_model",
    "refined",
    "run",
]

FloatArray = NDArray[np.float64]

#: What HiGHS takes for infinity.
INFINITY = float(highspy.kHighsInf)

#: Feasibility tolerance of rows and reduced costs.  1e-10 is the least that HiGHS accepts; at 1e-9 no
#: failures were seen, and every bound is recomputed from the duals anyway.
FEASIBILITY_TOLERANCE = 1e-9
#: Of a correction, over the solution that it corrects.
_MAGNIFICATION = 1e6

#: Entries of the matrix below this are dropped.  HiGHS drops those below 1e-9 by default, and with them
#: letters of such masses; 1e-12 is the least that it accepts, and beside scaled rows and columns below every
#: tolerance.
_SMALLEST_ENTRY = 1e-12

#: Rows and columns come scaled; scaling by HiGHS on top left rows violated by 4e-7 where masses are 1e-13.
#: It is tried where a program cannot be solved without.
_SCALED_HERE, _SCALED_BY_HIGHS = 0, 2

#: Takes HiGHS's pool of threads as it is.
_THREADS_THAT_THERE_ARE = 0
#: Longest slice spent in HiGHS, seconds: the wait for an answer to Ctrl-C.
_SLICE_SECONDS = 0.2
#: Shortest one: small programs are solved in it, so that a call that is late still ends with an answer.
_SHORTEST_SLICE_SECONDS = 0.02


@contextlib.contextmanager
def _without_banner() -> Iterator[None]:
    """Send file descriptor 1 to the null device.

    HiGHS 1.12 and later print a banner from the constructor of the first model of a process, before any
    option can silence it; it would end up in the middle of machine-readable output.
    """
    try:
        saved = os.dup(1)
    except OSError:  # no standard output: nothing to protect
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(null)


_banner_shown = False


def new_model(lower: FloatArray | None = None, upper: FloatArray | None = None) -> Any:
    """A silent, single-threaded model without columns, its rows between these sides; empty by default."""
    global _banner_shown
    with contextlib.nullcontext() if _banner_shown else _without_banner():
        model = highspy.Highs()
    _banner_shown = True
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("presolve", "off")
    model.setOptionValue("small_matrix_value", _SMALLEST_ENTRY)
    model.setOptionValue("simplex_scale_strategy", _SCALED_HERE)
    model.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
    model.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE)
    if lower is not None:
        empty = np.zeros(0, dtype=np.int32)
        model.addRows(len(lower), lower, upper, 0, np.zeros(len(lower), dtype=np.int32), empty, np.zeros(0))
    return model


def add_columns(model: Any, columns: NDArray[np.float64], costs: NDArray[np.float64] | None = None) -> None:
    """Add variables of at least 0 with their entries in the rows, shape (k, r), and costs, 0 by default."""
    count = len(columns)
    nonzero = columns != 0
    counts = nonzero.sum(axis=1)
    model.addCols(
        count,
        np.zeros(count) if costs is None else costs,
        np.zeros(count),
        np.full(count, INFINITY),
        int(counts.sum()),
        np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32),
        np.nonzero(nonzero)[1].astype(np.int32),
        columns[nonzero],
    )


def run(model: Any, clock: Clock) -> None:
    """Solve; once more without the warm start, and scaled, where that ends neither optimal nor infeasible.

    A warm basis can be so ill conditioned that HiGHS gives up with an unknown status.

    Raises
    ------
    Expired
        The clock's limit is reached; the basis is kept.
    """
    _run_in_slices(model, clock)
    if not is_optimal(model) and not is_infeasible(model):
        model.clearSolver()
        model.setOptionValue("simplex_scale_strategy", _SCALED_BY_HIGHS)
        _run_in_slices(model, clock)
        model.setOptionValue("simplex_scale_strategy", _SCALED_HERE)


def _run_in_slices(model: Any, clock: Clock) -> None:
    """Every slice goes on from the basis that the one before it left."""
    while True:
        # HiGHS counts the time of all runs of a model.
        slice_seconds = min(_SLICE_SECONDS, max(clock.remaining, _SHORTEST_SLICE_SECONDS))
        model.setOptionValue("time_limit", model.getRunTime() + slice_seconds)
        if model.run() == highspy.HighsStatus.kError:
            # HiGHS has one pool of threads for the whole process, and refuses another number than a model of
            # the caller's, or of cvxpy's, began with.
            model.setOptionValue("threads", _THREADS_THAT_THERE_ARE)
            model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kTimeLimit:
            return
        clock.check()


def refined(
    model: Any,
    columns: Any,
    solution: FloatArray,
    least: FloatArray,
    most: FloatArray,
    clock: Clock,
) -> FloatArray:
    """The solution of a solved model, with its rows met to rounding in place of the feasibility tolerance.

    One round of iterative refinement (Gleixner, Steffy and Wolter 2016): the program for the correction,
    magnified, is solved from the same basis, so that its tolerance is as much smaller in the solution.

    Parameters
    ----------
    model : HiGHS model
        Solved to optimality; its bounds are changed.
    columns : ndarray or sparse array, shape (k, r)
        The entries of its variables in the rows.
    solution : ndarray, shape (k,)
    least, most : ndarray, shape (r,)
        The sides of the rows.
    clock : Clock

    Returns
    -------
    ndarray, shape (k,)
        The solution itself where the correction has none: the program is feasible by its tolerance alone.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    solution = np.maximum(solution, 0.0)
    met = solution @ columns
    every_column, every_row = indices(len(solution)), indices(len(most))
    lower = -_MAGNIFICATION * solution
    model.changeColsBounds(len(solution), every_column, lower, np.full(len(solution), INFINITY))
    model.changeRowsBounds(
        len(most), every_row, _MAGNIFICATION * (least - met), _MAGNIFICATION * (most - met)
    )
    run(model, clock)
    if not is_optimal(model):
        return solution
    correction = np.array(model.getSolution().col_value)
    # What the correction takes away whole is 0, and not its rounding.
    return np.where(correction > lower, np.maximum(solution + correction / _MAGNIFICATION, 0.0), 0.0)


def is_optimal(model: Any) -> bool:
    """Whether the last run ended with an optimal basis."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def is_infeasible(model: Any) -> bool:
    """Whether the last run claims infeasibility (a claim to be verified by its dual ray)."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kInfeasible)


def indices(count: int, start: int = 0) -> Any:
    """Consecutive indices in the integer type that HiGHS wants."""
    return np.arange(start, start + count, dtype=np.int32)
