"""How much the comonotone branch can lose: in closed form over everything, and over a, b <= 1/2.

With x = 1 - 2a and y = 1 - 2b the loss on the same side of 1/2 is symmetric in x and y, and at a fixed
product x y it is largest on the diagonal; there one equation is left, c log2(1 + 1/c^2) = 1.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import arb, fmpq

from .crossover import ANTITONE_CAP, LEVEL
from .lemma import Lemma, Witness, step
from .tools.calculus import intermediate, monotone, strictly_concave
from .tools.evaluate import precision
from .tools.kernel import over
from .tools.language import And, Exists, ForAll, eq, ge, gt, implies, le, lt, phi, real, substitute
from .tools.rules import algebra, block, by_cases, cover, enclosure, follows, instance, sign
from .two_bits import a, b, conditional_entropy, fraction

__all__ = ["LEMMA"]

x, y, c, g, G, r, z, root = real("x y c g G r z w")
t1, t2, t3 = real("t1 t2 t3")
HALF = sp.Rational(1, 2)
#: the loss where the antitone end saturates, nats
SAME_SIDE = conditional_entropy(ANTITONE_CAP) - LEVEL
#: twice that in x and y
TWICE = (
    (x + y) * sp.log(x + y)
    - x * sp.log(x)
    - y * sp.log(y)
    + x * y * sp.log(x * y)
    - (1 + x * y) * sp.log(1 + x * y)
)
#: along x = g/z, y = g z, and on the diagonal
ARC = substitute(TWICE, {x: g / z, y: g * z})
DIAGONAL = substitute(TWICE, {x: g, y: g})
PSI = g * sp.log(1 + 1 / g**2)
#: x times this is minus the slope along the arc, r = y/x
K = (1 - r) * sp.log(1 + r) - phi(r)
LARGEST = (c * sp.log(2) - sp.log(1 + c**2)) / 2
EQUATION = eq(c * sp.log(1 + 1 / c**2), sp.log(2))
BELOW = le(SAME_SIDE, LARGEST)

v = real("v")
#: the loss by joint laws, for the second method
p, q = real("p q")
JOINT = (
    phi(2 * p * q)
    + phi(p * (1 - 2 * q))
    + phi(q * (1 - 2 * p))
    + phi(1 - 2 * p * q - p * (1 - 2 * q) - q * (1 - 2 * p))
    - phi(p)
    - phi(q)
    - phi(1 - p - q)
)
SQUARE = ForAll(
    (p, q), (le(0, p), le(p, HALF), le(0, q), le(q, HALF)), lt(JOINT, sp.Rational(788, 10**4) * sp.log(2))
)
LOW, HIGH = sp.Rational(234881, 10**6), sp.Rational(234882, 10**6)
SOMEWHERE = Exists((v,), And((lt(LOW, v), lt(v, HIGH), eq(substitute(PSI, {g: v}), sp.log(2)))))
SIZE = ForAll((c,), (le(LOW, c), le(c, HIGH)), lt(LARGEST, sp.Rational(78704, 10**6) * sp.log(2)))
SIZE_BELOW = ForAll((c,), (le(LOW, c), le(c, HIGH)), lt(sp.Rational(78703, 10**6) * sp.log(2), LARGEST))


def on(where: Any) -> Any:
    """Twice the loss on the diagonal."""
    return substitute(DIAGONAL, {g: where})


def at(where: Any) -> Any:
    """Psi at a point."""
    return substitute(PSI, {g: where})


def _bends(low: Any) -> ForAll:
    """Chords of psi on [low, 1] lie below it."""
    chord = (1 - t3) * at(t1) + t3 * at(t2)
    return ForAll(
        (t1, t2, t3),
        (le(low, t1), lt(t1, t2), lt(0, t3), lt(t3, 1), le(t2, 1)),
        lt(chord, at((1 - t3) * t1 + t3 * t2)),
    )


def _chord(low: Any, between: Any) -> Any:
    """The chord from a point to 1 lies below psi at a point between."""
    share = (between - low) / (1 - low)
    return lt((1 - share) * at(low) + share * sp.log(2), at(between))


def _root() -> arb:
    """A ball around the root of c log2(1 + 1/c^2) = 1, by bisection."""
    low, high = fmpq(1, 10), fmpq(1, 2)
    with precision(160):
        for _ in range(80):
            middle = (low + high) / 2
            at = arb(middle)
            if at * (1 + 1 / at**2).log() < arb(2).log():
                low = middle
            else:
                high = middle
        return arb(low).union(arb(high))


_ROOT = _root()


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Points of the square by g = sqrt(x y) and z = sqrt(y/x), the diagonal and the worst points among
    them.
    """
    share = fmpq(1) if place % 4 == 0 else fraction(generator)
    middle = share * fraction(generator)
    if place % 8 == 0:
        middle = _ROOT
    source, other = (1 - middle / share) / 2, (1 - middle * share) / 2
    golden = (1 + arb(5).sqrt()) / 2
    if place % 8 == 5:
        # the worst point of opposite sides: a = b = 1/(G^2 + 1)
        source = other = 1 / (golden**2 + 1)
        middle, share = 1 - 2 * source, fmpq(1)
    cap, top = other / (1 - source), (1 - other) / (1 - source)
    points = {f"t{number}": cap + (top - cap) * fraction(generator) for number in (2, 3)}
    return points | {
        "g": middle,
        "z": share,
        "x": middle / share,
        "y": middle * share,
        "a": source,
        "b": other,
        "c": _ROOT,
        "G": golden,
        "t1": cap
        if place % 3 == 0
        else cap + (min(other / source, top) - cap) * fraction(generator)
        if other > source
        else cap,
        "p": fraction(generator) / 2,
        "q": fraction(generator) / 2,
        "v": _ROOT,
    }


LEMMA = Lemma(
    name="largest_loss",
    label="Largest loss of the comonotone branch",
    idea=(
        "On the same side of 1/2 the loss grows along the hyperbola x y = g^2 up to the "
        "diagonal, where its derivative "
        "is log 2 - g log(1 + 1/g^2). On opposite sides it is below (1-a) h(b/(1-a)), "
        "and tangents of the entropy at "
        "the golden section bound that by the logarithm of the golden ratio."
    ),
    meaning={
        a: "P(X=1)",
        b: "P(Y=1)",
        x: "1 - 2a",
        y: "1 - 2b",
        g: "sqrt(x y)",
        z: "sqrt(y/x)",
        c: "root of c log2(1 + 1/c^2) = 1 in (0, 1)",
        G: "golden ratio",
    },
    hypotheses={
        "square": And((gt(x, 0), lt(x, 1), gt(y, 0), lt(y, 1))),
        "hyperbola": And((gt(g, 0), gt(z, 0), le(z, 1))),
        "x": eq(x, g / z),
        "y": eq(y, g * z),
        "a": eq(a, (1 - x) / 2),
        "b": eq(b, (1 - y) / 2),
        "root": And((gt(c, 0), lt(c, 1))),
        "equation": EQUATION,
    },
    conclusions={
        "same side: at most": BELOW,
        "the loss is symmetric": eq(SAME_SIDE, substitute(SAME_SIDE, {a: b, b: a})),
        "the root": SOMEWHERE,
        "the size in bits: above": SIZE,
        "and below": SIZE_BELOW,
        "by a second method": SQUARE,
    },
    steps=(
        step("inside", And((gt(a, 0), lt(a, HALF), gt(b, 0), lt(b, HALF))), algebra("square", "a", "b")),
        step("in x and y", eq(2 * SAME_SIDE, TWICE), algebra(put=("a", "b"))),
        step("symmetric", eq(SAME_SIDE, substitute(SAME_SIDE, {a: b, b: a})), algebra()),
        step("on the arc", eq(TWICE, ARC), algebra(put=("x", "y"))),
        step(
            "curve",
            ForAll((r,), (lt(0, r), lt(r, 1)), lt(0, sp.diff(K, r, 2))),
            block(
                step("value", gt((1 - r) / (r * (1 + r) ** 2), 0), sign()),
                step("second derivative", lt(0, sp.diff(K, r, 2)), follows("value")),
                given="above; below",
            ),
        ),
        step(
            "convex",
            ForAll(
                (t1, t2, t3),
                (le(0, t1), lt(t1, t2), lt(0, t3), lt(t3, 1), le(t2, 1)),
                lt(
                    substitute(K, {r: (1 - t3) * t1 + t3 * t2}),
                    (1 - t3) * substitute(K, {r: t1}) + t3 * substitute(K, {r: t2}),
                ),
            ),
            strictly_concave(K, r, 0, 1, "curve"),
        ),
        step(
            "K",
            ForAll((r,), (lt(0, r), lt(r, 1)), lt(K, 0)),
            block(
                step(
                    "below chord",
                    lt(K, 0),
                    instance("convex", {t1: 0, t2: 1, t3: r}, using=("above", "below")),
                ),
                given="above; below",
            ),
        ),
        step(
            "arc slope",
            ForAll((root,), (lt(z, root), lt(root, 1)), lt(0, sp.diff(substitute(ARC, {z: root}), root))),
            block(
                step(
                    "square of it",
                    And((gt(root**2, 0), lt(root**2, 1))),
                    algebra("hyperbola", "above", "below", degree=2),
                ),
                step(
                    "K there",
                    lt(substitute(K, {r: root**2}), 0),
                    instance("K", {r: root**2}, using=("square of it",)),
                ),
                step(
                    "sign",
                    lt(0, sp.diff(substitute(ARC, {z: root}), root)),
                    algebra(over("K there", times=g / root**2)),
                ),
                given="above; below",
            ),
        ),
        step(
            "arc grows",
            ForAll(
                (t1, t2),
                (le(z, t1), lt(t1, t2), le(t2, 1)),
                lt(
                    substitute(ARC, {z: t1}),
                    substitute(ARC, {z: t2}),
                ),
            ),
            monotone(substitute(ARC, {z: root}), root, z, 1, "arc slope"),
        ),
        step(
            "off the diagonal",
            implies(lt(z, 1), le(ARC, DIAGONAL)),
            block(
                step(
                    "to the diagonal",
                    lt(ARC, substitute(ARC, {z: 1})),
                    instance(
                        "arc grows",
                        {t1: z, t2: sp.Integer(1)},
                        using=("apart",),
                    ),
                ),
                step("weakly", le(ARC, DIAGONAL), algebra("to the diagonal")),
                given="apart",
            ),
        ),
        step(
            "on the diagonal",
            implies(ge(z, 1), le(ARC, DIAGONAL)),
            block(
                step("one", eq(z, 1), algebra("there", "hyperbola")),
                step("same", le(ARC, DIAGONAL), algebra(put=("one",))),
                given="there",
            ),
        ),
        step("diagonal is best", le(ARC, DIAGONAL), by_cases("off the diagonal", "on the diagonal")),
        # on the diagonal: the equation has one root
        step(
            "psi bends",
            ForAll((v,), (lt(0, v), lt(v, 1)), lt(sp.diff(at(v), v, 2), 0)),
            block(
                step("value", lt(-2 * (1 - v**2) / (v * (1 + v**2) ** 2), 0), sign()),
                step("second derivative", lt(sp.diff(at(v), v, 2), 0), follows("value")),
                given="above; below",
            ),
        ),
        step(
            "psi below",
            ForAll((root,), (lt(0, root), lt(root, c)), lt(at(root), sp.log(2))),
            block(
                step(
                    "bends",
                    ForAll((v,), (lt(root, v), lt(v, 1)), lt(sp.diff(at(v), v, 2), 0)),
                    block(
                        step(
                            "here",
                            lt(sp.diff(at(v), v, 2), 0),
                            instance("psi bends", {v: v}, using=("from", "to", "above")),
                        ),
                        given="from; to",
                    ),
                ),
                step("concave", _bends(root), strictly_concave(at(v), v, root, 1, "bends")),
                step(
                    "share",
                    And((gt((c - root) / (1 - root), 0), lt((c - root) / (1 - root), 1))),
                    algebra(
                        "above",
                        "below",
                        "root",
                    ),
                ),
                step(
                    "chord",
                    _chord(root, c),
                    instance(
                        "concave",
                        {t1: root, t2: sp.Integer(1), t3: (c - root) / (1 - root)},
                        using=("share", "below", "root"),
                    ),
                ),
                step(
                    "weighted",
                    lt(at(root) * (1 - c), sp.log(2) * (1 - c)),
                    algebra(
                        over("chord", times=1 - root),
                        over("equation", times=1 - root),
                    ),
                ),
                step("lower", lt(at(root), sp.log(2)), algebra(over("weighted", times=1 / (1 - c)))),
                given="above; below",
            ),
        ),
        step(
            "psi above",
            ForAll((root,), (lt(c, root), lt(root, 1)), lt(sp.log(2), at(root))),
            block(
                step(
                    "bends",
                    ForAll((v,), (lt(c, v), lt(v, 1)), lt(sp.diff(at(v), v, 2), 0)),
                    block(
                        step(
                            "here",
                            lt(sp.diff(at(v), v, 2), 0),
                            instance("psi bends", {v: v}, using=("from", "to", "root")),
                        ),
                        given="from; to",
                    ),
                ),
                step("concave", _bends(c), strictly_concave(at(v), v, c, 1, "bends")),
                step(
                    "share",
                    And((gt((root - c) / (1 - c), 0), lt((root - c) / (1 - c), 1))),
                    algebra(
                        "above",
                        "below",
                        "root",
                    ),
                ),
                step(
                    "chord",
                    _chord(c, root),
                    instance(
                        "concave",
                        {t1: c, t2: sp.Integer(1), t3: (root - c) / (1 - c)},
                        using=("share", "root"),
                    ),
                ),
                step(
                    "weighted",
                    lt(sp.log(2) * (1 - c), at(root) * (1 - c)),
                    algebra(
                        over("chord", times=1 - c),
                        over("equation", times=1 - root),
                    ),
                ),
                step("higher", lt(sp.log(2), at(root)), algebra(over("weighted", times=1 / (1 - c)))),
                given="above; below",
            ),
        ),
        step("g by x", eq(g, x * z), algebra("x")),
        step("products", And((gt(x * z, 0), ge(x * (1 - z), 0))), sign()),
        step("g inside", And((gt(g, 0), lt(g, 1))), algebra("g by x", "products", "square")),
        step(
            "rises",
            implies(lt(g, c), le(DIAGONAL, on(c))),
            block(
                step(
                    "slope",
                    ForAll((root,), (lt(g, root), lt(root, c)), lt(0, sp.diff(on(root), root))),
                    block(
                        step(
                            "psi",
                            lt(at(root), sp.log(2)),
                            instance("psi below", {root: root}, using=("from", "to", "g inside")),
                        ),
                        step("positive", lt(0, sp.diff(on(root), root)), algebra("psi")),
                        given="from; to",
                    ),
                ),
                step(
                    "grows",
                    ForAll((t1, t2), (le(g, t1), lt(t1, t2), le(t2, c)), lt(on(t1), on(t2))),
                    monotone(
                        on(root),
                        root,
                        g,
                        c,
                        "slope",
                    ),
                ),
                step("to c", lt(DIAGONAL, on(c)), instance("grows", {t1: g, t2: c}, using=("apart",))),
                step("weakly", le(DIAGONAL, on(c)), algebra("to c")),
                given="apart",
            ),
        ),
        step(
            "falls",
            implies(gt(g, c), le(DIAGONAL, on(c))),
            block(
                step(
                    "slope",
                    ForAll((root,), (lt(c, root), lt(root, g)), lt(sp.diff(on(root), root), 0)),
                    block(
                        step(
                            "psi",
                            lt(sp.log(2), at(root)),
                            instance("psi above", {root: root}, using=("from", "to", "g inside")),
                        ),
                        step("negative", lt(sp.diff(on(root), root), 0), algebra("psi")),
                        given="from; to",
                    ),
                ),
                step(
                    "sinks",
                    ForAll((t1, t2), (le(c, t1), lt(t1, t2), le(t2, g)), lt(on(t2), on(t1))),
                    monotone(
                        on(root),
                        root,
                        c,
                        g,
                        "slope",
                    ),
                ),
                step("from c", lt(DIAGONAL, on(c)), instance("sinks", {t1: c, t2: g}, using=("apart",))),
                step("weakly", le(DIAGONAL, on(c)), algebra("from c")),
                given="apart",
            ),
        ),
        step(
            "at c",
            implies(eq(g, c), le(DIAGONAL, on(c))),
            block(
                step("same", le(DIAGONAL, on(c)), algebra(put=("equal",))),
                given="equal",
            ),
        ),
        step("root is best", le(DIAGONAL, on(c)), by_cases("rises", "at c", "falls")),
        step("value there", eq(on(c), 2 * LARGEST), algebra(over("equation", times=c))),
        step(
            "same side",
            BELOW,
            algebra("in x and y", "on the arc", "diagonal is best", "root is best", "value there"),
        ),
        step("low end", lt(at(LOW), sp.log(2)), enclosure()),
        step("high end", lt(sp.log(2), at(HIGH)), enclosure()),
        step("somewhere", SOMEWHERE, intermediate(at(v), v, LOW, HIGH, sp.log(2), ("low end", "high end"))),
        step("size", SIZE, cover()),
        step("size below", SIZE_BELOW, cover()),
        step("second method", SQUARE, cover()),
    ),
    witness=Witness(
        draw=_draw,
        count=1200,
        loose={
            "root": "the equation leaves one value of c",
            "the root": "it is one number, enclosed to a millionth",
            "the size in bits: above": "one number",
            "and below": "one number",
            "by a second method": "0.0788 rounds the largest loss up",
        },
    ),
)
