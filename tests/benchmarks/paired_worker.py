"""What a process of `paired` does: solve the problems that it is told of, one line of JSON each.

Run by path with the checkout to be measured in PYTHONPATH: it imports nothing but numpy and that package, and
uses of it what every version has.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

import mecbopt


def main() -> None:
    """Read tasks from standard input until it ends; answer each."""
    print(json.dumps(mecbopt.__file__), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        label = {}
        if task["channel"] is not None:
            label = {"p_s_given_x": np.array(task["channel"]), "max_label_entropy": task["limit"]}
        problem = mecbopt.Problem(np.array(task["p_x"]), np.array(task["p_y"]), task["rate"], **label)
        best = float("inf")
        for _ in range(task["repeats"]):
            start = time.process_time()
            solution = mecbopt.solve(problem, method="exact", time_limit=task["time_limit"])
            best = min(best, time.process_time() - start)
        answer = {
            "seconds": best,
            "status": str(solution.status.value),
            "value": None if solution.mixture is None else solution.mutual_information,
            "nodes": solution.nodes,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
