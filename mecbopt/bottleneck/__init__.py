"""Couplings without common randomness: X - T - Y Markov with H(T) <= R, with valid bounds; all in bits.

What common randomness is worth is the difference to `mecbopt.solve`, whose encoder and decoder share a seed.
"""

from mecbopt.bottleneck.greedy import greedy
from mecbopt.bottleneck.result import BottleneckResult
from mecbopt.bottleneck.solving import solve

__all__ = ["BottleneckResult", "greedy", "solve"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
