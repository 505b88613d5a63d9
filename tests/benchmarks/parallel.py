"""The compiled tree in two threads, on two processes and with a checkpoint, against one thread.

    python -m tests.benchmarks.parallel --size 6 --instances 10 --slowest 10

The instances of `exact_solver` (every seed at every rate) are solved by one thread; on the slowest of them
the ways are run one after the other, so that all see the same machine.  Wall-clock seconds, since the
question is how long one waits; nothing else may run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mecbopt as mb
from tests.benchmarks.exact_solver import RATES, instance
from tests.benchmarks.record import describe_machine, markdown_table, seconds_text, write_json

__all__ = ["main"]

#: A limit for each run, seconds: nothing on the list comes near it.
_LIMIT = 600.0


def _problem(size: int, seed: int, share: float) -> mb.Problem:
    problem = mb.Problem(*instance(size, size, seed))
    return problem.replace(rate=share * problem.entropy_y)


def _timed(problem: mb.Problem, **options: Any) -> tuple[float, mb.Solution]:
    start = time.perf_counter()
    solution = mb.solve(problem, time_limit=_LIMIT, **options)
    return time.perf_counter() - start, solution


def _ways(problem: mb.Problem, pool: ProcessPoolExecutor, folder: Path) -> dict[str, Any]:
    """Seconds and nodes of every way on one instance, and whether all agree."""
    state = folder / "state"
    state.unlink(missing_ok=True)
    runs = {
        "one thread": _timed(problem),
        "two threads": _timed(problem, workers=2),
        "two processes": _timed(problem, executor=pool, workers=2),
        "one thread, checkpoint": _timed(problem, checkpoint=state),
    }
    values = [solution.mutual_information for _, solution in runs.values()]
    return {
        "seconds": {way: seconds for way, (seconds, _) in runs.items()},
        "nodes": {way: solution.nodes for way, (_, solution) in runs.items()},
        "closed": all(solution.status is mb.Status.OPTIMAL for _, solution in runs.values()),
        "spread": max(values) - min(values),
        "checkpoint_bytes": state.stat().st_size,
    }


def _table(runs: list[dict[str, Any]]) -> str:
    rows = []
    for way in runs[0]["seconds"]:
        ratios = [run["seconds"]["one thread"] / run["seconds"][way] for run in runs]
        seconds = [run["seconds"][way] for run in runs]
        rows.append(
            [
                way,
                seconds_text(statistics.median(seconds)),
                seconds_text(max(seconds)),
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f}",
                f"{statistics.median(run['nodes'][way] / run['nodes']['one thread'] for run in runs):.2f}",
            ]
        )
    columns = ["way", "median", "maximum", "times faster, median", "least", "nodes, of one thread's"]
    return markdown_table(columns, rows)


def main(arguments: list[str] | None = None) -> int:
    """Run and print; 1 where the ways disagree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--instances", type=int, default=5, help="seeds")
    parser.add_argument("--slowest", type=int, default=10, help="instances that are compared")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    alone = []
    for seed in range(options.instances):
        for share in RATES:
            seconds, solution = _timed(_problem(options.size, seed, share))
            alone.append((seconds, seed, share, solution.status is mb.Status.OPTIMAL))
    chosen = sorted(alone, reverse=True)[: options.slowest]
    runs = []
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        list(pool.map(abs, range(4)))  # started before the clock is
        for _, seed, share, _ in chosen:
            run = _ways(_problem(options.size, seed, share), pool, Path(folder))
            runs.append({"seed": seed, "share": share, **run})
    print(f"{options.size}x{options.size}, the {len(runs)} slowest of {len(alone)} instances.\n")
    print(_table(runs))
    if options.json is not None:
        command = (
            f"python -m tests.benchmarks.parallel --size {options.size} --instances {options.instances}"
            f" --slowest {options.slowest}"
        )
        write_json(options.json, describe_machine(command) | {"runs": runs})
    return int(any(run["spread"] > 1e-6 for run in runs))


if __name__ == "__main__":
    raise SystemExit(main())
