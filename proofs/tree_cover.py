"""Why a tree of boxes proves a bound for its root: by induction from the leaves.

A split leaves two boxes that share its point, a box may be narrowed to one that holds every coupling worth
finding, and a leaf is closed by a record or by sums that no coupling meets.  The same holds of infeasibility,
where nothing is worth finding.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .lemma import Lemma, Step, Witness, step
from .tools.induction import induction
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, Or, delta, eq, family, implies, index, le, lt, real
from .tools.rules import algebra, block, by_cases, choose, contradiction, follows, instance, kronecker

__all__ = ["LEMMA"]

n, n1, n2, earlier = index("n n1 n2 h", "N")
c, c0 = index("c c0", "C")
low, high, P, rank, proved = family("L U P o g")
value, target = real("H T")


def inside(node: Any) -> ForAll:
    """The coupling lies in the box of a node."""
    return ForAll((c,), (), And((le(low(node, c), P(c)), le(P(c), high(node, c)))))


WORTH = le(target, value)
CLOSED = implies(inside(n), WORTH)
LEAF = And((le(target, proved(n)), implies(inside(n), le(proved(n), value))))
SPLIT = Exists(
    (n1, n2, c0),
    And(
        (
            lt(rank(n1), rank(n)),
            lt(rank(n2), rank(n)),
            ForAll((c,), (), eq(low(n1, c), low(n, c))),
            ForAll((c,), (), eq(high(n2, c), high(n, c))),
            ForAll((c,), (), eq((1 - delta(c, c0)) * (high(n1, c) - high(n, c)), 0)),
            ForAll((c,), (), eq((1 - delta(c, c0)) * (low(n2, c) - low(n, c)), 0)),
            eq(high(n1, c0), low(n2, c0)),
        )
    ),
)
NARROWED = Exists((n1,), And((lt(rank(n1), rank(n)), implies(inside(n), Or((WORTH, inside(n1)))))))


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Trees of splits and narrowings in a square; a coupling in it or not, at the target where it is in."""
    boxes: list[tuple[list[Any], list[Any]]] = []
    kinds: list[tuple[int, ...]] = []
    point = [fmpq(generator.randint(0, 8), 8) for _ in range(2)]

    def grow(bottom: list[Any], top: list[Any], depth: int) -> int:
        number = len(boxes)
        boxes.append((bottom, top))
        kinds.append(())
        kind = generator.choice(("leaf", "split", "narrow")) if depth else "leaf"
        if kind == "split":
            cell = generator.randrange(2)
            at = bottom[cell] + (top[cell] - bottom[cell]) * fmpq(generator.randint(1, 3), 4)
            left, right = list(top), list(bottom)
            left[cell] = right[cell] = at
            kinds[number] = (grow(bottom, left, depth - 1), grow(right, top, depth - 1))
        elif kind == "narrow":
            kept = [
                (a + min(b, c_)) / 2 if a <= c_ else a for a, b, c_ in zip(bottom, top, point, strict=True)
            ]
            kinds[number] = (grow([min(a, b) for a, b in zip(kept, point, strict=True)], top, depth - 1),)
        return number

    grow([fmpq(0)] * 2, [fmpq(1, 1 + place % 2)] * 2, place % 3)
    within = all(a <= b <= c_ for a, b, c_ in zip(boxes[0][0], point, boxes[0][1], strict=True))
    bound = fmpq(generator.randint(1, 9), 5)
    return {
        "#N": len(boxes),
        "#C": 2,
        "L": [one[0] for one in boxes],
        "U": [one[1] for one in boxes],
        "P": point,
        "o": [fmpq(-number) for number in range(len(boxes))],
        "T": bound,
        "g": [bound + generator.choice((0, fmpq(1, 3))) * (not within) for _ in boxes],
        "H": bound + generator.choice((0, fmpq(1, 3))) if within else bound - generator.choice((0, 1)),
    }


def _child(name: str, child: Any, end: str) -> tuple[Step, ...]:
    """The coupling lies in a child: at the split cell by the case, elsewhere as before."""
    box = And((le(low(child, c), P(c)), le(P(c), high(child, c))))
    shift = high(child, c) - high(n, c) if end == "high" else low(child, c) - low(n, c)
    own = high(child, c) if end == "high" else low(child, c)
    return (
        step(
            f"in the {name}",
            ForAll((c,), (), box),
            block(
                step(
                    "elsewhere",
                    implies(eq(delta(c, c0), 0), box),
                    block(
                        step("same end", eq(shift, 0), algebra("parts", over("other cell", times=shift))),
                        step("box", box, algebra("same end", "parts", "in the box")),
                        given="other cell",
                    ),
                ),
                step(
                    "at the split",
                    implies(eq(delta(c, c0), 1), box),
                    block(
                        step("point", eq(P(c), P(c0)), algebra(over("this cell", times=P(c) - P(c0)))),
                        step(
                            "end",
                            eq(own, own.subs(c, c0)),
                            algebra(over("this cell", times=own - own.subs(c, c0))),
                        ),
                        step(
                            "box",
                            box,
                            algebra("point", "end", f"{name} side", "parts", "in the box"),
                        ),
                        given="this cell",
                    ),
                ),
                step("either cell", box, by_cases("elsewhere", "at the split", cover="split cell or not")),
            ),
        ),
        step(
            "its claim", implies(inside(child), WORTH), instance("before", {earlier: child}, using=("parts",))
        ),
        step("worth", WORTH, instance("its claim", {}, using=(f"in the {name}",))),
    )


LEMMA = Lemma(
    name="tree_cover",
    label="Trees of boxes",
    idea=(
        "A coupling in a split box lies in one of its children, one in a narrowed box in its child unless it "
        "is not worth finding. By induction from the leaves every box is closed."
    ),
    meaning={
        low: "lower ends of the boxes",
        high: "upper ends",
        P: "coupling",
        value: "its joint entropy",
        target: "target: what is not worth finding has at least as much",
        rank: "children have a lower number",
        proved: "what a leaf's record proves in its box",
    },
    hypotheses={"nodes": Or((LEAF, SPLIT, NARROWED))},
    conclusions={"every box is closed": CLOSED},
    steps=(
        step(
            "boxes",
            ForAll((n,), (), CLOSED),
            induction(
                rank(n),
                earlier,
                step(
                    "closed",
                    implies(LEAF, CLOSED),
                    block(
                        step(
                            "by its record",
                            CLOSED,
                            block(
                                step("record", implies(inside(n), le(proved(n), value)), follows("leaf")),
                                step(
                                    "bound",
                                    le(proved(n), value),
                                    instance("record", {}, using=("in the box",)),
                                ),
                                step("worth", WORTH, algebra("bound", "leaf")),
                                given="in the box",
                            ),
                        ),
                        given="leaf",
                    ),
                ),
                step(
                    "split",
                    implies(SPLIT, CLOSED),
                    block(
                        step(
                            "by its children",
                            CLOSED,
                            block(
                                step(
                                    "worth",
                                    WORTH,
                                    choose(
                                        "two",
                                        step(
                                            "split cell or not",
                                            Or((eq(delta(c, c0), 0), eq(delta(c, c0), 1))),
                                            kronecker(),
                                        ),
                                        step(
                                            "left",
                                            implies(le(P(c0), high(n1, c0)), WORTH),
                                            block(*_child("left", n1, "high"), given="left side"),
                                        ),
                                        step(
                                            "right",
                                            implies(lt(high(n1, c0), P(c0)), WORTH),
                                            block(*_child("right", n2, "low"), given="right side"),
                                        ),
                                        step("either side", WORTH, by_cases("left", "right")),
                                        called="parts",
                                    ),
                                ),
                                given="in the box",
                            ),
                        ),
                        given="two",
                    ),
                ),
                step(
                    "narrowed",
                    implies(NARROWED, CLOSED),
                    block(
                        step(
                            "by its child",
                            CLOSED,
                            block(
                                step(
                                    "worth",
                                    WORTH,
                                    choose(
                                        "one",
                                        step(
                                            "rule",
                                            implies(inside(n), Or((WORTH, inside(n1)))),
                                            follows("parts"),
                                        ),
                                        step(
                                            "child",
                                            implies(inside(n1), WORTH),
                                            instance("before", {earlier: n1}, using=("parts",)),
                                        ),
                                        step(
                                            "ways",
                                            Or((WORTH, inside(n1))),
                                            instance("rule", {}, using=("in the box",)),
                                        ),
                                        step(
                                            "worth",
                                            WORTH,
                                            contradiction(
                                                step(
                                                    "way out",
                                                    implies(WORTH, lt(0, 0)),
                                                    block(
                                                        step(
                                                            "none", lt(0, 0), algebra("is worth", "opposite")
                                                        ),
                                                        given="is worth",
                                                    ),
                                                ),
                                                step(
                                                    "way in",
                                                    implies(inside(n1), lt(0, 0)),
                                                    block(
                                                        step(
                                                            "there",
                                                            WORTH,
                                                            instance("child", {}, using=("in it",)),
                                                        ),
                                                        step("none", lt(0, 0), algebra("there", "opposite")),
                                                        given="in it",
                                                    ),
                                                ),
                                                step(
                                                    "nothing",
                                                    lt(0, 0),
                                                    by_cases("way out", "way in", cover="ways"),
                                                ),
                                            ),
                                        ),
                                        called="parts",
                                    ),
                                ),
                                given="in the box",
                            ),
                        ),
                        given="one",
                    ),
                ),
                step("any", CLOSED, by_cases("closed", "split", "narrowed", cover="nodes")),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=60),
)
