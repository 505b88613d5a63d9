"""From any feasible mixture to a vertex of the feasible polytope, no worse, met to rounding error.

The joint entropy is concave in the weights, so along any line it does not increase in one of the two
directions; walking that way until a weight vanishes or a limit becomes tight keeps feasibility and never
loses value.  At the end the mappings are at most m + 1 (m + 2 with a label): the support lemma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt.mappings.instance import FloatArray, Instance, IntArray
from mecbopt.tolerances import CONSTRAINT_SLACK, WEIGHT_ZERO

__all__ = ["Incumbent", "limit_rows", "to_vertex"]

#: A limit within this many bits of equality is treated as tight and restored exactly by the last solve.
_TIGHT = 1e-7


@dataclass(frozen=True, eq=False)
class Incumbent:
    """A feasible mixture and its joint entropy H(X,Y), bits."""

    mappings: IntArray
    weights: FloatArray
    joint_entropy: float

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.weights)


def to_vertex(instance: Instance, mappings: IntArray, weights: FloatArray) -> Incumbent | None:
    """Walk to a vertex and solve its equations anew.

    Parameters
    ----------
    instance : Instance
    mappings : ndarray of int, shape (k, n)
    weights : ndarray, shape (k,)
        Feasible up to the tolerance of a linear programming solver.

    Returns
    -------
    Incumbent or None
        None where no weights satisfy the marginals to rounding error and the limits to
        `CONSTRAINT_SLACK`, which a point that is feasible only up to a tolerance may show.
    """
    keep = weights > WEIGHT_ZERO
    mappings, weights = mappings[keep], weights[keep]
    if len(weights) == 0:
        return None
    laws = instance.output_laws(mappings)
    limits, bounds = limit_rows(instance, mappings)
    while True:
        tight = limits @ weights >= bounds - _TIGHT
        rows = np.vstack([laws.T, limits[tight]])
        direction = _null_direction(rows)
        if direction is None:
            break
        weights = _walk(instance, mappings, weights, direction, limits[~tight], bounds[~tight])
        keep = weights > WEIGHT_ZERO
        mappings, weights, laws, limits = mappings[keep], weights[keep], laws[keep], limits[:, keep]
    return _polished(instance, mappings, weights, laws, limits, bounds)


def limit_rows(instance: Instance, mappings: IntArray) -> tuple[FloatArray, FloatArray]:
    """Rows and right-hand sides of the rate and the label limit, as far as they can bind."""
    rows, bounds = [], []
    if instance.has_rate:
        rows.append(instance.rates(mappings))
        bounds.append(instance.rate)
    if instance.has_label:
        rows.append(instance.label_entropies(mappings))
        bounds.append(instance.label_limit)
    return np.array(rows).reshape(len(rows), len(mappings)), np.array(bounds)


def _null_direction(rows: FloatArray) -> FloatArray | None:
    """A unit vector that the rows send to zero, up to rounding; None where their columns are independent.

    Calls the decomposition directly: `scipy.linalg.null_space` takes several times as long at these sizes.
    """
    _, singular, right = np.linalg.svd(rows)
    threshold = np.finfo(float).eps * max(rows.shape) * singular[0]
    rank = int(np.count_nonzero(singular > threshold))
    return None if rank == rows.shape[1] else right[rank]


def _walk(
    instance: Instance,
    mappings: IntArray,
    weights: FloatArray,
    direction: FloatArray,
    limits: FloatArray,
    bounds: FloatArray,
) -> FloatArray:
    """Go along +-direction to the end with the smaller joint entropy."""
    ends = []
    for step in (direction, -direction):
        falling = step < 0
        length = np.min(weights[falling] / -step[falling]) if falling.any() else np.inf
        growth = limits @ step
        rising = growth > 1e-14
        if rising.any():
            slack = np.maximum(bounds[rising] - limits[rising] @ weights, 0.0)
            length = min(length, np.min(slack / growth[rising]))
        moved = np.maximum(weights + length * step, 0.0)
        # The weight that blocks is zero by construction, not up to rounding: the walk must end.
        if falling.any():
            blocking = falling & (weights <= -step * length * (1 + 1e-12) + 1e-18)
            moved[blocking] = 0.0
        ends.append((instance.joint_entropy(mappings, moved), moved))
    return min(ends, key=lambda end: end[0])[1]


def _polished(
    instance: Instance,
    mappings: IntArray,
    weights: FloatArray,
    laws: FloatArray,
    limits: FloatArray,
    bounds: FloatArray,
) -> Incumbent | None:
    """Solve the equations of the vertex by least squares, so that residuals are rounding errors."""
    tight = np.abs(limits @ weights - bounds) <= _TIGHT
    for active in (tight, np.zeros_like(tight)):
        rows = np.vstack([laws.T, limits[active]])
        target = np.concatenate([instance.p_y, bounds[active]])
        correction = np.linalg.lstsq(rows, target - rows @ weights, rcond=1e-13)[0]
        solved = weights + correction
        if solved.min() < -1e-12:
            continue
        solved = np.maximum(solved, 0.0)
        keep = solved > 0
        residual = np.abs(laws.T @ solved - instance.p_y).max()
        if residual > 1e-11 or np.any(limits @ solved > bounds + CONSTRAINT_SLACK):
            continue
        final = solved[keep]
        return Incumbent(mappings[keep], final, instance.joint_entropy(mappings[keep], final))
    return None
