"""The exact witness of a certificate: rational weights on the marginals exactly, in the limits certainly.

A solver's weights meet the marginals up to rounding, and an active limit up to its last digit, which an
enclosure cannot decide.  Here the weights of a basis are solved for over the rationals, and the mixture is
moved by a hair towards one with slack in every limit, as little as the enclosures allow.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import linprog

from mecbopt.certificates.arithmetic import FINE
from mecbopt.certificates.check import mixture_bounds
from mecbopt.certificates.instance import ExactProblem
from mecbopt.errors import CertificateError

__all__ = ["Witness", "exact_witness"]

#: A mixture of mappings (tuples of letters) with exact weights.
Witness = dict[tuple[int, ...], Fraction]

#: Floats enter at multiples of 2^-80: finer than they are, short enough for a file.
_WEIGHT_BITS = 80
#: The share that is moved towards the mixture with slack grows from 2^-60 to at most 2^-20.
_SHARES = tuple(Fraction(1, 1 << bits) for bits in range(60, 19, -1))
#: Mappings up to which all of them are offered to the program that looks for slack.
_MOST_MAPPINGS = 20_000


def exact_witness(
    problem: ExactProblem, mappings: Sequence[Sequence[int]], weights: Sequence[float]
) -> Witness:
    """A mixture near the given one that certainly meets marginals and limits.

    Parameters
    ----------
    problem : ExactProblem
    mappings : sequence of k mappings, each n letters below m
    weights : sequence of k floats
        They meet marginals and limits up to rounding.

    Raises
    ------
    CertificateError
        No mixture has slack in the limits (C is the smallest attainable, say), so that rational weights
        cannot be certified; the remedy is a limit that is larger by a hair.
    """
    witness = _on_marginals(problem, [tuple(int(y) for y in mapping) for mapping in mappings], weights)
    if _meets_limits(problem, witness):
        return witness
    inner = _with_slack(problem, list(witness))
    for share in _SHARES:
        moved = {mapping: (1 - share) * weight for mapping, weight in witness.items()}
        for mapping, weight in inner.items():
            moved[mapping] = moved.get(mapping, Fraction(0)) + share * weight
        if _meets_limits(problem, moved):
            return moved
    raise CertificateError(
        "the limits leave no slack around the optimum, so that rational weights cannot be certified to meet "
        "them: raise the rate or max_label_entropy by 1e-9."
    )


def _meets_limits(problem: ExactProblem, witness: Witness) -> bool:
    bounds = mixture_bounds(problem, list(witness.values()), list(witness))
    limits = (problem.rate, problem.label_limit)
    return all(
        limit is None or high <= (limit.numerator << FINE) // limit.denominator
        for limit, high in zip(limits, bounds, strict=True)
    )


def _on_marginals(
    problem: ExactProblem, mappings: Sequence[tuple[int, ...]], weights: Sequence[float]
) -> Witness:
    """Weights that meet the marginals exactly: the given ones, but for a basis and the constants."""
    n, m = problem.shape
    given: Witness = {}
    for mapping, weight in zip(mappings, weights, strict=True):
        rounded = Fraction(round(float(weight) * (1 << _WEIGHT_BITS)), 1 << _WEIGHT_BITS)
        given[mapping] = given.get(mapping, Fraction(0)) + max(rounded, Fraction(0))
    # Constants make the basis square; their weights absorb what the others leave.
    candidates = sorted(given, key=lambda mapping: -given[mapping]) + [(y,) * n for y in range(m)]
    basis = _independent([_law(problem, mapping) for mapping in candidates])
    chosen = [candidates[index] for index in basis]
    fixed = {mapping: weight for mapping, weight in given.items() if mapping not in chosen}
    rest = list(problem.p_y)
    for mapping, kept in fixed.items():
        rest = [value - kept * q for value, q in zip(rest, _law(problem, mapping), strict=True)]
    solved = _solve([_law(problem, mapping) for mapping in chosen], rest)
    witness = {**fixed, **dict(zip(chosen, solved, strict=True))}
    lacking = [-weight / _constant(problem, mapping) for mapping, weight in witness.items() if weight < 0]
    if lacking:
        # Rounding took more from a letter than it has: mix in enough of the independent coupling.
        share = max(lacking) / (1 + max(lacking))
        witness = {mapping: (1 - share) * weight for mapping, weight in witness.items()}
        for y, p in enumerate(problem.p_y):
            constant = (y,) * n
            witness[constant] = witness.get(constant, Fraction(0)) + share * p
    return {mapping: weight for mapping, weight in witness.items() if weight}


def _constant(problem: ExactProblem, mapping: tuple[int, ...]) -> Fraction:
    """The mass that the independent coupling gives to a constant mapping."""
    if len(set(mapping)) != 1:
        raise CertificateError(
            "the witness's weights are too far from the marginals: solve with a smaller gap."
        )
    return problem.p_y[mapping[0]]


def _law(problem: ExactProblem, mapping: Sequence[int]) -> list[Fraction]:
    law = [Fraction(0)] * problem.shape[1]
    for p, y in zip(problem.p_x, mapping, strict=True):
        law[y] += p
    return law


def _independent(columns: Sequence[Sequence[Fraction]]) -> list[int]:
    """Indices of a greedy maximal set of linearly independent columns."""
    chosen: list[int] = []
    reduced: list[tuple[int, list[Fraction]]] = []
    for index, column in enumerate(columns):
        vector = list(column)
        for pivot, row in reduced:
            factor = vector[pivot] / row[pivot]
            if factor:
                vector = [value - factor * other for value, other in zip(vector, row, strict=True)]
        places = [place for place, value in enumerate(vector) if value]
        if places:
            reduced.append((places[0], vector))
            chosen.append(index)
    return chosen


def _solve(columns: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """The solution of a square, regular system given by its columns."""
    size = len(columns)
    rows = [[columns[j][i] for j in range(size)] + [right[i]] for i in range(size)]
    for step in range(size):
        pivot = next(i for i in range(step, size) if rows[i][step])
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [value / rows[step][step] for value in rows[step]]
        for i in range(size):
            factor = rows[i][step]
            if i != step and factor:
                rows[i] = [value - factor * other for value, other in zip(rows[i], rows[step], strict=True)]
    return [row[size] for row in rows]


def _with_slack(problem: ExactProblem, known: Sequence[tuple[int, ...]]) -> Witness:
    """A mixture on the marginals with the greatest least slack in the limits, by a linear program."""
    n, m = problem.shape
    constants = [(y,) * n for y in range(m)]
    everything = m**n <= _MOST_MAPPINGS
    pool = list(itertools.product(range(m), repeat=n)) if everything else [*constants, *known]
    rows: list[Any] = []
    bounds: list[float] = []
    for limit, terms in ((problem.rate, problem.set_phi), (problem.label_limit, problem.set_label)):
        if limit is not None:
            value = np.array([low for low, _ in terms], dtype=float) / 2.0**FINE
            rows.append([*(_sum_over_blocks(value, mapping, m) for mapping in pool), 1.0])
            bounds.append(float(limit))
    laws = np.array([[float(q) for q in _law(problem, mapping)] for mapping in pool]).T
    result = linprog(
        np.array([0.0] * len(pool) + [-1.0]),
        A_ub=np.array(rows),
        b_ub=bounds,
        A_eq=np.column_stack([laws, np.zeros(m)]),
        b_eq=[float(p) for p in problem.p_y],
        bounds=[(0, None)] * len(pool) + [(None, None)],
    )
    if result.status != 0 or result.x[-1] <= 0:
        return dict(zip(constants, problem.p_y, strict=True))
    used = [k for k in range(len(pool)) if result.x[k] > 0]
    return _on_marginals(problem, [pool[k] for k in used], [result.x[k] for k in used])


def _sum_over_blocks(values: Any, mapping: Sequence[int], m: int) -> float:
    blocks = [sum(1 << x for x, image in enumerate(mapping) if image == y) for y in range(m)]
    return float(sum(values[block] for block in blocks))
