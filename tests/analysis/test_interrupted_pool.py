"""Ctrl-C, dying workers and pools that cannot start: what is done is kept, the rest is marked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.analysis.pool import map_in_order

ROOT = Path(__file__).resolve().parents[2]


def ten_times(item: int) -> int:
    """The work; the second item interrupts the process that handed it out, as Ctrl-C does."""
    if item == 1:
        os.kill(os.getppid(), signal.SIGINT)
    time.sleep(0.1 if item else 0.0)
    return 10 * item


def deaf(item: int) -> int:
    """Work that answers Ctrl-C by going on for a long time."""
    try:
        if item == 1:
            os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(60)
    return item


def dies(item: int) -> int:
    """The third item takes its process with it, every time."""
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return 10 * item


def quickly(item: int) -> int:
    """What an item gets that nobody worked on."""
    return -item


def test_done_items_are_kept_and_the_others_answered_quickly() -> None:
    results = map_in_order(ten_times, range(8), 2, unfinished=quickly)
    assert results[:2] == [0, 10]
    assert all(result in (10 * item, -item) for item, result in enumerate(results))
    # At most one item a worker was under way; at least these were not begun.
    assert results[4:] == [-4, -5, -6, -7]


def test_without_a_quick_answer_the_interruption_passes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        map_in_order(ten_times, range(8), 2)


def test_workers_that_do_not_answer_are_left_behind() -> None:
    """Ctrl-C is answered within a second whatever the workers do."""
    began = time.monotonic()
    interrupted: list[float] = []
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: object) -> None:
        interrupted.append(time.monotonic())
        signal.default_int_handler(number, None)

    signal.signal(signal.SIGINT, note)
    try:
        assert map_in_order(deaf, range(4), 2, unfinished=quickly) == [0, -1, -2, -3]
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - interrupted[0] < 2.0  # 0.7 s and room for a busy machine
    assert time.monotonic() - began < 40


def test_a_worker_that_dies_costs_its_own_item_alone() -> None:
    with pytest.warns(RuntimeWarning, match="a worker process died"):
        results = map_in_order(dies, range(8), 2, unfinished=quickly)
    assert results[2] == -2
    assert [result for item, result in enumerate(results) if item != 2].count(-1) == 0
    # The neighbour that was under way beside it may have been given up with it, no other.
    assert sum(result < 0 for result in results) <= 2


def test_a_worker_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(mb.SolverError, match=r"a worker process died.*use fewer workers"):
        map_in_order(dies, range(8), 2)


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import mecbopt as mb\n"
        "problem = mb.Problem([0.5, 0.5], [0.5, 0.5])\n"
        "mb.solve_many([problem, problem], workers=2)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("mecbopt.errors.SolverError: the worker processes")
    assert "if __name__ == '__main__':" in done.stderr.strip().splitlines()[-1]


PROBLEMS = [mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=rate) for rate in (0.2, 0.4, 0.6, 0.8)]


def test_an_executor_of_the_caller_gives_the_same_solutions() -> None:
    told: list[tuple[int, int, int]] = []
    with ThreadPoolExecutor(2) as threads:
        solutions = mb.solve_many(
            PROBLEMS, executor=threads, progress=lambda now: told.append((now.done, now.total, now.index))
        )
    alone = mb.solve_many(PROBLEMS)
    assert [s.mutual_information for s in solutions] == [s.mutual_information for s in alone]
    assert [entry[:2] for entry in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert sorted(entry[2] for entry in told) == [0, 1, 2, 3]


def test_something_that_is_no_executor_is_refused() -> None:
    with pytest.raises(mb.ProblemError, match=r"executor is .*concurrent\.futures\.Executor"):
        mb.solve_many(PROBLEMS, executor=4)  # type: ignore[arg-type]


def _hard(letters: int, seed: int) -> mb.Problem:
    random = np.random.default_rng(seed)
    return mb.Problem(random.dirichlet(np.ones(letters)), random.dirichlet(np.ones(letters)), rate=1.0)


@pytest.mark.parametrize("where", ["search", "between"])
def test_solve_many_keeps_what_is_done_at_ctrl_c(where: str) -> None:
    """Solved ones stay; the one at work has its incumbent; the rest is UNKNOWN with a valid bound."""
    problems = [PROBLEMS[0], _hard(7, 0), _hard(7, 1)]

    def stop(now: mb.analysis.ManyProgress) -> None:
        if now.done == 1:
            if where == "between":
                raise KeyboardInterrupt
            threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()

    began = time.monotonic()
    solutions = mb.solve_many(problems, method="exact", progress=stop)
    assert time.monotonic() - began < 8.0
    assert solutions[0].status is mb.Status.OPTIMAL
    if where == "search":
        assert solutions[1].stop_reason is mb.StopReason.INTERRUPTED
        solutions[1].check()
    assert solutions[2].status is mb.Status.UNKNOWN
    assert solutions[2].stop_reason is mb.StopReason.INTERRUPTED
    assert solutions[2].upper_bound == pytest.approx(1.0)


def test_a_curve_keeps_what_is_done_at_ctrl_c() -> None:
    """Points that follow the interruption have a coupling (of a smaller rate at least) and valid bounds."""
    rates = [0.1 * k for k in range(1, 25)]
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    curve = mb.rate_curve(_hard(6, 2), rates, method="exact")
    assert time.monotonic() - began < 8.0
    assert any(s.stop_reason is mb.StopReason.INTERRUPTED for s in curve.solutions)
    assert curve.feasible.all()
    assert np.all(np.diff(curve.mutual_information) >= 0)
    assert np.all(curve.upper_bound >= curve.mutual_information)
    for solution in curve.solutions:
        solution.check()


def sleeps(item: int) -> int:
    """Work that says which process it is in."""
    print(os.getpid(), flush=True)
    time.sleep(60)
    return item


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    """They waited for work for ever, and held the streams of the parent open."""
    code = (
        "from mecbopt.analysis.pool import map_in_order\n"
        "from tests.analysis.test_interrupted_pool import sleeps\n"
        "if __name__ == '__main__':\n"
        "    map_in_order(sleeps, [0, 1], workers=2)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as parent:
        assert parent.stdout is not None
        workers = {int(parent.stdout.readline()), int(parent.stdout.readline())}
        assert len(workers) == 2
        parent.kill()
        parent.wait()
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            _await_the_end(worker)


def _await_the_end(process: int, seconds: float = 20.0) -> None:
    """Ask for a process until there is none, or it is no longer more than its parent's memory of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/stat")
        if status.exists() and status.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        time.sleep(0.05)
