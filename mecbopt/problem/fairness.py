"""Group fairness: how often Y falls into a set of outcomes depends little on the group of X.

Demographic parity of Dwork, Hardt, Pitassi, Reingold and Zemel (Fairness through awareness, ITCS 2012), up to
a tolerance.  p_X and the groups are given, so every rate P(Y in A | group) is linear in the coupling.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import Name, ProblemError
from mecbopt.problem.named_base import NamedConstraint, check_limits, position

__all__ = ["GroupFairness"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class GroupFairness(NamedConstraint):
    """|P(Y in A | group s) - P(Y in A | group s')| <= eps for every two groups.

    Parameters
    ----------
    outcomes : sequence of positions of Y, from 0
        A.
    at_most : float
        eps, 0 for equal rates.
    groups : sequence of sequences of positions of X, optional
        Which letters of X are in each group; a letter may be in none.  By default the groups are the values
        of the problem's label S, to which a letter belongs in part.  Groups without mass do not count.

    Examples
    --------
    >>> GroupFairness([1], 0.1, groups=[[0, 1], [2]]).to_document()
    {'kind': 'group_fairness', 'outcomes': [1], 'at_most': 0.1, 'groups': [[0, 1], [2]]}
    """

    outcomes: Sequence[int]
    at_most: float
    groups: Sequence[Sequence[int]] | None = None
    #: p(s|x) / p(s), a row for each group that has mass: what a problem adds.
    _slopes: tuple[tuple[float, ...], ...] | None = field(default=None, init=False, repr=False, compare=False)
    kind = "group_fairness"

    def __post_init__(self) -> None:
        """Positions, a tolerance, groups that do not overlap."""
        object.__setattr__(self, "outcomes", _positions("outcomes", self.outcomes))
        check_limits(self.at_most, None)
        if self.at_most < 0.0:
            raise ProblemError(argument="constraints.at_most", value=self.at_most, required="be at least 0")
        if self.groups is None:
            return
        try:
            groups = tuple(_positions("groups", group) for group in self.groups)
        except TypeError:
            groups = ()
        members = [x for group in groups for x in group]
        if len(groups) < 2 or len(set(members)) < len(members):
            raise ProblemError(
                argument="constraints.groups",
                value=self.groups,
                required="be two or more lists of positions of X, each position in one at most",
            )
        object.__setattr__(self, "groups", groups)

    def bound_to(self, p_x: FloatArray, p_s_given_x: FloatArray | None) -> Self:
        """With what a unit of P(x, A) adds to P(Y in A | s), from the law of X and groups or label."""
        members = self._members(len(p_x), p_s_given_x)
        masses = members @ p_x
        slopes = members[masses > 0.0] / masses[masses > 0.0, None]
        bound = replace(self)
        object.__setattr__(bound, "_slopes", tuple(tuple(row) for row in slopes.tolist()))
        return bound

    def _members(self, n: int, p_s_given_x: FloatArray | None) -> FloatArray:
        """p(s|x), or whether x is in group s, shape (g, n)."""
        if self.groups is None:
            if p_s_given_x is None:
                raise ProblemError(
                    argument="constraints.groups",
                    found="is missing, and there is no label",
                    remedy=("name the letters of each group, or give ", Name("p_s_given_x")),
                )
            return p_s_given_x.T
        members = np.zeros((len(self.groups), n))
        for row, group in zip(members, self.groups, strict=True):
            if max(group) >= n:
                raise ProblemError(
                    argument="constraints.groups",
                    value=max(group),
                    required=f"be positions below {n}, the letters of X",
                )
            row[list(group)] = 1.0
        return members

    def __call__(self, coupling: Any) -> list[Any]:
        """Two inequalities for every two groups."""
        m = coupling.shape[1]
        if self._slopes is None:
            raise ProblemError(
                argument="constraints.groups",
                found="have no law of X yet",
                remedy=("put the constraint into ", Name("constraints"), " of a problem"),
            )
        if max(self.outcomes) >= m:
            raise ProblemError(
                argument="constraints.outcomes",
                value=max(self.outcomes),
                required=f"be positions below {m}, the letters of Y",
            )
        falls_in = np.isin(np.arange(m), self.outcomes).astype(float)
        rates = [np.outer(slopes, falls_in).ravel() @ coupling.flatten(order="C") for slopes in self._slopes]
        return [
            inequality
            for one, other in itertools.combinations(rates, 2)
            for inequality in (one - other <= self.at_most, other - one <= self.at_most)
        ]


def _positions(name: str, values: Any) -> tuple[int, ...]:
    """Different positions, one at least."""
    try:
        found = tuple(position(value) for value in values)
    except (TypeError, ValueError):
        found = ()
    if not found or len(set(found)) < len(found):
        raise ProblemError(
            argument=f"constraints.{name}",
            value=values,
            required="be different positions that count from 0, one at least",
        )
    return found
