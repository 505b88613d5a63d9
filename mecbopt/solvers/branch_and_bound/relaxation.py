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
        places = np.arange(n) * m + self.mappings
        member_values = np.broadcast_to(self.instance.p_x, places.shape).ravel()
        columns = np.repeat(np.arange(count), n)
        incidence = sparse.csr_matrix((member_values, (places.ravel(), columns)), shape=(cells, count))
        laws = sparse.csr_matrix(self.instance.output_laws(self.mappings).T)
        limit_rows = [self.instance.rates(self.mappings), self.instance.label_entropies(self.mappings)]
        limits = sparse.csr_matrix(np.array(limit_rows))
        self._cells, self._count = cells, count
        self._fixed = sparse.vstack(
            [
                sparse.hstack([sparse.identity(cells), -incidence, sparse.csr_matrix((cells, cells))]),
                sparse.hstack([sparse.csr_matrix((m, cells)), laws, sparse.csr_matrix((m, cells))]),
                sparse.hstack([sparse.csr_matrix((2, cells)), limits, sparse.csr_matrix((2, cells))]),
            ],
            format="csr",
        )
        infinity = highs.INFINITY
        upper_limits = [min(self.instance.rate, infinity), min(self.instance.label_limit, infinity)]
        self._fixed_lower = np.concatenate([np.zeros(cells), self.instance.p_y, [-infinity, -infinity]])
        self._fixed_upper = np.concatenate([np.zeros(cells), self.instance.p_y, upper_limits])
        self._costs = np.concatenate([np.zeros(cells + count), np.ones(cells)])
        self._model = highs.new_model()
        variables = 2 * cells + count
        self._model.addVars(variables, np.zeros(variables), np.full(variables, _PHI_MAXIMUM))
        self._model.changeColsBounds(count, highs.indices(count, cells), np.zeros(count), np.ones(count))
        self._model.changeColsCost(variables, highs.indices(variables), self._costs)
        self._add_rows(self._fixed, self._fixed_lower, self._fixed_upper)
        self._fixed_count = len(self._fixed_lower)
        self._moving_count = 0

    def _add_rows(self, matrix: Any, lower: FloatArray, upper: FloatArray) -> None:
        self._model.addRows(
            matrix.shape[0],
            lower,
            upper,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def _box_rows(self, box: Box) -> tuple[Any, FloatArray]:
        """Secant and Jensen rows of a box, and their lower sides."""
        cells, count = self._cells, self._count
        lower, upper = box.lower.ravel(), box.upper.ravel()
        widths = upper - lower
        slopes = np.divide(phi(upper) - phi(lower), widths, out=np.zeros(cells), where=widths > 1e-12)
        # On a cell too narrow for a slope the smaller end value is a valid constant underestimate.
        offsets = np.where(widths > 1e-12, phi(lower) - slopes * lower, np.minimum(phi(lower), phi(upper)))
        rows = [
            sparse.hstack([sparse.diags(-slopes), sparse.csr_matrix((cells, count)), sparse.identity(cells)])
        ]
        sides = [offsets]
        if self._jensen_rows:
            rows.append(
                sparse.hstack(
                    [
                        sparse.csr_matrix((cells, cells)),
                        sparse.csr_matrix(-self._jensen_coefficients(box)),
                        sparse.identity(cells),
                    ]
                )
            )
            sides.append(np.zeros(cells))
        return sparse.vstack(rows, format="csr"), np.concatenate(sides)

    def _jensen_coefficients(self, box: Box) -> FloatArray:
        """(q_k(y)/p_Y(y)) phi~(v_k(x)) for every cell and mapping, shape (n m, K)."""
        n, m = self.instance.shape
        extended = _extended_phi(self._jensen_points, box.lower[:, :, None], box.upper[:, :, None])
        table = self._jensen_factors[None, :, :] * extended
        gathered = np.stack([table[:, y, self._preimages[y]] for y in range(m)], axis=1)
        return gathered.reshape(n * m, -1)

    def bound(self, box: Box, basis: Any = None) -> NodeBound:
        """Bound the joint entropy over the feasible couplings in a box."""
        model, cells = self._model, self._cells
        if self._moving_count:
            model.deleteRows(self._moving_count, highs.indices(self._moving_count, self._fixed_count))
        rows, sides = self._box_rows(box)
        self._add_rows(rows, sides, np.full(len(sides), highs.INFINITY))
        self._moving_count = len(sides)
        model.changeColsBounds(cells, highs.indices(cells), box.lower.ravel(), box.upper.ravel())
        if basis is not None:
            model.setBasis(basis)
        model.run()
        self.solves += 1
        matrix = sparse.vstack([self._fixed, rows], format="csr")
        lower = np.concatenate([self._fixed_lower, sides])
        upper = np.concatenate([self._fixed_upper, np.full(len(sides), highs.INFINITY)])
        if highs.is_optimal(model):
            solution = model.getSolution()
            value, reduced = self._dual_bound(
                np.array(solution.row_dual), matrix, lower, upper, box, self._costs
            )
            values = np.array(solution.col_value)
            shape = self.instance.shape
            return NodeBound(
                value - BOUND_ROUNDING,
                np.clip(values[:cells], box.lower.ravel(), box.upper.ravel()).reshape(shape),
                values[-cells:].reshape(shape),
                reduced[:cells].reshape(shape),
                values[cells:-cells],
                model.getBasis(),
            )
        if highs.is_infeasible(model):
            _, has_ray, ray = model.getDualRay()
            for sign in (1.0, -1.0) if has_ray else ():
                value, _ = self._dual_bound(
                    sign * np.array(ray), matrix, lower, upper, box, np.zeros_like(self._costs)
                )
                if value > _FARKAS_MARGIN:
                    return NodeBound(np.inf)
        return NodeBound(-np.inf)

    def _dual_bound(
        self,
        duals: FloatArray,
        matrix: Any,
        lower: FloatArray,
        upper: FloatArray,
        box: Box,
        costs: FloatArray,
    ) -> tuple[float, FloatArray]:
        """Weak duality: a lower bound on costs @ z from any duals, and the reduced costs."""
        duals = np.where((duals > 0) & (lower > -highs.INFINITY), duals, 0.0) + np.where(
            (duals < 0) & (upper < highs.INFINITY), duals, 0.0
        )
        sides = np.where(duals > 0, lower, np.where(duals < 0, upper, 0.0))
        reduced = costs - matrix.T @ duals
        column_lower = np.concatenate([box.lower.ravel(), np.zeros(self._count + self._cells)])
        column_upper = np.concatenate(
            [box.upper.ravel(), np.ones(self._count), np.full(self._cells, _PHI_MAXIMUM)]
        )
        ends = np.where(reduced > 0, column_lower, column_upper)
        # The weights sum to 1, so the most negative reduced cost among them is paid at most once.
        weights = slice(self._cells, self._cells + self._count)
        paid = float(reduced[weights].min())
        rest = reduced * ends
        total = float(duals @ sides) + float(rest[: self._cells].sum()) + float(rest[-self._cells :].sum())
        return total + paid, reduced


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
