"""10,000 random binary problems: the closed form, the linear program and the solver agree."""

from __future__ import annotations

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.info import mutual_information
from mecbopt.tolerances import CONSTRAINT_SLACK
from tests.bernoulli.linear_program import Programs
from tests.bernoulli.problems import random_problems

#: Agreement asked of the linear program: HiGHS meets its rows to 1e-10, which moves a value by less.
PROGRAM_BITS = 1e-7
#: Agreement asked of the solver: its gap.
SOLVER_BITS = 1e-6
#: This close to the smallest C, feasibility itself is within the rows' tolerance.
BORDER_BITS = 1e-8


@pytest.fixture(scope="module")
def problems():
    return random_problems(10_000, seed=20260)


@pytest.fixture(scope="module")
def values(problems):
    return mb.bernoulli.value(*problems.T)


@pytest.fixture(scope="module")
def programs(problems):
    return Programs(problems)


def test_feasibility_agrees_with_the_linear_program(problems, values, programs):
    least = programs.smallest_label_entropies()
    clear = np.abs(least - problems[:, 4]) > BORDER_BITS
    assert np.array_equal(np.isnan(values)[clear], (least > problems[:, 4])[clear])
    assert 2000 < np.isnan(values).sum() < 8000
    # Only problems built on the border (a bit that is constant, C = 0 or 1) are left out.
    assert (~clear).sum() < 700


def test_values_agree_with_the_linear_program(problems, values, programs):
    feasible = np.flatnonzero(~np.isnan(values))
    least = programs.smallest_label_entropies()
    on_border = np.abs(least - problems[:, 4]) < BORDER_BITS
    found = programs.values(feasible, slack=np.where(on_border, BORDER_BITS, 0.0))
    # Where the label tells next to nothing, the slack that a border problem needs is all of the range of C.
    told = np.array([table[2].max() - table[2].min() for table in programs.tables])
    blind = on_border & (told > 0) & (told < 1e-3)
    assert blind[feasible].sum() < 60
    assert np.max(np.abs(found - values[feasible])[~blind[feasible]]) < PROGRAM_BITS


def test_smallest_label_entropy_agrees_with_the_linear_program(problems, programs):
    least = programs.smallest_label_entropies()
    closed = [mb.bernoulli.smallest_label_entropy(*row[:4]) for row in problems[:2000]]
    assert closed == pytest.approx(least[:2000], abs=1e-8)


def test_the_array_form_is_the_scalar_form(problems, values):
    for row, expected in list(zip(problems, values, strict=True))[:3000]:
        if np.isnan(expected):
            with pytest.raises(mb.InfeasibleError):
                mb.bernoulli.solve(*row)
        else:
            assert mb.bernoulli.solve(*row).mutual_information == expected


def test_weights_meet_every_constraint_and_attain_the_value(problems, values):
    for row, expected in list(zip(problems, values, strict=True))[:3000]:
        if np.isnan(expected):
            continue
        _, q_y, rate, _, limit = row
        best = mb.bernoulli.solve(*row)
        weights = np.array(best.weights)
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1, abs=1e-15)
        coupling = best.coupling
        assert coupling.sum(axis=0) == pytest.approx([1 - q_y, q_y], abs=1e-14)
        assert best.rate <= rate + 1e-14
        assert best.label_entropy_with_seed <= limit + CONSTRAINT_SLACK + 1e-14
        assert best.delta == pytest.approx(weights[0] - weights[1], abs=1e-15)
        clipped = np.clip(coupling, 0, None)
        assert mutual_information(clipped) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("tenth", range(10))
def test_values_agree_with_the_solver(tenth, problems, values):
    for index in range(50 * tenth, 50 * tenth + 50):
        q_x, q_y, rate, crossover, limit = problems[index]
        channel = [[1 - crossover, crossover], [crossover, 1 - crossover]]
        problem = mb.Problem([1 - q_x, q_x], [1 - q_y, q_y], rate, channel, limit)
        solution = mb.solve(problem)
        if np.isnan(values[index]):
            assert solution.status is mb.Status.INFEASIBLE
        else:
            assert solution.mutual_information == pytest.approx(values[index], abs=SOLVER_BITS)
            assert solution.upper_bound >= values[index] - 1e-9
