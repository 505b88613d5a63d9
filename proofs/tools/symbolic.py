"""Exact symbolic steps: identities with logarithms, signs by factorisation, root counts.

The difference of both sides of an identity is brought to a normal form: every logarithm of a rational
function is split into logarithms of its irreducible factors, these become symbols, and the numerator of
what is left must be the zero polynomial.  No numeric value is ever taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from ..lemma import Method, ProofError, Step

__all__ = [
    "case",
    "certified_sign",
    "entropy",
    "identity",
    "ln",
    "phi",
    "root_count",
    "sign_step",
    "vanishes",
]

ln = sp.log


def phi(p: Any) -> Any:
    """-p ln p (natural units inside proofs: a positive factor that no statement depends on)."""
    return -p * sp.log(p)


def entropy(p: Any) -> Any:
    """h(p) = phi(p) + phi(1 - p), nats."""
    return phi(p) + phi(1 - p)


def _split_log(argument: Any) -> Any:
    """Log of a rational function as a sum over irreducible factors, each a symbol of its own.

    A factor is taken up to its sign, so the symbol stands for log|factor|; where the argument is positive the
    sum is its logarithm.
    """
    result = sp.Integer(0)
    for part, direction in zip(sp.fraction(sp.together(argument)), (1, -1), strict=True):
        constant, factors = sp.factor_list(part)
        if not constant.is_Rational:
            raise ProofError(f"log({argument}) is not the log of a rational function")
        for prime, power in sp.factorint(abs(constant)).items():
            result += direction * power * sp.Symbol(f"log[{prime}]")
        for factor, power in factors:
            polynomial = sp.Poly(factor, *sorted(factor.free_symbols, key=str))
            if polynomial.LC() < 0:
                polynomial = -polynomial
            result += direction * power * sp.Symbol(f"log[{polynomial.as_expr()}]")
    return result


def vanishes(expression: Any) -> bool:
    """Whether an expression of rational functions and their logarithms is identically zero."""
    expression = sp.sympify(expression)
    # From the outside in: no logarithm here has another inside.
    logs = {atom: _split_log(atom.args[0]) for atom in expression.atoms(sp.log)}
    rational = expression.xreplace(logs)
    if rational.atoms(sp.Function):
        raise ProofError(f"{expression} holds functions other than logarithms of rational functions")
    numerator, _ = sp.fraction(sp.together(rational))
    return bool(sp.expand(numerator) == 0)


def identity(claim: str, sides: Callable[[], Any]) -> Step:
    """A step that proves equations; `sides` returns one pair (left, right) or a list of pairs."""

    def check() -> str:
        pairs = sides()
        pairs = pairs if isinstance(pairs, list) else [pairs]
        if not pairs:
            raise ProofError("there is no equation to prove")
        for left, right in pairs:
            if not vanishes(sp.sympify(left) - sp.sympify(right)):
                raise ProofError(f"{left} is not identically {right}")
        return "1 equation" if len(pairs) == 1 else f"{len(pairs)} equations"

    return Step(claim, Method.IDENTITY, check)


def _one_sign(polynomial: sp.Poly) -> int:
    """+1 or -1 where all coefficients have that sign, else 0."""
    signs = {int(sp.sign(coefficient)) for coefficient in polynomial.coeffs()}
    return signs.pop() if len(signs) == 1 else 0


def certified_sign(expression: Any, positive: Mapping[sp.Symbol, Any]) -> int:
    """The strict sign (+1 or -1) of a rational function over a domain.

    Parameters
    ----------
    expression : rational function
    positive : mapping
        The domain: each variable as an expression in new symbols that run over the positive numbers.  A
        polynomial whose coefficients have one sign keeps that sign there.

    Raises
    ------
    ProofError
        A factor of odd multiplicity with coefficients of both signs, or an expression that is zero.
    """
    substituted = sp.sympify(expression).subs(positive, simultaneous=True)
    loose = sorted(str(symbol) for symbol in substituted.free_symbols if not symbol.is_positive)
    if loose:
        raise ProofError(f"{expression}: the symbols {loose} are not known to be positive")
    sign = 1
    for part in sp.fraction(sp.factor(sp.together(substituted))):
        constant, factors = sp.factor_list(part)
        if constant == 0:
            raise ProofError(f"{expression} is identically zero: it has no strict sign")
        sign *= int(sp.sign(constant))
        for factor, power in factors:
            found = _one_sign(sp.Poly(factor, *sorted(factor.free_symbols, key=str)))
            if found == 0:
                raise ProofError(f"the factor {factor} of {expression} has coefficients of both signs")
            sign *= found**power
    return sign


def sign_step(claim: str, cases: Callable[[], list[tuple[Any, Mapping[sp.Symbol, Any], int]]]) -> Step:
    """A step that proves strict signs; `cases` returns (expression, domain, sign) triples."""

    def check() -> str:
        triples = cases()
        if not triples:
            raise ProofError("there is no sign to prove")
        for expression, domain, wanted in triples:
            found = certified_sign(expression, domain)
            if found != wanted:
                raise ProofError(f"{expression} has the sign {found}, not {wanted}")
        return "; ".join(_describe(*triple) for triple in triples)

    return Step(claim, Method.SIGN, check)


def _describe(expression: Any, domain: Mapping[sp.Symbol, Any], sign: int) -> str:
    """What was certified, in full: a changed expression or domain must show in the export."""
    where = ", ".join(f"{variable} = {sp.sympify(value)}" for variable, value in domain.items())
    return f"`{expression} {'>' if sign > 0 else '<'} 0`" + (f" for `{where}`" if where else "")


def root_count(claim: str, polynomial: Callable[[], tuple[Any, sp.Symbol, Any, Any, int]]) -> Step:
    """A step that counts the real roots of a polynomial in a closed interval by a Sturm sequence."""

    def check() -> str:
        expression, variable, low, high, wanted = polynomial()
        found = sp.Poly(expression, variable).count_roots(low, high)
        if found != wanted:
            raise ProofError(f"{expression} has {found} roots in [{low}, {high}], not {wanted}")
        return f"{found} in [{low}, {high}]"

    return Step(claim, Method.STURM, check)


def case(claim: str, examine: Callable[[], str]) -> Step:
    """A step that exhausts a finite list of cases."""
    return Step(claim, Method.CASES, examine)
