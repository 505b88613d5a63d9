"""Every figure in the tables of "What Theorem 2 misses" is what the package computes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.plots.loss_map import largest_loss
from tests.bernoulli.problems import printed_distortion

PAGE = Path(__file__).resolve().parents[2] / "docs" / "theory" / "what-theorem-2-misses.md"
NUMBER = r"([\d.]+)"
ROW = re.compile(
    rf"^\| {NUMBER} \| {NUMBER} \| {NUMBER} \| {NUMBER} \| (\w+) \| {NUMBER} \| {NUMBER} \| ([\d.]+|-) \|$"
)
ROWS = [
    match.groups() for line in PAGE.read_text(encoding="utf-8").splitlines() if (match := ROW.match(line))
]


def test_the_table_is_there():
    assert len(ROWS) >= 9
    assert {row[4] for row in ROWS} == {"antitone", "comonotone", "tie"}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_table_is_computed(row):
    q_x, q_y, rate = (float(entry) for entry in row[:3])
    best, printed = mb.bernoulli.solve(q_x, q_y, rate), mb.bernoulli.comonotone(q_x, q_y, rate)
    switch = mb.bernoulli.crossover_rate(q_x, q_y)
    assert row[3] == f"{best.mutual_information:.6f}"
    assert row[4] == best.end
    assert row[5] == f"{printed.mutual_information:.6f}"
    assert float(row[6]) == pytest.approx(best.mutual_information - printed.mutual_information, abs=5e-7)
    assert row[7] == ("-" if switch is None else f"{switch:.6f}")


LIMITS = re.compile(rf"^\| {NUMBER} \| {NUMBER} \| {NUMBER} \| ([^|]+) \|$", re.MULTILINE)


def test_the_table_of_least_distortions_is_computed():
    """At the masses .3 and .4 and the crossover .1, as the text above the table says."""
    rows = LIMITS.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) == 3
    for rate, limit, printed, answer in rows:
        arguments = 0.3, 0.4, float(rate), 0.1, float(limit)
        assert printed == f"{printed_distortion(*arguments):.6f}"
        if not answer.startswith("no coupling"):
            assert answer == f"{mb.bernoulli.hamming(*arguments).distortion:.6f}"
            continue
        with pytest.raises(mb.InfeasibleError):
            mb.bernoulli.hamming(*arguments)
        assert f"smallest C {mb.bernoulli.smallest_label_entropy(*arguments[:4]):.10f}" in answer
        assert f"smallest R {mb.bernoulli.smallest_rate(0.3, 0.4, 0.1, float(limit)):.10f}" in answer


def test_the_map_takes_its_loss_at_the_worst_rate():
    """No rate of a fine grid loses more than the few at which an end saturates."""
    random = np.random.default_rng(4)
    rates = np.linspace(0, 1, 60)
    for q_x, q_y in random.random((30, 2)):
        worst = float(largest_loss(np.array([q_x]), np.array([q_y]))[0])
        printed = [mb.bernoulli.comonotone(q_x, q_y, rate).mutual_information for rate in rates]
        assert np.max(mb.bernoulli.value(q_x, q_y, rates) - printed) <= worst + 1e-12
