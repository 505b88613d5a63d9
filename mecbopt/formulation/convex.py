"""Convex limits on the coupling, known to engines by the half-spaces that contain them.

A limit g(P) <= 0 with g convex says how far a coupling violates it, and cuts one off that does: at every P0
the half-space g(P0) + g'(P0) . (P - P0) <= 0 holds the whole set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mecbopt.formulation.cvxpy_slopes import Slopes
from mecbopt.formulation.limits import LinearLimit
from mecbopt.info import phi
from mecbopt.problem.constraints import cvxpy_module

__all__ = ["ConvexLimit", "CvxpyLimit", "PrivacyLimit"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Posteriors in a cut are at least this: any others would do as well, and logarithms stay finite.
_SMALLEST_POSTERIOR = 1e-12
#: Couplings this near to the border of a set touch it, in the units of its constraint.
_TOUCHING = 1e-7
#: What the offset of a cut without derivatives is moved out by.
_PROJECTION_SLACK = 1e-7


class ConvexLimit(Protocol):
    """A closed convex set of couplings."""

    @property
    def name(self) -> str:
        """The argument of the problem that states it."""
        ...

    @property
    def quick(self) -> bool:
        """Whether violations and cuts take microseconds, and no program of their own."""
        ...

    def violation(self, coupling: FloatArray) -> float:
        """The largest g, in the limit's own units; at most 0 inside."""
        ...

    def cuts(self, coupling: FloatArray, margin: float = 0.0) -> Iterator[LinearLimit]:
        """Half-spaces that hold {g <= -margin} and not the coupling, which violates that."""
        ...

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> ConvexLimit:
        """The same limit on the letters that are kept."""
        ...


@dataclass(frozen=True, eq=False)
class PrivacyLimit:
    """H(S|Y) >= c: an observer who sees Y but not the seed learns no more of the label.

    With the posterior r(s|y) of any coupling, H(S|Y) <= -sum P(x,y) p(s|x) log2 r(s|y), with equality there
    (the divergence from r is not negative): a cut needs no derivative.

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    channel : ndarray, shape (n, s)
    least : float
        c, bits.
    """

    p_x: FloatArray
    channel: FloatArray
    least: float
    name = "min_label_entropy"
    quick = True

    def violation(self, coupling: FloatArray) -> float:
        """How far H(S|Y) lies below c, bits."""
        joint = coupling.T @ self.channel
        return self.least - float(phi(joint).sum() - phi(joint.sum(axis=1)).sum())

    def cuts(self, coupling: FloatArray, margin: float = 0.0) -> Iterator[LinearLimit]:
        """The cut of the coupling's own posterior."""
        joint = np.maximum(coupling.T @ self.channel, _SMALLEST_POSTERIOR)
        surprise = -np.log2(joint / joint.sum(axis=1, keepdims=True))
        yield LinearLimit(self.p_x, -self.channel @ surprise.T, -self.least - margin, self.name)

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> PrivacyLimit:
        """The label of the letters that are kept."""
        return PrivacyLimit(p_x, self.channel[keep_x], self.least)


@dataclass(frozen=True, eq=False)
class CvxpyLimit:
    """A constraint that is convex by cvxpy's rules and speaks of the coupling alone.

    Attributes
    ----------
    p_x : ndarray, shape (n,)
    constraint, variable : cvxpy objects
        The variable, of the shape of the problem, stands for the coupling.
    name : str
    kept : tuple of two arrays of bool, optional
        Which letters of the problem are left; the others have no mass.
    """

    p_x: FloatArray
    constraint: Any
    variable: Any
    name: str
    kept: tuple[BoolArray, BoolArray] | None = None

    @property
    def quick(self) -> bool:
        """Whether it has an expression with derivatives; cones have projections."""
        return self._slopes is not None

    def violation(self, coupling: FloatArray) -> float:
        """The largest violation of its scalar parts; minus their least slack where it has an expression."""
        cells = self._whole(coupling)
        if self._slopes is not None:
            return float(np.max(self._slopes.values(cells)))
        self.variable.value = cells
        return float(np.max(self.constraint.violation()))

    def cuts(self, coupling: FloatArray, margin: float = 0.0) -> Iterator[LinearLimit]:
        """Tangents of the scalar parts that are violated; else a half-space at the projection."""
        tangents = list(self._tangents(coupling, margin))
        yield from tangents or self._separated(coupling)

    def restrict(self, keep_x: BoolArray, keep_y: BoolArray, p_x: FloatArray) -> CvxpyLimit:
        """The same constraint, with the letters that are left out at 0."""
        return replace(self, p_x=p_x, kept=(keep_x, keep_y))

    @cached_property
    def _expression(self) -> Any:
        """The left-hand side of expression <= 0; None for cones."""
        kinds = cvxpy_module().constraints
        if isinstance(self.constraint, kinds.Inequality):
            return self.constraint.args[0] - self.constraint.args[1]
        if isinstance(self.constraint, (kinds.NonPos, kinds.NonNeg)):
            return self.constraint.args[0] * (-1 if isinstance(self.constraint, kinds.NonNeg) else 1)
        return None

    @cached_property
    def _slopes(self) -> Slopes | None:
        return None if self._expression is None else Slopes(self._expression, self.variable)

    def _whole(self, coupling: FloatArray) -> FloatArray:
        """The coupling of all letters of the problem."""
        cells: FloatArray = np.maximum(coupling, 0.0)
        if self.kept is None:
            return cells
        whole = np.zeros(self.variable.shape)
        whole[np.ix_(*self.kept)] = cells
        return whole

    def _seen(self, coefficients: FloatArray) -> FloatArray:
        """Of the problem's cells those that are left."""
        return coefficients if self.kept is None else coefficients[np.ix_(*self.kept)]

    def _tangents(self, coupling: FloatArray, margin: float) -> Iterator[LinearLimit]:
        if self._slopes is None:
            return
        values, slopes = self._slopes.at(self._whole(coupling))
        if slopes is None:
            return
        for value, row in zip(values, slopes, strict=True):
            if value > -margin - _TOUCHING and np.all(np.isfinite(row)) and row.any():
                slope = self._seen(row.reshape(self.variable.shape, order="F"))
                bound = float((slope * coupling).sum()) - float(value) - margin
                yield LinearLimit(self.p_x, slope, bound, self.name)

    def _separated(self, coupling: FloatArray) -> Iterator[LinearLimit]:
        """The half-space across the way to the nearest point inside, as far out as the set reaches that way.

        The direction may be off: the offset is the maximum along it, and a conic solver's rounding on top.
        """
        cvxpy = cvxpy_module()
        target, law = self._whole(coupling), [self.constraint, cvxpy.sum(self.variable) == 1]
        cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(self.variable - target)), law).solve(cvxpy.CLARABEL)
        if self.variable.value is None or np.abs(target - self.variable.value).max() < _TOUCHING:
            return
        apart = target - self.variable.value
        apart /= np.abs(apart).max()
        aim = cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(cvxpy.multiply(apart, self.variable))), law)
        aim.solve(cvxpy.CLARABEL)
        if self.variable.value is not None:
            yield LinearLimit(self.p_x, self._seen(apart), float(aim.value) + _PROJECTION_SLACK, self.name)
