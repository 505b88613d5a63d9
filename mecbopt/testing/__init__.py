"""Hypothesis strategies for whoever tests against this package: pmfs, channels, problems, schemes.

Probabilities come from integer weights, so they are Fractions that sum to exactly 1 and shrink well.
Hypothesis is imported when a strategy is made, not before.
"""

from mecbopt.testing.binary import binary_problems
from mecbopt.testing.family import family_problems
from mecbopt.testing.laws import channels, mixtures, pmfs, schemes
from mecbopt.testing.problems import problems

__all__ = ["binary_problems", "channels", "family_problems", "mixtures", "pmfs", "problems", "schemes"]
