"""HiGHS beside other users of it in the process."""

from __future__ import annotations

import subprocess
import sys

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
