"""Branches, ends, corners and degenerate bits of the closed form."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.bernoulli import comonotone, crossover_rate, smallest_label_entropy, smallest_rate, solve, value
from mecbopt.bernoulli.information import information
from mecbopt.info import binary_entropy


def h(p):
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log1p(-p) / math.log(2)


def conditional_entropy(a, b, delta):
    """Phi(delta) = H(Y|X), written out."""
    return (1 - a) * h(b - a * delta) + a * h(b + (1 - a) * delta)


def test_the_erratum_example():
    best, printed = solve(0.3, 0.3, 0.378), comonotone(0.3, 0.3, 0.378)
    assert best.mutual_information == pytest.approx(0.191631, abs=5e-7)
    assert printed.mutual_information == pytest.approx(0.127539, abs=5e-7)
    assert (best.end, best.branch) == ("antitone", "marginal")
    assert (printed.end, printed.branch) == ("comonotone", "rate")
    assert best.weights == pytest.approx((0, 3 / 7, 4 / 7, 0))


def test_the_second_erratum_needs_identity_and_flip_together():
    best = solve(0.3, 0.4, 1.0, 0.1, 0.514578)
    assert best.mutual_information == pytest.approx(0.387346, abs=1e-6)
    assert best.branch == "marginal+label"
    assert best.weights.flip > 0.07
    assert best.weights.identity > 0.8


@pytest.mark.parametrize(
    ("arguments", "branch", "end"),
    [
        ((0.3, 0.3, 0.1), "rate", "antitone"),
        ((0.3, 0.3, 0.6), "rate", "comonotone"),
        ((0.3, 0.3), "marginal", "comonotone"),
        ((0.3, 0.3, h(0.3)), "rate+marginal", "comonotone"),
        ((0.3, 0.7, h(0.3)), "rate+marginal", "antitone"),
        ((0.3, 0.4, h(0.3) * 6 / 7), "rate+marginal", "comonotone"),
        ((0.4, 0.2, 1.0), "marginal", "comonotone"),
        ((0.6, 0.2, 1.0), "marginal", "antitone"),
        ((0.3, 0.4, 0.9 * h(0.3), 0.1, 0.9 * h(0.1) + 0.1 * h(0.34)), "rate+marginal+label", "comonotone"),
        ((0.3, 0.4, 0.2 * h(0.3), 0.1, 0.2 * h(0.1) + 0.8 * h(0.34)), "rate+label", "antitone"),
        ((0.3, 0.3, 0.0), "rate", "tie"),
        ((0.5, 0.3, 0.3), "rate", "tie"),
        ((0.3, 0.5, 0.3), "rate", "tie"),
    ],
)
def test_the_active_constraints_are_named(arguments, branch, end):
    best = solve(*arguments)
    assert (best.branch, best.end) == (branch, end)


@pytest.mark.parametrize(("a", "b"), [*itertools.product([0.05, 0.2, 0.3, 0.45], [0.1, 0.3, 0.4, 0.49])])
def test_the_crossover_rate_changes_the_end(a, b):
    """sign(Phi(delta) - Phi(-delta)) = sign((1-2a)(1-2b)), and one change in every quadrant."""
    for q_x, q_y in itertools.product((a, 1 - a), (b, 1 - b)):
        switch = crossover_rate(q_x, q_y)
        same_side = (q_x < 0.5) == (q_y < 0.5)
        before, after = ("antitone", "comonotone") if same_side else ("comonotone", "antitone")
        for share in (1e-9, 1e-3, 0.5, 0.999):
            assert solve(q_x, q_y, share * switch).end == before
        for rate in (1.001 * switch, 0.5 * (switch + 1), 1.0, math.inf):
            assert solve(q_x, q_y, rate).end == after
    t = crossover_rate(a, b) / h(a)
    assert conditional_entropy(a, b, t) == pytest.approx((1 - a) * h(b / (1 - a)), abs=1e-12)


@pytest.mark.parametrize(("q_x", "q_y"), [(0.5, 0.2), (0.2, 0.5), (0, 0.2), (0.2, 1), (0.5, 0.5)])
def test_there_is_no_crossover_where_the_ends_tie(q_x, q_y):
    assert crossover_rate(q_x, q_y) is None
    for rate in (0.0, 0.1, 1.0):
        assert solve(q_x, q_y, rate).end == "tie"


def test_the_crossover_rate_next_to_one_half_is_inside_its_bracket():
    for gap in (1e-3, 1e-6, 1e-9, 1e-12, 1e-15):
        for a, b in ((0.5 - gap, 0.2), (0.2, 0.5 - gap), (0.5 - gap, 0.5 - gap)):
            t = crossover_rate(a, b) / h(a)
            assert b / (1 - a) * (1 - 1e-15) <= t <= min(b / a, (1 - b) / (1 - a)) * (1 + 1e-15)


def test_relabelling_keeps_the_value_and_turns_delta():
    random = np.random.default_rng(3)
    for a, b, rate, noise in random.random((300, 4)):
        limit = smallest_label_entropy(a, b, rate, noise) + 0.02 * random.random()
        best = solve(a, b, rate, noise, limit)
        for other, sign in (
            (solve(1 - a, b, rate, noise, limit), -1),
            (solve(a, 1 - b, rate, noise, limit), -1),
            (solve(1 - a, 1 - b, rate, 1 - noise, limit), 1),
        ):
            assert other.mutual_information == pytest.approx(best.mutual_information, abs=1e-10)
            if best.end != "tie":
                assert other.delta == pytest.approx(sign * best.delta, abs=1e-6)


def test_the_label_can_turn_an_end_to_the_other_sign():
    # t_C > 2b makes every feasible delta positive, t_C > 2(1-b) every one negative.
    limit = 0.7 * h(0.1) + 0.3 * h(0.34)
    assert solve(0.3, 0.25, math.inf, 0.1, limit).delta > 0
    assert solve(0.3, 0.75, math.inf, 0.1, limit).delta < 0


@pytest.mark.parametrize(
    ("q_x", "q_y"), [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0.4), (1, 0.4), (0.3, 0), (0.3, 1)]
)
def test_constant_bits_carry_nothing(q_x, q_y):
    best = solve(q_x, q_y, 0.5, 0.1, 0.95)
    assert best.mutual_information == 0
    assert (best.end, best.branch) == ("tie", "marginal")
    assert best.coupling.sum(axis=0) == pytest.approx([1 - q_y, q_y])
    assert comonotone(q_x, q_y, 0.5).mutual_information == 0
    least = h(q_x * 0.9 + (1 - q_x) * 0.1)
    assert smallest_label_entropy(q_x, q_y, 1.0, 0.1) == pytest.approx(least)
    assert solve(q_x, q_y, 0.5, 0.1, least + 1e-9).mutual_information == 0
    with pytest.raises(mb.InfeasibleError):
        solve(q_x, q_y, 0.5, 0.1, least - 1e-9)


def test_a_label_that_tells_nothing_is_met_at_one_bit_only():
    assert solve(0.3, 0.4, 1, 0.5, 1.0).mutual_information == solve(0.3, 0.4, 1).mutual_information
    with pytest.raises(mb.InfeasibleError, match="no R is enough"):
        solve(0.3, 0.4, 1, 0.5, 0.999)


def test_infeasibility_names_the_smallest_limit_and_the_smallest_rate():
    with pytest.raises(mb.InfeasibleError, match=r"0\.87309649\d, or rate to at least 0\.82134681"):
        solve(0.3, 0.4, 0.1, 0.1, 0.5)
    assert solve(0.3, 0.4, 0.1, 0.1, smallest_label_entropy(0.3, 0.4, 0.1, 0.1)).branch == "rate+label"
    needed = smallest_rate(0.3, 0.4, 0.1, 0.5)
    assert solve(0.3, 0.4, needed, 0.1, 0.5).branch.startswith("rate")
    with pytest.raises(mb.InfeasibleError):
        solve(0.3, 0.4, needed - 1e-8, 0.1, 0.5)
    assert smallest_rate(0.3, 0.4, 0.1, 0.4) is None
    assert smallest_rate(0.3, 0.4, 0.1, 1.0) == 0.0
    assert smallest_rate(0.0, 0.4, 0.1, 1.0) == 0.0


def test_what_an_error_offers_serves_as_it_is_printed():
    random = np.random.default_rng(6)
    offered = re.compile(r"at least (\S+?),? (?:or rate to at least (\S+)\.|no R)")
    for a, b, rate, noise, share in random.random((300, 5)):
        rate, limit = 0.3 * rate, share * h(noise)
        try:
            solve(a, b, rate, noise, limit)
        except mb.InfeasibleError as error:
            entropy, enough = offered.search(str(error)).groups()
            assert solve(a, b, rate, noise, float(entropy)).branch != ""
            if enough is not None:
                assert solve(a, b, float(enough), noise, limit).rate <= float(enough)


def test_a_limit_missed_by_rounding_is_met():
    random = np.random.default_rng(5)
    for a, b, rate, noise in random.random((500, 4)):
        least = smallest_label_entropy(a, b, rate, noise)
        assert not math.isnan(value(a, b, rate, noise, least - 1e-16))
        assert math.isnan(value(a, b, rate, noise, least - 1e-9))


@pytest.mark.parametrize("gap", [1e-12, 1e-15, 1e-300])
def test_masses_next_to_the_ends_and_the_middle(gap):
    masses = {gap, 1 - gap, 0.5 - gap, 0.5 + gap, 0.3} - {0.0, 1.0}
    for q_x, q_y, rate in itertools.product(masses, masses, (0.0, 1e-12, 0.3, math.inf)):
        best = solve(q_x, q_y, rate)
        assert (
            0
            <= best.mutual_information
            <= min(rate, h(min(q_x, 1 - q_x)), h(min(q_y, 1 - q_y))) * (1 + 1e-12)
        )
        assert best.rate <= rate * (1 + 1e-14)
        assert min(best.weights) >= 0
        assert sum(best.weights) == pytest.approx(1, abs=1e-15)


def test_small_rates_keep_their_digits():
    # I = delta^2 a (1-a) / (2 b (1-b) ln 2) (1 + O(delta)).
    rate = 1e-9
    delta = rate / h(0.3)
    expected = delta**2 * 0.21 / (2 * 0.24 * math.log(2))
    assert solve(0.3, 0.4, rate).mutual_information == pytest.approx(expected, rel=1e-8)
    assert solve(0.3, 0.4, rate).end == "antitone"


def test_the_information_of_two_bits_is_the_plain_difference():
    random = np.random.default_rng(8)
    for a, b, share in random.random((300, 3)):
        delta = share * min(b / a, (1 - b) / (1 - a))
        plain = h(b) - conditional_entropy(a, b, delta)
        assert float(information(np.asarray(a), np.asarray(b), np.asarray(delta))) == pytest.approx(
            plain, abs=1e-14
        )
    for p in (1e-300, 1e-12, 0.3, 0.5, 1 - 1e-12):
        assert float(binary_entropy(p)) == pytest.approx(h(min(p, 1 - p)), rel=1e-12)


def test_the_optimum_is_at_least_the_comonotone_branch():
    random = np.random.default_rng(9)
    for a, b, rate in random.random((500, 3)):
        best, printed = solve(a, b, rate), comonotone(a, b, rate)
        assert best.mutual_information >= printed.mutual_information - 1e-15
        assert printed.delta == pytest.approx(min(rate / h(a), b / a, (1 - b) / (1 - a), 1), rel=1e-13)
        if best.end == "comonotone":
            assert best.mutual_information == pytest.approx(printed.mutual_information, abs=1e-14)


def test_a_solution_of_the_house_accepts_the_mixture():
    best = solve(0.3, 0.3, 0.378)
    assert best.mixture.rate([0.7, 0.3]) == pytest.approx(best.rate, abs=1e-14)
    assert best.mixture.coupling([0.7, 0.3], 2) == pytest.approx(best.coupling, abs=1e-15)
    assert best.label_entropy_with_seed is None


def test_fractions_and_integers_are_numbers():
    assert solve(Fraction(3, 10), Fraction(3, 10), Fraction(378, 1000)) == solve(0.3, 0.3, 0.378)
    assert solve(1, 0, 0).mutual_information == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((1.2, 0.3, 0.1), "q_x is 1.2"),
        ((0.2, -0.3, 0.1), "q_y is -0.3"),
        ((0.2, math.nan, 0.1), "q_y is nan"),
        ((0.2, 0.3, -1), "rate is -1"),
        ((0.2, "a", 1), "q_y is 'a'"),
        ((0.2, 0.3, 1, 2, 0.5), "crossover is 2"),
        ((0.2, 0.3, 1, 0.1, -0.5), "max_label_entropy is -0.5"),
        ((0.2, 0.3, 1, None, 0.5), "give crossover"),
    ],
)
def test_bad_arguments_are_named(arguments, word):
    with pytest.raises(mb.ProblemError, match=word):
        solve(*arguments)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (([0.2, 1.2], 0.3, 0.1), "q_x holds 1.2"),
        ((0.2, [math.nan], 0.1), "q_y holds nan"),
        ((0.2, 0.3, [0.1, -1]), "rate holds -1"),
        (("a", 0.3, 0.1), "q_x is 'a'"),
        (([0.1, 0.2], [0.1, 0.2, 0.3], 0.1), "do not broadcast"),
        ((0.2, 0.3, 1, None, 0.5), "give crossover"),
    ],
)
def test_bad_arrays_are_named(arguments, word):
    with pytest.raises(mb.ProblemError, match=word):
        value(*arguments)


def test_arrays_broadcast_and_scalars_stay_scalars():
    assert value(np.full((4, 1), 0.3), np.full(5, 0.3), 0.3).shape == (4, 5)
    assert value([], 0.3, 0.3).shape == (0,)
    assert isinstance(value(0.3, 0.3, 0.3), float)
    assert value(0.3, 0.3, 0.3, 0.2) == value(0.3, 0.3, 0.3)
