"""An independent exact method for small alphabets without label: vertices supported on exchange cliques.

Exchange lemma: some optimal vertex has a support in which every pair f, f' satisfies H_f + H_f' <= H_g + H_g'
for every recombination g, g' of the two.  So only cliques of compatible nonconstant mappings need be
combined with constants.  A vertex with j nonconstant mappings misses j constants (rate slack) or j - 1 (rate
active); the constants present follow from the marginal.  Works at any rate, equal masses included, and shares
nothing with the branch and bound.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tests.oracle import bits

__all__ = ["best_over_cliques"]

FloatArray = NDArray[np.float64]
_CHUNK = 100_000


def _compatible(mappings: NDArray[np.int64], p_x: FloatArray, letters: int) -> NDArray[np.bool_]:
    """Pairs that no recombination improves."""
    n = mappings.shape[1]

    def entropies(candidates: NDArray[np.int64]) -> FloatArray:
        laws = np.stack([(candidates == y) @ p_x for y in range(letters)], axis=-1)
        return np.asarray(bits(laws).sum(axis=-1))

    own = entropies(mappings)
    fine = np.ones((len(mappings), len(mappings)), dtype=bool)
    first, second = mappings[:, None, :], mappings[None, :, :]
    for mask in range(1, 1 << (n - 1)):
        chosen = (mask >> np.arange(n) & 1).astype(bool)
        swapped = entropies(np.where(chosen, first, second)) + entropies(np.where(chosen, second, first))
        fine &= own[:, None] + own[None, :] <= swapped + 1e-10
    return fine


def _extend(cliques: NDArray[np.int64], fine: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Every clique with one more mapping, in increasing order, in chunks."""
    later = np.arange(len(fine))
    for block in np.array_split(cliques, max(1, math.ceil(len(cliques) * len(fine) / (20 * _CHUNK)))):
        allowed = np.logical_and.reduce([fine[block[:, i]] for i in range(block.shape[1])])
        allowed &= later[None, :] > block[:, -1:]
        parent, child = np.nonzero(allowed)
        yield np.hstack([block[parent], child[:, None]])


def best_over_cliques(p_x: FloatArray, p_y: FloatArray, rate: float) -> float:
    """Max I(X;Y) at a rate, bits."""
    n, m = len(p_x), len(p_y)
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    mappings = mappings[(mappings != mappings[:, :1]).any(axis=1)]
    laws = np.stack([(mappings == y) @ p_x for y in range(m)], axis=1)
    rates = bits(laws).sum(axis=1)
    cells = (mappings[:, :, None] == np.arange(m)) * p_x[:, None]
    # What a mapping changes against the product coupling when constants make up for its law.
    changes = (cells - p_x[:, None] * laws[:, None, :]).reshape(len(mappings), -1)
    product = np.outer(p_x, p_y).ravel()
    fine = _compatible(mappings, p_x, m)
    best = float(bits(product).sum())

    def evaluate(cliques: NDArray[np.int64]) -> float:
        size, least = cliques.shape[1], math.inf
        for active in (True, False):
            for missing in itertools.combinations(range(m), size - active):
                rows = [laws[cliques][:, :, y] for y in missing] + ([rates[cliques]] if active else [])
                target = np.array([p_y[y] for y in missing] + ([rate] if active else []))
                system = np.stack(rows, axis=1)
                regular = np.abs(np.linalg.det(system)) > 1e-13
                chosen, system = cliques[regular], system[regular]
                right = np.broadcast_to(target[:, None], (len(chosen), size, 1))
                weights = np.linalg.solve(system, right)[..., 0]
                constants = p_y - np.einsum("ck,cky->cy", weights, laws[chosen])
                feasible = (weights >= -1e-10).all(axis=1) & (constants >= -1e-10).all(axis=1)
                feasible &= (weights * rates[chosen]).sum(axis=1) <= rate + 1e-10
                if feasible.any():
                    moved = np.einsum("ck,ckz->cz", weights[feasible], changes[chosen[feasible]])
                    couplings = product + moved
                    least = min(least, float(bits(np.clip(couplings, 0, None)).sum(axis=1).min()))
        return least

    level: NDArray[np.int64] = np.arange(len(mappings))[:, None]
    for size in range(1, m + 2):
        for block in np.array_split(level, max(1, math.ceil(len(level) / _CHUNK))):
            best = min(best, evaluate(block))
        if size <= m:
            level = np.concatenate(list(_extend(level, fine)))
        if len(level) == 0:
            break
    return float(bits(p_x).sum() + bits(p_y).sum()) - best
