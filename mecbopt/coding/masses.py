"""Floats to integers that sum to a power of two, by exact arithmetic: the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["integer_masses"]


def integer_masses(weights: Sequence[float], bits: int) -> list[int]:
    """Integers that sum to 2**bits, proportional to the weights by the method of largest remainders.

    Floats are dyadic rationals, so share, remainder and their order are exact: of 2**bits units each weight
    first gets the whole part of its share, and what is left goes in single units to the largest remainders,
    the first among equals.  No integer is off its share by a unit or more.

    Parameters
    ----------
    weights : sequence of float
        Finite, not negative, with a positive sum.
    bits : int

    Examples
    --------
    >>> integer_masses([0.25, 0.25, 0.5], 3), integer_masses([1.0, 1.0, 1.0], 3)
    ([2, 2, 4], [3, 3, 2])
    """
    ratios = [float(weight).as_integer_ratio() for weight in weights]
    denominator = max(ratio[1] for ratio in ratios)  # powers of two: the largest is a multiple of all
    parts = [numerator * (denominator // own) for numerator, own in ratios]
    whole = sum(parts)
    shares = [divmod(part << bits, whole) for part in parts]
    masses = [share for share, _ in shares]
    left = (1 << bits) - sum(masses)
    for place in sorted(range(len(shares)), key=lambda place: -shares[place][1])[:left]:
        masses[place] += 1
    return masses
