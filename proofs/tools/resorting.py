"""The same formula over other index sets, for lemmas that are used with their sorts named anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from .language import And, Exists, ForAll, Or, Pred, Rel, index, is_index, is_size, size, sort_of

__all__ = ["resorted"]


def resorted(formula: Any, sorts: Mapping[str, str]) -> Any:
    """The same formula over other index sets: each index of a sort named gets the sort it is mapped to,
    and so do the sizes of these sets.
    """

    def moved(symbol: Any) -> Any:
        if is_size(symbol) and symbol.name[5:-1] in sorts:
            return size(sorts[symbol.name[5:-1]])
        if not is_index(symbol) or sort_of(symbol) not in sorts:
            return symbol
        to = sorts[sort_of(symbol)]
        return index(f"{symbol.name}:{to}", to)

    def term(one: Any) -> Any:
        if not isinstance(one, sp.Basic):
            return one
        return one.xreplace({symbol: moved(symbol) for symbol in one.atoms(sp.Symbol)})

    if isinstance(formula, (ForAll, Exists)):
        variables = tuple(map(moved, formula.variables))
        if isinstance(formula, Exists):
            return Exists(variables, resorted(formula.then, sorts))
        return ForAll(
            variables, tuple(resorted(one, sorts) for one in formula.given), resorted(formula.then, sorts)
        )
    if isinstance(formula, (And, Or)):
        return type(formula)(tuple(resorted(part, sorts) for part in formula.parts))
    if isinstance(formula, Pred):
        return Pred(
            formula.name,
            tuple(
                resorted(one, sorts) if isinstance(one, (Rel, And, Or, ForAll, Exists, Pred)) else term(one)
                for one in formula.arguments
            ),
        )
    return Rel(formula.op, term(formula.left), term(formula.right))
