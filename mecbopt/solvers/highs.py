"""A thin face of HiGHS (Huangfu and Hall, Math. Prog. Comp. 10, 2018) with the settings used throughout.

One thread, no presolve (so that bases stay warm between changes), tolerances well below its default 1e-7.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

__all__ = ["INFINITY", "is_infeasible", "is_optimal", "new_model"]

#: What HiGHS takes for infinity.
INFINITY = float(highspy.kHighsInf)

#: Feasibility tolerance of rows and reduced costs.  1e-10 is the least that HiGHS accepts; at 1e-9 no
#: failures were seen, and every bound is recomputed from the duals anyway.
_FEASIBILITY_TOLERANCE = 1e-9


def new_model() -> Any:
    """An empty, silent, single-threaded model."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("presolve", "off")
    model.setOptionValue("primal_feasibility_tolerance", _FEASIBILITY_TOLERANCE)
    model.setOptionValue("dual_feasibility_tolerance", _FEASIBILITY_TOLERANCE)
    return model


def is_optimal(model: Any) -> bool:
    """Whether the last run ended with an optimal basis."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def is_infeasible(model: Any) -> bool:
    """Whether the last run claims infeasibility (a claim to be verified by its dual ray)."""
    return bool(model.getModelStatus() == highspy.HighsModelStatus.kInfeasible)


def indices(count: int, start: int = 0) -> Any:
    """Consecutive indices in the integer type that HiGHS wants."""
    return np.arange(start, start + count, dtype=np.int32)
