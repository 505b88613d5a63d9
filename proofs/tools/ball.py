"""Enclosures in ball arithmetic (Arb): entropies, conditional entropies, covers of boxes.

Every quantity is in bits here.  A ball that touches 0 is handled by the continuity and monotonicity of
-p log2 p near 0, so that boxes may include the ends of the unit interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from ..lemma import Method, ProofError, Step

__all__ = [
    "PRECISION",
    "Box",
    "ball",
    "ball_step",
    "conditional_entropy",
    "cover",
    "cover_step",
    "entropy",
    "interval",
    "phi",
    "precision",
]

#: Bits of working precision: enclosures of the witnesses come out about 30 digits wide.
PRECISION = 128

Box = tuple[tuple[Fraction, Fraction], ...]


def ball(value: Any) -> arb:
    """An exact rational (or a ball) as a ball."""
    if isinstance(value, arb):
        return value
    fraction = Fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def interval(low: Any, high: Any) -> arb:
    """The smallest ball that holds both ends."""
    return ball(low).union(ball(high))


def phi(p: arb) -> arb:
    """-p log2 p for a ball that meets [0, 1] (parts outside are cut off)."""
    low, high = p.lower(), p.upper()
    if high < 0 or low > 1:
        raise ProofError(f"{p.str(10)} is no probability")
    if low > 0:
        return -p * p.log() / arb.const_log2()
    if not high > 0:
        return arb(0)
    peak = (-1 * arb(1)).exp()
    # phi rises from phi(0) = 0 up to 1/e; beyond, its largest value bounds it.
    top = -high * high.log() / arb.const_log2() if high < peak else peak / arb.const_log2()
    return arb(0).union(top)


def entropy(p: arb) -> arb:
    """h(p) in bits."""
    return phi(p) + phi(1 - p)


def conditional_entropy(a: arb, b: arb, delta: arb) -> arb:
    """Phi(delta) = (1-a) h(b - a delta) + a h(b + (1-a) delta), bits."""
    return (1 - a) * entropy(b - a * delta) + a * entropy(b + (1 - a) * delta)


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Work with that many bits inside the block."""
    saved, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = saved


def ball_step(claim: str, evaluate: Callable[[], tuple[bool, str]]) -> Step:
    """A step that holds when an enclosure proves it; `evaluate` returns the verdict and the enclosures."""

    def check() -> str:
        with precision():
            proved, account = evaluate()
        if proved is not True:
            raise ProofError(f"the enclosures do not prove it: {account}")
        return account

    return Step(claim, Method.BALL, check)


def cover(box: Box, settled: Callable[[tuple[arb, ...]], bool], max_boxes: int = 400_000) -> int:
    """Bisect a box until `settled` holds on every piece; the number of pieces.

    Raises
    ------
    ProofError
        More pieces than `max_boxes`: the claim is not proved there.
    """
    queue, pieces = [box], 0
    while queue:
        current = queue.pop()
        pieces += 1
        if pieces + len(queue) > max_boxes:
            raise ProofError(f"no proof after {max_boxes} boxes, for instance on {current}")
        if settled(tuple(interval(low, high) for low, high in current)):
            continue
        widest = max(range(len(current)), key=lambda i: current[i][1] - current[i][0])
        low, high = current[widest]
        middle = (low + high) / 2
        for part in ((low, middle), (middle, high)):
            queue.append((*current[:widest], part, *current[widest + 1 :]))
    return pieces


def cover_step(
    claim: str,
    boxes: Callable[[], list[Box]],
    settled: Callable[[tuple[arb, ...]], bool],
    max_boxes: int = 400_000,
) -> Step:
    """A step that holds on every point of some boxes because it holds on each piece of a cover."""

    def check() -> str:
        with precision(64):
            pieces = sum(cover(box, settled, max_boxes) for box in boxes())
        return f"{pieces} boxes"

    return Step(claim, Method.COVER, check)
