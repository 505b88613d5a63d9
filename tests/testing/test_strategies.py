"""The public strategies draw what they promise."""

from __future__ import annotations

import builtins
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.info import conditional_entropy, entropy
from mecbopt.testing import binary_problems, channels, family_problems, mixtures, pmfs, problems, schemes


@given(pmfs(2, 5), pmfs(3, 3, allow_zero=False))
def test_pmfs_are_exact(p, q):
    for law, sizes in ((p, range(2, 6)), (q, (3,))):
        assert all(isinstance(mass, Fraction) and mass >= 0 for mass in law)
        assert sum(law) == 1
        assert len(law) in sizes
    assert min(q) > 0


@given(channels(3, 2, 4), channels(2, allow_zero=False))
def test_channels_are_row_stochastic(channel, positive):
    assert len(channel) == 3
    assert len({len(row) for row in channel}) == 1
    assert 2 <= len(channel[0]) <= 4
    assert all(sum(row) == 1 for row in channel)
    assert min(min(row) for row in positive) > 0


@given(st.integers(1, 3), st.integers(1, 3), st.data())
def test_mixtures_hold_different_mappings(n, m, data):
    mappings, weights = data.draw(mixtures(n, m))
    assert len(set(mappings)) == len(mappings) == len(weights)
    assert all(len(mapping) == n and set(mapping) <= set(range(m)) for mapping in mappings)
    assert sum(weights) == 1
    assert min(weights) > 0


@given(schemes())
def test_schemes_are_laws(scheme):
    assert scheme.coupling.sum() == pytest.approx(1)
    assert scheme.coupling.sum(axis=1) == pytest.approx(scheme.p_x)
    assert scheme.p_t_given_xu.sum(axis=2) == pytest.approx(np.ones(scheme.p_t_given_xu.shape[:2]))
    assert scheme.p_y_given_tu.sum(axis=2) == pytest.approx(np.ones(scheme.p_y_given_tu.shape[:2]))
    assert scheme.equals(scheme)


@given(problems())
def test_feasible_problems_are_feasible(problem):
    solution = mb.solve(problem, method="local")
    assert solution.has_coupling
    solution.check()


@given(problems(label=True))
@settings(max_examples=30)
def test_feasible_problems_with_a_label_have_one(problem):
    assert problem.has_label_constraint
    assert mb.solve(problem, method="local").has_coupling


@given(problems(label=False, allow_zero=False))
def test_problems_without_a_label_have_none(problem):
    assert not problem.has_label_constraint
    assert min(problem.exact_p_x) > 0


@given(problems(feasible=False))
def test_infeasible_problems_break_a_bound_of_information_theory(problem):
    """C < H(S|X) or C < H(S) - R, by a clear margin; and the solver agrees."""
    joint = problem.p_x[:, None] * problem.p_s_given_x
    from_source = conditional_entropy(joint.T)
    from_rate = float(entropy(joint.sum(axis=0))) - problem.rate
    assert problem.max_label_entropy < max(from_source, from_rate) - 0.005
    assert mb.solve(problem).status is mb.Status.INFEASIBLE


@given(binary_problems(label=True), binary_problems(label=False))
def test_binary_problems_are_arguments_of_the_closed_form(labelled, plain):
    assert None not in labelled
    assert plain[3:] == (None, None)
    mb.bernoulli.solve(*plain)
    value = mb.bernoulli.value(*(float(argument) for argument in labelled))
    if math.isnan(value):
        with pytest.raises(mb.InfeasibleError):
            mb.bernoulli.solve(*labelled)


def test_pmfs_shrink_to_a_point_mass_or_the_smallest_weights():
    law = find(pmfs(2, 4), lambda p: len(p) == 3)
    assert sorted(law) == [0, 0, 1]


def test_borders_come_up():
    find(binary_problems(), lambda arguments: arguments[0] == Fraction(1, 2))
    find(binary_problems(), lambda arguments: arguments[0] == 0)
    find(binary_problems(), lambda arguments: arguments[0] == arguments[1] != 0)
    find(problems(), lambda problem: 0 in problem.exact_p_x)


def test_without_hypothesis_the_message_names_the_remedy(monkeypatch):
    original = builtins.__import__

    def refuse(name, *arguments, **named):
        if name.startswith("hypothesis"):
            raise ImportError("No module named 'hypothesis'")
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(mb.NotSupportedError, match=r"mecbopt\[testing\]"):
        pmfs()


@given(family_problems())
def test_members_of_the_family_are_stated_and_no_engine_is_asked(problem):
    assert problem.replace().equals(problem)


@given(family_problems(members=("distortion",)))
def test_a_distortion_is_minimised(problem):
    """Feasible by construction, and proved whatever masses of 0 and equal letters there are."""
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(members=("y_size",)))
def test_a_free_law_is_no_worse_than_any_that_is_drawn(problem):
    """Feasible by construction, and proved."""
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(members=("label_sees_seed",)))
def test_a_label_without_the_seed_is_obeyed(problem):
    """Feasible by construction, C as often as not exactly what a mixture attains."""
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(members=("p_y_tolerance",)))
def test_a_law_within_a_tolerance_is_no_worse_than_the_one_that_is_drawn(problem):
    """Feasible by construction, and proved."""
    assert sum(problem.exact_p_y) == 1
    assert 0 <= problem.exact_number("p_y_tolerance") <= 1
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(members=("constraints",)))
@settings(max_examples=25)
def test_a_constraint_that_a_mixture_meets_is_obeyed(problem):
    """Forbidden cells, caps, moments, agreement and fairness, each with equality as often as not."""
    assert type(problem.constraints[0]).__module__.startswith("mecbopt.problem")
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(2, 2, members=("min_label_entropy",)))
@settings(max_examples=15)
def test_privacy_is_kept(problem):
    solution = mb.solve(problem, gap=1e-4)
    solution.check()
    assert solution.label_entropy_without_seed >= problem.min_label_entropy - 1e-9
    assert solution.status is mb.Status.OPTIMAL


@given(family_problems(members=("distortion", "constraints", "p_y_tolerance", "y_size", "label_sees_seed")))
@settings(max_examples=25)
def test_members_go_together(problem):
    """What is not convex by itself: any of them side by side."""
    try:
        solution = mb.solve(problem)
    except mb.NotSupportedError:
        # Where its label can bind: a minimum of a linear function under a reverse convex limit.
        assert problem.distortion is not None
        assert not problem.label_sees_seed
        return
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@given(problems(2, 2, label=False, allow_zero=False))
@settings(max_examples=6)
def test_without_common_randomness_no_more_can_be_carried(problem):
    """V_B(R) <= V(R), and bounds that contain the value."""
    alone = mb.bottleneck.solve(problem, time_limit=0.5)
    assert alone.mutual_information <= alone.upper_bound + 1e-9
    assert alone.mutual_information <= mb.solve(problem).upper_bound + 1e-9


@given(pmfs(1, 3, allow_zero=False), pmfs(1, 3, allow_zero=False))
@settings(max_examples=20)
def test_plain_couplings_are_problems_without_a_limit(p, q):
    plain = mb.mec.exact(p, q)
    assert plain.entropy == pytest.approx(
        entropy(plain.coupling.sum(axis=1))
        + entropy(plain.coupling.sum(axis=0))
        - mb.solve(mb.Problem(p, q)).mutual_information,
        abs=1e-6,
    )


@pytest.mark.parametrize(
    "wanted",
    [
        lambda problem: problem.distortion is not None and problem.p_y_tolerance > 0,
        lambda problem: problem.p_y is None and problem.min_label_entropy is not None,
        lambda problem: problem.has_label_constraint and not problem.label_sees_seed,
        lambda problem: any(isinstance(one, mb.GroupFairness) for one in problem.constraints),
        lambda problem: problem.constraints and problem.p_y_tolerance > 0,
    ],
)
def test_every_member_of_the_family_comes_up(wanted):
    find(family_problems(), wanted, settings=settings(phases=[Phase.generate], max_examples=500))
