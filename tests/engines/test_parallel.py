"""Several threads, and any executor: the same value, status and bound as one thread, within the gap."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree
from mecbopt.engines import tree_executor
from tests.instances import random_instance

pytestmark = pytest.mark.skipif(not tree.available(), reason="the compiled core is not built")


def _problem(seed, size=4, share=0.15, label=False):
    random = np.random.default_rng(seed)
    problem = mb.Problem(random.dirichlet(np.ones(size)), random.dirichlet(np.ones(size)))
    problem = problem.replace(rate=share * problem.entropy_y)
    if not label:
        return problem
    channel = random.dirichlet(np.ones(2), size)
    told = mb.Problem(problem.p_x, problem.p_y, 1.0, channel)
    return problem.replace(p_s_given_x=channel, max_label_entropy=0.97 * told.label_entropy)


PROBLEMS = [_problem(1), _problem(2), _problem(3, 5), _problem(4, 4, 0.4, label=True)]

HARD = _problem(4, 5)


def _agree(one, other):
    other.check()
    assert other.status is one.status
    assert other.mutual_information == pytest.approx(one.mutual_information, abs=1e-6)
    # Each bound holds for the value of the other.
    assert other.upper_bound >= one.mutual_information - 1e-10
    assert one.upper_bound >= other.mutual_information - 1e-10


@pytest.fixture(scope="module")
def alone():
    return [mb.solve(problem) for problem in PROBLEMS]


@pytest.mark.parametrize("workers", [2, 3, 7])
@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_threads_prove_the_same(number, workers, alone):
    _agree(alone[number], mb.solve(PROBLEMS[number], workers=workers))


@pytest.mark.parametrize("workers", [2, 3])
def test_threads_share_a_long_tree(workers):
    _agree(mb.solve(HARD), mb.solve(HARD, workers=workers))


@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_an_executor_proves_the_same(number, alone):
    with ThreadPoolExecutor(2) as executor:
        _agree(alone[number], mb.solve(PROBLEMS[number], executor=executor))


def test_processes_prove_the_same(alone):
    with ProcessPoolExecutor(2) as executor:
        for number in (0, 3):
            _agree(alone[number], mb.solve(PROBLEMS[number], executor=executor))


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 3, "node_limit": 40}])
def test_bounds_hold_wherever_threads_are_stopped(options, alone):
    for number, limit in ((2, 0.02), (2, 0.05), (1, 0.01)):
        options = {"time_limit": limit, **options}
        solution = mb.solve(PROBLEMS[number], **options)
        solution.check()
        assert solution.upper_bound >= alone[number].mutual_information - 1e-10
        assert solution.mutual_information <= alone[number].upper_bound + 1e-10
        assert solution.nodes <= options.get("node_limit", solution.nodes)


def test_random_small_problems_with_threads():
    for seed in range(25):
        instance = random_instance(3, 3, seed, "feasible")
        problem = mb.Problem(instance.p_x, instance.p_y, instance.rate, instance.channel, instance.limit)
        _agree(mb.solve(problem), mb.solve(problem, workers=2))


class Unreliable(Executor):
    """Loses a share of the tasks: errors, cancellations, or no answer at all."""

    def __init__(self, pool, share, seed=0):
        self._pool, self._share, self._random = pool, share, np.random.default_rng(seed)
        self.lost = 0

    def submit(self, function, /, *arguments, **options):
        if self.lost and self._random.random() >= self._share:  # the first one is lost
            return self._pool.submit(function, *arguments, **options)
        self.lost += 1
        future = Future()
        kind = self.lost % 3
        if kind == 0:
            future.set_exception(OSError("the worker is gone"))
        elif kind == 1:
            future.cancel()
            future.set_running_or_notify_cancel()
        return future  # the third kind: never


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_tasks_that_are_lost_cost_time_and_nothing_else(share, monkeypatch):
    monkeypatch.setattr(tree_executor, "_LEAST_PATIENCE", 0.3)
    monkeypatch.setattr(tree_executor, "_PATIENCE", 1.0)
    monkeypatch.setattr(tree_executor, "_MOST_SECONDS", 0.2)
    monkeypatch.setattr(tree_executor, "_FIRST_SECONDS", 0.02)
    monkeypatch.setattr(tree_executor, "_MOST_FAILURES", 100)
    with ThreadPoolExecutor(2) as pool:
        executor = Unreliable(pool, share)
        # Thousands of nodes: a quick machine must not be done before it has any to hand out.
        _agree(mb.solve(HARD), mb.solve(HARD, executor=executor, workers=2))
    assert executor.lost > 0


def test_a_worker_that_is_killed_costs_time_and_nothing_else(alone, monkeypatch):
    """The pool breaks with it; the search goes on without and says so."""
    monkeypatch.setattr(tree_executor, "_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(tree_executor, "_MOST_SECONDS", 0.05)
    problem = HARD
    with ProcessPoolExecutor(2) as executor:
        executor.submit(os.getpid).result()

        def kill():
            while not executor._processes:
                time.sleep(0.01)
            os.kill(next(iter(executor._processes)), signal.SIGKILL)

        timer = threading.Timer(0.4, kill)
        timer.start()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            solution = mb.solve(problem, executor=executor)
        timer.cancel()
    _agree(mb.solve(problem), solution)
    assert all("executor is of no use" in str(warning.message) for warning in caught)


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"workers": 2, "method": "local"}, "workers"),
        ({"workers": 2, "engine": "highs"}, "workers"),
        ({"checkpoint": "a.file", "method": "greedy"}, "checkpoint"),
        ({"workers": 2, "engine": "highs", "node_limit": 3}, "workers"),
        ({"executor": 3}, "executor"),
        ({"workers": 0}, "workers"),
    ],
)
def test_what_an_engine_has_no_use_for_is_refused(options, argument):
    with pytest.raises(mb.MecboptError) as caught:
        mb.solve(PROBLEMS[0], **options)
    assert caught.value.argument == argument


def test_engines_that_end_in_one_pass_take_any_number_of_workers():
    assert mb.solve(mb.Problem([0.5, 0.5], [0.6, 0.4]), workers=8).status is mb.Status.OPTIMAL


def test_ctrl_c_ends_all_threads():
    before = set(threading.enumerate())
    timer = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.start()
    solution = mb.solve(_problem(5, 8, 0.1), workers=3, time_limit=60)
    left = set(threading.enumerate()) - before - {timer}
    timer.join()
    solution.check()
    assert solution.stop_reason is mb.StopReason.INTERRUPTED
    assert solution.has_coupling
    assert left == set()


def test_on_a_local_dask_cluster(alone):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    )
    with cluster, distributed.Client(cluster) as client, client.get_executor() as executor:
        _agree(alone[2], mb.solve(PROBLEMS[2], executor=executor, workers=2))
        curve = mb.rate_curve(PROBLEMS[0], [0.05, 0.2, 0.4], executor=executor)
        expected = mb.rate_curve(PROBLEMS[0], [0.05, 0.2, 0.4])
        assert curve.mutual_information == pytest.approx(expected.mutual_information, abs=1e-6)
