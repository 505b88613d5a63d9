"""Jensen rows as solver and certificates write them: slopes and heights rounded, any touching interval.

Left of the touching interval any slope serves that is at least the chord's (or the tangent's), right of it
any that is at most theirs: the function stays concave, and below phi on the box.  The touching interval may
reach beyond the box, begin at 0 or end at 1, where no place lies beyond.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .chord import c as middle
from .chord import high as right_end
from .chord import low as left_end
from .column_jensen import HIGH, LOW, ROW, SHARE, G, V, draw_touching, v
from .lemma import Lemma, Rule, Step, Witness, step
from .mappings import MIXTURE, P, e, k, p, q, r, w, x, y
from .phi_order import CLAIM as ORDER
from .tangent import s as at
from .tangent import t as point
from .tools.kernel import over
from .tools.language import And, ForAll, Or, Total, eq, family, ge, gt, implies, le, lt, phi, substitute
from .tools.rules import absurd, algebra, block, by_cases, instance, sign, uses, vanishing, zero_product

__all__ = ["HYPOTHESES", "LEMMA"]

start, end, left, right = family("a b A B")
A0, B0, LEFT, RIGHT = start(x, y), end(x, y), left(x, y), right(x, y)
CELL, VALUE = P(x, y), G(k, x, y)
BEFORE, AFTER = phi(A0) + LEFT * (V - A0), phi(B0) + RIGHT * (V - B0)
STEEP, FLAT = ge(LEFT, -sp.log(A0) - 1), le(RIGHT, -sp.log(B0) - 1)
#: the line above the function at P: its height and slope
LINES = {
    "before": (phi(A0) + LEFT * (CELL - A0), LEFT),
    "on": (phi(CELL), -sp.log(CELL) - 1),
    "after": (phi(B0) + RIGHT * (CELL - B0), RIGHT),
}
LEFT_CHORD = ge((A0 - LOW) * LEFT, phi(A0) - phi(LOW))
RIGHT_CHORD = le((HIGH - B0) * RIGHT, phi(HIGH) - phi(B0))
CHORD = le(
    (right_end - middle) * phi(left_end) + (middle - left_end) * phi(right_end),
    (right_end - left_end) * phi(middle),
)
HYPOTHESES = {
    **{name: formula for name, formula in MIXTURE.items() if name != "one image"},
    "output": gt(r(y), 0),
    "box": And((le(0, LOW), le(LOW, CELL), le(CELL, HIGH))),
    "touching interval": And((le(0, A0), le(A0, B0))),
    "place": eq(q(k, y) * V, r(y) * p(x) * e(k, x, y)),
    "places": And((ge(V, 0), le(V, 1))),
    "left chord": implies(lt(LOW, A0), LEFT_CHORD),
    "left tangent": implies(gt(A0, 0), le(A0, LOW), STEEP),
    "right chord": implies(lt(B0, 1), lt(B0, HIGH), RIGHT_CHORD),
    "right tangent": implies(gt(B0, 0), lt(B0, 1), le(HIGH, B0), FLAT),
    "before": implies(lt(V, A0), le(VALUE, BEFORE)),
    "on": implies(le(A0, V), le(V, B0), le(VALUE, phi(V))),
    "after": implies(lt(B0, V), le(VALUE, AFTER)),
}


def _touch(name: str, one: Any, touching: Any, *using: str) -> Step:
    """The tangent at a point above phi."""
    claim = le(phi(one), -one * sp.log(touching) - one + touching)
    return step(name, claim, uses("tangent", {at: touching, point: one}, using=using))


def _logs(name: str, one: Any, other: Any, *using: str) -> tuple[Step, ...]:
    """Log of the smaller one is at most that of the other."""
    order = substitute(ORDER, {point: one, at: other})
    return (
        step(f"{name} times", order, uses("phi_order", {point: one, at: other}, using=using)),
        step(name, le(sp.log(one), sp.log(other)), algebra(over(f"{name} times", times=1 / one))),
    )


def _support(piece: str) -> Any:
    height, slope = LINES[piece]
    return le(VALUE, height + slope * (V - CELL))


def _places(piece: str, before: Rule, on: Rule, after: Rule) -> Step:
    """The line lies above the function at every place, before, on and after the touching interval."""
    claim = _support(piece)
    return step(
        "line above",
        ForAll((k,), (), claim),
        block(
            step("v before", implies(lt(V, A0), claim), before),
            step(
                "v from start",
                implies(le(A0, V), claim),
                block(
                    step("v on", implies(le(V, B0), claim), on),
                    step("v after", implies(lt(B0, V), claim), after),
                    step("v either", claim, by_cases("v on", "v after")),
                    given="v >= start",
                ),
            ),
            step("v any", claim, by_cases("v before", "v from start")),
        ),
    )


def _at(name: str, piece: str, *steps: Step, using: tuple[Any, ...] = ()) -> Rule:
    """One place: the height there, what is needed, the line above it."""
    value = {"before": BEFORE, "on": phi(V), "after": AFTER}[name]
    known = ("v case", "v >= start") if name == "on" else ("v case",)
    return block(
        step("height", le(VALUE, value), instance(name, {}, using=known)),
        *steps,
        step("above", _support(piece), algebra("height", *using)),
        given="v case",
    )


def _row(piece: str) -> Step:
    """Jensen's inequality from the line: its mean over the mappings is its height at P."""
    height, slope = LINES[piece]
    return step(
        "row",
        ROW,
        algebra(
            over("line above", k, times=SHARE),
            "line below phi",
            over("mean", times=slope / r(y)),
            over("marginal", times=(slope * CELL - height) / r(y)),
        ),
    )


_STEEP = step("steep here", STEEP, instance("steep", {}, using=("start positive",)))
_FLAT = step("flat here", FLAT, instance("flat", {}, using=("end positive", "end below 1")))
_FAR = step("end below 1", lt(B0, 1), algebra("v case", "places"))
_BEFORE = block(
    step("start positive", gt(A0, 0), algebra("p case", "box")),
    step("end positive", gt(B0, 0), algebra("start positive", "touching interval")),
    _STEEP,
    *_logs("logs", A0, B0, "start positive", "touching interval"),
    _places(
        "before",
        _at("before", "before"),
        _at(
            "on",
            "before",
            _touch("tangent", V, A0, "places", "start positive"),
            using=("tangent", over("steep here", times=V - A0)),
        ),
        _at(
            "after",
            "before",
            _FAR,
            _FLAT,
            _touch("tangent", B0, A0, "end positive", "start positive"),
            using=(
                "tangent",
                over("steep here", times=V - A0),
                over("flat here", times=V - B0),
                over("logs", times=V - B0),
            ),
        ),
    ),
    step("box before", lt(LOW, A0), algebra("p case", "box")),
    step(
        "slope of the chord",
        ge((A0 - LOW) * LEFT, phi(A0) - phi(LOW)),
        instance("left chord", {}, using=("box before",)),
    ),
    step(
        "chord",
        substitute(CHORD, {left_end: LOW, middle: CELL, right_end: A0}),
        uses("chord", {left_end: LOW, middle: CELL, right_end: A0}, using=("box", "p case")),
    ),
    step(
        "multiple below phi",
        le((A0 - LOW) * LINES["before"][0], (A0 - LOW) * phi(CELL)),
        algebra("chord", over("slope of the chord", times=A0 - CELL)),
    ),
    step(
        "line below phi",
        le(LINES["before"][0], phi(CELL)),
        algebra(over("multiple below phi", times=1 / (A0 - LOW))),
    ),
    _row("before"),
    given="p case",
)
_ON = block(
    step("end positive", gt(B0, 0), algebra("p on", "p positive")),
    _places(
        "on",
        _at(
            "before",
            "on",
            step("start positive", gt(A0, 0), algebra("v case", "places")),
            _STEEP,
            _touch("tangent", A0, CELL, "start positive", "p positive"),
            *_logs("nearer", A0, CELL, "start positive", "p >= start"),
            using=("tangent", over("steep here", times=A0 - V), over("nearer", times=A0 - V)),
        ),
        _at(
            "on",
            "on",
            _touch("tangent", V, CELL, "places", "p positive"),
            using=("tangent",),
        ),
        _at(
            "after",
            "on",
            _FAR,
            _FLAT,
            _touch("tangent", B0, CELL, "end positive", "p positive"),
            *_logs("nearer", CELL, B0, "p positive", "p on"),
            using=("tangent", over("flat here", times=V - B0), over("nearer", times=V - B0)),
        ),
    ),
    step("line below phi", le(LINES["on"][0], phi(CELL)), algebra()),
    _row("on"),
    given="p positive",
)
#: at P = 0 no line touches phi, but then every mapping that has a share lies at 0
_NOTHING = block(
    step("p zero", eq(CELL, 0), algebra("p none", "box")),
    step("start zero", eq(A0, 0), algebra("p >= start", "p zero", "touching interval")),
    step(
        "zero mean",
        eq(Total(w(k) * q(k, y) * V, k), 0),
        algebra("mean", over("p zero", times=r(y))),
    ),
    step("parts", ge(w(k) * q(k, y) * V, 0), sign()),
    step("each zero", eq(w(k) * q(k, y) * V, 0), vanishing("parts", "zero mean")),
    step(
        "no share or at 0",
        Or((eq(w(k) * q(k, y), 0), eq(V, 0))),
        zero_product("each zero"),
    ),
    step(
        "no value",
        ForAll((k,), (), le(w(k) * q(k, y) * VALUE, 0)),
        block(
            step(
                "no share",
                implies(eq(w(k) * q(k, y), 0), le(w(k) * q(k, y) * VALUE, 0)),
                block(
                    step("times", le(w(k) * q(k, y) * VALUE, 0), algebra(over("idle", times=VALUE))),
                    given="idle",
                ),
            ),
            step(
                "at 0",
                implies(eq(V, 0), le(w(k) * q(k, y) * VALUE, 0)),
                block(
                    step("from start", le(A0, V), algebra("start zero", "there")),
                    step("to end", le(V, B0), algebra("touching interval", "start zero", "there")),
                    step("height", le(VALUE, phi(V)), instance("on", {}, using=("from start", "to end"))),
                    step("phi of 0", eq(phi(V), 0), algebra(put=("there",))),
                    step("value", le(VALUE, 0), algebra("height", "phi of 0")),
                    step("zero", le(w(k) * q(k, y) * VALUE, 0), algebra(over("value", times=w(k) * q(k, y)))),
                    given="there",
                ),
            ),
            step(
                "either",
                le(w(k) * q(k, y) * VALUE, 0),
                by_cases("no share", "at 0", cover="no share or at 0"),
            ),
        ),
    ),
    step("row", ROW, algebra(over("no value", k, times=1 / r(y)), put=("p zero",))),
    given="p none",
)


def _after() -> Rule:
    at_zero = block(
        step("zeros", And((eq(A0, 0), eq(B0, 0))), algebra("touching interval", "ends at 0")),
        _places(
            "after",
            block(
                step("nothing", lt(0, 0), algebra("v case", "zeros", "places")),
                step("anything", _support("after"), absurd("nothing")),
                given="v case",
            ),
            block(
                step("v zero", eq(V, 0), algebra("v case", "zeros", "places")),
                step("height", le(VALUE, phi(V)), instance("on", {}, using=("v case", "v >= start"))),
                step("phi of 0", eq(phi(V), 0), algebra(put=("v zero",))),
                step("above", _support("after"), algebra("height", "phi of 0", put=("v zero", "zeros"))),
                given="v case",
            ),
            _at("after", "after"),
        ),
        _row("after"),
        given="ends at 0",
    )
    beyond = block(
        _FLAT,
        _places(
            "after",
            _at(
                "before",
                "after",
                step("start positive", gt(A0, 0), algebra("v case", "places")),
                _STEEP,
                _touch("tangent", A0, B0, "start positive", "end positive"),
                *_logs("logs", A0, B0, "start positive", "touching interval"),
                step("short of it", ge(B0 - V, 0), algebra("v case", "touching interval")),
                using=(
                    "tangent",
                    over("steep here", times=A0 - V),
                    over("logs", times=A0 - V),
                    over("flat here", times=B0 - V),
                ),
            ),
            _at(
                "on",
                "after",
                _touch("tangent", V, B0, "places", "end positive"),
                step("short of it", ge(B0 - V, 0), algebra("v case")),
                using=("tangent", over("flat here", times=B0 - V)),
            ),
            _at("after", "after"),
        ),
        _row("after"),
        given="end positive",
    )
    return block(
        step("end below 1", lt(B0, 1), algebra("p case", "at most 1")),
        step("box after", lt(B0, HIGH), algebra("p case", "box")),
        step("end not negative", ge(B0, 0), algebra("touching interval")),
        step(
            "slope of the chord",
            le((HIGH - B0) * RIGHT, phi(HIGH) - phi(B0)),
            instance("right chord", {}, using=("end below 1", "box after")),
        ),
        step(
            "chord",
            substitute(CHORD, {left_end: B0, middle: CELL, right_end: HIGH}),
            uses(
                "chord",
                {left_end: B0, middle: CELL, right_end: HIGH},
                using=("box", "p case", "end not negative"),
            ),
        ),
        step(
            "multiple below phi",
            le((HIGH - B0) * LINES["after"][0], (HIGH - B0) * phi(CELL)),
            algebra("chord", over("slope of the chord", times=CELL - B0)),
        ),
        step(
            "line below phi",
            le(LINES["after"][0], phi(CELL)),
            algebra(over("multiple below phi", times=1 / (HIGH - B0))),
        ),
        step("at 0", implies(le(B0, 0), ROW), at_zero),
        step("beyond 0", implies(gt(B0, 0), ROW), beyond),
        step("row after", ROW, by_cases("at 0", "beyond 0")),
        given="p case",
    )


def _steepness(name: str, given: tuple[Any, ...], called: str, claim: Any, sides: tuple[Rule, Rule]) -> Step:
    """The slope beside the touching interval, whether chord or tangent, is no better than the tangent."""
    first, second = (lt(LOW, A0), le(A0, LOW)) if claim == STEEP else (lt(B0, HIGH), le(HIGH, B0))
    return step(
        name,
        implies(*given, claim),
        block(
            step("by the chord", implies(first, claim), sides[0]),
            step("by the tangent", implies(second, claim), sides[1]),
            step("either", claim, by_cases("by the chord", "by the tangent")),
            given=called,
        ),
    )


LEMMA = Lemma(
    name="rounded_jensen",
    label="Jensen rows with rounded slopes",
    idea=(
        "At every point of the box a line lies above the function and, at that point, not above phi; the "
        "places have mean P. At P = 0 every mapping that has a share lies at 0."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        v: "place of mapping k in a column",
        G: "the concave function at the places, or less",
        LOW.func: "lower ends of the box",
        HIGH.func: "upper ends",
        start: "start of the touching interval",
        end: "its end",
        left: "slope before it, rounded up",
        right: "slope after it, rounded down",
    },
    hypotheses=HYPOTHESES,
    conclusions={"row": ROW},
    steps=(
        step(
            "mean",
            eq(Total(w(k) * q(k, y) * V, k), r(y) * CELL),
            algebra(over("place", k, times=w(k)), over("coupling", times=r(y))),
        ),
        step("laws", ge(q(k, y), 0), sign()),
        step("carried", ge(w(k) * q(k, y), 0), sign()),
        step(
            "scaled",
            le(r(y) * CELL, r(y)),
            algebra("mean", over("places", k, times=w(k) * q(k, y)), "marginal"),
        ),
        step("at most 1", le(CELL, 1), algebra(over("scaled", times=1 / r(y)))),
        _steepness(
            "steep",
            (gt(A0, 0),),
            "start positive",
            STEEP,
            (
                block(
                    step("slope", LEFT_CHORD, instance("left chord", {}, using=("apart",))),
                    _touch("tangent", LOW, A0, "box", "start positive"),
                    step(
                        "multiple",
                        ge((A0 - LOW) * LEFT, (A0 - LOW) * (-sp.log(A0) - 1)),
                        algebra("slope", "tangent"),
                    ),
                    step("divided", STEEP, algebra(over("multiple", times=1 / (A0 - LOW)))),
                    given="apart",
                ),
                block(
                    step("slope", STEEP, instance("left tangent", {}, using=("start positive", "inside"))),
                    given="inside",
                ),
            ),
        ),
        _steepness(
            "flat",
            (gt(B0, 0), lt(B0, 1)),
            "end positive; end below 1",
            FLAT,
            (
                block(
                    step("slope", RIGHT_CHORD, instance("right chord", {}, using=("end below 1", "apart"))),
                    _touch("tangent", HIGH, B0, "box", "end positive"),
                    step(
                        "multiple",
                        le((HIGH - B0) * RIGHT, (HIGH - B0) * (-sp.log(B0) - 1)),
                        algebra("slope", "tangent"),
                    ),
                    step("divided", FLAT, algebra(over("multiple", times=1 / (HIGH - B0)))),
                    given="apart",
                ),
                block(
                    step(
                        "slope",
                        FLAT,
                        instance("right tangent", {}, using=("end positive", "end below 1", "inside")),
                    ),
                    given="inside",
                ),
            ),
        ),
        step(
            "row",
            ForAll((x, y), (), ROW),
            block(
                step("p before", implies(lt(CELL, A0), ROW), _BEFORE),
                step(
                    "p from start",
                    implies(le(A0, CELL), ROW),
                    block(
                        step(
                            "p within",
                            implies(le(CELL, B0), ROW),
                            block(
                                step("none", implies(le(CELL, 0), ROW), _NOTHING),
                                step("some", implies(gt(CELL, 0), ROW), _ON),
                                step("row on", ROW, by_cases("none", "some")),
                                given="p on",
                            ),
                        ),
                        step("p beyond", implies(lt(B0, CELL), ROW), _after()),
                        step("row from start", ROW, by_cases("p within", "p beyond")),
                        given="p >= start",
                    ),
                ),
                step("row", ROW, by_cases("p before", "p from start")),
            ),
        ),
    ),
    witness=Witness(draw=draw_touching, count=300),
)
