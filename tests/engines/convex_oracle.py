"""A plain branch and bound for convex limits over all mappings, which shares nothing with the engines.

min H(X,Y) over mixtures w of all m^n mappings within marginals, rate and convex limits f(P) <= 0, given by
their values and gradients.  A node is a box of couplings; phi is bounded by its secants, f by tangents at the
points of the linear programs, or where the way to them from a point inside leaves the limits; tangents hold
everywhere and stay.  A point that violates no limit by more than 1e-8 is a value.
"""

from __future__ import annotations

import heapq
import itertools
import math

import highspy
import numpy as np

from tests.oracle import bits

#: What a point may violate, and how near values are told apart.
_VIOLATION, _GAP = 1e-8, 4e-7
#: Tangents that are kept at least.
_MOST_CUTS = 25
#: Rounds of tangents that a node is given; more only where secants are not what its bound is off by.
_ROUNDS, _MOST_ROUNDS = 6, 400
_INFINITY = highspy.kHighsInf


class _Program:
    """The linear program over all mappings; the rows of the cells stand first."""

    def __init__(self, p_x, p_y, rate):
        n, m = len(p_x), len(p_y)
        self.shape = n, m
        mappings = np.array(list(itertools.product(range(m), repeat=n)))
        self.columns = ((mappings[:, :, None] == np.arange(m)) * p_x[:, None]).reshape(len(mappings), -1)
        laws = self.columns.reshape(-1, n, m).sum(axis=1)
        self._model = model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        model.setOptionValue("presolve", "off")  # the basis stays warm
        model.setOptionValue("primal_feasibility_tolerance", 1e-10)
        model.setOptionValue("dual_feasibility_tolerance", 1e-10)
        model.addVars(len(mappings), np.zeros(len(mappings)), np.ones(len(mappings)))
        for row in self.columns.T:
            self._row(row, 0.0, 1.0)
        for row, mass in zip(laws.T, p_y, strict=True):
            self._row(row, mass, mass)
        self._row(bits(laws).sum(axis=1), -_INFINITY, rate)
        self._first_cut = model.getNumRow()

    def _row(self, values, lower, upper):
        used = np.flatnonzero(values)
        self._model.addRow(lower, upper, len(used), used.astype(np.int32), values[used])

    def cut(self, slope, bound):
        """Slope . P <= bound; the oldest of such rows go where there are many."""
        count = self._model.getNumRow() - self._first_cut
        if count >= 2 * _MOST_CUTS:
            oldest = np.arange(self._first_cut, self._first_cut + _MOST_CUTS, dtype=np.int32)
            self._model.deleteRows(_MOST_CUTS, oldest)
        self._row(self.columns @ slope.ravel(), -_INFINITY, bound)

    def solve(self, lower, upper, slope):
        """The least slope . P in a box, and P; None where the box holds nothing."""
        model = self._model
        cells, count = self.columns.shape[1], len(self.columns)
        model.changeRowsBounds(cells, np.arange(cells, dtype=np.int32), lower.ravel(), upper.ravel())
        model.changeColsCost(count, np.arange(count, dtype=np.int32), self.columns @ slope.ravel())
        model.run()
        if model.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        weights = np.array(model.getSolution().col_value)
        return model.getInfo().objective_function_value, (weights @ self.columns).reshape(self.shape)


def _secants(lower, upper):
    """Slopes and intercepts of phi on the cells of a box."""
    width = upper - lower
    ends = bits(upper) - bits(lower)
    slope = np.where(width > 1e-12, ends / np.where(width > 1e-12, width, 1.0), 0.0)
    return slope, bits(lower) - slope * lower


def least_joint_entropy(p_x, p_y, rate, limits, most_nodes=100_000):
    """The least H(X,Y), bits; infinity where no mixture meets the limits.

    Parameters
    ----------
    p_x, p_y : array_like
    rate : float
    limits : list of callables
        Each returns f(P) and its gradient, shape (n, m); f is convex, and P meets it where f <= 0.
    """
    p_x, p_y = np.asarray(p_x, dtype=float), np.asarray(p_y, dtype=float)
    program = _Program(p_x, p_y, rate)
    best, inside = math.inf, np.outer(p_x, p_y)

    def excess(point):
        return max(limit(point)[0] for limit in limits)

    def on_the_way(point):
        """The last point within the limits on the way to one outside; that itself where none is inside."""
        if excess(inside) >= 0.0:
            return point
        near, far = 0.0, 1.0
        for _ in range(30):
            middle = 0.5 * (near + far)
            near, far = (middle, far) if excess(inside + middle * (point - inside)) <= 0.0 else (near, middle)
        return inside + near * (point - inside)

    def bound(lower, upper):
        """The bound of a box and its point; tangents are added until the point meets the limits."""
        nonlocal best, inside
        slope, intercept = _secants(lower, upper)
        for count in range(_MOST_ROUNDS):
            found = program.solve(lower, upper, slope)
            if found is None:
                return None
            value, point = found[0] + intercept.sum(), found[1]
            if value > best - _GAP:
                return None
            levels = [limit(point) for limit in limits]
            if max((level for level, _ in levels), default=-1.0) <= _VIOLATION:
                best = min(best, float(bits(point).sum()))
                return value, point
            if count >= _ROUNDS and (bits(point) - slope * point - intercept).max() > _GAP:
                break
            at = on_the_way(point)
            best = min(best, float(bits(at).sum())) if excess(at) <= 0.0 else best
            for level, gradient in (limit(at) for limit in limits):
                if level > -_VIOLATION:
                    program.cut(gradient, float((gradient * at).sum()) - level)
            inside = min((inside, 0.5 * (inside + point)), key=excess)
        return value, point

    order = itertools.count()
    lower, upper = np.zeros((len(p_x), len(p_y))), np.minimum.outer(p_x, p_y)
    root = bound(lower, upper)
    heap = [] if root is None else [(root[0], next(order), lower, upper, root[1])]
    for _ in range(most_nodes):
        if not heap or heap[0][0] > best - _GAP:
            return best
        _, _, lower, upper, point = heapq.heappop(heap)
        slope, intercept = _secants(lower, upper)
        error = np.where(upper - lower > 1e-9, bits(point) - slope * point - intercept, -1.0)
        cell = np.unravel_index(int(error.argmax()), error.shape)
        margin = 0.2 * (upper[cell] - lower[cell])
        middle = min(max(point[cell], lower[cell] + margin), upper[cell] - margin)
        for side in range(2):
            low, high = lower.copy(), upper.copy()
            (low if side else high)[cell] = middle
            child = bound(low, high)
            if child is not None:
                heapq.heappush(heap, (child[0], next(order), low, high, child[1]))
    raise AssertionError("the oracle was not done")
