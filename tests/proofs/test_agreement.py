"""The formulas of the proofs, evaluated at rationals, against the package's closed forms."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._proofs import (
    binary_coupling,
    column_jensen,
    crossover,
    erratum_theorem_2,
    erratum_theorem_3,
    hamming,
    largest_loss,
    lemma_1,
    lemma_2,
    sign_theorem,
    theorem_3,
    two_bits,
)
from mecbopt._proofs.tools.evaluate import ball, compiled, number
from mecbopt._proofs.tools.language import entropy

B = mb.bernoulli
LN2 = math.log(2)
RATIONALS = [Fraction(1, 9), Fraction(3, 10), Fraction(2, 5), Fraction(5, 9), Fraction(4, 5)]


def value(term, **values):
    """A term at rationals."""
    return float(ball(compiled(term)({name: number(one) for name, one in values.items()})).mid())


@pytest.mark.parametrize(("a", "b"), [*itertools.product(RATIONALS, RATIONALS)])
def test_the_value_is_that_of_the_symbolic_expression(a, b):
    random = np.random.default_rng([int(99 * a), int(99 * b)])
    for rate in (*random.random(2), 1e-4):
        best = B.solve(a, b, rate)
        delta = Fraction(best.delta).limit_denominator(10**14)
        if min(best.coupling.min(), 1) > 1e-9:
            h_b = value(entropy(two_bits.b), b=b)
            expected = (h_b - value(two_bits.conditional_entropy(), a=a, b=b, delta=delta)) / LN2
            assert best.mutual_information == pytest.approx(expected, abs=1e-12)
        values = {"a": a, "b": b, "delta": delta, "t": Fraction(best.weights.identity + best.weights.flip)}
        assert best.weights.one == pytest.approx(value(binary_coupling.ONE, **values), abs=1e-13)
        assert best.weights.zero == pytest.approx(value(binary_coupling.ZERO, **values), abs=1e-13)


def test_the_sign_theorem_names_the_leading_end():
    for a, b in itertools.product(RATIONALS[1:4], RATIONALS[1:]):
        share = Fraction(min(a, 1 - a, b, 1 - b)) / 2
        sign = value(sign_theorem.DIFFERENCE, a=a, b=b, x=share)
        end = B.solve(a, b, float(share) * B.solve(a, a).mutual_information).end
        assert end == ("antitone" if sign > 0 else "comonotone")


def test_the_crossover_rate_solves_the_equation_of_the_proof():
    for a, b in itertools.product(RATIONALS[:3], RATIONALS[:3]):
        t = Fraction(B.crossover_rate(a, b) / B.solve(a, a).mutual_information)
        level = value(crossover.LEVEL, a=a, b=b)
        assert value(two_bits.conditional_entropy(two_bits.t), a=a, b=b, t=t) == pytest.approx(
            level, abs=1e-12
        )
        assert t > value(crossover.ANTITONE_CAP, a=a, b=b)


def test_lemma_2_gives_the_label_entropies_of_the_package():
    for a, noise in itertools.product(RATIONALS[1:3], RATIONALS[:3]):
        for weights in np.eye(4):
            point = B.BernoulliOptimum(float(a), 0.5, 0, 0, B.Weights(*weights), "", "", float(noise))
            term = lemma_1.label_entropy(two_bits.WEIGHTS, lemma_2.eta, 1 - lemma_2.eta)
            shares = {f"p{k + 1}": Fraction(int(one)) for k, one in enumerate(weights)}
            expected = value(term, a=a, eta=noise, **shares) / LN2
            assert point.label_entropy_with_seed == pytest.approx(expected, abs=1e-14)


def test_the_polygon_of_theorem_3_is_that_of_the_package():
    """The best of all feasible vertices of the six rows, found by brute force, is the package's value."""
    random = np.random.default_rng(11)
    rows = [one.right - one.left for one in theorem_3.POLYGON]

    def line(row, known):
        constant = value(row, delta=0, t=0, **known)
        return np.array(
            [
                value(row, delta=1, t=0, **known) - constant,
                value(row, delta=0, t=1, **known) - constant,
                constant,
            ]
        )

    for a, b, rate, noise, share in random.random((60, 5)):
        a = min(a, 1 - a)
        least = B.smallest_label_entropy(a, b, rate, noise)
        limit = least + share * (B.smallest_label_entropy(a, b, 0, noise) - least)
        h = B.solve(a, a).mutual_information
        known = {"a": a, "b": b, "T": min(1, rate / h), "tau": B.smallest_rate(a, b, noise, limit) / h}
        known = {name: Fraction(float(one)) for name, one in known.items()}
        lines = [line(row, known) for row in rows]
        values = []
        for first, second in itertools.combinations(lines, 2):
            matrix = np.array([first[:2], second[:2]])
            if abs(np.linalg.det(matrix)) < 1e-9:
                continue
            point = np.linalg.solve(matrix, -np.array([first[2], second[2]]))
            if min(one[:2] @ point + one[2] for one in lines) >= -1e-9:
                values.append(
                    float(B.information.information(np.asarray(a), np.asarray(b), np.asarray(point[0])))
                )
        assert max(values) == pytest.approx(B.solve(a, b, rate, noise, limit).mutual_information, abs=1e-7)


def test_the_distortion_of_the_proof_is_that_of_the_package():
    """Cell by cell from the weights, and in closed form from the end of the polygon."""
    for a, b, share in itertools.product(RATIONALS, RATIONALS, RATIONALS[1:3]):
        best = B.hamming(a, b, float(share) * B.solve(a, a).mutual_information)
        weights = {f"p{k + 1}": Fraction(weight) for k, weight in enumerate(best.weights)}
        assert best.distortion == pytest.approx(value(hamming.distortion(), a=a, **weights), abs=1e-15)
        slope = {str(theorem_3.end): Fraction(best.delta)}
        assert best.distortion == pytest.approx(value(hamming.LEAST, a=a, b=b, **slope), abs=1e-14)


def test_the_witnesses_of_the_errata():
    best = B.solve(0.3, 0.3, 0.378)
    assert best.weights == pytest.approx([float(one) for one in erratum_theorem_2.WITNESS], abs=1e-15)
    assert best.mutual_information == pytest.approx(value(erratum_theorem_2.BY_WITNESS) / LN2, abs=1e-15)
    printed = B.comonotone(0.3, 0.3, 0.378).mutual_information
    assert printed == pytest.approx(value(erratum_theorem_2.BY_FORMULA) / LN2, abs=1e-15)
    best = B.solve(0.3, 0.4, 1.0, 0.1, 0.514578)
    assert best.weights == pytest.approx([float(one) for one in erratum_theorem_3.WITNESS], abs=1e-6)


def test_the_largest_loss_is_attained_and_not_exceeded():
    root = float(largest_loss._ROOT.mid())
    loss = value(largest_loss.LARGEST, c=Fraction(root)) / LN2
    a = (1 - root) / 2
    rate = B.solve(a, a).mutual_information * a / (1 - a)
    found = B.solve(a, a, rate).mutual_information - B.comonotone(a, a, rate).mutual_information
    assert found == pytest.approx(loss, abs=1e-14)
    golden = math.log2((1 + math.sqrt(5)) / 2)
    worst = (5 - math.sqrt(5)) / 10
    found = B.solve(worst, 1 - worst).mutual_information - B.comonotone(worst, 1 - worst).mutual_information
    assert found == pytest.approx(golden, abs=1e-14)
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


def test_the_tangents_of_the_jensen_rows_lie_above_phi():
    for touch in (Fraction(1, 10), Fraction(3, 10)):
        for at in (Fraction(1, 100), Fraction(1, 2), Fraction(9, 10)):
            term = column_jensen.tangent(two_bits.a, two_bits.b)
            assert value(term, a=touch, b=at) >= -float(at) * math.log(at) - 1e-15
