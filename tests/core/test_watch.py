"""Searches whose rows change: as good as rows that were stated, and mixtures that solve what is asked."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.errors import ProblemError
from tests.oracle import bits

P_X, P_Y, RATE = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4]), 0.6
FORM = np.array([[1.0, -0.5], [0.2, 0.0], [-0.7, 0.4]])
LEVEL = float((FORM * np.outer(P_X, P_Y)).sum()) + 0.01


def _watching(**changes):
    settings = Settings(local_search=False, random_starts=0, symmetry=False)
    return CompiledSearch(P_X, P_Y, RATE, settings=settings, **changes)


def _cells():
    mappings = np.array(list(itertools.product(range(2), repeat=3)))
    cells = np.zeros((len(mappings), 3, 2))
    for k, mapping in enumerate(mappings):
        cells[k, np.arange(3), mapping] = P_X
    return cells


def test_a_row_that_is_set_later_bounds_as_one_that_is_stated():
    random = np.random.default_rng(3)
    stated = _watching(linear=(FORM[None], [-math.inf], [LEVEL]))
    later = _watching(spare_rows=2)
    free = _watching()
    later.set_row(1, FORM, -math.inf, LEVEL)
    tighter = 0
    for _ in range(20):
        low = 0.3 * random.random((3, 2)) * np.outer(P_X, P_Y)
        box = low, np.minimum(low + random.random((3, 2)), 1.0)
        bound = later.relaxation_bound(*box)
        assert bound == pytest.approx(stated.relaxation_bound(*box), abs=1e-9)
        tighter += bound > free.relaxation_bound(*box) + 1e-6
    assert tighter > 5
    later.set_row(1, np.zeros((3, 2)), -math.inf, math.inf)
    assert later.relaxation_bound(*box) == pytest.approx(free.relaxation_bound(*box), abs=1e-9)


def test_the_least_vertex_within_the_rows_is_that_of_one_program_over_all_mappings():
    cells, search = _cells(), _watching(spare_rows=1)
    search.set_row(0, FORM, -math.inf, LEVEL)
    random = np.random.default_rng(4)
    for _ in range(10):
        cost = random.normal(size=(3, 2))
        least = linprog(
            (cells * cost).sum(axis=(1, 2)),
            A_ub=[bits(cells.sum(axis=1)).sum(axis=1), (cells * FORM).sum(axis=(1, 2))],
            b_ub=[RATE, LEVEL],
            A_eq=cells.sum(axis=1).T,
            b_eq=P_Y,
        )
        mappings, weights = search.minimise(cost)
        chosen = np.zeros((3, 2))
        for mapping, weight in zip(mappings, weights, strict=True):
            chosen[np.arange(3), mapping] += weight * P_X
        assert chosen.sum(axis=0) == pytest.approx(P_Y, abs=1e-12)
        assert (cost * chosen).sum() == pytest.approx(least.fun, abs=1e-9)
    search.set_row(0, FORM, FORM.max(), math.inf)  # all mass on the greatest coefficient
    assert search.minimise(cost) is None


def test_open_boxes_tell_mixtures_and_attained_values_close_them():
    """Told the optimum, the search ends with a bound that is not above it; told less, sooner."""
    whole = CompiledSearch(P_X, P_Y, RATE)
    whole.run()
    search = _watching()
    search.attained(whole.incumbent_entropy)
    looked = 0
    while not search.finished and search.entropy_lower_bound < whole.incumbent_entropy - 1e-6:
        search.run(nodes=1)
        for mappings, weights in search.seen():
            looked += 1
            assert weights.sum() == pytest.approx(1.0, abs=1e-9)
            assert mappings.shape == (len(weights), 3)
    assert looked > 2
    assert len(search.incumbent_mixture[1]) == 0
    assert search.entropy_lower_bound == pytest.approx(whole.incumbent_entropy, abs=2e-6)
    search.attained(0.0)
    assert search.incumbent_entropy == 0.0


def test_rows_that_are_not_there_are_refused():
    search = _watching(linear=(FORM[None], [-math.inf], [LEVEL]), spare_rows=1)
    for row, form, bounds in (
        (1, FORM, (-math.inf, 0.0)),
        (-1, FORM, (-math.inf, 0.0)),
        (0, FORM.T, (-math.inf, 0.0)),
        (0, FORM * math.nan, (-math.inf, 0.0)),
        (0, FORM, (1.0, 0.0)),
        (0, FORM, (math.nan, 0.0)),
    ):
        with pytest.raises(ProblemError, match="row"):
            search.set_row(row, form, *bounds)
