"""Groups of symbols under tables: exact, near the ideal length, and nothing but what an encoder writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mecbopt.coding.errors import StreamError
from mecbopt.coding.groups import coded_groups, decoded_groups, model_of
from mecbopt.coding.tables import PRECISION_BITS, counts_of_masses


def _counts(rng, letters):
    shares = rng.dirichlet(np.full(letters, rng.choice([0.05, 0.5, 5.0])))
    return counts_of_masses([int(share * 2**62) for share in shares], 62)


@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(0, 80), max_size=4))
def test_groups_decode_to_themselves_near_their_ideal_length(seed: int, sizes: list[int]) -> None:
    """At most sum -log2(c/2^24) + 33 bits: the word that is begun, and the rounding of the state."""
    rng = np.random.default_rng(seed)
    tables = [_counts(rng, int(rng.integers(2, 9))) for _ in sizes]
    symbols = [
        rng.integers(0, len(counts), size).astype(np.int32)
        for counts, size in zip(tables, sizes, strict=True)
    ]
    models = list(map(model_of, tables))
    payload = coded_groups(list(zip(models, symbols, strict=True)))
    decoded = list(decoded_groups(payload, zip(models, sizes, strict=True)))
    assert all(np.array_equal(*pair) for pair in zip(decoded, symbols, strict=True))
    ideal = sum(
        (PRECISION_BITS - np.log2(counts[found])).sum() for counts, found in zip(tables, symbols, strict=True)
    )
    assert 8 * len(payload) <= ideal + 33


@pytest.mark.parametrize("symbols", [2**16, 2**20])
@pytest.mark.parametrize("minor", [0.3, 0.01, 1e-4, 1e-7])
def test_the_length_stays_near_the_ideal_over_many_symbols(symbols: int, minor: float) -> None:
    counts = counts_of_masses([int((1 - minor) * 2**62), int(minor * 2**62)], 62)
    found = (np.random.default_rng(0).random(symbols) < minor).astype(np.int32)
    ideal = (PRECISION_BITS - np.log2(counts[found])).sum()
    assert 8 * len(coded_groups([(model_of(counts), found)])) <= ideal + 32 + symbols * 2**-15


def test_what_no_encoder_writes_is_refused() -> None:
    counts = counts_of_masses([2**61, 2**61], 62)
    model, symbols = model_of(counts), np.array([0, 1, 1, 0, 1] * 20, dtype=np.int32)
    payload = coded_groups([(model, symbols)])
    assert np.array_equal(*decoded_groups(payload, [(model, 100)]), symbols)
    for forged in (payload + b"\0", payload + b"\0\0\0\0", payload + b"x", payload + b"abcd", payload[4:]):
        with pytest.raises(StreamError, match="encoder writes"):
            list(decoded_groups(forged, [(model, 100)]))
    with pytest.raises(StreamError, match="encoder writes"):
        list(decoded_groups(payload, [(model, 99)]))


@given(payload=st.binary(max_size=40), sizes=st.lists(st.integers(0, 50), max_size=3))
def test_any_bytes_are_refused_or_are_the_code_of_what_they_decode_to(
    payload: bytes, sizes: list[int]
) -> None:
    models = [model_of(counts_of_masses([2**60, 2**61, 2**60], 62)) for _ in sizes]
    try:
        symbols = list(decoded_groups(payload, zip(models, sizes, strict=True)))
    except StreamError:
        return
    assert coded_groups(list(zip(models, symbols, strict=True))) == payload
