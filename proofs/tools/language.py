"""Statements as objects: terms (sympy) and formulas that are read, proved, evaluated and printed.

Terms are sympy expressions over real symbols and families `w(k)`; an index ranges over a non-empty finite set
of any size, named by its sort.  `Total`, `Least` and `Greatest` bind an index.  A formula with a free index
means: for all of them.  Entropies are in nats inside proofs; `phi(p) = -p ln p` with `phi(0) = 0`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

__all__ = [
    "And",
    "Exists",
    "ForAll",
    "Formula",
    "Greatest",
    "Least",
    "Or",
    "Pred",
    "ProofError",
    "Rel",
    "Total",
    "applications",
    "conjuncts",
    "delta",
    "entropy",
    "eq",
    "family",
    "free_indices",
    "free_symbols",
    "ge",
    "gt",
    "heads",
    "implies",
    "index",
    "is_index",
    "is_size",
    "le",
    "ln0",
    "lt",
    "maximum",
    "minimum",
    "ne",
    "negation",
    "phi",
    "real",
    "size",
    "sort_of",
    "substitute",
    "total",
]


class ProofError(Exception):
    """A step does not prove its claim."""


class Index(sp.Symbol):
    """An index symbol; two of the same name over different sets are different."""

    __slots__ = ("sort",)

    def __new__(cls, name: str, sort: str) -> Index:
        made = sp.Symbol.__xnew__(cls, name, integer=True)
        made.sort = sort
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.name, self.sort), {}

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.sort)


def index(names: str, sort: str) -> Any:
    """Index symbols of a sort ("X", "Y", "K", ...): `x, z = index("x z", "X")`."""
    found = [Index(name, sort) for name in names.split()]
    return found[0] if len(found) == 1 else tuple(found)


def is_index(symbol: Any) -> bool:
    """Whether a symbol is an index."""
    return isinstance(symbol, Index)


def sort_of(symbol: Any) -> str:
    """The name of the set that an index runs over."""
    return str(symbol.sort)


def size(sort: str) -> Any:
    """The number of members of the set that indices of a sort run over."""
    return sp.Symbol(f"size[{sort}]", real=True)


def is_size(symbol: Any) -> bool:
    """Whether a symbol is the size of an index set."""
    return isinstance(symbol, sp.Symbol) and symbol.name.startswith("size[")


def real(names: str) -> Any:
    """Real symbols.  What is known of them is in hypotheses, never in the symbol."""
    found = [sp.Symbol(name, real=True) for name in names.split()]
    return found[0] if len(found) == 1 else tuple(found)


def family(names: str) -> Any:
    """Families of real numbers over indices: `w, q = family("w q")`, then `w(k)`, `q(k, y)`."""
    found = [sp.Function(name, real=True) for name in names.split()]
    return found[0] if len(found) == 1 else tuple(found)


class _Inert(sp.Function):
    """A function that sympy must not look up by its name (it knows another phi)."""

    def _eval_evalf(self, prec: int) -> Any:
        return None


class phi(_Inert):
    """-p ln p, and 0 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, p: Any) -> Any:
        return sp.Integer(0) if p in (0, 1) else None

    def fdiff(self, argindex: int = 1) -> Any:
        return -sp.log(self.args[0]) - 1


class ln0(_Inert):
    """ln p, and 0 at 0: what stands beside a factor that is 0 there too."""

    nargs = 1

    @classmethod
    def eval(cls, p: Any) -> Any:
        return sp.Integer(0) if p in (0, 1) else None


def entropy(p: Any) -> Any:
    """h(p), nats."""
    return phi(p) + phi(1 - p)


class Total(_Inert):
    """The sum of the first argument over the index that is the second."""

    nargs = 2


class Least(_Inert):
    """The least value of the first argument over the index that is the second."""

    nargs = 2


class Greatest(_Inert):
    """The greatest value of the first argument over the index that is the second."""

    nargs = 2


class minimum(_Inert):
    """The smallest of its arguments, never evaluated by itself."""


class maximum(_Inert):
    """The largest of its arguments, never evaluated by itself."""


class delta(_Inert):
    """[i = j] for two indices of one sort."""

    nargs = 2

    @classmethod
    def eval(cls, i: Any, j: Any) -> Any:
        return sp.Integer(1) if i == j else None


BINDERS = (Total, Least, Greatest)


def total(body: Any, *indices: sp.Symbol) -> Any:
    """The sum over several indices."""
    for one in reversed(indices):
        body = Total(body, one)
    return body


def term_symbols(term: Any) -> frozenset[Any]:
    """Free symbols of a term."""
    if isinstance(term, sp.Symbol):
        return frozenset({term})
    if isinstance(term, BINDERS):
        return term_symbols(term.args[0]) - {term.args[1]}
    if isinstance(term, str):
        return frozenset()
    return frozenset().union(*(term_symbols(argument) for argument in sp.sympify(term).args))


def heads(formula: Any) -> frozenset[Any]:
    """The real symbols and the families that a formula or term speaks of."""
    if isinstance(formula, Rel):
        return heads(formula.left) | heads(formula.right)
    if isinstance(formula, sp.Symbol):
        return frozenset() if is_index(formula) else frozenset({formula})
    found = frozenset().union(frozenset(), *(heads(one) for one in sp.sympify(formula).args))
    return found | {formula.func} if isinstance(formula, AppliedUndef) else found


def applications(formula: Any, function: Any) -> frozenset[tuple[Any, ...]]:
    """The arguments with which a family occurs in a formula."""
    if isinstance(formula, Rel):
        terms = (*sp.preorder_traversal(formula.left), *sp.preorder_traversal(formula.right))
        return frozenset(one.args for one in terms if isinstance(one, AppliedUndef) and one.func == function)
    if isinstance(formula, (And, Or)):
        return frozenset().union(*(applications(part, function) for part in formula.parts))
    if isinstance(formula, ForAll):
        return frozenset().union(*(applications(one, function) for one in (*formula.given, formula.then)))
    if isinstance(formula, Exists):
        return applications(formula.then, function)
    return frozenset()


def fresh(symbol: sp.Symbol, avoid: Iterable[Any]) -> sp.Symbol:
    """An index of the same sort (or a real symbol) that is not among `avoid`."""
    taken, number = {str(one) for one in avoid}, 1
    while f"{symbol.name}{number}" in taken:
        number += 1
    name = f"{symbol.name}{number}"
    return index(name, sort_of(symbol)) if is_index(symbol) else real(name)


def _primed(variable: Any, spoken: Iterable[Any]) -> Any:
    """A bound variable by a name that no statement writes, and that is not spoken of at this place."""
    taken = {getattr(one, "name", None) or one.__name__ for one in spoken}
    name = (variable.name if isinstance(variable, sp.Symbol) else variable.__name__) + "'"
    while name in taken:
        name += "'"
    if not isinstance(variable, sp.Symbol):
        return family(name)
    return index(name, sort_of(variable)) if is_index(variable) else real(name)


@functools.cache
def _spoken(formula: Formula) -> frozenset[Any]:
    """Symbols and families that a formula speaks of, its variables among them."""
    if isinstance(formula, Rel):
        return heads(formula) | term_symbols(formula.left) | term_symbols(formula.right)
    if isinstance(formula, (And, Or)):
        return frozenset().union(*map(_spoken, formula.parts))
    if isinstance(formula, (ForAll, Exists)):
        given = formula.given if isinstance(formula, ForAll) else ()
        return frozenset(formula.variables).union(*map(_spoken, (*given, formula.then)))
    return free_symbols(formula)


def substitute_term(term: Any, mapping: Mapping[Any, Any]) -> Any:
    """Replace symbols (free ones) by terms and families by functions of their arguments."""
    if not mapping:
        return term
    term = sp.sympify(term) if not isinstance(term, (str, sp.Basic)) else term
    if term in mapping:
        return sp.sympify(mapping[term])
    if isinstance(term, str) or not term.args:
        return term
    if isinstance(term, BINDERS):
        body, bound = term.args
        inner = {key: value for key, value in mapping.items() if key != bound}
        used = frozenset().union(
            frozenset(), *(term_symbols(v) for v in inner.values() if isinstance(v, sp.Basic))
        )
        # A function may bring in any index: keep clear of it by a name that no statement writes.
        if any(not isinstance(value, sp.Basic) for value in inner.values()):
            renamed = _primed(bound, term_symbols(body))
            body, bound = substitute_term(body, {bound: renamed}), renamed
        if bound in used:
            renamed = fresh(bound, used | term_symbols(body))
            body, bound = substitute_term(body, {bound: renamed}), renamed
        return term.func(substitute_term(body, inner), bound)
    arguments = [substitute_term(argument, mapping) for argument in term.args]
    if isinstance(term, AppliedUndef) and term.func in mapping:
        return sp.sympify(mapping[term.func](*arguments))
    return term.func(*arguments)


@dataclass(frozen=True)
class Rel:
    """An equation or inequality: `op` is one of = < <= !=."""

    op: str
    left: Any
    right: Any

    def __post_init__(self) -> None:
        if self.op not in ("=", "<", "<=", "!="):
            raise ValueError(f"op is {self.op!r}: it must be one of = < <= !=")


@dataclass(frozen=True)
class And:
    """All of them."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Or:
    """One of them at least."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class ForAll:
    """For all values of the variables that meet what is given."""

    variables: tuple[sp.Symbol, ...]
    given: tuple[Formula, ...]
    then: Formula


@dataclass(frozen=True)
class Exists:
    """There are values of the variables."""

    variables: tuple[sp.Symbol, ...]
    then: Formula


@dataclass(frozen=True)
class Pred:
    """A named property of terms and families; `tools.predicates` says what it means."""

    name: str
    arguments: tuple[Any, ...]


Formula = Rel | And | Or | ForAll | Exists | Pred


def eq(left: Any, right: Any) -> Rel:
    """Left = right."""
    return Rel("=", sp.sympify(left), sp.sympify(right))


def ne(left: Any, right: Any) -> Rel:
    """Left != right."""
    return Rel("!=", sp.sympify(left), sp.sympify(right))


def le(left: Any, right: Any) -> Rel:
    """Left <= right."""
    return Rel("<=", sp.sympify(left), sp.sympify(right))


def lt(left: Any, right: Any) -> Rel:
    """Left < right."""
    return Rel("<", sp.sympify(left), sp.sympify(right))


def ge(left: Any, right: Any) -> Rel:
    """Left >= right."""
    return le(right, left)


def gt(left: Any, right: Any) -> Rel:
    """Left > right."""
    return lt(right, left)


def implies(*formulas: Formula) -> ForAll:
    """The last follows from those before it."""
    return ForAll((), formulas[:-1], formulas[-1])


def negation(formula: Formula) -> Formula:
    """The opposite of an equation, an inequality or a combination of them."""
    if isinstance(formula, Rel):
        return {
            "=": lambda: ne(formula.left, formula.right),
            "!=": lambda: eq(formula.left, formula.right),
            "<": lambda: le(formula.right, formula.left),
            "<=": lambda: lt(formula.right, formula.left),
        }[formula.op]()
    if isinstance(formula, And):
        return Or(tuple(negation(part) for part in formula.parts))
    if isinstance(formula, Or):
        return And(tuple(negation(part) for part in formula.parts))
    raise ProofError(f"no negation is defined for {formula}")


def conjuncts(formula: Formula) -> list[Formula]:
    """The parts of a conjunction, through nested ones and through quantifiers without hypotheses."""
    if isinstance(formula, And):
        return [one for part in formula.parts for one in conjuncts(part)]
    return [formula]


def free_symbols(formula: Any) -> frozenset[Any]:
    """Free symbols of a formula."""
    if isinstance(formula, Rel):
        return term_symbols(formula.left) | term_symbols(formula.right)
    if isinstance(formula, (And, Or)):
        return frozenset().union(*(free_symbols(part) for part in formula.parts))
    if isinstance(formula, ForAll):
        inner = frozenset().union(free_symbols(formula.then), *(free_symbols(one) for one in formula.given))
        return inner - set(formula.variables)
    if isinstance(formula, Exists):
        return free_symbols(formula.then) - set(formula.variables)
    if isinstance(formula, Pred):
        return frozenset().union(
            frozenset(), *(free_symbols(one) for one in formula.arguments if not callable(one))
        )
    return term_symbols(formula)


def free_indices(formula: Any) -> frozenset[Any]:
    """Free indices of a formula: it is meant for all of them."""
    return frozenset(one for one in free_symbols(formula) if is_index(one))


def substitute(formula: Any, mapping: Mapping[Any, Any]) -> Any:
    """Replace free symbols and families in a formula; bound variables keep clear."""
    if not mapping:
        return formula
    if isinstance(formula, Rel):
        return Rel(
            formula.op, substitute_term(formula.left, mapping), substitute_term(formula.right, mapping)
        )
    if isinstance(formula, (And, Or)):
        return type(formula)(tuple(substitute(part, mapping) for part in formula.parts))
    if isinstance(formula, (ForAll, Exists)):
        inner = {key: value for key, value in mapping.items() if key not in formula.variables}
        used = frozenset().union(
            frozenset(), *(term_symbols(v) for v in inner.values() if isinstance(v, sp.Basic))
        )
        renaming, variables = {}, []
        brings_more = any(not isinstance(value, sp.Basic) for value in inner.values())
        spoken = _spoken(formula) if brings_more else frozenset()
        for one in formula.variables:
            if brings_more:
                renaming[one] = _primed(one, spoken)
            elif one in used:
                renaming[one] = fresh(one, used | free_symbols(formula) | set(formula.variables))
            variables.append(renaming.get(one, one))
        if isinstance(formula, Exists):
            return Exists(tuple(variables), substitute(substitute(formula.then, renaming), inner))
        given = tuple(substitute(substitute(one, renaming), inner) for one in formula.given)
        return ForAll(tuple(variables), given, substitute(substitute(formula.then, renaming), inner))
    if isinstance(formula, Pred):
        return Pred(formula.name, tuple(_substitute_argument(one, mapping) for one in formula.arguments))
    return substitute_term(formula, mapping)


def _substitute_argument(argument: Any, mapping: Mapping[Any, Any]) -> Any:
    """An argument of a property: a family is replaced as a whole."""
    if isinstance(argument, (Rel, And, Or, ForAll, Exists, Pred)):
        return substitute(argument, mapping)
    try:
        if argument in mapping:
            return mapping[argument]
    except TypeError:
        pass
    return substitute_term(argument, mapping) if isinstance(argument, sp.Basic) else argument
