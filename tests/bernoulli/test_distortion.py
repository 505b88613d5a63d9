"""Least P(X != Y) of two bits: the closed form against the general solver, and against what was printed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.bernoulli import hamming, smallest_label_entropy
from tests.bernoulli.problems import entropy as h
from tests.bernoulli.problems import mass_of_label, printed_distortion

HUNDREDTHS = st.integers(1, 99).map(lambda number: number / 100)
SHARES = st.integers(0, 32).map(lambda number: number / 32)


def solved(a, b, rate=math.inf, noise=None, limit=None):
    """The general solver's answer: a linear program over mixtures."""
    label = None if noise is None else [[1 - noise, noise], [noise, 1 - noise]]
    problem = mb.Problem([1 - a, a], [1 - b, b], rate, label, limit, distortion=[[0, 1], [1, 0]])
    return mb.solve(problem)


def agrees(a, b, *limits):
    """The closed form is the solver's optimum, and its coupling meets every limit."""
    best, general = hamming(a, b, *limits), solved(a, b, *limits)
    assert general.status is mb.Status.OPTIMAL
    assert best.distortion == pytest.approx(general.expected_distortion, abs=1e-7)
    assert best.distortion >= abs(a - b) - 1e-15
    assert min(best.weights) >= 0
    assert sum(best.weights) == pytest.approx(1, abs=1e-14)
    joint = best.coupling
    assert joint.sum(axis=0) == pytest.approx([1 - b, b], abs=1e-14)
    assert joint.sum(axis=1) == pytest.approx([1 - a, a], abs=1e-14)
    assert joint[0, 1] + joint[1, 0] == best.distortion
    assert best.distortion == pytest.approx(a + b - 2 * a * b - 2 * a * (1 - a) * best.delta, abs=1e-14)
    if limits:
        assert best.rate <= limits[0] + 1e-12
    return best


@settings(max_examples=60, deadline=None)
@given(a=HUNDREDTHS, b=HUNDREDTHS, share=SHARES)
@example(a=0.3, b=0.4, share=1.0)
@example(a=0.5, b=0.5, share=0.5)
@example(a=0.7, b=0.2, share=0.9)
def test_at_a_rate_it_is_the_optimum_of_the_solver(a, b, share):
    best = agrees(a, b, share * h(a))
    assert best.delta == pytest.approx(min(share, b / a, (1 - b) / (1 - a)), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(a=HUNDREDTHS, b=HUNDREDTHS, share=SHARES, noise=st.integers(0, 40), room=SHARES)
@example(a=0.3, b=0.4, share=1.0, noise=10, room=0.1)
@example(a=0.7, b=0.6, share=1.0, noise=10, room=0.0)
@example(a=0.3, b=0.85, share=1.0, noise=0, room=0.0)
def test_with_a_label_it_is_the_optimum_of_the_solver(a, b, share, noise, room):
    noise, rate = noise / 100, share * h(a)
    least = smallest_label_entropy(a, b, rate, noise)
    limit = least + room * (h(mass_of_label(a, noise)) - least)
    best = agrees(a, b, rate, noise, limit)
    assert best.label_entropy_with_seed <= limit + 1e-12
    assert hamming(a, b, rate, 1 - noise, limit).distortion == pytest.approx(best.distortion, abs=1e-9)


def test_without_limits_it_is_the_difference_of_the_masses():
    for a, b in itertools.product([0, 1e-12, 0.2, 0.5, 0.9, 1], repeat=2):
        assert hamming(a, b).distortion == pytest.approx(abs(a - b), abs=1e-15)
    assert hamming(0.3, 0.3).distortion == 0
    assert hamming(0.3, 0.4, 0).distortion == pytest.approx(0.3 + 0.4 - 2 * 0.3 * 0.4)


def test_relabelling_both_bits_changes_nothing():
    random = np.random.default_rng(5)
    for a, b, rate, noise in random.random((200, 4)):
        limit = smallest_label_entropy(a, b, rate, noise) + 0.02 * random.random()
        best, turned = hamming(a, b, rate, noise, limit), hamming(1 - a, 1 - b, rate, noise, limit)
        assert turned.distortion == pytest.approx(best.distortion, abs=1e-9)
        assert turned.delta == pytest.approx(best.delta, abs=1e-6)


def test_a_label_can_cost_agreement():
    """Nine seeds in ten must show X; the law of Y lets six in seven agree with it, so some flip."""
    limit = 0.9 * h(0.1) + 0.1 * h(mass_of_label(0.3, 0.1))
    best = agrees(0.3, 0.4, 1.0, 0.1, limit)
    assert best.distortion == pytest.approx(0.145, abs=1e-12)
    assert best.weights.flip == pytest.approx(0.075, abs=1e-12)
    assert best.branch == "marginal+label"
    assert hamming(0.3, 0.4, 1.0).distortion == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("arguments", "branch"),
    [
        ((0.3, 0.4, 0.5), "rate"),
        ((0.3, 0.4), "marginal"),
        ((0.3, 0.3, h(0.3)), "rate+marginal"),
        ((0.3, 0.4, 0.2 * h(0.3), 0.1, 0.2 * h(0.1) + 0.8 * h(0.34)), "rate+label"),
        ((0, 0.4, 0.5), "marginal"),
    ],
)
def test_the_active_constraints_are_named(arguments, branch):
    assert hamming(*arguments).branch == branch


def test_the_mixture_makes_the_coupling():
    best = hamming(0.3, 0.4, 0.5)
    assert best.mixture.coupling([0.7, 0.3], 2) == pytest.approx(best.coupling, abs=1e-15)


# The predecessor's printed Theorem 2, as far as it reached us.


def test_the_printed_first_branch_falls_below_what_every_coupling_pays():
    assert printed_distortion(0.3, 0.4, 0.85, 0.1, 0.95) == pytest.approx(0.054912, abs=5e-7)
    assert hamming(0.3, 0.4, 0.85, 0.1, 0.95).distortion == pytest.approx(0.1, abs=1e-15)
    assert solved(0.3, 0.4, 0.85, 0.1, 0.95).expected_distortion == pytest.approx(0.1, abs=1e-9)


def test_the_printed_second_branch_speaks_of_couplings_that_do_not_exist():
    assert printed_distortion(0.3, 0.4, 0.5, 0.1, 0.6) == pytest.approx(0.160709, abs=5e-7)
    with pytest.raises(mb.InfeasibleError, match=r"at least 0.666207666, or rate to at least 0.628006263"):
        hamming(0.3, 0.4, 0.5, 0.1, 0.6)
    refused = solved(0.3, 0.4, 0.5, 0.1, 0.6)
    assert refused.status is mb.Status.INFEASIBLE
    assert refused.smallest_label_entropy == pytest.approx(0.6662076653, abs=1e-9)
    assert refused.smallest_rate == pytest.approx(0.6280062626, abs=1e-9)
    assert smallest_label_entropy(0.3, 0.4, 0.5, 0.1) == pytest.approx(0.6662076653, abs=5e-11)
    assert mb.bernoulli.smallest_rate(0.3, 0.4, 0.1, 0.6) == pytest.approx(0.6280062626, abs=5e-11)


def test_what_was_printed_holds_where_the_rate_alone_is_active():
    assert printed_distortion(0.3, 0.4, 0.5, 0.1, 0.67) == pytest.approx(0.221713, abs=5e-7)
    assert hamming(0.3, 0.4, 0.5, 0.1, 0.67).distortion == pytest.approx(0.221713, abs=5e-7)
    assert solved(0.3, 0.4, 0.5, 0.1, 0.67).expected_distortion == pytest.approx(0.221713, abs=5e-7)


def test_where_the_printed_formula_holds():
    """It is the optimum just where R/h(a) is within the share that the law of Y lets agree; else below it."""
    random = np.random.default_rng(6)
    holds = 0
    for a, b, share, noise in random.random((400, 4)):
        rate = share * h(a)
        try:
            best = hamming(a, b, rate, noise, 0.5 + 0.5 * random.random())
        except mb.InfeasibleError:
            continue
        difference = best.distortion - printed_distortion(a, b, rate, noise, 1.0)
        if share <= min(b / a, (1 - b) / (1 - a)):
            holds += 1
            assert difference == pytest.approx(0, abs=1e-12)
        else:
            assert difference > 0
    assert 20 < holds < 300


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((1.2, 0.4), "q_x"),
        ((0.3, -0.1), "q_y"),
        ((0.3, 0.4, -1), "rate"),
        ((0.3, 0.4, float("nan")), "rate"),
        ((0.3, "many"), "q_y"),
        ((0.3, 0.4, 1, None, 0.5), "crossover"),
        ((0.3, 0.4, 1, 1.5, 0.5), "crossover"),
        ((0.3, 0.4, 1, 0.1, -0.5), "max_label_entropy"),
    ],
)
def test_wrong_input_is_named(arguments, match):
    with pytest.raises(mb.ProblemError, match=match):
        hamming(*arguments)
