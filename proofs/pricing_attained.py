"""The pricing recursion attains its value: some mapping costs what D says.

By induction over the outputs, a split that attains D is a mapping of the rest and one more block.
"""

from __future__ import annotations

from typing import Any

from .lemma import Lemma, Rule, Step, Witness, step
from .pricing import (
    A2,
    FIRST,
    FOLLOWS,
    FULL,
    HYPOTHESES,
    LAST,
    A,
    C,
    T,
    U,
    best,
    draw,
    earlier,
    either,
    f,
    member,
    rank,
    split,
    t,
    table,
    upto,
    v,
    x,
    y,
    z,
    z2,
)
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, Total, delta, eq, ge, implies, le, substitute, total
from .tools.rules import (
    algebra,
    block,
    by_cases,
    choose,
    exists,
    follows,
    instance,
    kronecker,
    sign,
    vanishing,
)

__all__ = ["LEMMA"]


def _mapping(images: Any, blocks: Any, letters: Any, outputs: Any, value: Any) -> And:
    """Images of the letters given in the outputs given, their blocks among the sets, and what they cost."""
    return And(
        (
            ForAll((x, v), (), either(images(x, v))),
            ForAll((x,), (), eq(Total(images(x, v), v), letters(x))),
            ForAll((v, C), (), either(blocks(v, C))),
            ForAll((v,), (), eq(Total(blocks(v, C), C), outputs(v))),
            ForAll((v, C), (eq(blocks(v, C), 1),), ForAll((x,), (), eq(member(C, x), images(x, v)))),
            eq(total(blocks(v, C) * table(v, C), v, C), value),
        )
    )


WHOLE = _mapping(f, t, lambda one: 1, lambda one: 1, best(y, T))
ATTAINED = implies(LAST, FULL, Exists((f, t), WHOLE))


def _upper(last: Any, letters: Any, images: Any = f, blocks: Any = t) -> And:
    """A mapping of the letters of a set into the outputs up to one, at the cost D."""
    return And(
        (
            *_mapping(
                images,
                blocks,
                lambda one: member(letters, one),
                lambda one: upto(one, last),
                best(last, letters),
            ).parts,
            ForAll((x, v), (), eq(images(x, v) * (1 - upto(v, last)), 0)),
        )
    )


UPPER = ForAll((T,), (), Exists((f, t), _upper(y, T)))


def _zero_or_one(name: str, term: Any, is_: Any, equation: str, values: str) -> tuple[Step, ...]:
    """A term that equals one of value 0 or 1 has value 0 or 1."""
    sides = tuple(
        step(
            f"{name} {number}",
            implies(eq(is_, number), either(term)),
            block(
                step("value", eq(term, number), algebra(equation, "side")),
                step("one of them", either(term), follows("value")),
                given="side",
            ),
        )
        for number in (0, 1)
    )
    return (*sides, step(name, either(term), by_cases(*(one.name for one in sides), cover=values)))


def _by_output(name: str, claim: Any, variables: tuple[Any, ...], other: Rule, same: Rule) -> Step:
    """A claim for every output, by whether it is y."""
    return step(
        name,
        ForAll(variables, (), claim),
        block(
            step(f"{name}, other output", implies(eq(delta(v, y), 0), claim), other),
            step(f"{name}, this output", implies(eq(delta(v, y), 1), claim), same),
            step(
                f"{name}, any output",
                claim,
                by_cases(f"{name}, other output", f"{name}, this output", cover="same output or not"),
            ),
        ),
    )


_FIRST_IMAGES, _FIRST_BLOCKS = delta(v, y) * member(T, x), delta(v, y) * delta(A, T)
_UPPER_FIRST = block(
    step(
        "upper",
        UPPER,
        block(
            _by_output(
                "images of it",
                either(_FIRST_IMAGES),
                (x, v),
                block(
                    step("zero", eq(_FIRST_IMAGES, 0), algebra(put=("output",))),
                    step("value", either(_FIRST_IMAGES), follows("zero")),
                    given="output",
                ),
                block(
                    step("is member", eq(_FIRST_IMAGES, member(T, x)), algebra(put=("output",))),
                    *_zero_or_one("value", _FIRST_IMAGES, member(T, x), "is member", "members"),
                    given="output",
                ),
            ),
            _by_output(
                "blocks here",
                either(_FIRST_BLOCKS),
                (v, A),
                block(
                    step("zero", eq(_FIRST_BLOCKS, 0), algebra(put=("output",))),
                    step("value", either(_FIRST_BLOCKS), follows("zero")),
                    given="output",
                ),
                block(
                    step("the set or not", either(delta(A, T)), kronecker()),
                    step("is the set", eq(_FIRST_BLOCKS, delta(A, T)), algebra(put=("output",))),
                    *_zero_or_one("value", _FIRST_BLOCKS, delta(A, T), "is the set", "the set or not"),
                    given="output",
                ),
            ),
            step("block sums", eq(Total(_FIRST_BLOCKS, A), upto(v, y)), algebra(over("first", at={z2: v}))),
            step(
                "letters of blocks",
                ForAll((v, A), (eq(_FIRST_BLOCKS, 1),), ForAll((x,), (), eq(member(A, x), _FIRST_IMAGES))),
                block(
                    step(
                        "of the block",
                        eq(member(A, x), _FIRST_IMAGES),
                        algebra(
                            over("chosen block", times=member(A, x)),
                            over("chosen block", times=member(T, x) * delta(v, y)),
                        ),
                    ),
                    given="chosen block",
                ),
            ),
            step("cost", eq(total(_FIRST_BLOCKS * table(v, A), v, A), best(y, T)), algebra("first")),
            step(
                "outside",
                eq(_FIRST_IMAGES * (1 - upto(v, y)), 0),
                algebra(over("first", at={z2: v}, times=_FIRST_IMAGES)),
            ),
            step(
                "exists",
                Exists((f, t), _upper(y, T)),
                exists(
                    {
                        f: lambda one, out: delta(out, y) * member(T, one),
                        t: lambda out, part: delta(out, y) * delta(part, T),
                    },
                    "images of it",
                    "blocks here",
                    "block sums",
                    "letters of blocks",
                    "cost",
                    "outside",
                ),
            ),
        ),
    ),
    given="first",
)
_NEW_IMAGES = f(x, v) + delta(v, y) * member(A, x)
_NEW_BLOCKS = t(v, A2) + delta(v, y) * delta(A2, A)
_GROWN = (
    step("old outside", eq(f(x, v) * (1 - upto(v, z)), 0), follows("old")),
    step("old images", either(f(x, v)), follows("old")),
    step("old sums", eq(Total(f(x, v), v), member(U, x)), follows("old")),
    step("old blocks", either(t(v, A2)), follows("old")),
    step("old block sums", eq(Total(t(v, A2), A2), upto(v, z)), follows("old")),
    step(
        "old letters",
        ForAll((v, C), (eq(t(v, C), 1),), ForAll((x,), (), eq(member(C, x), f(x, v)))),
        follows("old"),
    ),
    step("old cost", eq(total(t(v, A2) * table(v, A2), v, A2), best(z, U)), follows("old")),
    step("own place", eq(upto(y, y), upto(y, z) + 1), algebra(over("stage", at={z2: y}))),
    step("not before", ge(upto(y, z), 0), sign()),
    step("not yet", eq(upto(y, z), 0), algebra("own place", "at most one", "not before")),
    step(
        "no image yet",
        eq(f(x, y), 0),
        algebra(over("old outside", at={v: y}), over("not yet", times=f(x, y))),
    ),
    step("block indicators", ge(t(y, A2), 0), sign()),
    step("no sum yet", eq(Total(t(y, A2), A2), 0), algebra(over("old block sums", at={v: y}), "not yet")),
    step("no block yet", eq(t(y, A2), 0), vanishing("block indicators", "no sum yet")),
    _by_output(
        "images of it",
        either(_NEW_IMAGES),
        (x, v),
        block(
            step("as before", eq(_NEW_IMAGES, f(x, v)), algebra(put=("output",))),
            *_zero_or_one("value", _NEW_IMAGES, f(x, v), "as before", "old images"),
            given="output",
        ),
        block(
            step(
                "new",
                eq(_NEW_IMAGES, member(A, x)),
                algebra(
                    over("output", times=f(x, v)),
                    over("output", times=member(A, x)),
                    over("no image yet", times=delta(v, y)),
                ),
            ),
            step("in the part", either(member(A, x)), follows("members")),
            *_zero_or_one("value", _NEW_IMAGES, member(A, x), "new", "in the part"),
            given="output",
        ),
    ),
    step("sums", eq(Total(_NEW_IMAGES, v), member(T, x)), algebra("old sums", "split")),
    _by_output(
        "blocks here",
        either(_NEW_BLOCKS),
        (v, A2),
        block(
            step("as before", eq(_NEW_BLOCKS, t(v, A2)), algebra(put=("output",))),
            *_zero_or_one("value", _NEW_BLOCKS, t(v, A2), "as before", "old blocks"),
            given="output",
        ),
        block(
            step(
                "new",
                eq(_NEW_BLOCKS, delta(A2, A)),
                algebra(
                    over("output", times=t(v, A2)),
                    over("output", times=delta(A2, A)),
                    over("no block yet", times=delta(v, y)),
                ),
            ),
            *_zero_or_one("value", _NEW_BLOCKS, delta(A2, A), "new", "same set or not"),
            given="output",
        ),
    ),
    step(
        "block sums",
        eq(Total(_NEW_BLOCKS, A2), upto(v, y)),
        algebra("old block sums", over("stage", at={z2: v})),
    ),
    step(
        "letters of blocks",
        ForAll((v, A2), (eq(_NEW_BLOCKS, 1),), ForAll((x,), (), eq(member(A2, x), _NEW_IMAGES))),
        block(
            step(
                "as before",
                implies(eq(delta(v, y), 0), ForAll((x,), (), eq(member(A2, x), _NEW_IMAGES))),
                block(
                    step(
                        "block before",
                        eq(t(v, A2), 1),
                        algebra("chosen block", over("output", times=delta(A2, A))),
                    ),
                    step(
                        "of it",
                        ForAll((x,), (), eq(member(A2, x), f(x, v))),
                        instance("old letters", {v: v, C: A2}, using=("block before",)),
                    ),
                    step("of the block", eq(member(A2, x), _NEW_IMAGES), algebra("of it", put=("output",))),
                    given="output",
                ),
            ),
            step(
                "new",
                implies(eq(delta(v, y), 1), ForAll((x,), (), eq(member(A2, x), _NEW_IMAGES))),
                block(
                    step(
                        "same set",
                        eq(delta(A2, A), 1),
                        algebra(
                            "chosen block",
                            over("output", times=t(v, A2)),
                            over("output", times=delta(A2, A)),
                            over("no block yet", times=delta(v, y)),
                        ),
                    ),
                    step(
                        "same letters",
                        eq(member(A2, x), member(A, x)),
                        algebra(over("same set", times=member(A2, x) - member(A, x))),
                    ),
                    step(
                        "of the block",
                        eq(member(A2, x), _NEW_IMAGES),
                        algebra(
                            "same letters",
                            over("output", times=f(x, v)),
                            over("output", times=member(A, x)),
                            over("no image yet", times=delta(v, y)),
                        ),
                    ),
                    given="output",
                ),
            ),
            step(
                "either",
                ForAll((x,), (), eq(member(A2, x), _NEW_IMAGES)),
                by_cases("as before", "new", cover="same output or not"),
            ),
            given="chosen block",
        ),
    ),
    step("cost", eq(total(_NEW_BLOCKS * table(v, A2), v, A2), best(y, T)), algebra("old cost", "split")),
    step(
        "outside",
        eq(_NEW_IMAGES * (1 - upto(v, y)), 0),
        algebra(
            "old outside",
            over("stage", at={z2: v}, times=_NEW_IMAGES),
            over("no image yet", times=delta(v, y)),
            over("not yet", times=delta(v, y) * member(A, x)),
        ),
    ),
    step(
        "exists",
        Exists((f, t), _upper(y, T)),
        exists(
            {
                f: lambda one, out: f(one, out) + delta(out, y) * member(A, one),
                t: lambda out, part: t(out, part) + delta(out, y) * delta(part, A),
            },
            "images of it",
            "sums",
            "blocks here",
            "block sums",
            "letters of blocks",
            "cost",
            "outside",
        ),
    ),
)
_UPPER_LATER = block(
    step(
        "upper",
        UPPER,
        block(
            step(
                "exists",
                Exists((f, t), _upper(y, T)),
                choose(
                    "follows",
                    step(
                        "some split",
                        Exists((U, A), And((split(T, U, A), eq(best(y, T), best(z, U) + table(y, A))))),
                        follows("stage"),
                    ),
                    step(
                        "upper before",
                        substitute(UPPER, {y: z}),
                        instance("before", {earlier: z}, using=("stage",)),
                    ),
                    step(
                        "of the split",
                        Exists((f, t), _upper(y, T)),
                        choose(
                            "some split",
                            step("old mapping", Exists((f, t), _upper(z, U)), follows("upper before")),
                            step(
                                "grown",
                                Exists((f, t), _upper(y, T)),
                                choose("old mapping", *_GROWN, called="old"),
                            ),
                            called="split",
                        ),
                    ),
                    called="stage",
                ),
            ),
        ),
    ),
    given="follows",
)


LEMMA = Lemma(
    name="pricing_attained",
    label="The pricing recursion attains its value",
    idea=(
        "A split that attains D is a mapping of the rest into the outputs before, and one more block. By "
        "induction over the outputs there is a mapping of the whole alphabet."
    ),
    meaning={
        member: "[letter x is in set T]",
        table: "cost of a set as the block of an output",
        best: "the recursion",
        rank: "position of an output",
        upto: "[output z comes no later than y]",
        f: "[x goes to y] of the mapping",
        t: "[A is its block of y]",
    },
    hypotheses={name: HYPOTHESES[name] for name in ("members", "order", "stages")},
    conclusions={"a mapping attains it": ATTAINED},
    steps=(
        step("same output or not", Or((eq(delta(v, y), 0), eq(delta(v, y), 1))), kronecker()),
        step("same set or not", Or((eq(delta(A2, A), 0), eq(delta(A2, A), 1))), kronecker()),
        step(
            "at most one",
            ForAll((z, y), (), le(upto(z, y), 1)),
            block(
                step(
                    "later",
                    implies(eq(upto(z, y), 0), le(upto(z, y), 1)),
                    block(step("zero", le(upto(z, y), 1), algebra("given 1"))),
                ),
                step(
                    "not later",
                    implies(eq(upto(z, y), 1), le(upto(z, y), 1)),
                    block(step("one", le(upto(z, y), 1), algebra("given 1"))),
                ),
                step("any", le(upto(z, y), 1), by_cases("later", "not later", cover="order")),
            ),
        ),
        step(
            "upper bound",
            ForAll((y,), (), UPPER),
            induction(
                rank(y),
                earlier,
                step("at the first", implies(FIRST, UPPER), _UPPER_FIRST),
                step("later", implies(FOLLOWS, UPPER), _UPPER_LATER),
                step("upper at y", UPPER, by_cases("at the first", "later", cover="stages")),
            ),
        ),
        step(
            "attained",
            ATTAINED,
            block(
                step("some", Exists((f, t), _upper(y, T)), follows("upper bound")),
                step(
                    "whole",
                    Exists((f, t), WHOLE),
                    choose(
                        "some",
                        step("sums", eq(Total(f(x, v), v), 1), algebra("there", "full")),
                        step("block sums", eq(Total(t(v, A), A), 1), algebra("there", "last")),
                        step(
                            "whole",
                            Exists((f, t), WHOLE),
                            exists(
                                {f: lambda one, out: f(one, out), t: lambda out, part: t(out, part)},
                                "there",
                                "sums",
                                "block sums",
                            ),
                        ),
                        called="there",
                    ),
                ),
                given="last; full",
            ),
        ),
    ),
    witness=Witness(draw=draw, count=60),
)
