"""Beyond twelve letters of X: wider masks, tables in chunks, pricing by moves before the exact one."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core.tree import CompiledSearch, Settings, takes
from mecbopt.engines.branch_and_bound.boxes import Box
from mecbopt.engines.branch_and_bound.relaxation import NodeRelaxation
from mecbopt.formulation import Formulation
from tests.instances import dirichlet_marginals
from tests.oracle import bits


def box_about_independence(p_x, p_y, share, seed):
    """A box that holds the independent coupling, with cells from 0 on and cells away from it."""
    random = np.random.default_rng(seed)
    center, widest = np.outer(p_x, p_y), np.minimum.outer(p_x, p_y)
    lower = center * random.uniform(0, share, center.shape) * random.integers(0, 2, center.shape)
    upper = center + (widest - center) * random.uniform(0.3, 1, center.shape)
    return lower, upper


@pytest.mark.parametrize(
    ("shape", "labels"), [((15, 2), 2), ((13, 3), 0), ((9, 4), 3), ((6, 4), 2), ((3, 3), 0)]
)
def test_a_relaxation_is_worth_what_highs_says(shape, labels):
    """Secants and whole-curve Jensen rows over all m^n mappings, by two solvers and all tables."""
    p_x, p_y = dirichlet_marginals(*shape, 3)
    rate = 0.4 * float(bits(p_y).sum())
    channel = limit = None
    if labels:
        channel = np.random.default_rng(4).dirichlet(np.ones(labels), size=shape[0])
        limit = 0.99 * float(bits(p_x @ channel).sum())
    lower, upper = box_about_independence(p_x, p_y, 0.6, 5)
    search = CompiledSearch(
        p_x,
        p_y,
        rate,
        channel,
        limit,
        settings=Settings(symmetry=False, random_starts=0, sweep_letters=99),
    )
    mine = search.relaxation_bound(lower, upper)
    formulation = Formulation.of(p_x, p_y, rate, channel, np.inf if limit is None else limit)
    other = NodeRelaxation(formulation).bound(Box(lower, upper)).lower_bound
    assert mine == pytest.approx(other, abs=2e-8)


def test_the_tree_holds_what_the_chains_prove_on_thirteen_letters():
    """The optimum, by boxes of masses, lies between value and bound of the boxes of couplings, which rise."""
    p_x, p_y = dirichlet_marginals(13, 2, 1)
    problem = mb.Problem(p_x, p_y, 0.7 * float(bits(p_y).sum()))
    chains = mb.solve(problem, engine="chains", gap=1e-4)
    assert chains.status is mb.Status.OPTIMAL
    bounds = [problem.rate]
    for nodes in (1, 20):
        tree = mb.solve(problem, engine="compiled", node_limit=nodes)
        assert tree.mutual_information <= chains.upper_bound + 1e-9
        assert tree.upper_bound >= chains.mutual_information - 1e-9
        assert tree.upper_bound < bounds[-1]
        bounds.append(tree.upper_bound)


def test_twenty_letters_are_told_apart():
    """Mappings that differ in the last letter alone are different columns."""
    p_x, p_y = np.full(20, 0.05), np.array([0.5, 0.5])
    mappings = np.zeros((4, 20), dtype=np.int32)
    mappings[0, 19] = mappings[1, :19] = mappings[2, 18] = mappings[3, :18] = mappings[3, 19] = 1
    search = CompiledSearch(p_x, p_y, 1.0, start=(mappings, np.full(4, 0.25)))
    found, weights = search.incumbent_mixture
    assert sorted(map(tuple, found)) == sorted(map(tuple, mappings))
    assert weights == pytest.approx(np.full(4, 0.25))


def test_which_alphabets_are_taken():
    """Every pair of up to twelve letters, and beyond only what exact pricing can do."""
    assert all(takes(n, m) for n, m in itertools.product(range(2, 13), repeat=2))
    assert [max(m for m in range(2, 13) if takes(n, m)) for n in range(13, 21)] == [11, 10, 5, 3, 2, 2, 2, 2]
    assert not takes(21, 2)
    assert not takes(2, 13)
    assert not takes(1, 2)


def twenty_letters(labels):
    """20x2 with a label that has many values."""
    p_x, p_y = dirichlet_marginals(20, 2, 2)
    channel = np.random.default_rng(5).dirichlet(np.ones(labels), size=20)
    limit = 0.97 * float(bits(p_x @ channel).sum())
    return p_x, p_y, 0.5 * float(bits(p_y).sum()), channel, limit


def test_twenty_letters_are_set_up_and_broken_off_within_a_second():
    """A million sets with 16 values of the label; who asks a search to stop waits for less than a second."""
    began = time.process_time()
    CompiledSearch(*twenty_letters(16))
    assert time.process_time() - began < 1.0
    search = CompiledSearch(*twenty_letters(2))
    for seconds in (0.0, 0.3):
        until = time.process_time() + seconds
        search.run(gap=1e-6, stop=lambda until=until: time.process_time() > until)
        assert 0.0 < time.process_time() - until < 1.0
        assert search.entropy_lower_bound <= search.incumbent_entropy


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twenty_letters_take_less_than_a_hundred_megabytes():
    def resident_megabytes():
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / 2**20

    before = resident_megabytes()
    search = CompiledSearch(*twenty_letters(2))
    search.run(nodes=1, gap=1e-6)
    assert resident_megabytes() - before < 100
    assert search.lps > 0


def test_a_time_limit_holds_with_twenty_letters():
    """`solve` with all that it does before the tree."""
    p_x, p_y, rate, channel, limit = twenty_letters(2)
    problem = mb.Problem(p_x, p_y, rate, p_s_given_x=channel, max_label_entropy=limit)
    began = time.process_time()
    solution = mb.solve(problem, time_limit=1.0)
    assert time.process_time() - began < 2.0
    assert solution.mixture is not None
    assert solution.engine == "compiled"
