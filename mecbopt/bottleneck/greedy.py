"""The two-step greedy scheme: a deterministic encoder that merges letters, then a greedy coupling.

The baseline of the works on minimum entropy couplings with a bottleneck: compress X to T = g(X) by merging
letters until H(T) <= R, then couple p_T and p_Y greedily (Kocaoglu, Dimakis, Vishwanath and Hassibi, AAAI
2017).  The two least letters are merged: merging masses a and b loses phi(a) + phi(b) - phi(a + b) bits of
H(T), which grows in a and in b.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.bottleneck.result import BottleneckResult
from mecbopt.bottleneck.scheme import Scheme
from mecbopt.bottleneck.statement import accepted
from mecbopt.bounds import mutual_information_bound
from mecbopt.control import Clock
from mecbopt.info import entropy
from mecbopt.mec.greedy import greedy_support
from mecbopt.problem import Status, StopReason

__all__ = ["greedy", "greedy_scheme"]

FloatArray = NDArray[np.float64]


def greedy(problem: Any) -> BottleneckResult:
    """Merge the least letters of X until H(T) <= R, then couple p_T and p_Y greedily.

    Parameters
    ----------
    problem : Problem
        Two laws and a rate.

    Returns
    -------
    BottleneckResult
        Never with status OPTIMAL: nothing is proved but min(R, H(X), H(Y), H(X) + H(Y) - H(p_X meet p_Y)).

    Raises
    ------
    ProblemError, NotSupportedError
        No problem, or one that asks for something else.

    Notes
    -----
    Cost O((n + m) log (n + m)), besides the arrays of the result.

    Examples
    --------
    >>> import mecbopt as mb
    >>> greedy(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=1.0))
    BottleneckResult(feasible, I(X;Y) = 0.609987, bound 0.970951, gap 0.36, rate 1.000000, 2 letters)
    """
    problem, clock = accepted(problem), Clock()
    p_y = problem.require_p_y()
    scheme = greedy_scheme(problem.p_x, p_y, problem.rate)
    return BottleneckResult.of_scheme(
        problem,
        scheme,
        upper_bound=mutual_information_bound(problem.p_x, p_y, problem.rate),
        status=Status.FEASIBLE,
        stop_reason=StopReason.LOCAL_SEARCH_DONE,
        method="greedy",
        seconds=clock.seconds,
    )


def greedy_scheme(p_x: FloatArray, p_y: FloatArray, rate: float) -> Scheme:
    """The scheme for validated laws."""
    groups = _merged(p_x, rate)
    encoder = np.zeros((len(groups), len(p_x)))
    for t, letters in enumerate(groups):
        encoder[t, letters] = p_x[letters]
    return Scheme(encoder, greedy_support([encoder.sum(axis=1), p_y]).to_dense())


def _merged(p_x: FloatArray, rate: float) -> list[list[int]]:
    """Letters of X by letter of T."""
    heap = [(float(p_x[x]), x) for x in np.flatnonzero(p_x).tolist()]
    groups = {x: [x] for _, x in heap}
    heapq.heapify(heap)
    while len(heap) > 1 and float(entropy(np.array([mass for mass, _ in heap]))) > rate:
        (least, one), (next_least, other) = heapq.heappop(heap), heapq.heappop(heap)
        groups[other] += groups.pop(one)
        heapq.heappush(heap, (least + next_least, other))
    return [sorted(groups[first]) for _, first in sorted(heap, reverse=True)]
