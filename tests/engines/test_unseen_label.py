"""A label whose classifier does not know the seed, against all edges of an independent oracle."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree
from mecbopt._core.tree import CompiledSearch
from tests.oracle import best_with_unseen_label, bits

pytestmark = pytest.mark.skipif(not tree.available(), reason="the compiled core is not built")

LABEL = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
TERNARY = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5, LABEL, 0.9, label_sees_seed=False)


def _instance(seed):
    """C from a little below the least H(S|Y) to what the best coupling without a label has."""
    random = np.random.default_rng([78, seed])
    n, m = ((2, 2), (3, 2), (2, 3), (3, 3))[seed % 4]
    p_x, p_y = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m))
    channel = random.dirichlet(np.ones(2 + seed % 3 % 2), size=n)
    rate = random.uniform(0.1, 0.98) * float(bits(p_y).sum())
    _, least = best_with_unseen_label(p_x, p_y, rate, channel, math.inf)
    free = mb.solve(mb.Problem(p_x, p_y, rate, channel)).label_entropy_without_seed
    if free - least < 1e-6:
        free = float(bits(p_x @ channel).sum())
    limit = least + random.uniform(-0.1, 1.0) * (free - least)
    problem = mb.Problem(p_x, p_y, rate, channel, limit, label_sees_seed=False)
    return problem, *best_with_unseen_label(p_x, p_y, rate, channel, limit)


def _has_the_optimum(problem, best, least):
    """Status, value and bounds against the oracle, at the end and after a few nodes."""
    solution = mb.solve(problem)
    if best == -math.inf:
        assert solution.status is mb.Status.INFEASIBLE
        assert solution.smallest_label_entropy == pytest.approx(least, abs=2e-6)
        assert problem.max_label_entropy < solution.smallest_label_entropy_bound <= least + 1e-9
        return
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.label_entropy_without_seed <= problem.max_label_entropy + 1e-10
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-9
    for node_limit in (1, 3):
        cut = mb.solve(problem, node_limit=node_limit)
        cut.check()
        assert cut.upper_bound >= best - 1e-9


@pytest.mark.parametrize("seed", range(24))
def test_the_optimum_is_that_of_all_edges(seed):
    _has_the_optimum(*_instance(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24, 200))
def test_the_optimum_is_that_of_all_edges_200(seed):
    _has_the_optimum(*_instance(seed))


def test_an_optimum_may_lie_inside_an_edge():
    """The limit is met with equality, by one mapping more than a vertex has."""
    solution = mb.solve(TERNARY)
    assert solution.label_entropy_without_seed == pytest.approx(0.9, abs=1e-9)
    assert len(solution.mixture.weights) == 4
    best, _ = best_with_unseen_label(TERNARY.p_x, TERNARY.p_y, 0.5, LABEL, 0.9)
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    # One who knows the seed is told more.
    assert mb.solve(TERNARY.replace(label_sees_seed=True)).mutual_information > best + 1e-3


@pytest.mark.parametrize("limit", [0.895, 0.83, 0.3])
def test_an_infeasible_limit_names_the_smallest(limit):
    """0.895 lies above the least H(S|Y,U), 0.3 below H(S|X)."""
    solution = mb.solve(TERNARY.replace(max_label_entropy=limit))
    assert solution.status is mb.Status.INFEASIBLE
    _, least = best_with_unseen_label(TERNARY.p_x, TERNARY.p_y, 0.5, LABEL, limit)
    assert solution.smallest_label_entropy == pytest.approx(least, abs=2e-6)
    assert solution.smallest_label_entropy_bound <= least
    if limit == 0.3:
        assert solution.smallest_rate is None
    else:
        for rate, exists in ((solution.smallest_rate, True), (solution.smallest_rate - 2e-4, False)):
            best, _ = best_with_unseen_label(TERNARY.p_x, TERNARY.p_y, rate, LABEL, limit + 1e-9)
            assert (best > -math.inf) is exists
    attained = mb.solve(TERNARY.replace(max_label_entropy=solution.smallest_label_entropy))
    attained.check()
    assert attained.status is mb.Status.OPTIMAL


def test_a_limit_that_never_binds_changes_nothing():
    entropy_s = TERNARY.label_entropy
    solution = mb.solve(TERNARY.replace(max_label_entropy=entropy_s))
    free = mb.solve(mb.Problem(TERNARY.p_x, TERNARY.p_y, 0.5))
    assert solution.mutual_information == free.mutual_information
    assert solution.engine == free.engine


def test_equal_letters_and_empty_ones_are_no_matter():
    """Two letters of one mass and one label law, one letter without mass."""
    label = [[0.9, 0.1], [0.3, 0.7], [0.3, 0.7], [0.5, 0.5]]
    problem = mb.Problem([0.4, 0.3, 0.3, 0], [0.5, 0.5], 0.6, label, 0.92, label_sees_seed=False)
    solution = mb.solve(problem)
    solution.check()
    ordered = mb.solve(problem, engine=mb.engines.Tree(symmetry=False))
    best, _ = best_with_unseen_label([0.4, 0.3, 0.3], [0.5, 0.5], 0.6, label[:3], 0.92)
    for found in (solution, ordered):
        assert found.mutual_information == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("size", [1e-2, 1e-3])
@pytest.mark.parametrize("seed", [0, 2])
def test_a_label_that_says_next_to_nothing_is_decided(size, seed):
    """Limits that differ by 1e-9 bits: with a slack of 1e-10 bits in the bounds the gap would stay open."""
    random = np.random.default_rng(seed)
    p_x, p_y = random.dirichlet(np.ones(3)), random.dirichlet(np.ones(2))
    channel = 0.5 + size * random.normal(size=(3, 1)) * [[1, -1]]
    rate = 0.5 * float(bits(p_y).sum())
    _, least = best_with_unseen_label(p_x, p_y, rate, channel, math.inf)
    free = mb.solve(mb.Problem(p_x, p_y, rate, channel)).label_entropy_without_seed
    limit = (least + free) / 2
    best, _ = best_with_unseen_label(p_x, p_y, rate, channel, limit)
    solution = mb.solve(mb.Problem(p_x, p_y, rate, channel, limit, label_sees_seed=False), node_limit=2000)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)


def test_constraints_threads_executors_and_checkpoints_go_with_it(tmp_path):
    random = np.random.default_rng(3)
    p_x, p_y = random.dirichlet(np.ones(4)), random.dirichlet(np.ones(4))
    channel = random.dirichlet(np.ones(2), size=4)
    free = mb.Problem(p_x, p_y, 0.4 * float(bits(p_y).sum()), channel)
    limit = mb.solve(free).label_entropy_without_seed - 0.01
    problem = free.replace(
        max_label_entropy=limit, label_sees_seed=False, constraints=[mb.Agreement(at_least=0.2)]
    )
    whole = mb.solve(problem)
    whole.check()
    assert whole.status is mb.Status.OPTIMAL
    path = tmp_path / "state"
    mb.solve(problem, node_limit=20, checkpoint=path)
    with pytest.raises(mb.ProblemError, match="another problem"):
        mb.solve(problem.replace(label_sees_seed=True), checkpoint=path)
    with ThreadPoolExecutor(2) as executor:
        others = [
            mb.solve(problem, checkpoint=path),
            mb.solve(problem, workers=2),
            mb.solve(problem, executor=executor),
            mb.solve(problem, start=whole.mixture),
        ]
    for other in others:
        other.check()
        assert other.status is mb.Status.OPTIMAL
        assert other.mutual_information == pytest.approx(whole.mutual_information, abs=2e-6)


def test_a_start_outside_the_limit_is_not_taken():
    seen = mb.solve(TERNARY.replace(label_sees_seed=True))
    assert seen.label_entropy_without_seed > 0.9
    solution = mb.solve(TERNARY, start=seen.mixture, node_limit=1)
    solution.check()


@pytest.mark.parametrize("engine", ["highs", "enumeration", "local", "greedy"])
def test_engines_that_would_solve_a_relaxation_refuse(engine):
    with pytest.raises(mb.NotSupportedError, match="does not see the seed"):
        mb.solve(TERNARY, engine=engine)


def test_other_objectives_and_methods_refuse():
    with pytest.raises(mb.NotSupportedError, match="does not see the seed"):
        mb.solve(TERNARY, method="local")
    with pytest.raises(mb.NotSupportedError, match="does not see the seed"):
        mb.solve(TERNARY.replace(distortion=[[0, 1], [1, 0], [1, 1]]))


def test_no_relaxation_lies_above_a_coupling_of_its_box():
    """Boxes around couplings within the limit; H(X,Y) and, as the objective, H(S,Y)."""
    random = np.random.default_rng(9)
    p_x, p_y, channel = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4]), np.array(LABEL)
    for _ in range(30):
        shares = random.dirichlet(np.ones(2), size=3)
        shares[:, 0] += (p_y[0] - p_x @ shares[:, 0]) * random.random()
        coupling = p_x[:, None] * np.column_stack([shares[:, 0].clip(0, 1), 1 - shares[:, 0].clip(0, 1)])
        law = coupling.sum(axis=0)
        joint = float(bits(coupling.T @ channel).sum())
        low, high = coupling * random.random((3, 2)), coupling + 0.2 * random.random((3, 2))
        for objective in (False, True):
            search = CompiledSearch(
                p_x,
                law,
                math.inf,
                channel,
                math.inf,
                max_joint_label_entropy=None if objective else joint,
                joint_slack=1e-12,
                minimise_label_entropy=objective,
            )
            bound = search.relaxation_bound(low, high.clip(0, 1), rounds=2)
            assert bound <= (joint if objective else bits(coupling).sum()) + 1e-9


def test_what_the_search_cannot_take_is_refused():
    half = [0.5, 0.5]
    with pytest.raises(mb.ProblemError, match="needs p_s_given_x"):
        CompiledSearch(half, half, 1.0, max_joint_label_entropy=1.0)
    with pytest.raises(mb.NotSupportedError, match="65 labels"):
        CompiledSearch(half, half, 1.0, np.full((2, 65), 1 / 65), math.inf, max_joint_label_entropy=1.0)
    with pytest.raises(mb.NotSupportedError, match="not traced"):
        CompiledSearch(half, half, 1.0, np.eye(2), math.inf, minimise_label_entropy=True, trace=True)


@pytest.mark.parametrize("laws", [([0.5, 0.5], [1.0]), ([0.5, 0.5], [1.0, 0.0]), ([1.0, 0.0], [0.3, 0.7])])
def test_with_a_single_letter_the_seed_tells_nothing(laws):
    """H(S|Y) = H(S|Y,U) = H(S): the two limits are one."""
    problem = mb.Problem(*laws, 0.3, LABEL[:2], 0.4)
    seen, blind = (mb.solve(problem.replace(label_sees_seed=sees)) for sees in (True, False))
    assert seen.status is blind.status is mb.Status.INFEASIBLE
    assert blind.smallest_label_entropy == seen.smallest_label_entropy
    assert blind.smallest_rate is None
    above = problem.replace(max_label_entropy=problem.label_entropy + 1e-6, label_sees_seed=False)
    assert mb.solve(above).status is mb.Status.OPTIMAL
