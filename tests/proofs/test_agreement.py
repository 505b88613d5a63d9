"""The expressions of the proofs, evaluated at rationals, against the package and the solver's ingredients."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import mecbopt as mb
from mecbopt._proofs import (
    binary_coupling,
    column_jensen,
    concavity,
    crossover,
    erratum_theorem_2,
    erratum_theorem_3,
    largest_loss,
    lemma_1,
    lemma_2,
    sign_theorem,
    theorem_2,
    theorem_3,
)

B = mb.bernoulli
LN2 = math.log(2)
RATIONALS = [Fraction(1, 9), Fraction(3, 10), Fraction(2, 5), Fraction(5, 9), Fraction(4, 5)]


def number(expression, **values):
    """A sympy expression at rationals, in bits if it is in nats."""
    exact = {sp.Symbol(name, real=True): sp.Rational(str(value)) for name, value in values.items()}
    substituted = expression.subs(exact, simultaneous=True)
    # An entropy of 0: the limit of p log p.
    return float(substituted.replace(lambda e: e is sp.nan, lambda e: sp.Integer(0)).evalf(30))


@pytest.mark.parametrize(("a", "b"), [*itertools.product(RATIONALS, RATIONALS)])
def test_the_value_is_that_of_the_symbolic_expression(a, b):
    random = np.random.default_rng([int(99 * a), int(99 * b)])
    phi = binary_coupling.conditional_entropy()
    for rate in (*random.random(2), 1e-4):
        best = B.solve(a, b, rate)
        delta = Fraction(best.delta).limit_denominator(10**14)
        h_b = number(binary_coupling.entropy(binary_coupling.b), b=b)
        interior = min(best.coupling.min(), 1) > 1e-9
        if interior:
            expected = (h_b - number(phi, a=a, b=b, delta=delta)) / LN2
            assert best.mutual_information == pytest.approx(expected, abs=1e-12)
        values = {"a": a, "b": b, "delta": delta, "t": Fraction(best.weights.identity + best.weights.flip)}
        assert best.weights.one == pytest.approx(number(binary_coupling.ONE, **values), abs=1e-13)
        assert best.weights.zero == pytest.approx(number(binary_coupling.ZERO, **values), abs=1e-13)


def test_the_second_derivative_is_that_of_the_package_by_differences():
    a, b, delta, step = 0.3, 0.4, 0.2, 1e-4
    values = [
        -float(B.information.information(*(np.asarray(z) for z in (a, b, delta + shift))))
        for shift in (-step, 0, step)
    ]
    difference = (values[0] - 2 * values[1] + values[2]) / step**2
    exact = number(concavity.SECOND, a="3/10", b="2/5", delta="1/5") / LN2
    assert difference == pytest.approx(exact, rel=1e-5)


def test_the_sign_theorem_names_the_leading_end():
    for a, b in itertools.product(RATIONALS[1:4], RATIONALS[1:]):
        share = Fraction(min(a, 1 - a, b, 1 - b)) / 2
        sign = number(sign_theorem.DIFFERENCE, a=a, b=b, delta=share)
        end = B.solve(a, b, float(share) * B.solve(a, a).mutual_information).end
        assert end == ("antitone" if sign > 0 else "comonotone")


def test_the_crossover_rate_solves_the_equation_of_the_proof():
    for a, b in itertools.product(RATIONALS[:3], RATIONALS[:3]):
        t = Fraction(B.crossover_rate(a, b) / B.solve(a, a).mutual_information)
        level = number(crossover.LEVEL, a=a, b=b)
        assert number(binary_coupling.conditional_entropy(), a=a, b=b, delta=t) == pytest.approx(
            level, abs=1e-12
        )
        assert t > number(crossover.ANTITONE_CAP, a=a, b=b)


def test_the_comonotone_branch_has_the_weights_of_theorem_2():
    printed = B.comonotone(Fraction(3, 10), Fraction(2, 5), 0.5)
    t = sp.Rational(printed.delta)
    one = theorem_2.ONE.subs({theorem_2.delta: t, theorem_2.t: t})
    assert printed.weights.one == pytest.approx(number(one, a="3/10", b="2/5"), abs=1e-15)


def test_lemma_1_keeps_the_coupling_of_the_package():
    best = B.solve(0.3, 0.4, 1.0, 0.1, 0.514578)
    values = dict(zip(binary_coupling.WEIGHTS, best.weights, strict=True))
    moved = B.Weights(*(float(lemma_1.NEW[weight].subs(values)) for weight in binary_coupling.WEIGHTS))
    other = B.BernoulliOptimum(0.3, 0.4, best.mutual_information, best.delta, moved, best.end, "", 0.1)
    assert other.coupling == pytest.approx(best.coupling, abs=1e-15)
    assert other.rate < best.rate
    assert other.label_entropy_with_seed > best.label_entropy_with_seed


def test_lemma_2_gives_the_label_entropies_of_the_package():
    for a, noise in itertools.product(RATIONALS[1:3], RATIONALS[:3]):
        for mapping, weights in zip(binary_coupling.MAPPINGS, np.eye(4), strict=True):
            point = B.BernoulliOptimum(float(a), 0.5, 0, 0, B.Weights(*weights), "", "", float(noise))
            expected = number(lemma_2._label_entropy(mapping), a=a, eta=noise) / LN2
            assert point.label_entropy_with_seed == pytest.approx(expected, abs=1e-14)


def test_the_polygon_of_theorem_3_is_that_of_the_package():
    """The best of all feasible vertices of the six rows, found by brute force, is the package's value."""
    random = np.random.default_rng(11)
    rows = {
        name: sp.lambdify((sp.Symbol("delta", real=True), sp.Symbol("t", real=True), *_others()), row)
        for name, row in theorem_3.ROWS.items()
    }
    checked = 0
    for a, b, rate, noise, share in random.random((200, 5)):
        a = min(a, 1 - a)
        least = B.smallest_label_entropy(a, b, rate, noise)
        limit = least + share * (B.smallest_label_entropy(a, b, 0, noise) - least)
        h = B.solve(a, a).mutual_information
        known = (a, b, min(1, rate / h), B.smallest_rate(a, b, noise, limit) / h)
        best = B.solve(a, b, rate, noise, limit)
        values = []
        for first, second in itertools.combinations(rows.values(), 2):
            constant = np.array([first(0, 0, *known), second(0, 0, *known)])
            matrix = np.array(
                [
                    [r(1, 0, *known) - r(0, 0, *known), r(0, 1, *known) - r(0, 0, *known)]
                    for r in (first, second)
                ]
            )
            if abs(np.linalg.det(matrix)) < 1e-9:
                continue
            delta, t = np.linalg.solve(matrix, -constant)
            if min(row(delta, t, *known) for row in rows.values()) >= -1e-9:
                values.append(_information(a, b, delta))
        assert max(values) == pytest.approx(best.mutual_information, abs=1e-7)
        checked += 1
    assert checked == 200


def _others():
    return sp.Symbol("a", real=True), sp.Symbol("b", real=True), theorem_3.T, theorem_3.tau


def _information(a, b, delta):
    return float(B.information.information(np.asarray(a), np.asarray(b), np.asarray(delta)))


def test_the_branches_are_the_surviving_active_sets():
    sets = theorem_3.surviving_sets(1, False) | theorem_3.surviving_sets(-1, False)
    names = {"p1": None, "p2": None, "p3": "marginal", "p4": "marginal", "rate": "rate", "label": "label"}
    allowed = {"+".join(sorted({names[row] for row in active} - {None})) for active in sets}
    assert allowed == {"rate", "marginal", "label+marginal"}
    random = np.random.default_rng(12)
    for a, b, rate, noise, share in random.random((500, 5)):
        least = B.smallest_label_entropy(a, b, rate, noise)
        limit = least + (0.01 + share) * (B.smallest_label_entropy(a, b, 0, noise) - least)
        branch = B.solve(a, b, rate, noise, limit).branch
        assert "+".join(sorted(branch.split("+"))) in allowed


def test_the_witness_of_the_first_erratum():
    rate, value, printed = (float(ball.mid()) for ball in erratum_theorem_2.enclosures())
    best = B.solve(0.3, 0.3, 0.378)
    assert best.weights == pytest.approx([float(weight) for weight in erratum_theorem_2.WITNESS], abs=1e-15)
    assert best.mutual_information == pytest.approx(value, abs=1e-15)
    assert best.rate == pytest.approx(rate, abs=1e-15)
    assert B.comonotone(0.3, 0.3, 0.378).mutual_information == pytest.approx(printed, abs=1e-15)


def test_the_witness_of_the_second_erratum():
    best = B.solve(0.3, 0.4, 1.0, 0.1, 0.514578)
    assert best.weights == pytest.approx([float(weight) for weight in erratum_theorem_3.WITNESS], abs=1e-6)
    assert best.mutual_information == pytest.approx(0.387346, abs=1e-6)


def test_the_largest_loss_is_attained_and_not_exceeded():
    root, loss = (float(ball.mid()) for ball in largest_loss.enclose_same_side())
    a = (1 - root) / 2
    rate = B.solve(a, a).mutual_information * a / (1 - a)
    assert B.solve(a, a, rate).mutual_information - B.comonotone(
        a, a, rate
    ).mutual_information == pytest.approx(loss, abs=1e-14)
    golden = math.log2((1 + math.sqrt(5)) / 2)
    worst = (5 - math.sqrt(5)) / 10
    assert B.solve(worst, 1 - worst).mutual_information - B.comonotone(
        worst, 1 - worst
    ).mutual_information == pytest.approx(golden, abs=1e-14)
    random = np.random.default_rng(13)
    q_x, q_y, rates = random.random((3, 300_000))
    h = B.value(q_x, q_x)
    delta = np.minimum.reduce([rates / h, q_y / q_x, (1 - q_y) / (1 - q_x)])
    losses = B.value(q_x, q_y, rates) - B.information.information(q_x, q_y, delta)
    same_side = (q_x < 0.5) == (q_y < 0.5)
    assert losses.min() > -1e-12
    assert losses.max() < golden
    assert losses[same_side].max() < loss
    assert losses.max() > 0.95 * golden
    assert losses[same_side].max() > 0.95 * loss


def test_the_extension_of_phi_is_concave_and_lies_above_phi():
    for lower, upper in ((0.1, 0.3), (0.0, 0.2), (0.25, 0.26)):
        points = np.linspace(0, 1, 101)
        values = [float(column_jensen.extension(point, lower, upper).evalf()) for point in points]
        plain = [0.0 if point == 0 else -point * math.log(point) for point in points]
        assert np.all(np.array(values) >= np.array(plain) - 1e-15)
        assert np.all(np.diff(values, 2) <= 1e-15)
        inside = (points >= lower) & (points <= upper)
        assert np.array(values)[inside] == pytest.approx(np.array(plain)[inside], abs=1e-15)
