"""Masses and labels of every scale: small letters count, and weak labels are limits all the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.formulation import LabelLimit, presolve
from mecbopt.tolerances import LIMIT_SLACK
from tests.instances import TREE_ENGINES

CHANNEL = [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]]


def _tiny(mass):
    return mb.Problem(
        [mass, 0.4, 0.6 - mass], [mass, 0.5, 0.5 - mass], p_s_given_x=CHANNEL, max_label_entropy=0.9
    )


@pytest.mark.parametrize("mass", [1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13])
@pytest.mark.parametrize("engine", TREE_ENGINES)
def test_letters_of_tiny_mass_leave_a_problem_feasible(mass, engine):
    """As the mass tends to 0 the optimum tends to .6099865469 bits."""
    solution = mb.solve(_tiny(mass), engine=engine)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(0.6099865469, abs=40 * mass + 1e-9)


def test_the_optimum_at_a_mass_of_a_billionth():
    for method in ("exact", "local"):
        solution = mb.solve(_tiny(1e-9), method=method)
        solution.check()
        assert solution.mutual_information == pytest.approx(0.60998658, abs=1e-8)


SMALLEST = [
    # p_x, p_y, rate, channel, C, smallest C or None where the problem is feasible (by enclosures of 256 bits)
    (
        [0.26511787379552654, 0.3513524041077072, 0.38352972209676633],
        [0.40036171400704734, 1.00289190514322e-11, 0.5996382859829238],
        9.99e-10,
        [
            [0.4831699283874322, 0.1924777580572456, 0.32435231355532224],
            [0.5713405194254871, 0.36875576852972225, 0.05990371204479056],
            [0.027675918432588674, 0.05113068093216612, 0.9211934006352452],
        ],
        1.224659657195286,
        1.5088988769032363,
        0.6210267434404684,
    ),
    (
        [0.16977122526002644, 0.8191097172509925, 0.011119057488981099],
        [0.47349443399515995, 1.9458203294197542e-10, 0.526505565810258],
        1.0267966855301618,
        [
            [0.4071886730246745, 0.11799940549835283, 0.47481192147697265],
            [0.001115556486767984, 0.8791065004819508, 0.11977794303128117],
            [0.38834149588737676, 0.0985968987170583, 0.513061605395565],
        ],
        0.9541373400158447,
        0.696288861946771,
        None,
    ),
]


@pytest.mark.parametrize(("p_x", "p_y", "rate", "channel", "limit", "least", "least_rate"), SMALLEST)
def test_the_smallest_label_entropy_with_tiny_masses(p_x, p_y, rate, channel, limit, least, least_rate):
    solution = mb.solve(mb.Problem(p_x, p_y, rate, channel, limit, normalize=True))
    solution.check()
    if least < limit:
        assert solution.status is mb.Status.OPTIMAL
        return
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.smallest_label_entropy == pytest.approx(least, abs=1e-8)
    assert solution.smallest_rate == pytest.approx(least_rate, abs=1e-8)


@pytest.mark.parametrize("mass", [1e-6, 1e-9, 1e-11, 1e-13])
@pytest.mark.parametrize("rate", [1e-9, 1e-4, 0.3, math.inf])
@pytest.mark.parametrize("limit", [0.5, 0.7, 0.9, 0.95])
def test_what_would_be_feasible_never_contradicts_the_limits(mass, rate, limit):
    problem = _tiny(mass).replace(rate=rate, max_label_entropy=limit)
    solution = mb.solve(problem, method="greedy")
    solution.check()
    if solution.status is mb.Status.INFEASIBLE:
        assert solution.smallest_label_entropy > limit
        assert solution.smallest_rate is None or solution.smallest_rate > rate
        raised = problem.replace(max_label_entropy=solution.smallest_label_entropy)
        assert mb.solve(raised, method="greedy").has_coupling
    else:
        assert solution.has_coupling


WEAK = mb.Problem(
    [1 / 7, 3 / 7, 3 / 7],
    [0.7066542519716033, 0.2933457480283968],
    0.8612671713831379,
    [[s, 1 - s] for s in (0.6195883914291188, 0.6196228094398251, 0.6196436211627746)],
    0.9583051664347232,
)


@pytest.mark.parametrize("engine", [*TREE_ENGINES, "enumeration"])
def test_a_label_that_says_almost_nothing_is_solved(engine):
    solution = mb.solve(WEAK, engine=engine, time_limit=60)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(0.472254560495, abs=1e-8)
    assert solution.upper_bound >= 0.472254560494


def test_no_value_uses_the_slack_of_a_weak_label():
    """I(S;X) is 5e-9 bits here: a slack of 1e-10 bits would be worth .013 bits of information.

    The optimum is that of all bases, computed with 60 digits.
    """
    rows = [
        [0.6388469943025926, 0.3611530056974074],
        [0.6390016537508202, 0.36099834624918],
        [0.639149556518517, 0.3608504434814829],
        [0.6389138297296996, 0.36108617027030043],
    ]
    problem = mb.Problem(
        [0.6604843568865015, 0.04910652426462939, 0.0, 0.29040911884886916],
        [0.5, 0.5],
        p_s_given_x=rows,
        max_label_entropy=0.9436138836095979,
    )
    for method in ("exact", "local", "greedy"):
        solution = mb.solve(problem, method=method)
        solution.check()
        assert solution.mutual_information <= 0.4584749489541 + 1e-7
    assert mb.solve(problem).mutual_information == pytest.approx(0.4584749489541, abs=1e-6)


@pytest.mark.parametrize("scale", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_engines_agree_on_labels_of_every_strength(scale):
    random = np.random.default_rng(3)
    p_x, p_y = random.dirichlet(np.ones(3)), random.dirichlet(np.ones(2))
    channel = np.array([0.6, 0.4]) + scale * np.outer(random.normal(size=3), [1, -1])
    row = LabelLimit(p_x, channel, 2, 0.0)
    limit = row.bits(0.5)  # half of I(S;X) may be lost
    problem = mb.Problem(p_x, p_y, 0.7, channel, limit, normalize=True)
    solutions = [mb.solve(problem, engine=engine) for engine in (*TREE_ENGINES, "enumeration")]
    for solution in solutions:
        solution.check()
        assert solution.status is mb.Status.OPTIMAL
        for other in solutions:
            assert other.upper_bound >= solution.mutual_information - 1e-9


def test_bounds_of_the_enumeration_hold_for_the_values_of_other_engines():
    problem = mb.Problem(
        [0.12041988390672892, 0.8795801160932711],
        [0.7836195888868062, 0.21638041111319384],
        p_s_given_x=[[0.8349907011597703, 0.1650092988402298], [0.6282709018610083, 0.37172909813899174]],
        max_label_entropy=0.9151624007001748,
        normalize=True,
    )
    values = [mb.solve(problem, engine=engine).mutual_information for engine in TREE_ENGINES]
    assert mb.solve(problem, engine="enumeration").upper_bound >= max(values)


def _conditional_entropy(joint):
    """H(S|A) of P(a, s), bits."""
    positive, rows = joint[joint > 0], joint.sum(axis=1)
    return -(positive * np.log2(positive)).sum() + (rows[rows > 0] * np.log2(rows[rows > 0])).sum()


@pytest.mark.parametrize("strength", [0.3, 1e-2, 1e-4])
def test_the_scaled_label_row_is_the_share_of_information_lost(strength):
    """(H(S|f(X)) - H(S|X)) / I(S;X), and the table over sets gives the same."""
    random = np.random.default_rng(0)
    p_x = random.dirichlet(np.ones(4))
    channel = np.array([0.5, 0.3, 0.2]) + strength * random.uniform(-0.2, 0.2, size=(4, 3))
    channel /= channel.sum(axis=1, keepdims=True)
    instance = presolve(mb.Problem(p_x, [0.5, 0.3, 0.2], 1.0, channel, 0.1)).formulation
    row = instance.label_limit
    mappings = random.integers(0, 3, size=(20, 4))
    shares = row.values(mappings)
    joint = instance.p_x[:, None] * row.channel
    left = _conditional_entropy(joint)
    expected = []
    for mapping in mappings:
        merged = np.array([joint[mapping == y].sum(axis=0) for y in range(3)])
        expected.append((_conditional_entropy(merged) - left) / row.information)
    assert shares == pytest.approx(expected, abs=1e-13 / row.information)
    sets = [[int(((mapping == y) * 2 ** np.arange(4)).sum()) for y in range(3)] for mapping in mappings]
    assert shares == pytest.approx([sum(row.table[0, s] for s in parts) for parts in sets], abs=1e-12)
    assert row.bits(1.0) == pytest.approx(mb.Problem(p_x, [1.0], 1.0, channel).label_entropy, abs=1e-12)


def test_bounds_are_rounded_outward():
    for rate in (1e-9, 1e-7, 1e-5):
        solution = mb.solve(mb.Problem([0.5, 0.5], [0.3, 0.7], rate))
        assert 0.0 <= solution.mutual_information <= solution.upper_bound <= rate
    curve = mb.rate_curve(mb.Problem([0.5, 0.5], [0.3, 0.7]), [1e-9, 1e-6, 0.1, 0.5, 0.9])
    assert np.all(curve.upper_bound >= curve.mutual_information)
    assert LIMIT_SLACK < 1e-9


@pytest.mark.parametrize("mass", [1e-17, 1e-30, 5e-324])
@pytest.mark.parametrize("method", ["auto", "local", "greedy"])
def test_a_letter_lost_in_the_rounding_of_the_others_goes_anywhere(mass, method):
    """The greedy coupling leaves its row empty; it is kept, as the label's price is high at C near H(S|X)."""
    problem = mb.Problem([mass, 0.4, 0.6], [0.5, 0.5], 0.3, CHANNEL, 0.9)
    solution = mb.solve(problem, method=method)
    solution.check()
    assert solution.mutual_information == pytest.approx(0.0673484213, abs=1e-8)


def test_a_mass_beyond_every_other():
    channel = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
    problem = mb.Problem(["1/2", 1e30, "1/5"], [0.6, 0.4], 0.5, channel, 0.9, normalize=True)
    solution = mb.solve(problem)
    solution.check()
    assert solution.status is mb.Status.OPTIMAL
    assert solution.upper_bound < 1e-12


def test_more_mappings_than_a_float_can_count():
    """100^1000: the engines say so in words, and "auto" goes to the local search."""
    problem = mb.Problem(np.full(1000, 1e-3), np.full(100, 1e-2), 3.0)
    solution = mb.solve(problem, time_limit=0.1)
    solution.check()
    assert solution.engine == "local"
    with pytest.raises(mb.NotSupportedError, match=r"100\^1000 = 1\.00e\+2000 mappings"):
        mb.solve(problem, engine="highs")


def test_the_label_of_many_letters_takes_memory_in_proportion():
    """Deviations of all pairs of letters would fill 6 GB here."""
    letters = 20_000
    random = np.random.default_rng(0)
    channel = random.dirichlet(np.ones(2), letters)
    problem = mb.Problem(np.full(letters, 1 / letters), [0.5, 0.5], 0.5, channel, 0.95)
    assert mb.solve(problem, method="greedy", time_limit=1e-3).upper_bound <= 0.5 + 1e-12
