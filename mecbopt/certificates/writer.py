"""The tree of a certificate, written from the trace of a search and verified step by step.

The search worked in floats; here its steps are done again on the exact boxes, with the checker's own code.
A record is kept only where it proves what it is used for.  Where the trace does not suffice on an exact box,
or where there is none, that very box is bounded, and it is split further until records close it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

from mecbopt._core.tree.trace import ROOT, Key, Outcome
from mecbopt.certificates.arithmetic import FINE, GRID, ceil_div
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.propagation import Propagation
from mecbopt.certificates.records import Record, record_value
from mecbopt.certificates.rounding import Bounded, Work, to_record
from mecbopt.certificates.searching import Bounder, TracedBounder
from mecbopt.certificates.tree import TreeCheck
from mecbopt.errors import CertificateError

__all__ = ["TreeWriter"]

_ONE = 1 << GRID
#: Fractional bits of a split point, and the fewest of a record.
_POINT_BITS, _FEWEST_BITS = 32, 16
#: Bits of a record that is to cut slabs off, at most, and the share of what it lacks that rounding may add:
#: how much it cuts falls with its bound.
_SLAB_BITS, _SLAB_ROUNDING = 40, 2.0**-7
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
    target : int or None
        Over 2^FINE: what leaves have to prove of the objective; None where infeasibility is to be proved.
    bounder : Bounder
        A traced search that ran is followed; what it leaves open is bounded anew.
    expired : callable
        Asked between boxes whether to stop.

    Attributes
    ----------
    records : list of Record
    nodes : list of lists
        As the checker walks them.
    repairs : int
        Boxes that no trace closed.
    """

    def __init__(
        self, problem: ExactProblem, target: int | None, bounder: Bounder, expired: Callable[[], bool]
    ) -> None:
        self._problem, self._target, self._bounder = problem, target, bounder
        self._expired = expired
        self._propagation = Propagation(problem, bounder.pairs)
        self.records: list[Record] = []
        self.nodes: list[list[Any]] = []
        self.repairs = 0
        self._check = TreeCheck(problem, self.records, bounder.pairs, target)
        #: In bits, for the choices that are made before anything is proved.
        self._level = math.inf if target is None else float(Fraction(target, 1 << FINE))

    @property
    def anchor(self) -> tuple[int, int] | None:
        """The cell that the order begins with."""
        return self._bounder.anchor if self._bounder.pairs else None

    def write(self) -> None:
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
            traced = self._bounder if isinstance(self._bounder, TracedBounder) else None
            work = None if key is None or traced is None else traced.work(key)
            result = _Step.STUCK if work is None else self._replay(lower, upper, work)
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

    def _replay(self, lower: list[int], upper: list[int], work: Work) -> _Split | _Step:
        """Do a box again: it is closed, or split, or the work does not suffice."""
        if self._propagate(lower, upper):
            return _Step.CLOSED
        for index, relaxation in enumerate(work.relaxations):
            if self._close(relaxation, lower, upper):
                return _Step.CLOSED
            last = index + 1 == len(work.relaxations)
            everything = last and work.outcome is Outcome.CUT_OFF
            step = self._cut(relaxation, lower, upper, everything)
            if step is _Step.MOVED and self._propagate(lower, upper, everything):
                step = _Step.CLOSED
            if step is _Step.CLOSED:
                return step
        if work.outcome is not Outcome.OPEN:
            return _Step.STUCK
        low, high = lower[work.cell], upper[work.cell]
        point = round(work.point * (1 << _POINT_BITS)) << (GRID - _POINT_BITS)
        if not low < point < high:
            point = (low + high) // 2
        return _Split(None if work.node < 0 else work.node, work.cell, point)

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

    def _close(self, relaxation: Bounded, lower: list[int], upper: list[int]) -> bool:
        """Close the box by a record of the relaxation, the shortest that serves."""
        if not relaxation.infeasible and relaxation.bound < self._level:
            return False
        if relaxation.infeasible:
            bits = GRID
        else:
            slack = min(max(relaxation.bound - self._level, 1e-14), 1.0)
            bits = min(max(_FEWEST_BITS, math.ceil(math.log2(len(lower) / slack))), GRID)
        while True:
            record = to_record(self._problem, relaxation, lower, upper, bits)
            value = record_value(self._problem, record, self._bounder.pairs)
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

    def _cut(self, relaxation: Bounded, lower: list[int], upper: list[int], everything: bool) -> _Step:
        """Cut slabs off by the multipliers of a relaxation that does not close the box."""
        if self._target is None or relaxation.infeasible:
            return _Step.STUCK
        worth, share = (0.0, 0.0) if everything else (_WORTH_A_RECORD, _WORTH_A_SLAB)
        missing = max(self._level - relaxation.bound, 0.0)
        ends, enough = [], False
        for cell in range(len(lower)):
            multiplier, width = float(relaxation.cells[cell]), (upper[cell] - lower[cell]) / _ONE
            kept = missing / abs(multiplier) if multiplier else math.inf
            if kept < (1.0 - share) * width:
                ends.append((cell, "upper" if multiplier > 0 else "lower"))
                enough = enough or kept < (1.0 - worth) * width
        if not enough:
            return _Step.STUCK
        bits = math.ceil(math.log2(len(lower) / max(_SLAB_ROUNDING * missing, 1e-14)))
        bits = min(max(bits, _FEWEST_BITS), _SLAB_BITS)
        record = to_record(self._problem, relaxation, lower, upper, bits)
        value = record_value(self._problem, record, self._bounder.pairs)
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
        """Have this very box bounded, and close it or say where to split it."""
        self.repairs += 1
        if self._propagate(lower, upper):
            return _Step.CLOSED
        result = self._replay(lower, upper, self._bounder.bound(lower, upper, self._level + _ROOM))
        if result is _Step.CLOSED:
            return result
        cell = max(range(len(lower)), key=lambda cell: upper[cell] - lower[cell])
        if upper[cell] - lower[cell] < _NARROWEST or not self._bounder.splits:
            raise CertificateError(
                "a box of couplings cannot be closed: the bounds of its relaxations are too weak for the "
                "gap; set a larger one."
            )
        # What is closed in floats and not exactly, by a hair, is halved.
        return result if isinstance(result, _Split) else _Split(None, cell, (lower[cell] + upper[cell]) // 2)
