"""SCIP (through PySCIPOpt) on the finite form: spatial branch and bound of a general solver.

Levers, each tried on 2x2 to 5x5: one epigraph variable per cell in place of one for the whole sum (a
nonlinear objective needs one or the other) closes 4x4 up to 3 times faster and a 2x2 problem in 3 nodes, not
2,310; feasibility within 1e-9 in place of 1e-6 turns time-outs into seconds, since phi has an unbounded slope
at 0.  Both are given to SCIP here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.formulation import CELL_LOWER_BOUND, finite_form, judge
from tests.benchmarks.isolation import timed

__all__ = ["EPIGRAPHS", "solve"]

EPIGRAPHS = ("cell", "sum")

#: SCIP's own tolerance on constraints.
_FEASIBILITY = 1e-9

#: SCIP's words for "the limit ended it".
_LIMITS = ("timelimit", "memlimit", "nodelimit")


def _model(form: Any, epigraph: str) -> tuple[Any, list[list[Any]]]:
    """The model and its cell variables."""
    from pyscipopt import Model, log, quicksum

    n, m = form.cell_bounds.shape
    model = Model()
    model.hideOutput()
    cells = [
        [model.addVar(f"P_{x}_{y}", lb=CELL_LOWER_BOUND, ub=float(form.cell_bounds[x, y])) for y in range(m)]
        for x in range(n)
    ]
    for x in range(n):
        model.addCons(quicksum(cells[x]) == float(form.p_x[x]))
    for y in range(m):
        model.addCons(quicksum(row[y] for row in cells) == float(form.p_y[y]))
    if form.letters is not None:
        weights = [model.addVar(f"w_{k}", lb=0.0, ub=1.0) for k in range(len(form.letters))]
        for x in range(n):
            for y in range(m):
                taking = np.flatnonzero(form.letters[:, x, y])
                model.addCons(float(form.p_x[x]) * quicksum(weights[k] for k in taking) == cells[x][y])
        entropies = form.mapping_entropies
        spending = np.flatnonzero(entropies)
        model.addCons(quicksum(float(entropies[k]) * weights[k] for k in spending) <= form.rate)
    costs = [[-cell * log(cell) / math.log(2) for cell in row] for row in cells]
    if epigraph == "cell":
        bounds = [model.addVar(f"t_{x}_{y}", lb=0.0) for x in range(n) for y in range(m)]
        for bound, cost in zip(bounds, [cost for row in costs for cost in row], strict=True):
            model.addCons(bound >= cost)
        model.setObjective(quicksum(bounds))
    else:
        total = model.addVar("t", lb=0.0)
        model.addCons(total >= quicksum(cost for row in costs for cost in row))
        model.setObjective(total)
    return model, cells


def solve(
    p_x: list[float],
    p_y: list[float],
    rate: float,
    time_limit: float,
    tolerance: float = 1e-6,
    epigraph: str = "cell",
) -> dict[str, Any]:
    """Solve one instance; `time_limit` in seconds of processor time, `tolerance` in bits, absolute."""
    form = finite_form(np.array(p_x), np.array(p_y), rate)
    model, cells = _model(form, epigraph)
    settings = {
        "limits/absgap": tolerance,
        "limits/gap": 0.0,
        "limits/time": time_limit,
        "timing/clocktype": 1,
        "numerics/feastol": _FEASIBILITY,
        "parallel/maxnthreads": 1,
    }
    for name, value in settings.items():
        model.setParam(name, value)
    _, wall, processor = timed(model.optimize)
    word = model.getStatus()
    answer: dict[str, Any] = {
        "status": "optimal" if word in ("optimal", "gaplimit") else "limit" if word in _LIMITS else word,
        "wall_seconds": wall,
        "cpu_seconds": processor,
        "nodes": int(model.getNTotalNodes()),
        "bound": form.entropy_sum - model.getDualbound(),
    }
    if model.getNSols() > 0:
        coupling = np.array([[model.getVal(cell) for cell in row] for row in cells])
        answer |= judge(form, coupling)
        answer["claimed_value"] = form.entropy_sum - model.getObjVal()
    return answer
