"""The oracle of the stress suite against the other oracles of the tests, and against values known by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tests import oracle as vertices
from tests.core.clique_enumeration import best_over_cliques
from tests.stress.cases import Case, labelled_case, random_case
from tests.stress.oracle import Mixtures

HALF = [Fraction(1, 2)] * 2


def test_plain_couplings_known_by_hand() -> None:
    """Equal marginals: I = H(X); at rate r of one fair bit the identity has weight r."""
    both = Mixtures(HALF, HALF)
    assert both.value().lower <= 1 <= both.value().upper + 1e-15
    value = both.value(rate=0.5)
    known = 1 - (-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75))  # noisy channel with crossover 1/4
    assert value.lower == pytest.approx(known, abs=1e-15)
    assert value.upper == pytest.approx(known, abs=1e-15)


def test_a_label_equal_to_x() -> None:
    """S = X fair, H(S|Y,U) = 1 - rate: C and R trade one for one, and below 0 nothing is feasible."""
    both = Mixtures(HALF, HALF, [[1, 0], [0, 1]])
    assert both.smallest_label_entropy(0.25).upper == pytest.approx(0.75, abs=1e-15)
    assert both.smallest_rate(0.75).upper == pytest.approx(0.25, abs=1e-15)
    constant = Mixtures([Fraction(1, 3), Fraction(2, 3)], HALF, [[Fraction(1, 3), Fraction(2, 3)]] * 2)
    assert constant.smallest_rate(0.5).lower == math.inf
    assert constant.value(limit=0.5).upper == -math.inf


def _ordinary(seed: int, shape: tuple[int, int], label: bool) -> Case:
    return (labelled_case if label else random_case)(np.random.default_rng(seed), *shape, tame=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("label", [False, True])
def test_values_agree_with_the_vertices_in_floats(seed: int, label: bool) -> None:
    case = _ordinary(seed, (3, 2), label)
    problem = case.problem()
    limit = math.inf if case.limit is None else case.limit
    known = case.mixtures().value(case.rate, limit)
    body = vertices.polytope(problem.p_x, problem.p_y, case.rate, problem.p_s_given_x, case.limit)
    assert known.lower <= known.upper
    found = vertices.best_over_all_bases(body)
    if math.isfinite(known.upper) and math.isfinite(found):
        assert known.lower - 1e-8 <= found <= known.upper + 1e-8


@pytest.mark.parametrize("seed", range(2))
def test_values_agree_with_the_cliques(seed: int) -> None:
    case = _ordinary(seed, (3, 3), label=False)
    problem = case.problem()
    rate = 0.4 * problem.entropy_y
    known = case.mixtures().value(rate)
    assert best_over_cliques(problem.p_x, problem.p_y, rate) == pytest.approx(known.upper, abs=1e-9)
    assert known.upper - known.lower < 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_smallest_label_entropies_agree_with_the_linear_program_in_floats(seed: int) -> None:
    case = _ordinary(seed, (4, 2), label=True)
    problem = case.problem()
    known = case.mixtures().smallest_label_entropy(case.rate)
    assert known.lower <= known.upper <= known.lower + 1e-15
    rate = case.rate if math.isfinite(case.rate) else 10.0
    found = vertices.smallest_label_entropy(problem.p_x, problem.p_y, rate, problem.p_s_given_x)
    assert found == pytest.approx(known.upper, abs=1e-7)


def test_the_smallest_rate_inverts_the_smallest_label_entropy() -> None:
    """At R = smallest_rate(C) the smallest label entropy is C, where the rate binds."""
    inverted = 0
    for seed in range(20):
        case = _ordinary(seed, (4, 2), label=True)
        mixtures = case.mixtures()
        free, none = mixtures.smallest_label_entropy().upper, mixtures.smallest_label_entropy(0.0).upper
        limit = (free + none) / 2
        if none - free < 1e-3:
            continue
        rate = mixtures.smallest_rate(limit)
        assert mixtures.smallest_label_entropy(rate.upper).upper == pytest.approx(limit, abs=1e-9)
        inverted += 1
    assert inverted >= 5


def test_masses_of_1e_13_are_as_exact_as_any() -> None:
    """A letter of mass e moves the smallest label entropy and rate by no more than some e."""
    e = Fraction(1, 10**13)
    rows = [[Fraction(9, 10), Fraction(1, 10)], [Fraction(1, 10), Fraction(9, 10)], HALF]
    tiny = Mixtures([e, Fraction(2, 5), Fraction(3, 5) - e], [e, *([Fraction(1, 2) - e / 2] * 2)], rows)
    plain = Mixtures([Fraction(2, 5), Fraction(3, 5)], HALF, rows[1:])
    assert tiny.smallest_label_entropy(0.4).upper == pytest.approx(
        plain.smallest_label_entropy(0.4).upper, abs=5e-12
    )
    assert tiny.smallest_rate(0.9).upper == pytest.approx(plain.smallest_rate(0.9).upper, abs=5e-11)


def test_sums_off_one_are_refused() -> None:
    with pytest.raises(ValueError, match="exactly 1"):
        Mixtures([0.1, 0.2, 0.7], HALF)
