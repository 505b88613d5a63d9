"""An independent exact method for small alphabets without label: vertices supported on exchange cliques.

Exchange lemma: some optimal vertex has a support in which every pair f, f' satisfies H_f + H_f' <= H_g + H_g'
for every recombination g, g' of the two.  So only cliques of compatible nonconstant mappings need be
combined with constants.  A vertex with j nonconstant mappings misses j constants (rate slack) or j - 1 (rate
active).

A support is a vertex only where the target (p_Y, and R where the rate is active) is a mixture of its points
(q_f, and H_f).  Then no half-space of any direction separates them: every direction has a point on either
side.  The sides that a mapping lies on are bits of a word, and a support whose words do not fill all bits is
dropped before anything is solved.  Works at any rate, equal masses included, and shares nothing with the
branch and bound.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from tests.oracle import bits

__all__ = ["best_over_cliques"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
WordArray = NDArray[np.uint64]

_CHUNK = 100_000
#: Half-spaces: two a direction, as many directions as a word of 64 bits holds.
_DIRECTIONS = 32
#: A point this far on the wrong side of a half-space counts as in it, as weights down to -1e-10 count as 0.
_SLACK = 1e-8
_FULL = ~np.uint64(0)


def _compatible(mappings: IntArray, p_x: FloatArray, letters: int) -> BoolArray:
    """Pairs that no recombination improves."""
    n = mappings.shape[1]
    place = letters ** np.arange(n)
    every = np.array(list(itertools.product(range(letters), repeat=n)))[:, ::-1]
    entropies = bits(np.stack([(every == y) @ p_x for y in range(letters)], axis=-1)).sum(axis=-1)
    codes = mappings * place
    own = entropies[codes.sum(axis=1)]
    fine = np.ones((len(mappings), len(mappings)), dtype=bool)
    for mask in range(1, 1 << (n - 1)):
        chosen = (mask >> np.arange(n) & 1).astype(bool)
        taken, left = codes[:, chosen].sum(axis=1), codes[:, ~chosen].sum(axis=1)
        swapped = entropies[left[:, None] + taken[None, :]] + entropies[taken[:, None] + left[None, :]]
        fine &= own[:, None] + own[None, :] <= swapped + 1e-10
    return fine


def _sides(points: FloatArray, target: FloatArray, directions: FloatArray) -> WordArray:
    """A word for each point, shape (k, d): on which sides of the target it lies, along every direction."""
    offsets = (points - target) @ directions.T
    sides = np.concatenate([offsets >= -_SLACK, offsets <= _SLACK], axis=1)
    return (sides.astype(np.uint64) << np.arange(2 * _DIRECTIONS, dtype=np.uint64)).sum(
        axis=1, dtype=np.uint64
    )


class _Polytope:
    """The feasible mixtures of an instance, and their best vertex so far."""

    def __init__(self, p_x: FloatArray, p_y: FloatArray, rate: float, mappings: IntArray) -> None:
        m = len(p_y)
        self.p_y, self.rate = p_y, rate
        self.laws = np.stack([(mappings == y) @ p_x for y in range(m)], axis=1)
        self.masses = self.laws.T.copy()  # a letter's in a row: gathering them is most of a solve's work
        self.rates = bits(self.laws).sum(axis=1)
        self.product = np.outer(p_x, p_y).ravel()
        cells = (mappings[:, :, None] == np.arange(m)) * p_x[:, None]
        # What a mapping changes against the product coupling when constants make up for its law.
        self.changes = (cells - p_x[:, None] * self.laws[:, None, :]).reshape(len(mappings), -1)
        self.least = float(bits(self.product).sum())
        points = np.column_stack([np.vstack([self.laws, np.eye(m)]), np.append(self.rates, np.zeros(m))])
        directions = np.random.default_rng(0).normal(size=(_DIRECTIONS, m + 1))
        target = np.append(p_y, rate if math.isfinite(rate) else 0.0)
        # With a slack rate only the laws have to mix to p_Y.
        flat = directions * np.append(np.ones(m), 0.0)
        words = [_sides(points, target, flat), _sides(points, target, directions)]
        self.words = [word[: len(mappings)] for word in words]
        self.constant_words = [word[len(mappings) :] for word in words]

    def examine(self, cliques: IntArray) -> None:
        """Every basis of these nonconstant mappings, shape (k, j), with constants."""
        m, size = len(self.p_y), cliques.shape[1]
        for active in (True, False):
            if active and not math.isfinite(self.rate):
                continue
            words = np.bitwise_or.reduce(self.words[active][cliques], axis=1)
            for missing in itertools.combinations(range(m), size - active):
                present = [y for y in range(m) if y not in missing]
                filled = words | np.bitwise_or.reduce(
                    self.constant_words[active][present], initial=np.uint64(0)
                )
                self._solve(cliques[filled == _FULL], list(missing), active)

    def _solve(self, cliques: IntArray, missing: list[int], active: bool) -> None:
        """Weights from the marginals of the missing constants (and the rate); the best feasible coupling."""
        rows = [self.masses[y][cliques] for y in missing] + ([self.rates[cliques]] if active else [])
        system = np.stack(rows, axis=1)
        regular = np.abs(np.linalg.det(system)) > 1e-13
        cliques, system = cliques[regular], system[regular]
        if len(cliques) == 0:
            return
        target = np.append(self.p_y[missing], [self.rate] if active else [])
        right = np.broadcast_to(target[:, None], (*system.shape[:2], 1))
        weights = np.linalg.solve(system, right)[..., 0]
        constants = self.p_y - np.einsum("ck,cky->cy", weights, self.laws[cliques])
        feasible = (weights >= -1e-10).all(axis=1) & (constants >= -1e-10).all(axis=1)
        feasible &= (weights * self.rates[cliques]).sum(axis=1) <= self.rate + 1e-10
        if feasible.any():
            moved = np.einsum("ck,ckz->cz", weights[feasible], self.changes[cliques[feasible]])
            values = bits(np.clip(self.product + moved, 0, None)).sum(axis=1)
            self.least = min(self.least, float(values.min()))


def best_over_cliques(p_x: FloatArray, p_y: FloatArray, rate: float) -> float:
    """Max I(X;Y) at a rate (infinity for none), bits.  4x4: 3 million cliques, about 2 s."""
    n, m = len(p_x), len(p_y)
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    mappings = mappings[(mappings != mappings[:, :1]).any(axis=1)]
    polytope = _Polytope(p_x, p_y, rate, mappings)
    # Cliques in increasing order, each once: neighbours with a larger index.
    later = np.triu(_compatible(mappings, p_x, m), 1)
    cliques: IntArray = np.arange(len(mappings))[:, None]
    for size in range(1, m + 1):
        grown = []
        for block in np.array_split(cliques, max(1, math.ceil(len(cliques) * len(mappings) / (50 * _CHUNK)))):
            polytope.examine(block)
            allowed = np.logical_and.reduce([later[block[:, i]] for i in range(size)])
            if size == m:
                # The largest supports hold no constant, and their rate is active: filled words or nothing.
                words = np.bitwise_or.reduce(polytope.words[True][block], axis=1)
                allowed &= words[:, None] | polytope.words[True][None, :] == _FULL
            parent, child = np.nonzero(allowed)
            grown.append(np.hstack([block[parent], child[:, None]]))
        cliques = np.concatenate(grown)
    polytope.examine(cliques)
    return float(bits(p_x).sum() + bits(p_y).sum()) - polytope.least
