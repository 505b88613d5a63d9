"""Couplings of least joint entropy of three and more marginals: branch and bound with secants.

phi is concave, so on a box of couplings it lies above its secants: a linear program over the couplings in
the box bounds the entropy from below (Falk and Soland 1969).  At the root the secant of a cell goes from 0
to the least of its letters' masses.  The box is cut at the program's point in the cell whose secant is off
by most, where both parts are tight again.  Every bound is recomputed from the duals, whatever they are:

    sum_i y_i b_i + sum_c min over [l_c, u_c] of (slope_c - sum_i y_i A_ic) P_c + sum_c constant_c

Points are led to a vertex by linearising: the entropy lies below its tangents, so the next vertex is no
worse.
"""

from __future__ import annotations

import heapq
import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mecbopt import highs
from mecbopt.bounds import phi_secants
from mecbopt.control import (
    Clock,
    Target,
    held_interrupts,
    improves,
    prunes,
    rounded_outward,
    run_search,
)
from mecbopt.errors import NotSupportedError
from mecbopt.info import entropy, phi
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.mec.found import Found
from mecbopt.mec.greedy import greedy_support
from mecbopt.mec.result import joint_entropy
from mecbopt.problem import StopReason

__all__ = ["MAX_CELLS", "SeveralMarginals", "minimum_of_several"]

FloatArray = NDArray[np.float64]

#: Cells that a search takes: a linear program of 4096 columns takes tens of milliseconds.
MAX_CELLS = 4096
#: Below this width a cell is one point.
_NARROW = 1e-12
#: Sums of masses are off by this; intervals are widened by it.
_ROUNDING = 1e-14
#: A cut keeps this share of the cell's interval on both sides.
_MARGIN = 0.1
#: Every node up to the first number looks for a better vertex, and every so manieth after it.
_FIRST_DESCENTS, _DESCENT_EVERY = 100, 20
#: Linear programs of one descent; each must improve, so few descents come near.
_MOST_STEPS = 20
#: In place of the infinite slope of phi at 0: an empty cell costs more than any other.
_LEAST_MASS, _EMPTY_COST = 1e-15, 64.0
#: A cell with this share of the most it can hold is empty.
_NO_SHARE = 1e-9
#: What a vertex may be off in a row.
_RESIDUAL = 1e-12
#: Reduced costs below this are rounding.
_NO_COST = 1e-9


def minimum_of_several(
    laws: list[FloatArray], gap: float, time_limit: float | None, searched: bool = True
) -> Found:
    """The coupling of least joint entropy of three and more laws of positive masses, within the gap.

    Without a search it is the greedy one.

    Raises
    ------
    NotSupportedError
        More than `MAX_CELLS` cells.
    """
    shape = tuple(len(law) for law in laws)
    if math.prod(shape) > MAX_CELLS:
        sizes = " x ".join(map(str, shape))
        raise NotSupportedError(
            f"the marginals have {sizes} = {math.prod(shape)} cells of positive letters, exact takes "
            f"{MAX_CELLS} at most for three and more: use mecbopt.mec.greedy, whose entropy is at most 1.222 "
            "bits above the minimum."
        )
    start = greedy_support(laws).to_dense().ravel()
    target, clock = Target(gap), Clock(time_limit)
    search = SeveralMarginals(laws, start, best_lower_bound(laws), target, clock)
    reason = StopReason.INTERRUPTED
    if searched:
        reason = run_search(search, target, None, clock, proving=True)
    lower, upper = min(search.cost_bound, search.incumbent_cost), search.incumbent_cost
    return Found(search.incumbent.reshape(shape), upper, lower, target.reached(lower, upper), reason)


class _Node(NamedTuple):
    """A box with its bound and the point of its program; the order breaks ties."""

    bound: float
    order: int
    low: FloatArray
    high: FloatArray
    point: FloatArray


class _Bound(NamedTuple):
    """A valid bound on a box; the point and the reduced costs, where the program was solved."""

    value: float
    point: FloatArray | None = None
    reduced: FloatArray | None = None


class SeveralMarginals:
    """One search; between two steps its incumbent and its bound are valid.

    Parameters
    ----------
    laws : list of ndarray
        All masses positive; at most `MAX_CELLS` cells.
    start : ndarray, shape (cells,)
        A coupling, flattened.
    bound : float
        A lower bound on the joint entropy.
    target : Target
    clock : Clock
    """

    in_one_step = False

    def __init__(
        self, laws: list[FloatArray], start: FloatArray, bound: float, target: Target, clock: Clock
    ) -> None:
        from scipy.sparse import csr_array

        shape = tuple(len(law) for law in laws)
        letters = np.indices(shape).reshape(len(shape), -1)
        first = np.cumsum((0, *shape[:-1]))
        #: rows_of[i, c]: the row of marginal i that cell c lies in.
        self._rows_of = letters + first[:, None]
        self._sides = np.concatenate(laws)
        cells = letters.shape[1]
        columns = np.tile(np.arange(cells), len(shape))
        places = self._rows_of.ravel(), columns
        self._rows = csr_array((np.ones(columns.size), places))
        # Programs speak of shares, of the most that a cell can hold and of a row's side: letters of any mass
        # count.
        self._most = self._sides[self._rows_of].min(axis=0)
        self._scaled = csr_array((self._most[columns] / self._sides[places[0]], places))
        self._target, self._clock = target, clock
        self._model: Any = None
        self._order = itertools.count()
        self._open: list[_Node] = []
        self._closed = np.inf
        self._floor = bound
        self._started = False
        self.incumbent = start
        self.incumbent_cost = joint_entropy(start)
        self.nodes = 0
        self.trouble = False

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the joint entropy, bits."""
        if not self._started:
            return self._floor
        least = self._open[0].bound if self._open else np.inf
        return max(self._floor, float(min(least, self._closed, self.incumbent_cost)))

    @property
    def finished(self) -> bool:
        """Whether no box is open."""
        return self._started and not self._open

    def advance(self) -> None:
        """Cut the box with the least bound; in the first step, bound the root."""
        if self._model is None:
            self._model = self._new_model()
        if not self._started:
            low = np.zeros(len(self.incumbent))
            self._climb(self.incumbent)
            self._commit(None, [self._examined(low, self._most, self._floor)])
            return
        node = self._open[0]
        gap = self._target.pruning_gap(self.incumbent_cost)
        if prunes(node.bound, self.incumbent_cost, gap):
            # The least bound first: all others are closed with it.
            with held_interrupts() as held:
                self._closed = min(self._closed, node.bound)
                self._open = []
            _raise_if(held.arrived)
            return
        cell, cut = self._split(node)
        if cell is None:
            self.trouble = True
            self._commit(node, [(None, node.bound)])
            return
        children = []
        for side in range(2):
            low, high = node.low.copy(), node.high.copy()
            (low if side else high)[cell] = cut
            children.append(self._examined(low, high, node.bound))
        self._commit(node, children)

    def _commit(self, node: _Node | None, children: list[tuple[_Node | None, float]]) -> None:
        """Put the parts in the place of a node; interrupted before it, the node is open as it was."""
        with held_interrupts() as held:
            self._started = True
            self.nodes += 1
            if node is not None:
                heapq.heappop(self._open)
            for child, closed in children:
                self._closed = min(self._closed, closed)
                if child is not None:
                    heapq.heappush(self._open, child)
        _raise_if(held.arrived)

    def _examined(self, low: FloatArray, high: FloatArray, parent: float) -> tuple[_Node | None, float]:
        """A box as a node, None where it is closed; and the least bound of what was closed in it."""
        tightened = self._tightened(low, high)
        if tightened is None:
            return None, np.inf
        low, high = tightened
        bound = self._bounded(low, high, parent)
        if bound.point is not None:
            self._offer(bound.point)
        gap = self._target.pruning_gap(self.incumbent_cost)
        if prunes(bound.value, self.incumbent_cost, gap):
            return None, bound.value
        if bound.point is None or bound.reduced is None:
            self.trouble = True
            return None, bound.value
        low, high = _cut_by_costs(low, high, bound.reduced, self.incumbent_cost - gap - bound.value)
        # What the reduced costs cut off has a bound of at least the incumbent less the gap.
        node = _Node(bound.value, next(self._order), low, high, bound.point)
        return node, self.incumbent_cost - gap

    def _tightened(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """The box after the sums of all letters have been propagated; None where it is empty."""
        for _ in range(3):
            room = self._sides - self._rows @ low + _ROUNDING
            need = self._sides - self._rows @ high - _ROUNDING
            new_high = np.minimum(high, low + room[self._rows_of].min(axis=0))
            new_low = np.maximum(low, high + need[self._rows_of].max(axis=0))
            if np.any(new_low > new_high + _NARROW):
                return None
            still = np.abs(new_low - low).max() + np.abs(new_high - high).max() <= _NARROW
            low, high = new_low, np.maximum(new_low, new_high)
            if still:
                break
        return low, high

    def _bounded(self, low: FloatArray, high: FloatArray, parent: float) -> _Bound:
        """The bound of the secants' program, at least the parent's; infinity where duals refute the box."""
        slopes, constants = phi_secants(low, high)
        point, duals, feasible = self._solved(slopes, low, high)
        if not feasible:
            return _Bound(np.inf) if self._refuted(low, high) else _Bound(parent)
        if point is None or duals is None:
            return _Bound(parent)
        reduced = slopes - self._rows.T @ duals
        value = float(duals @ self._sides + np.minimum(reduced * low, reduced * high).sum() + constants.sum())
        return _Bound(max(parent, rounded_outward(value, len(low))), point, reduced)

    def _solved(
        self, costs: FloatArray, low: FloatArray, high: FloatArray
    ) -> tuple[FloatArray | None, FloatArray | None, bool]:
        """Point and duals of the program over the couplings in a box; whether it is not called infeasible."""
        every = highs.indices(len(costs))
        self._model.changeColsCost(len(costs), every, costs * self._most)
        self._model.changeColsBounds(len(costs), every, low / self._most, high / self._most)
        highs.run(self._model, self._clock)
        if not highs.is_optimal(self._model):
            return None, None, not highs.is_infeasible(self._model)
        solution = self._model.getSolution()
        point = self._most * np.array(solution.col_value)
        return point, np.array(solution.row_dual) / self._sides, True

    def _refined(self, shares: FloatArray) -> FloatArray:
        """The solution of the program over all couplings that was just solved, its rows met to rounding."""
        ones = np.ones(len(self._sides))
        try:
            return highs.refined(self._model, self._scaled.T, shares, ones, ones, self._clock)
        finally:
            self._model.changeRowsBounds(len(ones), highs.indices(len(ones)), ones, ones)

    def _refuted(self, low: FloatArray, high: FloatArray) -> bool:
        """Whether the dual ray proves that the box holds no coupling: y.b - max over the box of y.A P > 0."""
        _, found, ray = self._model.getDualRay()
        if not found:
            return False
        duals = np.asarray(ray, dtype=float) / self._sides
        for sign in (1.0, -1.0):
            slopes = -(self._rows.T @ (sign * duals))
            value = sign * float(duals @ self._sides) + float(np.minimum(slopes * low, slopes * high).sum())
            if value > _ROUNDING * len(low) * float(np.abs(duals) @ self._sides):
                return True
        return False

    def _offer(self, point: FloatArray) -> None:
        """Take a point, or the vertex below it, where it is better."""
        value = float(entropy(np.maximum(point, 0.0)))
        regular = self.nodes <= _FIRST_DESCENTS or self.nodes % _DESCENT_EVERY == 0
        if regular or improves(value, self.incumbent_cost):
            self._climb(point)

    def _climb(self, point: FloatArray) -> None:
        """Go down to a vertex by linear programs over all couplings."""
        nothing, value = np.zeros(len(point)), np.inf
        for _ in range(_MOST_STEPS):
            full = point > _NO_SHARE * self._most
            costs = np.where(full, -np.log2(np.maximum(point, _LEAST_MASS)), _EMPTY_COST)
            found, _, _ = self._solved(costs, nothing, self._most)
            if found is None:
                return
            vertex = np.maximum(found, 0.0)
            vertex_value = joint_entropy(vertex)
            if not improves(vertex_value, value):
                return
            point, value = vertex, vertex_value
            if improves(value, self.incumbent_cost):
                self._take(vertex)

    def _take(self, vertex: FloatArray) -> None:
        """Make the vertex that was just found the incumbent, where it is better with its rows met too."""
        vertex = self._most * self._refined(vertex / self._most)
        value = joint_entropy(vertex)
        if np.abs(self._rows @ vertex - self._sides).max() > _RESIDUAL or not improves(
            value, self.incumbent_cost
        ):
            return
        with held_interrupts() as held:
            self.incumbent, self.incumbent_cost = vertex, value
        _raise_if(held.arrived)

    def _split(self, node: _Node) -> tuple[int | None, float]:
        """The cell whose secant is off by most at the node's point, and where it is cut."""
        slopes, constants = phi_secants(node.low, node.high)
        point = np.clip(node.point, node.low, node.high)
        error = phi(point) - slopes * point - constants
        error[node.high - node.low <= 2 * _NARROW] = -np.inf
        cell = int(error.argmax())
        if not np.isfinite(error[cell]):
            return None, 0.0
        low, width = float(node.low[cell]), float(node.high[cell] - node.low[cell])
        return cell, float(np.clip(point[cell], low + _MARGIN * width, low + (1.0 - _MARGIN) * width))

    def _new_model(self) -> Any:
        """The program over all couplings, its costs and bounds to be set."""
        model = highs.new_model()
        for _ in self._sides:
            model.addRow(1.0, 1.0, 0, [], [])
        for rows, most in zip(self._rows_of.T.astype(np.int32), self._most, strict=True):
            model.addCol(0.0, 0.0, 1.0, len(rows), rows, most / self._sides[rows])
        return model


def _cut_by_costs(
    low: FloatArray, high: FloatArray, reduced: FloatArray, room: float
) -> tuple[FloatArray, FloatArray]:
    """The box without what raises the bound by more than `room`; d off its end a cell adds d |cost|."""
    reach = np.divide(room, np.abs(reduced), out=np.full_like(low, np.inf), where=np.abs(reduced) > _NO_COST)
    reach += _NARROW
    return (
        np.where(reduced < 0.0, np.maximum(low, high - reach), low),
        np.where(reduced > 0.0, np.minimum(high, low + reach), high),
    )


def _raise_if(arrived: bool) -> None:
    """Ctrl-C that was held back."""
    if arrived:
        raise KeyboardInterrupt
