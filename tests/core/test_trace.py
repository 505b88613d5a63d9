"""The trace of the compiled search: it changes nothing, costs little, and says what became of every box."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt._core.tree.trace import ROOT, Outcome, Trace
from mecbopt.errors import NotSupportedError, ProblemError
from tests.instances import dirichlet_marginals
from tests.oracle import bits


def search(letters, seed, share=0.3, **more):
    p_x, p_y = dirichlet_marginals(letters, letters, seed)
    start = ([[y] * letters for y in range(letters)], p_y)
    return CompiledSearch(p_x, p_y, share * float(bits(p_y).sum()), start=start, **more)


def traced(tree, letters):
    trace = Trace(letters**2, 2 * letters**2 + letters + 2 + len(tree.order))
    trace.read(tree.take_trace())
    return trace


@pytest.mark.parametrize("slice_of", [None, 7])
def test_a_traced_search_is_the_same_search(slice_of):
    """Nodes, programs, pivots, bound and incumbent; however it is sliced."""
    plain, kept = search(4, 1), search(4, 1, trace=True)
    plain.run()
    parts = []
    while not kept.finished and kept.entropy_lower_bound < kept.incumbent_entropy - 1e-6:
        kept.run(nodes=slice_of)
        parts.append(kept.take_trace())
    for figure in ("nodes", "lps", "pivots", "entropy_lower_bound", "incumbent_entropy"):
        assert getattr(plain, figure) == getattr(kept, figure), figure
    once = search(4, 1, trace=True)
    once.run()
    assert np.array_equal(np.concatenate(parts), once.take_trace())
    assert len(once.take_trace()) == len(plain.take_trace()) == 0


def test_every_box_has_a_parent_and_an_outcome():
    """Children belong to open boxes; a bounded one has a relaxation above the cutoff, an open one a split."""
    letters, gap = 4, 1e-6
    tree = search(letters, 2, trace=True)
    tree.run(gap=gap)
    sides = traced(tree, letters).sides
    assert len(sides) > 100
    assert sides[ROOT].outcome is Outcome.OPEN
    opened = {side.node: side for side in sides.values() if side.outcome is Outcome.OPEN}
    for (parent, branch), side in sides.items():
        assert (parent, branch) == ROOT or (parent in opened and branch in (0, 1))
        assert side.outcome is not None
        if side.outcome is Outcome.BOUNDED:
            assert max(relaxation.bound for relaxation in side.relaxations) > tree.incumbent_entropy - gap
        if side.outcome is Outcome.OPEN:
            assert 0 <= side.cell < letters**2
            assert 0 < side.point < 1
        for relaxation in side.relaxations:
            jensen = relaxation.multipliers[letters**2 + letters + 2 : 2 * letters**2 + letters + 2]
            assert np.all((jensen >= -1) & (jensen <= 0))
            assert np.all(relaxation.touch_from <= relaxation.touch_to)


def test_a_box_of_the_caller_is_bounded_like_one_of_the_search():
    """Bounded above a low cutoff, open with a split below a high one; the search's own bound stays."""
    letters = 3
    tree = search(letters, 1, trace=True)
    tree.run()
    bound, best = tree.entropy_lower_bound, tree.incumbent_entropy
    tree.take_trace()
    p_x, p_y = dirichlet_marginals(letters, letters, 1)
    root = np.zeros((letters, letters)), np.minimum(*np.meshgrid(p_y, p_x))
    tree.bound_box(*root, 0.0)
    assert traced(tree, letters).sides[ROOT].outcome is Outcome.BOUNDED
    tree.bound_box(*root, best - 1e-9)
    assert traced(tree, letters).sides[ROOT].outcome is Outcome.OPEN
    tree.bound_box(root[0], root[1] / 10, best)
    assert traced(tree, letters).sides[ROOT].outcome is Outcome.EMPTY
    assert (tree.entropy_lower_bound, tree.incumbent_entropy) == (bound, best)
    with pytest.raises(ProblemError, match="shape"):
        tree.bound_box(root[0][:2], root[1], best)


def test_the_order_is_that_of_exchangeable_letters():
    tree = CompiledSearch([0.25, 0.25, 0.5], [0.5, 0.5], 0.5)
    assert tree.order == [(0, 1), (0, 2), (0, 3)]
    assert CompiledSearch([0.2, 0.3, 0.5], [0.4, 0.6], 0.5).order == []


def test_root_tightening_is_not_traced():
    with pytest.raises(NotSupportedError, match="root_tightening"):
        search(3, 1, trace=True, settings=Settings(root_tightening=True))


def test_tracing_costs_at_most_half_the_time_more():
    """Processor time of the same searches, interleaved; the median of the ratios."""
    ratios = []
    for _ in range(7):
        times = []
        for trace in (False, True):
            started = time.process_time()
            for seed in range(3):
                search(4, seed, trace=trace).run()
            times.append(time.process_time() - started)
        ratios.append(times[1] / times[0])
    assert statistics.median(ratios) < 1.5
