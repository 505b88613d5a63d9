"""Enumeration, pricing, presolve and Theorem 1."""

from __future__ import annotations

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.formulation import CheapestMapping, Formulation, enumerate_mappings, presolve
from mecbopt.formulation.partitions import block_sums


def _instance(n, m, seed, label=True):
    random = np.random.default_rng([seed, n, m])
    channel = random.dirichlet(np.ones(3), size=n) if label else None
    return Formulation.of(random.dirichlet(np.ones(n)), random.dirichlet(np.ones(m)), 0.5, channel, 0.5)


def test_every_mapping_is_listed_once():
    mappings = enumerate_mappings(3, 4)
    assert len(np.unique(mappings, axis=0)) == 64


def test_too_many_mappings_are_refused_with_the_alternatives():
    with pytest.raises(mb.NotSupportedError, match="method='local'"):
        enumerate_mappings(21, 2)


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2), (3, 3), (4, 3), (5, 4)])
def test_pricing_finds_the_cheapest_of_all_mappings(shape):
    instance = _instance(*shape, seed=0)
    pricing, everything = CheapestMapping(instance), enumerate_mappings(*shape)
    random = np.random.default_rng(1)
    for rate_price, label_price in [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.4, 0.2)]:
        costs = 0.3 * random.normal(size=shape)
        mappings, found = pricing.find(costs, (rate_price, label_price))
        assert found[0] == pytest.approx(pricing.costs(everything, costs, (rate_price, label_price)).min())
        assert found == pytest.approx(pricing.costs(mappings, costs, (rate_price, label_price)))
        assert np.all(np.diff(found) >= 0)


def test_pricing_of_a_large_alphabet_is_a_heuristic_and_says_so():
    instance = _instance(14, 3, seed=0, label=False)
    pricing = CheapestMapping(instance)
    assert not pricing.exact([0.3])
    assert pricing.exact([0.0])
    costs = 0.1 * np.random.default_rng(0).normal(size=(14, 3))
    mappings, found = pricing.find(costs, [0.3])
    assert found == pytest.approx(pricing.costs(mappings, costs, [0.3]))
    for x in range(14):
        for y in range(3):
            moved = mappings[:1].copy()
            moved[0, x] = y
            assert pricing.costs(moved, costs, [0.3])[0] >= found[0] - 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_presolve_lifts_to_a_feasible_mixture_of_the_same_value(seed):
    random = np.random.default_rng(seed)
    p_x = np.where(random.random(5) < 0.4, 0.0, random.random(5)) + np.eye(5)[0]
    p_y = np.where(random.random(4) < 0.4, 0.0, random.random(4)) + np.eye(4)[3]
    problem = mb.Problem(p_x, p_y, rate=0.3, normalize=True)
    presolved = presolve(problem)
    assert np.all(presolved.formulation.p_x > 0)
    assert np.all(presolved.formulation.p_y > 0)
    constants = presolved.formulation.constants()
    mixture = presolved.lift(constants, presolved.formulation.p_y)
    assert mixture.coupling(problem.p_x, 4) == pytest.approx(np.outer(problem.p_x, problem.p_y))
    mappings, weights = presolved.restrict(mixture)
    assert np.array_equal(mappings, constants)
    assert np.array_equal(weights, presolved.formulation.p_y)


def test_limits_that_cannot_bind_are_dropped():
    channel = [[0.9, 0.1], [0.2, 0.8]]
    instance = presolve(mb.Problem([0.5, 0.5], [0.5, 0.5], 1.0, channel, 1.0)).formulation
    assert instance.limits == ()


@pytest.mark.parametrize("seed", range(20))
def test_theorem_1_keeps_the_coupling_and_does_not_raise_the_rate(seed):
    random = np.random.default_rng(seed)
    n, u, t, m = random.integers(1, 4, size=4)
    p_x, p_u = random.dirichlet(np.ones(n)), random.dirichlet(np.ones(u))
    encoder = random.dirichlet(np.ones(t), size=(n, u))
    decoder = random.dirichlet(np.ones(m), size=(t, u))
    mixture = mb.to_deterministic(p_x, p_u, encoder, decoder)
    expected = np.einsum("x,u,xut,tuy->xy", p_x, p_u, encoder, decoder)
    assert mixture.coupling(p_x, m) == pytest.approx(expected, abs=1e-14)
    p_t_given_u = np.einsum("x,xut->ut", p_x, encoder)
    log = np.log2(p_t_given_u, out=np.zeros_like(p_t_given_u), where=p_t_given_u > 0)
    assert mixture.rate(p_x) <= -np.einsum("u,ut,ut->", p_u, p_t_given_u, log) + 1e-12


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (([1.0], [1.0], [[[0.5, 0.4]]], [[[1.0]], [[1.0]]]), "sums to 0.9"),
        (([1.0], [1.0], [[[0.5, 0.5]]], [[[1.0]]]), "p_y_given_tu has shape"),
        (([1.0], [1.0], [[[-0.5, 1.5]]], [[[1.0]], [[1.0]]]), "negative"),
        (([1.0], [1.0], "abc", [[[1.0]]]), "p_t_given_xu"),
    ],
)
def test_a_scheme_that_is_none_is_refused(arguments, word):
    with pytest.raises(mb.ProblemError, match=word):
        mb.to_deterministic(*arguments)


@pytest.mark.parametrize("letters_y", [1, 3, 8, 9, 40])
def test_block_sums_are_sums_over_preimages(letters_y):
    random = np.random.default_rng(letters_y)
    mappings = random.integers(0, letters_y, (6, 7))
    statistics = random.random((7, 2))
    sums = block_sums(mappings, statistics, letters_y)
    assert sums.shape == (6, letters_y, 2)
    for mapping, block in zip(mappings, sums, strict=True):
        for y in range(letters_y):
            assert block[y] == pytest.approx(statistics[mapping == y].sum(axis=0), abs=1e-15)
