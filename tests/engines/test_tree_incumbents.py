"""Turns of the local search beside the compiled tree."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree as compiled
from mecbopt.engines import tree_incumbents, tree_search, tree_threads
from mecbopt.engines.feasibility import first_incumbent
from mecbopt.engines.tree_incumbents import LocalTurns
from mecbopt.formulation import presolve
from tests.instances import dirichlet_marginals

pytestmark = pytest.mark.skipif(not compiled.available(), reason="the compiled core is not built")


def problem_of(letters, seed, share=0.5):
    """Random marginals with R a share of H(Y)."""
    problem = mb.Problem(*dirichlet_marginals(letters, letters, seed))
    return problem.replace(rate=share * problem.entropy_y)


def without_turns(monkeypatch):
    """The tree alone."""
    monkeypatch.setattr(LocalTurns, "serve", staticmethod(lambda formulation: False))


@pytest.fixture
def early(monkeypatch):
    """Turns sixteen times as early as by default: at 6x6 after 59 nodes."""
    monkeypatch.setattr(tree_incumbents, "_FIRST_TURN_STEPS", 1 << 18)


def test_a_turn_finds_better_incumbents_than_the_tree(monkeypatch):
    """7x7 at half of H(Y): the values of the same 300 nodes with the first turn and without."""
    problems = [problem_of(7, seed) for seed in (0, 1)]
    found = [mb.solve(problem, node_limit=300).mutual_information for problem in problems]
    without_turns(monkeypatch)
    alone = [mb.solve(problem, node_limit=300).mutual_information for problem in problems]
    assert np.all(np.array(found) >= np.array(alone) - 1e-9)
    assert np.mean(found) > np.mean(alone) + 1e-3


@pytest.mark.parametrize(("letters", "most"), [((20, 2), 1.0), ((16, 3), 4.0)])
def test_a_turn_on_long_alphabets_ends(letters, most):
    """It was as long as pricing over all parts of all sets would be: hours at 20x2, while the tree waited."""
    problem = mb.Problem(*dirichlet_marginals(*letters, 0))
    formulation = presolve(problem.replace(rate=0.5 * problem.entropy_y)).formulation
    turns, used = LocalTurns(formulation, 0), time.process_time()
    while turns.advance(first_incumbent(formulation), 0.1) is None:
        assert time.process_time() - used < most


@pytest.mark.usefixtures("early")
def test_the_tree_goes_the_same_way_however_it_is_sliced(monkeypatch):
    problem = problem_of(6, 1)
    solutions = []
    for seconds in (0.001, 0.2):
        monkeypatch.setattr(tree_search, "_SLICE_SECONDS", seconds)
        solutions.append(mb.solve(problem, node_limit=300))
    assert solutions[0].mutual_information == solutions[1].mutual_information
    assert solutions[0].upper_bound == solutions[1].upper_bound
    assert solutions[0].nodes == solutions[1].nodes


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("label", [False, True])
def test_the_optimum_is_that_of_the_tree_alone(monkeypatch, label):
    """With a label the tree's limits are relaxed, and the vertices of the local search are not."""
    problem = problem_of(5, 3, 0.3)
    if label:
        channel = np.random.default_rng(5).dirichlet(np.ones(3), size=5)
        problem = problem.replace(p_s_given_x=channel)
        least = mb.solve(problem.replace(max_label_entropy=0.0)).smallest_label_entropy
        problem = problem.replace(max_label_entropy=least + 0.02)
    turns = []
    advance = LocalTurns.advance
    monkeypatch.setattr(LocalTurns, "advance", lambda *a, **k: turns.append(0) or advance(*a, **k))
    solution = mb.solve(problem)
    solution.check()
    assert turns
    without_turns(monkeypatch)
    alone = mb.solve(problem)
    assert solution.status is alone.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(alone.mutual_information, abs=1.1e-6)


@pytest.mark.usefixtures("early")
def test_threads_and_executors_have_turns(monkeypatch):
    """The calling thread has them; value and status are those of one thread."""
    # A turn falls due between two slices: this tree is done in one of a quarter of a second.
    monkeypatch.setattr(tree_threads, "_SLICE_SECONDS", 0.02)
    turns = []
    advance = LocalTurns.advance

    def counted(self, *arguments, at_once=False):
        turns.append(at_once)
        return advance(self, *arguments, at_once=at_once)

    monkeypatch.setattr(LocalTurns, "advance", counted)
    problem = problem_of(5, 3, 0.3)
    alone = mb.solve(problem)
    assert not any(turns)
    with ThreadPoolExecutor(2) as executor:
        for options in ({"workers": 2}, {"executor": executor, "workers": 2}):
            turns.clear()
            solution = mb.solve(problem, **options)
            assert any(turns), options
            assert solution.status is mb.Status.OPTIMAL
            assert solution.mutual_information == pytest.approx(alone.mutual_information, abs=1.1e-6)


def test_a_tree_that_is_taken_up_has_no_turns_again():
    """The first is due at 274 nodes at 7x7, and each at twice the count of the one before."""
    formulation = mb.formulation.presolve(problem_of(7, 0)).formulation
    turns = LocalTurns(formulation, 0)
    assert turns.due == 2**22 // (7 * 3**7)
    turns.skip_to(10 * turns.due)
    assert turns.due == 16 * (2**22 // (7 * 3**7))
