"""HiGHS beside other users of it in the process, and its solutions made exact."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from mecbopt import highs
from mecbopt.control import Clock

_OTHERS_FIRST = """
import highspy
own = highspy.Highs()
own.setOptionValue("output_flag", False)
own.setOptionValue("threads", 2)
own.addVar(0.0, 1.0)
own.changeColCost(0, 1.0)
assert own.run() == highspy.HighsStatus.kOk
import mecbopt as mb
problem = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.4, [[1, 0], [0, 1], [0.5, 0.5]], 0.1)
solution = mb.solve(problem)
print(solution.status.value, solution.smallest_label_entropy is not None)
print(mb.solve(problem.replace(max_label_entropy=None), engine="highs").status.value)
"""


def test_a_model_of_the_callers_own_may_come_first():
    """It sets the number of threads for the process; programs of ours end with an answer all the same."""
    done = subprocess.run([sys.executable, "-c", _OTHERS_FIRST], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # HiGHS greets from the caller's model.
    assert done.stdout.splitlines()[-2:] == ["infeasible True", "optimal"]


def _optimum(bound: float) -> tuple[np.ndarray, np.ndarray]:
    """The most of x of x + y = 1, 5e-10 x <= bound, x, y >= 0: as HiGHS has it, and refined."""
    columns = np.array([[1.0, 5e-10], [1.0, 0.0]])
    least, most = np.array([1.0, -highs.INFINITY]), np.array([1.0, bound])
    model = highs.new_model(least, most)
    highs.add_columns(model, columns, np.array([-1.0, 0.0]))
    highs.run(model, Clock())
    found = np.array(model.getSolution().col_value)
    return found, highs.refined(model, columns, found, least, most, Clock())


def test_refinement_meets_rows_that_the_tolerance_hides():
    """At most 2e-10 asks for x <= .4, which HiGHS does not see beside its tolerance of 1e-9."""
    found, refined = _optimum(2e-10)
    assert found == pytest.approx([1.0, 0.0])
    assert refined == pytest.approx([0.4, 0.6], abs=1e-5)
    assert 5e-10 * refined[0] <= 2e-10 + 1e-15


def test_refinement_keeps_what_is_feasible_by_the_tolerance_alone():
    """No x >= 0 has 5e-10 x <= -1e-10."""
    found, refined = _optimum(-1e-10)
    assert refined == pytest.approx(found)


def test_refinement_takes_a_sparse_matrix_and_leaves_no_rounding_on_empty_cells():
    """Five cells in four rows; a start that is off by the tolerance of HiGHS, on empty cells too."""
    columns = np.array(
        [[1.0, 0, 1, 0], [1.0, 0, 0, 1], [0.0, 1, 1, 0], [0.0, 1, 0, 1], [0.0, 0.3, 0, 0.7]], dtype=float
    )
    sides = np.array([0.3, 0.7, 0.6, 0.4])
    model = highs.new_model(sides, sides)
    highs.add_columns(model, columns, np.array([1.0, 0.0, 0.0, 2.0, 5.0]))
    highs.run(model, Clock())
    assert highs.is_optimal(model)
    rough = np.array(model.getSolution().col_value) + 9e-10
    found = highs.refined(model, csr_array(columns), rough, sides, sides, Clock())
    assert np.abs(found @ columns - sides).max() <= 1e-15
    assert found[[0, 4]].tolist() == [0.0, 0.0]
    assert found[[1, 2, 3]] == pytest.approx([0.3, 0.6, 0.1])
