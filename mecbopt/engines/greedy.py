"""One constructive pass: a greedy coupling, blended with a feasible point until every limit holds.

The greedy minimum entropy coupling (Kocaoglu, Dimakis, Vishwanath, Hassibi, AAAI 2017) ignores rate and
label.  Written as a mixture of deterministic mappings (functional representation lemma) and mixed with a
feasible mixture in the largest admissible share, it is feasible; a walk to a vertex does the rest.
"""

from __future__ import annotations

import contextlib
import math

import numpy as np

from mecbopt.control import Clock, Expired
from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.formulation import Formulation, functions_of_channel
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.mec.greedy import greedy_support
from mecbopt.problem import Mixture
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["LAST_SECONDS", "coupling_as_mixture", "greedy", "greedy_within", "improved_by_greedy"]


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
        Time that is left: where the vertex takes longer, the mixture itself is returned.
    """
    mixture = _greedy_mixture(formulation)
    _, share = _shares(formulation, feasible, mixture)
    mappings, weights = _mixed(feasible, mixture, share)
    found: Incumbent | None
    try:
        found = to_vertex(formulation, mappings, weights, clock=Clock(seconds))
    except Expired:
        used = weights > 0.0
        mappings, weights = mappings[used], weights[used]
        found = Incumbent(mappings, weights, formulation.cost(mappings, weights))
    return feasible if found is None or found.cost > feasible.cost else found


def greedy_within(formulation: Formulation, independent: Incumbent, clock: Clock) -> Incumbent | None:
    """A feasible vertex between the independent and the greedy coupling, if there is one; no pricing.

    None where no mixture of the two meets every limit, or the time does not suffice.
    """
    mixture = _greedy_mixture(formulation)
    least, largest = _shares(formulation, independent, mixture)
    if least > largest:
        return None
    with contextlib.suppress(Expired):
        return to_vertex(formulation, *_mixed(independent, mixture, largest), clock=clock)
    return None


def improved_by_greedy(formulation: Formulation, feasible: Incumbent, seconds: float = math.inf) -> Incumbent:
    """The greedy vertex in place of an independent coupling: no search ends with a value of 0 bits."""
    if not formulation.is_linear:  # a share of the greedy coupling need not meet other limits
        return feasible
    if formulation.objective.name != "mutual_information":  # which is what it is greedy for
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


def _greedy_mixture(formulation: Formulation) -> Mixture:
    return coupling_as_mixture(greedy_support([formulation.p_x, formulation.p_y]).to_dense())


def _shares(formulation: Formulation, feasible: Incumbent, mixture: Mixture) -> tuple[float, float]:
    """The shares of the mixture from the least to the largest at which every limit, linear in it, holds.

    The least is above the largest where there is none.
    """
    wanted, bounds = limit_rows(formulation, mixture.mappings)
    start = limit_rows(formulation, feasible.mappings)[0] @ feasible.weights
    end = wanted @ mixture.weights
    least, largest = 0.0, 1.0
    for low, high, bound in zip(start, end, bounds, strict=True):
        if high > max(bound, low):
            largest = min(largest, max(0.0, (bound - low) / (high - low)))
        if low > bound:
            least = max(least, (low - bound) / (low - high) if high < low else math.inf)
    return least, largest


def _mixed(feasible: Incumbent, mixture: Mixture, share: float) -> tuple[IntArray, FloatArray]:
    mappings = np.vstack([mixture.mappings, feasible.mappings])
    return mappings, np.concatenate([share * mixture.weights, (1.0 - share) * feasible.weights])
