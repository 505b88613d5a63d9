"""Terms of a formula replaced: where an equation is put in, and where every term is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from .language import BINDERS, And, Exists, ForAll, Or, Rel, fresh, substitute_term, term_symbols

__all__ = ["numbers", "replace_term"]


def replace_term(term: Any, left: Any, right: Any) -> Any:
    """Replace a term by another wherever it stands for the same: not where a sum binds one of its indices."""
    term = sp.sympify(term)
    if term == left:
        return right
    if not term.args:
        return term
    if isinstance(term, BINDERS):
        body, bound = term.args
        if bound in term_symbols(left):
            return term
        if bound in term_symbols(right):
            renamed = fresh(bound, term_symbols(right) | term_symbols(body))
            body, bound = substitute_term(body, {bound: renamed}), renamed
        return term.func(replace_term(body, left, right), bound)
    changed = term.func(*(replace_term(argument, left, right) for argument in term.args))
    if isinstance(left, (sp.Add, sp.Mul)) and isinstance(changed, type(left)):
        return changed.xreplace({left: right}) if not changed.atoms(*BINDERS) else changed
    return changed


def numbers(formula: Any, change: Callable[[Any], Any]) -> Any:
    """Apply a function to every term of a formula."""
    if isinstance(formula, Rel):
        return Rel(formula.op, change(formula.left), change(formula.right))
    if isinstance(formula, (And, Or)):
        return type(formula)(tuple(numbers(part, change) for part in formula.parts))
    if isinstance(formula, ForAll):
        given = tuple(numbers(one, change) for one in formula.given)
        return ForAll(formula.variables, given, numbers(formula.then, change))
    if isinstance(formula, Exists):
        return Exists(formula.variables, numbers(formula.then, change))
    return formula
