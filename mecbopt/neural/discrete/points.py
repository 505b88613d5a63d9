"""The fixed discrete problems that the training is checked on: six binary, six ternary, two with a label.

All have optima of at least .15 bits at their rate; that of `binary, antitone` is antitone, where a scheme
that only ever correlates X and Y positively ends at two thirds of the value.  The labels are those of a
classifier without the seed, H(S|Y) <= C; they cost the optimum nothing, and exclude schemes that spend their
rate on the wrong distinction.
"""

from __future__ import annotations

from mecbopt.problem import Problem

__all__ = ["POINTS"]

_THIRDS = ("1/3", "1/3", "1/3")

POINTS = {
    "binary, uniform": Problem((0.5, 0.5), (0.5, 0.5), 0.5),
    "binary, antitone": Problem((0.7, 0.3), (0.7, 0.3), 0.378),
    "binary, uniform target": Problem((0.6, 0.4), (0.5, 0.5), 0.7),
    "binary, uniform source": Problem((0.5, 0.5), (0.7, 0.3), 0.6),
    "binary, opposite sides": Problem((0.4, 0.6), (0.65, 0.35), 0.8),
    "binary, with a label": Problem(
        (0.5, 0.5), (0.5, 0.5), 0.7, ((0.95, 0.05), (0.05, 0.95)), 0.75, label_sees_seed=False
    ),
    "ternary, uniform": Problem(_THIRDS, _THIRDS, 1.0),
    "ternary, skewed": Problem((0.5, 0.3, 0.2), (0.4, 0.4, 0.2), 0.9),
    "ternary, equal marginals": Problem((0.5, 0.3, 0.2), (0.5, 0.3, 0.2), 0.7),
    "ternary to binary": Problem((0.6, 0.3, 0.1), (0.5, 0.5), 0.6),
    "ternary, low rate": Problem((0.4, 0.4, 0.2), _THIRDS, 0.5),
    "ternary, with a label": Problem(
        _THIRDS, _THIRDS, 0.9, ((0.95, 0.05), (0.95, 0.05), (0.05, 0.95)), 0.5, label_sees_seed=False
    ),
}  # fmt: skip
