"""Rules that take one or two facts: sums of non-negative terms, products that are 0, what cannot be."""

from __future__ import annotations

import sympy as sp

from ..lemma import Rule
from .compare import same
from .evaluate import enclosed
from .kernel import Context
from .language import Formula, Or, ProofError, Rel, Total, conjuncts, delta, eq, free_symbols, le

__all__ = ["absurd", "clash", "kronecker", "part_of_sum", "refuted", "vanishing", "zero_product"]


def refuted(claim: Rel) -> bool:
    """Whether an equation or inequality between numbers is false, for certain."""
    if free_symbols(claim):
        return False
    difference = enclosed(claim.right - claim.left)
    if claim.op == "=":
        return not difference.contains(0)
    if claim.right.is_Rational and claim.left.is_Rational:
        exact = claim.right - claim.left
        return bool(exact == 0 if claim.op == "!=" else exact <= 0 if claim.op == "<" else exact < 0)
    return claim.op in ("<", "<=") and bool(difference < 0)


def part_of_sum(not_negative: str) -> Rule:
    """A term of a sum of terms that are not negative: f(k) <= sum of f(k) over k, by the fact 0 <= f(k)."""

    def check(context: Context, claim: Formula) -> str:
        fact = context.fact(not_negative)
        if not (isinstance(claim, Rel) and claim.op == "<="):
            raise ProofError("the claim is an inequality")
        for one in sorted(context.generic_of(not_negative) - context.fixed, key=str):
            for part in conjuncts(fact):
                if isinstance(part, Rel) and part.op in ("<", "<="):
                    term = part.right - part.left
                    if same(claim, le(term, Total(term, one))):
                        return f"one term of a sum of non-negative ones, over {one}"
        raise ProofError(f"'{not_negative}' does not show {claim}")

    return Rule("sum of non-negative terms", check)


def vanishing(not_negative: str, zero: str) -> Rule:
    """Terms that are not negative and add up to 0 are 0, each of them.

    `not_negative` is a fact 0 <= f(k) for all k, `zero` the fact that the sum of f(k) over k is 0; the claim
    is f(k) = 0.
    """

    def check(context: Context, claim: Formula) -> str:
        fact, total_fact = context.fact(not_negative), context.fact(zero)
        if not (isinstance(claim, Rel) and claim.op == "="):
            raise ProofError("the claim is an equation")
        term = claim.left - claim.right
        free = sorted(context.generic_of(not_negative) - context.fixed, key=str)
        for one in free:
            bound = le(0, term)
            closed = eq(Total(term, one), 0)
            if same(fact, bound) and same(total_fact, closed) and one not in free_symbols(total_fact):
                return f"each term of a sum that is 0, over {one}"
        raise ProofError(f"'{not_negative}' and '{zero}' do not show that {term} is 0")

    return Rule("sum of non-negative terms", check)


def zero_product(name: str) -> Rule:
    """One of the factors is 0 where the fact says that their product is: the claim `Or((f = 0, g = 0))`."""

    def check(context: Context, claim: Formula) -> str:
        if not (isinstance(claim, Or) and all(isinstance(one, Rel) and one.op == "=" for one in claim.parts)):
            raise ProofError("the claim is one of several equations")
        product = sp.Mul(*(one.left - one.right for one in claim.parts))
        if not any(same(one, eq(product, 0)) for one in conjuncts(context.fact(name))):
            raise ProofError(f"'{name}' does not say that {product} is 0")
        return f"a factor of '{name}' is 0"

    return Rule("logic", check)


def kronecker() -> Rule:
    """[i = j] is 0 or 1."""

    def check(_: Context, claim: Formula) -> str:
        if isinstance(claim, Or) and len(claim.parts) == 2:
            one, other = claim.parts
            if (
                isinstance(one, Rel)
                and isinstance(one.left, delta)
                and (one, other) == (eq(one.left, 0), eq(one.left, 1))
            ):
                return "by definition"
        raise ProofError("the claim is that an indicator of equal indices is 0 or 1")

    return Rule("definition", check)


def absurd(name: str) -> Rule:
    """Anything follows from a fact that is false, an inequality between numbers such as 0 < 0."""

    def check(context: Context, claim: Formula) -> str:
        fact = context.fact(name)
        if not (isinstance(fact, Rel) and refuted(fact)):
            raise ProofError(f"'{name}' is not absurd")
        return f"'{name}' cannot be"

    return Rule("contradiction", check)


def clash(equal: str, different: str) -> Rule:
    """Anything follows from a = b and a != b."""

    def check(context: Context, claim: Formula) -> str:
        one, other = context.fact(equal), context.fact(different)
        if not (isinstance(one, Rel) and isinstance(other, Rel) and (one.op, other.op) == ("=", "!=")):
            raise ProofError(f"'{equal}' and '{different}' are no equation and its opposite")
        if not same(one, eq(other.left, other.right)):
            raise ProofError(f"'{equal}' and '{different}' do not clash")
        return f"'{equal}' and '{different}' cannot both be"

    return Rule("contradiction", check)
