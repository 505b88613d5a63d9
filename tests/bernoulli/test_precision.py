"""Small masses, rates and crossovers, and limits next to their ends, against 700 digits."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

import mecbopt as mb
from mecbopt.info import binary_entropy
from mecbopt.tolerances import CONSTRAINT_SLACK
from tests.bernoulli import high_precision

#: The closed form's error relative to the exact value for an input that is off by `INPUT`.
RELATIVE = 3e-13
#: Rounding of h(a), h(s): the same as an error of the limits by so much of themselves.
INPUT = 4e-15


@st.composite
def masses(draw):
    """In (0, 1): powers of ten down to 1e-290, next to 1/2, next to 1, and plain ones."""
    mantissa = draw(st.floats(0.1, 0.9))
    kind = draw(st.sampled_from(["tiny", "tiny", "middle", "one", "plain"]))
    if kind == "tiny":
        return mantissa * 10.0 ** -draw(st.integers(0, 290))
    if kind == "middle":
        return 0.5 + draw(st.sampled_from([-1, 0, 1])) * mantissa * 10.0 ** -draw(st.integers(1, 16))
    if kind == "one":
        return 1.0 - mantissa * 10.0 ** -draw(st.integers(0, 15))
    return mantissa


@st.composite
def rates(draw, q_x, q_y):
    """Shares of both entropies down to 1e-290, at the caps themselves, and none."""
    kind = draw(st.sampled_from(["share", "cap", "none"]))
    if kind == "none":
        return math.inf
    entropy = float(binary_entropy(q_x))
    if kind == "cap":
        ends = [min(q_y, 1 - q_y) / max(q_x, 1 - q_x), min(q_y, 1 - q_y) / min(q_x, 1 - q_x)]
        return entropy * min(1.0, draw(st.sampled_from(ends))) * draw(st.sampled_from([0.5, 1.0, 2.0]))
    return entropy * draw(st.floats(0.1, 1.0)) * 10.0 ** -draw(st.integers(0, 60))


def contained(found, arguments, low_arguments, high_arguments):
    """Whether a value lies between the exact ones of slightly smaller and larger limits."""
    low, high = high_precision.value(*low_arguments), high_precision.value(*high_arguments)
    if low is None or high is None:
        return True  # at the border of feasibility: asked elsewhere
    with mp.workdps(60):
        # Below this, subnormal numbers have fewer digits.
        if high < 1e-280:
            return 0.0 <= found <= 2e-280
        assert low * (1 - RELATIVE) <= found <= high * (1 + RELATIVE), (
            arguments,
            found,
            mp.nstr(low, 20),
            mp.nstr(high, 20),
        )
    return True


@given(st.data())
def test_values_have_small_relative_error_at_every_scale(data):
    q_x, q_y = data.draw(masses()), data.draw(masses())
    rate = data.draw(rates(q_x, q_y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mb.bernoulli.solve(q_x, q_y, rate)
        assert mb.bernoulli.value(q_x, q_y, rate) == found.mutual_information
    assert contained(
        found.mutual_information,
        (q_x, q_y, rate),
        (q_x, q_y, rate * (1 - INPUT)),
        (q_x, q_y, rate * (1 + INPUT)),
    )
    assert found.rate <= rate * (1 + INPUT)
    assert sum(found.weights) == pytest.approx(1.0, abs=1e-15)


@given(st.data())
def test_labels_have_small_relative_error_at_every_scale(data):
    q_x, q_y, crossover = data.draw(masses()), data.draw(masses()), data.draw(masses())
    rate = data.draw(rates(q_x, q_y))
    noisy = float(binary_entropy(q_x * (1 - crossover) + (1 - q_x) * crossover))
    clean = float(binary_entropy(crossover))
    share = data.draw(st.sampled_from([0.0, 1.0, 0.5, 1e-3, 1 - 1e-3, 1e-12, 1 - 1e-12]))
    limit = data.draw(st.sampled_from([clean + share * (noisy - clean), 0.0, 1.0, 0.5, math.inf]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mb.bernoulli.value(q_x, q_y, rate, crossover, limit)
    problem = (q_x, q_y, rate, crossover)
    slack = 1.01 * CONSTRAINT_SLACK * noisy + INPUT * limit if math.isfinite(limit) else 0.0
    if math.isnan(found):
        assert high_precision.value(*problem, limit * (1 - INPUT)) is None
        return
    assert high_precision.value(*problem, limit + slack) is not None
    assert contained(
        found,
        (*problem, limit),
        (q_x, q_y, rate * (1 - INPUT), crossover, limit * (1 - INPUT)),
        (q_x, q_y, rate * (1 + INPUT), crossover, limit * (1 + INPUT)),
    )


@settings(max_examples=40)
@given(masses(), masses())
def test_the_crossover_rate_has_small_relative_error_at_every_scale(q_x, q_y):
    a, b = min(q_x, 1 - q_x), min(q_y, 1 - q_y)
    found = mb.bernoulli.crossover_rate(q_x, q_y)
    if a == 0.5 or b == 0.5:
        assert found is None
        return
    assert found is not None
    if found < 1e-280:
        return
    # Next to 1/2 the two ends approach each other and the root is as uncertain as their difference.
    accuracy = 1e-12 / min(0.5 - a, 0.5 - b)
    assert found == pytest.approx(float(high_precision.crossover_rate(a, b)), rel=min(1.0, accuracy))


@pytest.mark.parametrize("mass", [1e-16, 1e-22, 1e-100, 1e-300])
def test_the_antitone_end_of_a_tiny_bit_is_not_lost(mass):
    """q_y below 1e-16: 1 - (1 - q_y) is 0, and with it went the antitone end."""
    rate = 0.5 * mass * float(binary_entropy(0.3))
    best = mb.bernoulli.solve(0.3, mass, rate)
    exact = float(high_precision.value(0.3, mass, rate))
    assert (best.end, best.branch) == ("antitone", "rate")
    assert best.mutual_information == pytest.approx(exact, rel=1e-12)
    assert best.mutual_information > mb.bernoulli.comonotone(0.3, mass, rate).mutual_information


@pytest.mark.parametrize(
    "pair", [(5e-324, 0.3), (0.3, 5e-324), (5e-324, 5e-324), (1e-306, 1e-306), (7.223e-321, 0.99999846)]
)
def test_the_smallest_floats_raise_no_warning(pair):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rate in (0.0, 5e-324, 1e-300, 0.3, math.inf):
            for label in ((), (1e-310, 0.0), (0.4999999999999999, 1.0), (5e-324, math.inf)):
                found = mb.bernoulli.value(*pair, rate, *label)
                assert math.isnan(found) or 0.0 <= found <= 1e-300
        mb.bernoulli.crossover_rate(*pair)
        mb.bernoulli.comonotone(*pair)


def test_a_limit_of_one_bit_never_binds():
    """H(S) <= 1, whatever rounding makes of h(s) next to s = 1/2."""
    random = np.random.default_rng(11)
    for a, b, rate in random.random((200, 3)):
        crossover = 0.5 - random.random() * 10.0 ** -random.integers(1, 17)
        plain = mb.bernoulli.solve(a, b, rate)
        assert mb.bernoulli.solve(a, b, rate, crossover, 1.0).mutual_information == plain.mutual_information


@pytest.mark.parametrize("crossover", [1e-300, 1e-40, 1e-17, 1e-9])
def test_the_smallest_label_entropy_of_a_clean_label_keeps_its_digits(crossover):
    """At t = 1 it is h(eta), at t = 1 - e it is near e h(s): differences of nearly equal numbers are none."""
    assert mb.bernoulli.smallest_label_entropy(0.3, 0.3, math.inf, crossover) == pytest.approx(
        float(high_precision.h(crossover)), rel=1e-13
    )
    tight = mb.bernoulli.smallest_label_entropy(0.3, 0.3, math.inf, crossover)
    assert mb.bernoulli.solve(0.3, 0.3, math.inf, crossover, tight).branch == "marginal+label"
    if tight > CONSTRAINT_SLACK:  # else a limit of 0 itself is missed by less than rounding of H(S)
        with pytest.raises(mb.InfeasibleError):
            mb.bernoulli.solve(0.3, 0.3, math.inf, crossover, 0.5 * tight)
