"""Faults that the stress suite found, each with its input and its right value."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

import mecbopt as mb

#: H(S) - H(S|X) is 1e-8 bits: prices of the label row are 10^9 times those of the others.
_USELESS = mb.Problem(
    [0.1640148066259417, 0.18394709218602562, 0.6275248257022012, 0.024513275485831428],
    [Fraction(20, 37), Fraction(17, 37)],
    0.7882646496755354,
    [
        [0.726153998553639, 0.273846001446361],
        [0.7261842861138347, 0.2738157138861653],
        [0.7261194258472107, 0.2738805741527894],
        [0.7256410277647526, 0.27435897223524736],
    ],
    0.8469698003605903,
)


@pytest.mark.parametrize("seed", range(3))
def test_a_local_search_with_a_useless_label_ends(seed: int) -> None:
    """It moved letters round for ever, the gain of each move being rounding, and asked no clock."""
    used = time.process_time()
    solution = mb.solve(_USELESS, method="local", time_limit=5.0, seed=seed)
    assert time.process_time() - used < 6.0
    assert solution.has_coupling
    solution.check(1e-9)


@pytest.mark.parametrize(
    ("p_x", "p_y"),
    [([0.5, 0.3, 0.2], [0.6, "1e400"]), ([0.5, 0.3, 10**400], [0.6, 0.4]), ([0.5, "1e400"], [1])],
)
def test_huge_entries_are_normalised_or_refused(p_x: list[object], p_y: list[object]) -> None:
    """They came to a raw OverflowError of the division into a float."""
    try:
        problem = mb.Problem(p_x, p_y, normalize=True)
    except mb.ProblemError:
        return
    assert problem.p_x.sum() == pytest.approx(1.0)
    assert problem.p_y is not None
    assert problem.p_y.sum() == pytest.approx(1.0)
