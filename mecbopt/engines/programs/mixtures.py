"""The linear program over mixtures: min of a linear function of the coupling, columns added by pricing.

Rows: the marginal of Y in shares of p_Y (where it may vary, that the weights sum to 1), then the limits as
scaled.  Columns are scaled by the greatest weight that their mapping can have, so that all entries of the
marginal rows are at most 1 and masses of any size count.  Small families of mappings are loaded whole; larger
ones grow by the mappings of least reduced cost.  Since the weights sum to 1, value + min(0, least reduced
cost) is a valid lower bound at every step (Dantzig-Wolfe / Lagrange), computed from the duals with their
signs enforced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mecbopt import highs
from mecbopt.control import Clock, Expired
from mecbopt.errors import SolverError
from mecbopt.formulation import (
    CheapestMapping,
    Formulation,
    Limit,
    least_mean_cost,
    mapping_count,
)
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.tolerances import REDUCED_COST_ZERO

__all__ = ["WHOLE_FAMILY", "MasterResult", "MixtureProgram"]

#: Families up to this size are loaded whole: pricing would cost more than the columns.
WHOLE_FAMILY = 4096
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
    complete : bool
        Whether no mapping of negative reduced cost is left, as far as pricing sees; False where the time
        limit came first.
    limit_price : float
        The sum of the prices of the limits: what a violation of each by a unit, as scaled, is worth.
    """

    mappings: IntArray
    weights: FloatArray
    value: float
    lower_bound: float
    complete: bool = True
    limit_price: float = 0.0


class MixtureProgram:
    """A warm-started linear program over the mixtures of a formulation.

    Parameters
    ----------
    formulation : Formulation
    limits : sequence of Limit, optional
        The rows beside the marginals; by default the limits of the formulation.
    objective : Limit, optional
        A limit whose left-hand side may be minimised; it adds no row.
    seed : int
        Of the heuristic pricing for large alphabets.
    clock : Clock, optional
        Its limit ends `minimize`.
    """

    def __init__(
        self,
        formulation: Formulation,
        *,
        limits: Sequence[Limit] | None = None,
        objective: Limit | None = None,
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.formulation = formulation
        self._limits = formulation.limits if limits is None else tuple(limits)
        self._objective = objective
        self._terms = (*self._limits, *(() if objective is None else (objective,)))
        self._clock = clock or Clock()
        self._seed = seed
        n, m = formulation.shape
        # A free law has one row: the weights sum to 1.
        self._marginals = 1 if formulation.free_law else m
        ones = np.ones(self._marginals)
        lower = np.concatenate([ones, np.full(len(self._limits), -highs.INFINITY)])
        upper = np.concatenate([ones, [limit.bound for limit in self._limits]])
        self._model = highs.new_model(lower, upper)
        self._whole = mapping_count(n, m) <= WHOLE_FAMILY
        self._known: set[bytes] = set()
        self.mappings: IntArray = np.zeros((0, n), dtype=np.int64)
        self._scales = np.zeros(0)
        self._values = np.zeros((0, len(self._terms)))
        if self._whole:
            self._enter(*formulation.family)
        else:
            self.add(formulation.constants())

    @cached_property
    def _pricing(self) -> CheapestMapping:
        return CheapestMapping(self.formulation, self._terms, seed=self._seed, clock=self._clock)

    def add(self, mappings: IntArray) -> int:
        """Add mappings that are not in the pool yet; returns how many were new."""
        if self._whole:
            return 0
        fresh = []
        for mapping in mappings:
            key = mapping.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(mapping)
        if not fresh:
            return 0
        block = np.array(fresh, dtype=np.int64)
        self._enter(block, self.formulation.output_laws(block))
        return len(block)

    def _enter(self, block: IntArray, laws: FloatArray) -> None:
        """Mappings with their laws, as columns behind those that are there."""
        count = len(self._limits)
        values = np.empty((len(block), len(self._terms)))
        for place, term in enumerate(self._terms):
            values[:, place] = term.values(block)
        scales = self.formulation.largest_weights(laws, values[:, :count].T, self._limits)
        columns = np.hstack([self.formulation.marginal_rows(laws).T, values[:, :count]]) * scales[:, None]
        # In units of its greatest value every weight lies between 0 and 1: the marginals say so.
        highs.add_columns(self._model, columns)
        if len(self.mappings) == 0:
            self.mappings, self._scales, self._values = block, scales, values
            return
        self.mappings = np.concatenate([self.mappings, block])
        self._scales = np.concatenate([self._scales, scales])
        self._values = np.concatenate([self._values, values])

    def minimize(self, gradient: FloatArray | None = None) -> MasterResult | None:
        """Minimise sum_xy gradient[x, y] P(x, y), or the objective where no gradient is given.

        Returns
        -------
        MasterResult or None
            None where the restricted program is infeasible (only possible with a label limit).

        Raises
        ------
        SolverError
            HiGHS gave up.
        Expired
            The time limit came before the first point.
        """
        n, m = self.formulation.shape
        count, rows = len(self._limits), self._marginals
        cost_prices = np.zeros(len(self._terms))
        scaled = np.zeros((n, m))
        if gradient is None:
            cost_prices[-1] = 1.0
        else:
            scaled = self.formulation.p_x[:, None] * gradient
        result: MasterResult | None = None
        for _ in range(_MAX_ROUNDS):
            costs = scaled[np.arange(n), self.mappings].sum(axis=1) + self._values @ cost_prices
            self._model.changeColsCost(len(costs), highs.indices(len(costs)), costs * self._scales)
            try:
                highs.run(self._model, self._clock)
                if highs.is_infeasible(self._model):
                    return None
                if not highs.is_optimal(self._model):
                    raise SolverError(
                        f"HiGHS stopped with {self._model.getModelStatus()}: give another engine."
                    )
                solution = self._model.getSolution()
                duals = np.array(solution.row_dual)
                # Signs are enforced, so that the Lagrangian bound below holds whatever the solver returns.
                on_limits = np.minimum(duals[rows:], 0.0)
                prices = cost_prices.copy()
                prices[:count] -= on_limits
                on_law = duals[:1] if self.formulation.free_law else duals[:m] / self.formulation.p_y
                cell_costs = scaled - np.outer(self.formulation.p_x, np.broadcast_to(on_law, m))
                weights = np.array(solution.col_value) * self._scales
                value = float(self._model.getInfo().objective_function_value)
                used = weights > 0
                point = self.mappings[used], weights[used]
                result = MasterResult(*point, value, -np.inf, complete=False)
                if self._whole:
                    reduced = cell_costs[np.arange(n), self.mappings].sum(axis=1) + self._values @ prices
                    least = least_mean_cost(reduced, self._scales)
                    break
                cheapest, reduced = self._pricing.find(cell_costs, list(prices))
            except Expired:
                if result is None:
                    raise
                return result
            least = float(reduced[0])
            negative = reduced < -REDUCED_COST_ZERO
            if not negative.any() or not self.add(cheapest[negative]):
                break
        bounds = np.array([limit.bound for limit in self._limits])
        lagrangian = float(duals[:rows].sum()) + float(on_limits @ bounds) + least
        exact = self._whole or self._pricing.exact(list(prices))
        price = -float(on_limits.sum())
        return MasterResult(*point, value, lagrangian if exact else -np.inf, limit_price=price)
