"""V(R) at low rates: no mixture is better than the best one of the constants and a single other mapping.

A vertex is the constants and at most one other mapping (`low_rate_support`); its coupling is that of
`low_rate_mixture` at a part of the share R/H, where information is at most that part of what the whole share
gives.  That coupling is feasible, and a maximum is attained at a vertex (`vertex_maximum`).
"""

from __future__ import annotations

import sympy as sp

from .constants import GIVEN
from .lemma import Lemma, Witness, step
from .low_rate import PRICE, least
from .low_rate_mixture import H as one_entropy
from .low_rate_mixture import Q as whole
from .low_rate_mixture import R as one_rate
from .low_rate_mixture import f as one_image
from .low_rate_mixture import label as no_label
from .low_rate_mixture import part, price, rho, share, spent, told
from .low_rate_mixture import q as one_law
from .low_rate_support import FREE, HYPOTHESES, LETTERS, LOOSE, OTHERS, R, con, cst, draw, either
from .mappings import P, e, k, k2, p, q, r, w, x, y
from .phi_order import CLAIM as ORDER
from .support import limit
from .tangent import s as above
from .tangent import t as point
from .textbook import A, on
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    gt,
    implies,
    le,
    lt,
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import (
    absurd,
    algebra,
    block,
    by_cases,
    contradiction,
    follows,
    instance,
    kronecker,
    part_of_sum,
    sign,
    uses,
    vanishing,
    zero_product,
)

__all__ = ["LEMMA"]

Q, cost = family("Q h")
V = real("V")
H, H_ONE = Total(phi(q(k, y)), y), Total(phi(q(k2, y)), y)
SPREAD = Total(phi(p(x)), x) + Total(phi(r(y)), y)
VALUE = SPREAD - total(phi(P(x, y)), x, y)
WHOLE = SPREAD - total(phi(Q(k, x, y)), x, y)
ONE = implies(
    eq(cst(k), 0), eq(cost(k) * (Q(k, x, y) - p(x) * r(y)), R * (p(x) * e(k, x, y) - p(x) * q(k, y)))
)
TIMES = le(w(k2) * (1 - cst(k2)) * (VALUE - V), 0)
MOVE = p(x) * e(k2, x, y) - p(x) * q(k2, y)
OFF = w(k) * (1 - cst(k))

_ENTROPIES = (
    step(
        "law sums",
        eq(Total(q(k, y), y), 1),
        algebra(over("law of the image", y), over("one image", x, times=p(x)), "source"),
    ),
    step("law in its sum", le(q(k, y), Total(q(k, y), y)), part_of_sum("laws")),
    step("at most 1", le(q(k, y), 1), algebra("law in its sum", "law sums")),
    step(
        "terms",
        substitute(ORDER, {point: q(k, y), above: 1}),
        uses("phi_order", {point: q(k, y), above: 1}, using=("laws", "at most 1")),
    ),
    step("entropies", ge(w(k) * H, 0), algebra(over("terms", y, times=w(k)))),
    step("one in the rate", le(w(k) * H, Total(w(k) * H, k)), part_of_sum("entropies")),
    step(
        "weight is used",
        ForAll((k,), (), eq(w(k) * (1 - on(k)), 0)),
        block(
            step(
                "idle",
                implies(le(w(k), 0), eq(w(k) * (1 - on(k)), 0)),
                block(
                    step("none", eq(w(k), 0), algebra("has none", "weights")),
                    step("nothing", eq(w(k) * (1 - on(k)), 0), algebra(put=("none",))),
                    given="has none",
                ),
            ),
            step(
                "busy",
                implies(gt(w(k), 0), eq(w(k) * (1 - on(k)), 0)),
                block(
                    step("is used", eq(on(k), 1), instance("used", {}, using=("has some",))),
                    step("one", eq(w(k) * (1 - on(k)), 0), algebra(put=("is used",))),
                    given="has some",
                ),
            ),
            step("any", eq(w(k) * (1 - on(k)), 0), by_cases("idle", "busy")),
        ),
    ),
)
_PRICED = ForAll(
    (y,),
    (ForAll((k,), (), implies(eq(q(k, y), 1), eq(delta(k, k2), 0))),),
    le(PRICE * q(k2, y), H_ONE),
)
_MAIN = (
    step("is on", eq(on(k2), 1), instance("used", {k: k2}, using=("weighs",))),
    step(
        "no other is on",
        le(Total(on(k) * (1 - cst(k)) * (1 - delta(k, k2)), k), 0),
        algebra("at most one other", "is on", "not constant", over("is on", times=cst(k2))),
    ),
    step(
        "none is on",
        eq(Total(on(k) * (1 - cst(k)) * (1 - delta(k, k2)), k), 0),
        algebra("no other is on", over("others not negative", k)),
    ),
    step(
        "off",
        eq(on(k) * (1 - cst(k)) * (1 - delta(k, k2)), 0),
        vanishing("others not negative", "none is on"),
    ),
    step(
        "others weigh nothing",
        eq(w(k) * (1 - cst(k)) * (1 - delta(k, k2)), 0),
        algebra(over("off", times=w(k)), over("weight is used", times=(1 - cst(k)) * (1 - delta(k, k2)))),
    ),
    step(
        "output",
        eq(r(y), FREE + w(k2) * q(k2, y)),
        algebra(
            "marginal",
            over("laws of constants", k, times=w(k)),
            over("others weigh nothing", k, times=q(k, y)),
            over("not constant", times=w(k2) * q(k2, y)),
        ),
    ),
    step(
        "as one",
        eq(P(x, y), p(x) * r(y) + w(k2) * MOVE),
        algebra(
            "coupling",
            over("images of constants", k, times=w(k) * p(x)),
            over("others weigh nothing", k, times=p(x) * e(k, x, y)),
            over("not constant", times=w(k2) * p(x) * e(k2, x, y)),
            over("output", times=p(x)),
        ),
    ),
)
_SAME = (
    step("constant too", eq(con(k, y), 1), instance("certain", {}, using=("all",))),
    step(
        "this one",
        eq(con(k2, y), 1),
        algebra("constant too", over("same one is 1", times=con(k, y) - con(k2, y))),
    ),
    step("nothing", lt(0, 0), algebra("this one", "no constant")),
    step("anything", le(delta(k, k2), 0), absurd("nothing")),
)
PART = w(k2) * cost(k2) / R
_GAIN = (
    step("constants of it", ge(con(k2, y), 0), sign()),
    step("none of them", eq(Total(con(k2, y), y), 0), algebra(over("constant", at={k: k2}), "not constant")),
    step("no constant", eq(con(k2, y), 0), vanishing("constants of it", "none of them")),
    step(
        "no certain letter",
        ForAll((y,), (), ForAll((k,), (), implies(eq(q(k, y), 1), eq(delta(k, k2), 0)))),
        block(
            step(
                "each",
                ForAll((k,), (), implies(eq(q(k, y), 1), eq(delta(k, k2), 0))),
                block(
                    step(
                        "if all",
                        implies(eq(q(k, y), 1), eq(delta(k, k2), 0)),
                        block(
                            *either(
                                "same one",
                                le(delta(k, k2), 0),
                                delta(k, k2),
                                "same mapping or not",
                                (step("other", le(delta(k, k2), 0), algebra("same one is 0")),),
                                _SAME,
                            ),
                            step("other one", eq(delta(k, k2), 0), algebra("same one, either", "picks")),
                            given="all",
                        ),
                    ),
                ),
            ),
        ),
    ),
    step(
        "price rule",
        _PRICED,
        uses(
            "low_rate",
            {w: lambda one: delta(one, k2), r: lambda one: q(k2, one)},
            using=("source", "least mass", "picks", "indicator", "one image", "law of the image"),
        ),
    ),
    step(
        "price",
        ForAll((y,), (), le(PRICE * q(k2, y), cost(k2))),
        block(
            step(
                "none certain",
                ForAll((k,), (), implies(eq(q(k, y), 1), eq(delta(k, k2), 0))),
                follows("no certain letter"),
            ),
            step(
                "by entropy",
                le(PRICE * q(k2, y), H_ONE),
                instance("price rule", {y: y}, using=("none certain",)),
            ),
            step("of y", le(PRICE * q(k2, y), cost(k2)), algebra("by entropy", over("entropy", at={k: k2}))),
        ),
    ),
    step("dear", gt(PRICE * r(y), 0), algebra("low rate")),
    step("price positive", gt(PRICE, 0), algebra(over("dear", times=1 / r(y)))),
    step(
        "costs",
        gt(cost(k2), 0),
        contradiction(
            step(
                "sums",
                le(PRICE, LETTERS * cost(k2)),
                algebra(over("price", y), over("law sums", at={k: k2}, times=PRICE)),
            ),
            step("free", le(LETTERS * cost(k2), 0), algebra(over("opposite", y))),
            step("nothing", lt(0, 0), algebra("sums", "free", "price positive")),
        ),
    ),
    step(
        "its rate",
        le(w(k2) * cost(k2), R),
        algebra(over("one in the rate", at={k: k2}), "rate", over("entropy", at={k: k2}, times=w(k2))),
    ),
    step("spends", gt(w(k2) * cost(k2), 0), algebra(over("costs", times=w(k2)))),
    step("some rate", gt(R, 0), algebra("its rate", "spends")),
    step(
        "part",
        And((ge(PART, 0), le(PART, 1))),
        algebra(over("its rate", times=1 / R), over("spends", times=1 / R)),
    ),
    step(
        "of one",
        eq(cost(k2) * (Q(k2, x, y) - p(x) * r(y)), R * MOVE),
        instance("the whole share", {k: k2}, using=("not constant",)),
    ),
    step(
        "whole share",
        eq(Q(k2, x, y), p(x) * r(y) + R / cost(k2) * MOVE),
        algebra(over("of one", times=1 / cost(k2))),
    ),
    step("part of it", eq(P(x, y), p(x) * r(y) + PART * (R / cost(k2)) * MOVE), algebra("as one")),
    step(
        "output sums",
        eq(Total(r(y), y), 1),
        algebra(over("marginal", y), over("law sums", k, times=w(k)), "weights"),
    ),
    step(
        "gain",
        le(VALUE, PART * (SPREAD - total(phi(Q(k2, x, y)), x, y))),
        uses(
            "low_rate_mixture",
            {
                one_image: lambda one, two: e(k2, one, two),
                one_law: lambda one: q(k2, one),
                one_entropy: cost(k2),
                one_rate: R,
                share: R / cost(k2),
                part: PART,
                price: PRICE,
                whole: lambda one, two: Q(k2, one, two),
                told: lambda one: sp.Integer(0),
                spent: lambda one: sp.Integer(0),
                rho: sp.Integer(0),
                no_label: sp.Integer(0),
            },
            using=(
                "source",
                "output positive",
                "output sums",
                "indicator",
                "one image",
                "law of the image",
                "costs",
                "price positive",
                "price",
                "low rate",
                "part",
                "whole share",
                "part of it",
                "weights",
            ),
        ),
    ),
    step(
        "best",
        le(SPREAD - total(phi(Q(k2, x, y)), x, y), V),
        instance("nothing better", {k: k2}, using=("not constant",)),
    ),
    step("value", le(VALUE, V), algebra("gain", over("best", times=PART), over("part", times=V))),
    step("times", TIMES, algebra(over("value", times=w(k2) * (1 - cst(k2))))),
)

LEMMA = Lemma(
    name="low_rate_value",
    label="V(R) at low rates",
    idea=(
        "A vertex is the constants and at most one other mapping, at a part of the share R/H: information "
        "is at most that part of the whole share's. Without another mapping X and Y are independent."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings, a vertex",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        Q: "coupling of the constants and mapping k at the share R/H",
        cost: "entropy of f_k(X)",
        con: "[f_k is constant y]",
        cst: "[f_k is constant]",
        least: "least mass of X",
        R: "rate limit",
        V: "at least the information of each of those",
        A: "rows that hold with equality: the marginals and the rate",
        limit: "limits of the other rows",
        on: "[w > 0]",
    },
    hypotheses={
        **{("output positive" if name == "output" else name): one for name, one in HYPOTHESES.items()},
        "coupling": eq(P(x, y), total(w(k) * p(x) * e(k, x, y), k)),
        "entropy": eq(cost(k), H),
        "couplings of one": ge(Q(k, x, y), 0),
        "the whole share": ONE,
        "nothing better": implies(eq(cst(k), 0), le(WHOLE, V)),
        "V not negative": ge(V, 0),
    },
    conclusions={"V(R)": le(VALUE, V)},
    steps=(
        step(
            "at most one other",
            le(OTHERS, 1),
            uses(
                "low_rate_support",
                using=tuple(name for name in HYPOTHESES if name not in ("output", "each constant")),
            ),
        ),
        step("images of constants", eq(e(k, x, y) * cst(k), con(k, y)), uses("constants", using=GIVEN)),
        step("laws of constants", eq(q(k, y) * cst(k), con(k, y)), uses("constants", using=GIVEN)),
        step("constant squares", eq(cst(k) * (1 - cst(k)), 0), uses("constants", using=GIVEN)),
        step("at most constant", le(cst(k), 1), uses("constants", using=GIVEN)),
        step("laws", ge(q(k, y), 0), sign()),
        *_ENTROPIES,
        step("same mapping or not", Or((eq(delta(k, k2), 0), eq(delta(k, k2), 1))), kronecker()),
        step("picks", ge(delta(k, k2), 0), sign()),
        step(
            "at most the same",
            ForAll((k, k2), (), le(delta(k, k2), 1)),
            block(
                *either(
                    "same",
                    le(delta(k, k2), 1),
                    delta(k, k2),
                    "same mapping or not",
                    (step("zero", le(delta(k, k2), 1), algebra("same is 0")),),
                    (step("one", le(delta(k, k2), 1), algebra("same is 1")),),
                )
            ),
        ),
        step("others not negative", ge(on(k) * (1 - cst(k)) * (1 - delta(k, k2)), 0), sign()),
        step("cells", ge(P(x, y), 0), sign()),
        step(
            "each",
            ForAll((k2,), (), TIMES),
            block(
                step(
                    "its square",
                    eq(cst(k2) * (1 - cst(k2)), 0),
                    algebra(over("constant squares", at={k: k2})),
                ),
                step(
                    "constant or not",
                    Or((eq(cst(k2), 0), eq(1 - cst(k2), 0))),
                    zero_product("its square"),
                ),
                step(
                    "is constant",
                    implies(eq(1 - cst(k2), 0), TIMES),
                    block(
                        step("nothing", TIMES, algebra(over("constant here", times=w(k2) * (VALUE - V)))),
                        given="constant here",
                    ),
                ),
                step(
                    "is not",
                    implies(eq(cst(k2), 0), TIMES),
                    block(
                        step(
                            "idle",
                            implies(le(w(k2), 0), TIMES),
                            block(
                                step("none", eq(w(k2), 0), algebra("weighs nothing", "weights")),
                                step(
                                    "nothing", TIMES, algebra(over("none", times=(1 - cst(k2)) * (VALUE - V)))
                                ),
                                given="weighs nothing",
                            ),
                        ),
                        step("busy", implies(gt(w(k2), 0), TIMES), block(*_MAIN, *_GAIN, given="weighs")),
                        step("either weight", TIMES, by_cases("idle", "busy")),
                        given="not constant",
                    ),
                ),
                step("either", TIMES, by_cases("is constant", "is not", cover="constant or not")),
            ),
        ),
        step("off", ge(OFF, 0), sign()),
        step(
            "some other",
            implies(gt(Total(OFF, k), 0), le(VALUE, V)),
            block(
                step("sum", le(Total(OFF, k) * (VALUE - V), 0), algebra(over("each", k, at={k2: k}))),
                step(
                    "value",
                    le(VALUE, V),
                    contradiction(
                        step("nothing", lt(0, 0), algebra("sum", over("opposite", times=Total(OFF, k))))
                    ),
                ),
                given="there",
            ),
        ),
        step(
            "no other",
            implies(le(Total(OFF, k), 0), le(VALUE, V)),
            block(
                step("zero", eq(Total(OFF, k), 0), algebra("none there", over("off", k))),
                step("none", eq(OFF, 0), vanishing("off", "zero")),
                step(
                    "output",
                    eq(r(y), FREE),
                    algebra(
                        "marginal", over("laws of constants", k, times=w(k)), over("none", k, times=q(k, y))
                    ),
                ),
                step(
                    "independent",
                    eq(P(x, y), p(x) * r(y)),
                    algebra(
                        "coupling",
                        over("images of constants", k, times=w(k) * p(x)),
                        over("none", k, times=p(x) * e(k, x, y)),
                        over("output", times=p(x)),
                    ),
                ),
                step(
                    "output sums",
                    eq(Total(r(y), y), 1),
                    algebra(over("marginal", y), over("law sums", k, times=w(k)), "weights"),
                ),
                step(
                    "nothing told",
                    eq(VALUE, 0),
                    algebra(
                        over("output sums", x, times=phi(p(x))),
                        over("source", y, times=phi(r(y))),
                        put=("independent",),
                    ),
                ),
                step("value", le(VALUE, V), algebra("nothing told", "V not negative")),
                given="none there",
            ),
        ),
        step("value", le(VALUE, V), by_cases("some other", "no other")),
    ),
    witness=Witness(draw=draw, count=300, loose=LOOSE),
)
