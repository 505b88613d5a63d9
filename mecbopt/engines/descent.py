"""Local search: linearise and resolve from many starts, then pivot to better neighbouring vertices.

Linearising the concave joint entropy at a point and minimising over the polytope never increases it and ends
at a vertex (Frank-Wolfe with full steps, equally the convex-concave procedure).  Where that stalls, all
vertices one pivot away are tried.  A local optimum proves nothing about the global one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property

import numpy as np

from mecbopt.control import Clock, Expired
from mecbopt.engines.programs.mixtures import MixtureProgram
from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.formulation import Formulation, distinct_mappings
from mecbopt.formulation.formulation import FloatArray, IntArray

__all__ = ["Descent", "random_start_count"]

#: An improvement below this many bits does not count: descents must end.
_IMPROVEMENT = 1e-11
#: Candidates of one round of pivots; more are cut off, the nearest mappings first.
_MAX_CANDIDATES = 6000


class Descent:
    """Descends from starts; keeps its linear program warm between them.

    Parameters
    ----------
    formulation : Formulation
    feasible : Incumbent
        A feasible vertex; its mappings make the program feasible.
    seed : int
        Of the random starts.
    clock : Clock, optional
        Its limit ends the search, also inside a linear program.
    report : callable
        Called after every descent.
    """

    def __init__(
        self,
        formulation: Formulation,
        feasible: Incumbent,
        seed: int = 0,
        clock: Clock | None = None,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        self.formulation = formulation
        self.best = feasible
        self._random = np.random.default_rng(seed)
        self._clock = clock or Clock()
        self._seed = seed
        self._report = report

    @cached_property
    def _program(self) -> MixtureProgram:
        """Built when the first descent begins: it takes time, which the clock must see."""
        program = MixtureProgram(self.formulation, seed=self._seed, clock=self._clock)
        program.add(self.best.mappings)
        return program

    def run(self, starts: int) -> Incumbent:
        """Descend from the best point known and from `starts` random directions, as far as time allows."""
        with contextlib.suppress(Expired):
            self.descend_from_point(self.best)
            for _ in range(starts):
                self._clock.check()
                self.descend_along(self._random.normal(size=self.formulation.shape))
                self._report()
        return self.best

    @property
    def pool(self) -> IntArray:
        """The mappings that its linear program has seen, shape (k, n)."""
        return self._program.mappings

    @property
    def best_cost(self) -> float:
        """Joint entropy of the best vertex, bits."""
        return self.best.cost

    def descend_along(self, gradient: FloatArray) -> Incumbent | None:
        """Descend from the vertex that minimises a linear function."""
        result = self._program.minimize(gradient)
        if result is None:
            return None
        return self.descend_from_mixture(result.mappings, result.weights)

    def descend_from_point(self, start: Incumbent) -> Incumbent:
        """Descend from a feasible mixture to a vertex that no step improves; remembers the best."""
        current = start
        while True:
            self._clock.check()
            better = self._linearised_step(current) or self._pivot_step(current)
            if better is None:
                return current
            current = better
            # At once, so that neither a limit nor Ctrl-C loses it.
            if current.cost < self.best.cost:
                self.best = current

    def descend_from_mixture(self, mappings: IntArray, weights: FloatArray) -> Incumbent | None:
        """Descend from any feasible mixture, given up to a solver's tolerance."""
        vertex = to_vertex(self.formulation, mappings, weights)
        if vertex is None:
            return None
        if vertex.cost < self.best.cost:
            self.best = vertex
        return self.descend_from_point(vertex)

    def _linearised_step(self, current: Incumbent) -> Incumbent | None:
        """The vertex that minimises the linearised joint entropy, if it is better."""
        coupling = self.formulation.coupling(current.mappings, current.weights)
        result = self._program.minimize(self.formulation.objective.gradient(coupling))
        if result is None:
            return None
        vertex = to_vertex(self.formulation, result.mappings, result.weights)
        return vertex if self._improves(vertex, current) else None

    def _improves(self, vertex: Incumbent | None, current: Incumbent) -> bool:
        return vertex is not None and vertex.cost < current.cost - _IMPROVEMENT

    # Pivots -------------------------------------------------------------------------------------------------

    def _pivot_step(self, current: Incumbent) -> Incumbent | None:
        """The best vertex one pivot away, if it is better."""
        formulation = self.formulation
        limits, bounds = limit_rows(formulation, current.mappings)
        slack = np.maximum(bounds - limits @ current.weights, 0.0)
        loose = slack > 1e-10
        # Basis: the mappings in use, and the slacks of limits that are not tight.
        marginals = formulation.marginal_rows(formulation.output_laws(current.mappings))
        basis, first = np.vstack([marginals, limits]), len(marginals)
        basis = np.column_stack([basis, np.eye(len(basis))[:, first + np.flatnonzero(loose)]])
        levels = np.concatenate([current.weights, slack[loose]])
        candidates = self._neighbours(current.mappings)
        self._clock.check()
        marginals = formulation.marginal_rows(formulation.output_laws(candidates))
        entering = np.vstack([marginals, limit_rows(formulation, candidates)[0]])
        tight_rows = np.eye(len(basis))[:, first + np.flatnonzero(~loose)]
        entering = np.column_stack([entering, tight_rows])
        inverse = np.linalg.pinv(basis)
        self._clock.check()
        moves = -inverse @ entering
        spanned = np.abs(basis @ moves + entering).max(axis=0) < 1e-9
        self._clock.check()
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(moves < -1e-12, levels[:, None] / -moves, np.inf)
        lengths = ratios.min(axis=0)
        useful = spanned & np.isfinite(lengths) & (lengths > 1e-12)
        if not useful.any():
            return None
        lengths = np.where(useful, lengths, 0.0)
        moves = moves[: len(current)] * lengths
        values = self._values(current, candidates, moves, lengths)
        values[~useful] = np.inf
        best = int(np.argmin(values))
        if not values[best] < current.cost - _IMPROVEMENT:
            return None
        weights = np.maximum(current.weights + moves[:, best], 0.0)
        mappings = current.mappings
        if best < len(candidates):
            mappings = np.vstack([mappings, candidates[best]])
            weights = np.append(weights, lengths[best])
            self._program.add(candidates[best : best + 1])
        vertex = to_vertex(formulation, mappings, weights)
        return vertex if self._improves(vertex, current) else None

    def _values(
        self, current: Incumbent, candidates: IntArray, moves: FloatArray, lengths: FloatArray
    ) -> FloatArray:
        """Joint entropy after each pivot; column j moves the weights by moves[:, j], shape (c,)."""
        n, m = self.formulation.shape
        cells = np.zeros((len(current), n, m))
        for j, mapping in enumerate(current.mappings):
            cells[j, np.arange(n), mapping] = self.formulation.p_x
        flat = cells.reshape(len(current), -1)
        points = current.weights @ flat + moves.T @ flat
        count = len(candidates)
        rows = np.repeat(np.arange(count), n)
        columns = (np.arange(n) * m + candidates).ravel()
        np.add.at(points, (rows, columns), (lengths[:count, None] * self.formulation.p_x).ravel())
        return self.formulation.objective.costs(np.maximum(points, 0.0))

    def _neighbours(self, mappings: IntArray) -> IntArray:
        """Mappings that may enter: those one letter away from the ones in use, then the pool."""
        n, m = self.formulation.shape
        changed = np.repeat(mappings, n * m, axis=0)
        letters = np.tile(np.arange(n * m), len(mappings))
        changed[np.arange(len(changed)), letters // m] = letters % m
        pool = self._program.mappings
        merged = np.concatenate([changed, pool])[:_MAX_CANDIDATES]
        return distinct_mappings(merged)


def random_start_count(formulation: Formulation) -> int:
    """How many random starts a local search takes by default: more for larger problems, within reason."""
    n, m = formulation.shape
    return int(np.clip(4 * n * m, 20, 120))
