"""The kernel: what counts as established, and when a formula follows.

A `Context` holds named facts.  A fact with a free index holds for every index, unless a block has fixed it.
Everything a step claims is checked here or by the rules in `tools.rules`, from the facts that the step names.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from .certificate import combination
from .compare import heads_within, same
from .language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    ProofError,
    Rel,
    conjuncts,
    eq,
    free_indices,
    free_symbols,
    index,
    is_index,
    le,
    lt,
    sort_of,
    substitute,
    total,
)
from .normal import Normal, cleared, domain_conditions, has_sum, normal, without_logs
from .signs import Signs

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


class Context(Signs):
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

    def require_defined(self, formula: Any) -> None:
        """Prove what logarithms, phi and denominators of a formula need."""
        for inner, part, kind in _conditions(self, formula):
            inner.require(part, kind)

    # ---- certificates
    # ----------------------------------------------------------------------------------------

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
        if claim.op == "<" and not any(
            value > 0 for value, strict in zip(found, prefer, strict=True) if strict
        ):
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
            if kind != "=" and not self._part(item.times, "positive"):
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

    # ---- logic
    # -------------------------------------------------------------------------------------------------

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
        *(free_symbols(outer.find(name)) - outer.generic_of(name) for name in outer.all_names()),
    )
    spoken = frozenset().union(frozenset(), *(heads_within(outer.find(name)) for name in outer.all_names()))
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
