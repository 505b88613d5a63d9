"""Hypothesis strategies for whoever tests against this package, and the refutation of conjectures.

Probabilities come from integer weights, so they are Fractions that sum to exactly 1 and shrink well.
Hypothesis is imported when a strategy is made, not before.
"""

from mecbopt.testing.binary import binary_problems
from mecbopt.testing.family import family_problems
from mecbopt.testing.laws import channels, mixtures, pmfs, schemes
from mecbopt.testing.problems import problems, rational_problems
from mecbopt.testing.refutation import Optimum, Refutation, optimum, refute

__all__ = [
    "Optimum",
    "Refutation",
    "binary_problems",
    "channels",
    "family_problems",
    "mixtures",
    "optimum",
    "pmfs",
    "problems",
    "rational_problems",
    "refute",
    "schemes",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
