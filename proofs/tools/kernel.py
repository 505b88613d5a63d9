"""The kernel: what counts as established, and when a formula follows.

A `Context` holds named facts.  A fact with a free index holds for every index, unless a block has fixed it.
Everything a step claims is checked here or by the rules in `tools.rules`, from the facts that the step names.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from .certificate import combination
from .language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    Pred,
    ProofError,
    Rel,
    Total,
    conjuncts,
    eq,
    family,
    free_indices,
    free_symbols,
    heads,
    index,
    is_index,
    le,
    lt,
    phi,
    real,
    sort_of,
    substitute,
    term_symbols,
    total,
)
from .normal import Normal, cleared, domain_conditions, has_sum, normal, vanishes, without_logs

__all__ = ["Context", "Multiple", "over", "same"]


@dataclass(frozen=True)
class Multiple:
    """A fact times a term, summed over indices: a candidate of a certificate."""

    fact: str
    times: Any
    over: tuple[sp.Symbol, ...]
    at: tuple[tuple[Any, Any], ...]


def over(fact: str, *indices: sp.Symbol, times: Any = 1, at: Mapping[Any, Any] | None = None) -> Multiple:
    """A fact multiplied by a term (not negative, if the fact is an inequality) and summed over indices.

    `at` renames free indices of the fact first.
    """
    return Multiple(fact, sp.sympify(times), indices, tuple((at or {}).items()))


def same(first: Any, second: Any) -> bool:
    """Whether two formulas are equal up to the names of bound variables and the normal form of terms."""
    if isinstance(first, Rel) and isinstance(second, Rel):
        if first.op != second.op:
            return False
        if first == second:
            return True
        if free_symbols(first) != free_symbols(second):
            return False
        one, other = first.left - first.right, second.left - second.right
        if first.op in ("=", "!=") and vanishes(one + other):
            return True
        return vanishes(one - other)
    if type(first) is not type(second):
        return False
    if isinstance(first, (And, Or)):
        return len(first.parts) == len(second.parts) and all(map(same, first.parts, second.parts))
    if isinstance(first, (ForAll, Exists)):
        if len(first.variables) != len(second.variables):
            return False
        if any(
            is_index(one) != is_index(other) or (is_index(one) and sort_of(one) != sort_of(other))
            for one, other in zip(first.variables, second.variables, strict=True)
        ):
            return False
        first, second = _alike(first, second)
        if isinstance(first, Exists):
            return same(first.then, second.then)
        return (
            len(first.given) == len(second.given)
            and all(map(same, first.given, second.given))
            and same(first.then, second.then)
        )
    if isinstance(first, Pred):
        return (
            first.name == second.name
            and len(first.arguments) == len(second.arguments)
            and all(map(_same_argument, first.arguments, second.arguments))
        )
    return bool(first == second)


def _alike(first: Any, second: Any) -> tuple[Any, Any]:
    """Two quantified formulas with the same new names for their variables."""
    taken = {str(one) for one in free_symbols(first) | free_symbols(second)}
    names, number = [], 0
    for one in first.variables:
        if not isinstance(one, sp.Symbol):
            names.append(family(f"~f{depth_of(first)}{number}"))
            number += 1
            continue
        while f"~{number}" in taken or f"~{sort_of(one) if is_index(one) else ''}{number}" in taken:
            number += 1
        names.append(index(f"~{sort_of(one)}{number}", sort_of(one)) if is_index(one) else real(f"~{number}"))
        number += 1
    found = []
    for formula in (first, second):
        renaming = dict(zip(formula.variables, names, strict=True))
        then = substitute(formula.then, renaming)
        if isinstance(formula, ForAll):
            given = tuple(substitute(one, renaming) for one in formula.given)
            found.append(ForAll(tuple(names), given, then))
        else:
            found.append(Exists(tuple(names), then))
    return found[0], found[1]


def depth_of(formula: Any) -> int:
    """How many quantifiers are nested, so that families renamed at different depths differ."""
    if isinstance(formula, (And, Or)):
        return max(map(depth_of, formula.parts), default=0)
    if isinstance(formula, ForAll):
        return 1 + max(map(depth_of, (*formula.given, formula.then)))
    return 1 + depth_of(formula.then) if isinstance(formula, Exists) else 0


def _same_argument(first: Any, second: Any) -> bool:
    if isinstance(first, (Rel, And, Or, ForAll, Exists, Pred)):
        return same(first, second)
    if isinstance(first, sp.Basic) and isinstance(second, sp.Basic):
        return first == second or vanishes(first - second)
    return bool(first == second)


class Context:
    """Named facts, those of the blocks around included.

    Parameters
    ----------
    outer : Context or None
    fixed : symbols that a block has fixed
    """

    def __init__(self, outer: Context | None = None, fixed: Iterable[Any] = ()) -> None:
        self.outer = outer
        self.facts: dict[str, Formula] = {}
        self.generic: dict[str, frozenset[Any]] = {}
        self.fixed: frozenset[Any] = frozenset(fixed) | (outer.fixed if outer else frozenset())
        self.shown: set[tuple[Any, str]] = set()
        self._unfolding: set[Any] = outer._unfolding if outer else set()
        #: while the sign of a denominator is looked for, facts with denominators are left aside
        self._dividing: list[bool] = outer._dividing if outer else [False]
        self.used: set[str] = outer.used if outer else set()
        self.citations: list[str] = outer.citations if outer else []

    def add(self, name: str, formula: Formula) -> None:
        """Establish a fact.  (Its proof is the caller's business.)"""
        if self.find(name) is not None:
            raise ProofError(f"the name '{name}' is taken")
        formula = self._opened_up(formula, self.fixed | free_indices(formula))
        self.facts[name] = formula
        self.generic[name] = free_indices(formula) - self.fixed

    def _opened_up(self, formula: Formula, taken: frozenset[Any]) -> Formula:
        """`For all indices: R` as R with free indices, which says the same, also inside a conjunction."""
        if isinstance(formula, And):
            return And(tuple(self._opened_up(part, taken) for part in formula.parts))
        if isinstance(formula, ForAll) and not formula.given and all(map(is_index, formula.variables)):
            renaming = {one: index(f"{one.name}*", sort_of(one)) for one in formula.variables if one in taken}
            return self._opened_up(substitute(formula.then, renaming), taken)
        return formula

    def find(self, name: str) -> Formula | None:
        """A fact by name, or None."""
        if name in self.facts:
            return self.facts[name]
        return self.outer.find(name) if self.outer else None

    def fact(self, name: str) -> Formula:
        """A fact by name; it counts as used."""
        found = self.find(name)
        if found is None:
            raise ProofError(f"there is no fact '{name}' at this place")
        self.used.add(name)
        return found

    def generic_of(self, name: str) -> frozenset[Any]:
        """The free indices of a fact that may be renamed."""
        if name in self.generic:
            return self.generic[name]
        return self.outer.generic_of(name) if self.outer else frozenset()

    def all_names(self) -> list[str]:
        """Names of all facts at this place."""
        return [*(self.outer.all_names() if self.outer else ()), *self.facts]

    def renamed(self, name: str, at: Mapping[Any, Any]) -> Formula:
        """A fact with free indices renamed."""
        formula = self.fact(name)
        for one, other in at.items():
            if one not in self.generic_of(name):
                raise ProofError(f"'{name}': {one} is no free index that may be renamed")
            if not is_index(other) or sort_of(other) != sort_of(one):
                raise ProofError(f"'{name}': {other} is not of the sort of {one}")
        return substitute(formula, dict(at))

    # ---- signs of parts, found among all facts -------------------------------------------------------------

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

    def require_defined(self, formula: Any) -> None:
        """Prove what logarithms, phi and denominators of a formula need."""
        for inner, part, kind in _conditions(self, formula):
            inner.require(part, kind)

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
        """How free indices of a fact are renamed so that its left side is the part; None if there is no way."""
        if left == part:
            return {}
        if not (isinstance(left, AppliedUndef) and isinstance(part, AppliedUndef) and left.func == part.func):
            return None
        renaming: dict[Any, Any] = {}
        for one, other in zip(left.args, part.args, strict=True):
            if one == other and one not in renaming:
                renaming[one] = other
            elif one in self.generic_of(name) and is_index(other) and renaming.get(one, other) == other:
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
        """Facts without sums that speak of these symbols alone, those with logarithms only where asked for."""
        names = []
        for name, fact in self._atomic():
            if fact.op in ("<", "<=", "=") and name not in names:
                difference = fact.left - fact.right
                if not logs and difference.atoms(phi, sp.log):
                    continue
                if heads(fact) <= symbols and not has_sum(difference):
                    if not self._dividing[0] or cleared(difference)[1] == 1:
                        names.append(name)
        return names

    # ---- certificates ----------------------------------------------------------------------------------------

    def prove(
        self,
        claim: Rel,
        using: Sequence[str | Multiple],
        degree: int = 1,
        defined: bool = False,
    ) -> str:
        """Prove an equation or inequality by a certificate from the facts named.

        Raises
        ------
        ProofError
            There is none among the products of at most `degree` facts.
        """
        if claim.op == "!=":
            for goal in (lt(claim.left, claim.right), lt(claim.right, claim.left)):
                try:
                    return self.prove(goal, using, degree, defined)
                except ProofError:
                    continue
            raise ProofError(f"not shown: {claim.left} != {claim.right}")
        if not defined:
            self.require_defined(claim)
        failure: ProofError | None = None
        for clear in (True, False):
            try:
                return self._certified(claim, using, degree, clear)
            except ProofError as error:
                failure = failure or error
                if cleared(claim.right - claim.left)[1] == 1 and not self._denominators(using):
                    break
        if claim.op == "=" and using:
            try:  # two inequalities make an equation
                both = [
                    self._certified(side, using, degree, True)
                    for side in (le(claim.left, claim.right), le(claim.right, claim.left))
                ]
                return "; ".join(dict.fromkeys(both))
            except ProofError:
                pass
        raise failure or ProofError("no certificate")

    def _denominators(self, using: Sequence[str | Multiple]) -> bool:
        """Whether a fact has a denominator that clearing would remove."""
        return any(
            isinstance(part, Rel) and cleared(part.right - part.left)[1] != 1
            for item in using
            for part in conjuncts(self.find(item if isinstance(item, str) else item.fact))
        )

    def _certified(self, claim: Rel, using: Sequence[str | Multiple], degree: int, clear: bool) -> str:
        """One attempt, with denominators cleared or kept as inverse atoms."""
        if clear:
            target, denominator = cleared(claim.right - claim.left)
            if denominator != 1 and claim.op != "=":
                target = target * self.sign(denominator)
        else:
            target = claim.right - claim.left
        wanted = normal(target)
        if claim.op == "=" and not wanted:
            return "identity"
        forms, kinds, names = self._candidates(claim, using, degree, clear)
        if claim.op == "=":
            keep = [place for place, kind in enumerate(kinds) if kind == "="]
            forms, names = [forms[i] for i in keep], [names[i] for i in keep]
            kinds = ["="] * len(keep)
        prefer = [kind == "<" and claim.op == "<" for kind in kinds]
        found = combination(wanted, forms, [kind == "=" for kind in kinds], prefer)
        if found is None:
            raise ProofError(f"no certificate: {claim.left} {claim.op} {claim.right} from {list(using)}")
        if claim.op == "<" and not any(value > 0 for value, strict in zip(found, prefer, strict=True) if strict):
            raise ProofError(f"only <= is shown: {claim.left} < {claim.right}")
        chosen = [name for name, value in zip(names, found, strict=True) if value]
        for group in chosen:
            self.used.update(group)
        distinct = sorted({name for group in chosen for name in group})
        return "certificate from " + ", ".join(distinct) if distinct else "certificate"

    def sign(self, part: Any) -> int:
        """+1 or -1 of a part that is known to have a strict sign."""
        saved, self._dividing[0] = self._dividing[0], True
        try:
            if self._part(sp.sympify(part), "positive"):
                return 1
            if self._part(-sp.sympify(part), "positive"):
                return -1
        finally:
            self._dividing[0] = saved
        raise ProofError(f"the sign of {part} is not known")

    def _candidates(
        self, claim: Rel, using: Sequence[str | Multiple], degree: int, clear: bool
    ) -> tuple[list[Normal], list[str], list[frozenset[str]]]:
        """Normal forms of the facts, of their products and multiples; each with its kind and its names."""
        slacks: list[tuple[Any, str, frozenset[str]]] = [(sp.Integer(1), "<", frozenset())]
        equations: list[tuple[Any, frozenset[str]]] = []
        finished: list[tuple[Any, str, frozenset[str]]] = []
        wanted = free_symbols(claim)
        for item in using:
            if isinstance(item, Multiple):
                finished += self._multiples(item)
                continue
            formula = self.find(item)
            if formula is None:
                raise ProofError(f"there is no fact '{item}' at this place")
            for part in conjuncts(formula):
                if not isinstance(part, Rel) or part.op == "!=":
                    continue
                for one in self.instances(item, part, wanted):
                    slack, denominator = one.right - one.left, sp.Integer(1)
                    if clear:
                        slack, denominator = cleared(slack)
                    if denominator != 1 and one.op != "=":
                        slack = slack * self.sign(denominator)
                    if one.op == "=":
                        equations.append((slack, frozenset({item})))
                    else:
                        slacks.append((slack, one.op, frozenset({item})))
        forms, kinds, names = [], [], []

        def put(term: Any, kind: str, group: frozenset[str]) -> None:
            form = normal(term)
            if form:
                forms.append(form)
                kinds.append(kind)
                names.append(group)

        for count in range(1, degree + 1):
            for chosen in itertools.combinations_with_replacement(slacks[1:], count):
                kind = "<" if all(one[1] == "<" for one in chosen) else "<="
                term = sp.Mul(*(one[0] for one in chosen))
                put(term, kind, frozenset().union(*(one[2] for one in chosen)))
        put(sp.Integer(1), "<", frozenset())
        factors = [sp.Integer(1)]
        if degree > 1:
            atoms = sorted(
                {atom for key in normal(cleared(claim.right - claim.left)[0]) for atom, _ in key[1]}, key=str
            )
            factors += atoms
        for slack, group in equations:
            for factor in factors:
                put(slack * factor, "=", group)
        for term, kind, group in finished:
            put(term, kind, group)
        if len(forms) > 900:
            raise ProofError(f"{len(forms)} products are too many: name fewer facts or a lower degree")
        return forms, kinds, names

    def _multiples(self, item: Multiple) -> list[tuple[Any, str, frozenset[str]]]:
        found = []
        formula = self.renamed(item.fact, dict(item.at))
        for part in conjuncts(formula):
            if not isinstance(part, Rel) or part.op == "!=":
                continue
            kind = part.op
            self.require_defined(eq(item.times, item.times))
            if kind != "=" and not self._signed(item.times):
                continue  # only the equations of this fact can be multiplied by such a term
            if kind != "=":
                if not self._part(item.times, "positive"):
                    kind = "<="
            bound = {other for _, other in item.at}
            for one in item.over:
                if one in free_indices(part) and one not in self.generic_of(item.fact) | bound:
                    raise ProofError(f"'{item.fact}' holds for one {one} only: no sum over it")
                if one in self.fixed:
                    raise ProofError(f"{one} is fixed here: sum over another index")
            slack = total(item.times * (part.right - part.left), *item.over)
            if not has_sum(slack) and any(one.exp.is_negative for one in slack.atoms(sp.Pow)):
                found.append((sp.cancel(without_logs(slack)), kind, frozenset({item.fact})))
            found.append((slack, kind, frozenset({item.fact})))
        if not found:
            raise ProofError(f"'{item.fact}' is an inequality, and {item.times} is not shown >= 0")
        return found

    def _signed(self, term: Any) -> bool:
        """Whether a term is shown not to be negative."""
        return self._part(term, "not negative")

    # ---- logic -------------------------------------------------------------------------------------------------

    def entails(self, goal: Formula, using: Sequence[str | Multiple], degree: int = 1) -> None:
        """Prove a formula from the facts named: by equality with one, part by part, or by a certificate."""
        names = [one for one in using if isinstance(one, str)]
        for name in names:
            if self.find(name) is None:
                raise ProofError(f"there is no fact '{name}' at this place")
            for part in (self.find(name), *conjuncts(self.find(name))):
                if same(part, goal) or self._same_after_renaming(name, part, goal):
                    self.used.add(name)
                    return
        if isinstance(goal, And):
            for part in goal.parts:
                self.entails(part, using, degree)
        elif isinstance(goal, Rel):
            self.prove(goal, using, degree)
        elif isinstance(goal, Or):
            failures = []
            for part in goal.parts:
                try:
                    return self.entails(part, using, degree)
                except ProofError as error:
                    failures.append(str(error))
            raise ProofError(f"no part of {goal} is shown: {failures}")
        elif isinstance(goal, ForAll):
            inner, extra = opened(self, goal)
            if goal.given and inner.absurd([*using, *extra]):
                return  # what is given cannot be
            inner.entails(goal.then, [*using, *extra], degree)
        else:
            raise ProofError(f"not shown: {goal}")

    def absurd(self, using: Sequence[str | Multiple]) -> bool:
        """Whether the facts named contradict each other."""
        try:
            self.prove(lt(0, 0), using, defined=True)
        except ProofError:
            return False
        return True

    def _same_after_renaming(self, name: str, part: Any, goal: Any) -> bool:
        free = sorted(self.generic_of(name) & free_indices(part), key=str)
        wanted = sorted(free_indices(goal), key=str)
        if not free or len(free) > 6:
            return False
        choices = [[other for other in wanted if sort_of(other) == sort_of(one)] for one in free]
        return any(
            same(substitute(part, dict(zip(free, choice, strict=True))), goal)
            for choice in itertools.product(*choices)
        )


def opened(
    outer: Context, goal: ForAll, prefix: str = "given", called: Sequence[str] = ()
) -> tuple[Context, list[str]]:
    """A context in which the variables are fixed and what is given holds."""
    visible = frozenset().union(
        frozenset(),
        *(
            free_symbols(outer.find(name)) - outer.generic_of(name)
            for name in outer.all_names()
        ),
    )
    spoken = frozenset().union(frozenset(), *(_heads_within(outer.find(name)) for name in outer.all_names()))
    for one in goal.variables:
        if one in visible or one in spoken:
            raise ProofError(f"{one} is spoken of outside: take another name for the variable")
    # A free index of the whole formula is one index in it: what is given of it holds for that one.
    if called and len(called) != len(goal.given):
        raise ProofError(f"{len(goal.given)} formulas are given, not {len(called)}")
    inner, names = Context(outer, (*goal.variables, *free_indices(goal))), []
    for number, formula in enumerate(goal.given):
        name, count = called[number] if called else f"{prefix} {number + 1}", 1
        while inner.find(name) is not None:
            count += 1
            name = f"{prefix} {number + 1}, level {count}"
        inner.require_defined(formula)
        inner.add(name, formula)
        names.append(name)
    return inner, names


def _heads_within(formula: Any) -> frozenset[Any]:
    """Families that a formula speaks of, those that it quantifies itself left out."""
    if isinstance(formula, (Rel,)):
        return heads(formula)
    if isinstance(formula, (And, Or)):
        return frozenset().union(*(_heads_within(part) for part in formula.parts))
    if isinstance(formula, ForAll):
        inner = frozenset().union(_heads_within(formula.then), *(_heads_within(one) for one in formula.given))
        return inner - set(formula.variables)
    if isinstance(formula, Exists):
        return _heads_within(formula.then) - set(formula.variables)
    return frozenset(one for one in formula.arguments if not isinstance(one, str))


def _conditions(context: Context, formula: Any) -> list[tuple[Context, Any, str]]:
    if isinstance(formula, Rel):
        found = domain_conditions(formula.left) + domain_conditions(formula.right)
        return [(context, part, kind) for part, kind in dict.fromkeys(found)]
    if isinstance(formula, And):
        found, inner = [], context
        for number, part in enumerate(formula.parts):  # a part may rest on those before it
            found += _conditions(inner, part)
            inner = Context(inner)
            inner.add(f"part {number} of {id(formula)}", part)
        return found
    if isinstance(formula, Or):
        return [one for part in formula.parts for one in _conditions(context, part)]
    if isinstance(formula, ForAll):
        inner, _ = opened(context, formula, "where")
        return _conditions(inner, formula.then)
    if isinstance(formula, Exists):
        return []  # its body holds, and is defined, for the values that prove it
    return []


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


Check = Callable[[Context, Formula], str]
