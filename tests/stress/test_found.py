"""Faults that the stress suite found, each with its input and its right value."""

from __future__ import annotations

import math
import re
import time
from decimal import InvalidOperation
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb

#: H(S) - H(S|X) is 1e-8 bits: prices of the label row are 10^9 times those of the others.
_USELESS = mb.Problem(
    [0.1640148066259417, 0.18394709218602562, 0.6275248257022012, 0.024513275485831428],
    [Fraction(20, 37), Fraction(17, 37)],
    0.7882646496755354,
    [
        [0.726153998553639, 0.273846001446361],
        [0.7261842861138347, 0.2738157138861653],
        [0.7261194258472107, 0.2738805741527894],
        [0.7256410277647526, 0.27435897223524736],
    ],
    0.8469698003605903,
)


@pytest.mark.parametrize("seed", range(3))
def test_a_local_search_with_a_useless_label_ends(seed: int) -> None:
    """It moved letters round for ever, the gain of each move being rounding, and asked no clock."""
    used = time.process_time()
    solution = mb.solve(_USELESS, method="local", time_limit=5.0, seed=seed)
    assert time.process_time() - used < 6.0
    assert solution.has_coupling
    solution.check(1e-9)


@pytest.mark.parametrize(
    ("p_x", "p_y"),
    [([0.5, 0.3, 0.2], [0.6, "1e400"]), ([0.5, 0.3, 10**400], [0.6, 0.4]), ([0.5, "1e400"], [1])],
)
def test_huge_entries_are_normalised_or_refused(p_x: list[object], p_y: list[object]) -> None:
    """They came to a raw OverflowError of the division into a float."""
    try:
        problem = mb.Problem(p_x, p_y, normalize=True)
    except mb.ProblemError:
        return
    assert problem.p_x.sum() == pytest.approx(1.0)
    assert problem.p_y is not None
    assert problem.p_y.sum() == pytest.approx(1.0)


#: Labels that say 6e-12 and 3e-9 bits beside a letter of 1e-12, and one of 2e-15 that presolve must keep:
#: with their optima from the oracle of balls.
_WEAK_LABELS = [
    (
        [1.0771275684232611e-12, 0.7730435482353324, 0.22695645176359058],
        [Fraction(8, 33), Fraction(25, 33)],
        0.9325709892308582,
        [
            [0.7128015549207717, 0.28719844507922837],
            [0.7128065104683613, 0.2871934895316386],
            [0.7128033927600794, 0.2871966072399205],
        ],
        0.8650691717461123,
        0.6132572567128889,
    ),
    (
        [0.8961880804350779, 0.1038119195649222],
        [0.3715490992564154, 0.6284509007435846],
        0.6489649110465108,
        [[0.731048412565856, 0.26895158743414405], [0.7311351412529931, 0.26886485874700683]],
        0.8399432128848043,
        0.05076558555239855,
    ),
    (
        [2e-15, 0.7730435482353324, 0.2269564517646656],
        [Fraction(8, 33), Fraction(25, 33)],
        0.9325709892308582,
        [[0.9, 0.1], [0.7128065104683613, 0.2871934895316386], [0.7128033927600794, 0.2871966072399205]],
        0.8650691717461123,
        0.6135266844436669,
    ),
]


@pytest.mark.parametrize("engine", ["auto", "highs"])
@pytest.mark.parametrize(("p_x", "p_y", "rate", "channel", "limit", "optimum"), _WEAK_LABELS)
def test_weak_labels_are_taken_as_stated(
    p_x: list[float],
    p_y: list[float | Fraction],
    rate: float,
    channel: list[list[float]],
    limit: float,
    optimum: float,
    engine: str,
) -> None:
    """Bounds lay up to 4e-6 bits below the optimum: H(S) was that of the masses as rounded to floats."""
    solution = mb.solve(mb.Problem(p_x, p_y, rate, channel, limit), engine=engine)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.upper_bound >= optimum
    assert solution.mutual_information == pytest.approx(optimum, abs=1e-9)


@pytest.mark.parametrize("engine", ["auto", "highs", "enumeration"])
def test_a_limit_near_zero_is_met_as_stated(engine: str) -> None:
    """A mapping of weight 1e-10 stayed, whose label entropy was above C: 3e-11 bits too many."""
    problem = mb.Problem(
        [Fraction(27, 41), Fraction(4, 41), Fraction(5, 41), Fraction(5, 41)],
        [0.6824767995848153, 0.3175232004151847],
        1.0168043144611076,
        [[0, 1], [1, 0], [0, 1], [0, 1]],
        7.84222903911604e-77,
    )
    solution = mb.solve(problem, engine=engine)
    solution.check()
    assert solution.label_entropy_with_seed == 0.0
    assert solution.mutual_information == pytest.approx(0.05552667924776555, abs=1e-14)


def test_a_share_of_next_to_nothing_has_its_smallest_rate() -> None:
    """C is 1e-10 bits below H(S): the linear program took that for none, and said that no rate attains it."""
    problem = mb.Problem(
        [0.33022262846246636, 0.09452333102457937, 0.5752540405111571, 1.7973315116334977e-12],
        [0.1370442695380863, 0.8629557304619137],
        0.0,
        [
            [0.7052327538644605, 0.20672048710598587, 0.08804675902955367],
            [0.10026593355268446, 0.23201731450721294, 0.6677167519401027],
            [0.6343477653118457, 0.25822135237300836, 0.10743088231514612],
            [0.25036027710243736, 0.5234387521848123, 0.22620097071275053],
        ],
        1.345968501625522,
    )
    solution = mb.solve(problem)
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.smallest_rate == pytest.approx(3.613873497630051e-10, rel=1e-5)


def test_constants_meet_a_rate_of_next_to_nothing() -> None:
    """The program over 4,096 mappings was called infeasible at R = 1e-16, and the smallest C infinite."""
    problem = mb.Problem(
        [
            0.0005324695421489135,
            0.0011624260802974879,
            0.0005727242453493796,
            0.000586669672041885,
            0.00029439357743440427,
            0.875344283532395,
            0.0013790948088876877,
            0.05737701595975642,
            0.038929988654842415,
            0.0016279353802244986,
            0.021356775285688575,
            0.0008362232609334411,
        ],
        [0.02399744298939367, 0.9760025570106063],
        1e-16,
        [
            [0.1505136844110381, 0.5973465618466075, 0.2521397537423544],
            [0.1505136844110381, 0.5973465618466075, 0.2521397537423544],
            [0.1505136844110381, 0.5973465618466075, 0.2521397537423544],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.1505136844110381, 0.5973465618466075, 0.2521397537423544],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.1505136844110381, 0.5973465618466075, 0.2521397537423544],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
            [0.3517669081996665, 0.1089332501285731, 0.5392998416717604],
        ],
        1.4375838139107677,
    )
    solution = mb.solve(problem, seed=29)
    assert solution.status is mb.Status.INFEASIBLE
    assert solution.smallest_label_entropy == pytest.approx(1.4375848139107676, abs=1e-12)


def test_masked_entries_in_lists_are_named() -> None:
    """They became nan, with a warning of numpy's."""
    masked = np.ma.masked
    with pytest.raises(mb.SolutionError, match="mappings has masked entries"):
        mb.Mixture([[masked], [masked]], [0.5, 0.5])
    with pytest.raises(mb.ProblemError, match="crossover has masked entries"):
        mb.bernoulli.value(0.5, 0.5, 1.0, [0.1, masked], 0.5)


def test_letters_without_an_order_are_kept_as_they_come() -> None:
    """Comparing a long double with a range is a ValueError."""
    letters = [np.longdouble("0.5"), range(3), "z"]
    assert mb.Problem.from_samples(letters, p_y=[0.5, 0.5]).x_letters == tuple(letters)


class _Unordered:
    """A letter of which an order is asked in vain."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def __lt__(self, other: object) -> bool:
        raise self._error

    __gt__ = __lt__


@pytest.mark.parametrize("error", [OverflowError, InvalidOperation, TypeError, ValueError, RuntimeError])
def test_letters_whose_order_fails_are_kept_as_they_come(error: type[Exception]) -> None:
    """A tensor beside an integer of 400 digits said OverflowError."""
    letters = [10**400, _Unordered(error), 10**400]
    assert mb.Problem.from_samples(letters, p_y=[0.5, 0.5]).x_letters == tuple(letters[:2])


def test_a_solution_that_took_for_ever_is_refused() -> None:
    """It was read, and could not be written again."""
    text = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5])).to_json()
    changed = re.sub(r'"seconds": [^,}\n]+', '"seconds": "inf"', text)
    assert changed != text
    with pytest.raises(mb.SolutionError, match="seconds is 'inf'"):
        mb.Solution.from_json(changed)


NEXT_TO_NO_RATE = mb.Problem(
    [0.4974893377760214, 0.045495581161278206, 0.14939264672470545, 0.307622434337995],
    [0.06059775677960721, 0.9394022432203928],
    9.99e-10,
    [[0.7, 0.3], [0.3, 0.7], [0.9, 0.1], [0.3, 0.7]],
    0.9772135642358273,
)


@pytest.mark.parametrize("method", ["auto", "local", "greedy"])
def test_what_next_to_no_rate_keeps_of_a_label_is_found(method: str) -> None:
    """R keeps a part in 10^9 of I(S;X): beside 1 the linear program did not see it."""
    solution = mb.solve(NEXT_TO_NO_RATE, method=method)
    assert solution.status is mb.Status.INFEASIBLE
    assert NEXT_TO_NO_RATE.max_label_entropy < solution.smallest_label_entropy < 0.97721356435
    assert 1.68e-9 < solution.smallest_rate < 1.69e-9


def test_the_smallest_label_entropy_at_next_to_no_rate_counts_what_is_kept() -> None:
    """It was H(S): all that can be kept, R = 1e-9 bits of a label that X tells, was lost."""
    sure = np.eye(3)[[0, 1, 1, 2]]
    problem = mb.Problem([0.1, 0.2, 0.3, 0.4], [0.3, 0.7], 1e-9, sure, 1.0)
    solution = mb.solve(problem)
    assert solution.status is mb.Status.INFEASIBLE
    entropy = mb.info.entropy([0.1, 0.5, 0.4])
    assert solution.smallest_label_entropy == pytest.approx(entropy - 1e-9, abs=1e-14)


@pytest.mark.parametrize("engine", ["compiled", "highs", "enumeration"])
def test_a_vertex_of_the_marginals_next_to_the_rate_is_moved_within(engine: str) -> None:
    """Three mappings whose rate is R (1 + 1e-10): the value was 8.5e-11 bits above the optimum."""
    problem = mb.Problem(
        [0.6140752163763571, 0.38592478362364285],
        [Fraction(22, 53), Fraction(20, 53), Fraction(11, 53)],
        0.7639620639525048,
        [[0.22539580149839775, 0.7746041985016022], [0.909200762045632, 0.09079923795436792]],
        0.7158616958737335,
    )
    solution = mb.solve(problem, engine=engine)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.rate <= problem.rate + 1e-15
    assert solution.mutual_information == pytest.approx(0.5986590888340545, abs=1e-13)


@pytest.mark.parametrize("engine", ["compiled", "local"])
def test_what_is_feasible_by_rounding_alone_is_met_to_rounding(engine: str) -> None:
    """C is the smallest one up to 1e-14, so that the program which moves a vertex within limits had no room.

    The value stayed 1.2e-10 bits above the optimum.
    """
    problem = mb.Problem(
        [0.22941161603915414, 0.5078218309273674, 1.3730535658682834e-11, 0.2627665530197479],
        [0.26145076546693247, 0.7385492345330675],
        0.41446385791828716,
        [["1/5", "4/5"], ["1/10", "9/10"], ["4/5", "1/5"], ["1/5", "4/5"]],
        0.6019117596678775,
    )
    solution = mb.solve(problem, engine=engine)
    assert solution.rate <= problem.rate + 1e-13
    assert solution.mutual_information == pytest.approx(0.1799369904264282, abs=1e-12)


@pytest.mark.parametrize(
    "masses", [[0.5, -1.0, 1.5], [0.5, np.nan, 0.5], [0.5, np.inf, 0.5], [1e308, 1.0, 1.0], [0.5, 0.5, 1.1]]
)
def test_a_mixture_asks_for_masses(masses: list[float]) -> None:
    """Infinite, huge and negative ones ended in a warning of numpy's or in nan."""
    mixture = mb.Mixture([[0, 0, 1], [1, 0, 0]], [0.5, 0.5])
    with pytest.raises(mb.ProblemError, match=r"p_x is .*must be masses, from 0 to 1"):
        mixture.rate(masses)
    with pytest.raises(mb.ProblemError, match="p_s_given_x"):
        mixture.label_entropy_with_seed([0.2, 0.3, 0.5], [[mass] for mass in masses])
    with pytest.raises(mb.ProblemError, match="p_s_given_x"):
        mixture.label_entropy_without_seed([0.2, 0.3, 0.5], [[mass] for mass in masses])


@pytest.mark.parametrize("engine", ["auto", "compiled", "highs"])
def test_a_vertex_that_cannot_meet_its_limits_gives_way_to_one_that_does(engine: str) -> None:
    """The best vertex of the relaxed problem has a mapping that exists by 1e-10 alone, worth 2.9e-9 bits."""
    problem = mb.Problem(
        [1.0571509864162603e-06, 0.5742160759758981, 0.004212003746750353, 0.42157086312636516],
        [Fraction(1, 2), Fraction(1, 2)],
        0.610116360748215,
        [
            [0.6460360336945347, 0.3539639663054654],
            [0.3664585868398412, 0.6335414131601588],
            [0.9438517153827725, 0.056148284617227616],
            [0.673120005200235, 0.32687999479976504],
        ],
        0.9573283863864509,
    )
    solution = mb.solve(problem, engine=engine)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.rate <= problem.rate + 1e-13
    assert solution.label_entropy_with_seed <= problem.max_label_entropy + 1e-13
    assert solution.mutual_information == pytest.approx(0.27724438491017656, abs=1e-11)


def test_a_bound_allows_for_masses_that_were_rounded() -> None:
    """H(X) of the masses as rounded lay 6e-17 bits, a part in 10^8 of it, below that of the ratios given."""
    masses = [0.9999999997186059, 2.8139417182474685e-10]
    channel = [
        [0.5680326178572263, 0.19148568705717567, 0.24048169508559805],
        [0.5680312041454504, 0.1914870406772102, 0.2404817551773394],
    ]
    solution = mb.solve(mb.Problem(masses, masses, np.inf, channel, 1.4145535736313488))
    optimum = 9.333671211587514e-09  # of the exact ratios, by ball arithmetic
    assert optimum <= solution.upper_bound <= optimum + 1e-14


def test_nested_sets_beside_a_rate_that_is_overstepped_by_rounding_are_found() -> None:
    """Two mappings overstep R by a share of 3e-10 and have no vertex; with 1.5e-12 of a third they do."""
    problem = mb.Problem(
        [0.13571049437711158, 0.8642895056228884],
        [0.99546636259283, 0.004533637407170035],
        0.0030051188702710173,
    )
    solution = mb.solve(problem, engine="chains")
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(0.0009562739526522857, abs=1e-12)


@pytest.mark.parametrize("engine", ["auto", "compiled", "enumeration", "highs"])
@pytest.mark.parametrize("missing", [1e-12, 1e-11, 1e-10])
def test_a_rate_just_below_the_entropy_of_y_binds(engine: str, missing: float) -> None:
    """It was taken for one that does not, where information rises 20 to 40 times as fast as the rate."""
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 1.0 - missing), engine=engine)
    # The identity, and constants for the share that the rate lacks: half of those letters are flipped.
    flipped = 0.5 * missing
    best = 1.0 + flipped * math.log2(flipped) + (1.0 - flipped) * math.log1p(-flipped) / math.log(2.0)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.rate <= 1.0 - missing + 1e-13
    assert solution.mutual_information == pytest.approx(best, abs=1e-11)
    assert solution.upper_bound >= best - 1e-12
