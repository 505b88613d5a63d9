"""Rules: how a step derives its claim.  Each returns a `Rule` whose check raises `ProofError` where it
fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from ..lemma import Rule, Statement, Step
from .compare import heads_within, same
from .elementary import absurd, clash, kronecker, part_of_sum, refuted, vanishing, zero_product
from .kernel import Context, Multiple, opened
from .language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    ProofError,
    Rel,
    applications,
    conjuncts,
    eq,
    free_indices,
    free_symbols,
    index,
    is_index,
    is_size,
    le,
    negation,
    sort_of,
    substitute,
)
from .numeric import cover, decide, enclosure
from .replacing import numbers, replace_term
from .resorting import resorted

__all__ = [
    "absurd",
    "algebra",
    "block",
    "by_cases",
    "choose",
    "cites",
    "clash",
    "contradiction",
    "cover",
    "decide",
    "derive",
    "enclosure",
    "established",
    "exists",
    "follows",
    "instance",
    "kronecker",
    "part_of_sum",
    "refuse_idle",
    "sign",
    "uses",
    "vanishing",
    "zero_product",
]


def algebra(*using: str | Multiple, degree: int = 1, put: Sequence[str] = (), remark: str = "") -> Rule:
    """An equation or inequality (or several) by a certificate from facts.

    Parameters
    ----------
    using : names of facts, or multiples `over(...)` of facts
    degree : int
        Products of up to that many of the inequalities may enter; from 2 on equations times atoms too.
    put : names of facts
        Equations whose left side is a symbol or a member of a family: it is replaced by the right side first.
    """

    def check(context: Context, claim: Formula) -> str:
        accounts = []
        for part in _parts(claim):
            if not isinstance(part, Rel):
                raise ProofError(f"{part} is no equation or inequality")
            replaced = part
            for name in put:
                replaced = _put(context, name, replaced)
            context.require_defined(replaced)  # equal values, so the claim is defined where this is
            accounts.append(context.prove(replaced, using, degree, defined=True))
        named = f", with {', '.join(put)} put in" if put else ""
        return "; ".join(dict.fromkeys(accounts)) + named

    return Rule("algebra", check, remark=remark)


def sign(*, put: Sequence[str] = ()) -> Rule:
    """An inequality between 0 and a product (or quotient): by the signs of its factors, found among the
    facts.
    """

    def check(context: Context, claim: Formula) -> str:
        for part in _parts(claim):
            if not isinstance(part, Rel) or part.op == "=":
                raise ProofError(f"{part} is no inequality")
            for name in put:
                part = _put(context, name, part)
            kind = {"<": "positive", "<=": "not negative", "!=": "not zero"}[part.op]
            context.require(part.right - part.left, kind)
        return "signs of the factors"

    return Rule("sign", check)


def _parts(claim: Formula) -> list[Formula]:
    parts = conjuncts(claim)
    if not parts:
        raise ProofError("there is nothing to prove")
    return parts


def _put(context: Context, name: str, formula: Formula) -> Formula:
    """Replace left sides of equations by right sides."""
    for part in conjuncts(context.fact(name)):
        if not isinstance(part, Rel) or part.op != "=":
            raise ProofError(f"'{name}' is no equation")
        left, right, generic = part.left, part.right, context.generic_of(name)
        if isinstance(left, sp.Symbol):
            formula = substitute(formula, {left: right})
        elif (
            isinstance(left, AppliedUndef)
            and set(left.args) <= generic
            and len(set(left.args)) == len(left.args)
        ):
            arguments = left.args

            def value(*given: Any, arguments: Any = arguments, right: Any = right) -> Any:
                return substitute(right, dict(zip(arguments, given, strict=True)))

            formula = substitute(formula, {left.func: value})
        else:
            formula = numbers(formula, lambda term, left=left, right=right: replace_term(term, left, right))
    return formula


def follows(*using: str | Multiple, degree: int = 1, remark: str = "") -> Rule:
    """A claim that is among the facts named, or follows from them part by part."""

    def check(context: Context, claim: Formula) -> str:
        if not using:
            raise ProofError("no fact is named")
        context.entails(claim, using, degree)
        return "from " + ", ".join(one if isinstance(one, str) else one.fact for one in using)

    return Rule("logic", check, remark=remark)


def instance(name: str, where: Mapping[Any, Any], using: Sequence[str] = (), degree: int = 1) -> Rule:
    """A quantified fact at given values: what it is given for is proved from `using`."""

    def check(context: Context, claim: Formula) -> str:
        fact = context.fact(name)
        if not isinstance(fact, ForAll):
            raise ProofError(f"'{name}' has no variables")
        missing = set(fact.variables) - set(where)
        if missing or set(where) - set(fact.variables) - context.generic_of(name):
            raise ProofError(
                f"'{name}': the variables are {fact.variables}, values are given for {set(where)}"
            )
        for variable, value in where.items():
            _check_sort(variable, value)
        _require_values(context, where, (*fact.given, fact.then))
        inner = ForAll((), fact.given, fact.then)
        inner = substitute(inner, dict(where))
        for one in inner.given:
            context.entails(one, using, degree)
        _same_or_part(inner.then, claim)
        return f"'{name}' at {_told(where)}"

    return Rule("instance", check)


def _check_sort(variable: Any, value: Any) -> None:
    if is_index(variable) and not (is_index(value) and sort_of(value) == sort_of(variable)):
        raise ProofError(f"{value} is no index of the sort of {variable}")


def _require_values(context: Context, where: Mapping[Any, Any], formulas: Sequence[Formula]) -> None:
    """The values are numbers: terms that are defined, for families at all indices with which they occur."""
    for key, value in where.items():
        if isinstance(key, str):
            continue
        if isinstance(value, sp.Basic):
            context.require_defined(eq(value, value))
            continue
        for arguments in {one for formula in formulas for one in applications(formula, key)}:
            if all(map(is_index, arguments)):
                fresh = [index(f"{one.name}^^", sort_of(one)) for one in arguments]
                term = sp.sympify(value(*fresh))
                context.require_defined(eq(term, term))


def _told(where: Mapping[Any, Any]) -> str:
    told = [
        f"{getattr(key, '__name__', key)} = {value if isinstance(value, sp.Basic) else 'a family'}"
        for key, value in where.items()
    ]
    return ", ".join(told) or "the same symbols"


def _same_or_part(established: Formula, claim: Formula, rename: frozenset[Any] = frozenset()) -> None:
    """The claim is what is established, or consists of parts of it; free indices of it may be renamed."""
    available = [established, *conjuncts(established)]
    for part in conjuncts(claim):
        if not any(_same_up_to(one, part, rename) for one in available):
            raise ProofError(f"the claim {part} is not what is established: {established}")


def _same_up_to(established: Formula, claim: Formula, rename: frozenset[Any]) -> bool:
    if same(established, claim):
        return True
    free = sorted(free_indices(established) & rename, key=str)
    wanted = sorted(free_indices(claim), key=str)
    choices = [[other for other in wanted if sort_of(other) == sort_of(one)] for one in free]
    return bool(free) and any(
        same(substitute(established, dict(zip(free, choice, strict=True))), claim)
        for choice in itertools.product(*choices)
    )


def _apply(
    statement: Statement,
    context: Context,
    claim: Formula,
    where: Mapping[Any, Any],
    using: Sequence[Any],
    degree: int,
) -> None:
    """Instantiate a statement: its hypotheses are proved, its conclusions hold."""
    for variable in where:
        if is_index(variable):
            raise ProofError(f"{variable}: a statement holds for all indices, none is given")
        if is_size(variable):
            raise ProofError(f"{variable} is what it is: index sets change by their sorts")
    sorts = {key: value for key, value in where.items() if isinstance(key, str)}
    where = {key: value for key, value in where.items() if not isinstance(key, str)}
    given = {name: resorted(one, sorts) for name, one in statement.hypotheses.items()}
    concluded = [resorted(one, sorts) for one in statement.conclusions.values()]
    _require_values(context, where, (*given.values(), *concluded))
    fresh: dict[Any, Any] = {}
    for formula in (*given.values(), *concluded):
        for one in free_indices(formula):
            fresh[one] = index(f"{one.name}^", sort_of(one))
    for name, hypothesis in given.items():
        goal = substitute(substitute(hypothesis, fresh), dict(where))
        try:
            context.entails(goal, using, degree)
        except ProofError as error:
            raise ProofError(f"the hypothesis '{name}' of '{statement.name}' is not met: {error}") from error
    conclusions = And(tuple(substitute(substitute(one, fresh), dict(where)) for one in concluded))
    _same_or_part(conclusions, claim, frozenset(fresh.values()))


def uses(
    name: str,
    where: Mapping[Any, Any] | None = None,
    using: Sequence[Any] = (),
    degree: int = 1,
    remark: str = "",
) -> Rule:
    """Another lemma, proved on the spot, at given values: the claim is one of its conclusions."""

    def check(context: Context, claim: Formula) -> str:
        from ..runner import proved_statement

        _apply(proved_statement(name), context, claim, where or {}, using, degree)
        return f"lemma '{name}' at {_told(where or {})}"

    return Rule("lemma", check, remark=remark or name)


def cites(
    statement: Statement,
    where: Mapping[Any, Any] | None = None,
    using: Sequence[Any] = (),
    degree: int = 1,
    why: str = "",
) -> Rule:
    """A textbook fact at given values; its hypotheses are proved from `using`."""

    def check(context: Context, claim: Formula) -> str:
        if not statement.source:
            raise ProofError(f"'{statement.name}' has no source")
        from ..witness import attested

        attested(statement)
        _apply(statement, context, claim, where or {}, using, degree)
        context.citations.append(statement.name)
        return f"{statement.label} at {_told(where or {})} ({statement.source})"

    return Rule("cited", check, cites=statement, remark=why)


def block(*steps: Step, given: str = "") -> Rule:
    """The claim is `ForAll(variables, given, then)`: with the variables fixed and what is given, derive
    `then`.

    `given` names what is given, with semicolons between; otherwise the names are "given 1", "given 2", ...
    """
    called = tuple(name.strip() for name in given.split(";")) if given else ()

    def check(context: Context, claim: Formula) -> str:
        if not isinstance(claim, ForAll):
            raise ProofError("a block proves a claim for all variables")
        inner, _ = opened(context, claim, called=called)
        derive(inner, steps)
        established(inner, claim.then)
        refuse_idle(inner, steps)
        return f"{len(steps)} steps"

    return Rule("block", check, steps=steps)


def choose(name: str, *steps: Step, called: str = "chosen") -> Rule:
    """Take values that the fact `Exists(variables, then)` says there are, and derive the claim, which is
    free of them.
    """

    def check(context: Context, claim: Formula) -> str:
        fact = context.fact(name)
        if not isinstance(fact, Exists):
            raise ProofError(f"'{name}' does not say that there is something")
        if set(fact.variables) & (free_symbols(claim) | heads_within(claim)):
            raise ProofError("the claim speaks of the values chosen")
        inner, _ = opened(context, ForAll(fact.variables, (fact.then,), claim), called=(called,))
        derive(inner, steps)
        established(inner, claim)
        refuse_idle(inner, steps)
        return f"{len(steps)} steps"

    return Rule("existence", check, steps=steps)


def refuse_idle(context: Context, steps: Sequence[Step]) -> None:
    """A step that nothing uses is no part of the proof."""
    idle = [one.name for one in steps if one.name not in context.used]
    if idle:
        raise ProofError(f"nothing uses the steps {idle}")


def derive(context: Context, steps: Sequence[Step]) -> list[tuple[Step, str]]:
    """Establish every step in turn.

    That claims are defined is each rule's business: certificates ask for it, instances and cases inherit it.
    """
    if not steps:
        raise ProofError("there are no steps")
    accounts = []
    for one in steps:
        account = one.rule.check(context, one.claim)
        if not account:
            raise ProofError("the rule gave no account")
        context.add(one.name, one.claim)
        accounts.append((one, account))
    return accounts


def established(context: Context, goal: Formula) -> None:
    """Every part of the goal is a fact."""
    for part in conjuncts(goal):
        while isinstance(part, ForAll) and not part.given and all(map(is_index, part.variables)):
            fresh = {one: index(f"{one.name}^^", sort_of(one)) for one in part.variables}
            part = substitute(part.then, fresh)
        facts = [(name, context.find(name)) for name in context.all_names()]
        # those that are written alike first: comparing terms takes time
        for name, formula in sorted(facts, key=lambda fact: part not in (fact[1], *conjuncts(fact[1]))):
            if any(
                _same_up_to(one, part, context.generic_of(name)) for one in (formula, *conjuncts(formula))
            ):
                context.used.add(name)
                break
        else:
            raise ProofError(f"no step derives {part}")


def contradiction(*steps: Step) -> Rule:
    """Assume the opposite of the claim (the fact `opposite`) and derive something absurd."""

    def check(context: Context, claim: Formula) -> str:
        if free_indices(claim) - context.fixed:
            raise ProofError("fix the free indices of the claim by a block first")
        context.require_defined(claim)
        inner = Context(context)
        inner.add("opposite", negation(claim))
        derive(inner, steps)
        last = steps[-1].claim
        if not (isinstance(last, Rel) and refuted(last)):
            raise ProofError(f"{last} is not absurd")
        inner.used.add(steps[-1].name)
        if "opposite" not in inner.used:
            raise ProofError("the opposite of the claim is not used")
        refuse_idle(inner, steps)
        return f"{len(steps)} steps"

    return Rule("contradiction", check, steps=steps)


def by_cases(*names: str, cover: str = "", using: Sequence[Any] = (), degree: int = 1) -> Rule:
    """The claim follows in each of the cases named (facts `implies(case, claim)`), and the cases cover all.

    The cases cover all if their disjunction is the fact `cover`, or if they are all the ways in which two
    terms can lie (<, =, > or <=, > and so on).
    """

    def check(context: Context, claim: Formula) -> str:
        if len(names) < 1:
            raise ProofError("the list of cases is empty")
        if free_indices(claim) - context.fixed:
            raise ProofError("fix the free indices of the claim by a block first")
        cases = []
        for name in names:
            fact = context.fact(name)
            if not isinstance(fact, ForAll) or fact.variables or not fact.given:
                raise ProofError(f"'{name}' is no implication")
            given = fact.given[0] if len(fact.given) == 1 else And(fact.given)
            then = fact.then
            if not same(then, claim):
                inner = Context(context)
                inner.add("then", then)
                inner.entails(claim, ["then", *using], degree)
            cases.append(given)
        if cover:
            found = context.fact(cover)
            wanted = list(found.parts) if isinstance(found, Or) else [found]
            if not all(any(same(one, case) for case in cases) for one in wanted):
                raise ProofError(f"'{cover}' has a case that is not treated")
        elif not _exhaustive(cases):
            raise ProofError(f"the cases {cases} do not cover all")
        return f"{len(names)} cases"

    return Rule("cases", check)


def _exhaustive(cases: Sequence[Formula]) -> bool:
    """Whether the cases, inequalities between the same two terms, leave no way out."""
    if not all(isinstance(case, Rel) for case in cases):
        return False
    first = cases[0]
    covered = set()
    for case in cases:
        if same(eq(case.left, case.right), eq(first.left, first.right)):
            straight = same(le(case.left, case.right), le(first.left, first.right))
            ways = {"<": "l", "<=": "le", "=": "e", "!=": "lg"}[case.op]
            if not straight:
                ways = ways.translate(str.maketrans("lg", "gl"))
            covered |= set(ways)
    return covered == set("leg")


def exists(values: Mapping[Any, Any], *using: str | Multiple, degree: int = 1) -> Rule:
    """The claim `Exists(variables, then)` holds for these values: `then` is proved for them."""

    def check(context: Context, claim: Formula) -> str:
        if not isinstance(claim, Exists) or set(claim.variables) != set(values):
            raise ProofError("give a value for each variable that is to exist")
        for variable, value in values.items():
            _check_sort(variable, value)
            if isinstance(value, sp.Basic):
                context.require_defined(eq(value, value))
        goal = substitute(claim.then, dict(values))
        context.entails(goal, using, degree)
        return f"take {_told(values)}"

    return Rule("existence", check)
