"""The exact witness of a certificate: rational weights on the equations exactly, in the limits certainly.

A solver's weights meet the marginals up to rounding, and an active limit up to its last digit, which an
enclosure cannot decide.  Here the weights of a basis are solved for over the rationals, and the mixture is
moved by a hair towards one with slack in every limit, as little as the enclosures allow.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from mecbopt.certificates.arithmetic import FINE
from mecbopt.certificates.instance import ExactProblem, Matrix
from mecbopt.certificates.mixture import coupling_of, unmet
from mecbopt.errors import CertificateError

__all__ = ["Witness", "exact_witness"]

#: A mixture of mappings (tuples of letters) with exact weights.
Witness = dict[tuple[int, ...], Fraction]

#: Floats enter at multiples of 2^-80: finer than they are, short enough for a file.
_WEIGHT_BITS = 80
#: The share that is moved towards the mixture with slack grows from 2^-60 to at most 2^-20.
_SHARES = tuple(Fraction(1, 1 << bits) for bits in range(60, 19, -1))
#: A tenth of the rounding of 1, up to a few roundings.
_FINE_SHARES = tuple(Fraction(step, 1 << 56) for step in range(1, 65))
#: Mappings up to which all of them are offered to the program that looks for slack.
_MOST_MAPPINGS = 20_000
#: Weights of that program below this are its rounding.
_NO_WEIGHT = 1e-12
#: Masses at which the slope of phi is cut off.
_SMALLEST_MASS = 1e-12


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
    given = [tuple(int(y) for y in mapping) for mapping in mappings]
    witness = _on_equations(problem, given, weights, held_law=not problem.p_y_tolerance)
    if _meets_limits(problem, witness):
        return witness
    # A rate that is passed by a rounding alone may be met on the way to the constants, before a label limit
    # that leaves a rounding of room is passed in turn: in steps finer than that.
    ways = (_with_slack(problem, witness), _SHARES), (_constants(problem), _FINE_SHARES)
    for inner, shares in ways:
        for share in shares if inner else ():
            moved = {mapping: (1 - share) * weight for mapping, weight in witness.items()}
            for mapping, weight in inner.items():
                moved[mapping] = moved.get(mapping, Fraction(0)) + share * weight
            if _meets_limits(problem, moved):
                return moved
    raise CertificateError(
        "the limits leave no slack around the optimum, so that rational weights cannot be certified to meet "
        "them: raise the rate, max_label_entropy or the bounds of the constraints by 1e-9."
    )


def _meets_limits(problem: ExactProblem, witness: Witness) -> bool:
    weights, mappings = list(witness.values()), list(witness)
    if min(weights) < 0:
        return False
    return not any(unmet(problem, weights, mappings, coupling_of(problem, weights, mappings)))


def _on_equations(
    problem: ExactProblem, mappings: Sequence[tuple[int, ...]], weights: Sequence[float], *, held_law: bool
) -> Witness:
    """Weights that meet the equations exactly: the given ones, but for a basis and the constants."""
    n, m = problem.shape
    given: Witness = {}
    for mapping, weight in zip(mappings, weights, strict=True):
        rounded = Fraction(round(float(weight) * (1 << _WEIGHT_BITS)), 1 << _WEIGHT_BITS)
        given[mapping] = given.get(mapping, Fraction(0)) + max(rounded, Fraction(0))
    # Constants make the law's equations regular; their weights absorb what the others leave.
    candidates = sorted(given, key=lambda mapping: -given[mapping]) + [(y,) * n for y in range(m)]
    columns = {mapping: _column(problem, mapping, held_law) for mapping in candidates}
    basis = _independent([columns[mapping] for mapping in candidates])
    chosen = [candidates[index] for index in basis]
    fixed = {mapping: weight for mapping, weight in given.items() if mapping not in chosen}
    rest = [*(problem.p_y if held_law else (Fraction(1),)), *(end for _, end in _equations(problem))]
    for mapping, kept in fixed.items():
        rest = [value - kept * q for value, q in zip(rest, columns[mapping], strict=True)]
    solved = _solve([columns[mapping] for mapping in chosen], rest)
    witness = {**fixed, **dict(zip(chosen, solved, strict=True))}
    if min(witness.values()) < 0 and not problem.constraints:
        # Rounding took more from a letter than it has: mix in enough of the independent coupling.
        taken = [-weight / _constant(problem, mapping) for mapping, weight in witness.items() if weight < 0]
        share = max(taken) / (1 + max(taken))
        witness = {mapping: (1 - share) * weight for mapping, weight in witness.items()}
        for constant, p in _constants(problem).items():
            witness[constant] = witness.get(constant, Fraction(0)) + share * p
    return {mapping: weight for mapping, weight in witness.items() if weight}


def _constants(problem: ExactProblem) -> Witness:
    """The independent coupling."""
    return {(y,) * problem.shape[0]: p for y, p in enumerate(problem.p_y) if p}


def _constant(problem: ExactProblem, mapping: tuple[int, ...]) -> Fraction:
    """The mass that the independent coupling gives to a constant mapping."""
    mass = problem.p_y[mapping[0]] if len(set(mapping)) == 1 else Fraction(0)
    if not mass:
        raise CertificateError(
            "the witness's weights are too far from the marginals: solve with a smaller gap."
        )
    return mass


def _equations(problem: ExactProblem) -> list[tuple[Matrix, Fraction]]:
    """Linear rows whose two ends are one."""
    return [
        (row.coefficients, row.lower)
        for row in problem.constraints
        if row.lower is not None and row.lower == row.upper
    ]


def _column(problem: ExactProblem, mapping: Sequence[int], held_law: bool) -> list[Fraction]:
    """What a mapping adds to the equations."""
    law = [Fraction(0)] * problem.shape[1]
    for p, y in zip(problem.p_x, mapping, strict=True):
        law[y] += p
    return [
        *(law if held_law else (Fraction(1),)),
        *(_mean(problem, coefficients, mapping) for coefficients, _ in _equations(problem)),
    ]


def _mean(problem: ExactProblem, coefficients: Matrix, mapping: Sequence[int]) -> Fraction:
    pairs = zip(problem.p_x, coefficients, mapping, strict=True)
    return sum((p * row[y] for p, row, y in pairs), Fraction(0))


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
    """The solution of a system given by its independent columns; rows that then contradict are left unmet."""
    size = len(columns)
    rows = [[column[i] for column in columns] + [value] for i, value in enumerate(right)]
    for step in range(size):
        pivot = next(i for i in range(step, len(rows)) if rows[i][step])
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [value / rows[step][step] for value in rows[step]]
        for i in range(len(rows)):
            factor = rows[i][step]
            if i != step and factor:
                rows[i] = [value - factor * other for value, other in zip(rows[i], rows[step], strict=True)]
    return [row[size] for row in rows[:size]]


def _with_slack(problem: ExactProblem, witness: Witness) -> Witness:
    """A mixture on the equations with the greatest least slack in the limits, by a linear program."""
    n, m = problem.shape
    constants = [(y,) * n for y in range(m)]
    everything = m**n <= _MOST_MAPPINGS
    pool = list(itertools.product(range(m), repeat=n)) if everything else [*constants, *witness]
    rows, bounds = _limit_rows(problem, witness, pool)
    columns = np.array([[float(q) for q in _column(problem, mapping, True)] for mapping in pool]).T
    result = linprog(
        np.array([0.0] * len(pool) + [-1.0]),
        A_ub=np.array(rows) if rows else None,
        b_ub=bounds if rows else None,
        A_eq=np.column_stack([columns, np.zeros(len(columns))]),
        b_eq=[*map(float, problem.p_y), *(float(end) for _, end in _equations(problem))],
        bounds=[(0, None)] * len(pool) + [(None, 1.0)],
    )
    if result.status != 0 or result.x[-1] <= 0:
        return {} if problem.constraints else dict(zip(constants, problem.p_y, strict=True))
    used = [k for k in range(len(pool)) if result.x[k] > _NO_WEIGHT]
    return _on_equations(problem, [pool[k] for k in used], [result.x[k] for k in used], held_law=True)


def _limit_rows(
    problem: ExactProblem, witness: Witness, pool: list[tuple[int, ...]]
) -> tuple[list[list[float]], list[float]]:
    """The limits as rows over the pool and the slack; mappings that no coupling can use leave the pool.

    A linear row that some mapping must violate where it carries any weight (a forbidden cell) has no slack.
    """
    rows, bounds = [], []
    for coefficients, sign, end in _inequalities(problem):
        values = [sign * _mean(problem, coefficients, mapping) for mapping in pool]
        if values and min(values) >= end:
            pool[:] = [mapping for mapping, value in zip(pool, values, strict=True) if value <= end]
    for coefficients, sign, end in _inequalities(problem):
        values = [sign * _mean(problem, coefficients, mapping) for mapping in pool]
        if values and max(values) > end:
            rows.append([*map(float, values), 1.0])
            bounds.append(float(end))
    for limit, terms in ((problem.rate, problem.set_phi), (problem.label_limit, problem.set_label)):
        if limit is not None:
            value = np.array([low for low, _ in terms], dtype=float) / 2.0**FINE
            rows.append([*(_sum_over_blocks(value, mapping, problem.shape[1]) for mapping in pool), 1.0])
            bounds.append(float(limit))
    for sign, limit in ((1, problem.given_y_limit), (-1, problem.privacy)):
        if limit is not None:
            slopes = sign * _label_slopes(problem, witness) * np.array([[float(p)] for p in problem.p_x])
            rows.append([*(sum(slopes[x, y] for x, y in enumerate(mapping)) for mapping in pool), 1.0])
            bounds.append(float(sign * limit))
    return rows, bounds


def _inequalities(problem: ExactProblem) -> Iterator[tuple[Matrix, int, Fraction]]:
    """Coefficients, sign and end of every  sign * (sum of coefficients P) <= end."""
    for coefficients, lower, upper in problem.constraints:
        if lower != upper and upper is not None:
            yield coefficients, 1, upper
        if lower != upper and lower is not None:
            yield coefficients, -1, -lower


def _label_slopes(problem: ExactProblem, witness: Witness) -> NDArray[np.float64]:
    """The tangent of H(S|Y) at the witness, which has no constant: H(S|Y) is homogeneous of degree 1."""
    coupling = np.array(
        [[float(p) for p in row] for row in coupling_of(problem, list(witness.values()), list(witness))]
    )
    channel = np.array([[float(p) for p in row] for row in problem.p_s_given_x or ()])
    joint = np.maximum(channel.T @ coupling, _SMALLEST_MASS)
    slopes: NDArray[np.float64] = channel @ -np.log2(joint / np.maximum(coupling.sum(axis=0), _SMALLEST_MASS))
    return slopes


def _sum_over_blocks(values: Any, mapping: Sequence[int], m: int) -> float:
    blocks = [sum(1 << x for x, image in enumerate(mapping) if image == y) for y in range(m)]
    return float(sum(values[block] for block in blocks))
