"""When two formulas say the same: up to the names of bound variables and the normal form of terms."""

from __future__ import annotations

from typing import Any

import sympy as sp

from .language import (
    And,
    Exists,
    ForAll,
    Or,
    Pred,
    Rel,
    family,
    free_symbols,
    heads,
    index,
    is_index,
    real,
    sort_of,
    substitute,
)
from .normal import vanishes

__all__ = ["heads_within", "same"]


def same(first: Any, second: Any) -> bool:
    """Whether two formulas are equal up to the names of bound variables and the normal form of terms."""
    if isinstance(first, Rel) and isinstance(second, Rel):
        if first.op != second.op:
            return False
        if first == second:
            return True
        if free_symbols(first) != free_symbols(second):
            return False
        if _turned_log(first, second):
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


def _turned_log(first: Rel, second: Rel) -> bool:
    """Whether a logarithm of the one has the negative argument of one of the other.

    Normal forms hold log|f|, so they do not see the difference; log(-f) is not what log(f) is.
    """
    found = [
        {atom.args[0] for side in (one.left, one.right) for atom in side.atoms(sp.log)}
        for one in (first, second)
    ]
    return any(
        bool(sp.expand(argument + other) == 0)
        for argument in found[0] - found[1]
        for other in found[1] - found[0]
    )


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


def heads_within(formula: Any) -> frozenset[Any]:
    """Families that a formula speaks of, those that it quantifies itself left out."""
    if isinstance(formula, (Rel,)):
        return heads(formula)
    if isinstance(formula, (And, Or)):
        return frozenset().union(*(heads_within(part) for part in formula.parts))
    if isinstance(formula, ForAll):
        inner = frozenset().union(heads_within(formula.then), *(heads_within(one) for one in formula.given))
        return inner - set(formula.variables)
    if isinstance(formula, Exists):
        return heads_within(formula.then) - set(formula.variables)
    return frozenset(one for one in formula.arguments if not isinstance(one, str))
