"""A normal form of terms: polynomials in atoms under sums over any index sets.

A term is a combination of products of atoms, each with the set of indices that it is summed over; that the
sum of c w_k is c times the sum of w_k, and that sums change places, is built in (the distributive law, for
index sets of any size).  Logarithms of rational functions are split into log|irreducible factor|: that is
their value wherever their argument is positive, and with log|0| = 0 for an atom phi(0) and ln0(0) are 0 as
agreed.  So an equation of normal forms holds wherever the arguments of logarithms are positive, those of phi
are not negative, and no denominator vanishes: `domain_conditions` lists exactly these, and the kernel asks
for proofs of them.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import sympy as sp
from flint import fmpq
from sympy.core.function import AppliedUndef

from .language import (
    BINDERS,
    ProofError,
    Total,
    delta,
    index,
    is_index,
    ln0,
    phi,
    size,
    sort_of,
    term_symbols,
)

__all__ = [
    "LogAbs",
    "Normal",
    "cleared",
    "domain_conditions",
    "has_sum",
    "normal",
    "scaled",
    "vanishes",
    "without_logs",
]

Factor = tuple[Any, int]
Key = tuple[tuple[Any, ...], tuple[Factor, ...]]
Normal = dict[Key, fmpq]


class LogAbs(sp.Function):
    """log|f| of an irreducible factor, an atom."""

    nargs = 1


def has_sum(term: Any) -> bool:
    """Whether a term holds a sum."""
    return bool(sp.sympify(term).atoms(*BINDERS))


@functools.cache
def split_log(argument: Any) -> Any:
    """Log of a rational function as a sum of atoms."""
    result = sp.Integer(0)
    for part, direction in zip(sp.fraction(sp.together(argument)), (1, -1), strict=True):
        constant, factors = sp.factor_list(part)
        if constant == 0:
            raise ProofError(f"log({argument}): the argument is identically 0")
        if not constant.is_Rational:
            result += direction * LogAbs(constant)
        else:
            for base, sign in ((abs(constant.p), 1), (constant.q, -1)):
                for prime, power in sp.factorint(base).items():
                    result += direction * sign * power * LogAbs(sp.Integer(prime))
        for factor, power in factors:
            polynomial = sp.Poly(factor, *sorted(_generators(factor), key=sp.default_sort_key))
            if polynomial.LC() < 0:
                polynomial = -polynomial
            result += direction * power * LogAbs(polynomial.as_expr())
    return result


def _generators(term: Any) -> set[Any]:
    """Symbols and non-polynomial parts of a term."""
    return set(sp.Poly(term).gens) if not term.is_Symbol else {term}


@functools.cache
def without_logs(term: Any) -> Any:
    """Logarithms and phi replaced by products with atoms; sums keep their bodies."""
    term = sp.sympify(term)
    if isinstance(term, LogAbs):
        return term
    if not term.args:
        return term
    if isinstance(term, phi):
        return -term.args[0] * split_log(term.args[0])
    if isinstance(term, sp.log):
        return split_log(term.args[0])
    if isinstance(term, ln0):
        # 0 at 0, like the atom beside a factor that is 0: so no product may be split here
        if not isinstance(term.args[0], (sp.Symbol, AppliedUndef)):
            raise ProofError(f"{term}: name the argument, ln0 of a product is not split")
        return LogAbs(term.args[0])
    if isinstance(term, BINDERS):
        return term.func(without_logs(term.args[0]), term.args[1])
    if isinstance(term, AppliedUndef):
        return term
    return term.func(*(without_logs(argument) for argument in term.args))


@functools.cache
def cleared(term: Any) -> tuple[Any, Any]:
    """Numerator and denominator, logarithms split; terms with sums are left as they are (denominator 1)."""
    term = without_logs(sp.sympify(term))
    if has_sum(term):
        return term, sp.Integer(1)
    numerator, denominator = sp.fraction(sp.together(term))
    constant, rest = denominator.as_coeff_Mul()
    return sp.expand(numerator / constant), rest


@functools.cache
def normal(term: Any) -> Normal:
    """The normal form (do not change the result: it is kept)."""
    return {key: value for key, value in _normal(without_logs(sp.sympify(term))).items() if value}


def vanishes(term: Any) -> bool:
    """Whether a term is 0 for all values of its atoms, wherever it is defined."""
    numerator, _ = cleared(term)
    return not normal(numerator)


def scaled(form: Normal, factor: fmpq) -> Normal:
    """A multiple of a normal form."""
    return {key: value * factor for key, value in form.items()}


def _merge(into: Normal, other: Normal) -> None:
    for key, value in other.items():
        into[key] = into.get(key, fmpq(0)) + value


def _normal(term: Any) -> Normal:
    if term.is_Rational:
        return {((), ()): fmpq(int(term.p), int(term.q))} if term != 0 else {}
    if term.is_Add:
        result: Normal = {}
        for argument in term.args:
            _merge(result, _normal(argument))
        return result
    if term.is_Mul:
        product: Normal = {((), ()): fmpq(1)}
        for argument in term.args:
            product = _product(product, _normal(argument))
        return product
    if term.is_Pow and term.exp.is_Integer:
        return _power(term.base, int(term.exp))
    if isinstance(term, Total):
        return _summed(term.args[0], term.args[1])
    if isinstance(term, delta):  # alone, too, its indices stand in the order that they have in products
        return _canonical((), ((term, 1),), fmpq(1))
    return {((), ((term, 1),)): fmpq(1)}


def _power(base: Any, exponent: int) -> Normal:
    inner = _normal(base)
    if exponent < 0:
        if len(inner) == 1:
            ((bound, factors), value), *_ = inner.items()
            if not bound:
                return _power_of_inverse(factors, value, -exponent)
        content, atom = sp.expand(base).as_content_primitive()
        if atom.could_extract_minus_sign():
            content, atom = -content, -atom
        return {((), ((atom, exponent),)): fmpq(int(content.p), int(content.q)) ** exponent}
    result: Normal = {((), ()): fmpq(1)}
    for _ in range(exponent):
        result = _product(result, inner)
    return result


def _power_of_inverse(factors: tuple[Factor, ...], value: fmpq, times: int) -> Normal:
    inverse = tuple((atom, -power * times) for atom, power in factors)
    return {((), inverse): fmpq(1) / value**times}


def _product(first: Normal, second: Normal) -> Normal:
    result: Normal = {}
    for ((bound, factors), value), ((other, more), weight) in itertools.product(
        first.items(), second.items()
    ):
        if bound and other:
            more, other = _apart(more, other, bound)
        _merge(result, _canonical((*bound, *other), (*factors, *more), value * weight))
    return result


def _apart(
    factors: tuple[Factor, ...], bound: tuple[Any, ...], taken: tuple[Any, ...]
) -> tuple[tuple[Factor, ...], tuple[Any, ...]]:
    """Rename bound indices away from those taken, which a canonical product numbers from 0 on."""
    renaming = {one: _numbered(sort_of(one), len(taken) + place) for place, one in enumerate(bound)}
    return (
        tuple((atom.xreplace(renaming), power) for atom, power in factors),
        tuple(renaming[one] for one in bound),
    )


def _numbered(sort: str, number: int) -> sp.Symbol:
    """The canonical bound index: no statement uses names with a bar."""
    return index(f"{sort}|{number}", sort)


def _summed(body: Any, over: sp.Symbol) -> Normal:
    result: Normal = {}
    for (bound, factors), value in _normal(body).items():
        fresh = _numbered(sort_of(over), len(bound))  # those of a canonical product are numbered from 0 on
        moved = tuple((atom.xreplace({over: fresh}), power) for atom, power in factors)
        _merge(result, _canonical((*bound, fresh), moved, value))
    return result


def _canonical(bound: tuple[Any, ...], factors: tuple[Factor, ...], value: fmpq) -> Normal:
    """One product with its bound indices named in a fixed way; Kronecker deltas are summed out."""
    collected: dict[Any, int] = {}
    for atom, power in factors:
        collected[atom] = collected.get(atom, 0) + power
    collected = {atom: power for atom, power in collected.items() if power}
    remaining = list(bound)
    for atom in list(collected):
        if isinstance(atom, delta):
            collected[atom] = 1  # 0 or 1, so every power is the same
            for one, other in (atom.args, atom.args[::-1]):
                if one in remaining:
                    del collected[atom]
                    remaining.remove(one)
                    moved = tuple(
                        (sp.sympify(rest.xreplace({one: other})), power) for rest, power in collected.items()
                    )
                    return _canonical(tuple(remaining), moved, value)
    equal = [atom for atom in collected if isinstance(atom, delta)]
    if equal:
        collected = _merged(equal, collected)
    constant = [atom for atom in collected if atom.is_Rational]
    for atom in constant:
        value *= fmpq(int(atom.p), int(atom.q)) ** collected.pop(atom)
    if value == 0:
        return {}
    present = frozenset().union(frozenset(), *(_indices(atom) for atom in collected))
    for one in list(remaining):
        if one not in present:
            remaining.remove(one)
            number = size(sort_of(one))
            collected[number] = collected.get(number, 0) + 1
    if not remaining:
        return {((), _sorted(collected.items())): value}
    return {_named(remaining, collected): value}


def _merged(equal: list[Any], collected: dict[Any, int]) -> dict[Any, int]:
    """Deltas of free indices: equal indices take the first name everywhere, and one delta a member is
    kept.
    """
    classes: list[set[Any]] = []
    for atom in equal:
        joined = set(atom.args)
        for one in [other for other in classes if other & joined]:
            joined |= one
            classes.remove(one)
        classes.append(joined)
    renaming, kept = {}, {}
    for one in classes:
        first, *rest = sorted(one, key=str)
        for other in rest:
            renaming[other] = first
            kept[delta(first, other)] = 1
    for atom, power in collected.items():
        if not isinstance(atom, delta):
            moved = sp.sympify(atom.xreplace(renaming))
            kept[moved] = kept.get(moved, 0) + power
    return {atom: power for atom, power in kept.items() if power}


def _indices(atom: Any) -> frozenset[Any]:
    return frozenset(one for one in term_symbols(atom) if is_index(one))


def _named(remaining: list[Any], collected: dict[Any, int]) -> Key:
    """The first in order among all ways to name the bound indices of each sort."""
    sorts: dict[str, list[Any]] = {}
    for one in remaining:
        sorts.setdefault(sort_of(one), []).append(one)
    names = {sort: [_numbered(sort, place) for place in range(len(ones))] for sort, ones in sorts.items()}
    best: tuple[Any, Key] | None = None
    for choice in itertools.product(*(itertools.permutations(names[sort]) for sort in sorts)):
        renaming = {
            one: name
            for sort, to in zip(sorts, choice, strict=True)
            for one, name in zip(sorts[sort], to, strict=True)
        }
        factors = _sorted((atom.xreplace(renaming), power) for atom, power in collected.items())
        rank = tuple((str(atom), power) for atom, power in factors)
        if best is None or rank < best[0]:
            bound = tuple(sorted(renaming.values(), key=str))
            best = (rank, (bound, factors))
    if best is None:
        raise ProofError("a sum without indices")
    return best[1]


def _sorted(factors: Any) -> tuple[Factor, ...]:
    return tuple(sorted(factors, key=lambda item: (_name(item[0]), item[1])))


@functools.cache
def _name(atom: Any) -> str:
    return str(atom)


def domain_conditions(term: Any) -> list[tuple[Any, str]]:
    """What a term needs to be defined: (part, "positive" | "not negative" | "not zero").

    Parts under a sum keep their index free: the condition is meant for every index.
    """
    found: list[tuple[Any, str]] = []
    _collect(sp.sympify(term), found)
    return list(dict.fromkeys(found))


def _collect(term: Any, found: list[tuple[Any, str]]) -> None:
    if isinstance(term, LogAbs):
        return
    if isinstance(term, (phi, ln0)):
        found.append((term.args[0], "not negative"))
    elif isinstance(term, sp.log):
        found.append((term.args[0], "positive"))
    elif term.is_Pow and not term.exp.is_Integer:
        if not term.exp.is_Rational:
            raise ProofError(f"{term}: exponents are rational numbers")
        found.append((term.base, "positive"))
    elif term.is_Pow and term.exp.is_negative:
        found.append((term.base, "not zero"))
    if isinstance(term, BINDERS):
        body, bound = term.args
        _collect(body.xreplace({bound: index(f"{bound.name}^", sort_of(bound))}), found)
        return
    for argument in term.args:
        _collect(argument, found)
