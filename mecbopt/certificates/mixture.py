"""What a mixture of mappings is worth and which limits it meets, in exact and outward rounded arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from mecbopt.certificates.arithmetic import FINE, ceil_div
from mecbopt.certificates.instance import ExactProblem, entropy_bounds

__all__ = ["coupling_of", "information_bound", "law_of", "mean_distortion", "unmet"]

Mapping = Sequence[int]
Coupling = list[list[Fraction]]


def coupling_of(problem: ExactProblem, weights: Sequence[Fraction], mappings: Sequence[Mapping]) -> Coupling:
    """P(x, y), exactly."""
    n, m = problem.shape
    coupling = [[Fraction(0)] * m for _ in range(n)]
    for weight, mapping in zip(weights, mappings, strict=True):
        for x, y in enumerate(mapping):
            coupling[x][y] += weight * problem.p_x[x]
    return coupling


def law_of(coupling: Coupling) -> list[Fraction]:
    """P(Y = y), exactly."""
    return [sum(column, Fraction(0)) for column in zip(*coupling, strict=True)]


def information_bound(problem: ExactProblem, coupling: Coupling) -> int:
    """A lower bound on I(X;Y), over 2^FINE bits."""
    joint = entropy_bounds(mass for row in coupling for mass in row)[1]
    return problem.entropy_x[0] + entropy_bounds(law_of(coupling))[0] - joint


def mean_distortion(problem: ExactProblem, coupling: Coupling) -> Fraction:
    """E d(X,Y), exactly."""
    return _mean(problem.distortion or (), coupling)


def _mean(coefficients: Sequence[Sequence[Fraction]], coupling: Coupling) -> Fraction:
    rows = zip(coefficients, coupling, strict=True)
    return sum((a * p for row in rows for a, p in zip(*row, strict=True)), Fraction(0))


def unmet(
    problem: ExactProblem, weights: Sequence[Fraction], mappings: Sequence[Mapping], coupling: Coupling
) -> Iterator[str]:
    """The limits that a mixture does not certainly meet; the law of Y and linear rows count exactly."""
    apart = sum(abs(mass - p) for mass, p in zip(law_of(coupling), problem.p_y, strict=True))
    if apart > 2 * problem.p_y_tolerance:
        yield "law of Y"
    for index, (coefficients, lower, upper) in enumerate(problem.constraints):
        mean = _mean(coefficients, coupling)
        if (lower is not None and mean < lower) or (upper is not None and mean > upper):
            yield f"constraints[{index}]"
    rate = label = Fraction(0)
    for weight, mapping in zip(weights, mappings, strict=True):
        blocks = [0] * problem.shape[1]
        for x, y in enumerate(mapping):
            blocks[y] |= 1 << x
        rate += weight * sum(problem.set_phi[block][1] for block in blocks)
        label += weight * sum(problem.set_label[block][1] for block in blocks)
    low, high = _label_bounds(problem, coupling)
    for name, limit, most in (
        ("rate", problem.rate, rate),
        ("label limit", problem.label_limit, label),
        ("label limit given Y", problem.given_y_limit, high),
    ):
        if limit is not None and most > (limit.numerator << FINE) // limit.denominator:
            yield name
    least = problem.privacy
    if least is not None and least > 0 and low < ceil_div(least.numerator << FINE, least.denominator):
        yield "least label entropy"


def _label_bounds(problem: ExactProblem, coupling: Coupling) -> tuple[int, int]:
    """An enclosure of H(S|Y); exactly 0 of a column whose mass has one label."""
    rows, low, high = problem.p_s_given_x, 0, 0
    if rows is None:
        return 0, 0
    for column in zip(*coupling, strict=True):
        joint = [
            sum((p * row[s] for p, row in zip(column, rows, strict=True)), Fraction(0))
            for s in range(len(rows[0]))
        ]
        mass = sum(column, Fraction(0))
        if mass not in joint:
            whole, apart = entropy_bounds([mass]), entropy_bounds(joint)
            low, high = low + apart[0] - whole[1], high + apart[1] - whole[0]
    return low, high
