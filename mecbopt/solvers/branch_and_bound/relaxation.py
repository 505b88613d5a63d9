"""The linear relaxation of a node: secants and column Jensen rows over all mappings, on HiGHS.

Variables: the coupling P (bounded by the box), the weights w of all m^n mappings, and t(x, y), a lower
estimate of phi(P(x, y)).  Rows: P = sum w M, the marginal of Y, rate, label, and for every cell

    secant   t >= phi(l) + slope (P - l)                                   (phi is concave)
    Jensen   t >= sum_k w_k (q_k(y) / p_Y(y)) phi~(v_k(x))                  (theory, section 5)

with v_k(x) = p_Y(y) p_X(x) [f_k(x) = y] / q_k(y) and phi~ continued outside [l, u] by its end tangents.  The
minimum of sum t bounds the joint entropy from below.  The bound that is returned is computed from the dual
values by weak duality, so that it is valid whatever the solver's tolerances are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse

from mecbopt.info import phi
from mecbopt.mappings import Instance, enumerate_mappings
from mecbopt.mappings.instance import FloatArray, IntArray
from mecbopt.solvers import highs
from mecbopt.solvers.branch_and_bound.boxes import Box
from mecbopt.solvers.branch_and_bound.stopping import BOUND_ROUNDING
from mecbopt.units import BITS_PER_NAT

__all__ = ["NodeBound", "NodeRelaxation"]

#: max of phi is log2(e)/e = 0.5307...
_PHI_MAXIMUM = 0.531
#: A Farkas certificate must beat zero by this much to prove a node empty.
_FARKAS_MARGIN = 1e-9


@dataclass(frozen=True, eq=False)
class NodeBound:
    """What a relaxation says about a node.

    Attributes
    ----------
    lower_bound : float
        On the joint entropy of every feasible coupling in the box, bits; infinity when there is none.
    coupling, underestimate, reduced_costs : ndarray, shape (n, m), or None
        The relaxation's point, its t, and the reduced costs of P; None when it was not solved.
    weights : ndarray, shape (K,), or None
    basis : object
        Warm start for the children.
    """

    lower_bound: float
    coupling: FloatArray | None = None
    underestimate: FloatArray | None = None
    reduced_costs: FloatArray | None = None
    weights: FloatArray | None = None
    basis: Any = None

    @property
    def solved(self) -> bool:
        """Whether there is a point to branch on."""
        return self.coupling is not None


class NodeRelaxation:
    """Builds the linear program once and changes its box-dependent rows from node to node."""

    def __init__(self, instance: Instance, jensen_rows: bool = True) -> None:
        self.instance = instance
        self.mappings: IntArray = enumerate_mappings(*instance.shape)
        self._jensen_rows = jensen_rows
        self.solves = 0
        self._prepare_jensen()
        self._build_model()

    def _prepare_jensen(self) -> None:
        """Subset tables: the points v, the factors p(A)/p_Y(y), and each mapping's preimages as subsets."""
        n, m = self.instance.shape
        members = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        mass = members @ self.instance.p_x
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(mass > 0, members.T * self.instance.p_x[:, None] / mass, 0.0)
        self._jensen_points = share[:, None, :] * self.instance.p_y[None, :, None]
        self._jensen_factors = mass / self.instance.p_y[:, None]
        powers = 1 << np.arange(n)
        self._preimages = np.stack([(self.mappings == y) @ powers for y in range(m)])

    def _build_model(self) -> None:
        n, m = self.instance.shape
        cells, count = n * m, len(self.mappings)
        self._cells, self._count = cells, count
        self._places = np.arange(n) * m + self.mappings
        member_values = np.broadcast_to(self.instance.p_x, self._places.shape).ravel()
        columns = np.repeat(np.arange(count), n)
        incidence = sparse.csr_matrix((member_values, (self._places.ravel(), columns)), shape=(cells, count))
        self._laws = self.instance.output_laws(self.mappings)
        self._limits = np.column_stack(
            [self.instance.rates(self.mappings), self.instance.label_entropies(self.mappings)]
        )
        fixed = sparse.vstack(
            [
                sparse.hstack([sparse.identity(cells), -incidence, sparse.csr_matrix((cells, cells))]),
                sparse.hstack([sparse.csr_matrix((m, cells)), self._laws.T, sparse.csr_matrix((m, cells))]),
                sparse.hstack([sparse.csr_matrix((2, cells)), self._limits.T, sparse.csr_matrix((2, cells))]),
            ],
            format="csr",
        )
        self._limit_bounds = np.array([self.instance.rate, self.instance.label_limit])
        infinity = highs.INFINITY
        lower = np.concatenate([np.zeros(cells), self.instance.p_y, [-infinity, -infinity]])
        upper = np.concatenate([np.zeros(cells), self.instance.p_y, np.minimum(self._limit_bounds, infinity)])
        self._model = highs.new_model()
        variables = 2 * cells + count
        self._model.addVars(variables, np.zeros(variables), np.full(variables, _PHI_MAXIMUM))
        self._model.changeColsBounds(count, highs.indices(count, cells), np.zeros(count), np.ones(count))
        self._model.changeColsCost(cells, highs.indices(cells, cells + count), np.ones(cells))
        self._model.addRows(
            len(lower), lower, upper, fixed.nnz, *_int32(fixed.indptr[:-1], fixed.indices), fixed.data
        )
        self._fixed_rows = len(lower)
        self._prepare_box_rows()

    def _prepare_box_rows(self) -> None:
        """The pattern of the box-dependent rows, which only their values leave from node to node.

        Secant of a cell: P and t.  Jensen row of a cell (x, y): the mappings with a non-empty preimage of y,
        and t.
        """
        m, cells, count = self.instance.shape[1], self._cells, self._count
        cell = np.arange(cells)
        secants = np.column_stack([cell, cells + count + cell])
        starts, indices = 2 * cell, [secants.ravel()]
        self._active = [np.flatnonzero(self._preimages[y]) for y in range(m)]
        if self._jensen_rows:
            rows = [np.append(cells + self._active[c % m], cells + count + c) for c in range(cells)]
            lengths = np.array([len(row) for row in rows])
            starts = np.concatenate([starts, 2 * cells + np.cumsum(lengths) - lengths])
            indices += rows
        self._box_starts, self._box_indices = _int32(starts, np.concatenate(indices))
        self._box_rows_present = False

    def _secants(self, box: Box) -> tuple[FloatArray, FloatArray]:
        """Slopes and offsets of the secants, shape (n m,) each."""
        lower, upper = box.lower.ravel(), box.upper.ravel()
        widths = upper - lower
        slopes = np.divide(phi(upper) - phi(lower), widths, out=np.zeros_like(widths), where=widths > 1e-12)
        # On a cell too narrow for a slope the smaller end value is a valid constant underestimate.
        flat = np.minimum(phi(lower), phi(upper))
        return slopes, np.where(widths > 1e-12, phi(lower) - slopes * lower, flat)

    def _jensen_table(self, box: Box) -> FloatArray:
        """(p(A)/p_Y(y)) phi~(v(x)) for every cell and preimage A, shape (n, m, 2^n)."""
        extended = _extended_phi(self._jensen_points, box.lower[:, :, None], box.upper[:, :, None])
        table: FloatArray = self._jensen_factors[None, :, :] * extended
        return table

    def bound(self, box: Box, basis: Any = None) -> NodeBound:
        """Bound the joint entropy over the feasible couplings in a box."""
        model, cells = self._model, self._cells
        slopes, offsets = self._secants(box)
        values = [np.column_stack([-slopes, np.ones(cells)]).ravel()]
        table = self._jensen_table(box) if self._jensen_rows else None
        sides = offsets
        if table is not None:
            n, m = self.instance.shape
            for x in range(n):
                for y in range(m):
                    values += [-table[x, y, self._preimages[y][self._active[y]]], np.ones(1)]
            sides = np.concatenate([offsets, np.zeros(cells)])
        if self._box_rows_present:
            model.deleteRows(len(sides), highs.indices(len(sides), self._fixed_rows))
        infinite = np.full(len(sides), highs.INFINITY)
        entries = len(self._box_indices)
        model.addRows(
            len(sides), sides, infinite, entries, self._box_starts, self._box_indices, np.concatenate(values)
        )
        self._box_rows_present = True
        model.changeColsBounds(cells, highs.indices(cells), box.lower.ravel(), box.upper.ravel())
        if basis is not None:
            model.setBasis(basis)
        highs.run(model)
        self.solves += 1
        node = _NodeRows(box, slopes, offsets, table)
        if highs.is_optimal(model):
            solution = model.getSolution()
            value, reduced = self._dual_bound(np.array(solution.row_dual), node, 1.0)
            point = np.array(solution.col_value)
            shape = self.instance.shape
            return NodeBound(
                value - BOUND_ROUNDING,
                np.clip(point[:cells], box.lower.ravel(), box.upper.ravel()).reshape(shape),
                point[-cells:].reshape(shape),
                reduced.reshape(shape),
                point[cells:-cells],
                model.getBasis(),
            )
        if highs.is_infeasible(model):
            _, has_ray, ray = model.getDualRay()
            for sign in (1.0, -1.0) if has_ray else ():
                if self._dual_bound(sign * np.array(ray), node, 0.0)[0] > _FARKAS_MARGIN:
                    return NodeBound(np.inf)
        return NodeBound(-np.inf)

    def _dual_bound(self, duals: FloatArray, node: _NodeRows, t_cost: float) -> tuple[float, FloatArray]:
        """Weak duality: a lower bound on t_cost * sum t from any duals, and the reduced costs of P.

        Duals of the wrong sign for a one-sided row are set to zero, which keeps the bound valid.
        """
        m, cells = self.instance.shape[1], self._cells
        link, marginal, limit, secant, jensen = np.split(
            duals, [cells, cells + m, self._fixed_rows, self._fixed_rows + cells]
        )
        limit, secant, jensen = np.minimum(limit, 0.0), np.maximum(secant, 0.0), np.maximum(jensen, 0.0)
        total = float(marginal @ self.instance.p_y) + float(secant @ node.offsets)
        total += float(np.sum(limit * np.where(limit < 0, self._limit_bounds, 0.0), where=limit < 0))
        reduced_cells = -link + secant * node.slopes
        reduced_t = t_cost - secant
        reduced_weights = (self.instance.p_x * link[self._places]).sum(axis=1)
        reduced_weights -= self._laws @ marginal + self._limits @ limit
        if node.jensen_table is not None:
            reduced_t = reduced_t - jensen
            priced = (jensen.reshape(*self.instance.shape, 1) * node.jensen_table).sum(axis=0)
            for y in range(m):
                reduced_weights += priced[y, self._preimages[y]]
        ends = np.where(reduced_cells > 0, node.box.lower.ravel(), node.box.upper.ravel())
        total += float(reduced_cells @ ends) + _PHI_MAXIMUM * float(np.minimum(reduced_t, 0.0).sum())
        # The weights sum to 1, so they pay at least the least of their reduced costs.
        return total + float(reduced_weights.min()), reduced_cells


@dataclass(frozen=True, eq=False)
class _NodeRows:
    """The box-dependent rows of the node at hand."""

    box: Box
    slopes: FloatArray
    offsets: FloatArray
    jensen_table: FloatArray | None


def _int32(*arrays: Any) -> tuple[Any, ...]:
    """Arrays in the integer type that HiGHS wants."""
    return tuple(np.asarray(array).astype(np.int32) for array in arrays)


def _extended_phi(points: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Continue phi from [lower, upper] by its end tangents: concave, and equal to phi on the box.

    With lower = 0 no point lies below; with upper = 0 the tangent is vertical and 0 is the valid value, since
    the cell itself is then 0.
    """
    safe_lower, safe_upper = np.maximum(lower, 1e-300), np.maximum(upper, 1e-300)
    value = phi(points)
    below = phi(lower) + (-np.log2(safe_lower) - BITS_PER_NAT) * (points - lower)
    above = phi(upper) + (-np.log2(safe_upper) - BITS_PER_NAT) * (points - upper)
    value = np.where(points < lower, below, value)
    return np.where(points > upper, np.where(upper > 0, above, 0.0), value)
