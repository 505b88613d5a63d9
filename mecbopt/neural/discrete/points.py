"""The fixed discrete problems that the training is checked on: six binary, six ternary, two with a label.

All have optima of at least .15 bits at their rate; that of `binary, antitone` is antitone, where a scheme
that only ever correlates X and Y positively ends at two thirds of the value.

With a label the constraint is H(S|Y) <= C, without the seed.  Dropping it gives an upper bound on the
optimum, and at both points the bound is attained: some optimal coupling without the label satisfies it (for
the ternary point after renaming the letters of X, all of the same mass).  So the optimum is known there
although the constraint is reverse convex, and it excludes schemes that spend their rate on the wrong
distinction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt.neural.discrete.schemes import DiscreteSource

__all__ = ["POINTS", "DiscretePoint"]


@dataclass(frozen=True)
class DiscretePoint:
    """A problem with its target rate in bits."""

    name: str
    p_x: tuple[float, ...]
    p_y: tuple[float, ...]
    rate: float
    p_s_given_x: tuple[tuple[float, ...], ...] | None = None
    max_label_entropy: float | None = None

    def source(self) -> DiscreteSource:
        """The problem for the trainer."""
        channel = None if self.p_s_given_x is None else np.array(self.p_s_given_x)
        return DiscreteSource(np.array(self.p_x), np.array(self.p_y), channel, self.max_label_entropy)


_THIRDS = (1 / 3, 1 / 3, 1 / 3)

POINTS = (
    DiscretePoint("binary, uniform", (0.5, 0.5), (0.5, 0.5), 0.5),
    DiscretePoint("binary, antitone", (0.7, 0.3), (0.7, 0.3), 0.378),
    DiscretePoint("binary, uniform target", (0.6, 0.4), (0.5, 0.5), 0.7),
    DiscretePoint("binary, uniform source", (0.5, 0.5), (0.7, 0.3), 0.6),
    DiscretePoint("binary, opposite sides", (0.4, 0.6), (0.65, 0.35), 0.8),
    DiscretePoint(
        "binary, with a label", (0.5, 0.5), (0.5, 0.5), 0.7,
        p_s_given_x=((0.95, 0.05), (0.05, 0.95)), max_label_entropy=0.75,
    ),
    DiscretePoint("ternary, uniform", _THIRDS, _THIRDS, 1.0),
    DiscretePoint("ternary, skewed", (0.5, 0.3, 0.2), (0.4, 0.4, 0.2), 0.9),
    DiscretePoint("ternary, equal marginals", (0.5, 0.3, 0.2), (0.5, 0.3, 0.2), 0.7),
    DiscretePoint("ternary to binary", (0.6, 0.3, 0.1), (0.5, 0.5), 0.6),
    DiscretePoint("ternary, low rate", (0.4, 0.4, 0.2), _THIRDS, 0.5),
    DiscretePoint(
        "ternary, with a label", _THIRDS, _THIRDS, 0.9,
        p_s_given_x=((0.95, 0.05), (0.95, 0.05), (0.05, 0.95)), max_label_entropy=0.5,
    ),
)  # fmt: skip
