"""Formulas in numbers: exact rationals where possible, balls (Arb) where logarithms enter.

A term becomes a function of an instance: a dictionary from names to numbers, to nested lists (families) and,
at "#X", to the size of the set that indices of sort X run over.  Every verdict is of the balls: an inequality
is refuted only by balls that lie apart, and a strict one counts as true only if its balls lie apart.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq
from sympy.core.function import AppliedUndef

from .language import (
    And,
    Exists,
    ForAll,
    Greatest,
    Least,
    Or,
    Pred,
    ProofError,
    Rel,
    Total,
    delta,
    free_indices,
    is_index,
    is_size,
    ln0,
    maximum,
    minimum,
    phi,
    sort_of,
)
from .normal import LogAbs

__all__ = [
    "Recorder",
    "ball",
    "compiled",
    "enclosed",
    "holds",
    "interval",
    "nats",
    "number",
    "precision",
    "prepared",
]

#: Bits of working precision for enclosures of closed terms: about 30 digits.
PRECISION = 128
#: A ball around 0 of that radius counts as 0: 64-bit balls of sums of some hundred terms are far narrower.
NARROW = 1e-10


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Work with that many bits inside the block."""
    saved, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = saved


def number(value: Any) -> Any:
    """An exact rational as flint's, anything else unchanged."""
    if type(value) is fmpq:
        return value
    if isinstance(value, (int, Fraction)):
        return fmpq(value.numerator, value.denominator)
    return value


def ball(value: Any) -> arb:
    """A number as a ball."""
    value = number(value)
    return value if isinstance(value, arb) else arb(value)


def interval(low: Any, high: Any) -> arb:
    """The smallest ball that holds both ends."""
    return ball(low).union(ball(high))


def _phi(p: Any) -> Any:
    """-p ln p for a number or a ball that meets [0, 1] or lies above; the part below 0 is cut off."""
    p = number(p)
    if isinstance(p, fmpq):
        if p == 0 or p == 1:
            return fmpq(0)
        p = arb(p)
    low, high = p.lower(), p.upper()
    if high < 0:
        raise ProofError(f"phi of the negative number {p.str(10)}")
    if low > 0:
        return -p * p.log()
    if not high > 0:
        return arb(0)
    # phi rises from phi(0) = 0 up to 1/e and falls after it: the values lie between these.
    peak = (-1 * arb(1)).exp()
    top = -high * high.log() if high < peak else peak
    bottom = -high * high.log() if high > 1 else arb(0)
    return bottom.union(top)


def nats(*law: Any) -> Any:
    """The entropy of a pmf, nats."""
    return _sum(_phi(number(p)) for p in law)


def _log(p: Any) -> Any:
    p = number(p)
    return arb(0) if isinstance(p, fmpq) and p == 1 else ball(p).log()


def _ln0(p: Any) -> Any:
    p = number(p)
    if isinstance(p, fmpq):
        return fmpq(0) if p in (0, 1) else arb(p).log()
    if p.contains(0):
        raise ProofError("ln0 of a ball around 0")
    return p.log()


def _sum(values: Any) -> Any:
    result = fmpq(0)
    for value in values:
        result = result + value
    return result


def _min(values: Any) -> Any:
    found = list(values)
    if all(isinstance(one, fmpq) for one in found):
        return min(found)
    return functools.reduce(lambda first, second: first.min(second), map(ball, found))


def _max(values: Any) -> Any:
    found = list(values)
    if all(isinstance(one, fmpq) for one in found):
        return max(found)
    return functools.reduce(lambda first, second: first.max(second), map(ball, found))


def _power(base: Any, exponent: int) -> Any:
    if exponent < 0:
        return 1 / _power(base, -exponent)
    result = base
    for _ in range(exponent - 1):
        result = result * base
    return result


def _root(base: Any) -> Any:
    return ball(base).sqrt()


_TOOLS = {
    "_phi": _phi,
    "_log": _log,
    "_ln0": _ln0,
    "_sum": _sum,
    "_min": _min,
    "_max": _max,
    "_power": _power,
    "_root": _root,
    "arb": arb,
    "fmpq": fmpq,
    "ball": ball,
}


def _code(term: Any) -> str:
    """A term as Python text over the dictionary V."""
    if term.is_Rational:
        return f"fmpq({term.p}, {term.q})"
    if is_size(term):
        return f"fmpq(V[{'#' + term.name[5:-1]!r}])"
    if isinstance(term, sp.Symbol):
        return f"V[{term.name!r}]"
    if isinstance(term, AppliedUndef):
        name = f"V[{term.func.__name__!r}]"
        if term.args and all(is_index(argument) for argument in term.args):
            return name + "".join(f"[V[{argument.name!r}]]" for argument in term.args)
        return f"{name}({', '.join(map(_code, term.args))})"
    if isinstance(term, (Total, Least, Greatest)):
        body, over = term.args
        tool = {Total: "_sum", Least: "_min", Greatest: "_max"}[type(term)]
        # The index is set in V while the body is evaluated.
        return f"{tool}(_body(V, {over.name!r}, {sort_of(over)!r}, lambda V: {_code(body)}))"
    if isinstance(term, phi):
        return f"_phi({_code(term.args[0])})"
    if isinstance(term, sp.log):
        return f"_log({_code(term.args[0])})"
    if isinstance(term, ln0):
        return f"_ln0({_code(term.args[0])})"
    if isinstance(term, LogAbs):
        return f"_log(abs({_code(term.args[0])}))"
    if isinstance(term, (minimum, maximum)):
        tool = "_min" if isinstance(term, minimum) else "_max"
        return f"{tool}(({', '.join(map(_code, term.args))},))"
    if isinstance(term, delta):
        first, second = (f"V[{argument.name!r}]" for argument in term.args)
        return f"fmpq(int({first} == {second}))"
    if isinstance(term, sp.Abs):
        return f"abs({_code(term.args[0])})"
    if term.is_Add:
        return "(" + " + ".join(map(_code, term.args)) + ")"
    if term.is_Mul:
        return "(" + " * ".join(map(_code, term.args)) + ")"
    if term.is_Pow and term.exp.is_Integer:
        return f"_power({_code(term.base)}, {int(term.exp)})"
    if term.is_Pow and term.exp in (sp.Rational(1, 2), sp.Rational(-1, 2)):
        root = f"_root({_code(term.base)})"
        return root if term.exp > 0 else f"(1 / {root})"
    if term == sp.E:
        return "arb(1).exp()"
    raise ProofError(f"no evaluation is known for {term} ({type(term).__name__})")


def _body(
    values: dict[str, Any], name: str, sort: str, body: Callable[[dict[str, Any]], Any]
) -> Iterator[Any]:
    saved = values.get(name)
    for place in range(values["#" + sort]):
        values[name] = place
        yield body(values)
    if saved is None:
        values.pop(name, None)
    else:
        values[name] = saved


@functools.cache
def compiled(term: Any) -> Callable[[dict[str, Any]], Any]:
    """A term as a function of an instance."""
    scope: dict[str, Any] = {**_TOOLS, "_body": _body}
    exec(f"def value(V):\n    return {_code(sp.sympify(term))}", scope)
    found: Callable[[dict[str, Any]], Any] = scope["value"]
    return found


def enclosed(term: Any, values: Mapping[str, Any] | None = None) -> arb:
    """A ball around the value of a term without free symbols (or at an instance)."""
    with precision():
        return ball(compiled(term)(dict(values or {})))


Check = Callable[[dict[str, Any]], bool]


class Recorder:
    """How close inequalities came to equality, and how often implications had something to say."""

    def __init__(self) -> None:
        #: inequality -> least and largest distance of its sides
        self.seen: dict[Rel, list[float]] = {}
        self.spoken: dict[ForAll, int] = {}


def prepared(formula: Any, record: Recorder | None = None, given: bool = False) -> Check:
    """A formula as a function of an instance; free indices that the instance does not set run over all.

    A real variable that is quantified takes the value that the instance has for its name: one value of all
    for ForAll, the one that is claimed to exist for Exists.  What is `given` is not recorded.
    """
    free = tuple(sorted(free_indices(formula), key=str))
    return _for_all(free, _prepared(formula, None if given else record))


def holds(formula: Any, values: dict[str, Any]) -> bool:
    """Whether a formula holds at an instance."""
    return prepared(formula)(values)


def _for_all(indices: tuple[Any, ...], check: Check, keep: bool = True) -> Check:
    """Run over the indices that the instance does not set (`keep`), or over all of them."""
    for one in reversed(indices):
        check = _one_more(one.name, "#" + sort_of(one), check, keep)
    return check


def _one_more(name: str, size: str, check: Check, keep: bool) -> Check:
    def run(values: dict[str, Any]) -> bool:
        if keep and name in values:
            return check(values)
        saved = values.get(name)
        try:
            for place in range(values[size]):
                values[name] = place
                if not check(values):
                    return False
            return True
        finally:
            if saved is None:
                values.pop(name, None)
            else:
                values[name] = saved

    return run


def _prepared(formula: Any, record: Recorder | None) -> Check:
    if isinstance(formula, Rel):
        return _relation(formula, record)
    if isinstance(formula, And):
        parts = [_prepared(part, record) for part in formula.parts]
        # every part is evaluated, so that each is recorded
        return lambda values: False not in [part(values) for part in parts]
    if isinstance(formula, Or):
        parts = [_prepared(part, record) for part in formula.parts]
        return lambda values: True in [part(values) for part in parts]
    if isinstance(formula, ForAll):
        return _implication(formula, record)
    if isinstance(formula, Exists):
        ours = tuple(one for one in formula.variables if is_index(one))
        then = _prepared(formula.then, record)
        none = _for_all(ours, lambda values: not then(values), keep=False)
        return lambda values: not none(values)
    if isinstance(formula, Pred):
        from .predicates import MEANINGS

        meaning, arguments = MEANINGS[formula.name], formula.arguments
        return lambda values: bool(meaning(values, *arguments))
    raise ProofError(f"no evaluation is known for {formula}")


def _implication(formula: ForAll, record: Recorder | None) -> Check:
    given = [prepared(one, given=True) for one in formula.given]
    then = _prepared(formula.then, record)

    def check(values: dict[str, Any]) -> bool:
        if not all(one(values) for one in given):
            return True
        if record is not None:
            record.spoken[formula] = record.spoken.get(formula, 0) + 1
        return then(values)

    # A quantified index of a given formula that is free there is the one fixed here.
    return _for_all(tuple(one for one in formula.variables if is_index(one)), check, keep=False)


def _relation(formula: Rel, record: Recorder | None) -> Check:
    left, right, op = compiled(formula.left), compiled(formula.right), formula.op
    noted = record is not None and op in ("<", "<=")
    seen = [float("inf"), 0.0]
    if record is not None and noted:
        seen = record.seen.setdefault(formula, seen)

    def check(values: dict[str, Any]) -> bool:
        difference = right(values) - left(values)
        if type(difference) is fmpq:
            zero, positive = difference == 0, difference > 0
        else:
            difference = ball(difference)
            if not difference.is_finite():
                raise ProofError(f"{formula} is not defined at an instance")
            zero, positive = difference.contains(0), difference > 0
            if zero and difference.rad() > NARROW:
                raise ProofError(f"{formula} is not decided at an instance: {difference.str(10)}")
        if noted:
            gap = 0.0 if zero else abs(float(ball(difference).mid()))
            if gap < seen[0]:
                seen[0] = gap
            if gap > seen[1]:
                seen[1] = gap
        if op == "=":
            return bool(zero)
        if op == "!=":
            return not zero
        return bool(positive) if op == "<" else bool(zero or positive)

    return check
