"""The linear program over mixtures: min of a linear function of the coupling, columns added by pricing.

Rows: the marginal of Y, the rate, the label entropy.  Small families of mappings are loaded whole; larger
ones grow by the mappings of least reduced cost.  Since the weights sum to 1, value + min(0, least reduced
cost) is a valid lower bound at every step (Dantzig-Wolfe / Lagrange).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt.errors import SolverError
from mecbopt.mappings import CheapestMapping, Instance, enumerate_mappings, mapping_count
from mecbopt.mappings.instance import FloatArray, IntArray
from mecbopt.solvers import highs

__all__ = ["MasterResult", "MixtureProgram"]

#: Families up to this size are loaded whole: pricing would cost more than the columns.
_WHOLE_FAMILY = 4096
#: A reduced cost above this is rounding noise.  It enters the bound all the same.
_REDUCED_COST_ZERO = 1e-9
_MAX_ROUNDS = 500


@dataclass(frozen=True, eq=False)
class MasterResult:
    """An optimal vertex of the restricted program.

    Attributes
    ----------
    mappings, weights : ndarray, shapes (k, n), (k,)
        The mappings with positive weight.
    value : float
        The minimum over the pool.
    lower_bound : float
        On the minimum over all mappings; minus infinity where pricing is heuristic.
    """

    mappings: IntArray
    weights: FloatArray
    value: float
    lower_bound: float


class MixtureProgram:
    """A warm-started linear program over the mixtures of an instance.

    Parameters
    ----------
    instance : Instance
    limit_rate, limit_label : bool
        Whether the rows of the instance's limits are present.
    seed : int
        Of the heuristic pricing for large alphabets.
    """

    def __init__(
        self, instance: Instance, *, limit_rate: bool = True, limit_label: bool = True, seed: int = 0
    ) -> None:
        self.instance = instance
        self._pricing = CheapestMapping(instance, seed=seed)
        self._model = highs.new_model()
        n, m = instance.shape
        bounds = [(float(mass), float(mass)) for mass in instance.p_y]
        # Both rows are always there, so that a row's index does not depend on the limits.
        bounds.append((-highs.INFINITY, instance.rate if limit_rate else highs.INFINITY))
        bounds.append((-highs.INFINITY, instance.label_limit if limit_label else highs.INFINITY))
        for lower, upper in bounds:
            self._model.addRow(lower, min(upper, highs.INFINITY), 0, [], [])
        self._rate_row, self._label_row = m, m + 1
        self._whole = mapping_count(n, m) <= _WHOLE_FAMILY
        self._known: set[bytes] = set()
        self.mappings: IntArray = np.zeros((0, n), dtype=np.int64)
        self._rates, self._label_entropies = np.zeros(0), np.zeros(0)
        self.add(enumerate_mappings(n, m) if self._whole else instance.constants())

    def add(self, mappings: IntArray) -> int:
        """Add mappings that are not in the pool yet; returns how many were new."""
        fresh = []
        for mapping in mappings:
            key = mapping.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(mapping)
        if not fresh:
            return 0
        block = np.array(fresh, dtype=np.int64)
        rates, label_entropies = self.instance.rates(block), self.instance.label_entropies(block)
        columns = np.column_stack([self.instance.output_laws(block), rates, label_entropies])
        nonzero = columns != 0
        counts = nonzero.sum(axis=1)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)
        self._model.addCols(
            len(block),
            np.zeros(len(block)),
            np.zeros(len(block)),
            np.ones(len(block)),
            int(counts.sum()),
            starts,
            np.nonzero(nonzero)[1].astype(np.int32),
            columns[nonzero],
        )
        self.mappings = np.concatenate([self.mappings, block])
        self._rates = np.concatenate([self._rates, rates])
        self._label_entropies = np.concatenate([self._label_entropies, label_entropies])
        return len(block)

    def minimize(
        self, gradient: FloatArray | None = None, rate_cost: float = 0.0, label_cost: float = 0.0
    ) -> MasterResult | None:
        """Minimise sum_xy gradient[x, y] P(x, y) + rate_cost H(Y|U) + label_cost H(S|Y,U).

        Returns
        -------
        MasterResult or None
            None where the restricted program is infeasible (only possible with a label limit).

        Raises
        ------
        SolverError
            HiGHS gave up.
        """
        n, m = self.instance.shape
        gradient = np.zeros((n, m)) if gradient is None else gradient
        scaled = self.instance.p_x[:, None] * gradient
        for _ in range(_MAX_ROUNDS):
            costs = scaled[np.arange(n), self.mappings].sum(axis=1)
            costs = costs + rate_cost * self._rates + label_cost * self._label_entropies
            self._model.changeColsCost(len(costs), highs.indices(len(costs)), costs)
            highs.run(self._model)
            if highs.is_infeasible(self._model):
                return None
            if not highs.is_optimal(self._model):
                raise SolverError(f"HiGHS stopped with {self._model.getModelStatus()}: give another engine.")
            solution = self._model.getSolution()
            duals = np.array(solution.row_dual)
            # Signs are enforced, so that the Lagrangian bound below holds whatever the solver returns.
            rate_price = rate_cost - min(duals[self._rate_row], 0.0)
            label_price = label_cost - min(duals[self._label_row], 0.0)
            cell_costs = scaled - self.instance.p_x[:, None] * duals[None, :m]
            if self._whole:
                reduced = cell_costs[np.arange(n), self.mappings].sum(axis=1)
                reduced += rate_price * self._rates + label_price * self._label_entropies
                least = float(reduced.min())
                break
            cheapest, reduced = self._pricing.find(cell_costs, rate_price, label_price)
            least = float(reduced[0])
            negative = reduced < -_REDUCED_COST_ZERO
            if not negative.any() or not self.add(cheapest[negative]):
                break
        value = float(self._model.getInfo().objective_function_value)
        lagrangian = float(duals[:m] @ self.instance.p_y) + least
        lagrangian += self._price_times_limit(rate_cost - rate_price, self.instance.rate)
        lagrangian += self._price_times_limit(label_cost - label_price, self.instance.label_limit)
        exact = self._whole or self._pricing.exact(rate_price, label_price)
        weights = np.array(solution.col_value)
        used = weights > 0
        return MasterResult(self.mappings[used], weights[used], value, lagrangian if exact else -np.inf)

    @staticmethod
    def _price_times_limit(dual: float, limit: float) -> float:
        """Dual times right-hand side, 0 for a row that is absent."""
        return 0.0 if dual == 0.0 else dual * limit
