"""A search kept in a file goes on where it was; anything else than its own file is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree
from mecbopt._core.tree import Frontier
from mecbopt.engines import checkpoint as module

pytestmark = pytest.mark.skipif(not tree.available(), reason="the compiled core is not built")


def _problem(seed=4, size=5, share=0.15):
    random = np.random.default_rng(seed)
    problem = mb.Problem(random.dirichlet(np.ones(size)), random.dirichlet(np.ones(size)))
    return problem.replace(rate=share * problem.entropy_y)


@pytest.fixture(scope="module")
def whole():
    return mb.solve(_problem())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_in_pieces_ends_with_the_same_value(tmp_path, whole, workers):
    path = tmp_path / "state"
    nodes, solution = 0, None
    for limit in (60, 400, 900, None):
        solution = mb.solve(_problem(), checkpoint=path, node_limit=limit, workers=workers)
        solution.check()
        assert solution.nodes >= nodes
        assert solution.upper_bound >= whole.mutual_information - 1e-10
        nodes = solution.nodes
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(whole.mutual_information, abs=1e-6)
    again = mb.solve(_problem(), checkpoint=path)  # nothing is left to do
    assert again.status is mb.Status.OPTIMAL
    assert again.nodes == nodes
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["state"]


def test_a_limit_counts_the_nodes_of_earlier_calls(tmp_path):
    first = mb.solve(_problem(), checkpoint=tmp_path / "state", node_limit=100)
    again = mb.solve(_problem(), checkpoint=tmp_path / "state", node_limit=100)
    assert first.nodes == again.nodes == 100
    assert again.stop_reason is mb.StopReason.NODE_LIMIT


def test_another_problem_is_refused_and_the_file_stays(tmp_path):
    path = tmp_path / "state"
    mb.solve(_problem(), checkpoint=path, node_limit=50)
    before = path.read_bytes()
    for problem, options in (
        (_problem(5), {}),
        (_problem().replace(rate=0.31), {}),
        (_problem(), {"gap": 1e-8}),
        (_problem(), {"engine": mb.engines.Tree(sharpening=False)}),
    ):
        with pytest.raises(mb.ProblemError, match=r"checkpoint"):
            mb.solve(problem, checkpoint=path, **options)
        assert path.read_bytes() == before


def test_damage_is_named(tmp_path):
    path = tmp_path / "state"
    mb.solve(_problem(), checkpoint=path, node_limit=50)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    damaged = [whole[:length] for length in random.integers(0, len(whole), 40)]
    for place in random.integers(0, len(whole), 200):
        damaged.append(whole[:place] + bytes([whole[place] ^ (1 << random.integers(8))]) + whole[place + 1 :])
    damaged += [whole + b"x", b"MBCK", b"", os.urandom(300)]
    for data in damaged:
        path.write_bytes(data)
        refused = _refused(path)
        assert refused in ("checkpoint", "gap", None)


def _refused(path):
    """The argument that an error names; None where the damage is a bit of the counters, or a smaller gap."""
    try:
        mb.solve(_problem(), checkpoint=path, node_limit=60).check()
    except mb.ProblemError as error:
        return error.argument
    return None


@pytest.mark.parametrize("path", ["no such folder/state", ".", "a\0b"])
def test_paths_that_cannot_be_written_are_refused_before_any_work(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(mb.ProblemError, match="checkpoint"):
        mb.solve(_problem(), checkpoint=path)


def test_a_disk_that_fills_up_loses_nothing(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(module, "_INTERVAL_SECONDS", 0.0)
    right, calls = module.Checkpoint._write, []

    def full(self, data, *, probe=False):
        calls.append(len(data))
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        right(self, data, probe=probe)

    monkeypatch.setattr(module.Checkpoint, "_write", full)
    with pytest.warns(RuntimeWarning, match="No space left"):
        solution = mb.solve(_problem(), checkpoint=tmp_path / "state")
    assert solution.mutual_information == pytest.approx(whole.mutual_information, abs=1e-6)


_SCRIPT = """
import sys
import mecbopt as mb
from mecbopt.engines import checkpoint
checkpoint._INTERVAL_SECONDS = 0.05
problem = mb.load_problem(sys.argv[1])
mb.solve(problem, checkpoint=sys.argv[2], workers=int(sys.argv[3]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no signals")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_at_random_moments_it_ends_with_the_same_value(tmp_path, workers):
    problem = _problem(1, 5, 0.12)
    file, path = tmp_path / "problem.json", tmp_path / "state"
    file.write_text(json.dumps(problem.to_document()), encoding="utf-8")
    random = np.random.default_rng(int(workers))
    kept = 0
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", _SCRIPT, str(file), str(path), workers])
        time.sleep(0.5 + random.uniform(0.0, 0.5))
        child.kill()
        child.wait()
        kept += path.exists()
    solution = mb.solve(problem, checkpoint=path)
    solution.check()
    whole = mb.solve(problem)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(whole.mutual_information, abs=1e-6)
    assert solution.upper_bound >= whole.mutual_information - 1e-10


def test_a_frontier_survives_the_way_through_bytes():
    problem = _problem()
    search = tree.CompiledSearch(problem.p_x, problem.p_y, problem.rate)
    search.run(nodes=60)
    frontier = search.frontier()
    again = Frontier.from_bytes(frontier.to_bytes())
    assert np.array_equal(again.nodes, frontier.nodes)
    assert np.array_equal(again.mappings, frontier.mappings)
    assert np.array_equal(again.weights, frontier.weights)
    assert (again.settled, again.lower_bound, again.processed, again.steps) == (
        frontier.settled, frontier.lower_bound, frontier.processed, frontier.steps
    )  # fmt: skip
    restored = tree.CompiledSearch(problem.p_x, problem.p_y, problem.rate)
    restored.restore(again)
    copied = restored.frontier()
    order = [np.lexsort(nodes.T) for nodes in (frontier.nodes, copied.nodes)]
    assert np.array_equal(frontier.nodes[order[0]], copied.nodes[order[1]])
    assert restored.entropy_lower_bound == search.entropy_lower_bound


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("value", [np.nan, np.inf, -5.0, 1e9])
def test_nodes_that_are_no_boxes_of_the_problem_are_refused(column, value):
    problem = _problem()
    search = tree.CompiledSearch(problem.p_x, problem.p_y, problem.rate)
    search.run(nodes=60)
    nodes = search.frontier().nodes
    nodes[0, column] = value
    fresh = tree.CompiledSearch(problem.p_x, problem.p_y, problem.rate)
    fresh.resume(np.inf, np.inf)
    if column == 0 and value == 1e9:
        return  # a bound may be any number
    with pytest.raises(mb.ProblemError, match="no box of this problem"):
        fresh.put(nodes)
