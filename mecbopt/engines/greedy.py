"""One constructive pass: a greedy coupling, blended with a feasible point until every limit holds.

The greedy minimum entropy coupling (Kocaoglu, Dimakis, Vishwanath, Hassibi, AAAI 2017) ignores rate and
label.  Written as a mixture of deterministic mappings (functional representation lemma) and mixed with a
feasible mixture in the largest admissible share, it is feasible; a walk to a vertex does the rest.
"""

from __future__ import annotations

import numpy as np

from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.formulation import Formulation, functions_of_channel
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.mec.greedy import greedy_support
from mecbopt.problem import Mixture
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["coupling_as_mixture", "greedy", "improved_by_greedy"]


def greedy(formulation: Formulation, feasible: Incumbent) -> Incumbent:
    """A feasible vertex in O((n + m) log(n + m)) for the coupling, plus the walk.

    Parameters
    ----------
    formulation : Formulation
    feasible : Incumbent
        Any feasible mixture; the result is never worse.
    """
    coupling = greedy_support([formulation.p_x, formulation.p_y]).to_dense()
    mixture = coupling_as_mixture(coupling)
    share = _largest_share(formulation, feasible, mixture.mappings, mixture.weights)
    mappings = np.vstack([mixture.mappings, feasible.mappings])
    weights = np.concatenate([share * mixture.weights, (1.0 - share) * feasible.weights])
    vertex = to_vertex(formulation, mappings, weights)
    if vertex is None or vertex.cost > feasible.cost:
        return feasible
    return vertex


def improved_by_greedy(formulation: Formulation, feasible: Incumbent) -> Incumbent:
    """The greedy vertex in place of an independent coupling: no search ends with a value of 0 bits."""
    independent = feasible.cost >= formulation.objective.offset - LIMIT_SLACK
    return greedy(formulation, feasible) if independent else feasible


def coupling_as_mixture(coupling: FloatArray) -> Mixture:
    """A coupling, shape (n, m), as a mixture of deterministic mappings.

    A letter of X whose mass is lost in the rounding of the others has an empty row: it may go anywhere.
    """
    totals = coupling.sum(axis=1, keepdims=True)
    anywhere = np.eye(coupling.shape[1])[0]
    channel = np.where(totals > 0.0, coupling / np.where(totals > 0.0, totals, 1.0), anywhere)
    images, weights = functions_of_channel(channel)
    return Mixture(images, weights / weights.sum())


def _largest_share(
    formulation: Formulation, feasible: Incumbent, mappings: IntArray, weights: FloatArray
) -> float:
    """The largest share of the second mixture at which every limit, linear in the share, still holds."""
    wanted, bounds = limit_rows(formulation, mappings)
    start = limit_rows(formulation, feasible.mappings)[0] @ feasible.weights
    end = wanted @ weights
    share = 1.0
    for low, high, bound in zip(start, end, bounds, strict=True):
        if high > max(bound, low):
            share = min(share, max(0.0, (bound - low) / (high - low)))
    return share
