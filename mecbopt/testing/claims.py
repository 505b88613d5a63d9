"""Claims about optima for `refute`: two from the paper, two on distortion, two that one might believe.

Each takes a problem and its solution and returns bits by which it fails; a negative number says that it holds
with room, 0 that it holds with equality.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from mecbopt import bernoulli
from mecbopt.errors import ProblemError
from mecbopt.formulation import enumerate_mappings
from mecbopt.info import entropy, mutual_information
from mecbopt.problem import Problem
from mecbopt.testing.refutation import optimum

__all__ = [
    "corrected_distortion_theorem",
    "corrected_theorem_2",
    "optima_use_at_most_m_mappings",
    "printed_distortion_theorem",
    "printed_theorem_2",
    "value_is_convex_in_the_rate",
]


def _binary(problem: Problem) -> tuple[Any, Any, Any]:
    """q_x, q_y and the rate, exactly."""
    if problem.shape != (2, 2) or problem.has_label_constraint:
        raise ProblemError(argument="problem", value=problem, required="be binary and without a label")
    return problem.exact_p_x[1], problem.exact_p_y[1], problem.exact_number("rate")


def printed_theorem_2(problem: Problem, solution: Any) -> float:
    """For binary sources nothing beats the comonotone branch (printed Theorem 2, reconstructed).  False."""
    printed = bernoulli.comonotone(*_binary(problem)).mutual_information
    return float(solution.mutual_information - printed)


def corrected_theorem_2(problem: Problem, solution: Any) -> float:
    """For binary sources the optimum is the better of the comonotone and the antitone end.  Stands."""
    corrected = bernoulli.solve(*_binary(problem)).mutual_information
    return float(max(solution.mutual_information - corrected, corrected - solution.upper_bound))


def printed_distortion_theorem(problem: Problem, solution: Any) -> float:
    """Binary X and Y are as alike as D_ind - 2 a (1 - a) min(R / h(a), 1), a = P(X=1).  False.

    The first branch of the predecessor's Theorem 2, as far as it reached us, without a label: of P(Y=1) it
    knows D_ind = P(X != Y) for independent bits alone, and it runs below |P(X=1) - P(Y=1)|.
    """
    a, b, rate = _bits(problem)
    independent = a + b - 2.0 * a * b
    share = min(rate / float(entropy([a, 1.0 - a])), 1.0)
    return _apart(solution, independent - 2.0 * a * (1.0 - a) * share)


def corrected_distortion_theorem(problem: Problem, solution: Any) -> float:
    """The least P(X != Y) of binary X and Y is that of `mecbopt.bernoulli.hamming`.  Stands."""
    return _apart(solution, bernoulli.hamming(*_bits(problem)).distortion)


def _bits(problem: Problem) -> tuple[float, float, float]:
    """P(X=1), P(Y=1) and the rate of a binary problem with Hamming distortion."""
    if problem.distortion is None or problem.distortion.tolist() != [[0.0, 1.0], [1.0, 0.0]]:
        raise ProblemError(argument="problem", value=problem, required="have the distortion [[0, 1], [1, 0]]")
    a, b, rate = _binary(problem)
    return float(a), float(b), float(rate)


def _apart(solution: Any, distortion: float) -> float:
    """By how much the least distortion is certainly another."""
    return max(
        float(solution.distortion_lower_bound) - distortion, distortion - float(solution.expected_distortion)
    )


def value_is_convex_in_the_rate(problem: Problem, solution: Any) -> float:
    """V(R) is at most the mean of V half as far and V half as far again.  False: it is often concave."""
    rate = problem.exact_number("rate")
    if not rate:
        return -1.0
    ends = [optimum(problem.replace(rate=rate * share)).upper_bound for share in (0.5, 1.5)]
    return float(solution.mutual_information - sum(ends) / 2.0)


def optima_use_at_most_m_mappings(problem: Problem, solution: Any) -> float:
    """The optimum can be attained with m = 2 mappings (one fewer than the support lemma allows).  False.

    All pairs of mappings are tried; of two that have the same output law either does alone.
    """
    n, m = problem.shape
    if m != 2 or problem.has_label_constraint or n > 4:
        raise ProblemError(
            argument="problem", value=problem, required="have two letters of Y, at most 4 of X and no label"
        )
    p_y = problem.require_p_y()
    mappings = enumerate_mappings(n, m)
    masses = (mappings == 1) @ problem.p_x
    rates = entropy(np.stack([masses, 1.0 - masses], axis=1), axis=1)
    best = 0.0
    for first, second in itertools.combinations(range(len(mappings)), 2):
        spread = masses[second] - masses[first]
        if abs(spread) < 1e-12:
            weights = np.array([1.0, 0.0])
        else:
            weight = (p_y[1] - masses[first]) / spread
            weights = np.array([1.0 - weight, weight])
        pair = [first, second]
        fits = abs(weights @ masses[pair] - p_y[1]) < 1e-12 and weights.min() >= -1e-12
        if not fits or weights @ rates[pair] > problem.rate + 1e-12:
            continue
        channel = np.einsum("k,kxy->xy", weights, mappings[pair][:, :, None] == np.arange(m))
        best = max(best, mutual_information(problem.p_x[:, None] * channel))
    return float(solution.mutual_information - best)
