"""MAiNGO (through maingopy) on the finite form: McCormick relaxations, with `xlog` as an intrinsic.

Levers, each tried on 3x3 and 4x4: cells are variables beside the weights (with weights alone 3x3 stays open);
only rows that are not implied by others (a redundant set keeps 3x3 open); equations within 1e-8 (with the
default 1e-6 values come out up to 1e-5 bits too good, and nodes stay open); no branching on the weights; from
100 variables on Ipopt in the nodes, a quarter of the time of SLSQP there (more on small problems).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tests.benchmarks.formulation import CELL_LOWER_BOUND, FiniteForm, finite_form, judge
from tests.benchmarks.isolation import timed

__all__ = ["solve"]

#: MAiNGO's tolerance on equations and inequalities.
_FEASIBILITY = 1e-8

#: Variables beyond which the dense local solver dominates a node, and MAiNGO's number of the sparse one.
_DENSE_VARIABLES = 100
_IPOPT = 5


def _linear(terms: Iterable[tuple[float, Any]]) -> Any:
    """A sum of coefficient times variable; the expressions of maingopy have no zero to start from."""
    total = None
    for coefficient, variable in terms:
        term = variable if coefficient == 1 else variable * float(coefficient)
        total = term if total is None else total + term
    return total


def _model(form: FiniteForm) -> Any:
    import maingopy

    n, m = form.cell_bounds.shape
    letters, entropies = form.letters, form.mapping_entropies

    class Model(maingopy.MAiNGOmodel):  # type: ignore[misc]
        """Cells first, then weights."""

        def get_variables(self) -> list[Any]:
            variables = [
                maingopy.OptimizationVariable(
                    maingopy.Bounds(CELL_LOWER_BOUND, float(bound)), maingopy.VT_CONTINUOUS, 1, f"P{k}"
                )
                for k, bound in enumerate(form.cell_bounds.ravel())
            ]
            if letters is not None:
                variables += [
                    maingopy.OptimizationVariable(maingopy.Bounds(0, 1), maingopy.VT_CONTINUOUS, 0, f"w{k}")
                    for k in range(len(letters))
                ]
            return variables

        def evaluate(self, variables: list[Any]) -> Any:
            result = maingopy.EvaluationContainer()
            cells = [variables[x * m : (x + 1) * m] for x in range(n)]
            result.obj = _linear((-1 / math.log(2), maingopy.xlog(cell)) for row in cells for cell in row)
            equations = [_linear((1.0, row[y]) for row in cells) - float(form.p_y[y]) for y in range(m - 1)]
            if letters is None or entropies is None:
                equations += [_linear((1.0, c) for c in cells[x]) - float(form.p_x[x]) for x in range(n)]
            else:
                weights = variables[n * m :]
                equations.append(_linear((1.0, weight) for weight in weights) - 1.0)
                equations += [
                    _linear((1.0, weights[k]) for k in np.flatnonzero(letters[:, x, y]))
                    - cells[x][y] * float(1 / form.p_x[x])
                    for x in range(n)
                    for y in range(m)
                ]
                spending = [(entropies[k], weights[k]) for k in np.flatnonzero(entropies)]
                result.ineq = [_linear(spending) - float(form.rate)]
            result.eq = equations
            return result

    return Model()


def solve(
    p_x: list[float], p_y: list[float], rate: float, time_limit: float, tolerance: float = 1e-6
) -> dict[str, Any]:
    """Solve one instance; `time_limit` in seconds of processor time, `tolerance` in bits, absolute."""
    import maingopy

    form = finite_form(np.array(p_x), np.array(p_y), rate)
    model = _model(form)
    solver = maingopy.MAiNGO(model)
    settings: dict[str, float] = {
        "epsilonA": tolerance,
        "epsilonR": 1e-9,
        "deltaEq": _FEASIBILITY,
        "deltaIneq": _FEASIBILITY,
        "maxTime": time_limit,
        "BAB_verbosity": 0,
        "LBP_verbosity": 0,
        "UBP_verbosity": 0,
        "loggingDestination": 0,
    }
    if len(model.get_variables()) > _DENSE_VARIABLES:
        settings["UBP_solverBab"] = _IPOPT
    for name, value in settings.items():
        if not solver.set_option(name, value):
            raise ValueError(f"maingopy does not know the option {name!r}.")
    status, wall, processor = timed(solver.solve)
    found = status in (maingopy.GLOBALLY_OPTIMAL, maingopy.FEASIBLE_POINT)
    answer: dict[str, Any] = {
        "status": "optimal" if status == maingopy.GLOBALLY_OPTIMAL else "limit",
        "wall_seconds": wall,
        "cpu_seconds": processor,
        "nodes": int(solver.get_iterations()),
        "bound": form.entropy_sum - solver.get_final_LBD(),
    }
    if found:
        n, m = form.cell_bounds.shape
        point = np.array(solver.get_solution_point())[: n * m].reshape(n, m)
        answer |= judge(form, point)
        answer["claimed_value"] = form.entropy_sum - solver.get_objective_value()
    return answer
