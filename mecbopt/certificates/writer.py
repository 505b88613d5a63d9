"""The tree of a certificate, written from the trace of a search and verified step by step.

The search worked in floats; here its steps are done again on the exact boxes, with the checker's own code.
A record is kept only where it proves what it is used for.  Where the trace does not suffice on an exact box,
the compiled search is asked to bound that very box, and it is split further until records close it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

from mecbopt._core.tree import CompiledSearch
from mecbopt._core.tree.trace import ROOT, Key, Outcome, Relaxation, Side, Trace
from mecbopt.certificates.arithmetic import FINE, GRID, ceil_div
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.propagation import Propagation
from mecbopt.certificates.records import Record, record_value
from mecbopt.certificates.rounding import to_record
from mecbopt.certificates.tree import TreeCheck
from mecbopt.errors import CertificateError

__all__ = ["TreeWriter"]

_ONE = 1 << GRID
#: Fractional bits of a split point, and the fewest of a record.
_POINT_BITS, _FEWEST_BITS = 32, 16
#: Bits of a record that is to cut slabs off: how much it cuts falls with its bound.
_SLAB_BITS = 40
#: A slab is worth writing from this share of the cell's width.
_WORTH_A_RECORD, _WORTH_A_SLAB = 0.1, 0.01
#: Bits by which a relaxation is asked to do better than the claim needs: room for rounding.
_ROOM = 1e-10
#: Boxes narrower than this in every cell are not split.
_NARROWEST = 1 << (GRID - 34)


class _Step(Enum):
    """What a step made of a box."""

    CLOSED = "closed"
    MOVED = "made smaller"
    STUCK = "left as it was"


class _Split(NamedTuple):
    """Where a box is split, and the number of its node in the trace (None: outside of it)."""

    node: int | None
    cell: int
    point: int


class TreeWriter:
    """Writes one tree.

    Parameters
    ----------
    problem : ExactProblem
    pairs : sequence of pairs of cells
        The order.
    target : int or None
        Over 2^FINE: what leaves have to prove of H(X,Y); None where infeasibility is to be proved.
    search : CompiledSearch
        Traced, on the same problem; None where the marginals determine the coupling.
    expired : callable
        Asked between boxes whether to stop.

    Attributes
    ----------
    records : list of Record
    nodes : list of lists
        As the checker walks them.
    repairs : int
        Boxes that the trace left open and the search was asked about.
    """

    def __init__(
        self,
        problem: ExactProblem,
        pairs: Sequence[tuple[int, int]],
        target: int | None,
        search: CompiledSearch | None,
        expired: Callable[[], bool],
    ) -> None:
        n, m = problem.shape
        self._problem, self._pairs, self._target, self._search = problem, pairs, target, search
        self._expired = expired
        places = {pair: place for place, pair in enumerate([] if search is None else search.order)}
        self._order = [places[pair] for pair in pairs]
        self._rows = 2 * n * m + m + 2 + len(pairs)
        self._propagation = Propagation(problem, pairs)
        self.records: list[Record] = []
        self.nodes: list[list[Any]] = []
        self.repairs = 0
        self._check = TreeCheck(problem, self.records, pairs, target)
        #: In bits, for the choices that are made before anything is proved.
        self._level = math.inf if target is None else float(Fraction(target, 1 << FINE))

    def new_trace(self) -> Trace:
        """A trace of the search's shape, to be filled."""
        n, m = self._problem.shape
        return Trace(n * m, self._rows)

    def write(self, trace: Trace) -> None:
        """Write the tree that closes the root's box.

        Raises
        ------
        CertificateError
            A box cannot be closed, or there is no time left.
        """
        stack: list[tuple[list[int], list[int], Key | None]] = [(*self._check.root(), ROOT)]
        while stack:
            if self._expired():
                raise CertificateError(
                    "the time limit was reached before the certificate was written: give more time or a "
                    "larger gap."
                )
            lower, upper, key = stack.pop()
            side = None if key is None else trace.sides.get(key)
            result = _Step.STUCK if side is None else self._replay(lower, upper, side, trace)
            if result is _Step.STUCK:
                result = self._repair(lower, upper)
            if isinstance(result, _Split):
                right, left = self._emit(["split", result.cell, result.point], lower, upper)
                node = result.node
                stack.append((*right, None if node is None else (node, 1)))
                stack.append((*left, None if node is None else (node, 0)))

    def _emit(self, node: list[Any], lower: list[int], upper: list[int]) -> list[tuple[list[int], list[int]]]:
        """Write a node, as the checker does it; a box that is shrunk is shrunk in place."""
        children = self._check.children(node, lower, upper)
        self.nodes.append(node)
        return children

    def _replay(self, lower: list[int], upper: list[int], side: Side, trace: Trace | None) -> _Split | _Step:
        """Do a traced box again: it is closed, or split, or the trace does not suffice."""
        if self._propagate(lower, upper):
            return _Step.CLOSED
        for index, relaxation in enumerate(side.relaxations):
            if self._close(relaxation, lower, upper):
                return _Step.CLOSED
            last = index + 1 == len(side.relaxations)
            everything = last and side.outcome is Outcome.CUT_OFF
            step = self._cut(relaxation, lower, upper, everything)
            if step is _Step.MOVED and self._propagate(lower, upper, everything):
                step = _Step.CLOSED
            if step is _Step.CLOSED:
                return step
        if side.outcome is not Outcome.OPEN:
            return _Step.STUCK
        if trace is not None and not any((side.node, branch) in trace.sides for branch in (0, 1)):
            # Left over when the search ended: its relaxations should have closed it.
            return _Step.STUCK
        low, high = lower[side.cell], upper[side.cell]
        point = round(side.point * (1 << _POINT_BITS)) << (GRID - _POINT_BITS)
        if not low < point < high:
            point = (low + high) // 2
        return _Split(None if trace is None else side.node, side.cell, point)

    def _propagate(self, lower: list[int], upper: list[int], everything: bool = False) -> bool:
        """Shrink the box by its sums; whether it is closed as empty."""
        nodes, empty = (
            self._propagation.steps(lower, upper, 0.0)
            if everything
            else self._propagation.steps(lower, upper)
        )
        for node in nodes:
            self._emit(node, lower, upper)
        return empty

    def _close(self, relaxation: Relaxation, lower: list[int], upper: list[int]) -> bool:
        """Close the box by a record of the relaxation, the shortest that serves."""
        if not relaxation.infeasible and relaxation.bound < self._level:
            return False
        if relaxation.infeasible:
            bits = GRID
        else:
            slack = min(max(relaxation.bound - self._level, 1e-14), 1.0)
            bits = min(max(_FEWEST_BITS, math.ceil(math.log2(len(lower) / slack))), GRID)
        while True:
            record = to_record(self._problem, relaxation, lower, upper, self._order, bits)
            value = record_value(self._problem, record, self._pairs)
            if value > 0 if record.farkas else self._target is not None and value >= self._target:
                self._emit(["close", self._keep(record, value)], lower, upper)
                return True
            if bits == GRID:
                return False
            bits = min(bits + 8, GRID)

    def _keep(self, record: Record, value: int) -> int:
        """Add a record whose value is known; its index."""
        self.records.append(record)
        self._check.values[len(self.records) - 1] = value
        return len(self.records) - 1

    def _cut(self, relaxation: Relaxation, lower: list[int], upper: list[int], everything: bool) -> _Step:
        """Cut slabs off by the multipliers of a relaxation that does not close the box."""
        if self._target is None or relaxation.infeasible:
            return _Step.STUCK
        worth, share = (0.0, 0.0) if everything else (_WORTH_A_RECORD, _WORTH_A_SLAB)
        missing = max(self._level - relaxation.bound, 0.0)
        ends, enough = [], False
        for cell in range(len(lower)):
            multiplier, width = float(relaxation.multipliers[cell]), (upper[cell] - lower[cell]) / _ONE
            kept = missing / abs(multiplier) if multiplier else math.inf
            if kept < (1.0 - share) * width:
                ends.append((cell, "upper" if multiplier > 0 else "lower"))
                enough = enough or kept < (1.0 - worth) * width
        if not enough:
            return _Step.STUCK
        record = to_record(self._problem, relaxation, lower, upper, self._order, _SLAB_BITS)
        value = record_value(self._problem, record, self._pairs)
        gap, index = self._target - value, -1
        if gap <= 0:
            self._emit(["close", self._keep(record, value)], lower, upper)
            return _Step.CLOSED
        for cell, end in ends:
            multiplier = record.cells[cell]
            # What secants differ and the grid's rounding may have turned a small one.
            if not multiplier or (multiplier > 0) != (end == "upper"):
                continue
            reach = ceil_div(gap, abs(multiplier))
            kept = (
                record.lower[cell] + reach - lower[cell]
                if end == "upper"
                else reach - record.upper[cell] + upper[cell]
            )
            if kept >= (1.0 - share) * (upper[cell] - lower[cell]):
                continue
            if index < 0:
                index = self._keep(record, value)
            self._emit(["tighten", "record", cell, end, index], lower, upper)
        return _Step.STUCK if index < 0 else _Step.MOVED

    def _repair(self, lower: list[int], upper: list[int]) -> _Split | _Step:
        """Have the search bound this very box, and close it or say where to split it."""
        if self._search is None:
            raise CertificateError("the only coupling is too close to a limit for enclosures to decide.")
        self.repairs += 1
        self._search.take_trace()
        self._search.bound_box(
            self._as_floats(lower), self._as_floats(upper), self._level + _ROOM, stop=self._expired
        )
        side = self.new_trace().read(self._search.take_trace())
        result = self._replay(lower, upper, side, None)
        if result is not _Step.STUCK:
            return result
        # What the search closed in floats does not close exactly, by a hair: halve it.
        cell = max(range(len(lower)), key=lambda cell: upper[cell] - lower[cell])
        if upper[cell] - lower[cell] < _NARROWEST:
            raise CertificateError(
                "a box of couplings cannot be closed: the bounds of its relaxations are too weak for the "
                "gap; set a larger one."
            )
        return _Split(None, cell, (lower[cell] + upper[cell]) // 2)

    def _as_floats(self, ends: Sequence[int]) -> list[list[float]]:
        n, m = self._problem.shape
        return [[ends[x * m + y] / _ONE for y in range(m)] for x in range(n)]
