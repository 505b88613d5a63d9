"""Feasibility with a label: the smallest H(S|Y,U) at a rate, and the smallest rate for an H(S|Y,U).

Both are linear programs over mixtures (theory, section 2).  Without a label limit constants are feasible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mecbopt.mappings import Instance
from mecbopt.solvers.master import MixtureProgram
from mecbopt.solvers.vertex import Incumbent, to_vertex
from mecbopt.tolerances import CONSTRAINT_SLACK

__all__ = ["Feasibility", "examine", "first_incumbent"]


@dataclass(frozen=True, eq=False)
class Feasibility:
    """Whether the limits can be met.

    Attributes
    ----------
    incumbent : Incumbent or None
        A feasible vertex; None when infeasible.
    smallest_label_entropy : float or None
        At the rate limit, bits; None without a label limit.
    smallest_rate : float or None
        At the label limit, bits; computed for infeasible instances alone, None where no rate attains it.
    """

    incumbent: Incumbent | None
    smallest_label_entropy: float | None = None
    smallest_rate: float | None = None


def first_incumbent(instance: Instance) -> Incumbent:
    """The independent coupling, a mixture of constants: feasible wherever there is no label limit.

    Its joint entropy is H(X) + H(Y).
    """
    return Incumbent(instance.constants(), instance.p_y, instance.entropy_sum)


def examine(instance: Instance, seed: int = 0) -> Feasibility:
    """Find a feasible vertex, or what would have to give way."""
    if not instance.has_label:
        return Feasibility(first_incumbent(instance))
    least_label = _least(instance, seed, label_cost=1.0, limit_label=False)
    if least_label is not None and least_label[1] <= instance.label_limit + CONSTRAINT_SLACK:
        return Feasibility(least_label[0], least_label[1])
    smallest_label_entropy = None if least_label is None else least_label[1]
    # Is the label limit attainable at all?  Only then is there a smallest rate.
    unlimited = replace(instance, rate=math.inf)
    attainable = _least(unlimited, seed, label_cost=1.0, limit_label=False)
    smallest_rate = None
    if attainable is not None and attainable[1] <= instance.label_limit + CONSTRAINT_SLACK:
        program = MixtureProgram(unlimited, seed=seed)
        program.add(attainable[0].mappings)
        result = program.minimize(rate_cost=1.0)
        if result is not None:
            vertex = to_vertex(unlimited, result.mappings, result.weights)
            rates = instance.rates(result.mappings) if vertex is None else instance.rates(vertex.mappings)
            weights = result.weights if vertex is None else vertex.weights
            smallest_rate = float(rates @ weights)
    return Feasibility(None, smallest_label_entropy, smallest_rate)


def _least(
    instance: Instance, seed: int, *, label_cost: float, limit_label: bool
) -> tuple[Incumbent, float] | None:
    """The vertex of least label entropy within the rate, and that entropy."""
    program = MixtureProgram(instance, limit_label=limit_label, seed=seed)
    result = program.minimize(label_cost=label_cost)
    if result is None:
        return None
    free = replace(instance, label_limit=math.inf)
    vertex = to_vertex(free, result.mappings, result.weights)
    if vertex is None:
        return None
    return vertex, float(instance.label_entropies(vertex.mappings) @ vertex.weights)
