"""The tree of a certificate: that its leaves cover every coupling worth finding, each closed by a record.

Children cover their parent (both ends of a split share the point), every shrinking of a box has a reason that
is checked here, and every leaf is closed by a record whose own box holds the node's box, or by a sum of a row
or column that no coupling in the box can have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mecbopt.certificates.arithmetic import FINE, GRID, ceil_div
from mecbopt.certificates.instance import ExactProblem, Limit
from mecbopt.certificates.records import Record, record_value
from mecbopt.errors import CertificateError

__all__ = ["TreeCheck", "order_pairs"]

_ONE = 1 << GRID


def order_pairs(problem: ExactProblem, anchor: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The pairs of cells (first, second) with P[first] >= P[second] that some optimal coupling obeys.

    X-letters are exchangeable where their masses and label rows are exactly equal, Y-letters where their
    masses are, as far as distortion and linear rows weigh them alike.  With the anchor (a, b): P(a, b) is
    greatest over class(a) x class(b), column b falls along class(a) without a and along every other X-class,
    row a along class(b) without b and along every other Y-class.
    """
    if anchor is None:
        return []
    m, (a, b) = problem.shape[1], anchor
    matrices = [row.coefficients for row in problem.constraints]
    matrices += [] if problem.distortion is None else [problem.distortion]
    labels = [] if problem.p_s_given_x is None else [problem.p_s_given_x]
    x_classes = _classes(list(zip(problem.p_x, *labels, *matrices, strict=True)))
    columns = (zip(*matrix, strict=True) for matrix in matrices)
    y_classes = _classes(list(zip(problem.p_y, *columns, strict=True)))
    class_a = next(group for group in x_classes if a in group)
    class_b = next(group for group in y_classes if b in group)
    pairs = [(a * m + b, x * m + y) for x in class_a for y in class_b if (x, y) != (a, b)]
    for group in x_classes:
        letters = [x for x in group if x != a]
        pairs += [(x * m + b, after * m + b) for x, after in pairwise(letters)]
    for group in y_classes:
        letters = [y for y in group if y != b]
        pairs += [(a * m + y, a * m + after) for y, after in pairwise(letters)]
    return pairs


def _classes(keys: Sequence[Any]) -> list[list[int]]:
    """Indices with equal keys, in order of first appearance."""
    groups: dict[Any, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def _sum(
    cells: dict[int, Fraction], lower: Sequence[int], upper: Sequence[int], extreme: Callable[..., Any]
) -> Fraction:
    """The least or greatest sum of coefficients times cells in a box."""
    terms = (extreme(a * lower[cell], a * upper[cell]) for cell, a in cells.items())
    return sum(terms, Fraction(0))


@dataclass
class TreeCheck:
    """Walks a tree in preorder.

    Attributes
    ----------
    problem : ExactProblem
    records : list of Record
        Those without a box get one.
    pairs : sequence of pairs of cells
    target : int or None
        Over 2^FINE: what leaves need of the objective; None where the claim is infeasibility.
    values : dict
        Of the records evaluated so far.
    """

    problem: ExactProblem
    records: list[Record]
    pairs: Sequence[tuple[int, int]]
    target: int | None
    values: dict[int, int] = field(default_factory=dict)

    def run(self, nodes: Sequence[Sequence[Any]]) -> None:
        """Check every node; raises CertificateError with the place and the reason at the first that fails."""
        open_boxes = [self.root()]
        for place, node in enumerate(nodes):
            if not open_boxes:
                raise CertificateError(f"tree[{place}]: the tree is complete before this node.")
            lower, upper = open_boxes.pop()
            try:
                open_boxes += self.children(node, lower, upper)
            except CertificateError as error:
                raise CertificateError(f"tree[{place}]: {error}") from None
        if open_boxes:
            raise CertificateError(f"tree: {len(open_boxes)} nodes are missing at its end.")

    def root(self) -> tuple[list[int], list[int]]:
        """The box that holds every coupling."""
        masses = [min(px, end) for px in self.problem.p_x for _, end in self.problem.law_ends]
        return [0] * len(masses), [ceil_div(mass.numerator << GRID, mass.denominator) for mass in masses]

    def children(
        self, node: Sequence[Any], lower: list[int], upper: list[int]
    ) -> list[tuple[list[int], list[int]]]:
        """The boxes that a node leaves to be checked, the first to come last."""
        kind = node[0]
        if kind == "split":
            cell, point = node[1:]
            if not lower[cell] <= point <= upper[cell]:
                raise CertificateError(f"the point of the split lies outside the box of cell {cell}.")
            left, right = upper.copy(), lower.copy()
            left[cell] = right[cell] = point
            return [(right, upper), (lower, left)]
        if kind == "close":
            self._close(node[1], lower, upper)
            return []
        if kind == "empty":
            self._empty(node[1], node[2], lower, upper)
            return []
        self._tighten(node, lower, upper)
        return [(lower, upper)]

    def _proved(self, index: int, lower: list[int], upper: list[int]) -> int:
        """What the record proves over 2^FINE, less what a leaf needs: closed where this is positive or 0."""
        record = self.records[index]
        if not record.lower:
            # The box of its first use: as good as one of its own, where it is one.
            if any(low > high for low, high in zip(lower, upper, strict=True)):
                raise CertificateError(f"record {index} has no box, and the node's is crossed.")
            record = self.records[index] = replace(record, lower=lower.copy(), upper=upper.copy())
        for cell in range(len(lower)):
            if not (record.lower[cell] <= lower[cell] and upper[cell] <= record.upper[cell]):
                raise CertificateError(
                    f"record {index} is for a box that does not hold the node's at cell {cell}."
                )
        if index not in self.values:
            self.values[index] = record_value(self.problem, record, self.pairs)
        if record.farkas:
            return self.values[index] - 1
        if self.target is None:
            raise CertificateError(f"record {index} bounds the value, but the claim is infeasibility.")
        return self.values[index] - self.target

    def _close(self, index: int, lower: list[int], upper: list[int]) -> None:
        missing = self._proved(index, lower, upper)
        if missing < 0:
            raise CertificateError(
                f"record {index} lacks {float(Fraction(-missing, 1 << FINE)):.3g} bits to close it."
            )

    def _empty(self, axis: str, letter: int, lower: Sequence[int], upper: Sequence[int]) -> None:
        """The box allows no coupling with the letter's mass, or that meets a linear row."""
        (least, most), cells = self._line(axis, letter)
        low, high = (_sum(cells, lower, upper, side) for side in (min, max))
        crossed = any(lower[cell] > upper[cell] for cell in range(len(lower)))
        beyond = (most is not None and low > most * _ONE) or (least is not None and high < least * _ONE)
        if not (crossed or beyond):
            raise CertificateError(f"the sum of {axis} {letter} is possible in the box.")

    def _line(self, axis: str, index: int) -> tuple[tuple[Limit, Limit], dict[int, Fraction]]:
        """The ends of a letter's mass, or of a linear row, and the coefficients of its cells."""
        n, m = self.problem.shape
        if axis == "row":
            return (self.problem.p_x[index],) * 2, {index * m + y: Fraction(1) for y in range(m)}
        if axis == "column":
            return self.problem.law_ends[index], {x * m + index: Fraction(1) for x in range(n)}
        row = self.problem.constraints[index]
        coefficients = enumerate(a for line in row.coefficients for a in line)
        return (row.lower, row.upper), {cell: a for cell, a in coefficients if a}

    def _tighten(self, node: Sequence[Any], lower: list[int], upper: list[int]) -> None:
        """Shrink the box in place, for a reason that is computed here."""
        (_, reason, cell, side), m = node[:4], self.problem.shape[1]
        if reason == "order":
            first, second = self.pairs[node[4]]
            if side == "lower" and cell == first:
                lower[cell] = max(lower[cell], lower[second])
            elif side == "upper" and cell == second:
                upper[cell] = min(upper[cell], upper[first])
            else:
                raise CertificateError(
                    f"pair {node[4]} of the order says nothing of this end of cell {cell}."
                )
        elif reason == "record":
            self._slab(node[4], cell, side, lower, upper)
        else:
            index = node[4] if reason == "constraint" else (cell // m if reason == "row" else cell % m)
            ends, cells = self._line(reason, index)
            own = cells.pop(cell, Fraction(0))
            # What the other cells leave of the greater end bounds a positive multiple of the cell from above.
            end, extreme = (ends[1], min) if (own > 0) == (side == "upper") else (ends[0], max)
            if not own or end is None:
                raise CertificateError(f"{reason} {index} says nothing of this end of cell {cell}.")
            rest = (end * _ONE - _sum(cells, lower, upper, extreme)) / own
            if side == "upper":
                upper[cell] = min(upper[cell], ceil_div(rest.numerator, rest.denominator))
            else:
                lower[cell] = max(lower[cell], rest.numerator // rest.denominator)

    def _slab(self, index: int, cell: int, side: str, lower: list[int], upper: list[int]) -> None:
        """Exclude couplings beyond the end at which the bound, with the cell's own term moved, closes.

        The multiplier is over 2^GRID, so that a step of the end by 2^-GRID is worth `multiplier` over 2^FINE.
        """
        missing = -self._proved(index, lower, upper)
        record = self.records[index]
        multiplier = record.cells[cell]
        if side == "upper" and multiplier > 0:
            upper[cell] = min(upper[cell], record.lower[cell] + max(0, ceil_div(missing, multiplier)))
        elif side == "lower" and multiplier < 0:
            lower[cell] = max(lower[cell], record.upper[cell] - max(0, ceil_div(missing, -multiplier)))
        else:
            raise CertificateError(
                f"record {index} has no multiplier that excludes this side of cell {cell}."
            )
