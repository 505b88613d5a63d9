"""Values and bounds against brute force, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.bottleneck import forests
from mecbopt.info import entropy
from tests.bottleneck.oracle import best_of_random_schemes, best_on_a_grid


def drawn(shape: tuple[int, int], seed: int, share: float | None = None) -> mb.Problem:
    generator = np.random.default_rng([seed, *shape])
    p_x, p_y = (generator.dirichlet(np.ones(size)) for size in shape)
    share = generator.uniform(0.2, 0.95) if share is None else share
    return mb.Problem(p_x, p_y, rate=share * min(entropy(p_x), entropy(p_y)))


@pytest.mark.parametrize("seed", range(2))
def test_bits_equal_a_dense_grid_of_laws_and_all_vertices(seed: int) -> None:
    problem = drawn((2, 2), seed)
    result = mb.bottleneck.solve(problem, gap=1e-6)
    result.check()
    assert result.status is mb.Status.OPTIMAL
    found = best_on_a_grid(problem.p_x, problem.p_y, problem.rate, fine=9)
    assert found <= result.upper_bound + 1e-12
    assert found == pytest.approx(result.mutual_information, abs=1e-3)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2), (2, 5), (3, 3)])
@pytest.mark.parametrize("seed", range(1))
def test_no_random_scheme_beats_the_bound(shape: tuple[int, int], seed: int) -> None:
    """Also with more letters of T than the search allows: so many are never needed."""
    problem = drawn(shape, 10 + seed)
    result = mb.bottleneck.solve(problem)
    result.check()
    assert result.status is mb.Status.OPTIMAL
    assert result.gap <= 1e-4
    generator = np.random.default_rng(seed)
    for letters in (2, 3, 5):
        found = best_of_random_schemes(problem.p_x, problem.p_y, problem.rate, letters, 1500, generator)
        assert found <= result.upper_bound + 1e-12


@pytest.mark.parametrize("seed", range(1))
def test_exchanging_x_and_y_or_their_letters_changes_nothing(seed: int) -> None:
    problem = drawn((2, 3), 20 + seed)
    value = mb.bottleneck.solve(problem, gap=1e-6).mutual_information
    p_y = problem.require_p_y()
    for other in (
        mb.Problem(p_y, problem.p_x, rate=problem.rate),
        mb.Problem(problem.p_x[::-1], p_y[[2, 0, 1]], rate=problem.rate),
        mb.Problem([*problem.p_x, 0], [p_y[0], 0, *p_y[1:]], rate=problem.rate),
    ):
        result = mb.bottleneck.solve(other, gap=1e-6)
        result.check()
        assert result.mutual_information == pytest.approx(value, abs=1.1e-6)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3)])
def test_between_the_greedy_scheme_and_the_value_with_common_randomness(shape: tuple[int, int]) -> None:
    problem = drawn(shape, 30)
    last = 0.0
    for share in (0.6, 1.0):
        at = problem.replace(rate=share * min(problem.entropy_x, problem.entropy_y))
        result = mb.bottleneck.solve(at, gap=1e-6)
        result.check()
        greedy = mb.bottleneck.greedy(at)
        greedy.check()
        assert greedy.mutual_information <= result.upper_bound + 1e-12
        assert greedy.status is mb.Status.FEASIBLE
        assert result.mutual_information <= mb.solve(at).upper_bound + 1e-9
        assert result.mutual_information >= last - 1e-6  # it grows with the rate
        last = result.mutual_information
    plain = mb.mec.exact(problem.p_x, problem.require_p_y())
    assert last == pytest.approx(problem.entropy_x + problem.entropy_y - plain.entropy, abs=1e-6)


def test_bits_of_equal_laws_at_eight_tenths() -> None:
    """The figure that the documentation gives: far below the .546 bits with common randomness."""
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], rate=0.8)
    found = best_on_a_grid(problem.p_x, problem.require_p_y(), 0.8, fine=9)
    result = mb.bottleneck.solve(problem, gap=1e-8)
    assert result.mutual_information == pytest.approx(found, abs=1e-7)
    assert result.mutual_information == pytest.approx(0.075666, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.3, 1.0, 1.2, 1.5])
def test_three_equal_letters_are_proved(rate: float) -> None:
    result = mb.bottleneck.solve(mb.Problem([1, 1, 1], [1, 1, 1], rate=rate, normalize=True))
    result.check()
    assert result.status is mb.Status.OPTIMAL


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2), (3, 3), (2, 6)])
@pytest.mark.parametrize("seed", range(8))
def test_many_more(shape: tuple[int, int], seed: int) -> None:
    problem = drawn(shape, 100 + seed)
    result = mb.bottleneck.solve(problem)
    result.check()
    assert result.status is mb.Status.OPTIMAL
    generator = np.random.default_rng(seed)
    for letters in (2, 3, 4, 5):
        found = best_of_random_schemes(problem.p_x, problem.p_y, problem.rate, letters, 20_000, generator)
        assert found <= result.upper_bound + 1e-12


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 4), (3, 3)])
def test_trees_are_all_there_is(n: int, m: int) -> None:
    """Counted by Cayley's formula: without those with two pure letters beside one neighbour."""
    k = forests.letter_bound(n, m)
    encoders, decoders = forests.pairs(n, m)
    assert len(encoders) * len(decoders) <= forests.pair_count_bound(n, m)
    assert len(set(decoders)) == len(decoders)
    for tree in (*encoders, *decoders):
        neighbours = [tuple(v for t, v in tree if t == letter) for letter in range(k)]
        pure = [found for found in neighbours if len(found) == 1]
        assert len(set(pure)) == len(pure)
        assert all(neighbours)
