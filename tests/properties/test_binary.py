"""Closed form = solver = linear program = symbolic expression; bounds, monotonicity, continuity."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt._proofs import binary_coupling
from mecbopt._proofs.tools import language
from mecbopt.bernoulli import comonotone, crossover_rate, smallest_label_entropy, solve, value
from mecbopt.testing import binary_problems
from tests.bernoulli.linear_program import Programs

SOLVER_BITS = 1e-6  # the gap that is asked for


def h(p):
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def attempt(arguments):
    """The optimum, or None where there is none."""
    try:
        return solve(*arguments)
    except mb.InfeasibleError:
        return None


def as_problem(q_x, q_y, rate, crossover, limit):
    channel = None if crossover is None else [[1 - crossover, crossover], [crossover, 1 - crossover]]
    return mb.Problem([1 - q_x, q_x], [1 - q_y, q_y], rate, channel, limit)


@given(binary_problems())
def test_the_closed_form_is_the_solver(arguments):
    """V = h(b) - min(Phi(delta_max), Phi(delta_min)) = max I(X;Y)."""
    best, solution = attempt(arguments), mb.solve(as_problem(*arguments))
    if best is None:
        assert solution.status is mb.Status.INFEASIBLE
        least = smallest_label_entropy(*arguments[:4])
        assert solution.smallest_label_entropy == pytest.approx(least, abs=1e-7)
        return
    assert solution.mutual_information == pytest.approx(best.mutual_information, abs=SOLVER_BITS)
    assert solution.upper_bound >= best.mutual_information - 1e-9


@given(st.lists(binary_problems(label=True), min_size=1, max_size=20))
def test_the_closed_form_is_the_linear_program(many):
    """V = the better of two linear programs over the four weights."""
    rows = np.array([[float(entry) for entry in arguments] for arguments in many])
    programs = Programs(rows)
    least, values = programs.smallest_label_entropies(), value(*rows.T)
    clear = np.abs(least - rows[:, 4]) > 1e-8
    assert np.array_equal(np.isnan(values)[clear], (least > rows[:, 4])[clear])
    feasible = np.flatnonzero(clear & ~np.isnan(values))
    if len(feasible):
        assert programs.values(feasible, np.zeros(len(rows))) == pytest.approx(values[feasible], abs=1e-7)


@given(binary_problems(label=False))
def test_the_closed_form_is_the_symbolic_expression_at_rationals(arguments):
    """V = h(b) - Phi(delta) with exact delta, evaluated to 30 digits."""
    q_x, q_y, rate, _, _ = arguments
    assume(0 < q_x < 1 and 0 < q_y < 1)
    best = solve(q_x, q_y, rate)
    cells = best.coupling
    assume(cells.min() > 1e-6)
    exact = {"a": q_x, "b": q_y, "delta": sp.Rational(best.delta)}
    substitution = {sp.Symbol(name, real=True): sp.Rational(entry) for name, entry in exact.items()}
    phi = binary_coupling.conditional_entropy().subs(substitution)
    whole = binary_coupling.entropy(sp.Rational(q_y))
    # The proofs keep phi as a symbol of its own: here it takes its meaning.
    nats = (whole - phi).replace(language.phi, lambda p: -p * sp.log(p))
    expected = float((nats / sp.log(2)).evalf(30))
    assert best.mutual_information == pytest.approx(expected, abs=1e-14, rel=1e-9)


@given(binary_problems(), st.floats(0, 0.5))
def test_the_value_grows_with_the_rate_and_with_the_limit(arguments, more):
    """R <= R' and C <= C' imply V(R, C) <= V(R', C')."""
    q_x, q_y, rate, crossover, limit = arguments
    best = attempt(arguments)
    assume(best is not None)
    assert (
        solve(q_x, q_y, rate + more, crossover, limit).mutual_information >= best.mutual_information - 1e-13
    )
    if limit is not None:
        looser = solve(q_x, q_y, rate, crossover, limit + more)
        assert looser.mutual_information >= best.mutual_information - 1e-13


@given(binary_problems())
def test_the_value_respects_the_bounds(arguments):
    """0 <= I <= min(R, H(X), H(Y)) and H(S|X) <= H(S|Y,U) <= C."""
    best = attempt(arguments)
    assume(best is not None)
    q_x, q_y, rate, crossover, limit = arguments
    assert 0 <= best.mutual_information <= min(rate, h(q_x), h(q_y)) + 1e-14
    assert best.rate <= rate + 1e-14
    if limit is not None:
        assert h(crossover) - 1e-12 <= best.label_entropy_with_seed <= limit + 2e-10


@given(binary_problems())
def test_relabelling_changes_nothing(arguments):
    """V(1-a, b) = V(a, 1-b) = V(a, b), and eta -> 1 - eta."""
    q_x, q_y, rate, crossover, limit = arguments
    best = attempt(arguments)
    other = None if crossover is None else 1 - crossover
    for changed in ((1 - q_x, q_y, rate, crossover, limit), (q_x, 1 - q_y, rate, other, limit)):
        again = attempt(changed)
        assert (again is None) == (best is None)
        if best is not None:
            assert again.mutual_information == pytest.approx(best.mutual_information, abs=1e-9)


@given(binary_problems())
def test_at_most_three_mappings_without_a_label_and_four_with_one(arguments):
    """At most m + 1 mappings, m + 2 with a label, and only as many as there are active rows."""
    best = attempt(arguments)
    assume(best is not None)
    active = best.branch.split("+")
    positive = sum(weight > 1e-12 for weight in best.weights)
    assert positive <= 2 + ("rate" in active) + ("label" in active)


@given(binary_problems(label=False), st.sampled_from([1e-3, 1e-6, 1e-9]))
def test_the_value_is_continuous_across_every_border(arguments, step):
    """|V(R + s) - V(R)| -> 0 at the crossover rate, at saturation, and in a and b."""
    q_x, q_y, rate, _, _ = (float(entry) if entry is not None else None for entry in arguments)
    bound = 40 * math.sqrt(step)
    borders = [rate, crossover_rate(q_x, q_y)]
    if 0 < q_x < 1:
        borders += [h(q_x) * cap for cap in (q_y / q_x, (1 - q_y) / (1 - q_x), q_y / (1 - q_x))]
    for border in borders:
        if border is None or math.isinf(border):
            continue
        here = value(q_x, q_y, border)
        assert value(q_x, q_y, border + step) == pytest.approx(here, abs=bound)
        assert value(min(q_x + step, 1), q_y, border) == pytest.approx(here, abs=bound)
        assert value(q_x, min(q_y + step, 1), border) == pytest.approx(here, abs=bound)


@given(binary_problems(label=False))
def test_the_comonotone_branch_never_exceeds_the_optimum(arguments):
    """V_com <= V, with equality where the end is comonotone or tied."""
    best, printed = solve(*arguments), comonotone(*arguments[:3])
    assert printed.mutual_information <= best.mutual_information + 1e-13
    if best.end != "antitone":
        assert printed.mutual_information == pytest.approx(best.mutual_information, abs=1e-12)
