"""Relaxations on boxes, for the writer, of problems whose search keeps no trace.

A linear program over the weights of mappings, priced where there are many.  It has a row for everything that
a record has a multiplier for: cells, marginals, limits, linear rows, order, secants below phi of cells and
labels, Jensen rows, tangents.  Nothing here is trusted: its duals become a record, evaluated exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mecbopt import highs
from mecbopt.bounds import phi_secants
from mecbopt.certificates.arithmetic import FINE, GRID
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.records import label_interval
from mecbopt.certificates.rounding import Bounded
from mecbopt.control import Clock, Expired
from mecbopt.formulation import CheapestPartition, enumerate_mappings, mapping_count
from mecbopt.info import phi
from mecbopt.units import BITS_PER_NAT

__all__ = ["BoxProgram"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ONE = float(1 << GRID)
#: Families of mappings up to this size are loaded whole.
_WHOLE_FAMILY = 4096
#: Rounds of pricing and of cuts at a box; what is left then only weakens its bound.
_MAX_ROUNDS = 60
#: Reduced costs and violations of cuts below this are rounding.
_ROUNDING = 1e-9
#: Tangents that a box begins with: the last ones.
_MOST_TANGENTS = 12
#: Posteriors and laws in tangents are at least this.
_SMALLEST = 1e-9
#: A split keeps this share of the cell's width on either side.
_MARGIN = 0.2


@dataclass
class _Row:
    """low <= sum_k w_k sum_y table[y, f_k^{-1}(y)] + sum over other columns <= high."""

    kind: str
    table: FloatArray
    low: float = -highs.INFINITY
    high: float = highs.INFINITY
    others: dict[int, float] = field(default_factory=dict)


class BoxProgram:
    """The relaxations of one problem.

    Parameters
    ----------
    problem : ExactProblem
    order : sequence of pairs of cells
        Pairs (first, second) with P[first] >= P[second].
    expired : callable
        Asked whether to stop.
    """

    def __init__(
        self, problem: ExactProblem, order: Sequence[tuple[int, int]], expired: Callable[[], bool]
    ) -> None:
        self.problem, self.order, self._expired = problem, list(order), expired
        self.n, self.m = problem.shape
        self.p_x = np.array([float(p) for p in problem.p_x])
        self.p_y = np.array([float(p) for p in problem.p_y])
        self.law_ends = np.array([[float(end) for end in ends] for ends in problem.law_ends]).T
        self.channel = _floats(problem.p_s_given_x or ())
        sets = np.arange(1 << self.n)
        #: Whether x is in the set, shape (n, 2^n); masses of the sets.
        self.inside = ((sets >> np.arange(self.n)[:, None]) & 1).astype(float)
        self.masses = self.p_x @ self.inside
        #: Posteriors of the label whose cross entropies hold everywhere, laws where -phi has tangents.
        self.posteriors: list[FloatArray] = []
        self.points = [[max(float(p), _SMALLEST)] for p in self.p_y]
        self._partitions = CheapestPartition(self.n, self.m)
        self._whole = mapping_count(self.n, self.m) <= _WHOLE_FAMILY
        constants = np.repeat(np.arange(self.m, dtype=np.int64)[:, None], self.n, axis=1)
        self._mappings = np.zeros((0, self.n), dtype=np.int64)
        self._known: set[bytes] = set()
        self._add(enumerate_mappings(self.n, self.m) if self._whole else constants)

    @property
    def splits(self) -> bool:
        """Whether a smaller box can have a better bound."""
        return self.problem.distortion is None or self.problem.given_y_limit is not None

    def _add(self, mappings: IntArray) -> int:
        fresh = [mapping for mapping in mappings if mapping.tobytes() not in self._known]
        self._known.update(mapping.tobytes() for mapping in fresh)
        if fresh:
            self._mappings = np.concatenate([self._mappings, fresh])
            chosen = self._mappings[:, :, None] == np.arange(self.m)
            #: The preimage of every letter of Y, shape (k, m).
            self.blocks = (chosen << np.arange(self.n)[:, None]).sum(axis=1)
        return len(fresh)

    def bound(
        self, lower: Sequence[int], upper: Sequence[int], level: float
    ) -> tuple[list[Bounded], int, float]:
        """Relax a box given over 2^GRID.

        Returns
        -------
        relaxations : list of Bounded
            The last one, or none where the program could not be solved.
        cell, point : int, float
            Where to split the box if its bound lies below `level`.
        """
        # Those of far boxes only make the program larger.
        del self.posteriors[:-_MOST_TANGENTS]
        for points in self.points:
            del points[1:-_MOST_TANGENTS]
        box = _Box(self, lower, upper)
        found: list[Bounded] = []
        for _ in range(_MAX_ROUNDS):
            if self._expired() or not box.solve():
                break
            result, table, price = box.duals()
            fresh = 0
            if not self._whole:
                try:
                    mappings, costs = self._partitions.find(table, 4 * self.n)
                except Expired:
                    break
                # A record pays the least over all mappings.
                result.bound += min(0.0, float(costs[0]) - price)
                fresh = self._add(mappings[costs - price < -_ROUNDING])
            found = [result]
            if not fresh and (result.infeasible or result.bound >= level or not self._cut(box)):
                break
        return found, *box.split()

    def _cut(self, box: _Box) -> int:
        """Add tangents that the point of the relaxation violates; how many."""
        count, coupling = 0, box.coupling
        if self.problem.p_y_tolerance:
            for y, mass in enumerate(coupling.sum(axis=0)):
                tangents = [(math.log2(r) + BITS_PER_NAT) * mass - r * BITS_PER_NAT for r in self.points[y]]
                if -float(phi(mass)) - max(tangents) > _ROUNDING:
                    self.points[y].append(max(float(mass), _SMALLEST))
                    count += 1
        if self.problem.privacy is not None:
            joint = np.maximum(self.channel.T @ coupling, _SMALLEST)
            law = joint.sum(axis=0)
            if float(phi(joint).sum() - phi(law).sum()) < float(self.problem.privacy) - _ROUNDING:
                self.posteriors.append(joint / law)
                count += 1
        return count


class _Box:
    """The linear program of one box.

    Columns beside the weights: t of every cell, then, where the law of Y is not held, a value below -phi of
    every letter's mass, what is added to the law and taken from it, and a bound on every column of H(X|Y).
    """

    def __init__(self, program: BoxProgram, lower: Sequence[int], upper: Sequence[int]) -> None:
        self.program, self.ends = program, (lower, upper)
        n, m = program.n, program.m
        self.lower, self.upper = np.array(lower) / _ONE, np.array(upper) / _ONE
        slopes, offsets = phi_secants(self.lower.reshape(n, m), self.upper.reshape(n, m))
        self.slopes, self.offsets = slopes.ravel(), offsets.ravel()
        self.information = program.problem.distortion is None
        self.laws = n * m if self.information else 0
        self.label_slopes, self.label_offsets = self._label_secants()
        self.coupling = np.outer(program.p_x, program.p_y)
        self.others = np.zeros(self.laws + 4 * m)
        #: Whether columns of H(X|Y) have a Jensen row of their own.
        self.by_columns = self.information and program.problem.p_y_tolerance > 0
        self.cell_bounds = np.zeros(n * m)

    def _label_secants(self) -> tuple[FloatArray, FloatArray]:
        """Below phi(P(s, y)) on what the box leaves of it, shapes (s, m)."""
        program, problem = self.program, self.program.problem
        labels = program.channel.shape[1] if problem.given_y_limit is not None else 0
        if not labels:
            return np.zeros((0, program.m)), np.zeros((0, program.m))
        ends = [[label_interval(problem, *self.ends, s, y) for y in range(program.m)] for s in range(labels)]
        low, high = np.moveaxis(np.array(ends) / _ONE, -1, 0)
        return phi_secants(low, high)

    def _cells(self, coefficients: FloatArray) -> FloatArray:
        """The table of a linear form of the coupling."""
        program = self.program
        weighted = coefficients.reshape(program.n, program.m) * program.p_x[:, None]
        table: FloatArray = weighted.T @ program.inside
        return table

    def _rows(self) -> Iterator[_Row]:
        """All rows but the sum of the weights."""
        program, problem = self.program, self.program.problem
        m, cells = program.m, program.n * program.m
        held = not problem.p_y_tolerance
        for cell, unit in enumerate(np.eye(cells)):
            yield _Row("cells", self._cells(unit), self.lower[cell], self.upper[cell])
        for y, unit in enumerate(np.eye(m)):
            moves = {} if held else {self.laws + m + y: -1.0, self.laws + 2 * m + y: 1.0}
            yield _Row("marginals", np.outer(unit, program.masses), program.p_y[y], program.p_y[y], moves)
        for place in () if held else (1, 2):
            total = {self.laws + place * m + y: 1.0 for y in range(m)}
            yield _Row(
                "moves", np.zeros((m, len(program.masses))), high=float(problem.p_y_tolerance), others=total
            )
        for kind, limit, terms in (
            ("rate", problem.rate, problem.set_phi),
            ("label", problem.seen_limit, problem.set_label),
        ):
            if limit is not None:
                table = np.array([low for low, _ in terms], dtype=float) / 2.0**FINE
                yield _Row(kind, np.tile(table, (m, 1)), high=float(limit))
        if problem.given_y_limit is not None:
            joint = float(problem.given_y_limit) - float(self.label_offsets.sum())
            joint += float(phi(program.p_y).sum()) if held else 0.0
            values = {} if held else {self.laws + y: 1.0 for y in range(m)}
            yield _Row("given_y", self._cells(program.channel @ self.label_slopes), high=joint, others=values)
        for posterior in program.posteriors:
            surprise = self._cells(program.channel @ -np.log2(posterior))
            yield _Row("privacy", surprise, low=float(problem.privacy or 0))
        for row in problem.constraints:
            yield _Row(
                "constraints",
                self._cells(_floats(row.coefficients)),
                -highs.INFINITY if row.lower is None else float(row.lower),
                highs.INFINITY if row.upper is None else float(row.upper),
            )
        for first, second in program.order:
            pair = np.zeros(cells)
            pair[first], pair[second] = 1.0, -1.0
            yield _Row("order", self._cells(pair), low=0.0)
        if self.information:
            yield from self._objective_rows()
        for y in () if held else range(m):
            for point in program.points[y]:
                table = np.outer(np.eye(m)[y], program.masses) * -(math.log2(point) + BITS_PER_NAT)
                yield _Row("laws", table, low=-point * BITS_PER_NAT, others={self.laws + y: 1.0})

    def _objective_rows(self) -> Iterator[_Row]:
        """T above the secant of its cell, and above the Jensen sum."""
        program = self.program
        caps = program.p_y
        if program.problem.p_y_tolerance:
            caps = np.minimum(program.law_ends[1], self.upper.reshape(program.n, program.m).sum(axis=0))
        apart = -(phi(program.p_x) @ program.inside - phi(np.minimum(program.masses, 1.0)))
        for y, unit in enumerate(np.eye(program.m) if self.by_columns else ()):
            column = self.laws + 3 * program.m + y
            parts = dict.fromkeys(range(y, len(self.slopes), program.m), -1.0) | {self.laws + y: -1.0}
            yield _Row("parts", np.zeros_like(np.outer(unit, apart)), low=0.0, others={column: 1.0, **parts})
            yield _Row("columns", np.outer(unit, apart), low=0.0, others={column: 1.0})
        for cell, unit in enumerate(np.eye(len(self.slopes))):
            table = self._cells(-self.slopes[cell] * unit)
            yield _Row("secants", table, low=self.offsets[cell], others={cell: 1.0})
        for cell in range(len(self.slopes)):
            x, y = divmod(cell, program.m)
            table = np.zeros((program.m, len(program.masses)))
            if caps[y] > 0:
                with np.errstate(divide="ignore", invalid="ignore"):
                    atoms = caps[y] * program.p_x[x] / program.masses
                atoms = np.where(program.inside[x] > 0, atoms, 0.0)
                table[y] = -program.masses / caps[y] * self._extended(cell, atoms)
            yield _Row("theta", table, low=0.0, others={cell: 1.0})

    def _extended(self, cell: int, atoms: FloatArray) -> FloatArray:
        """Phi on the cell's interval, continued by its end tangents."""
        values: FloatArray = phi(np.minimum(atoms, 1.0))
        for end, outside in (
            (self.lower[cell], atoms < self.lower[cell]),
            (self.upper[cell], atoms > self.upper[cell]),
        ):
            if end > 0:
                tangent = phi(end) - (math.log2(end) + BITS_PER_NAT) * (atoms - end)
                values = np.where(outside, tangent, values)
        return values

    def solve(self) -> bool:
        """Solve the program with the mappings known; whether there are duals."""
        program = self.program
        self.rows = list(self._rows())
        letters = np.arange(program.m)
        known = len(program.blocks)
        matrix = np.zeros((known + len(self.others), len(self.rows) + 1))
        matrix[:known, -1] = 1.0
        for index, row in enumerate(self.rows):
            matrix[:known, index] = row.table[letters, program.blocks].sum(axis=1)
            for column, coefficient in row.others.items():
                matrix[known + column, index] = coefficient
        self.cost = np.zeros((program.m, len(program.masses)))
        costs = np.zeros(len(matrix))
        if self.by_columns:
            costs[-program.m :] = 1.0
        elif self.information:
            costs[known : known + self.laws] = 1.0
        else:
            self.cost = self._cells(_floats(program.problem.distortion or ()))
            costs[:known] = self.cost[letters, program.blocks].sum(axis=1)
        self.low = np.array([row.low for row in self.rows] + [1.0])
        self.high = np.array([row.high for row in self.rows] + [1.0])
        self.model = highs.new_model()
        count = len(self.low)
        self.model.addRows(count, self.low, self.high, 0, highs.indices(count) * 0, [], [])
        highs.add_columns(self.model, matrix, costs)
        columns = range(len(matrix) - program.m, len(matrix))
        for column in (*range(known, known + self.laws + program.m), *columns):
            self.model.changeColBounds(column, -highs.INFINITY, highs.INFINITY)
        if not program.problem.p_y_tolerance:
            for column in range(known + self.laws, len(matrix)):
                self.model.changeColBounds(column, 0.0, 0.0)
        highs.run(self.model, Clock())
        if highs.is_infeasible(self.model):
            _, has_ray, ray = self.model.getDualRay()
            rays = [sign * np.array(ray) for sign in (1.0, -1.0)] if has_ray else []
            self.dual = max(rays, key=self._proved, default=np.zeros(0))
            return bool(rays)
        if not highs.is_optimal(self.model):
            return False
        solution = self.model.getSolution()
        self.dual = np.array(solution.row_dual)
        values = np.array(solution.col_value)
        self.others = values[known:]
        cells = program.n * program.m
        self.coupling = (values[:known] @ matrix[:known, :cells]).reshape(program.n, program.m)
        if self.information:
            jensen = [index for index, row in enumerate(self.rows) if row.kind == "theta"]
            sums = self.others[: self.laws] - np.array(solution.row_value)[jensen]
            self.cell_bounds = np.maximum(self.offsets + self.slopes * self.coupling.ravel(), sums)
        return True

    def _proved(self, ray: FloatArray) -> float:
        """What a ray proves of the right-hand sides; minus infinity where it has the wrong sign."""
        used = np.abs(ray) > _ROUNDING
        ends = np.where(ray > 0, self.low, self.high)[used]
        return float((ray[used] * ends).sum()) if (np.abs(ends) < highs.INFINITY).all() else -math.inf

    def duals(self) -> tuple[Bounded, FloatArray, float]:
        """Duals by the kinds of their rows, reduced costs of preimages, and the price of the weights' sum."""
        program, problem = self.program, self.program.problem
        infeasible = highs.is_infeasible(self.model)
        table = np.zeros_like(self.cost) if infeasible else self.cost.copy()
        found: dict[str, list[float]] = {}
        slopes = np.zeros((2, program.m))
        places = iter([y for y in range(program.m) for _ in program.points[y]])
        for row, dual in zip(self.rows, self.dual, strict=False):
            found.setdefault(row.kind, []).append(float(dual))
            if dual:
                table -= dual * row.table
            if row.kind == "laws":
                y = next(places)
                slope = row.table[y, -1] / program.masses[-1]
                slopes[:, y] += max(dual, 0.0) * np.array([1.0, -slope])
        privacy = np.maximum(found.get("privacy", [0.0]), 0.0)
        channel, laws = np.zeros(0), np.zeros(0)
        if problem.privacy is not None:
            # The geometric mean of posteriors has the mean of their surprises, and sums to at most 1.
            labels = program.channel.shape[1]
            channel = np.full((labels, program.m), 1.0 / labels)
            if privacy.sum() > 0:
                logarithms = np.log2(np.array(program.posteriors[: len(privacy)]))
                channel = np.exp2(np.tensordot(privacy / privacy.sum(), logarithms, axes=1))
        if problem.p_y_tolerance:
            used = slopes[0] > 0
            laws = np.full(program.m, 0.5)
            laws[used] = np.exp2(slopes[1, used] / slopes[0, used] - BITS_PER_NAT)
        theta, columns = np.array(found.get("theta", [])), np.maximum(found.get("columns", []), 0.0)
        if len(columns):
            # Of what the column's own row leaves.
            rest = np.tile(1.0 - columns, program.n)
            theta = np.divide(theta, rest, out=np.zeros_like(theta), where=rest > _ROUNDING)
        if infeasible:
            theta, columns = np.zeros(0), np.zeros(0)
        result = Bounded(
            infeasible=infeasible,
            bound=0.0 if infeasible else float(self.model.getInfo().objective_function_value),
            slopes=self.slopes,
            touch_from=self.lower,
            touch_to=self.upper,
            theta=theta,
            cells=np.array(found["cells"]),
            marginals=np.array(found["marginals"]),
            rate=sum(found.get("rate", [])),
            label=sum(found.get("label", [])),
            order=np.array(found.get("order", [])),
            given_y=sum(found.get("given_y", [])),
            label_slopes=self.label_slopes,
            privacy=float(privacy.sum()),
            constraints=np.array(found.get("constraints", [])),
            channel=channel.ravel(),
            laws=laws,
            columns=columns,
        )
        return result, table, float(self.dual[-1])

    def split(self) -> tuple[int, float]:
        """The cell whose bounds are off most at the point of the relaxation, and where to split it."""
        program = self.program
        width, point = self.upper - self.lower, self.coupling.ravel()
        error = np.zeros(len(point))
        if self.information:
            error += np.maximum(phi(np.clip(point, 0.0, 1.0)) - self.cell_bounds, 0.0)
        if len(self.label_slopes):
            joint = np.clip(program.channel.T @ self.coupling, 0.0, 1.0)
            off = np.maximum(phi(joint) - self.label_offsets - self.label_slopes * joint, 0.0)
            reach = program.channel.T @ width.reshape(self.coupling.shape)
            shares = np.divide(off, reach, out=np.zeros_like(off), where=reach > 0)
            error += (program.channel @ shares).ravel() * width
        error = np.where(width > 0, error, -1.0)
        cell = int(np.argmax(error if error.max() > 0 else width))
        margin = _MARGIN * width[cell]
        return cell, float(np.clip(point[cell], self.lower[cell] + margin, self.upper[cell] - margin))


def _floats(rows: Sequence[Sequence[object]]) -> FloatArray:
    """Fractions as floats."""
    return np.array([[float(entry) for entry in row] for row in rows])  # type: ignore[arg-type]
