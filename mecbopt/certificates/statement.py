"""A problem in exact rationals, as a certificate states it, and the way back to all its letters."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from mecbopt._core.tree import MAX_LETTERS
from mecbopt.certificates.instance import ExactProblem, Limit, LinearRow, Matrix
from mecbopt.certificates.reading import MAX_LABELS, MAX_ROWS
from mecbopt.errors import NotSupportedError
from mecbopt.formulation.affine import coupling_limits
from mecbopt.formulation.limits import LinearLimit
from mecbopt.problem import Mixture, Problem

__all__ = ["ExactStatement"]


class ExactStatement:
    """A problem with all its letters, and without those of mass zero.

    Attributes
    ----------
    all, kept : ExactProblem
    kept_x, kept_y : list of int
        The letters of the latter.

    Raises
    ------
    NotSupportedError
        Constraints that are convex and not linear, more letters or rows than the format has room for.
    """

    def __init__(self, problem: Problem) -> None:
        n, m = problem.shape
        tolerance = Fraction(problem.exact_number("p_y_tolerance") or 0)
        p_x, p_y = problem.exact_p_x, (Fraction(1, m),) * m
        if problem.p_y is None:
            # Any law lies within 1 of any other.
            tolerance = Fraction(1)
        else:
            p_y = problem.exact_p_y
        if max(n, m) > MAX_LETTERS:
            raise NotSupportedError(
                f"The problem has {n} letters of X and {m} of Y, but a certificate takes at most "
                f"{MAX_LETTERS} letters a side: leave out letters of mass zero, or merge some."
            )
        self.kept_x = [x for x, mass in enumerate(p_x) if mass > 0]
        self.kept_y = [y for y, mass in enumerate(p_y) if mass > 0 or tolerance]
        channel, limits = _label(problem)
        self.all = ExactProblem(
            p_x,
            p_y,
            _finite(problem.exact_number("rate")),
            channel,
            *limits,
            tolerance,
            problem.exact_distortion,
            _linear_rows(problem),
        )
        self.kept = ExactProblem(
            tuple(p_x[x] for x in self.kept_x),
            tuple(p_y[y] for y in self.kept_y),
            self.all.rate,
            None if channel is None else tuple(channel[x] for x in self.kept_x),
            *limits,
            tolerance,
            None if self.all.distortion is None else self._of_kept(self.all.distortion),
            tuple(row._replace(coefficients=self._of_kept(row.coefficients)) for row in self.all.constraints),
        )

    def _of_kept(self, matrix: Matrix) -> Matrix:
        return tuple(tuple(matrix[x][y] for y in self.kept_y) for x in self.kept_x)

    def restricted(self, mixture: Mixture) -> tuple[Any, Any]:
        """The mixture over the kept letters; images without mass carry none and become the first kept one."""
        place = {y: index for index, y in enumerate(self.kept_y)}
        kept = [[place.get(int(y), 0) for y in mapping[self.kept_x]] for mapping in mixture.mappings]
        return np.array(kept, dtype=np.int64), np.asarray(mixture.weights, dtype=np.float64)

    def lifted(self, mapping: tuple[int, ...]) -> list[int]:
        """A mapping of the kept letters as one of all."""
        lifted = [self.kept_y[0]] * len(self.all.p_x)
        for x, y in zip(self.kept_x, mapping, strict=True):
            lifted[x] = self.kept_y[y]
        return lifted


def _label(problem: Problem) -> tuple[Matrix | None, tuple[Limit, Limit, Limit]]:
    """The channel, and what H(S|Y,U) and H(S|Y) are at most and H(S|Y) at least; those that can bind."""
    channel = problem.exact_p_s_given_x
    most = _finite(problem.exact_number("max_label_entropy"))
    least = _finite(problem.exact_number("min_label_entropy"))
    if channel is None:
        return None, (None, None, None)
    if most is not None and len(channel[0]) <= 1 << math.floor(min(max(most, Fraction(0)), Fraction(64))):
        # H(S|Y,U) <= H(S|Y) <= log2 |S| <= C: met by every mixture, also where an enclosure cannot tell so.
        most = None
    if least is not None and least <= 0:
        least = None
    if most is None and least is None:
        return None, (None, None, None)
    if len(channel[0]) > MAX_LABELS:
        raise NotSupportedError(f"A certificate takes at most {MAX_LABELS} values of the label.")
    return channel, (most, None, least) if problem.label_sees_seed else (None, most, least)


def _linear_rows(problem: Problem) -> tuple[LinearRow, ...]:
    """The affine constraints, floats at their exact binary value; both sides of one form are one row."""
    if not problem.constraints:
        return ()
    ends: dict[Matrix, tuple[Limit, Limit]] = {}
    for limit in coupling_limits(problem.constraints, problem.p_x, problem.shape[1]):
        if not isinstance(limit, LinearLimit):
            raise NotSupportedError(
                argument=limit.name,
                found="is convex and not linear: to prove tangents, a file would have to hold the function",
                remedy="certificates know linear constraints",
            )
        form = tuple(tuple(Fraction(float(a)) for a in row) for row in limit.coefficients)
        bound = Fraction(limit.limit)
        opposite = tuple(tuple(-a for a in row) for row in form)
        if opposite in ends:
            low, high = ends[opposite]
            ends[opposite] = -bound if low is None else max(low, -bound), high
        else:
            low, high = ends.get(form, (None, None))
            ends[form] = low, bound if high is None else min(high, bound)
    if len(ends) > MAX_ROWS:
        raise NotSupportedError(f"A certificate takes at most {MAX_ROWS} linear constraints.")
    return tuple(LinearRow(form, low, high) for form, (low, high) in ends.items())


def _finite(number: Fraction | float | None) -> Limit:
    return number if isinstance(number, Fraction) else None
