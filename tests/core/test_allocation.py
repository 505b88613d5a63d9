"""Memory that runs out: every request of the core is made to fail in turn, once and for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.builds import build, run_with

#: Common to the scripts: a problem, its optimum by an undisturbed search, and the failures to inject.
COMMON = """
import gc
import numpy as np
from mecbopt._core import library
from mecbopt.errors import SolverError
from tests.instances import dirichlet_marginals
ffi, lib = library()

def plans(work):
    lib.core_allocation_plan(-1, 0)
    work()
    requests = lib.core_allocation_requests()
    # Every request of the set-up and the first nodes, and of a long search a hundred more.
    numbers = sorted({*range(min(requests, 120)), *range(0, requests, max(1, requests // 100))})
    return requests, [(number, count) for number in numbers for count in (1, 2**40)]
"""

TREE = (
    COMMON
    + """
from mecbopt._core.tree import CompiledSearch, Settings
p_x, p_y = dirichlet_marginals(n, m, seed)
rate = share * float(-(p_y * np.log2(p_y)).sum())
settings = Settings(**levers)
start = ([[y] * n for y in range(m)], p_y)
diagonal = np.eye(n, m)
level = float((diagonal * np.outer(p_x, p_y)).sum())
rows = {}
if linear:
    # A label without the seed as well, that never binds.
    channel = np.eye(n)[:, :2] * 0.5 + 0.25
    channel[:, 1] = 1.0 - channel[:, 0]
    laws = np.concatenate([p_x @ channel, p_y])
    joint = float(-(laws * np.log2(laws)).sum()) + 1e-9
    rows = {"linear": (diagonal[None], [0.0], [level + 0.05]), "max_joint_label_entropy": joint}
    rows |= {"p_s_given_x": channel, "max_label_entropy": np.inf}

def search():
    return CompiledSearch(p_x, p_y, rate, **rows, settings=settings, start=start, trace=trace)

whole = search()
whole.run(gap=gap)
optimum_at_least, optimum_at_most = whole.entropy_lower_bound, whole.incumbent_entropy
assert optimum_at_most - optimum_at_least <= gap
del whole
gc.collect()
held = lib.core_allocation_held()

def undisturbed():
    search().run(gap=gap)

requests, chosen = plans(undisturbed)
failed = finished = broken = 0
for first, count in chosen:
    lib.core_allocation_plan(first, count)
    tree = None
    try:
        tree = search()
        tree.run(gap=gap)
    except SolverError:
        failed += 1
    lib.core_allocation_plan(-1, 0)
    if tree is not None:
        # The bound is valid, and nobody could take the interval for a proof of less.
        assert tree.entropy_lower_bound <= optimum_at_most + 1e-12, (first, count)
        assert tree.incumbent_entropy >= optimum_at_least - 1e-12, (first, count)
        mappings, weights = tree.incumbent_mixture
        assert abs(weights.sum() - 1) < 1e-9 and len(mappings) == len(weights)
        # Memory is back: the search goes on to the optimum, the lost step included.
        tree.run(gap=gap)
        assert tree.incumbent_entropy - tree.entropy_lower_bound <= gap, (first, count)
        assert tree.entropy_lower_bound <= optimum_at_most + 1e-12
        finished += 1
        # A trace that lost events says so; a whole one ends with the search.
        try:
            assert (len(tree.take_trace()) > 0) == trace, (first, count)
        except SolverError:
            broken += 1
    del tree
gc.collect()
assert lib.core_allocation_held() == held, lib.core_allocation_held() - held
print(requests, failed, finished, broken)
"""
)

PIVOTS = (
    COMMON
    + """
from mecbopt._core.pivots import PivotSearch
p_x, p_y = dirichlet_marginals(4, 3, 1)
start = ([[y] * 4 for y in range(3)], p_y)

def work():
    PivotSearch(p_x, p_y, 0.5, None, float("inf"), start=start).run(5, 10**6, 60.0)

work()
gc.collect()
held = lib.core_allocation_held()
requests, chosen = plans(work)
failed = 0
for first, count in chosen:
    lib.core_allocation_plan(first, count)
    try:
        work()
    except SolverError:
        failed += 1
    lib.core_allocation_plan(-1, 0)
gc.collect()
assert lib.core_allocation_held() == held
assert failed == len(chosen), (failed, len(chosen))
print(requests, failed, 0)
"""
)

MEC = (
    COMMON
    + """
import mecbopt as mb
p, q = dirichlet_marginals(n, m, 3)
optimum = mb.mec.exact(p, q)
assert optimum.status is mb.Status.OPTIMAL
gc.collect()
held = lib.core_allocation_held()
requests, chosen = plans(lambda: mb.mec.exact(p, q))
failed = 0
for first, count in chosen:
    lib.core_allocation_plan(first, count)
    result = mb.mec.exact(p, q)
    lib.core_allocation_plan(-1, 0)
    assert result.lower_bound <= optimum.entropy + 1e-12, (first, count)
    assert result.entropy >= optimum.entropy - 1e-9
    assert abs(result.coupling.sum(axis=1) - p).max() < 1e-12
    if result.status is mb.Status.OPTIMAL:
        assert result.entropy <= optimum.entropy + 1e-9
    else:
        failed += 1
gc.collect()
assert lib.core_allocation_held() == held
print(requests, failed, 0)
"""
)


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("counting", tmp_path_factory.mktemp("counting"))


def counts(counting: Path, script: str, **values: object) -> list[int]:
    """Requests, failures and what the script counts beside, after its own checks."""
    return [
        int(word)
        for word in run_with(counting, "".join(f"{k} = {v!r}\n" for k, v in values.items()) + script).split()
    ]


@pytest.mark.parametrize(
    ("size", "levers"),
    [
        (
            {"n": 3, "m": 3, "seed": 1, "share": 0.5, "gap": 1e-6, "trace": False, "linear": True},
            {"random_starts": 2},
        ),
        (
            {"n": 5, "m": 5, "seed": 1, "share": 0.3, "gap": 1e-2, "trace": True, "linear": False},
            {"random_starts": 0},
        ),
        # Nodes in depth-first order, and a root whose slabs are cut off first.
        (
            {"n": 4, "m": 4, "seed": 2, "share": 0.1, "gap": 1e-6, "trace": False, "linear": False},
            {"random_starts": 1, "node_bytes": 4000, "root_tightening": True},
        ),
    ],
)
def test_a_tree_without_memory_keeps_valid_bounds_and_leaks_nothing(counting, size, levers):
    """Lower bound <= optimum <= incumbent after any failed request; with memory back, it is proved."""
    requests, failed, finished, broken = counts(counting, TREE, **size, levers=levers)
    assert requests > 50
    assert failed > 50
    assert finished > 10
    assert (broken > 0) == size["trace"]


def test_a_local_search_without_memory_says_so_and_leaks_nothing(counting):
    requests, failed, _ = counts(counting, PIVOTS)
    assert requests > 20
    assert failed == 2 * requests


@pytest.mark.parametrize(("n", "m"), [(4, 4), (7, 7)])
def test_a_plain_coupling_without_memory_keeps_valid_bounds_and_leaks_nothing(counting, n, m):
    """With and without the pattern bound; what memory ends is FEASIBLE with a valid bound."""
    requests, failed, _ = counts(counting, MEC, n=n, m=m)
    assert requests > 5
    assert failed > 5
