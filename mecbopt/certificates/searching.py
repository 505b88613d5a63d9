"""What bounds boxes for the writer: the compiled search with its trace, or a program where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt._core.tree.trace import Key, Outcome, Trace
from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.bounding import BoxProgram
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.rounding import Work, bounded
from mecbopt.certificates.tree import order_pairs
from mecbopt.control import Clock
from mecbopt.errors import CertificateError

__all__ = ["Bounder", "ProgramBounder", "TracedBounder", "bounder", "is_traced"]

#: Seconds of one slice of the search.
_SLICE_SECONDS = 0.1
#: Bits by which bounds relax a label limit without the seed: what its sums are off by.
_JOINT_SLACK = 1e-13
#: Letters of X that no problem has: trees without Jensen rows have several times as many boxes to write down.
_NEVER = 1 << 20


class Bounder(Protocol):
    """Relaxes boxes of one problem."""

    #: The cell that the certificate's order begins with, and its pairs.
    anchor: tuple[int, int] | None
    pairs: list[tuple[int, int]]

    @property
    def splits(self) -> bool:
        """Whether a smaller box can have a better bound."""
        ...

    def bound(self, lower: Sequence[int], upper: Sequence[int], level: float) -> Work:
        """Relax a box given over 2^GRID; `level` is what its bound should reach."""
        ...


class ProgramBounder:
    """A linear program for every box."""

    def __init__(self, problem: ExactProblem, stop: Callable[[], bool]) -> None:
        n, m = problem.shape
        self.anchor: tuple[int, int] | None = max(
            ((a, b) for a in range(n) for b in range(m)), key=lambda cell: len(order_pairs(problem, cell))
        )
        self.pairs = order_pairs(problem, self.anchor)
        self._program = BoxProgram(problem, self.pairs, stop)

    @property
    def splits(self) -> bool:
        """Whether a smaller box can have a better bound."""
        return self._program.splits

    def bound(self, lower: Sequence[int], upper: Sequence[int], level: float) -> Work:
        """Relax a box, and say where to split it."""
        relaxations, cell, point = self._program.bound(lower, upper, level)
        return Work(relaxations, Outcome.OPEN, cell=cell, point=point)


class TracedBounder:
    """The compiled search.

    Parameters
    ----------
    problem : ExactProblem
        Two letters a side at least, a law of Y that is held, I(X;Y) as objective, no least label entropy.
    start : tuple (mappings, weights), optional
    seed : int
    stop : callable
    """

    splits = True

    def __init__(
        self,
        problem: ExactProblem,
        start: tuple[Any, Any] | None,
        seed: int,
        stop: Callable[[], bool],
    ) -> None:
        self._problem, self._stop = problem, stop
        self._rows = _scaled_rows(problem)
        self.search = self._made(start, seed, symmetry=True)
        self.anchor: tuple[int, int] | None = None
        self.pairs: list[tuple[int, int]] = []
        if self.search.order:
            # Letters whose exact masses differ below the floats are not exchangeable.
            self.anchor = divmod(self.search.order[0][0], problem.shape[1])
            self.pairs = order_pairs(problem, self.anchor)
            if set(self.pairs) != set(self.search.order):
                self.search, self.anchor, self.pairs = self._made(start, seed, symmetry=False), None, []
        places = {pair: place for place, pair in enumerate(self.search.order)}
        self._order = [places[pair] for pair in self.pairs]
        self._sides: dict[Key, Any] = {}

    def _made(self, start: tuple[Any, Any] | None, seed: int, *, symmetry: bool) -> CompiledSearch:
        problem, label = self._problem, self._problem.p_s_given_x
        joint = None
        if problem.given_y_limit is not None:
            entropy = sum(-float(p) * math.log2(p) for p in problem.p_y)
            joint = float(problem.given_y_limit) + entropy
        return CompiledSearch(
            [float(p) for p in problem.p_x],
            [float(p) for p in problem.p_y],
            math.inf if problem.rate is None else float(problem.rate),
            None if label is None else [[float(p) for p in row] for row in label],
            None if problem.seen_limit is None else float(problem.seen_limit),
            linear=self._rows[:3],
            max_joint_label_entropy=joint,
            joint_slack=_JOINT_SLACK,
            settings=Settings(symmetry=symmetry, sweep_letters=_NEVER),
            seed=seed,
            start=start,
            trace=True,
        )

    def _trace(self) -> Trace:
        (n, m), problem = self._problem.shape, self._problem
        unseen = problem.given_y_limit is not None
        rows = 2 * n * m + m + 2 + len(self.search.order) + len(problem.constraints) + unseen
        labels = len((problem.p_s_given_x or ((),))[0]) if unseen else 0
        return Trace(n * m, rows, (labels, m))

    def run(self, gap: float, clock: Clock) -> None:
        """Run the search to its end; `work` then tells what it did."""
        search, trace = self.search, self._trace()
        self._sides = trace.sides
        while True:
            search.run(seconds=min(_SLICE_SECONDS, clock.remaining), gap=gap, stop=self._stop)
            trace.read(search.take_trace())
            if search.finished or search.entropy_lower_bound >= search.incumbent_entropy - gap:
                return
            if clock.expired:
                raise CertificateError(
                    "the time limit was reached before the search closed the gap: give more time or a "
                    "larger gap."
                )

    def work(self, key: Key) -> Work | None:
        """What the search did about a box of its own; None where it did nothing."""
        side = self._sides.get(key)
        if side is None:
            return None
        found = bounded(self._problem, side, self._order, self._rows[3])
        if found.outcome is Outcome.OPEN and not any((side.node, branch) in self._sides for branch in (0, 1)):
            # Left over when the search ended: its relaxations should have closed it.
            found.outcome = None
        return found

    def bound(self, lower: Sequence[int], upper: Sequence[int], level: float) -> Work:
        """Have the search bound a box as one of its own."""
        n, m = self._problem.shape
        low, high = ((np.array(end, dtype=float) / float(1 << GRID)).reshape(n, m) for end in (lower, upper))
        self.search.take_trace()
        self.search.bound_box(low, high, level, stop=self._stop)
        side = self._trace().read(self.search.take_trace())
        found = bounded(self._problem, side, self._order, self._rows[3])
        found.node = -1
        return found


def _scaled_rows(problem: ExactProblem) -> tuple[Any, Any, Any, Any]:
    """Coefficients of at most 1, shape (k, n, m), both ends, and the units they were divided by.

    The cells sum to 1: the middle of the coefficients is taken out, and its share of the ends.
    """
    n, m = problem.shape
    count = len(problem.constraints)
    forms, ends, units = np.zeros((count, n, m)), np.zeros((2, count)), np.ones(count)
    for index, (coefficients, lower, upper) in enumerate(problem.constraints):
        entries = sorted(a for row in coefficients for a in row)
        centre, unit = entries[len(entries) // 2], (entries[-1] - entries[0]) or 1
        forms[index] = [[float((a - centre) / unit) for a in row] for row in coefficients]
        ends[0, index] = -math.inf if lower is None else float((lower - centre) / unit)
        ends[1, index] = math.inf if upper is None else float((upper - centre) / unit)
        units[index] = float(unit)
    return forms, ends[0], ends[1], units


def bounder(
    problem: ExactProblem, start: tuple[Any, Any] | None, seed: int, stop: Callable[[], bool]
) -> TracedBounder | ProgramBounder:
    """What bounds the boxes of a problem: the compiled search where it keeps a trace of such problems."""
    return TracedBounder(problem, start, seed, stop) if is_traced(problem) else ProgramBounder(problem, stop)


def is_traced(problem: ExactProblem) -> bool:
    """Whether the compiled search keeps a trace of such problems."""
    plain = problem.distortion is None and problem.privacy is None and not problem.p_y_tolerance
    return plain and min(problem.shape) > 1
