"""A law of Y that varies in the compiled tree: bounds on boxes of posteriors, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.errors import NotSupportedError, ProblemError
from tests.oracle import bits

P_X = np.array([0.5, 0.3, 0.2])
EVEN = np.full(2, 0.5)


def _unknown(coupling):
    """H(X|Y)."""
    return bits(coupling).sum() - bits(coupling.sum(axis=0)).sum()


@pytest.mark.parametrize("m", [2, 3])
def test_no_relaxation_lies_above_a_coupling_of_its_box(m):
    """Boxes of posteriors around mixtures, whose H(X|Y) is known; the law lies between ends around theirs."""
    random = np.random.default_rng(m)
    mappings = np.array(list(itertools.product(range(m), repeat=3)))
    tight = 0
    for _ in range(60):
        chosen = mappings[random.choice(len(mappings), size=3, replace=False)]
        weights = random.dirichlet(np.ones(3))
        coupling, rate = np.zeros((3, m)), 0.0
        for mapping, weight in zip(chosen, weights, strict=True):
            cells = np.zeros((3, m))
            cells[np.arange(3), mapping] = P_X
            coupling += weight * cells
            rate += weight * bits(cells.sum(axis=0)).sum()
        law = coupling.sum(axis=0)
        ends = law - 0.3 * random.random() * law, np.minimum(law + 0.2 * random.random(), 1.0)
        search = CompiledSearch(P_X, np.full(m, 1 / m), rate + 1e-9, law_between=ends)
        posterior = np.divide(coupling, law, out=np.full((3, m), 0.3), where=law > 0)
        width = random.choice([0.0, 0.01, 0.3]) * random.random((2, 3, m))
        low, high = posterior - width[0] * posterior, np.minimum(posterior + width[1], 1.0)
        bound = search.relaxation_bound(low, high + 1e-12, rounds=2)
        assert bound <= _unknown(coupling) + 1e-9
        # A box without width leaves the law alone open, of which the objective is then linear.
        tight += bound > _unknown(coupling) - 0.05
    assert tight > 20


def test_the_root_knows_that_no_coupling_carries_more_than_the_rate():
    """The Jensen rows of the whole curve add up to I(X;Y) <= R, whatever the law."""
    ends = np.zeros(2), np.ones(2)
    search = CompiledSearch(P_X, EVEN, 0.3, law_between=ends)
    bound = search.relaxation_bound(np.zeros((3, 2)), np.ones((3, 2)))
    assert bound == pytest.approx(bits(P_X).sum() - 0.3, abs=1e-9)


def test_letters_are_exchangeable_where_the_ends_of_their_mass_are_equal():
    third = np.full(3, 1 / 3)
    law = np.full(2, 0.4), np.full(2, 0.6)
    same = CompiledSearch(third, EVEN, 0.5, law_between=law).order
    assert same == CompiledSearch(third, EVEN, 0.5).order != []
    apart = CompiledSearch(third, EVEN, 0.5, law_between=(np.array([0.3, 0.4]), np.array([0.6, 0.7]))).order
    # Letters of X alone: no pair leads from one column to another.
    assert apart
    assert all(first % 2 == second % 2 for first, second in apart)


def test_laws_that_nothing_meets_are_proved_to_be_empty():
    """P_Y(0) of .9 leaves a fifth of the mass to mappings that tell the label: H(S|Y,U) >= .8."""
    identity, even = np.eye(2), np.full(2, 0.5)
    law = np.array([0.9, 0.0]), np.array([1.0, 0.1])
    for limit, infeasible in ((0.79, True), (0.81, False)):
        search = CompiledSearch(
            even, even, 1.0, identity, limit, law_between=law, settings=Settings(random_starts=1)
        )
        search.run()
        assert search.infeasible is infeasible


@pytest.mark.parametrize(
    "ends",
    [
        ([0.1, 0.2, 0.3], [1, 1, 1]),
        ([0.5, 0.4], [0.4, 0.6]),
        ([-0.1, 0.4], [0.4, 0.6]),
        ([0.7, 0.7], [1, 1]),
        ([0.1, 0.1], [0.2, 0.3]),
        ([0.1, 0.1], [np.nan, 0.9]),
    ],
)
def test_ends_that_no_law_lies_between_are_refused(ends):
    with pytest.raises(ProblemError, match="law_between"):
        CompiledSearch(P_X, EVEN, 0.5, law_between=ends)


def test_it_is_not_traced():
    with pytest.raises(NotSupportedError, match="not traced"):
        CompiledSearch(
            P_X,
            EVEN,
            0.5,
            law_between=(np.zeros(2), np.ones(2)),
            settings=Settings(root_tightening=False),
            trace=True,
        )
