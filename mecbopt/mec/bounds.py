"""Lower bounds on the entropy of every coupling, in bits.

Majorisation: H(X,Y) >= H(p meet q) (Cicalese, Gargano, Vaccaro 2019).  Profile: an atom of size z lies in a
letter of size at least z of every marginal, so the part of the mass in atoms of size >= z is at most the part
in such letters (Compton, Katz, Qi, Greenewald, Kocaoglu 2023).  Pattern: the Lagrangian dual of filling every
column on its own; proved in docs/mec.md, two short marginals only, with the compiled core.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._core import mec as native
from mecbopt.bounds import majorisation_bound, profile_bound
from mecbopt.mec.inputs import marginals

__all__ = ["best_lower_bound", "lower_bound", "profile_bound"]

#: Patterns that `lower_bound` enumerates at most (14 x 14: about 0.1 s).
_MAX_PATTERNS = 1 << 19


def lower_bound(p: Any, q: Any, *more: Any, normalize: bool = False) -> float:
    """Bits that the joint entropy of every coupling of the marginals reaches at least.

    The largest of the majorisation, profile and pattern bounds (the last for two marginals with up to about
    14 letters each, with the compiled core), rounded down by what the floating-point sums may be off.

    Parameters
    ----------
    p, q, *more : pmfs, shapes (n,), (m,), ...
        All that `Problem` accepts.
    normalize : bool
        Divide each marginal by its sum.

    Raises
    ------
    ProblemError
        A marginal is no pmf.

    Examples
    --------
    >>> round(lower_bound([0.5, 0.5], [0.5, 0.25, 0.25]), 12)
    1.5
    """
    return best_lower_bound(marginals((p, q, *more), normalize))


def best_lower_bound(marginals: list[NDArray[np.float64]], with_pattern: bool = True) -> float:
    """The best bound for validated marginals; without the pattern bound where a search begins with that."""
    bounds = [majorisation_bound(marginals), profile_bound(marginals)]
    letters = sum(map(len, marginals))
    if not with_pattern:
        return _rounded_down(max(bounds), letters)
    positive = [p[p > 0.0] for p in marginals]
    sizes = [len(p) for p in positive]
    if len(positive) == 2 and min(sizes) > 1 and native.pattern_count(*sizes) <= _MAX_PATTERNS:
        pattern = native.root_bound(positive[0], positive[1])
        if pattern is not None:
            bounds.append(pattern)
    return _rounded_down(max(bounds), letters)


def _rounded_down(bound: float, letters: int) -> float:
    """A sum of about `letters` rounded terms less what rounding may have added; no coupling has less than 0.

    Each term -w log2 v is right to a few units in the last place, the partial sums are at most the bound, and
    numpy adds pairwise: 8 units for each of log2(letters) levels are more than enough.
    """
    levels = 1 + math.log2(letters)
    return max(0.0, bound - 8 * float(np.finfo(float).eps) * levels * max(bound, 1.0))
