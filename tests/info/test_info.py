"""Entropies and majorisation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mecbopt.info import (
    binary_entropy,
    conditional_entropy,
    entropy,
    majorizes,
    meet,
    mutual_information,
    phi,
)


def test_zero_has_no_information_and_nan_propagates():
    assert phi(0.0) == 0.0
    assert math.isnan(entropy([0.5, math.nan]))


def test_known_values():
    assert entropy([0.25] * 4) == 2.0
    assert binary_entropy([0.0, 0.5, 1.0]).tolist() == [0.0, 1.0, 0.0]
    assert mutual_information([[0.25, 0.25], [0.25, 0.25]]) == 0.0
    assert conditional_entropy([[0.25, 0.25], [0.25, 0.25]]) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_the_meet_is_the_greatest_lower_bound(seed):
    random = np.random.default_rng(seed)
    p, q = random.dirichlet(np.ones(4)), random.dirichlet(np.ones(3))
    lower = meet(p, q)
    assert lower.sum() == pytest.approx(1.0)
    assert np.all(np.diff(lower) <= 1e-15)
    assert majorizes(p, lower)
    assert majorizes(q, lower)
    mixed = 0.5 * lower + 0.5 * np.full(4, 0.25)
    assert majorizes(lower, mixed)
    assert entropy(lower) >= max(entropy(p), entropy(q)) - 1e-12
