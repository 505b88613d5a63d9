"""What a task of an executor costs beside its search, and what up to a hundred machines bring.

    python -m tests.benchmarks.machines costs --json docs/benchmarks/machines.json
    python -m tests.benchmarks.machines plan --case 6 1 0.1 --json docs/benchmarks/machines.json

`costs`: nodes of a real search go through each step of a task: packed and pickled, sent to a process that was
started before and back, turned into a search and back; chosen from and merged with 10,000 others.  Processor
seconds; what waits for another process, by the clock.

`plan`: the search of `mecbopt.solve(executor=...)` itself, whose tasks are searched here, one after the
other, while a simulated clock tells when a machine each would have been done: processor seconds of the task
on one of so many machines, the round trip given, and the processor seconds of the process that hands tasks
out.  One machine is a search without an executor.

Both add to the record: what is in it is not measured again.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import pickle
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures._base import DoneAndNotDoneFutures
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import mecbopt as mb
from mecbopt._core.tree import CompiledSearch, Frontier
from mecbopt.engines import tree_executor
from mecbopt.engines.tree_executor import search_subtrees
from tests.benchmarks.exact_solver import entropy, instance
from tests.benchmarks.record import describe_machine, kept_runs, markdown_table, seconds_text, write_json

__all__ = ["SimulatedMachines", "main", "task_costs"]

GAP = 1e-6
#: Nodes of a task in the table of costs: the first tasks, and the largest.
NODES = (1, 64, 512)
#: Seconds between handing a task out and hearing of it, beside its search, on other machines: an assumption,
#: generous for a local network.
ROUND_TRIP = 0.01


def _seconds(work: Callable[[], Any], repeats: int) -> float:
    """Median processor seconds of this process."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def _least_wait(work: Callable[[], Any], repeats: int) -> float:
    """Seconds by the clock, the least of all: two processes share the machine with others."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def task_costs(size: int, nodes: int, repeats: int, pool: Executor) -> dict[str, Any]:
    """Seconds of each step of a task that gets so many nodes and searches none.

    Parameters
    ----------
    size : int
        Letters a side.
    nodes : int
    repeats : int
    pool : Executor
        One process.
    """
    p_x, p_y = instance(size, size, 1)
    arguments: dict[str, Any] = {"p_x": p_x, "p_y": p_y, "rate": 0.1 * entropy(p_y)}
    search = CompiledSearch(**arguments)
    before = -1
    while (not search.ready or search.open_nodes < nodes) and search.nodes > before:
        before = search.nodes if search.ready else -1
        search.run(nodes=100, gap=GAP)
    left = search.frontier()
    if left is None or len(left.nodes) < nodes:
        raise RuntimeError(f"{size}x{size} is closed before {nodes} nodes are open")
    task = Frontier(left.nodes[:nodes], np.inf, left.lower_bound, left.mappings, left.weights)
    packed = task.to_bytes()

    def built() -> CompiledSearch:
        fresh = CompiledSearch(**arguments)
        fresh.restore(Frontier.from_bytes(packed))
        return fresh

    others = np.repeat(left.nodes[:1], 10_000, axis=0)

    def choose() -> None:
        order = np.argsort(others[:, 0], kind="stable")[:nodes]
        np.delete(others, order, axis=0)

    def merge() -> None:
        back = Frontier.from_bytes(packed)
        np.concatenate([others, back.nodes])

    steps = {
        "choose": _seconds(choose, repeats),
        "pack": _seconds(task.to_bytes, repeats),
        "pickle": _seconds(lambda: pickle.loads(pickle.dumps((search_subtrees, arguments, packed))), repeats),
        "empty call": _least_wait(lambda: pool.submit(abs, -1).result(), repeats),
        "build": _seconds(built, repeats),
        "take out": _seconds(lambda: search_subtrees(arguments, packed, 0.0, GAP), repeats),
        "merge": _seconds(merge, repeats),
        "whole": _least_wait(
            lambda: pool.submit(search_subtrees, arguments, packed, 0.0, GAP).result(), repeats
        ),
    }
    return {"size": size, "nodes": nodes, "bytes": len(packed), "seconds": steps}


class SimulatedMachines(Executor):
    """An executor whose tasks are searched here at once, and done when a machine each would have been.

    Parameters
    ----------
    round_trip : float
        Seconds added to each task.
    """

    def __init__(self, round_trip: float) -> None:
        self._round_trip = round_trip
        self._begun = time.process_time()
        self._elsewhere = 0.0  # processor seconds of tasks: not of the process that hands them out
        self._waited = 0.0
        self._order = itertools.count()
        self._under_way: list[tuple[float, int, Future[Any], Any]] = []
        self.tasks = 0

    @property
    def busy_seconds(self) -> float:
        """Processor seconds of all tasks."""
        return self._elsewhere

    def now(self) -> float:
        """The simulated clock: work of the process that hands tasks out, and what it waited."""
        return time.process_time() - self._begun - self._elsewhere + self._waited

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Search now; the future is done later by the simulated clock."""
        handed_out = self.now()
        start = time.process_time()
        result = function(*arguments, **named)
        spent = time.process_time() - start
        self._elsewhere += spent
        self.tasks += 1
        future: Future[Any] = Future()
        heapq.heappush(
            self._under_way, (handed_out + self._round_trip + spent, next(self._order), future, result)
        )
        return future

    def wait(
        self, futures: Iterable[Future[Any]], timeout: float | None = None, return_when: str = ""
    ) -> DoneAndNotDoneFutures[Any]:
        """In place of `concurrent.futures.wait`: until the first of them is done, or the time is over."""
        pending = set(futures)
        until = np.inf if timeout is None else self.now() + timeout
        if not self._under_way or self._under_way[0][0] > until:
            if np.isfinite(until):
                self._waited += max(0.0, until - self.now())
            return DoneAndNotDoneFutures(set(), pending)
        finished, _, future, result = heapq.heappop(self._under_way)
        self._waited += max(0.0, finished - self.now())
        future.set_result(result)
        return DoneAndNotDoneFutures({future} & pending, pending - {future})

    def solve(self, problem: mb.Problem, machines: int) -> tuple[mb.Solution, float]:
        """The solution, and the simulated seconds that it took."""
        begun = self.now()
        with (
            mock.patch.object(tree_executor, "wait", self.wait),
            mock.patch("mecbopt.engines.tree_executor.time", mock.Mock(monotonic=self.now)),
            # A task's seconds are those of the processor, which is shared here.
            mock.patch("mecbopt._core.tree.search.time", mock.Mock(monotonic=time.process_time)),
        ):
            solution = mb.solve(problem, executor=self, workers=machines)
        return solution, self.now() - begun


def plan(size: int, seed: int, share: float, machines: int) -> dict[str, Any]:
    """One instance on so many machines."""
    problem = mb.Problem(*instance(size, size, seed))
    problem = problem.replace(rate=share * problem.entropy_y)
    row: dict[str, Any] = {"size": size, "seed": seed, "share": share, "machines": machines}
    if machines == 1:
        start = time.process_time()
        solution = mb.solve(problem)
        row |= {"seconds": time.process_time() - start, "tasks": 0, "busy_seconds": None}
    else:
        simulated = SimulatedMachines(ROUND_TRIP)
        solution, seconds = simulated.solve(problem, machines)
        row |= {"seconds": seconds, "tasks": simulated.tasks, "busy_seconds": simulated.busy_seconds}
    return row | {
        "nodes": solution.nodes,
        "closed": solution.status is mb.Status.OPTIMAL,
        "value": solution.mutual_information,
    }


def _costs_table(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]["seconds"])
    cells = [
        [f"{row['size']}x{row['size']}, {row['nodes']}", f"{row['bytes'] / 1024:.0f}"]
        + [f"{1000 * row['seconds'][name]:.2f}" for name in names]
        for row in rows
    ]
    return markdown_table(["size, nodes", "KiB", *(f"{name}, ms" for name in names)], cells)


def _plan_table(rows: list[dict[str, Any]]) -> str:
    alone = {(row["size"], row["seed"], row["share"]): row["seconds"] for row in rows if row["machines"] == 1}
    cells = []
    for row in rows:
        one = alone.get((row["size"], row["seed"], row["share"]))
        cells.append(
            [
                f"{row['size']}x{row['size']}, {row['share']:g} H(Y), seed {row['seed']}",
                str(row["machines"]),
                seconds_text(row["seconds"]),
                "-" if one is None else f"{one / row['seconds']:.1f}",
                str(row["tasks"]),
                str(row["nodes"]),
            ]
        )
    return markdown_table(["instance", "machines", "seconds", "times faster", "tasks", "nodes"], cells)


def main(arguments: list[str] | None = None) -> int:
    """Measure what the record lacks, print its tables; 1 where values disagree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("costs", "plan"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[6, 7, 8])
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument(
        "--case", nargs=3, action="append", metavar=("SIZE", "SEED", "SHARE"), help="of the plan; repeatable"
    )
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 4, 16, 100])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    command = f"python -m tests.benchmarks.machines {options.what}"
    record = kept_runs(options.json) or {"costs": [], "plan": []}
    record = {"machine": describe_machine(command)} | record
    if options.what == "costs":
        measured = {(row["size"], row["nodes"]) for row in record["costs"]}
        with ProcessPoolExecutor(1) as pool:
            pool.submit(search_subtrees_ready).result()
            for size, nodes in itertools.product(options.sizes, NODES):
                if (size, nodes) not in measured:
                    record["costs"].append(task_costs(size, nodes, options.repeats, pool))
    else:
        cases = [(int(a), int(b), float(c)) for a, b, c in options.case or [("5", "1", "0.1")]]
        known = {(row["size"], row["seed"], row["share"], row["machines"]) for row in record["plan"]}
        for case, machines in itertools.product(cases, options.machines):
            if (*case, machines) in known:
                continue
            record["plan"].append(plan(*case, machines))
            if options.json:
                write_json(options.json, record)
    if options.json:
        write_json(options.json, record)
    if record["costs"]:
        print(_costs_table(record["costs"]))
    if record["plan"]:
        print(_plan_table(record["plan"]))
    values: dict[tuple[Any, ...], list[float]] = {}
    for row in record["plan"]:
        if row["closed"]:
            values.setdefault((row["size"], row["seed"], row["share"]), []).append(row["value"])
    return int(any(max(found) - min(found) > 2 * GAP for found in values.values()))


def search_subtrees_ready() -> bool:
    """What a process does first: imports, so that they are in none of the times."""
    return callable(search_subtrees)


if __name__ == "__main__":
    raise SystemExit(main())
