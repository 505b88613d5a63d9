"""The pricing recursion: the least cost over all m^n mappings, by dynamic programming over sets of letters.

D_y(T) is G_y(T) at the first output and the least of D_z(U) + G_y(A) over the splits T = U + A at an output y
that follows z; at the last output and the whole alphabet it is the least of sum_y G_y(f^{-1}(y)).
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Step, Witness, step
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import (
    And,
    Exists,
    ForAll,
    Formula,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    implies,
    index,
    le,
    lt,
    substitute,
    total,
)
from .tools.rules import (
    algebra,
    block,
    by_cases,
    choose,
    follows,
    instance,
    sign,
)

__all__ = ["LEMMA"]

x = index("x", "X")
y, z, z2, v, earlier = index("y z z2 v h", "Y")
T, U, A, A2, T2, U2, C = index("T U A A2 T2 U2 C", "S")
member, table, best, rank, upto = family("m G D o B")
e, s, f, t, some = family("e s f t j")


def either(term: Any) -> Or:
    return Or((eq(term, 0), eq(term, 1)))


def split(whole: Any, rest: Any, part: Any) -> ForAll:
    return ForAll((x,), (), eq(member(whole, x), member(rest, x) + member(part, x)))


SPLITS = ForAll((T2, U2, A2), (split(T2, U2, A2),), le(best(y, T2), best(z, U2) + table(y, A2)))
FIRST = And(
    (ForAll((z2,), (), eq(upto(z2, y), delta(z2, y))), ForAll((T2,), (), eq(best(y, T2), table(y, T2))))
)
FOLLOWS = Exists(
    (z,),
    And(
        (
            lt(rank(z), rank(y)),
            ForAll((z2,), (), eq(upto(z2, y), upto(z2, z) + delta(z2, y))),
            SPLITS,
            ForAll(
                (T2,),
                (),
                Exists((U2, A2), And((split(T2, U2, A2), eq(best(y, T2), best(z, U2) + table(y, A2))))),
            ),
        )
    ),
)
SETS = ForAll(
    (some,),
    (ForAll((x,), (), either(some(x))),),
    Exists((T,), ForAll((x,), (), eq(member(T, x), some(x)))),
)
LAST, FULL = ForAll((v,), (), eq(upto(v, y), 1)), ForAll((x,), (), eq(member(T, x), 1))


COST = total(s(v, A) * table(v, A), v, A)
LEAST = implies(LAST, FULL, le(best(y, T), COST))
#: what the inductions carry: letters sent to an output up to y, blocks up to y
SENT = Total(upto(v, y) * e(x, v), v)
SO_FAR = Total(upto(v, y) * Total(s(v, A) * table(v, A), A), v)
LOWER = ForAll((T,), (ForAll((x,), (), eq(member(T, x), SENT)),), le(best(y, T), SO_FAR))


HYPOTHESES: dict[str, Formula] = {
    "members": either(member(T, x)),
    "one index a set": implies(
        ForAll((x,), (), eq(member(T, x), member(A, x))), eq(table(y, T), table(y, A))
    ),
    "sets": SETS,
    "order": either(upto(z, y)),
    "stages": Or((FIRST, FOLLOWS)),
    "images": either(e(x, y)),
    "one image": eq(Total(e(x, y), y), 1),
    "block or not": either(s(y, A)),
    "one block": eq(Total(s(y, A), A), 1),
    "blocks": implies(eq(s(y, A), 1), ForAll((x,), (), eq(member(A, x), e(x, y)))),
}


def draw(generator: random.Random, place: int) -> dict[str, Any]:
    """All sets of up to three letters, up to three outputs in any order, tables; the mapping of least cost
    among all.
    """
    n, m = (
        (2, 3)
        if place % 3 == 1
        else (1, 2)
        if place % 3
        else (generator.randint(1, 3), generator.randint(1, 2))
    )
    sets = 2**n
    inside = [[one >> a & 1 for a in range(n)] for one in range(sets)]
    costs = [[fmpq(generator.randint(-5, 5), 3) for _ in range(sets)] for _ in range(m)]
    order = list(range(m))
    generator.shuffle(order)
    ranks = [order.index(b) for b in range(m)]
    values: list[list[Any]] = [[]] * m
    for position, out in enumerate(order):
        if position == 0:
            values[out] = costs[out]
            continue
        last = values[order[position - 1]]
        values[out] = [
            min(last[whole ^ part] + costs[out][part] for part in range(sets) if part & whole == part)
            for whole in range(sets)
        ]

    def blocks(image: tuple[int, ...]) -> list[int]:
        return [sum(1 << a for a in range(n) if image[a] == b) for b in range(m)]

    def cost(image: tuple[int, ...]) -> Any:
        return sum(costs[b][one] for b, one in enumerate(blocks(image)))

    def tables(image: tuple[int, ...]) -> tuple[Any, Any]:
        return [[int(image[a] == b) for b in range(m)] for a in range(n)], [
            [int(one == blocks(image)[b]) for one in range(sets)] for b in range(m)
        ]

    images = list(itertools.product(range(m), repeat=n))
    least = min(images, key=cost)
    any_images, any_blocks = tables(least if place % 4 == 0 else generator.choice(images))
    best_images, best_blocks = tables(least)
    return {
        "#X": n,
        "#Y": m,
        "#S": sets,
        "m": inside,
        "G": costs,
        "D": values,
        "o": ranks,
        "B": [[int(ranks[one] <= ranks[two]) for two in range(m)] for one in range(m)],
        "e": any_images,
        "s": any_blocks,
        "f": best_images,
        "t": best_blocks,
        "j": generator.choice(inside),
    }


def _each_block(claim: Any, *proof: Step) -> tuple[Step, ...]:
    """A claim times [A is the block of y], for every set A: nothing where it is not."""
    times = le(s(y, A) * claim.left, s(y, A) * claim.right)
    return (
        step(
            "each block",
            ForAll((A,), (), times),
            block(
                step(
                    "not the block",
                    implies(eq(s(y, A), 0), times),
                    block(step("nothing", times, algebra(put=("off",))), given="off"),
                ),
                step(
                    "the block",
                    implies(eq(s(y, A), 1), times),
                    block(
                        step(
                            "letters",
                            ForAll((x,), (), eq(member(A, x), e(x, y))),
                            instance("blocks", {}, using=("hit",)),
                        ),
                        *proof,
                        step("times 1", times, algebra("claim", put=("hit",))),
                        given="hit",
                    ),
                ),
                step("either block", times, by_cases("not the block", "the block", cover="block or not")),
            ),
        ),
    )


SENT_BEFORE = Total(upto(v, z) * e(x, v), v)
COST_AT = Total(s(v, A) * table(v, A), A)
COST_BEFORE = Total(upto(v, z) * COST_AT, v)
OWN = Total(s(y, A) * table(y, A), A)

_LOWER_FIRST = block(
    step(
        "lower",
        LOWER,
        block(
            step("sent", eq(SENT, e(x, y)), algebra(over("first", z2, times=e(x, z2)))),
            *_each_block(
                le(best(y, T), table(y, A)),
                step(
                    "same",
                    eq(member(T, x), member(A, x)),
                    algebra("union", "sent", "letters"),
                ),
                step(
                    "same cost",
                    eq(table(y, T), table(y, A)),
                    instance("one index a set", {}, using=("same",)),
                ),
                step("claim", le(best(y, T), table(y, A)), algebra("first", "same cost")),
            ),
            step(
                "sum",
                le(best(y, T), OWN),
                algebra(over("each block", A), over("one block", times=best(y, T))),
            ),
            step(
                "cost", eq(SO_FAR, OWN), algebra(over("first", z2, times=Total(s(z2, A) * table(z2, A), A)))
            ),
            step("bound", le(best(y, T), SO_FAR), algebra("sum", "cost")),
            given="union",
        ),
    ),
    given="first",
)
_REST = step(
    "letters before",
    ForAll((x,), (), either(SENT_BEFORE)),
    block(
        step("not negative", ge(SENT_BEFORE, 0), sign()),
        step("left", eq(SENT_BEFORE, member(T, x) - e(x, y)), algebra("union", "sent")),
        step(
            "outside",
            implies(eq(member(T, x), 0), either(SENT_BEFORE)),
            block(
                step("image", ge(e(x, y), 0), sign()),
                step("none", eq(SENT_BEFORE, 0), algebra("left", "out", "image", "not negative")),
                step("first value", either(SENT_BEFORE), follows("none")),
                given="out",
            ),
        ),
        step(
            "inside",
            implies(eq(member(T, x), 1), either(SENT_BEFORE)),
            block(
                step(
                    "elsewhere",
                    implies(eq(e(x, y), 0), either(SENT_BEFORE)),
                    block(
                        step("one", eq(SENT_BEFORE, 1), algebra("left", "in", "not here")),
                        step("second value", either(SENT_BEFORE), follows("one")),
                        given="not here",
                    ),
                ),
                step(
                    "here",
                    implies(eq(e(x, y), 1), either(SENT_BEFORE)),
                    block(
                        step("none", eq(SENT_BEFORE, 0), algebra("left", "in", "is here")),
                        step("first value", either(SENT_BEFORE), follows("none")),
                        given="is here",
                    ),
                ),
                step("either", either(SENT_BEFORE), by_cases("elsewhere", "here", cover="images")),
                given="in",
            ),
        ),
        step("value", either(SENT_BEFORE), by_cases("outside", "inside", cover="members")),
    ),
)
_LOWER_LATER = block(
    step(
        "lower",
        LOWER,
        block(
            step(
                "bound",
                le(best(y, T), SO_FAR),
                choose(
                    "follows",
                    step("sent", eq(SENT, SENT_BEFORE + e(x, y)), algebra(over("stage", z2, times=e(x, z2)))),
                    _REST,
                    step(
                        "listed",
                        Exists((U,), ForAll((x,), (), eq(member(U, x), SENT_BEFORE))),
                        instance(
                            "sets",
                            {some: lambda one: substitute(SENT_BEFORE, {x: one})},
                            using=("letters before",),
                        ),
                    ),
                    step("splits", SPLITS, follows("stage")),
                    step(
                        "lower before",
                        substitute(LOWER, {y: z}),
                        instance("before", {earlier: z}, using=("stage",)),
                    ),
                    step(
                        "with the rest",
                        le(best(y, T), SO_FAR),
                        choose(
                            "listed",
                            step(
                                "bound before",
                                le(best(z, U), COST_BEFORE),
                                instance("lower before", {T: U}, using=("rest",)),
                            ),
                            *_each_block(
                                le(best(y, T), best(z, U) + table(y, A)),
                                step(
                                    "split", split(T, U, A).then, algebra("union", "sent", "rest", "letters")
                                ),
                                step(
                                    "claim",
                                    le(best(y, T), best(z, U) + table(y, A)),
                                    instance("splits", {T2: T, U2: U, A2: A}, using=("split",)),
                                ),
                            ),
                            step(
                                "sum",
                                le(best(y, T), best(z, U) + OWN),
                                algebra(
                                    over("each block", A), over("one block", times=best(y, T) - best(z, U))
                                ),
                            ),
                            step(
                                "cost",
                                eq(SO_FAR, COST_BEFORE + OWN),
                                algebra(over("stage", z2, times=Total(s(z2, A) * table(z2, A), A))),
                            ),
                            step("bound", le(best(y, T), SO_FAR), algebra("sum", "cost", "bound before")),
                            called="rest",
                        ),
                    ),
                    called="stage",
                ),
            ),
            given="union",
        ),
    ),
    given="follows",
)


LEMMA = Lemma(
    name="pricing",
    label="The pricing recursion",
    idea=(
        "What a mapping costs up to an output is what it costs before, and its block there. "
        "By induction over the outputs no mapping costs less than D."
    ),
    meaning={
        member: "[letter x is in set T]",
        table: "cost of a set as the block of an output",
        best: "the recursion",
        rank: "position of an output",
        upto: "[output z comes no later than y]",
        e: "[f(x) = y] of any mapping f",
        s: "[A is the block of y under f]",
    },
    hypotheses=HYPOTHESES,
    conclusions={"no mapping costs less": LEAST},
    steps=(
        step(
            "lower bound",
            ForAll((y,), (), LOWER),
            induction(
                rank(y),
                earlier,
                step("at the first", implies(FIRST, LOWER), _LOWER_FIRST),
                step("later", implies(FOLLOWS, LOWER), _LOWER_LATER),
                step("lower at y", LOWER, by_cases("at the first", "later", cover="stages")),
            ),
        ),
        step(
            "least",
            LEAST,
            block(
                step("all sent", eq(SENT, 1), algebra(over("last", v, times=e(x, v)), "one image")),
                step("union", eq(member(T, x), SENT), algebra("full", "all sent")),
                step("bound", le(best(y, T), SO_FAR), instance("lower bound", {T: T}, using=("union",))),
                step("all", eq(SO_FAR, COST), algebra(over("last", v, times=COST_AT))),
                step("least", le(best(y, T), COST), algebra("bound", "all")),
                given="last; full",
            ),
        ),
    ),
    witness=Witness(draw=draw, count=60),
)
