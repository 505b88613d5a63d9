"""One constructive pass: a greedy coupling, blended with a feasible point until every limit holds.

The greedy minimum entropy coupling (Kocaoglu, Dimakis, Vishwanath, Hassibi, AAAI 2017) ignores rate and
label.  Written as a mixture of deterministic mappings (functional representation lemma) and mixed with a
feasible mixture in the largest admissible share, it is feasible; a walk to a vertex does the rest.
"""

from __future__ import annotations

import math

import numpy as np

from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.formulation import Formulation, functions_of_channel
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.mec.greedy import greedy_support
from mecbopt.problem import Mixture
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["LAST_SECONDS", "coupling_as_mixture", "greedy", "improved_by_greedy"]


#: The walk to a vertex from k mappings over m letters takes about this times k^2 m: 33 s at k = 1905 and
#: m = 1000.
_WALK_SECONDS = 1e-8
#: What a search that was stopped may spend on a coupling that says something.
LAST_SECONDS = 0.3


def greedy(formulation: Formulation, feasible: Incumbent, seconds: float = math.inf) -> Incumbent:
    """A feasible vertex in O((n + m) log(n + m)) for the coupling, plus the walk.

    Parameters
    ----------
    formulation : Formulation
    feasible : Incumbent
        Any feasible mixture; the result is never worse.
    seconds : float
        Time that is left: where the walk would take longer, the mixture is returned that it starts from.
    """
    coupling = greedy_support([formulation.p_x, formulation.p_y]).to_dense()
    mixture = coupling_as_mixture(coupling)
    share = _largest_share(formulation, feasible, mixture.mappings, mixture.weights)
    mappings = np.vstack([mixture.mappings, feasible.mappings])
    weights = np.concatenate([share * mixture.weights, (1.0 - share) * feasible.weights])
    found: Incumbent | None
    if _WALK_SECONDS * len(mappings) ** 2 * len(formulation.p_y) > seconds:
        used = weights > 0.0
        mappings, weights = mappings[used], weights[used]
        found = Incumbent(mappings, weights, formulation.cost(mappings, weights))
    else:
        found = to_vertex(formulation, mappings, weights)
    return feasible if found is None or found.cost > feasible.cost else found


def improved_by_greedy(formulation: Formulation, feasible: Incumbent, seconds: float = math.inf) -> Incumbent:
    """The greedy vertex in place of an independent coupling: no search ends with a value of 0 bits."""
    if formulation.unseen_label:  # a share of the greedy coupling need not meet a limit that is not convex
        return feasible
    independent = feasible.cost >= formulation.objective.offset - LIMIT_SLACK
    return greedy(formulation, feasible, seconds) if independent else feasible


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
