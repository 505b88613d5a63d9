"""Floats to integers and integers to tables: exact rules, and the coder's models as the tables say."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mecbopt.coding.counter import MAPPINGS, counter_words, mapping_words
from mecbopt.coding.groups import model_of
from mecbopt.coding.masses import integer_masses
from mecbopt.coding.range_coding import library
from mecbopt.coding.tables import PRECISION_BITS, counts_of_masses
from mecbopt.errors import ProblemError

TOTAL = 1 << PRECISION_BITS
WEIGHTS = st.lists(
    st.floats(min_value=0, max_value=1e300, allow_nan=False) | st.sampled_from([1 / 3, 0.1, 5e-324, 1.0]),
    min_size=1,
    max_size=8,
).filter(any)


@given(weights=WEIGHTS, bits=st.integers(1, 70))
def test_masses_are_within_a_unit_of_their_shares(weights: list[float], bits: int) -> None:
    """|m_i - 2^b w_i / sum w| < 1 and sum m_i = 2^b, in exact arithmetic."""
    masses = integer_masses(weights, bits)
    whole = sum(map(Fraction, weights))
    assert sum(masses) == 1 << bits
    for mass, weight in zip(masses, weights, strict=True):
        assert mass >= 0
        assert abs(mass - (1 << bits) * Fraction(weight) / whole) < 1


@given(weights=WEIGHTS, exponent=st.integers(-20, 3))
def test_masses_do_not_change_with_the_scale(weights: list[float], exponent: int) -> None:
    """A factor that is a power of two is exact for floats that stay normal."""
    normal = [weight for weight in weights if weight == 0 or weight > 1e-290]
    if any(normal):
        scaled = [math.ldexp(weight, exponent) for weight in normal]
        assert integer_masses(scaled, 64) == integer_masses(normal, 64)


@given(
    shares=st.lists(st.integers(0, 2**40) | st.just(0), min_size=1, max_size=40).filter(any),
)
def test_no_letter_costs_much_more_than_its_ideal_length(shares: list[int]) -> None:
    """c_i >= max(1, p_i (2^24 - 2e)), so the cost is at most log2(2^24 / (2^24 - 2e)) above -log2 p_i."""
    masses = [(share << 62) // sum(shares) for share in shares]
    counts = counts_of_masses(masses, 62)
    assert counts.sum(dtype=np.int64) == TOTAL
    assert counts.min() >= 1
    scale = TOTAL - 2 * len(masses)
    for count, mass in zip(counts.tolist(), masses, strict=True):
        assert count >= Fraction(mass * scale, 1 << 62)


@given(
    weights=st.lists(st.integers(1, 60), min_size=2, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_laws_that_differ_by_rounding_have_the_same_counts(weights: list[int], order: object) -> None:
    """Simple fractions, divided in another way: the last bits of the floats differ, no count does."""
    total = sum(weights)
    exact = [float(Fraction(weight, total)) for weight in weights]
    other = [weight * (1.0 / total) for weight in weights]
    third = [math.nextafter(mass, order.choice([0.0, 1.0])) for mass in exact]  # type: ignore[attr-defined]
    tables = [
        counts_of_masses([int(math.ldexp(mass, 62)) for mass in law], 62).tolist()
        for law in (exact, other, third)
    ]
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("letters", [1, 2, 3, 17, 512, 2000])
def test_the_model_of_the_coder_is_the_table(letters: int) -> None:
    """A stack that holds the one word q decodes to the letter whose part of the table q lies in."""
    rng = np.random.default_rng(letters)
    masses = [int(share * 2**62) for share in rng.dirichlet(np.full(letters, 0.3))]
    counts = counts_of_masses(masses, 62)
    if letters == 1:
        assert counts.tolist() == [TOTAL]
        return
    model, ends = model_of(counts), np.cumsum(counts.astype(np.int64))
    for letter in range(letters):
        for place in (ends[letter] - counts[letter], ends[letter] - 1):
            stack = library().stack.AnsCoder(np.array([place, 1], dtype=np.uint32))
            assert stack.decode(model) == letter


def test_words_are_a_function_of_their_place() -> None:
    whole = mapping_words(seed=3, first=0, count=100)
    for first in (0, 1, 2, 3, 4, 5, 50, 99):
        for count in (0, 1, 2, 5):
            assert (
                mapping_words(3, first, count) == whole[first : first + count][:count]
            ).all() or first > 94
    assert (mapping_words(3, 7, 93) == whole[7:]).all()
    assert not (mapping_words(4, 0, 100) == whole).any()
    far = mapping_words(3, 2**64 - 2, 6)
    assert (far == counter_words(3, MAPPINGS, 2**62 - 1, 3)[2:8]).all()


def test_a_seed_beyond_the_key_is_refused() -> None:
    for seed in (-1, 2**64):
        with pytest.raises(ProblemError, match="seed is"):
            counter_words(seed, MAPPINGS, 0, 1)
