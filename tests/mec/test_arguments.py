"""What the functions for plain couplings accept and refuse, and which side their bounds are rounded to."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb

FUNCTIONS = (mb.mec.greedy, mb.mec.exact)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_counts_are_normalised_when_asked_to(function):
    """The remedy that the message names is there."""
    with pytest.raises(mb.ProblemError, match=r"p sums to 4.*normalize=True"):
        function([3, 1], [0.5, 0.5])
    assert function([3, 1], [2, 2], normalize=True).equals(function([0.75, 0.25], [0.5, 0.5]))
    assert mb.mec.lower_bound([3, 1], [2, 2], normalize=True) == mb.mec.lower_bound([0.75, 0.25], [0.5, 0.5])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "half",
    [
        ["1/2", "1/2"],
        [Fraction(1, 2), Fraction(1, 2)],
        {"a": 0.5, "b": 0.5},
        np.array([0.5, 0.5], dtype=np.float32),
    ],
)
def test_what_a_problem_accepts_is_accepted(function, half):
    assert function(half, [0.75, 0.25]).equals(function([0.5, 0.5], [0.75, 0.25]))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_counter_is_a_pmf_once_normalised(function):
    assert function(Counter("aabb"), [1, 1], normalize=True).entropy == 1.0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_normalize_is_true_or_false(function):
    with pytest.raises(mb.ProblemError, match="normalize is 'yes'"):
        function([0.5, 0.5], [0.5, 0.5], normalize="yes")


def test_a_third_marginal_is_validated_by_its_name():
    """Not a complaint about the time limit, whose place it took once."""
    half = [0.5, 0.5]
    assert mb.mec.exact(half, half, half).entropy == 1.0
    assert mb.mec.exact([1, 1], [2, 2], [3, 3], normalize=True).entropy == 1.0
    with pytest.raises(mb.ProblemError, match=r"^more\[0\] sums to 2.*normalize=True"):
        mb.mec.exact(half, half, [1, 1])


@pytest.mark.parametrize("letters", [2, 3, 7, 16, 100, 1000])
def test_a_lower_bound_is_rounded_down(letters):
    """H(p) is a bound that the coupling of p with itself meets: no rounding may lift it above."""
    for seed in range(20):
        p = np.random.default_rng(seed).dirichlet(np.full(letters, 0.5))
        p = p[p > 0] / p.sum()
        exactly = float(-sum(np.longdouble(x) * np.log2(np.longdouble(x)) for x in p))
        bound = mb.mec.lower_bound(p, p)
        assert bound <= exactly
        assert bound >= exactly - 1e-11
