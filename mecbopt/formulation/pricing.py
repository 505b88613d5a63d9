"""Pricing: the mapping of least cost, without enumerating m^n of them.

A linear program over mixtures has one column a mapping; with duals of its rows, the reduced cost of f is

    sum_y G[y, f^{-1}(y)],   G[y, A] = sum_{x in A} c[x, y] + sum_i price_i T_i(A),

with c linear in the coupling and the output law and T_i the limits, functions of sets of X-letters.  The
minimum is a dynamic program over subsets (`mecbopt.formulation.partitions`).  Without prices on limits each
letter of X chooses for itself.  Beyond the sizes of `prices_exactly` a descent by single moves from many
starts is a heuristic, and `exact` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from mecbopt.control import Clock
from mecbopt.formulation.enumeration import distinct_mappings
from mecbopt.formulation.formulation import FloatArray, Formulation, IntArray
from mecbopt.formulation.limits import Limit
from mecbopt.formulation.partitions import CheapestPartition, block_sums, prices_exactly, subset_sums

__all__ = ["CheapestMapping", "least_mean_cost"]

#: An improvement by less does not count in the descent: it must end.
_IMPROVEMENT = 1e-13


def least_mean_cost(costs: FloatArray, largest_weights: FloatArray) -> float:
    """The least sum_k w_k costs_k over weights that sum to 1 with w_k at most its largest value.

    At most the least cost, and that itself where the mapping can have weight 1.  A linear program with scaled
    columns knows a reduced cost up to its tolerance over the scale: where a mapping can have next to no
    weight its cost may come out far below 0 and yet means nothing.  Cost O(k log k).
    """
    order = np.argsort(costs)
    caps = largest_weights[order]
    filled = np.cumsum(caps)
    weights = np.clip(1.0 - (filled - caps), 0.0, caps)
    return float(costs[order] @ weights)


class CheapestMapping:
    """Prices mappings for one formulation.

    Parameters
    ----------
    formulation : Formulation
    limits : sequence of Limit
        Those that have a price; the limits of the formulation by default.
    starts : int
        Random starts of the descent where the alphabet of X is too large for the dynamic program.
    seed : int
    clock : Clock, optional
        Asked between sweeps of the descent.
    """

    def __init__(
        self,
        formulation: Formulation,
        limits: Sequence[Limit] | None = None,
        *,
        starts: int = 32,
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.formulation = formulation
        self.limits = formulation.limits if limits is None else tuple(limits)
        self.starts = starts
        self._random = np.random.default_rng(seed)
        self._clock = clock or Clock()

    def exact(self, prices: Sequence[float]) -> bool:
        """Whether `find` returns the true minimum for these prices."""
        return prices_exactly(self.formulation.shape) or not any(prices)

    def find(
        self, cell_costs: FloatArray, prices: Sequence[float] | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Mappings of small cost, the cheapest first.

        Parameters
        ----------
        cell_costs : ndarray, shape (n, m)
            c[x, y], the cost of sending x to y (mass included).
        prices : sequence of float
            One >= 0 for each limit; all 0 by default.

        Returns
        -------
        mappings : ndarray of int, shape (k, n)
        costs : ndarray, shape (k,), ascending

        Raises
        ------
        Expired
            The clock's limit is reached.
        """
        if prices is None or not any(prices):
            mapping = np.argmin(cell_costs, axis=1)
            return mapping[None, :], np.array([cell_costs[np.arange(len(mapping)), mapping].sum()])
        if prices_exactly(self.formulation.shape):
            return self._by_subsets(cell_costs, prices)
        return self._by_descent(cell_costs, prices)

    def costs(self, mappings: IntArray, cell_costs: FloatArray, prices: Sequence[float]) -> FloatArray:
        """The cost of given mappings, shape (k,)."""
        total: FloatArray = cell_costs[np.arange(mappings.shape[1]), mappings].sum(axis=1)
        for limit, price in zip(self.limits, prices, strict=True):
            if price:
                total = total + price * limit.values(mappings)
        return total

    @cached_property
    def _partitions(self) -> CheapestPartition:
        return CheapestPartition(*self.formulation.shape, self._clock)

    def _by_subsets(self, cell_costs: FloatArray, prices: Sequence[float]) -> tuple[IntArray, FloatArray]:
        table = subset_sums(cell_costs).T
        for limit, price in zip(self.limits, prices, strict=True):
            if price:
                table = table + price * limit.table
        # Many columns for one sweep.
        return self._partitions.find(table, 4 * self.formulation.shape[0])

    # Descent by single moves --------------------------------------------------------------------------------

    def _by_descent(self, cell_costs: FloatArray, prices: Sequence[float]) -> tuple[IntArray, FloatArray]:
        """All starts move one letter at a time, the sums of every block kept up to date."""
        n, m = self.formulation.shape
        starts = self._random.integers(0, m, size=(self.starts, n))
        starts[0] = np.argmin(cell_costs, axis=1)
        starts[1 : 1 + m] = self.formulation.constants()[: len(starts) - 1]
        priced = [(limit, price) for limit, price in zip(self.limits, prices, strict=True) if price]
        sums = [block_sums(starts, limit.statistics, m) for limit, _ in priced]
        rows = np.arange(len(starts))
        improved = True
        while improved:
            improved = False
            for x in self._random.permutation(n):
                self._clock.check()
                here = starts[:, x]
                # What each block costs with x in it less what it costs without.
                change = np.repeat(cell_costs[x][None, :], len(starts), axis=0)
                for (limit, price), blocks in zip(priced, sums, strict=True):
                    blocks[rows, here] -= limit.statistics[x]
                    change += price * (limit.term(blocks + limit.statistics[x]) - limit.term(blocks))
                choice = np.argmin(change, axis=1)
                better = change[rows, choice] < change[rows, here] - _IMPROVEMENT
                starts[better, x] = choice[better]
                improved = improved or bool(better.any())
                for (limit, _), blocks in zip(priced, sums, strict=True):
                    blocks[rows, starts[:, x]] += limit.statistics[x]
        mappings = distinct_mappings(starts)
        costs = self.costs(mappings, cell_costs, prices)
        order = np.argsort(costs, kind="stable")
        return mappings[order], costs[order]
