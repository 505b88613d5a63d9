"""Linear rows of the compiled tree: their bounds, their order of letters, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.errors import NotSupportedError, ProblemError
from mecbopt.formulation import Formulation, JointEntropy, LinearLimit, LinearRows
from mecbopt.tolerances import LIMIT_SLACK
from tests.oracle import bits

P_X, P_Y = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4])


def _forms(*rows):
    return np.array(rows, dtype=float).reshape(len(rows), 3, 2)


def test_no_relaxation_lies_above_a_coupling_of_its_box():
    """Boxes around vertices of the polytope with the rows, whose joint entropy is known."""
    random = np.random.default_rng(5)
    mappings = np.array(list(itertools.product(range(2), repeat=3)))
    laws = np.stack([(mappings == y) @ P_X for y in range(2)])
    cells = np.zeros((len(mappings), 3, 2))
    for k, mapping in enumerate(mappings):
        cells[k, np.arange(3), mapping] = P_X
    checked = 0
    for _ in range(40):
        form = random.normal(size=(3, 2))
        level = float((form * np.outer(P_X, P_Y)).sum())
        entropies = bits(laws).sum(axis=0)
        found = linprog(
            random.normal(size=len(mappings)),
            A_ub=[entropies, (cells * form).sum(axis=(1, 2))],
            b_ub=[0.6, level],
            A_eq=laws,
            b_eq=P_Y,
        )
        assert found.status == 0  # the independent coupling is feasible
        coupling = np.tensordot(found.x, cells, 1)
        search = CompiledSearch(P_X, P_Y, 0.6, linear=(form[None], [-math.inf], [level + 1e-9]))
        low, high = coupling - random.random((3, 2)) * coupling, coupling + 0.2 * random.random((3, 2))
        bound = search.relaxation_bound(low, np.minimum(high, 1.0), rounds=2)
        assert bound <= bits(coupling).sum() + 1e-9
        checked += 1
    assert checked == 40


def test_rows_that_exclude_every_mixture_are_proved_to():
    form = _forms([1, 0, 0, 0, 0, 0])
    assert CompiledSearch(P_X, P_Y, 0.6, linear=(form, [0.45], [math.inf])).infeasible is False
    search = CompiledSearch(P_X, P_Y, 0.6, linear=(form, [0.55], [math.inf]), settings=Settings())
    search.run()
    assert search.infeasible
    assert search.entropy_lower_bound == math.inf


def test_only_letters_that_every_row_treats_alike_are_exchangeable():
    third, half = np.full(3, 1 / 3), np.full(2, 0.5)
    free = CompiledSearch(third, half, 0.5).order
    same = CompiledSearch(third, half, 0.5, linear=(np.ones((1, 3, 2)), [-math.inf], [2.0])).order
    assert same == free != []
    one_cell = _forms([1, 0, 0, 0, 0, 0])
    # Letters 1 and 2 of X stay exchangeable, and no others.
    order = CompiledSearch(third, half, 0.5, linear=(one_cell, [-math.inf], [0.1])).order
    assert order
    assert {cell // 2 for pair in order for cell in pair} == {1, 2}
    distinct = _forms([1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0])
    assert CompiledSearch(third, half, 0.5, linear=(distinct, [-math.inf] * 2, [0.1] * 2)).order == []


def test_limits_on_one_form_become_one_row():
    form = np.array([[3.0, 0.0], [0.0, 0.0], [0.0, -1.0]])
    limits = [
        LinearLimit(P_X, form, 0.5, "a"),
        LinearLimit(P_X, -form, -0.1, "b"),
        LinearLimit(P_X, 2.0 * form, 0.6, "c"),
        LinearLimit(P_X, 7.0 - form, 6.5, "d"),  # form >= 0.5, as the cells sum to 1
    ]
    objective = JointEntropy.of(P_X, P_Y, math.inf)
    rows = LinearRows.of(Formulation(P_X, P_Y, objective, tuple(limits)))
    assert len(rows) == 1
    assert rows.coefficients == pytest.approx(form[None] / 4.0)
    assert rows.upper == pytest.approx([0.3 / 4.0 + LIMIT_SLACK], abs=1e-15)
    assert rows.lower == pytest.approx([0.5 / 4.0 - LIMIT_SLACK], abs=1e-15)


@pytest.mark.parametrize(
    ("linear", "error", "words"),
    [
        ((np.ones((1, 2, 2)), [0.0], [1.0]), ProblemError, "shapes"),
        ((np.ones((1, 3, 2)), [0.0, 0.0], [1.0]), ProblemError, "shapes"),
        ((np.full((1, 3, 2), np.nan), [0.0], [1.0]), ProblemError, "finite"),
        ((np.ones((1, 3, 2)), [np.nan], [1.0]), ProblemError, "finite"),
        ((np.ones((65, 3, 2)), [0.0] * 65, [1.0] * 65), NotSupportedError, "65 rows"),
    ],
)
def test_rows_of_the_wrong_kind_are_refused(linear, error, words):
    with pytest.raises(error, match=words):
        CompiledSearch(P_X, P_Y, 0.6, linear=linear)
