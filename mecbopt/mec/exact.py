"""Minimum entropy couplings with proof; of two marginals by dynamic programming over pairs of subsets.

An optimal coupling is a forest, and in each tree masses grow away from a root; docs/mec.md proves that
growing trees by branches in descending order reaches one, and that the bounds which drop states are valid.
The problem is NP-hard (Kovacevic, Stanojevic, Senk 2015); time and memory grow several-fold with every
letter on both sides.  Three and more marginals: `mecbopt.mec.several`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt._core import mec as native
from mecbopt.control import HeldInterrupts, held_interrupts
from mecbopt.errors import NotSupportedError, SolverError
from mecbopt.info import entropy
from mecbopt.mec import subsets
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.mec.found import Found
from mecbopt.mec.greedy import greedy_support
from mecbopt.mec.inputs import marginals
from mecbopt.mec.result import MAX_DENSE_CELLS, MecResult, joint_entropy, require_dense
from mecbopt.mec.several import minimum_of_several
from mecbopt.problem import Status, StopReason

__all__ = ["SearchSettings", "exact", "exact_coupling", "minimum_coupling", "size_limit"]

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
        States kept at once, about 110 bytes each: 16 million take 1.7 GiB.
    """

    pattern_bound: bool = True
    beam_widths: tuple[int, ...] = (300, 3000)
    max_states: int = 16_000_000


#: Below this number of letters the complete pass with the profile bound alone takes less time than the
#: pattern bound and the beams do (5x5: 0.4 against 0.9 ms; about equal at 6x6).
_PATTERNS_FROM = 12
_SHORT = SearchSettings(pattern_bound=False, beam_widths=())


def exact(p: Any, q: Any, *more: Any, time_limit: float | None = None, normalize: bool = False) -> MecResult:
    """The coupling of least joint entropy, proved within 1e-9 bits.

    Parameters
    ----------
    p, q, *more : pmfs, shapes (n,), (m,), ...
        All that `Problem` accepts.
    time_limit : float, optional
        Seconds; at the limit the best coupling found is returned as FEASIBLE with a valid lower bound.  So it
        is at Ctrl-C, and when memory or 16 million states (about 1.7 GiB) do not suffice.
    normalize : bool
        Divide each marginal by its sum.

    Returns
    -------
    MecResult
        Its coupling, shape (n, m, ...), has at most n + m + ... - k + 1 positive cells for k marginals.

    Raises
    ------
    ProblemError
        A marginal is no pmf, or the time limit is not positive.
    NotSupportedError
        Two marginals with more letters of positive mass than `size_limit()` (62 in both alphabets together,
        16 without the compiled core) where the greedy coupling is not proved optimal; three and more with
        more than 4096 cells.

    Notes
    -----
    Two marginals: docs/mec.md has the cost.  Three and more: 3x3x3 takes a third of a second, 4x4x4 a few
    seconds; what is larger needs a time limit.

    Examples
    --------
    >>> result = exact([0.5, 0.5], [0.6, 0.4])
    >>> result.status.value, round(result.entropy, 6), result.coupling.round(6).tolist()
    ('optimal', 1.360964, [[0.5, 0.0], [0.1, 0.4]])
    """
    try:
        return _exact((p, q, *more), time_limit, normalize)
    except KeyboardInterrupt:  # before the search: what is quickly known is the answer
        with held_interrupts():
            found = _exact((p, q, *more), time_limit, normalize, search=False)
            return replace(found, stop_reason=StopReason.INTERRUPTED)


def _exact(
    pmfs: tuple[Any, ...], time_limit: float | None, normalize: bool, search: bool = True
) -> MecResult:
    """`exact`; without a search the greedy coupling and the bounds that cost nothing."""
    laws = marginals(pmfs, normalize)
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    if len(laws) > 2:
        return _several(laws, time_limit, search)
    p_x, p_y = laws
    letters = int(np.count_nonzero(p_x) + np.count_nonzero(p_y))
    if letters <= size_limit() or len(p_x) * len(p_y) <= MAX_DENSE_CELLS:
        held = held_interrupts()
        try:
            stop = None if search else _at_once
            found = minimum_coupling(p_x, p_y, time_limit=time_limit, should_stop=stop, held=held)
            if found.proved or letters <= size_limit():
                status = Status.OPTIMAL if found.proved else Status.FEASIBLE
                return MecResult(
                    found.coupling, found.entropy_upper, found.entropy_lower, status, found.stop_reason
                )
        finally:
            held.end()
    without = "" if native.available() else " without the compiled core (install a C compiler and reinstall)"
    raise NotSupportedError(
        f"p and q have {letters} letters of positive mass together, "
        f"exact takes {size_limit()} at most{without}, "
        "more only where the greedy coupling meets the lower bound: use mecbopt.mec.greedy, whose entropy is "
        "at most 0.54 bits above the minimum."
    )


def _at_once() -> bool:
    return True


def _several(laws: list[NDArray[np.float64]], time_limit: float | None, search: bool) -> MecResult:
    """`exact` for three and more marginals; letters without mass and marginals of one letter say nothing."""
    shape = tuple(len(law) for law in laws)
    require_dense(shape)
    some = [np.flatnonzero(law) for law in laws]
    positive = [law[letters] for law, letters in zip(laws, some, strict=True)]
    uncertain = [law for law in positive if len(law) > 1]
    if len(uncertain) <= 2:
        pair = [*uncertain, np.ones(1), np.ones(1)][:2]
        found = minimum_coupling(*pair, time_limit=time_limit, should_stop=None if search else _at_once)
    else:
        found = minimum_of_several(uncertain, DEFAULT_GAP, time_limit, search)
    coupling = np.zeros(shape)
    coupling[np.ix_(*some)] = found.coupling.reshape([len(law) for law in positive])
    status = Status.OPTIMAL if found.proved else Status.FEASIBLE
    return MecResult(coupling, found.entropy_upper, found.entropy_lower, status, found.stop_reason)


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
    """`minimum_coupling` as a tuple (coupling, upper, lower, proved); Ctrl-C passes through it."""
    found = minimum_coupling(p, q, gap=gap, time_limit=time_limit, should_stop=should_stop, settings=settings)
    if found.stop_reason is StopReason.INTERRUPTED:
        raise KeyboardInterrupt
    return found.coupling, found.entropy_upper, found.entropy_lower, found.proved


def minimum_coupling(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    *,
    gap: float = DEFAULT_GAP,
    time_limit: float | None = None,
    should_stop: Callable[[], bool] | None = None,
    settings: SearchSettings | None = None,
    held: HeldInterrupts | None = None,
) -> Found:
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
        Asked about twenty times a second; a true answer ends the search.
    settings : SearchSettings, optional
        By default chosen by the number of letters.
    held : HeldInterrupts, optional
        Begun once the search has answered, and left to the caller to end.

    Returns
    -------
    Found
        Not proved as well where the alphabets exceed `size_limit()`: the coupling is then the greedy one.
        Ctrl-C ends the search as `should_stop` does; before it there is none, and it passes through.
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
        upper, lower = joint_entropy(coupling), best_lower_bound([p, q], with_pattern=False)
    reason = StopReason.GAP_CLOSED
    if upper - lower > gap and letters <= size_limit():
        if settings is None:
            settings = _SHORT if short else SearchSettings()
        search = _Search(rows, columns, upper, lower, gap, settings, stopped)
        hold = held_interrupts() if held is None else held
        try:
            reason = search.run(hold)
            lower = search.lower
            if search.cells is not None:
                tree = np.zeros((len(p), len(q)))
                for x, y, mass in search.cells:
                    tree[order_p[x], order_q[y]] += mass
                value = joint_entropy(tree)
                if value < upper:
                    coupling, upper = tree, value
            found = _found(p, q, coupling, upper, lower, gap, reason)
            return replace(found, stop_reason=StopReason.INTERRUPTED) if hold.arrived else found
        finally:
            if held is None:
                hold.end()
    return _found(p, q, coupling, upper, lower, gap, reason)


def _found(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    coupling: NDArray[np.float64] | None,
    upper: float,
    lower: float,
    gap: float,
    reason: StopReason,
) -> Found:
    """The best coupling, the greedy one where there is none, with what is proved of it."""
    if coupling is None:
        coupling = greedy_support([p, q]).to_dense()
        upper = joint_entropy(coupling)
    lower = min(lower, upper)
    proved = upper - lower <= gap + _ROUNDING
    if not proved and reason is StopReason.GAP_CLOSED:
        reason = StopReason.NODE_LIMIT  # beyond the size limit nothing was searched
    return Found(coupling, upper, lower, proved, reason)


class _Search:
    """The passes of one search; what it has so far stands in `cells` and `lower`, however it ends.

    Parameters
    ----------
    rows, columns : list of int
        Descending positive masses, equal sums.
    upper, lower : float
        Bits: entropy of a known coupling, and a bound.
    gap : float
    settings : SearchSettings
    stopped : callable
    """

    def __init__(
        self,
        rows: list[int],
        columns: list[int],
        upper: float,
        lower: float,
        gap: float,
        settings: SearchSettings,
        stopped: Callable[[], bool],
    ) -> None:
        self.rows, self.columns = rows, columns
        self.upper, self.lower, self.gap = upper, lower, gap
        self.cells: list[tuple[int, int, float]] | None = None
        self._settings, self._stopped = settings, stopped

    def run(self, held: HeldInterrupts) -> StopReason:
        """Search until the proof, the caller's wish, Ctrl-C or the end of memory; then hold."""
        try:
            try:
                if self._stopped():
                    return StopReason.TIME_LIMIT
                return self._compiled() if native.available() else self._plain()
            except SolverError:  # no memory
                return StopReason.NODE_LIMIT
            finally:
                held.begin()
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED

    def _plain(self) -> StopReason:
        unit = 1.0 / sum(self.rows)
        found = subsets.minimum_entropy_tree(
            self.rows, self.columns, unit, self.upper - self.gap, self._stopped
        )
        if found is None:
            return StopReason.TIME_LIMIT
        entropy_found, cells = found
        if cells is None:
            self.lower = max(self.lower, self.upper - self.gap)
        else:
            self.lower = max(self.lower, entropy_found)
            self.cells = [(x, y, mass * unit) for x, y, mass in cells]
        return StopReason.EXHAUSTED

    def _compiled(self) -> StopReason:
        """Beam passes for the incumbent, then the complete pass."""
        beams = self._settings.beam_widths
        if len(self.rows) + len(self.columns) < _LONG_SEARCH:
            beams = beams[:-1]
        with native.NativeSearch(
            self.rows, self.columns, self.upper, self._settings.pattern_bound, self._stopped
        ) as search:
            self.lower = max(self.lower, search.root_bound)
            for width in (*beams, 0):
                if self.upper - self.lower <= self.gap:
                    return StopReason.GAP_CLOSED
                search.start(self.upper, self.gap, width, self._settings.max_states)
                try:
                    while (outcome := search.run(_SLICE_SECONDS)) == native.RUNNING:
                        if self._stopped():
                            return StopReason.TIME_LIMIT
                finally:  # Ctrl-C included: what the pass has is read by calls of their own, and stands
                    if search.best < self.upper:
                        self.cells, self.upper = search.cells(), search.best
                    if width == 0:
                        self.lower = max(self.lower, search.lower_bound)
            return StopReason.EXHAUSTED if outcome == native.COMPLETE else StopReason.NODE_LIMIT
