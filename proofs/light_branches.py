"""The light-branch theorem: how large the branches are that hang on a growing tree.

A state grows along a path of the tree, from a leaf over a centroid c to another leaf; down from c it goes
into the largest branch.  So S holds H, which the path came from, or H is what it goes on to; T hangs on the
letter v between.  That every tree has a centroid is Jordan's theorem (1869).
"""

from __future__ import annotations

import random
from typing import Any

from .lemma import Lemma, Step, Witness, step
from .tools.kernel import over
from .tools.language import And, ForAll, Formula, Total, eq, family, ge, implies, index, le, size
from .tools.rules import algebra, block

__all__ = ["LEMMA"]

n = index("n", "N")
s, t, h, v, b, b1, b2, c = family("s t h v b b1 b2 c")


def number(of: Any) -> Any:
    """How many letters a set has."""
    return Total(of(n), n)


def inside(parts: Any, whole: Any) -> Formula:
    """Disjoint sets inside another, by their indicators."""
    return ForAll((n,), (), le(parts, whole))


N, S, T = size("N"), number(s), number(t)
SMALLER = le(T + 1, S)
LIGHT = And((le(T, N - S - T), le(3 * T, N - 1)))
#: v carries T, and H which the path came from; all of it lies in a branch B
BELOW = (
    inside(h(n) + v(n), s(n)),
    inside(s(n) + t(n), b(n)),
    le(T, number(h)),
)
PLACES: dict[str, tuple[Formula, ...]] = {
    "from the leaf to the centroid": (*BELOW, le(2 * number(b), N)),
    "at the centroid": (
        inside(b1(n) + c(n), s(n)),
        inside(s(n) + t(n) + b2(n), 1),
        le(T, number(b2)),
        le(number(b2), number(b1)),
    ),
    "beyond the centroid": (
        inside(b1(n) + c(n), s(n)),
        inside(b1(n) + c(n) + b2(n), 1),
        inside(t(n) + h(n) + v(n), b2(n)),
        inside(s(n) + t(n) + h(n), 1),
        le(T, number(h)),
        le(number(b2), number(b1)),
    ),
    "inside a branch that hangs": (*BELOW, le(3 * number(b), N - 1)),
}
#: which of what is given is summed over the letters
SUMS = {
    place: [f"given {at + 1}" for at, one in enumerate(given) if isinstance(one, ForAll)]
    for place, given in PLACES.items()
}


def _proved(place: str) -> tuple[Step, Step]:
    """Sizes are sums of indicators, and the rest is arithmetic."""
    given = PLACES[place]
    sums = [over(name, n) for name in SUMS[place]]
    orders = [f"given {at + 1}" for at, one in enumerate(given) if not isinstance(one, ForAll)]
    facts = (*sums, *orders, over("sets", n), "one letter")
    return (
        step(f"{place}, smaller", implies(*given, SMALLER), block(step("smaller", SMALLER, algebra(*facts)))),
        step(f"{place}, light", implies(*given, LIGHT), block(step("light", LIGHT, algebra(*facts)))),
    )


def _draw_branch(tree: dict[int, set[int]], top: int, without: int) -> set[int]:
    """The letters of the branch of a tree at `top`, seen from `without`."""
    found, queue = {top}, [top]
    while queue:
        at = queue.pop()
        for other in tree[at]:
            if other != without and other not in found:
                found.add(other)
                queue.append(other)
    return found


def _draw_path(tree: dict[int, set[int]], top: int, without: int) -> list[int]:
    """From the top of a branch down into the largest sub-branch, to a leaf."""
    path, before = [top], without
    while True:
        rest = [one for one in tree[path[-1]] if one != before]
        if not rest:
            return path
        best = max(rest, key=lambda one: len(_draw_branch(tree, one, path[-1])))
        before = path[-1]
        path.append(best)


def _draw_upwards(tree: dict[int, set[int]], top: int, without: int) -> list[dict[str, Any]]:
    """What hangs while a branch is built from its leaf up to its top, all of the branch at `b`."""
    whole, path, found = _draw_branch(tree, top, without), _draw_path(tree, top, without), []
    for at in range(len(path) - 2, -1, -1):
        letter, below = path[at], path[at + 1]
        up = path[at - 1] if at else without
        came = _draw_branch(tree, below, letter)
        state = came | {letter}
        for other in tree[letter] - {below, up}:
            hung = _draw_branch(tree, other, letter)
            found.append({"s": set(state), "t": hung, "h": came, "v": {letter}, "b": whole})
            state |= hung
    return found


def _draw_events(tree: dict[int, set[int]]) -> list[list[dict[str, Any]]]:
    """Every branch that hangs, with the sets that the statement speaks of, by the place where it hangs."""
    center = min(
        tree, key=lambda one: max((len(_draw_branch(tree, other, one)) for other in tree[one]), default=0)
    )
    branches = sorted((_draw_branch(tree, other, center) for other in tree[center]), key=len, reverse=True)
    tops = sorted(tree[center], key=lambda one: -len(_draw_branch(tree, one, center)))
    found = [_draw_upwards(tree, tops[0], center), [], [], []]
    state = branches[0] | {center}
    second = branches[1] if len(branches) > 1 else set()
    for hung in branches[2:]:
        found[1].append({"s": set(state), "t": hung, "b1": branches[0], "b2": second, "c": {center}})
        state |= hung
    path = _draw_path(tree, tops[1], center) if second else []
    for at, letter in enumerate(path[:-1]):
        state |= {letter}
        up, down = (path[at - 1] if at else center), path[at + 1]
        for other in tree[letter] - {up, down}:
            hung = _draw_branch(tree, other, letter)
            goes = _draw_branch(tree, down, letter)
            found[2].append(
                {
                    "s": set(state),
                    "t": hung,
                    "h": goes,
                    "v": {letter},
                    "b1": branches[0],
                    "b2": second,
                    "c": {center},
                }
            )
            state |= hung
    for other in tops[2:]:
        found[3] += _draw_upwards(tree, other, center)
    return found


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """A branch that hangs in a random tree."""
    kind = place % 4
    while True:
        count = generator.randint(4 if kind == 1 else 8, 13)
        tree: dict[int, set[int]] = {0: set()}
        for letter in range(1, count):
            to = generator.randrange(max(0, letter - 4), letter) if kind != 1 else (letter - 1) // 3
            tree[letter] = {to}
            tree[to].add(letter)
        events = _draw_events(tree)[kind]
        if events:
            event = generator.choice(events)
            return (
                {"#N": count}
                | {
                    name: [int(letter in event.get(name, ())) for letter in range(count)]
                    for name in ("s", "t", "h", "v", "b", "b1", "b2", "c")
                }
                | {"v": [int(letter in event.get("v", {0})) for letter in range(count)]}
                | {"c": [int(letter in event.get("c", {0})) for letter in range(count)]}
            )


LEMMA = Lemma(
    name="light_branches",
    label="Light branches",
    idea=(
        "What hangs is no larger than what the path came from or goes on to, and three such parts are "
        "disjoint. Below a centroid all of it lies in half of the letters."
    ),
    meaning={
        s: "[letter is in the state]",
        t: "[letter is in the branch that hangs]",
        h: "[letter is in the branch that the path came from, or goes on to]",
        v: "[letter is the one that T hangs on]",
        b: "[letter is in the branch that is built]",
        b1: "[letter is in the largest branch at c]",
        b2: "[letter is in the second branch at c]",
        c: "[letter is the centroid]",
    },
    hypotheses={
        "sets": And(tuple(ge(one(n), 0) for one in (s, t, h, b))),
        "one letter": And((eq(number(v), 1), eq(number(c), 1))),
    },
    conclusions={
        name: formula
        for place, given in PLACES.items()
        for name, formula in (
            (f"{place}: smaller than the state", implies(*given, SMALLER)),
            (f"{place}: light", implies(*given, LIGHT)),
        )
    },
    steps=tuple(one for place in PLACES for one in _proved(place)),
    witness=Witness(
        draw=_draw,
        count=800,
        loose={
            f"{place}: light": "T is smaller still there, at most (N - 2)/4 or a third of another third"
            for place in PLACES
            if place != "at the centroid"
        }
        | {"beyond the centroid: smaller than the state": "the state has b_1 >= b_2 > 2 T letters there"},
    ),
)
