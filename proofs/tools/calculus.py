"""Functions of one real variable: monotonicity, concavity, intermediate values, each with its hypotheses
checked.

The functions are made of phi, logarithms and rational functions: continuous wherever they are defined (phi at
0 included), differentiable where in addition no argument of phi is 0.  Both are checked on the closed and on
the open interval; the derivative is sympy's, and its sign must be a fact for the open interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from ..lemma import Rule
from .kernel import Context, opened, same
from .language import And, Exists, ForAll, Formula, ProofError, eq, le, lt, phi, real, substitute
from .normal import domain_conditions

__all__ = ["intermediate", "monotone", "strictly_concave"]


def _between(variable: Any, low: Any, high: Any, strict: bool) -> tuple[Formula, ...]:
    """Low < variable < high, or with <=; an end that is None is left out."""
    relation = lt if strict else le
    found = []
    if low is not None:
        found.append(relation(low, variable))
    if high is not None:
        found.append(relation(variable, high))
    return tuple(found)


def _continuous(context: Context, function: Any, variable: Any, low: Any, high: Any) -> None:
    """Defined on the closed interval."""
    inner, _ = opened(context, ForAll((variable,), _between(variable, low, high, False), eq(0, 0)), "closed")
    inner.require_defined(eq(function, function))


def _differentiable(context: Context, function: Any, variable: Any, low: Any, high: Any) -> None:
    """On the open interval no argument of phi that moves is 0."""
    inner, _ = opened(context, ForAll((variable,), _between(variable, low, high, True), eq(0, 0)), "open")
    for part, kind in domain_conditions(function):
        moves = variable in part.free_symbols
        inner.require(part, "positive" if kind == "not negative" and moves else kind)
    allowed = (sp.log, phi)
    if any(
        not isinstance(one, allowed) and variable in one.free_symbols for one in function.atoms(sp.Function)
    ):
        raise ProofError(f"{function} holds functions that are not made of phi and logarithms")


def _derivative_fact(context: Context, name: str, derivative: Any, variable: Any, low: Any, high: Any) -> int:
    """The sign of the derivative that the fact states on the open interval."""
    fact = context.fact(name)
    for sign in (1, -1):
        claim = lt(0, derivative) if sign > 0 else lt(derivative, 0)
        if same(fact, ForAll((variable,), _between(variable, low, high, True), claim)):
            return sign
    raise ProofError(f"'{name}' is not the sign of {derivative} between {low} and {high}")


def _points(function: Any, count: int, low: Any, high: Any) -> tuple[Any, ...]:
    """Variables that occur nowhere else."""
    taken = {
        str(one)
        for term in (function, low, high)
        if term is not None
        for one in sp.sympify(term).free_symbols
    }
    names = [name for name in ("t1", "t2", "t3", "t4", "t5", "t6") if name not in taken][:count]
    found = real(" ".join(names))
    return found if count > 1 else (found,)


def monotone(function: Any, variable: Any, low: Any, high: Any, slope: str) -> Rule:
    """Strictly monotone on a closed interval, as the derivative has one sign inside (mean value theorem).

    The claim: for all t1, t2 with low <= t1 < t2 <= high, f(t1) < f(t2) (or >).
    """

    def check(context: Context, claim: Formula) -> str:
        _continuous(context, function, variable, low, high)
        _differentiable(context, function, variable, low, high)
        sign = _derivative_fact(context, slope, sp.diff(function, variable), variable, low, high)
        first, second = _points(function, 2, low, high)
        given = [lt(first, second)]
        if low is not None:
            given.insert(0, le(low, first))
        if high is not None:
            given.append(le(second, high))
        values = [substitute(function, {variable: one}) for one in (first, second)]
        then = lt(*values) if sign > 0 else lt(*values[::-1])
        _is(claim, ForAll((first, second), tuple(given), then))
        side = "positive" if sign > 0 else "negative"
        return f"continuous, with a {side} derivative inside (mean value theorem)"

    return Rule("calculus", check)


def strictly_concave(function: Any, variable: Any, low: Any, high: Any, second: str) -> Rule:
    """Strictly concave on a closed interval, as the second derivative is negative inside.

    The claim: for all t1, t2, t3 with low <= t1 < t2 <= high and 0 < t3 < 1 the chord lies below,
    (1 - t3) f(t1) + t3 f(t2) < f((1 - t3) t1 + t3 t2).  (Strictly convex where it is positive: above.)
    """

    def check(context: Context, claim: Formula) -> str:
        _continuous(context, function, variable, low, high)
        _differentiable(context, function, variable, low, high)
        sign = _derivative_fact(context, second, sp.diff(function, variable, 2), variable, low, high)
        t1, t2, t3 = _points(function, 3, low, high)
        given = [lt(t1, t2), lt(0, t3), lt(t3, 1)]
        if low is not None:
            given.insert(0, le(low, t1))
        if high is not None:
            given.append(le(t2, high))
        chord = (1 - t3) * substitute(function, {variable: t1}) + t3 * substitute(function, {variable: t2})
        arc = substitute(function, {variable: (1 - t3) * t1 + t3 * t2})
        then = lt(chord, arc) if sign < 0 else lt(arc, chord)
        _is(claim, ForAll((t1, t2, t3), tuple(given), then))
        return f"the second derivative is {'negative' if sign < 0 else 'positive'} inside"

    return Rule("calculus", check)


def intermediate(function: Any, variable: Any, low: Any, high: Any, level: Any, using: Sequence[str]) -> Rule:
    """A continuous function takes every value between those at two points, strictly between them.

    The claim: there is a variable with low < variable < high and f(variable) = level.
    """

    def check(context: Context, claim: Formula) -> str:
        context.entails(lt(low, high), using)
        _continuous(context, function, variable, low, high)
        ends = [substitute(function, {variable: one}) for one in (low, high)]
        try:
            context.entails(And((lt(ends[0], level), lt(level, ends[1]))), using)
        except ProofError:
            context.entails(And((lt(ends[1], level), lt(level, ends[0]))), using)
        then = And((lt(low, variable), lt(variable, high), eq(function, level)))
        _is(claim, Exists((variable,), then))
        return "continuous, with the level between the values at the ends (intermediate value theorem)"

    return Rule("calculus", check)


def _is(claim: Formula, derived: Formula) -> None:
    if not same(claim, derived):
        raise ProofError(f"the claim {claim} is not what follows: {derived}")
