"""Local search, compiled and in Python: feasible vertices, determinism, limits, and optima it must find."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree as compiled
from mecbopt.engines.descent import Descent
from mecbopt.engines.feasibility import examine, first_incumbent
from mecbopt.engines.greedy import greedy
from mecbopt.engines.pivots import PivotDescent
from mecbopt.engines.vertex import limit_rows
from mecbopt.formulation import presolve
from tests.instances import dirichlet_marginals, random_instance
from tests.oracle import best_over_all_bases, best_over_basis_graph, polytope

KINDS = [Descent, *([PivotDescent] if compiled.available() else [])]
needs_core = pytest.mark.skipif(not compiled.available(), reason="the compiled core is not built")


def instance_of(problem):
    """The presolved instance of a problem."""
    return presolve(problem).formulation


def dirichlet_problem(letters, seed, share):
    """Random marginals with R a share of H(Y)."""
    problem = mb.Problem(*dirichlet_marginals(letters, letters, seed))
    return problem.replace(rate=share * problem.entropy_y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", ["none", "feasible"])
def test_results_are_feasible_vertices_with_few_mappings(kind, label):
    for seed in range(6):
        drawn = random_instance(4, 3, seed, label)
        problem = mb.Problem(drawn.p_x, drawn.p_y, drawn.rate, drawn.channel, drawn.limit)
        instance = instance_of(problem)
        start = examine(instance).incumbent
        best = kind(instance, start, seed=seed).run(5)
        limits, bounds = limit_rows(instance, best.mappings)
        assert np.all(limits @ best.weights <= bounds + 1e-9)
        assert np.abs(instance.output_laws(best.mappings).T @ best.weights - instance.p_y).max() <= 1e-11
        assert len(best) <= instance.vertex_size
        assert best.cost <= start.cost
        assert best.cost == pytest.approx(instance.cost(best.mappings, best.weights))


@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (2, 4)])
def test_optima_of_tiny_instances_are_found(shape):
    for seed in range(6):
        drawn = random_instance(*shape, seed)
        optimum = best_over_all_bases(polytope(drawn.p_x, drawn.p_y, drawn.rate))
        found = mb.solve(mb.Problem(drawn.p_x, drawn.p_y, drawn.rate), method="local").mutual_information
        # The oracle of a rate that cannot bind has the same optimum; it too is a vertex.
        assert found == pytest.approx(optimum, abs=1e-6)


def test_optima_with_a_label_are_found():
    for seed in range(4):
        drawn = random_instance(3, 3, seed, "feasible")
        body = polytope(drawn.p_x, drawn.p_y, drawn.rate, drawn.channel, drawn.limit)
        problem = mb.Problem(drawn.p_x, drawn.p_y, drawn.rate, drawn.channel, drawn.limit)
        solution = mb.solve(problem, method="local")
        solution.check()
        assert solution.mutual_information == pytest.approx(best_over_basis_graph(body), abs=1e-6)


@needs_core
def test_nearly_all_optima_of_random_instances_are_found():
    """At least 95% of 20 optima at 4x4 within 1e-6 bits; benchmarks/local_search.py has the full sample."""
    hits = 0
    for seed in range(20):
        problem = dirichlet_problem(4, seed, (0.1, 0.3, 0.5, 0.7, 1.0)[seed % 5])
        optimum = mb.solve(problem)
        assert optimum.status is mb.Status.OPTIMAL
        found = mb.solve(problem, method="local").mutual_information
        assert found <= optimum.upper_bound + 1e-9
        hits += found >= optimum.mutual_information - 1e-6
    assert hits >= 19


@needs_core
@pytest.mark.parametrize(
    ("letters", "rate_share"), [(2, 0.3), (3, 0.3), (3, 0.6), (2, 1.0), (4, 1.0), (6, 1.0)]
)
def test_equal_masses_do_not_trap_the_pivots(letters, rate_share):
    """Uniform marginals make vertices degenerate; at R = H(Y) the identity carries log2 n bits."""
    uniform = np.full(letters, 1 / letters)
    problem = mb.Problem(uniform, uniform, rate=rate_share * math.log2(letters))
    solution = mb.solve(problem, method="local")
    solution.check()
    if rate_share == 1.0:
        assert solution.mutual_information == pytest.approx(math.log2(letters), abs=1e-9)
    else:
        exact = mb.solve(problem)
        assert exact.status is mb.Status.OPTIMAL
        assert solution.mutual_information == pytest.approx(exact.mutual_information, abs=1e-6)


@needs_core
def test_results_do_not_depend_on_slicing_and_repeat_with_the_seed():
    instance = instance_of(dirichlet_problem(5, 3, 0.5))
    start = greedy(instance, first_incumbent(instance))
    at_once = PivotDescent(instance, start, seed=7).run(60)
    sliced = PivotDescent(instance, start, seed=7)
    sliced_slices = 0
    while sliced.starts <= 60:
        sliced._search.run(61, 10**12, 0.0)
        sliced_slices += 1
    assert sliced_slices > 60
    again = sliced.run(60)
    assert np.array_equal(at_once.mappings, again.mappings)
    assert np.array_equal(at_once.weights, again.weights)


@needs_core
def test_a_limit_of_candidates_ends_the_search():
    instance = instance_of(dirichlet_problem(8, 0, 0.3))
    search = PivotDescent(instance, first_incumbent(instance))
    search.run(10**6, candidates=5000)
    assert 5000 <= search.candidates < 6000
    assert search.best.cost < first_incumbent(instance).cost


@pytest.mark.parametrize("letters", [16, 32])
def test_large_alphabets_keep_to_the_time_limit_and_improve(letters):
    problem = dirichlet_problem(letters, 0, 0.3)
    begin = time.perf_counter()
    solution = mb.solve(problem, method="local", time_limit=1.0)
    assert time.perf_counter() - begin < 10.0
    solution.check()
    assert solution.stop_reason is mb.StopReason.TIME_LIMIT
    assert solution.mutual_information > mb.solve(problem, method="greedy").mutual_information
    assert len(solution.mixture) <= letters + 1


def test_the_greedy_start_survives_rounding_of_cumulative_sums():
    """Sums that end one rounding below 1 once sent a letter past the last one."""
    for seed in range(20):
        instance = instance_of(dirichlet_problem(16, seed, 1.0))
        start = first_incumbent(instance)
        assert greedy(instance, start).cost <= start.cost
