"""A thin face of HiGHS (Huangfu and Hall, Math. Prog. Comp. 10, 2018) with the settings used throughout.

One thread, no presolve (so that bases stay warm between changes), tolerances well below its default 1e-7.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import highspy
import numpy as np

__all__ = ["INFINITY", "indices", "is_infeasible", "is_optimal", "new_model", "run"]

#: What HiGHS takes for infinity.
INFINITY = float(highspy.kHighsInf)

#: Feasibility tolerance of rows and reduced costs.  1e-10 is the least that HiGHS accepts; at 1e-9 no
#: failures were seen, and every bound is recomputed from the duals anyway.
_FEASIBILITY_TOLERANCE = 1e-9


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


def new_model() -> Any:
    """An empty, silent, single-threaded model."""
    global _banner_shown
    with contextlib.nullcontext() if _banner_shown else _without_banner():
        model = highspy.Highs()
    _banner_shown = True
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("presolve", "off")
    model.setOptionValue("primal_feasibility_tolerance", _FEASIBILITY_TOLERANCE)
    model.setOptionValue("dual_feasibility_tolerance", _FEASIBILITY_TOLERANCE)
    return model


def run(model: Any) -> None:
    """Solve; once more without the warm start where that ends neither optimal nor infeasible.

    A warm basis can be so ill conditioned that HiGHS gives up with an unknown status.
    """
    model.run()
    if not is_optimal(model) and not is_infeasible(model):
        model.clearSolver()
        model.run()


def is_optimal(model: Any) -> bool:
    """Whether the last run ended with an optimal basis."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def is_infeasible(model: Any) -> bool:
    """Whether the last run claims infeasibility (a claim to be verified by its dual ray)."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kInfeasible)


def indices(count: int, start: int = 0) -> Any:
    """Consecutive indices in the integer type that HiGHS wants."""
    return np.arange(start, start + count, dtype=np.int32)
