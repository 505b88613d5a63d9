"""Theorems for any alphabets, as properties of random problems, mixtures and schemes."""

from __future__ import annotations

import importlib.util
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import mecbopt as mb
from mecbopt.engines.branch_and_bound.boxes import Box
from mecbopt.engines.branch_and_bound.relaxation import NodeRelaxation
from mecbopt.formulation import Formulation
from mecbopt.info import binary_entropy, conditional_entropy, entropy, meet, mutual_information, phi
from mecbopt.testing import mixtures, pmfs, problems, schemes

#: The branch and bound at hand: compiled, or on HiGHS where there was no compiler.
SEARCH = "compiled" if importlib.util.find_spec("mecbopt._core._native") else "highs"


@given(schemes())
def test_theorem_1_keeps_the_coupling_and_does_not_raise_the_rate(scheme):
    """P(X,Y) is that of the scheme and H(Y|W) <= H(T|U)."""
    mixture = mb.to_deterministic(scheme.p_x, scheme.p_u, scheme.p_t_given_xu, scheme.p_y_given_tu)
    m = scheme.coupling.shape[1]
    assert mixture.coupling(scheme.p_x, m) == pytest.approx(scheme.coupling, abs=1e-13)
    of_t = np.einsum("x,xut->ut", scheme.p_x, scheme.p_t_given_xu)
    assert mixture.rate(scheme.p_x) <= scheme.p_u @ entropy(of_t, axis=1) + 1e-12


@given(schemes(max_x=2, max_u=2, max_t=2, max_y=2), pmfs(2, 2), pmfs(2, 2))
def test_theorem_1_does_not_raise_the_label_entropy(scheme, first, second):
    """H(S|Y,W) <= H(S|Y,U)."""
    n = len(scheme.p_x)
    channel = np.array([[float(mass) for mass in row] for row in (first, second)])[:n]
    mixture = mb.to_deterministic(scheme.p_x, scheme.p_u, scheme.p_t_given_xu, scheme.p_y_given_tu)
    with_u = sum(
        p * conditional_entropy(np.einsum("x,xs,xt,ty->sy", scheme.p_x, channel, encoder, decoder))
        for p, encoder, decoder in zip(
            scheme.p_u,
            scheme.p_t_given_xu.transpose(1, 0, 2),
            scheme.p_y_given_tu.transpose(1, 0, 2),
            strict=True,
        )
    )
    m = scheme.coupling.shape[1]
    with_w = sum(
        w * conditional_entropy((scheme.p_x[:, None] * channel).T @ np.eye(m)[f])
        for w, f in zip(mixture.weights, mixture.mappings, strict=True)
    )
    assert with_w <= with_u + 1e-12


@given(problems())
def test_an_optimum_respects_every_bound(problem):
    """I <= min(R, H(X), H(Y), H(X) + H(Y) - H(p_X meet p_Y)); H(S|X) <= H(S|Y,U) <= H(S|Y)."""
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    by_majorisation = problem.entropy_x + problem.entropy_y - entropy(meet(problem.p_x, problem.p_y))
    limits = (problem.rate, problem.entropy_x, problem.entropy_y, by_majorisation)
    assert solution.mutual_information <= min(limits) + 1e-9
    if problem.has_label_constraint:
        from_source = conditional_entropy((problem.p_x[:, None] * problem.p_s_given_x).T)
        assert from_source <= solution.label_entropy_with_seed + 1e-12
        assert solution.label_entropy_with_seed <= solution.label_entropy_without_seed + 1e-12


@given(problems())
def test_few_mappings_are_enough(problem):
    """At most m + 1 mappings, m + 2 with a label."""
    solution = mb.solve(problem)
    assert len(solution.mixture) <= problem.shape[1] + 1 + problem.has_label_constraint


@given(problems(), st.sampled_from([0.01, 0.2]))
def test_more_rate_or_a_looser_limit_is_never_worse(problem, more):
    """V(R, C) is monotone in both."""
    value = mb.solve(problem).mutual_information
    assert mb.solve(problem.replace(rate=problem.rate + more)).mutual_information >= value - 1e-6
    if problem.has_label_constraint:
        looser = problem.replace(max_label_entropy=problem.max_label_entropy + more)
        assert mb.solve(looser).mutual_information >= value - 1e-6


@given(problems(), st.randoms(use_true_random=False))
def test_relabelling_letters_changes_nothing(problem, random):
    """V is invariant under permutations of the letters of X, Y and S."""
    n, m = problem.shape
    rows, columns = random.sample(range(n), n), random.sample(range(m), m)
    channel = None
    if problem.exact_p_s_given_x is not None:
        channel = [problem.exact_p_s_given_x[x][::-1] for x in rows]
    other = mb.Problem(
        [problem.exact_p_x[x] for x in rows],
        [problem.exact_p_y[y] for y in columns],
        problem.rate,
        channel,
        problem.max_label_entropy,
    )
    value = mb.solve(problem).mutual_information
    assert mb.solve(other).mutual_information == pytest.approx(value, abs=2e-6)


@given(pmfs(2, 3, allow_zero=False), pmfs(2, 3, allow_zero=False), st.floats(0.05, 0.99))
@settings(max_examples=30)
def test_the_low_rate_theorem_is_the_solver(p_x, p_y, share):
    """Below R_low: V(R) = max_f I(p_X p_Y + (R/H(f(X))) (M_f - p_X q_f))."""
    source, target = (np.array([float(mass) for mass in law]) for law in (p_x, p_y))
    least = source.min()
    rate = share * target.min() * float(binary_entropy(least)) / (1 - least)
    n, m = len(source), len(target)
    best = 0.0
    for mapping in itertools.product(range(m), repeat=n):
        if len(set(mapping)) > 1:
            matrix = source[:, None] * np.eye(m)[list(mapping)]
            law = matrix.sum(axis=0)
            weight = rate / entropy(law)
            assert np.all(target - weight * law > -1e-12)
            coupling = np.outer(source, target) + weight * (matrix - np.outer(source, law))
            best = max(best, mutual_information(np.clip(coupling, 0, None)))
    problem = mb.Problem(p_x, p_y, rate)
    # "auto" uses the theorem itself; branch and bound knows nothing of it.
    for engine in ("auto", SEARCH):
        assert mb.solve(problem, engine=engine).mutual_information == pytest.approx(best, abs=2e-6)


def extended(points, lower, upper):
    """The function phi on [lower, upper], its end tangents outside, written out from the definition."""

    def tangent(at, where):
        return float(phi(at)) - (math.log2(at) + 1 / math.log(2)) * (where - at)

    def one(point):
        if point < lower:
            return tangent(lower, point)
        return tangent(upper, point) if point > upper else float(phi(point))

    return np.array([one(point) for point in points])


@given(pmfs(2, 4, allow_zero=False), st.integers(2, 3), st.floats(0, 1), st.floats(0, 1), st.data())
def test_the_jensen_row_lies_below_phi(p_x, m, down, up, data):
    """Jensen: phi(P(x,y)) >= sum_k w_k (q_k(y)/p_Y(y)) phi~(v_k(x)) on every box that holds P(x,y)."""
    mappings, weights = data.draw(mixtures(len(p_x), m, max_mappings=6))
    source, shares = np.array([float(p) for p in p_x]), np.array([float(w) for w in weights])
    chosen = np.eye(m)[np.array(mappings)]  # k, x, y
    coupling = np.einsum("k,x,kxy->xy", shares, source, chosen)
    laws, target = np.einsum("x,kxy->ky", source, chosen), coupling.sum(axis=0)
    total, bare = 0.0, 0.0
    for x, y in itertools.product(range(len(source)), range(m)):
        if coupling[x, y] == 0:
            continue
        here = coupling[x, y]
        lower, upper = max(here * down, 1e-12), here + (1 - here) * up
        used = laws[:, y] > 0
        points = target[y] * source[x] * chosen[used, x, y] / laws[used, y]
        factors = shares[used] * laws[used, y] / target[y]
        assert factors.sum() == pytest.approx(1)
        assert factors @ points == pytest.approx(here)
        bound = float(factors @ extended(points, lower, upper))
        assert float(phi(here)) >= bound - 1e-12
        narrow = float(factors @ extended(points, here * (1 - 1e-9), here * (1 + 1e-9)))
        assert narrow == pytest.approx(float(phi(here)), abs=1e-6)
        total += bound
        bare += float(factors @ phi(points))
    assert total >= bare - 1e-9  # every box sharpens the sum
    if coupling.min() > 0:
        rate = float(shares @ entropy(laws, axis=1))
        assert bare == pytest.approx(entropy(source) + entropy(target) - rate, abs=1e-9)


@given(pmfs(2, 3, allow_zero=False), pmfs(2, 3, allow_zero=False), st.floats(0.1, 1.0), st.booleans())
@settings(max_examples=25)
def test_the_relaxation_of_the_solver_is_below_the_entropy_of_every_mixture(p_x, p_y, share, jensen):
    """Root bound <= H(X,Y) of every feasible vertex, with and without Jensen rows."""
    source, target = (np.array([float(mass) for mass in law]) for law in (p_x, p_y))
    rate = share * float(entropy(target))
    instance = Formulation.of(source, target, rate, None, math.inf)
    relaxation = NodeRelaxation(instance, jensen)
    box = Box(np.zeros(instance.shape), np.minimum(source[:, None], target))
    optimum = mb.solve(mb.Problem(p_x, p_y, rate))
    joint = optimum.problem.entropy_x + optimum.problem.entropy_y - optimum.mutual_information
    assert relaxation.bound(box).lower_bound <= joint + 1e-9
    if jensen:
        assert relaxation.bound(box).lower_bound >= entropy(source) + entropy(target) - rate - 1e-7


@given(problems(max_x=3, max_y=3, label=False, allow_zero=False))
@settings(max_examples=25)
def test_the_exchange_lemma_holds_at_the_least_rate(problem):
    """H_f + H_f' <= H_g + H_g' for every pair in the support of least rate over P*, and recombination."""
    coupling = mb.solve(problem).coupling
    n, m = problem.shape
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    matrices = problem.p_x[:, None] * np.eye(m)[mappings]
    rates = entropy(matrices.sum(axis=1), axis=1)
    rows = matrices.reshape(len(mappings), -1).T
    result = linprog(rates, A_eq=rows, b_eq=coupling.ravel(), method="highs-ds")
    assume(result.status == 0)
    rate_of = {tuple(mapping): rate for mapping, rate in zip(mappings.tolist(), rates, strict=True)}
    support = [
        tuple(mapping) for mapping, weight in zip(mappings.tolist(), result.x, strict=True) if weight > 1e-6
    ]
    assert len(support) <= n * (m - 1) + 1
    for first, second in itertools.combinations(support, 2):
        for inside in itertools.product((True, False), repeat=n):
            g = tuple(f if take else s for f, s, take in zip(first, second, inside, strict=True))
            other = tuple(s if take else f for f, s, take in zip(first, second, inside, strict=True))
            assert rate_of[first] + rate_of[second] <= rate_of[g] + rate_of[other] + 1e-7
