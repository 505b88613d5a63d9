"""Each rule refuses a false claim, a statement that says something else is refuted, and a failed proof
never exits 0.
"""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from flint import arb, fmpq

from mecbopt import _proofs as proofs
from mecbopt._proofs import Lemma, ProofError, Statement, Witness, runner, step
from mecbopt._proofs.textbook import COLUMNS, LOG_BOUND, LOG_INCREASES, ROWS_A, independent, on, u, v
from mecbopt._proofs.tools.calculus import intermediate, monotone, strictly_concave
from mecbopt._proofs.tools.evaluate import ball, compiled, holds, interval, nats
from mecbopt._proofs.tools.induction import induction
from mecbopt._proofs.tools.kernel import Context, over, same
from mecbopt._proofs.tools.language import (
    And,
    Exists,
    ForAll,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    ne,
    negation,
    phi,
    real,
    size,
    substitute,
)
from mecbopt._proofs.tools.normal import vanishes
from mecbopt._proofs.tools.resorting import resorted
from mecbopt._proofs.tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    choose,
    cites,
    clash,
    contradiction,
    cover,
    decide,
    enclosure,
    exists,
    follows,
    instance,
    kronecker,
    part_of_sum,
    sign,
    uses,
    vanishing,
    zero_product,
)
from mecbopt._proofs.witness import attest

a, b, c, t, t1, t2, t3 = real("a b c t t1 t2 t3")
i, j, h = index("i j h", "I")
k = index("k", "K")
w, f, g = family("w f g")

FACTS = {
    "positive": gt(a, 0),
    "not negative": ge(b, 0),
    "ordered": lt(a, b),
    "equal": eq(c, a + b),
    "weights": ge(w(i), 0),
    "sum": eq(Total(w(i), i), 1),
    "zero sum": eq(Total(w(i), i), 0),
    "either": Or((eq(a, 1), eq(a, 2))),
    "there is": Exists((t,), And((gt(t, a), lt(t, b)))),
    "for all": ForAll((t,), (gt(t, 0),), gt(f(t), 0)),
    "case 1": implies(eq(a, 1), gt(c, 0)),
    "case 2": implies(eq(a, 2), gt(c, 0)),
    "low": implies(lt(a, b), gt(c, 0)),
    "high": implies(gt(a, b), gt(c, 0)),
    "slope": ForAll((t,), (lt(0, t), lt(t, 1)), lt(0, 2 * t)),
    "differ": ne(a, b),
    "product": eq(a * b, 0),
    "false": lt(1, 0),
    "stages": Or((eq(g(i), 0), Exists((j,), And((lt(w(j), w(i)), eq(g(i), g(j) + 1)))))),
}
START, NEXT = FACTS["stages"].parts


def counted(claim, rank=None, before=j):
    """By induction, the claim for every g(i): 0 at the start, else one more than at a lower rank."""
    return induction(
        w(i) if rank is None else rank,
        h,
        step("start", implies(START, claim), block(step("0", claim, algebra("given 1")))),
        step(
            "next",
            implies(NEXT, claim),
            block(
                step(
                    "one more",
                    claim,
                    choose(
                        "given 1",
                        step(
                            "there",
                            substitute(claim, {i: before}),
                            instance("before", {h: before}, ("found",)),
                        ),
                        step("here", claim, algebra("there", "found")),
                        called="found",
                    ),
                ),
            ),
        ),
        step("any", claim, by_cases("start", "next", cover="stages")),
    )


def context() -> Context:
    """A context with those facts (which need not be true together)."""
    made = Context()
    for name, formula in FACTS.items():
        made.add(name, formula)
    return made


REFUSED = {
    "another factor": (eq(sp.log(a * 6), sp.log(a) + sp.log(3)), algebra("positive")),
    "a logarithm of what may be negative": (eq(sp.log(t**2), 2 * sp.log(t)), algebra()),
    "a quotient by what may be 0": (ge(1 / t, 0), algebra("not negative")),
    "the other sign": (lt(a, 0), algebra("positive")),
    "strict from weak": (gt(b, 0), algebra("not negative")),
    "an inequality multiplied by what may be negative": (ge(t * w(i), 0), algebra(over("weights", times=t))),
    "a sum with another index": (eq(Total(w(i) * f(i), i), f(i)), algebra(over("sum", times=f(i)))),
    "one instance for all": (eq(w(i), w(j)), algebra("sum")),
    "nothing to prove": (And(()), algebra("positive")),
    "an unknown fact": (gt(a, 0), algebra("unknown")),
    "a sign that is not known": (gt(t, 0), sign()),
    "a fact that is not named": (gt(a, 0), follows("ordered")),
    "an instance outside": (gt(f(c - a), 0), instance("for all", {t: c - a}, using=("positive",))),
    "another instance": (gt(f(b), 0), instance("for all", {t: a}, using=("positive",))),
    "no value": (gt(f(a), 0), instance("for all", {}, using=("positive",))),
    "a case left out": (gt(c, 0), by_cases("case 1", cover="either")),
    "cases that do not cover": (gt(c, 0), by_cases("low", "high")),
    "no cases": (gt(c, 0), by_cases()),
    "a step that does not follow": (
        implies(gt(t, 0), gt(t, 1)),
        block(step("more", gt(t, 1), algebra("given 1"))),
    ),
    "a block without steps": (implies(gt(t, 0), gt(t, 0)), block()),
    "a variable that is spoken of": (
        ForAll((a,), (), gt(a, 0)),
        block(step("it", gt(a, 0), algebra("positive"))),
    ),
    "an idle step": (
        implies(gt(t, 0), gt(t + 1, 0)),
        block(step("idle", gt(t + 2, 0), algebra("given 1")), step("it", gt(t + 1, 0), algebra("given 1"))),
    ),
    "nothing absurd": (lt(a, c), contradiction(step("it", gt(a, 0), algebra("positive")))),
    "absurd from a true fact": (lt(c, 0), absurd("positive")),
    "a clash of other things": (lt(c, 0), clash("equal", "differ")),
    "no factor": (Or((eq(a, 0), eq(c, 0))), zero_product("product")),
    "terms of another sum": (eq(w(i), 0), vanishing("weights", "sum")),
    "a part of another sum": (le(w(i), Total(w(j) ** 2, j)), part_of_sum("weights")),
    "a wrong value": (Exists((t,), gt(t, b)), exists({t: a}, "ordered")),
    "a claim with the chosen value": (gt(t, a), choose("there is", step("it", gt(t, a), algebra("chosen")))),
    "a false case": (ForAll((t,), (Or((eq(t, 0), eq(t, 1))),), lt(t, 1)), decide()),
    "a range left out": (ForAll((t,), (gt(t, 0),), gt(t, 0)), decide()),
    "a false number": (lt(sp.log(3), 1), enclosure()),
    "false in a corner": (ForAll((t,), (le(0, t), le(t, 1)), lt(t, sp.Rational(99, 100))), cover(500)),
    "a box without an end": (ForAll((t,), (le(0, t),), lt(t, 2)), cover(500)),
    "an indicator of other things": (Or((eq(w(i), 0), eq(w(i), 1))), kronecker()),
    "a hypothesis that is not met": (le(sp.log(t), t - 1), cites(LOG_BOUND, {u: t})),
    "another conclusion": (le(sp.log(a), a - 2), cites(LOG_BOUND, {u: a}, using=("positive",))),
    "another order": (
        lt(sp.log(b), sp.log(a)),
        cites(LOG_INCREASES, {u: a, v: b}, using=("positive", "ordered")),
    ),
    "an unknown lemma": (gt(a, 0), uses("no_such_lemma")),
    "another claim of a lemma": (ge(phi(a), -a * sp.log(b)), uses("tangent", {t: a})),
    "decreasing": (
        ForAll((t1, t2), (le(0, t1), lt(t1, t2), le(t2, 1)), lt(t2**2, t1**2)),
        monotone(t**2, t, 0, 1, "slope"),
    ),
    "another interval": (
        ForAll((t1, t2), (le(0, t1), lt(t1, t2), le(t2, 2)), lt(t1**2, t2**2)),
        monotone(t**2, t, 0, 2, "slope"),
    ),
    "no curvature": (
        ForAll((t1, t2, t3), (), lt(t1, t2)),
        strictly_concave(t**2, t, 0, 1, "slope"),
    ),
    "an induction whose start fails": (ForAll((i,), (), gt(g(i), 0)), counted(gt(g(i), 0))),
    "an induction from the member itself": (ForAll((i,), (), ge(g(i), 0)), counted(ge(g(i), 0), before=i)),
    "an induction by another rank": (ForAll((i,), (), ge(g(i), 0)), counted(ge(g(i), 0), rank=-w(i))),
    "an induction without rank": (ForAll((i,), (), ge(g(i), 0)), counted(ge(g(i), 0), rank=a)),
    "an induction that needs none": (
        ForAll((i,), (), ge(w(i), 0)),
        induction(w(i), h, step("it", ge(w(i), 0), algebra("weights"))),
    ),
    "an induction over numbers": (ForAll((t,), (), ge(t, 0)), induction(t, h, step("it", ge(t, 0), sign()))),
    "a level outside": (
        Exists((t,), And((lt(0, t), lt(t, 1), eq(t, 2)))),
        intermediate(t, t, sp.Integer(0), sp.Integer(1), 2, ()),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_false_claim_is_refused(name):
    claim, rule = REFUSED[name]
    with pytest.raises(ProofError):
        rule.check(context(), claim)


ACCEPTED = {
    "logs": (
        eq(sp.log(12 * a / b), 2 * sp.log(2) + sp.log(3) + sp.log(a) - sp.log(b)),
        algebra(),
        ("ordered", "positive"),
    ),
    "a certificate": (gt(c, 2 * a), algebra("equal", "ordered"), ()),
    "a sum": (eq(Total(a * w(i), i), a), algebra(over("sum", times=a)), ()),
    "a part": (le(w(i), Total(w(j), j)), part_of_sum("weights"), ()),
    "zero terms": (eq(w(i), 0), vanishing("weights", "zero sum"), ()),
    "cases": (gt(c, 0), by_cases("case 1", "case 2", cover="either"), ()),
    "an instance": (gt(f(a), 0), instance("for all", {t: a}, using=("positive",)), ()),
    "a box": (ForAll((t,), (le(0, t), le(t, 1)), lt(phi(t), sp.Rational(2, 5))), cover(2000), ()),
    "a number": (lt(1, sp.log(3)), enclosure(), ()),
    "a textbook fact": (le(sp.log(a), a - 1), cites(LOG_BOUND, {u: a}, using=("positive",)), ()),
    "a derivative": (
        ForAll((t1, t2), (le(0, t1), lt(t1, t2), le(t2, 1)), lt(t1**2, t2**2)),
        monotone(t**2, t, 0, 1, "slope"),
        (),
    ),
    "an induction": (ForAll((i,), (), ge(g(i), 0)), counted(ge(g(i), 0)), ()),
    "an indicator alone, its indices turned": (eq(delta(i, j) - delta(j, i), 0), algebra(), ()),
    "an absurd fact": (lt(c, 0), absurd("false"), ()),
    "a value": (Exists((t,), gt(t, a)), exists({t: b}, "ordered"), ()),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_true_claims_of_each_kind_pass(name):
    claim, rule, _ = ACCEPTED[name]
    facts = context()
    if name == "logs":
        facts.add("b positive", gt(b, 0))
    assert rule.check(facts, claim)


def test_an_index_that_is_fixed_is_not_summed_over():
    inner = Context(context(), (i,))
    inner.add("here", eq(f(i), 0))
    with pytest.raises(ProofError):
        algebra(over("here", i)).check(inner, eq(Total(f(j), j), 0))


def test_normal_forms():
    assert vanishes(Total(a * w(i), i) - a * Total(w(j), j))
    assert vanishes(Total(Total(w(i) * f(j), j), i) - Total(w(i), i) * Total(f(i), i))
    assert vanishes(Total(delta(i, j) * w(i), i) - w(j))
    assert not vanishes(Total(w(i) * f(i), i) - Total(w(i), i) * Total(f(i), i))
    assert not vanishes(sp.log(a) - sp.log(b))
    assert not same(lt(sp.log(a - b), 1), lt(sp.log(b - a), 1))
    assert same(ForAll((t,), (), gt(t, a)), ForAll((c,), (), gt(c, a)))
    assert not same(ForAll((t,), (), gt(t, a)), ForAll((t,), (), ge(t, a)))
    assert same(substitute(lt(a, b), {a: b, b: a}), negation(le(a, b)))


def test_substitution_keeps_clear_of_bound_names():
    claim = Exists((t,), gt(t, a))
    assert not same(substitute(claim, {a: t}), Exists((t,), gt(t, t)))
    moved = substitute(eq(Total(w(i), i), a), {w: lambda n: f(n) * g(i)})
    assert not same(moved, eq(Total(f(i) * g(i), i), a))


def lemma(*steps: Any, hypotheses: Any, conclusions: Any, draw: Any = None, **more: Any) -> Lemma:
    """A lemma for tests."""
    return Lemma(
        name="lemma_1",
        label="l",
        idea="i",
        hypotheses=hypotheses,
        conclusions=conclusions,
        steps=steps,
        witness=Witness(draw=draw or (lambda generator, place: {"a": fmpq(place + 1, 3)}), count=40, **more),
    )


def outcome_of(made: Lemma, monkeypatch: pytest.MonkeyPatch) -> proofs.LemmaResult:
    runner._proved_steps.cache_clear()
    monkeypatch.setattr(runner, "load", lambda name: made)
    try:
        return runner.run("lemma_1")
    finally:
        runner._proved_steps.cache_clear()


GOOD = step("it", gt(a + 1, 1), algebra("positive"))


def test_substitution_renames_quantified_families():
    """Where a family is put in, a quantified one takes another name and stays a family."""
    claim = ForAll((g,), (eq(g(i), f(i)),), ge(g(i), 0))
    found = substitute(claim, {f: lambda n: w(n) * t})
    assert same(found, ForAll((g,), (eq(g(i), w(i) * t),), ge(g(i), 0)))
    assert found.variables[0](i) == found.given[0].left


def test_a_bound_name_keeps_clear_of_those_spoken_of():
    """An index that is free here may have the name that a bound one would take."""
    free = index("k'", "K")
    found = substitute(ForAll((k,), (), le(f(k), g(free))), {f: lambda n: 2 * f(n)})
    assert same(found, ForAll((k,), (), le(2 * f(k), g(free))))
    assert not same(found, ForAll((free,), (), le(2 * f(free), g(free))))
    assert same(
        substitute(le(Total(f(k) * g(free), k), 1), {f: lambda n: 2 * f(n)}),
        le(2 * g(free) * Total(f(k), k), 1),
    )


def test_sizes_of_index_sets_follow_their_sorts():
    """At most |I|, used over other index sets, is at most their size; no size takes a value."""
    claim = le(Total(w(k), k), size("I"))
    assert same(resorted(claim, {"I": "J"}), le(Total(w(k), k), size("J")))
    made = Context()
    made.add("independent", independent(ROWS_A))
    made.add("indicator", Or((eq(on(k), 0), eq(on(k), 1))))
    count = Total(on(k), k)
    for where, bound in (({size("R"): sp.Integer(0)}, 0), ({"R": "I"}, size("R"))):
        with pytest.raises(ProofError):
            cites(COLUMNS, where, using=("independent", "indicator")).check(made, le(count, bound))


def test_a_lemma_is_what_its_steps_derive(monkeypatch):
    hypotheses = {"positive": gt(a, 0)}
    near = lambda generator, place: {"a": fmpq(1, 900) if place == 0 else fmpq(place, 3)}  # noqa: E731
    good = lemma(GOOD, hypotheses=hypotheses, conclusions={"more": gt(a + 1, 1)}, draw=near)
    assert outcome_of(good, monkeypatch).proved
    refused = {
        "another conclusion": lemma(
            GOOD, hypotheses=hypotheses, conclusions={"more": gt(a + 1, 2)}, draw=near
        ),
        "a weaker one": lemma(GOOD, hypotheses=hypotheses, conclusions={"more": ge(a + 1, 1)}, draw=near),
        "no conclusion": lemma(GOOD, hypotheses=hypotheses, conclusions={}, draw=near),
        "no steps": lemma(hypotheses=hypotheses, conclusions={"more": gt(a + 1, 1)}, draw=near),
        "an idle hypothesis": lemma(
            GOOD, hypotheses={**hypotheses, "idle": gt(a, -1)}, conclusions={"more": gt(a + 1, 1)}, draw=near
        ),
        "an idle step": lemma(
            GOOD,
            step("idle", gt(a + 2, 2), algebra("positive")),
            hypotheses=hypotheses,
            conclusions={"more": gt(a + 1, 1)},
            draw=near,
        ),
    }
    for name, made in refused.items():
        assert not outcome_of(made, monkeypatch).proved, name


def test_the_second_witness_refutes_statements():
    def attested(hypotheses: Any, conclusions: Any, **more: Any) -> str:
        return attest(lemma(GOOD, hypotheses=hypotheses, conclusions=conclusions, **more))

    near = lambda generator, place: {"a": fmpq(1, 900) if place == 0 else fmpq(place, 3)}  # noqa: E731
    assert attested({"positive": gt(a, 0)}, {"more": gt(a + 1, 1)}, draw=near)
    with pytest.raises(ProofError, match="excludes"):
        attested({"positive": gt(a, 1)}, {"more": gt(a + 1, 1)}, draw=near)
    with pytest.raises(ProofError, match="is false"):
        attested({"positive": gt(a, 0)}, {"more": gt(a + 1, 2)}, draw=near)
    with pytest.raises(ProofError, match="close"):
        attested({"positive": gt(a, -5)}, {"more": gt(a + 1, 1)}, draw=near)
    with pytest.raises(ProofError, match="given"):
        attested(
            {"positive": gt(a, 0)}, {"more": implies(lt(a, 0), gt(a, 1))}, draw=near, loose={"more": "none"}
        )
    with pytest.raises(ProofError, match="all the same"):
        attested(
            {"positive": gt(a, 0)},
            {"more": gt(a + 1, -9)},
            draw=near,
            loose={"more": "far"},
            needed={"positive": {"a": fmpq(-1)}},
        )


def test_a_false_textbook_fact_is_not_cited():
    false = Statement(
        name="false",
        label="l",
        hypotheses={"positive": gt(u, 0)},
        conclusions={"bound": le(sp.log(u), u - 2)},
        source="A book",
        witness=LOG_BOUND.witness,
    )
    with pytest.raises(ProofError, match="is false"):
        cites(false, {u: a}, using=("positive",)).check(context(), le(sp.log(a), a - 2))


def test_circular_lemmas_are_refused(monkeypatch):
    made = lemma(
        step("itself", gt(a, 0), uses("lemma_1")),
        hypotheses={"positive": gt(a, 0)},
        conclusions={"it": gt(a, 0)},
    )
    runner._proof.cache_clear()
    result = outcome_of(made, monkeypatch)
    runner._proof.cache_clear()
    assert not result.proved
    assert any("circular" in one.account or "not proved" in one.account for one in result.steps)


def test_enclosures_hold_the_value():
    for low, high in ((0, fmpq(1, 4)), (fmpq(1, 5), fmpq(3, 10)), (fmpq(1, 4), 1), (0, 2)):
        box = compiled(phi(a))({"a": interval(low, high)})
        for share in (fmpq(0), fmpq(3, 10), fmpq(1)):
            assert ball(nats(low + share * (high - low))).overlaps(box)
    with pytest.raises(ProofError, match="negative"):
        compiled(phi(a))({"a": arb(-1)})
    assert holds(eq(Total(w(i), i), 1), {"#I": 2, "w": [fmpq(1, 3), fmpq(2, 3)]})
