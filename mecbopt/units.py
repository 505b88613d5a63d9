"""Bits and nats.  Public quantities are in bits; this is the only module that knows ln 2."""

from __future__ import annotations

import math

__all__ = ["BITS_PER_NAT", "NATS_PER_BIT", "nats_to_bits"]

NATS_PER_BIT = math.log(2.0)
BITS_PER_NAT = 1.0 / NATS_PER_BIT


def nats_to_bits(value_nats: float) -> float:
    """Convert an amount of information from nats to bits.

    >>> round(nats_to_bits(math.log(8.0)), 12)
    3.0
    """
    return value_nats / NATS_PER_BIT
