"""Outward rounded fixed-point arithmetic of the certificate checker.

Every irrational that a certificate needs is a value of phi(p) = -p log2 p or a slope of phi at a rational
point.  It is enclosed in ball arithmetic (Arb, through python-flint) and rounded outward to integers over
2^FINE; from there on all arithmetic is on integers, and every decision is a comparison of integers.  Numbers
of a record are integers over 2^GRID.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from flint import arb, ctx, fmpq, fmpz

__all__ = ["FINE", "GRID", "ceil_div", "log2_bounds", "phi_bounds", "slope_bounds"]

#: Fractional bits of enclosures.
FINE = 96
#: Fractional bits of the numbers in a record: multipliers, ends of boxes, shares.
GRID = 48

#: Working precision of the balls, bits: their radius is far below 2^-FINE for every p above 2^-1000.
_PRECISION = 256


def ceil_div(numerator: int, denominator: int) -> int:
    """The least integer at or above a quotient; the denominator is positive."""
    return -(-numerator // denominator)


@contextmanager
def _precision() -> Iterator[None]:
    saved, ctx.prec = ctx.prec, _PRECISION
    try:
        yield
    finally:
        ctx.prec = saved


def _outward(value: arb) -> tuple[int, int]:
    """Integers (low, high) over 2^FINE with low <= value <= high."""
    scaled = value * arb(fmpz(1) << FINE)
    low, high = scaled.lower().floor().unique_fmpz(), scaled.upper().ceil().unique_fmpz()
    if low is None or high is None:
        raise ArithmeticError("an enclosure is wider than its rounding")
    return int(low), int(high)


@lru_cache(maxsize=1 << 16)
def log2_bounds(numerator: int, denominator: int) -> tuple[int, int]:
    """An enclosure of log2(numerator / denominator), both positive, over 2^FINE."""
    with _precision():
        return _outward(arb(fmpq(numerator, denominator)).log() / arb.const_log2())


@lru_cache(maxsize=1 << 18)
def phi_bounds(numerator: int, denominator: int) -> tuple[int, int]:
    """An enclosure of phi(numerator / denominator) for a number >= 0, over 2^FINE.

    It is exact at 0 and at powers of two, where a witness can meet a limit without slack.
    """
    if numerator in (0, denominator):
        return 0, 0
    inverse, rest = divmod(denominator, numerator)
    if rest == 0 and inverse & (inverse - 1) == 0:
        scaled = (inverse.bit_length() - 1) << FINE
        return scaled // inverse, ceil_div(scaled, inverse)
    with _precision():
        p = arb(fmpq(numerator, denominator))
        return _outward(-p * p.log() / arb.const_log2())


@lru_cache(maxsize=1 << 16)
def slope_bounds(numerator: int, denominator: int) -> tuple[int, int]:
    """An enclosure of phi'(p) = -log2 p - log2 e at a positive rational, over 2^FINE."""
    with _precision():
        p = arb(fmpq(numerator, denominator))
        return _outward(-(p.log() + 1) / arb.const_log2())
