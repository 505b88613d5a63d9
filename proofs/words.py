"""Formulas in words: TeX for terms, sentences for statements.  Nothing here is prose of a lemma's own."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from .lemma import Statement
from .tools.language import And, Exists, ForAll, Or, Pred, Rel, is_index
from .tools.predicates import WORDS

__all__ = ["name_tex", "statement", "tex", "text"]

_SIGNS = {"=": "=", "<": "<", "<=": r"\le", "!=": r"\ne"}
_GREEK = {
    "phi",
    "delta",
    "lambda",
    "eta",
    "tau",
    "beta",
    "alpha",
    "gamma",
    "theta",
    "rho",
    "mu",
    "kappa",
    "epsilon",
    "sigma",
    "omega",
    "nu",
    "pi",
    "Phi",
}


class _Printer(LatexPrinter):
    """sympy's TeX with sums over named index sets and families with subscripts."""

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return name_tex(expr.name)

    def _print_phi(self, expr: Any, exp: Any = None) -> str:
        return rf"\phi\left({self._print(expr.args[0])}\right)"

    def _print_LogAbs(self, expr: Any, exp: Any = None) -> str:
        return rf"\ln\left|{self._print(expr.args[0])}\right|"

    def _print_log(self, expr: Any, exp: Any = None) -> str:
        return rf"\ln\left({self._print(expr.args[0])}\right)" + (f"^{{{exp}}}" if exp else "")

    def _print_ln0(self, expr: Any, exp: Any = None) -> str:
        return rf"\ln_0 {self._print(expr.args[0])}"

    def _print_Total(self, expr: Any, exp: Any = None) -> str:
        body = self._print(expr.args[0])
        if expr.args[0].is_Add:
            body = rf"\left({body}\right)"
        return rf"\sum_{{{self._print(expr.args[1])}}} {body}"

    def _print_Least(self, expr: Any, exp: Any = None) -> str:
        return rf"\min_{{{self._print(expr.args[1])}}} {self._print(expr.args[0])}"

    def _print_Greatest(self, expr: Any, exp: Any = None) -> str:
        return rf"\max_{{{self._print(expr.args[1])}}} {self._print(expr.args[0])}"

    def _print_minimum(self, expr: Any, exp: Any = None) -> str:
        return rf"\min\left({', '.join(map(self._print, expr.args))}\right)"

    def _print_maximum(self, expr: Any, exp: Any = None) -> str:
        return rf"\max\left({', '.join(map(self._print, expr.args))}\right)"

    def _print_delta(self, expr: Any, exp: Any = None) -> str:
        return rf"[{self._print(expr.args[0])} = {self._print(expr.args[1])}]"

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        if isinstance(expr, AppliedUndef):
            name = name_tex(expr.func.__name__)
            arguments = ", ".join(map(self._print, expr.args))
            if all(is_index(one) for one in expr.args) and "_" not in name:
                shown = rf"{name}_{{{arguments}}}"
            else:
                shown = rf"{name}({arguments})"
            return rf"\left({shown}\right)^{{{exp}}}" if exp else shown
        return str(super()._print_Function(expr, exp))


def name_tex(name: str) -> str:
    """A symbol's name in TeX."""
    base, _, below = name.rstrip("'^*0123456789").partition("_")
    digits = name[len(name.rstrip("'^*0123456789")) :].strip("^*")
    marks, digits = "'" * digits.count("'"), digits.replace("'", "")
    shown = "\\" + base if base in _GREEK else base if len(base) == 1 else rf"\mathrm{{{base}}}"
    below = below + digits
    return shown + (f"_{{{below}}}" if below else "") + marks


_PRINTER = _Printer({"order": "none"})


def tex(term: Any) -> str:
    """A term as TeX."""
    return str(_PRINTER.doprint(sp.sympify(term)))


def text(formula: Any, top: bool = True) -> str:
    """A formula as a clause, with TeX between dollars."""
    if isinstance(formula, Rel):
        return f"${tex(formula.left)} {_SIGNS[formula.op]} {tex(formula.right)}$"
    if isinstance(formula, And):
        chain = _chain(formula)
        return chain or (", ".join(text(part, False) for part in formula.parts))
    if isinstance(formula, Or):
        inner = " or ".join(text(part, False) for part in formula.parts)
        return inner if top else f"({inner})"
    if isinstance(formula, ForAll):
        variables = ", ".join(tex(one) for one in formula.variables)
        head = f"for all ${variables}$" if variables else ""
        if formula.given:
            given = " and ".join(text(one, False) for one in formula.given)
            head = f"{head} with {given}" if head else f"if {given}"
        return f"{head}: {text(formula.then)}" if head else text(formula.then)
    if isinstance(formula, Exists):
        return (
            f"there is ${', '.join(tex(one) for one in formula.variables)}$ with {text(formula.then, False)}"
        )
    if isinstance(formula, Pred):
        return WORDS[formula.name].format(*(_argument(one) for one in formula.arguments))
    return f"${tex(formula)}$"


def _argument(argument: Any) -> str:
    if isinstance(argument, (Rel, And, Or, ForAll, Exists, Pred)):
        return text(argument, False)
    if isinstance(argument, sp.Basic):
        return f"${tex(argument)}$"
    return f"${name_tex(argument.__name__)}$" if hasattr(argument, "__name__") else str(argument)


def _chain(formula: And) -> str:
    """`0 < a` and `a < 1` as one chain."""
    parts = formula.parts
    if len(parts) == 2 and all(isinstance(part, Rel) and part.op in ("<", "<=") for part in parts):
        first, second = parts
        if first.right == second.left:
            head = f"{tex(first.left)} {_SIGNS[first.op]} {tex(first.right)}"
            return f"${head} {_SIGNS[second.op]} {tex(second.right)}$"
    return ""


def statement(one: Statement) -> tuple[list[str], list[str]]:
    """Hypotheses and conclusions, a sentence each."""
    return (
        [f"{text(formula)} ({name})" for name, formula in one.hypotheses.items()],
        [f"{text(formula)} ({name})" for name, formula in one.conclusions.items()],
    )
