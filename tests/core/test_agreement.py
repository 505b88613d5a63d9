"""The compiled engine against HiGHS and exchange cliques: a sample of `tests.benchmarks.agreement`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks import agreement

#: Against HiGHS: every shape up to 3x3 without and with a label, with equal masses and without.
HIGHS = [turn * 20 + place for turn in (0, 1, 2, 3) for place in (0, 10, 11, 16, 17, 18)]


#: In 236 HiGHS loses its way from a warm basis and has to start anew; in 636 the label's slack is worth most.
HIGHS += [236, 636]


#: On this one HiGHS takes as long as on all others together.
HARD_FOR_HIGHS = 40


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=pytest.mark.slow) if number == HARD_FOR_HIGHS else number
        for number in HIGHS
    ],
)
def test_the_engines_prove_the_same_value(number):
    record = agreement.against_highs(agreement.case(number), time_limit=300.0)
    assert agreement.agrees(record), record


@pytest.mark.parametrize("number", [4, 5, 8])
def test_four_by_four_agrees_with_the_exchange_cliques(number):
    """An exact method that shares nothing with the branch and bound; two of the three have equal masses."""
    record = agreement.against_cliques(agreement.clique_case(number), time_limit=300.0)
    assert agreement.agrees(record), record


@pytest.mark.parametrize("number", range(12))
def test_three_by_three_agrees_with_the_exchange_cliques(number):
    record = agreement.against_cliques(agreement.clique_case(number, letters=3), time_limit=300.0)
    assert agreement.agrees(record), record


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20, 60))
def test_many_more_agree_with_the_exchange_cliques(number):
    record = agreement.against_cliques(agreement.clique_case(number), time_limit=300.0)
    assert agreement.agrees(record), record


def test_the_instances_are_those_announced():
    """A quarter with equal masses, labels in half, rates of 0.05 to 1 of H(Y), every shape in a block."""
    cases = [agreement.case(number) for number in range(320)]
    assert sum(case.equal_masses for case in cases) == 80
    assert sum(case.label for case in cases) == 160
    assert all(0.05 <= case.fraction <= 1 for case in cases)
    assert {case.shape for case in cases[:20]} == set(agreement.SHAPES)
    equal = [agreement.clique_case(number) for number in range(0, 40, 4)]
    assert all(len(np.unique(case.problem.p_x)) <= 2 for case in equal)


def test_a_difference_is_told():
    """What counts as agreement: proved by both, within the gap, no value above a bound."""
    record = {"optimal": True, "label": False, "difference": 9e-7, "crossing": 0.0}
    assert agreement.agrees(record)
    assert agreement.agrees(record | {"label": True, "crossing": 9e-9})
    for change in (
        {"optimal": False},
        {"difference": 1.1e-6},
        {"crossing": 9e-9},
        {"label": True, "crossing": 2e-8},
    ):
        assert not agreement.agrees(record | change)
