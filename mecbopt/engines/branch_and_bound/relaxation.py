"""The linear relaxation of a node: secants and column Jensen rows over all mappings, on HiGHS.

Variables: the channel P / p_X (bounded by the box, and of the order of 1 whatever the masses are), t(x, y), a
lower estimate of phi(P(x, y)), and the weights w of mappings.  Rows: P = sum w M, the marginal of Y, the
limits, and for every cell

    secant   t >= phi(l) + slope (P - l)                                   (phi is concave)
    Jensen   t >= sum_k w_k (q_k(y) / p_Y(y)) phi~(v_k(x))                  (theory, section 5)

with v_k(x) = p_Y(y) p_X(x) [f_k(x) = y] / q_k(y) and phi~ continued outside [l, u] by its end tangents.  The
minimum of sum t bounds the joint entropy from below.  The bound that is returned is computed from the dual
values by weak duality, so that it is valid whatever the solver's tolerances are, for the limits relaxed by
`LIMIT_SLACK`.  Small families of mappings are loaded whole; larger ones grow by the mappings of least reduced
cost, found by the dynamic program over subsets, whose minimum over all mappings enters the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import highs
from mecbopt.bounds import phi_secants
from mecbopt.control import Clock, rounded_outward
from mecbopt.engines.branch_and_bound.boxes import Box
from mecbopt.formulation import (
    CheapestPartition,
    Formulation,
    enumerate_mappings,
    least_mean_cost,
    mapping_count,
    subset_sums,
)
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.info import phi
from mecbopt.tolerances import LIMIT_SLACK, REDUCED_COST_ZERO
from mecbopt.units import BITS_PER_NAT

__all__ = ["NodeBound", "NodeRelaxation"]

#: max of phi is log2(e)/e = 0.5307...
_PHI_MAXIMUM = 0.531
#: A Farkas certificate must beat zero by this much to prove a node empty.
_FARKAS_MARGIN = 1e-9
#: Families up to this size are loaded whole; beyond, pricing takes less time than the columns.
_WHOLE_FAMILY = 8192
#: Rounds of pricing at a node; what is left then only weakens its bound.
_MAX_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class NodeBound:
    """What a relaxation says about a node.

    Attributes
    ----------
    lower_bound : float
        On the joint entropy of every feasible coupling in the box, bits; infinity when there is none.
    coupling, underestimate, reduced_costs : ndarray, shape (n, m), or None
        The relaxation's point, its t, and the reduced costs of P; None when it was not solved.
    mappings, weights : ndarray, shapes (k, n), (k,), or None
        The mixture of the relaxation's point.
    basis : object
        Warm start for the children.
    """

    lower_bound: float
    coupling: FloatArray | None = None
    underestimate: FloatArray | None = None
    reduced_costs: FloatArray | None = None
    mappings: IntArray | None = None
    weights: FloatArray | None = None
    basis: Any = None

    @property
    def solved(self) -> bool:
        """Whether there is a point to branch on."""
        return self.coupling is not None


@dataclass(frozen=True, eq=False)
class _Duals:
    """Row duals with the signs that weak duality needs."""

    link: FloatArray  # (n, m)
    marginal: FloatArray  # (m,), of the scaled rows
    limits: FloatArray  # <= 0
    secant: FloatArray  # (n, m), >= 0
    jensen: FloatArray  # (n, m), >= 0


@dataclass(frozen=True, eq=False)
class _Pattern:
    """Entries of the Jensen rows: the mappings that each row has, then its t."""

    used: NDArray[np.bool_]  # (cells, k)
    of_t: NDArray[np.bool_]
    starts: IntArray
    indices: IntArray


class NodeRelaxation:
    """Builds the linear program once and changes its box-dependent rows from node to node.

    Parameters
    ----------
    formulation : Formulation
    jensen_rows : bool
    pool : ndarray of int, shape (k, n), optional
        Mappings to begin with, where the family is too large to be loaded whole.
    clock : Clock, optional
        Its limit ends `bound` with `Expired`.
    """

    def __init__(
        self,
        formulation: Formulation,
        jensen_rows: bool = True,
        pool: IntArray | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.formulation = formulation
        self.solves = 0
        self._clock = clock or Clock()
        self._jensen_rows = jensen_rows
        n, m = formulation.shape
        self._whole = mapping_count(n, m) <= _WHOLE_FAMILY
        self._partitions = CheapestPartition(n, m, self._clock)
        self._limit_bounds = np.array([limit.bound + LIMIT_SLACK for limit in formulation.limits])
        self._build_model()
        if self._whole:
            self._add(enumerate_mappings(n, m))
        else:
            self._add(formulation.constants() if pool is None else np.vstack([formulation.constants(), pool]))

    def _build_model(self) -> None:
        n, m = self.formulation.shape
        cells = self._cells = n * m
        self.mappings: IntArray = np.zeros((0, n), dtype=np.int64)
        self._known: set[bytes] = set()
        self._laws = np.zeros((0, m))
        self._scales = np.zeros(0)
        self._limit_values = np.zeros((0, len(self._limit_bounds)))
        model = self._model = highs.new_model()
        model.addVars(2 * cells, np.zeros(2 * cells), np.full(2 * cells, _PHI_MAXIMUM))
        self._masses = np.repeat(self.formulation.p_x, m)
        model.changeColsCost(cells, highs.indices(cells, cells), np.ones(cells))
        infinity = highs.INFINITY
        count = len(self._limit_bounds)
        lower = np.concatenate([np.zeros(cells), np.ones(m), np.full(count, -infinity)])
        upper = np.concatenate([np.zeros(cells), np.ones(m), self._limit_bounds])
        starts = np.concatenate([np.arange(cells), np.full(m + count, cells)])
        model.addRows(
            len(lower), lower, upper, cells, starts.astype(np.int32), highs.indices(cells), np.ones(cells)
        )
        self._fixed_rows = len(lower)
        self._box_rows = 0
        self._entries = np.zeros((0, cells))
        self._known_pattern: _Pattern | None = None

    # Columns ------------------------------------------------------------------------------------------------

    def _add(self, mappings: IntArray, box: Box | None = None) -> int:
        """Add mappings to the pool, with their entries of the box-dependent rows where there are any."""
        fresh = []
        for mapping in mappings:
            key = mapping.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(mapping)
        if not fresh:
            return 0
        block = np.array(fresh, dtype=np.int64)
        n, m = self.formulation.shape
        laws = self.formulation.output_laws(block)
        values = (
            np.array([limit.values(block) for limit in self.formulation.limits]).reshape(-1, len(block)).T
        )
        scales = self.formulation.largest_weights(laws, values.T, self.formulation.limits)
        links = np.zeros((len(block), self._cells))
        np.put_along_axis(links, np.arange(n) * m + block, -1.0, axis=1)
        parts = [links, laws / self.formulation.p_y, values]
        if box is not None and self._jensen_rows:
            parts += [np.zeros((len(block), self._cells)), -self._jensen_entries(block, laws, box)]
        columns = np.hstack(parts) * scales[:, None]
        nonzero = columns != 0
        counts = nonzero.sum(axis=1)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        zeros = np.zeros(len(block))
        self._model.addCols(
            len(block),
            zeros,
            zeros,
            np.full(len(block), highs.INFINITY),
            int(counts.sum()),
            *_int32(starts, np.nonzero(nonzero)[1]),
            columns[nonzero],
        )
        self.mappings = np.concatenate([self.mappings, block])
        self._laws = np.concatenate([self._laws, laws])
        self._scales = np.concatenate([self._scales, scales])
        self._limit_values = np.concatenate([self._limit_values, values])
        return len(block)

    def _jensen_entries(self, mappings: IntArray, laws: FloatArray, box: Box) -> FloatArray:
        """(q_k(y) / p_Y(y)) phi~(v_k(x)) of mappings, shape (k, n m)."""
        n, m = self.formulation.shape
        chosen = mappings[:, :, None] == np.arange(m)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(laws > 0, self.formulation.p_y / laws, 0.0)
        points = np.where(chosen, self.formulation.p_x[:, None] * share[:, None, :], 0.0)
        entries = (laws / self.formulation.p_y)[:, None, :] * _extended_phi(points, box.lower, box.upper)
        return entries.reshape(len(mappings), n * m)

    # Bounds -------------------------------------------------------------------------------------------------

    def bound(self, box: Box, basis: Any = None) -> NodeBound:
        """Bound the joint entropy over the feasible couplings in a box.

        Raises
        ------
        Expired
            The clock's limit is reached.
        """
        slopes, offsets = phi_secants(box.lower, box.upper)
        self._set_box(box, slopes, offsets, basis)
        best = -np.inf
        for _ in range(1 if self._whole else _MAX_ROUNDS):
            highs.run(self._model, self._clock)
            self.solves += 1
            if highs.is_infeasible(self._model):
                outcome = self._farkas(box, slopes, offsets)
                if outcome is None:
                    continue
                return NodeBound(outcome)
            if not highs.is_optimal(self._model):
                return NodeBound(best)
            solution = self._model.getSolution()
            duals = self._duals(np.array(solution.row_dual))
            value, reduced, cheapest = self._dual_bound(duals, box, slopes, offsets, 1.0)
            best = max(best, value)
            if len(cheapest) == 0 or not self._add(cheapest, box):
                break
        else:
            if not self._whole:
                highs.run(self._model, self._clock)
                if not highs.is_optimal(self._model):
                    return NodeBound(best)
                solution = self._model.getSolution()
        point = np.array(solution.col_value)
        cells, shape = self._cells, self.formulation.shape
        weights = point[2 * cells :] * self._scales[: len(point) - 2 * cells]
        used = weights > 0
        return NodeBound(
            rounded_outward(best, cells),
            np.clip((point[:cells] * self._masses).reshape(shape), box.lower, box.upper),
            point[cells : 2 * cells].reshape(shape),
            reduced,
            self.mappings[: len(weights)][used],
            weights[used],
            self._model.getBasis(),
        )

    def _set_box(self, box: Box, slopes: FloatArray, offsets: FloatArray, basis: Any) -> None:
        """Replace the box-dependent rows: secants, then Jensen rows."""
        model, cells = self._model, self._cells
        if self._box_rows:
            model.deleteRows(self._box_rows, highs.indices(self._box_rows, self._fixed_rows))
        cell = np.arange(cells)
        starts, indices = [2 * cell], [np.column_stack([cell, cells + cell]).ravel()]
        values = [np.column_stack([-slopes.ravel() * self._masses, np.ones(cells)]).ravel()]
        sides = offsets.ravel()
        if self._jensen_rows:
            self._entries = self._jensen_entries(self.mappings, self._laws, box)
            pattern = self._pattern()
            row_values = np.ones(len(pattern.indices))
            row_values[~pattern.of_t] = -(self._entries * self._scales[:, None]).T[pattern.used]
            starts.append(pattern.starts)
            indices.append(pattern.indices)
            values.append(row_values)
            sides = np.concatenate([sides, np.zeros(cells)])
        flat = np.concatenate(values)
        model.addRows(
            len(sides),
            sides,
            np.full(len(sides), highs.INFINITY),
            len(flat),
            *_int32(np.concatenate(starts), np.concatenate(indices)),
            flat,
        )
        self._box_rows = len(sides)
        ends = box.lower.ravel() / self._masses, box.upper.ravel() / self._masses
        model.changeColsBounds(cells, highs.indices(cells), *ends)
        if basis is not None and len(basis.col_status) == 2 * cells + len(self.mappings):
            model.setBasis(basis)

    def _pattern(self) -> _Pattern:
        """Where the entries of the Jensen rows are, which only a new mapping changes."""
        known = self._known_pattern
        if known is not None and known.used.shape[1] == len(self.mappings):
            return known
        m, cells = self.formulation.shape[1], self._cells
        used = (self._laws > 0)[:, np.arange(cells) % m].T
        lengths = used.sum(axis=1) + 1
        ends = np.cumsum(lengths)
        of_t = np.zeros(int(ends[-1]), dtype=bool)
        of_t[ends - 1] = True
        indices = np.empty(len(of_t), dtype=np.int64)
        indices[of_t] = cells + np.arange(cells)
        indices[~of_t] = 2 * cells + np.nonzero(used)[1]
        self._known_pattern = _Pattern(used, of_t, 2 * cells + ends - lengths, indices)
        return self._known_pattern

    def _farkas(self, box: Box, slopes: FloatArray, offsets: FloatArray) -> float | None:
        """Infinity where the box is proved empty, minus infinity where nothing is, None with new columns."""
        _, has_ray, ray = self._model.getDualRay()
        outcome: float | None = -np.inf
        for sign in (1.0, -1.0) if has_ray else ():
            duals = self._duals(sign * np.array(ray))
            total, _, cheapest = self._dual_bound(duals, box, slopes, offsets, 0.0)
            if total > _FARKAS_MARGIN:
                return np.inf
            if len(cheapest) and self._add(cheapest, box):
                outcome = None
        return outcome

    def _duals(self, duals: FloatArray) -> _Duals:
        """Duals of the wrong sign for a one-sided row are set to zero, which keeps the bound valid."""
        (n, m), cells = self.formulation.shape, self._cells
        link, marginal, limits, secant, jensen = np.split(
            duals, [cells, cells + m, self._fixed_rows, self._fixed_rows + cells]
        )
        jensen = jensen if self._jensen_rows else np.zeros(cells)
        return _Duals(
            link.reshape(n, m),
            marginal,
            np.minimum(limits, 0.0),
            np.maximum(secant, 0.0).reshape(n, m),
            np.maximum(jensen, 0.0).reshape(n, m),
        )

    def _dual_bound(
        self, duals: _Duals, box: Box, slopes: FloatArray, offsets: FloatArray, t_cost: float
    ) -> tuple[float, FloatArray, IntArray]:
        """Weak duality: a lower bound on t_cost * sum t, the reduced costs of P, and columns to add."""
        total = float(duals.marginal.sum()) + float((duals.secant * offsets).sum())
        total += float(duals.limits @ self._limit_bounds)
        # Of P, not of P / p_X.
        reduced_cells = -duals.link / self.formulation.p_x[:, None] + duals.secant * slopes
        reduced_t = t_cost - duals.secant - duals.jensen
        ends = np.where(reduced_cells > 0, box.lower, box.upper)
        total += float((reduced_cells * ends).sum()) + _PHI_MAXIMUM * float(np.minimum(reduced_t, 0.0).sum())
        # The weights sum to 1, so they pay at least the least of their reduced costs.
        cheapest, costs = self._price(duals, box)
        cheap = cheapest[costs[: len(cheapest)] < -REDUCED_COST_ZERO]
        least = least_mean_cost(costs, self._scales) if self._whole else float(costs.min())
        return total + least, reduced_cells, cheap

    def _price(self, duals: _Duals, box: Box) -> tuple[IntArray, FloatArray]:
        """Mappings of least reduced cost, the true minimum among them; none to add where all are loaded."""
        n = self.formulation.shape[0]
        cell_costs = duals.link - np.outer(self.formulation.p_x, duals.marginal / self.formulation.p_y)
        if self._whole:
            costs = cell_costs[np.arange(n), self.mappings].sum(axis=1) - self._limit_values @ duals.limits
            if self._jensen_rows:
                costs += self._entries @ duals.jensen.ravel()
            return self.mappings[:0], costs
        table = subset_sums(cell_costs).T.copy()
        for limit, price in zip(self.formulation.limits, -duals.limits, strict=True):
            if price:
                table += price * limit.table
        mass = subset_sums(self.formulation.p_x[:, None])[:, 0]
        inside = np.arange(2**n)
        for x, y in np.argwhere(duals.jensen > 0):
            self._clock.check()
            share = np.zeros(2**n)
            held = (inside >> x) & 1 == 1
            share[held] = self.formulation.p_y[y] * self.formulation.p_x[x] / mass[held]
            extended = _extended_phi(share, box.lower[x, y], box.upper[x, y])
            table[y] += duals.jensen[x, y] * (mass / self.formulation.p_y[y]) * extended
        return self._partitions.find(table, 4 * n)


def _int32(*arrays: Any) -> tuple[Any, ...]:
    """Arrays in the integer type that HiGHS wants."""
    return tuple(np.asarray(array).astype(np.int32) for array in arrays)


def _extended_phi(points: FloatArray, lower: Any, upper: Any) -> FloatArray:
    """Continue phi from [lower, upper] by its end tangents: concave, and equal to phi on the box.

    With lower = 0 no point lies below; with upper = 0 the tangent is vertical and 0 is the valid value, since
    the cell itself is then 0.
    """
    safe_lower, safe_upper = np.maximum(lower, 1e-300), np.maximum(upper, 1e-300)
    value = phi(points)
    below = phi(lower) + (-np.log2(safe_lower) - BITS_PER_NAT) * (points - lower)
    above = phi(upper) + (-np.log2(safe_upper) - BITS_PER_NAT) * (points - upper)
    value = np.where(points < lower, below, value)
    return np.where(points > upper, np.where(np.asarray(upper) > 0, above, 0.0), value)
