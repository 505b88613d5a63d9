"""`Mixture.sample`: the mixture operated on letters with a generator of the caller's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.errors import ProblemError
from mecbopt.testing import mixtures
from mecbopt.testing.laws import as_mixture

MIXTURE = mb.Mixture([[0, 1, 2], [2, 2, 1]], [0.75, 0.25])


@given(
    mixture=mixtures(3, 4).map(lambda pair: as_mixture(*pair)),
    x=st.lists(st.integers(0, 2), max_size=30),
    seed=st.integers(0, 2**32),
)
def test_every_letter_goes_where_its_mapping_sends_it(mixture, x, seed):
    y, k = mixture.sample(x, seed)
    assert y.dtype == k.dtype == np.int64
    assert [mixture.mappings[j, letter] for j, letter in zip(k, x, strict=True)] == y.tolist()


def test_mappings_come_with_their_weights():
    """100,000 draws: five standard errors are .0069."""
    _, k = MIXTURE.sample(np.zeros(100_000, int), np.random.default_rng(1))
    assert np.mean(k == 0) == pytest.approx(0.75, abs=0.007)


def test_the_last_mapping_takes_what_rounding_leaves():
    """Weights may sum to a hair below 1; a draw above the sum still picks a mapping."""

    class Highest(np.random.Generator):
        def random(self, size=None):
            return np.full(size, np.nextafter(1.0, 0.0))

    mixture = mb.Mixture([[0], [1]], [0.5, 0.5 - 5e-10])
    y, k = mixture.sample([0, 0], Highest(np.random.PCG64(0)))
    assert y.tolist() == k.tolist() == [1, 1]


def test_a_seed_and_its_generator_draw_alike_in_any_shape():
    x = np.arange(12).reshape(3, 4) % 3
    y, k = MIXTURE.sample(x, 5)
    again, _ = MIXTURE.sample(x.astype(np.uint8), np.random.default_rng(5))
    assert y.shape == k.shape == (3, 4)
    assert np.array_equal(y, again)
    scalar, _ = MIXTURE.sample(2, 5)
    assert scalar.shape == ()


@pytest.mark.parametrize("rng", [None, -1, 1.5, True, np.random.RandomState(0), "seed"])
def test_what_is_no_generator_is_refused(rng):
    with pytest.raises(ProblemError, match="rng is"):
        MIXTURE.sample([0], rng)


@pytest.mark.parametrize("x", [[3], [-1], [0.5], ["a"], [True], None])
def test_what_is_no_letter_is_refused(x):
    with pytest.raises(ProblemError, match="letters of X"):
        MIXTURE.sample(x, 0)
