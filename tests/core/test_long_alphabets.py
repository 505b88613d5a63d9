"""Beyond twelve letters of X: wider masks, tables in chunks, pricing by moves before the exact one."""

from __future__ import annotations

import itertools

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


@pytest.mark.parametrize(("shape", "labels"), [((15, 2), 2), ((13, 3), 0), ((9, 4), 3)])
def test_a_relaxation_is_worth_what_highs_says(shape, labels):
    """Secants and whole-curve Jensen rows over all m^n mappings, by two solvers and two ways of pricing."""
    p_x, p_y = dirichlet_marginals(*shape, 3)
    rate = 0.4 * float(bits(p_y).sum())
    channel = limit = None
    if labels:
        channel = np.random.default_rng(4).dirichlet(np.ones(labels), size=shape[0])
        limit = 0.99 * float(bits(p_x @ channel).sum())
    lower, upper = box_about_independence(p_x, p_y, 0.6, 5)
    search = CompiledSearch(
        p_x, p_y, rate, channel, limit, settings=Settings(symmetry=False, random_starts=0)
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
