"""Convex limits and privacy: equal to the ends of an interval at 2x2, valid at every stop, clear refusals."""

from __future__ import annotations

import math

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from tests.oracle import bits

#: Ten in every run, forty in all.
SEEDS = [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 40))]
LABEL = np.array([[0.9, 0.1], [0.25, 0.75]])


def information(joint):
    """I(X;Y), bits."""
    return bits(joint.sum(axis=0)).sum() + bits(joint.sum(axis=1)).sum() - bits(joint).sum()


def label_entropy(joint, label):
    """H(S|Y), bits."""
    seen = joint.T @ label
    return bits(seen).sum() - bits(seen.sum(axis=1)).sum()


def best_of_two_ends(a, b, rate, holds):
    """The greater I of the two ends of the couplings of two bits that spend the rate at most and hold.

    A coupling is the independent one plus delta a (1-a) [[1, -1], [-1, 1]]; its least rate is |delta| h(a)
    (theory, section 3), and a convex set that holds the independent coupling cuts an interval about 0 out.
    """
    independent = np.outer([1 - a, a], [1 - b, b])
    direction = a * (1 - a) * np.array([[1.0, -1.0], [-1.0, 1.0]])
    best = 0.0
    for sign in (1.0, -1.0):
        low, high = 0.0, min(1.0, rate / float(bits([a, 1 - a]).sum()))
        for _ in range(60):
            middle = 0.5 * (low + high)
            joint = independent + sign * middle * direction
            low, high = (middle, high) if joint.min() >= 0 and holds(joint) else (low, middle)
        best = max(best, information(independent + sign * low * direction))
    return best


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_of_two_bits_equals_its_ends(seed):
    a, b, share, size = np.random.default_rng([1, seed]).uniform(0.05, 0.95, 4)
    independent = np.outer([1 - a, a], [1 - b, b])
    rate = share * float(bits([b, 1 - b]).sum())
    radius = size * 0.1 * a * (1 - a)
    ball = mb.Problem(
        [1 - a, a], [1 - b, b], rate, constraints=[lambda P: cvxpy.norm(P - independent, "fro") <= radius]
    )
    solution = mb.solve(ball)
    solution.check(1e-9)
    best = best_of_two_ends(a, b, rate, lambda joint: np.linalg.norm(joint - independent) <= radius)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.engine == "convex"
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_privacy_of_two_bits_equals_its_ends(seed):
    random = np.random.default_rng([2, seed])
    a, b, share, secret = random.uniform(0.05, 0.95, 4)
    label = random.dirichlet(np.ones(3), 2)
    rate = share * float(bits([b, 1 - b]).sum())
    problem = mb.Problem([1 - a, a], [1 - b, b], rate, label)
    told = mb.solve(problem).label_entropy_without_seed
    least = told + secret * (problem.label_entropy - told)
    solution = mb.solve(problem.replace(min_label_entropy=least))
    solution.check(1e-9)
    best = best_of_two_ends(a, b, rate, lambda joint: label_entropy(joint, label) >= least)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.label_entropy_without_seed >= least - 1e-9
    assert solution.mutual_information == pytest.approx(best, abs=1e-6)
    assert solution.upper_bound >= best - 1e-9


def _ball(size=3, seed=4, share=0.5):
    random = np.random.default_rng(seed)
    p_x, p_y = random.dirichlet(np.ones(size)), random.dirichlet(np.ones(size))
    independent = np.outer(p_x, p_y)
    problem = mb.Problem(p_x, p_y, share * float(bits(p_y).sum()))
    radius = 0.7 * float(np.linalg.norm(mb.solve(problem).coupling - independent))
    return problem.replace(constraints=[lambda P: cvxpy.norm(P - independent, "fro") <= radius])


def test_no_feasible_mixture_is_above_the_bound():
    problem = _ball()
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    free = problem.replace(constraints=[])
    assert solution.mutual_information < mb.solve(free).mutual_information
    random = np.random.default_rng(0)
    constants = np.repeat(np.arange(3)[:, None], 3, axis=1)
    for _ in range(300):  # vertices of the mixtures, and ways from the independent coupling to them
        vertex = mb.solve(free, method="local", seed=int(random.integers(1000)), node_limit=0).mixture
        share = random.random()
        mixture = mb.Mixture(
            np.vstack([vertex.mappings, constants]),
            np.concatenate([share * vertex.weights, (1 - share) * problem.p_y]),
        )
        joint = mixture.coupling(problem.p_x, 3)
        if float(problem.constraints[0](cvxpy.Constant(joint)).violation()) <= 0.0:
            assert information(joint) <= solution.upper_bound + 1e-12


def test_bounds_hold_at_every_stop():
    problem = _ball()
    optimum = mb.solve(problem)
    for nodes in (0, 1, 5, 20, 100):
        stopped = mb.solve(problem, node_limit=nodes)
        stopped.check()
        assert stopped.mutual_information <= optimum.upper_bound + 1e-12
        assert stopped.upper_bound >= optimum.mutual_information - 1e-12
    late = mb.solve(problem, time_limit=1e-6)
    late.check()
    assert late.upper_bound >= optimum.mutual_information - 1e-12


@pytest.mark.parametrize(
    "constraint",
    [
        lambda P: cvxpy.SOC(cvxpy.Constant(0.6), cvxpy.vec(P, order="F")),  # a cone, which has no expression
        lambda P: cvxpy.sum(cvxpy.kl_div(P, np.full((2, 2), 0.25))) <= 0.05,  # nats
        lambda P: [cvxpy.max(P) <= 0.33, cvxpy.square(P[0, 1]) <= 0.04],
    ],
    ids=["cone", "divergence", "list"],
)
def test_forms_of_constraints(constraint):
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.9, constraints=[constraint])
    solution = mb.solve(problem)
    solution.check(1e-8)
    assert solution.status is mb.Status.OPTIMAL
    parts = constraint(cvxpy.Constant(solution.coupling))
    most = max(float(np.max(part.violation())) for part in (parts if isinstance(parts, list) else [parts]))
    assert -1e-9 <= most <= 1e-8
    assert 0.0 < solution.mutual_information < mb.solve(problem.replace(constraints=[])).mutual_information


def test_beside_a_distortion_and_letters_without_mass():
    problem = mb.Problem(
        [0.5, 0.0, 0.5],
        [0.5, 0.5],
        distortion=[[0, 1], [5, 5], [1, 0]],
        constraints=[lambda P: cvxpy.sum_squares(P) <= 0.3],
    )
    solution = mb.solve(problem)
    solution.check()
    # P = [[1/4 + t, 1/4 - t], ...] with 4 (1/16 + t^2) = .3
    assert solution.expected_distortion == pytest.approx(0.5 - 2 * math.sqrt(0.0125), abs=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"constraints": [lambda P: cvxpy.sum_squares(P) <= 0.24]},
        {"p_s_given_x": LABEL, "min_label_entropy": 0.999},
    ],
    ids=["ball", "privacy"],
)
def test_what_no_coupling_meets_is_proved_infeasible(arguments):
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5, **arguments))
    assert solution.status is mb.Status.INFEASIBLE
    solution.check()


def test_only_the_independent_coupling_is_perfectly_private():
    """There is no room inside, and the relaxations become slivers in which the tree ends slowly."""
    private = mb.Problem([0.5, 0.5], [0.3, 0.7], 0.5, LABEL)
    solution = mb.solve(private.replace(min_label_entropy=private.label_entropy), time_limit=1)
    solution.check()
    assert solution.has_coupling
    assert solution.mutual_information == pytest.approx(0.0, abs=1e-6)


def test_local_methods_do_not_take_it():
    for method in ("local", "greedy"):
        with pytest.raises(mb.NotSupportedError, match="convex limit"):
            mb.solve(_ball(), method=method)


def test_a_limit_that_does_not_bind_leaves_the_optimum_where_it_was():
    """The core's mixtures exceed the rate by the slack of its rows and a rounding: optima all the same."""
    problem = mb.Problem(["7/16", "9/16"], ["1/2", "1/2"], "1/2", [[0.5, 0.5], ["2/3", "1/3"]])
    solution = mb.solve(problem.replace(min_label_entropy=0.9), node_limit=500)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(mb.solve(problem).mutual_information, abs=1e-9)


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.1, 0.3])
@pytest.mark.parametrize(
    "law", [{"p_y": [0.5, 0.5]}, {"y_size": 2}, {"p_y": [0.5, 0.5], "p_y_tolerance": 0.1}]
)
def test_nothing_is_more_private_than_the_label_itself(law, rate):
    """H(S|Y) <= H(S), with equality for the independent coupling, which is there at every rate."""
    channel = [[0.5, 0.5], [1.0, 0.0], [1.0, 0.0]]
    problem = mb.Problem(["2/15", "11/15", "2/15"], rate=rate, p_s_given_x=channel, **law)
    entropy = problem.label_entropy
    above = mb.solve(problem.replace(min_label_entropy=entropy + 1e-6))
    assert above.status is mb.Status.INFEASIBLE
    below = mb.solve(problem.replace(min_label_entropy=0.9 * entropy), node_limit=2000)
    below.check()
    assert below.status is mb.Status.OPTIMAL


@pytest.mark.parametrize("arguments", [{"p_x": [0.4, 0.6], "y_size": 1}, {"p_x": [1.0], "y_size": 2}])
def test_a_single_letter_and_a_law_that_is_free_carry_nothing_privately(arguments):
    channel = [[0.5, 0.5]] * len(arguments["p_x"])
    solution = mb.solve(mb.Problem(**arguments, rate=0.3, p_s_given_x=channel, min_label_entropy=0.9))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(0.0, abs=1e-12)


def test_a_label_without_the_seed_is_not_taken_beside_it():
    """The way from inside to outside need not stay in a set that is not convex."""
    problem = mb.Problem(
        [0.5, 0.5], [0.5, 0.5], 0.5, LABEL, 0.95, label_sees_seed=False, min_label_entropy=0.9
    )
    with pytest.raises(mb.NotSupportedError, match="label that does not see the seed"):
        mb.solve(problem)


@pytest.mark.parametrize("p_x", [[1.0], [0.4, 0.6]])
def test_a_single_letter_carries_nothing_within_convex_limits_too(p_x):
    """The tree, which wants two letters a side, is not begun."""
    channel = [[0.5, 0.5]] * len(p_x)
    problem = mb.Problem(p_x, [1.0] if len(p_x) > 1 else [0.5, 0.5], 0.3, channel, min_label_entropy=0.9)
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(mb.NotSupportedError, match="two letters a side"):
        mb.solve(problem.replace(min_label_entropy=None), engine="compiled")
