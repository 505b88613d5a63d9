"""What a stream shows agrees with the solution, within errors that are right; what does not fit is seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.codec import Encoder, LawTest, Measurement
from mecbopt.errors import ProblemError

CHANNEL = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
PROBLEM = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=0.5, p_s_given_x=CHANNEL, max_label_entropy=0.95)


@pytest.fixture(scope="module")
def solution():
    return mb.solve(PROBLEM)


def _sampled(count, seed):
    rng = np.random.default_rng(seed)
    x = rng.choice(3, count, p=PROBLEM.p_x)
    return x, (rng.random(count) < CHANNEL[x, 1]).astype(np.int64)


def _report(solution, x, label=None, seed=0, problem=PROBLEM):
    measurement = Measurement(problem, solution.mixture, Encoder(solution.mixture, problem, seed=seed))
    measurement.add(x, label)
    return measurement.report(0)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("count", [300, 3000])
def test_deviations_are_those_of_the_stated_errors(solution, count, labelled):
    """Of 200 streams, (measured - promised)/error has mean 0 and deviation 1: the bias is gone.

    Without the corrections the information of 300 letters would be .5 of an error too high.
    """
    deviations, p_values = [], []
    for seed in range(200):
        x, label = _sampled(count, seed)
        report = _report(solution, x, label if labelled else None, seed)
        figures = (report.code_length, report.mutual_information, report.label_entropy)
        deviations.append([(f.measured - f.promised) / f.standard_error for f in figures])
        p_values.append([report.output_law.p_value, report.source_law.p_value])
    assert np.abs(np.mean(deviations, axis=0)).max() < 4 / math.sqrt(200)
    assert np.abs(np.std(deviations, axis=0) - 1).max() < 0.25
    assert np.abs(np.mean(p_values, axis=0) - 0.5).max() < 4 / math.sqrt(12 * 200)


def test_the_correction_is_millers():
    """With all four cells of (x, y) met the plug-in information is lowered by 1/(2 N ln 2) bits."""
    mixture, problem = mb.Mixture([[0, 1], [1, 0]], [0.8, 0.2]), mb.Problem([0.5, 0.5], [0.5, 0.5])
    encoder = Encoder(mixture, problem, seed=3)
    x = np.random.default_rng(0).integers(0, 2, 300)
    measurement = Measurement(problem, mixture, encoder)
    measurement.add(x)
    y, _ = encoder.outputs(x)
    joint = np.histogram2d(x, y, bins=2)[0] / 300
    bits = [-(law * np.log2(law)).sum() for law in (joint.sum(0), joint.sum(1), joint)]
    plug_in = bits[0] + bits[1] - bits[2]
    measured = measurement.report(0).mutual_information.measured
    assert plug_in - measured == pytest.approx(1 / (600 * math.log(2)))


def test_independent_letters_have_the_second_order_error():
    """I = 0: the plug-in is a chi-square over 2 N ln 2, and its first-order error would be 0."""
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], rate=0.0)
    solution = mb.solve(problem)
    deviations = []
    for seed in range(200):
        x = np.random.default_rng(seed).integers(0, 2, 500)
        figure = _report(solution, x, seed=seed, problem=problem).mutual_information
        assert figure.promised == pytest.approx(0, abs=1e-12)
        deviations.append((figure.measured - figure.promised) / figure.standard_error)
    assert abs(np.mean(deviations)) < 0.3
    assert np.std(deviations) == pytest.approx(1, abs=0.3)


def test_blocks_add_up(solution):
    x, label = _sampled(1000, 1)
    measurement = Measurement(PROBLEM, solution.mixture, Encoder(solution.mixture, PROBLEM, seed=0))
    for start in range(0, 1000, 130):
        measurement.add(x[start : start + 130], label[start : start + 130])
    parts, whole = measurement.report(77), _report(solution, x, label)
    assert (parts.mutual_information, parts.label_entropy) == (
        whole.mutual_information,
        whole.label_entropy,
    )
    assert parts.symbols == 1000
    assert parts.coded_rate == 0.077
    assert parts.labels_seen


def test_letters_of_another_law_are_seen(solution):
    x = np.random.default_rng(0).choice(3, 20_000, p=[0.4, 0.4, 0.2])
    report = _report(solution, x)
    assert report.source_law.p_value < 1e-6
    assert report.output_law.p_value < 1e-6


def test_labels_of_another_channel_are_seen(solution):
    x, label = _sampled(20_000, 0)
    figure = _report(solution, x, 1 - label).label_entropy
    shuffled = _report(solution, x, np.random.default_rng(0).permutation(label)).label_entropy
    assert figure.measured == pytest.approx(
        figure.promised, abs=5 * figure.standard_error
    )  # entropy, no name
    assert shuffled.measured > shuffled.promised + 10 * shuffled.standard_error


def test_no_letters_give_no_figures(solution):
    report = _report(solution, [])
    assert report.symbols == 0
    for figure in (report.code_length, report.mutual_information, report.label_entropy):
        assert math.isnan(figure.measured)
        assert figure.promised > 0
    assert math.isnan(report.coded_rate)
    assert report.output_law.p_value == 1.0


@pytest.mark.parametrize("label", [[0], [0, 2], [0, -1], [0.0, 1.0]])
def test_labels_that_do_not_fit_are_refused(solution, label):
    with pytest.raises(ProblemError, match="label is"):
        _report(solution, [0, 1], np.array(label))


def test_the_chi_square_test_by_hand():
    test = LawTest.of(np.array([48, 52]), np.array([0.5, 0.5]))
    assert (test.statistic, test.degrees) == (pytest.approx(0.16), 1)
    assert test.p_value == pytest.approx(math.erfc(math.sqrt(0.08)))


def test_rare_letters_are_put_together():
    """Expected counts 97, 1, 1, 1: the three make a cell of 3."""
    test = LawTest.of(np.array([95, 5, 0, 0]), np.array([0.97, 0.01, 0.01, 0.01]))
    assert test.degrees == 1
    assert test.statistic == pytest.approx(4 / 97 + 4 / 3)


def test_a_letter_of_mass_zero_refutes_its_law():
    test = LawTest.of(np.array([99, 1]), np.array([1.0, 0.0]))
    assert (test.statistic, test.p_value) == (math.inf, 0.0)
    assert LawTest.of(np.array([100, 0]), np.array([1.0, 0.0])).p_value == 1.0
