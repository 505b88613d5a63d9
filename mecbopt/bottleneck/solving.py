"""`solve`: max I(X;Y) over X - T - Y with H(T) <= R and given laws of X and Y; no common randomness.

Equation 1 of the paper (MEC-B).  Where R is no limit, R >= min(H(X), H(Y)), T = X or T = Y and the coupling
is a plain minimum entropy coupling (`mecbopt.mec`).  Else small alphabets are searched with proof
(`search`), and larger ones without (`ascent`), with the bounds that need no search.
docs/theory/bottleneck.md has the mathematics.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.bottleneck.ascent import Ascent
from mecbopt.bottleneck.forests import covers, letter_bound, pair_count_bound
from mecbopt.bottleneck.greedy import greedy_scheme
from mecbopt.bottleneck.result import DEFAULT_GAP, BottleneckResult
from mecbopt.bottleneck.scheme import Scheme
from mecbopt.bottleneck.search import BranchAndBound
from mecbopt.bottleneck.statement import accepted
from mecbopt.bounds import mutual_information_bound
from mecbopt.control import (
    Clock,
    ProgressCallback,
    Target,
    bounds_cross,
    held_interrupts,
    run_search,
    valid_gap,
)
from mecbopt.info import entropy
from mecbopt.mec.exact import minimum_coupling
from mecbopt.problem import Problem, Status, StopReason
from mecbopt.tolerances import CONSTRAINT_SLACK

__all__ = ["searched_with_proof", "solve"]

FloatArray = NDArray[np.float64]

#: Pairs of trees that a search begins with at most: 2x6 and 3x3 have fewer, 2x7 has more.
_MAX_PAIRS = 20_000
#: Letters of T that a local search begins with beyond 2^R.
_SPARE_LETTERS = 2
_MAX_LOCAL_LETTERS = 64


def searched_with_proof(n: int, m: int) -> bool:
    """Whether alphabets of n and m letters are searched with proof: 2 x 2 to 2 x 6, 3 x 3, and their
    reverses.

    >>> [searched_with_proof(*shape) for shape in [(2, 6), (3, 3), (2, 7), (3, 4)]]
    [True, True, False, False]
    """
    return covers(n, m) and pair_count_bound(n, m) <= _MAX_PAIRS


def solve(
    problem: Problem,
    time_limit: float | None = None,
    gap: float = DEFAULT_GAP,
    node_limit: int | None = None,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> BottleneckResult:
    """Find the encoder and the decoder of greatest I(X;Y) that share no randomness, and a bound that proves
    it.

    Parameters
    ----------
    problem : Problem
        Two laws and a rate: H(T) <= R limits what is sent.
    time_limit : float, optional
        Seconds of wall-clock time.
    gap : float
        Bits within which a value counts as optimal; at least 1e-9.
    node_limit : int, optional
        Boxes of the law of T after which to stop, or starts of the local search.
    seed : int
        Of the local search's random starts.
    progress : callable, optional
        Called with a `Progress` about five times a second.

    Returns
    -------
    BottleneckResult
        OPTIMAL within the gap, or FEASIBLE with valid bounds: interrupted by Ctrl-C or a limit, or because
        the alphabets are too large for the search (`searched_with_proof`).

    Raises
    ------
    ProblemError
        An argument is invalid.
    NotSupportedError
        The problem has a limit beside the rate, minimises a distortion, or leaves the law of Y free.

    Notes
    -----
    Random laws with two letters on a side take about 0.1 s and 3x3 about 0.3 s of processor time; 3x3 with
    equal masses, or just below the rate from which on nothing is limited, up to ten seconds or more.

    Examples
    --------
    >>> import mecbopt as mb
    >>> solve(mb.Problem([0.7, 0.3], [0.7, 0.3], rate=0.705), gap=1e-6).status.value
    'optimal'
    """
    problem = accepted(problem)
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    if node_limit is not None:
        node_limit = _validate.positive_integer("node_limit", node_limit, minimum=0)
    gap = valid_gap(gap)
    seed = _validate.positive_integer("seed", seed, minimum=0)
    _validate.callback("progress", progress)
    clock = Clock(time_limit, progress)
    p_y = problem.require_p_y()
    some_x, some_y = problem.p_x > 0.0, p_y > 0.0
    law_x, law_y = problem.p_x[some_x], p_y[some_y]
    offset = float(entropy(law_x) + entropy(law_y))
    target = Target(gap, 0.0, offset)
    elementary = offset - mutual_information_bound(law_x, law_y, problem.rate)
    found = _searched(law_x, law_y, problem.rate, elementary, target, node_limit, seed, clock)
    with held_interrupts() as held:
        scheme, bound, reason, method, nodes = found
        bound = max(bound, elementary)
        value_bound = offset - bound
        if bounds_cross(bound, scheme.cost):
            status = Status.INVALID
        else:
            # The value comes from other sums: rounding must not leave the bound on its wrong side.
            value_bound = max(value_bound, offset - scheme.cost, 0.0)
            status = Status.OPTIMAL if target.reached(bound, scheme.cost) else Status.FEASIBLE
        result = BottleneckResult.of_scheme(
            problem,
            _lifted(scheme, some_x, some_y),
            upper_bound=value_bound,
            status=status,
            stop_reason=StopReason.INTERRUPTED if held.arrived else reason,
            gap_tolerance=gap,
            method=method,
            nodes=nodes,
            seconds=clock.seconds,
        )
    return result


#: Scheme, lower bound on H(X,Y), why it stopped, method, nodes.
_Found = tuple[Scheme, float, StopReason, str, int]


def _searched(
    p_x: FloatArray,
    p_y: FloatArray,
    rate: float,
    elementary: float,
    target: Target,
    node_limit: int | None,
    seed: int,
    clock: Clock,
) -> _Found:
    """The best scheme and the best bound that the method for this size and rate has."""
    constant = Scheme(p_x[None], p_y[None])
    if min(len(p_x), len(p_y)) == 1 or rate == 0.0:
        return constant, constant.cost, StopReason.EXHAUSTED, "exact", 0
    try:
        if rate >= min(entropy(p_x), entropy(p_y)) - CONSTRAINT_SLACK:
            return _without_limit(p_x, p_y, rate, target, clock)
        starts = [greedy_scheme(p_x, p_y, rate), greedy_scheme(p_y, p_x, rate).transposed(), constant]
    except KeyboardInterrupt:
        return constant, elementary, StopReason.INTERRUPTED, "exact", 0
    exact = searched_with_proof(len(p_x), len(p_y))
    search: BranchAndBound | Ascent
    if exact:
        start = min(starts, key=lambda scheme: scheme.cost)
        search = BranchAndBound(p_x, p_y, rate, start, target, clock)
    else:
        letters = min(letter_bound(len(p_x), len(p_y)), _MAX_LOCAL_LETTERS, int(2.0**rate) + _SPARE_LETTERS)
        generator = np.random.default_rng(seed)
        search = Ascent(p_x, p_y, rate, letters, starts, elementary, clock, generator)
    reason = run_search(search, target, node_limit, clock, proving=exact)
    return search.incumbent, search.cost_bound, reason, "exact" if exact else "local", search.nodes


def _without_limit(p_x: FloatArray, p_y: FloatArray, rate: float, target: Target, clock: Clock) -> _Found:
    """T = X, or T = Y where H(X) does not fit: X and Y may then have any coupling."""
    found = minimum_coupling(p_x, p_y, gap=target.gap, time_limit=max(clock.remaining, 1e-3))
    if entropy(p_x) <= rate + CONSTRAINT_SLACK:
        scheme = Scheme(np.diag(p_x), found.coupling)
    else:
        scheme = Scheme(found.coupling.T, np.diag(p_y))
    return scheme, found.entropy_lower, found.stop_reason, "exact", 0


def _lifted(scheme: Scheme, some_x: NDArray[np.bool_], some_y: NDArray[np.bool_]) -> Scheme:
    """The scheme with the letters that have no mass."""
    sides = []
    for side, some in ((scheme.encoder, some_x), (scheme.decoder, some_y)):
        full = np.zeros((len(side), len(some)))
        full[:, some] = side
        sides.append(full)
    return Scheme(*sides)
