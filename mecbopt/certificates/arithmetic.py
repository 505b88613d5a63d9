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

__all__ = ["FINE", "GRID", "ceil_div", "phi_bounds", "slope_bounds"]

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


@lru_cache(maxsize=1 << 18)
def phi_bounds(numerator: int, denominator: int) -> tuple[int, int]:
    """An enclosure of phi(numerator / denominator) for a number >= 0, over 2^FINE.

    Exact at 0, 1, 1/2, 1/4, ..., 2^-FINE.
    """
    if numerator == 0:
        return 0, 0
    quotient, rest = divmod(denominator, numerator)
    if rest == 0 and quotient.bit_count() == 1 and quotient <= 1 << FINE:
        # k / 2^k; limits such as R = 1 are met by fair bits with equality.
        halvings = quotient.bit_length() - 1
        return (halvings << FINE) // quotient, (halvings << FINE) // quotient
    with _precision():
        p = arb(fmpq(numerator, denominator))
        return _outward(-p * p.log() / arb.const_log2())


@lru_cache(maxsize=1 << 16)
def slope_bounds(numerator: int, denominator: int) -> tuple[int, int]:
    """An enclosure of phi'(p) = -log2 p - log2 e at a positive rational, over 2^FINE."""
    with _precision():
        p = arb(fmpq(numerator, denominator))
        return _outward(-(p.log() + 1) / arb.const_log2())
