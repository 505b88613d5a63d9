"""Minimum entropy coupling of two marginals with proof: dynamic programming over pairs of subsets.

An optimal coupling is a forest; docs/mec.md proves that growing trees by single letters and light subtrees
reaches one, and that the bounds which drop states are valid.  The problem is NP-hard (Kovacevic, Stanojevic,
Senk 2015); time and memory grow about fivefold with every letter on both sides.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt._core import mec as native
from mecbopt.errors import NotSupportedError
from mecbopt.info import entropy
from mecbopt.mec import subsets
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.mec.greedy import greedy_support
from mecbopt.mec.inputs import marginal
from mecbopt.mec.result import MAX_DENSE_CELLS, MecResult
from mecbopt.problem import Status

__all__ = ["SearchSettings", "exact", "exact_coupling", "size_limit"]

#: Bits within which `exact` proves its answer.
DEFAULT_GAP = 1e-9
#: From this number of letters on the complete pass takes much longer than the widest beam pass.
_LONG_SEARCH = 23
#: Seconds between looks at the clock and at `should_stop`.
_SLICE_SECONDS = 0.1
#: Entropies are sums of at most 123 rounded terms of at most 0.54 bits.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class SearchSettings:
    """What the compiled search uses; every choice gives the same optimum.

    Attributes
    ----------
    pattern_bound : bool
        Bound states by the pattern bound beside the profile bound.
    beam_widths : tuple of int
        States a layer in the passes that look for incumbents before the complete pass; the last one is left
        out below 23 letters in all.
    max_states : int
        States kept at once, about 90 bytes each: 16 million take 1.5 GiB.
    """

    pattern_bound: bool = True
    beam_widths: tuple[int, ...] = (100, 1000, 5000)
    max_states: int = 16_000_000


#: Below this number of letters the complete pass with the profile bound alone takes less time than the
#: pattern bound and the beams do (5x5: 0.4 against 0.9 ms; about equal at 6x6).
_PATTERNS_FROM = 12
_SHORT = SearchSettings(pattern_bound=False, beam_widths=())


def exact(p: Any, q: Any, time_limit: float | None = None) -> MecResult:
    """The coupling of least joint entropy, proved within 1e-9 bits.

    Parameters
    ----------
    p, q : sequences of float, int or Fraction, shapes (n,), (m,)
    time_limit : float, optional
        Seconds; at the limit the best coupling found is returned as FEASIBLE with a valid lower bound.  So it
        is when 16 million states (about 1.5 GiB) do not suffice.

    Returns
    -------
    MecResult
        Its coupling has at most n + m - 1 positive cells.

    Raises
    ------
    ProblemError
        p or q is no pmf, or the time limit is not positive.
    NotSupportedError
        More letters of positive mass than `size_limit()` (62 in both alphabets together, 16 without the
        compiled core) where the greedy coupling is not proved optimal.

    Examples
    --------
    >>> result = exact([0.5, 0.5], [0.6, 0.4])
    >>> result.status.value, round(result.entropy, 6), result.coupling.round(6).tolist()
    ('optimal', 1.360964, [[0.5, 0.0], [0.1, 0.4]])
    """
    p_x, p_y = marginal("p", p), marginal("q", q)
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    letters = int(np.count_nonzero(p_x) + np.count_nonzero(p_y))
    if letters <= size_limit() or len(p_x) * len(p_y) <= MAX_DENSE_CELLS:
        coupling, upper, lower, finished = exact_coupling(p_x, p_y, time_limit=time_limit)
        if finished or letters <= size_limit():
            return MecResult(coupling, upper, lower, Status.OPTIMAL if finished else Status.FEASIBLE)
    without = "" if native.available() else " without the compiled core (install a C compiler and reinstall)"
    raise NotSupportedError(
        f"p and q have {letters} letters of positive mass together, "
        f"exact takes {size_limit()} at most{without}, "
        "more only where the greedy coupling meets the lower bound: use mecbopt.mec.greedy, whose entropy is "
        "at most 0.54 bits above the minimum."
    )


def size_limit() -> int:
    """Letters of positive mass, both alphabets together, that the exact search takes here."""
    return native.MAX_LETTERS if native.available() else subsets.MAX_LETTERS


def exact_coupling(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    *,
    gap: float = DEFAULT_GAP,
    time_limit: float | None = None,
    should_stop: Callable[[], bool] | None = None,
    settings: SearchSettings | None = None,
) -> tuple[NDArray[np.float64], float, float, bool]:
    """The search behind `exact`, for callers that have validated their marginals.

    Parameters
    ----------
    p, q : ndarray, shapes (n,), (m,)
        Floats that sum to 1 up to rounding; zeros are allowed.
    gap : float
        Bits within which the answer is proved.
    time_limit : float, optional
        Seconds.
    should_stop : callable, optional
        Asked about ten times a second; a true answer ends the search.
    settings : SearchSettings, optional
        By default chosen by the number of letters.

    Returns
    -------
    coupling : ndarray, shape (n, m)
    entropy_upper, entropy_lower : float
        Entropy of `coupling`, and a bound that no coupling lies below; bits.
    finished : bool
        Whether the two meet within `gap`.  False as well where the alphabets exceed `size_limit()`: the
        coupling is then the greedy one.
    """
    deadline = math.inf if time_limit is None else time.monotonic() + time_limit

    def stopped() -> bool:
        return time.monotonic() > deadline or (should_stop is not None and should_stop())

    # Descending order of the positive letters, those that vanish on the integer grid left out.
    order_p, order_q = (np.argsort(-side, kind="stable") for side in (p, q))
    rows, columns = (native.integer_masses(np.sort(side)[::-1]) for side in (p, q))
    rows, columns = [mass for mass in rows if mass > 0], [mass for mass in columns if mass > 0]
    letters = len(rows) + len(columns)
    # A short search needs no start: the entropy of the independent coupling bounds it, quickly known.
    short = native.available() and letters < _PATTERNS_FROM and min(len(rows), len(columns)) > 1
    coupling: NDArray[np.float64] | None = None
    upper, lower = float(entropy(p) + entropy(q)), 0.0
    if not short:
        coupling = greedy_support([p, q]).to_dense()
        upper, lower = float(entropy(coupling)), best_lower_bound([p, q], with_pattern=False)
    if upper - lower > gap and letters <= size_limit() and not stopped():
        if native.available():
            if settings is None:
                settings = _SHORT if short else SearchSettings()
            cells, lower = _search(rows, columns, upper, lower, gap, settings, stopped)
        else:
            unit = 1.0 / sum(rows)
            found = subsets.minimum_entropy_tree(rows, columns, unit, upper - gap)
            lower = max(lower, upper - gap if found is None else found[0])
            cells = [(x, y, mass * unit) for x, y, mass in found[1]] if found else None
        if cells is not None:
            tree = np.zeros((len(p), len(q)))
            for x, y, mass in cells:
                tree[order_p[x], order_q[y]] += mass
            value = float(entropy(tree))
            if value < upper:
                coupling, upper = tree, value
    if coupling is None:
        coupling = greedy_support([p, q]).to_dense()
        upper = float(entropy(coupling))
    lower = min(lower, upper)
    return coupling, upper, lower, upper - lower <= gap + _ROUNDING


def _search(
    rows: list[int],
    columns: list[int],
    upper: float,
    lower: float,
    gap: float,
    settings: SearchSettings,
    stopped: Callable[[], bool],
) -> tuple[list[tuple[int, int, float]] | None, float]:
    """Beam passes for the incumbent, then the complete pass; cells (None: none better) and lower bound."""
    cells = None
    beams = settings.beam_widths
    if len(rows) + len(columns) < _LONG_SEARCH:
        beams = beams[:-1]
    with native.NativeSearch(rows, columns, upper, settings.pattern_bound) as search:
        lower = max(lower, search.root_bound)
        for width in (*beams, 0):
            if upper - lower <= gap:
                break
            search.start(upper, gap, width, settings.max_states)
            while (outcome := search.run(_SLICE_SECONDS)) == native.RUNNING and not stopped():
                pass
            if search.best < upper:
                cells, upper = search.cells(), search.best
            if width == 0:
                lower = max(lower, search.lower_bound)
            elif outcome == native.RUNNING:
                break
    return cells, lower
