"""Pricing: the mapping of least cost, without enumerating m^n of them.

A linear program over mixtures has one column a mapping; with duals of its rows, the reduced cost of f is

    sum_y G[y, f^{-1}(y)],   G[y, A] = sum_{x in A} c[x, y] + kappa phi(p_X(A)) + lambda Lambda(A),

with c linear in the coupling and the output law, kappa and lambda the prices of rate and label entropy.  The
minimum over ordered partitions (A_1 .. A_m) of the letters of X is a dynamic program over subsets,
D_y(A) = min over B in A of D_{y-1}(A without B) + G[y, B], with O(m 3^n) steps.  Without prices on rate and
label each letter of X chooses for itself.  Beyond `MAX_SUBSET_LETTERS` letters a descent by single moves from
many starts is a heuristic, and `exact` says so.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mecbopt.info import entropy, phi
from mecbopt.mappings.instance import FloatArray, Instance, IntArray

__all__ = ["MAX_SUBSET_LETTERS", "CheapestMapping"]

#: 3^11 = 177,147 pairs of nested subsets: a few milliseconds a letter of Y in vectorised form.
MAX_SUBSET_LETTERS = 11


class CheapestMapping:
    """Prices mappings for one instance.

    Parameters
    ----------
    instance : Instance
    starts : int
        Random starts of the descent where the alphabet of X is too large for the dynamic program.
    seed : int
    """

    def __init__(self, instance: Instance, starts: int = 32, seed: int = 0) -> None:
        self.instance = instance
        self.starts = starts
        self._random = np.random.default_rng(seed)

    def exact(self, rate_price: float, label_price: float) -> bool:
        """Whether `find` returns the true minimum for these prices."""
        return self.instance.shape[0] <= MAX_SUBSET_LETTERS or (rate_price == 0.0 and label_price == 0.0)

    def find(
        self, cell_costs: FloatArray, rate_price: float = 0.0, label_price: float = 0.0
    ) -> tuple[IntArray, FloatArray]:
        """Mappings of small cost, the cheapest first.

        Parameters
        ----------
        cell_costs : ndarray, shape (n, m)
            c[x, y], the cost of sending x to y (mass included).
        rate_price, label_price : float
            Prices of H(f(X)) and H(S|f(X)), both >= 0.

        Returns
        -------
        mappings : ndarray of int, shape (k, n)
        costs : ndarray, shape (k,), ascending
        """
        if rate_price == 0.0 and label_price == 0.0:
            mapping = np.argmin(cell_costs, axis=1)
            return mapping[None, :], np.array([cell_costs[np.arange(len(mapping)), mapping].sum()])
        if self.instance.shape[0] <= MAX_SUBSET_LETTERS:
            return self._by_subsets(cell_costs, rate_price, label_price)
        return self._by_descent(cell_costs, rate_price, label_price)

    def costs(
        self, mappings: IntArray, cell_costs: FloatArray, rate_price: float, label_price: float
    ) -> FloatArray:
        """The cost of given mappings, shape (k,)."""
        linear: FloatArray = cell_costs[np.arange(mappings.shape[1]), mappings].sum(axis=1)
        total = linear + rate_price * self.instance.rates(mappings)
        return total + label_price * self.instance.label_entropies(mappings) if label_price else total

    # Dynamic program over subsets ---------------------------------------------------------------------------

    @cached_property
    def _subset_functions(self) -> tuple[FloatArray, FloatArray]:
        """phi(p_X(A)) and Lambda(A) = sum_s phi(P(s, A)) - phi(p_X(A)) for every subset A, shape (2^n,)."""
        n = self.instance.shape[0]
        members = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        rate = phi(members @ self.instance.p_x)
        if self.instance.joint_label is None:
            return rate, np.zeros(2**n)
        return rate, entropy(members @ self.instance.joint_label, axis=1) - rate

    @cached_property
    def _nested_pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """All pairs B in A, ordered by A: (A without B, B, first position of each A), 3^n of them."""
        rest, part = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        for x in range(self.instance.shape[0]):
            bit = 1 << x
            rest = np.concatenate([rest, rest | bit, rest])
            part = np.concatenate([part, part, part | bit])
        order = np.argsort(rest | part, kind="stable")
        rest, part = rest[order], part[order]
        whole = rest | part
        return rest, part, np.flatnonzero(np.diff(whole, prepend=-1))

    def _by_subsets(
        self, cell_costs: FloatArray, rate_price: float, label_price: float
    ) -> tuple[IntArray, FloatArray]:
        n, m = self.instance.shape
        rate, label = self._subset_functions
        members = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        prices = (members @ cell_costs).T + (rate_price * rate + label_price * label)
        rest, part, first = self._nested_pairs
        tables = [prices[0]]
        for y in range(1, m):
            tables.append(np.minimum.reduceat(tables[-1][rest] + prices[y][part], first))
        # The best completion for every image set of the last letter: many columns for one sweep.
        full = 2**n - 1
        last = np.arange(2**n)
        totals = (tables[m - 2][full ^ last] if m > 1 else np.where(last == full, 0.0, np.inf)) + prices[-1]
        chosen = np.argsort(totals, kind="stable")[: 4 * n] if m > 1 else np.array([full])
        mappings = np.zeros((len(chosen), n), dtype=np.int64)
        for row, subset in zip(mappings, chosen, strict=True):
            row[(subset >> np.arange(n)) & 1 == 1] = m - 1
            self._trace(row, full ^ int(subset), m - 2, tables, prices)
        return mappings, totals[chosen]

    def _trace(
        self, mapping: IntArray, subset: int, y: int, tables: list[FloatArray], prices: FloatArray
    ) -> None:
        """Fill in the images of `subset` among the letters 0 .. y along the optimal choices."""
        rest, part, first = self._nested_pairs
        letters = np.arange(len(mapping))
        while y > 0:
            start = first[subset]
            stop = first[subset + 1] if subset + 1 < len(first) else len(rest)
            best = start + int(np.argmin(tables[y - 1][rest[start:stop]] + prices[y][part[start:stop]]))
            mapping[(part[best] >> letters) & 1 == 1] = y
            subset = int(rest[best])
            y -= 1
        if y == 0:
            mapping[(subset >> letters) & 1 == 1] = 0

    # Descent by single moves --------------------------------------------------------------------------------

    def _by_descent(
        self, cell_costs: FloatArray, rate_price: float, label_price: float
    ) -> tuple[IntArray, FloatArray]:
        n, m = self.instance.shape
        starts = self._random.integers(0, m, size=(self.starts, n))
        starts[0] = np.argmin(cell_costs, axis=1)
        starts[1 : 1 + m] = self.instance.constants()[: len(starts) - 1]
        costs = self.costs(starts, cell_costs, rate_price, label_price)
        improved = True
        while improved:
            improved = False
            for x in self._random.permutation(n):
                trials = np.repeat(starts[:, None, :], m, axis=1)
                trials[:, :, x] = np.arange(m)
                trial_costs = self.costs(trials.reshape(-1, n), cell_costs, rate_price, label_price)
                trial_costs = trial_costs.reshape(-1, m)
                choice = np.argmin(trial_costs, axis=1)
                best = trial_costs[np.arange(len(starts)), choice]
                better = best < costs - 1e-13
                starts[better, x] = choice[better]
                costs = np.where(better, best, costs)
                improved = improved or bool(better.any())
        mappings, index = np.unique(starts, axis=0, return_index=True)
        order = np.argsort(costs[index], kind="stable")
        return mappings[order], costs[index][order]
