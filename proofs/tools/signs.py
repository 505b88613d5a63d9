"""Signs of parts, found among all facts at a place: what logarithms, quotients and multipliers need."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from .language import (
    Formula,
    Or,
    ProofError,
    Rel,
    Total,
    conjuncts,
    free_indices,
    heads,
    index,
    is_index,
    le,
    lt,
    phi,
    sort_of,
    substitute,
    term_symbols,
)
from .normal import cleared, has_sum, normal, vanishes

__all__ = ["Signs"]


class Signs(ABC):
    """The search for signs; `tools.kernel.Context` adds facts, certificates and logic."""

    outer: Signs | None
    used: set[str]
    shown: set[tuple[Any, str]]
    _unfolding: set[Any]
    _dividing: list[bool]

    @abstractmethod
    def find(self, name: str) -> Formula | None:
        """A fact by name, or None."""

    @abstractmethod
    def generic_of(self, name: str) -> frozenset[Any]:
        """The free indices of a fact that may be renamed."""

    @abstractmethod
    def all_names(self) -> list[str]:
        """Names of all facts at this place."""

    @abstractmethod
    def prove(self, claim: Rel, using: Sequence[Any], degree: int = 1, defined: bool = False) -> str:
        """Prove an equation or inequality by a certificate."""

    def require(self, part: Any, kind: str) -> None:
        """Prove that a part is "positive", "not negative" or "not zero", or raise."""
        part = sp.sympify(part)
        if self._shown(part, kind):
            return
        if self._part(part, kind):
            self.shown.add((part, kind))
        else:
            raise ProofError(f"not shown: {part} is {kind}")

    def _shown(self, part: Any, kind: str) -> bool:
        """Whether it has been shown at this place or outside: facts only grow."""
        return (part, kind) in self.shown or (self.outer is not None and self.outer._shown(part, kind))

    def _part(self, part: Any, kind: str) -> bool:
        if kind == "not zero":
            return self._part(part, "positive") or self._part(-part, "positive") or self._told_apart(part)
        if part.is_number:
            return _sign_of_number(part) >= (1 if kind == "positive" else 0)
        if self._told(part, kind) or (kind == "not negative" and self._told_by_values(part)):
            return True
        if self._defined_as(part, kind):
            return True
        if isinstance(part, Total):
            body, bound = part.args
            fresh = index(f"{bound.name}^", sort_of(bound))
            return self._part(substitute(body, {bound: fresh}), kind)
        if not has_sum(part) and self._by_factors(part, kind):
            return True
        goal = lt(0, part) if kind == "positive" else le(0, part)
        return self._searched(goal)

    def _told_apart(self, part: Any) -> bool:
        for name, formula in self._atomic():
            if formula.op == "!=" and _multiple(part, formula.left - formula.right):
                self.used.add(name)
                return True
        return False

    def _atomic(self) -> list[tuple[str, Rel]]:
        """Every equation or inequality among the facts."""
        found = []
        for name in self.all_names():
            for part in conjuncts(self.find(name)):
                if isinstance(part, Rel):
                    found.append((name, part))
        return found

    def instances(self, name: str, formula: Rel, wanted: Iterable[Any]) -> list[Rel]:
        """A fact with its free indices renamed to those wanted, in every way."""
        free = sorted(self.generic_of(name) & free_indices(formula), key=str)
        if not free:
            return [formula]
        choices = []
        for one in free:
            fitting = [other for other in wanted if is_index(other) and sort_of(other) == sort_of(one)]
            choices.append(sorted({one, *fitting}, key=str))
        return [
            substitute(formula, {a: b for a, b in zip(free, choice, strict=True) if a != b})
            for choice in itertools.islice(itertools.product(*choices), 16)
        ]

    def _told(self, part: Any, kind: str) -> bool:
        """Whether a fact says it, up to a positive rational factor."""
        symbols = term_symbols(part)
        for name, fact in self._atomic():
            if fact.op == "<" or (fact.op == "<=" and kind == "not negative"):
                for one in self.instances(name, fact, symbols):
                    if _multiple(part, one.right - one.left) == 1:
                        self.used.add(name)
                        return True
        return False

    def _told_by_values(self, part: Any) -> bool:
        """Whether a fact lists the values that the part can have, none of them negative."""
        for name in self.all_names():
            for fact in conjuncts(self.find(name)):
                if not isinstance(fact, Or) or not all(
                    isinstance(one, Rel) and one.op == "=" and one.right.is_Rational and one.right >= 0
                    for one in fact.parts
                ):
                    continue
                lefts = {one.left for one in fact.parts}
                if len(lefts) == 1 and self._renames(name, lefts.pop(), part) is not None:
                    self.used.add(name)
                    return True
        return False

    def _renames(self, name: str, left: Any, part: Any) -> dict[Any, Any] | None:
        """How free indices of a fact are renamed so that its left side is the part; None if there is no
        way.
        """
        if left == part:
            return {}
        if not (isinstance(left, AppliedUndef) and isinstance(part, AppliedUndef) and left.func == part.func):
            return None
        renaming: dict[Any, Any] = {}
        for one, other in zip(left.args, part.args, strict=True):
            if (one == other and one not in renaming) or (
                one in self.generic_of(name) and is_index(other) and renaming.get(one, other) == other
            ):
                renaming[one] = other
            else:
                return None
        return renaming

    def _defined_as(self, part: Any, kind: str) -> bool:
        """The sign of what an equation says that a symbol or member of a family is."""
        if not isinstance(part, (sp.Symbol, AppliedUndef)) or part in self._unfolding:
            return False
        for name, fact in self._atomic():
            if fact.op != "=" or fact.right.is_number:
                continue
            renaming = self._renames(name, fact.left, part)
            if renaming is not None:
                self._unfolding.add(part)
                try:
                    shown = self._part(substitute(fact.right, renaming), kind)
                finally:
                    self._unfolding.discard(part)
                if shown:
                    self.used.add(name)
                    return True
        return False

    def _by_factors(self, part: Any, kind: str) -> bool:
        """The sign of a product from those of its factors."""
        try:
            pieces = sp.fraction(sp.factor(sp.together(part)))
        except sp.PolynomialError:
            return False
        sign, factors = 1, []
        for piece in pieces:
            constant, found = sp.factor_list(piece)
            if not constant.is_number or constant == 0:
                return False
            sign *= _sign_of_number(constant)
            factors += found
        if len(factors) == 1 and factors[0][1] == 1:
            factor = factors[0][0]
            return self._atom(sp.expand(factor * sign), kind)
        for factor, power in factors:
            if power % 2 == 0:
                if kind == "positive" and not self._part(factor, "not zero"):
                    return False
                continue
            if self._atom(factor, kind):
                continue
            if self._atom(-factor, kind):
                sign = -sign
                continue
            return False
        return sign > 0

    def _atom(self, factor: Any, kind: str) -> bool:
        if factor.is_number:
            return _sign_of_number(factor) > 0
        goal = lt(0, factor) if kind == "positive" else le(0, factor)
        return (
            self._told(factor, kind)
            or (kind == "not negative" and self._told_by_values(factor))
            or self._defined_as(factor, kind)
            or self._searched(goal)
        )

    def _searched(self, goal: Rel) -> bool:
        """A certificate from the facts whose symbols the goal has, then with definitions of these too."""
        symbols = heads(goal)
        grown = set(symbols)
        for _ in range(2):
            for _, fact in self._atomic():
                if fact.op == "=" and fact.left in grown:
                    grown |= heads(fact.right)
        touching = set(grown)
        for _, fact in self._atomic():
            if fact.op == "=" and heads(fact) & grown:
                touching |= heads(fact)
        tried = set()
        linked = set(symbols)
        for _, fact in self._atomic():
            if fact.op in ("<", "<=") and heads(fact) & symbols and len(heads(fact)) == 2:
                linked |= heads(fact)
        for allowed, degree in ((symbols, 1), (grown, 1), (symbols, 2), (touching, 1), (linked, 2)):
            names = self._among(allowed, bool((goal.right - goal.left).atoms(phi, sp.log)))
            if (tuple(names), degree) in tried or len(names) > (10 if degree == 2 else 24):
                continue
            tried.add((tuple(names), degree))
            try:
                self.prove(goal, names, degree=degree, defined=True)
            except ProofError:
                continue
            return True
        return False

    def _among(self, symbols: Any, logs: bool) -> list[str]:
        """Facts without sums that speak of these symbols alone, those with logarithms only where asked
        for.
        """
        names = []
        for name, fact in self._atomic():
            if fact.op in ("<", "<=", "=") and name not in names:
                difference = fact.left - fact.right
                if not logs and difference.atoms(phi, sp.log):
                    continue
                fits = heads(fact) <= symbols and not has_sum(difference)
                if fits and (not self._dividing[0] or cleared(difference)[1] == 1):
                    names.append(name)
        return names


def _multiple(part: Any, other: Any) -> int:
    """1 or -1 where `part` is a positive or negative rational multiple of `other`, else 0."""
    first, second = normal(cleared(part)[0]), normal(cleared(other)[0])
    if cleared(part)[1] != 1 or cleared(other)[1] != 1:
        return int(vanishes(part - other))
    if not first or first.keys() != second.keys():
        return 0
    key = next(iter(first))
    ratio = first[key] / second[key]
    if any(value != ratio * second[one] for one, value in first.items()):
        return 0
    return 1 if ratio > 0 else -1


def _sign_of_number(value: Any) -> int:
    """The sign of a number without symbols, by exact rationals or by enclosure."""
    if value.is_Rational:
        return int(sp.sign(value))
    from .evaluate import enclosed

    ball = enclosed(value)
    if ball > 0:
        return 1
    if ball < 0:
        return -1
    return 0
