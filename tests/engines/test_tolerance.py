"""A law of Y within a tolerance: equal to every basis, with bounds that hold at every stop."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import mecbopt as mb
from tests.engines.tolerance_oracle import (
    greatest_information,
    greatest_information_unseen,
    label_values,
    least_distortion,
    mappings_of,
)

#: Shapes and how many of the 200 instances they get; 3x3 takes a second each.
QUICK = [((2, 2), 20), ((3, 2), 20), ((2, 3), 8)]
SLOW = [((2, 2), 40), ((3, 2), 60), ((2, 3), 32), ((3, 3), 20)]


def instance(shape, seed):
    """A problem, and its rows for the oracle: the rate, and in two of three instances a label."""
    n, m = shape
    random = np.random.default_rng([n, m, seed])
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    eps = float(random.choice([0.0005, 0.01, 0.1, 0.4]))
    rate = random.uniform(0.1, 1.0) * math.log2(m)
    limits = [(mappings_of(p_x, m)[1], rate)]
    problem = mb.Problem(p_x, p_y, rate, p_y_tolerance=eps)
    if seed % 3 and shape != (3, 3):
        channel = random.dirichlet(np.full(2, 0.5), size=n)
        values = label_values(p_x, m, channel)
        least, most = values.min(), values.max()
        label = float(random.uniform(least - 0.1 * (most - least), most))
        label = max(label, 0.0)
        limits.append((values, label))
        problem = problem.replace(p_s_given_x=channel, max_label_entropy=label)
    return problem, (p_x, p_y, eps, limits)


def instances(counts, first=0):
    return [(shape, seed) for shape, count in counts for seed in range(first, first + count)]


def check_against_the_oracle(shape, seed):
    problem, stated = instance(shape, seed)
    best = greatest_information(*stated)
    solution = mb.solve(problem)
    solution.check(1e-9)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
        assert solution.smallest_label_entropy > problem.max_label_entropy
        return False
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-9
    assert len(solution.mixture) <= shape[1] + 1 + problem.has_label_constraint
    for nodes in (0, 1, 4, 17):
        stopped = mb.solve(problem, node_limit=nodes)
        stopped.check(1e-9)
        assert stopped.mutual_information <= best + 1e-9
        assert stopped.upper_bound >= best - 1e-9
    return True


def test_it_equals_every_basis():
    found = [check_against_the_oracle(shape, seed) for shape, seed in instances(QUICK)]
    assert 3 < found.count(False) < len(found) / 2


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "seed"), instances(SLOW, first=100))
def test_it_equals_every_basis_at_length(shape, seed):
    check_against_the_oracle(shape, seed)


@pytest.mark.parametrize("seed", range(12))
def test_the_least_distortion_equals_one_linear_program(seed):
    shape = [(2, 3), (3, 2), (3, 3)][seed % 3]
    problem, stated = instance(shape, seed)
    distortion = np.random.default_rng(seed).random(shape)
    solution = mb.solve(problem.replace(distortion=distortion))
    solution.check(1e-9)
    least = least_distortion(*stated, distortion)
    if least == math.inf:
        assert solution.status is mb.Status.INFEASIBLE
    else:
        assert solution.status is mb.Status.OPTIMAL
        assert solution.objective == pytest.approx(least, abs=1e-7)
        assert solution.objective_bound <= least + 1e-9


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed > 5 else []) for seed in range(12)]
)
def test_a_label_without_the_seed_equals_every_edge(seed):
    """Its limit is reverse convex: the optimum lies on an edge of the polytope, the least C at a vertex."""
    shape = [(2, 2), (3, 2)][seed % 2]
    problem, (p_x, p_y, eps, limits) = instance(shape, 3 * seed)
    channel = np.random.default_rng(seed).dirichlet(np.full(2, 0.5), size=shape[0])
    problem = problem.replace(p_s_given_x=channel, label_sees_seed=False)
    nothing = mb.solve(problem.replace(max_label_entropy=0.0))
    least, free = nothing.smallest_label_entropy, mb.solve(problem)
    assert greatest_information_unseen(p_x, p_y, eps, limits, channel, least - 1e-6) == -math.inf
    assert greatest_information_unseen(p_x, p_y, eps, limits, channel, least + 1e-6) > -math.inf
    most = least + max(1e-6, 0.5 * (free.label_entropy_without_seed - least))
    best = greatest_information_unseen(p_x, p_y, eps, limits, channel, most)
    solution = mb.solve(problem.replace(max_label_entropy=most))
    solution.check(1e-9)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    for nodes in (0, 3):
        stopped = mb.solve(problem.replace(max_label_entropy=most), node_limit=nodes)
        assert stopped.upper_bound >= best - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_beside_a_linear_constraint_it_equals_every_basis(seed):
    """A forbidden cell and a cost cap are a row each of the oracle."""
    problem, (p_x, p_y, eps, limits) = instance((3, 2), 3 * seed)
    cells, _ = mappings_of(p_x, 2)
    cost = np.random.default_rng(seed).random((3, 2))
    cap = float((cost * np.outer(p_x, p_y)).sum())
    rows = [(cells[:, 0, 1], 0.0), ((cells * cost).sum(axis=(1, 2)), cap)]
    best = greatest_information(p_x, p_y, eps, [*limits, *rows])
    solution = mb.solve(problem.replace(constraints=[mb.Forbidden([(0, 1)]), mb.CostCap(cost, at_most=cap)]))
    solution.check(1e-9)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
    else:
        assert solution.status is mb.Status.OPTIMAL
        assert solution.mutual_information == pytest.approx(best, abs=1e-6)


def test_a_wider_tolerance_gives_no_less_and_none_gives_the_same():
    """V rises with eps, from that of the law itself to that of a free law."""
    law = mb.Problem([0.4, 0.35, 0.25], [0.5, 0.3, 0.2], rate=0.6)
    values = [
        mb.solve(law.replace(p_y_tolerance=eps)).mutual_information for eps in (0, 1e-6, 0.02, 0.1, 0.5, 1)
    ]
    assert values[1] == pytest.approx(values[0], abs=1e-4)
    assert all(wide >= narrow - 1e-6 for narrow, wide in itertools.pairwise(values))
    free = mb.solve(mb.Problem(law.p_x, y_size=3, rate=0.6))
    assert values[-1] == pytest.approx(free.mutual_information, abs=1e-6)


def test_letters_without_mass_may_get_some():
    """A letter of p_Y without mass is one of Y all the same; one of X without mass is carried along."""
    problem = mb.Problem([0.5, 0.0, 0.5], [0.5, 0.5, 0.0], rate=0.9, p_y_tolerance=0.2)
    solution = mb.solve(problem)
    solution.check(1e-9)
    assert solution.coupling.sum(axis=0)[2] > 0.05
    # A letter of Y that says which mapping was used makes the whole rate count: I = R.
    assert solution.mutual_information == pytest.approx(0.9, abs=1e-6)
    without = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], rate=0.9, p_y_tolerance=0.2))
    assert without.mutual_information < 0.9 - 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_the_tree_agrees_with_the_pairs_of_a_free_law(seed):
    """Two engines that share no bound; neither a law nor a tolerance is given."""
    random = np.random.default_rng(seed)
    m = 2 + seed % 2
    # Below this rate a letter that is left free makes the whole rate count, and there is nothing to search.
    problem = mb.Problem(
        random.dirichlet(np.ones(4)), y_size=m, rate=math.log2(m) * random.uniform(0.7, 0.95)
    )
    by_pairs, by_tree = (mb.solve(problem, engine=name) for name in ("free_law", "compiled"))
    for solution in (by_pairs, by_tree):
        solution.check(1e-9)
        assert solution.status is mb.Status.OPTIMAL
    assert by_tree.mutual_information == pytest.approx(by_pairs.mutual_information, abs=1e-6)


@pytest.mark.parametrize("method", ["local", "greedy"])
def test_methods_without_a_proof_stay_below_the_optimum(method):
    for seed in range(2):
        problem, _ = instance((3, 3), seed)
        optimum = mb.solve(problem)
        found = mb.solve(problem, method=method)
        found.check(1e-9)
        assert found.status is mb.Status.FEASIBLE
        assert found.mutual_information <= optimum.upper_bound + 1e-9
        assert found.upper_bound >= optimum.mutual_information - 1e-9
        if method == "local":
            assert found.mutual_information >= optimum.mutual_information - 1e-6


def test_privacy_and_convex_sets_go_with_it():
    channel = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
    problem = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.8, channel, p_y_tolerance=0.05, min_label_entropy=0.9)
    free = mb.solve(problem.replace(min_label_entropy=None))
    assert free.label_entropy_without_seed < 0.9
    solution, fixed = mb.solve(problem), mb.solve(problem.replace(p_y_tolerance=0))
    solution.check(1e-9)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.label_entropy_without_seed >= 0.9 - 1e-9
    assert fixed.mutual_information + 1e-3 < solution.mutual_information < free.mutual_information - 1e-3


def test_many_workers_and_checkpoints_find_the_same(tmp_path):
    random = np.random.default_rng(3)
    problem = mb.Problem(
        random.dirichlet(np.ones(5)), random.dirichlet(np.ones(4)), rate=0.5, p_y_tolerance=0.01
    )
    alone = mb.solve(problem)
    assert alone.status is mb.Status.OPTIMAL
    assert mb.solve(problem, workers=2).mutual_information == pytest.approx(
        alone.mutual_information, abs=2e-6
    )
    path = tmp_path / "state"
    mb.solve(problem, node_limit=20, checkpoint=path)
    assert mb.solve(problem, checkpoint=path).mutual_information == pytest.approx(
        alone.mutual_information, abs=2e-6
    )
    with pytest.raises(mb.ProblemError, match="another problem"):
        mb.solve(problem.replace(p_y_tolerance=0.02), checkpoint=path)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            {
                "p_s_given_x": [[0.9, 0.1], [0.2, 0.8]],
                "max_label_entropy": 0.7,
                "min_label_entropy": 0.2,
                "label_sees_seed": False,
            },
            "does not see the seed",
        ),
        ({"p_x": [0.5, 0.5], "p_y": [1 / 11] * 11}, "p_y_tolerance.*merge letters of Y"),
    ],
)
def test_what_does_not_go_with_it_is_named(arguments, name):
    problem = mb.Problem(
        **{"p_x": [0.5, 0.5], "p_y": [0.5, 0.5], "rate": 0.5, "p_y_tolerance": 0.1, **arguments}
    )
    with pytest.raises(mb.NotSupportedError, match=name):
        mb.solve(problem)


def test_engines_that_need_a_law_say_so():
    problem = mb.Problem([0.4, 0.6], [0.3, 0.7], rate=0.5, p_y_tolerance=0.1)
    for name in ("highs", "enumeration", "chains", "low_rate"):
        with pytest.raises(mb.NotSupportedError, match="conditional_entropy"):
            mb.solve(problem, engine=name)
