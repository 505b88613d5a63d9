"""Feasibility with a label: the smallest H(S|Y,U) at a rate, and the smallest rate for an H(S|Y,U).

Both are linear programs over mixtures (theory, section 2).  Without a label limit constants are feasible.
INFEASIBLE is said only where the Lagrangian bound over *all* mappings lies above the limit; where pricing is
a heuristic the question may stay open, and the bounds on the smallest C are the answer.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace

import numpy as np

from mecbopt.control import Clock, Expired
from mecbopt.engines.compiled_start import compiled_vertex, finds_vertices
from mecbopt.engines.convex import feasible_inside
from mecbopt.engines.convex_points import INSIDE, coupling_of, violation
from mecbopt.engines.greedy import greedy_within
from mecbopt.engines.programs.mixtures import WHOLE_FAMILY, MixtureProgram
from mecbopt.engines.unseen_label import least_label_entropy, unseen_slack
from mecbopt.engines.unseen_rate import smallest_rate
from mecbopt.engines.vertex import Incumbent, to_vertex
from mecbopt.errors import SolverError
from mecbopt.formulation import (
    Formulation,
    LabelLimit,
    Limit,
    RateLimit,
    enumerate_mappings,
    mapping_count,
)
from mecbopt.formulation.convex import PrivacyLimit
from mecbopt.info import entropy
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["Feasibility", "begins_feasible", "examine", "first_incumbent"]

#: Where less than this share of I(S;X) can or must be kept, it is counted in units of its own.
_SMALL_SHARE = 1e-6
#: Of what is kept, bits: entries in units of less would overflow a linear program's scaling.
_LEAST_UNIT = 1e-9
#: Columns of the program for the smallest rate at most.
_FEW_MAPPINGS = 50_000
#: Cells up to which the compiled tree finds a vertex sooner than greedy is done.
_SMALL = 25


@dataclass(frozen=True, eq=False)
class Feasibility:
    """Whether the limits can be met.

    Attributes
    ----------
    incumbent : Incumbent or None
        A feasible vertex; None where none was found.
    infeasible : bool
        Whether it is proved that there is none.
    smallest_label_entropy : float or None
        The smallest found at the rate limit, bits; None without a label limit.
    smallest_label_entropy_bound : float or None
        A lower bound on it over all mappings, bits.
    smallest_rate : float or None
        At the label limit, bits; computed for infeasible instances alone, None where no rate attains it.
    expired : bool
        Whether the time limit cut the examination.
    """

    incumbent: Incumbent | None
    infeasible: bool = False
    smallest_label_entropy: float | None = None
    smallest_label_entropy_bound: float | None = None
    smallest_rate: float | None = None
    expired: bool = False


@dataclass(frozen=True, eq=False)
class _Least:
    """The least level of one limit subject to the others: a vertex, its level and a bound, as scaled."""

    vertex: Incumbent | None
    level: float
    bound: float
    expired: bool


def first_incumbent(formulation: Formulation) -> Incumbent:
    """The independent coupling, a mixture of constants: feasible wherever only the rate is limited."""
    objective = formulation.objective
    if objective.name == "mutual_information" and not formulation.free_law:
        cost = objective.offset  # H(X) + H(Y), known already
    else:
        cost = float(objective.costs(np.multiply.outer(formulation.p_x, formulation.p_y).ravel()))
    constants, weights = formulation.constants(), formulation.p_y
    if formulation.least_masses[1] <= 0.0:
        constants, weights = constants[weights > 0.0], weights[weights > 0.0]
    return Incumbent(constants, weights, cost)


def begins_feasible(formulation: Formulation) -> bool:
    """Whether the first incumbent is known to be feasible: it meets every limit on the coupling."""
    if formulation.label_limit is not None or formulation.convex:
        return False
    vertex = first_incumbent(formulation)
    return all(_level(limit, vertex) <= limit.bound for limit in formulation.other_limits)


def examine(formulation: Formulation, seed: int = 0, clock: Clock | None = None) -> Feasibility:
    """Find a feasible vertex, or what would have to give way.

    Where the greedy coupling does not serve, the limits are met one after the other, each as far as those
    before it allow, the label last.
    """
    if formulation.convex:
        return _examine_convex(formulation, seed, clock or Clock())
    vertex, clock = first_incumbent(formulation), clock or Clock()
    rate, label = formulation.rate_limit, formulation.label_limit
    if label is None and not formulation.other_limits:
        return Feasibility(vertex)
    if not formulation.unseen_label:
        quick = _at_once(formulation, vertex, seed, clock)
        if quick is not None:
            return Feasibility(quick)
    met: tuple[Limit, ...] = () if rate is None else (rate,)
    for limit in formulation.other_limits:
        if _level(limit, vertex) <= limit.bound:
            met = (*met, limit)
            continue
        least = _least(formulation, limit, met, seed, clock, vertex)
        if least.vertex is None or least.level > limit.bound + LIMIT_SLACK:
            return Feasibility(None, least.bound > limit.bound + LIMIT_SLACK, expired=least.expired)
        vertex, met = least.vertex, (*met, limit)
    if label is None:
        return Feasibility(vertex)
    seen = _examine_label(formulation, label, met, vertex, seed, clock)
    if not formulation.unseen_label or seen.expired or not math.isfinite(label.bound):
        return replace(seen, smallest_rate=None) if formulation.unseen_label else seen
    return _without_the_seed(formulation, label, seen, vertex, seed, clock)


def _at_once(formulation: Formulation, independent: Incumbent, seed: int, clock: Clock) -> Incumbent | None:
    """A feasible vertex without a linear program built here: by the core, or by greedy."""
    taken = finds_vertices(formulation)
    quickly = taken and math.prod(formulation.shape) <= _SMALL
    found = None if quickly else greedy_within(formulation, independent, clock)
    if found is None and taken:
        # Where its first phase finds nothing greedy would not either.
        found = compiled_vertex(formulation, seed, clock)
    return found


def _examine_convex(formulation: Formulation, seed: int, clock: Clock) -> Feasibility:
    """The linear limits first; then a point within the convex ones, or a proof on what was cut for them."""
    known = examine(replace(formulation, convex=()), seed, clock)
    if known.incumbent is None:
        return known
    independent = coupling_of(formulation, first_incumbent(formulation))
    private = [limit for limit in formulation.convex if isinstance(limit, PrivacyLimit)]
    if any(limit.violation(independent) > INSIDE for limit in private):
        return replace(known, incumbent=None, infeasible=True)  # H(S|Y) <= H(S) < c
    try:
        point, relaxed = feasible_inside(formulation, known.incumbent, seed, clock)
        if point is not None:
            return replace(known, incumbent=point)
        return replace(examine(relaxed, seed, clock), incumbent=None)
    except Expired:
        return Feasibility(None, expired=True)
    except SolverError:
        # Incumbents are found sooner from a point with room about it; one without serves as well.
        if violation(formulation, known.incumbent) > INSIDE:
            raise
        return known


def _without_the_seed(
    formulation: Formulation, label: LabelLimit, seen: Feasibility, start: Incumbent, seed: int, clock: Clock
) -> Feasibility:
    """The limit on H(S|Y), given what is known of H(S|Y,U), its lower bound."""
    floor = seen.smallest_label_entropy_bound
    vertex, level, bound = least_label_entropy(
        formulation, label, seen.incumbent or start, 0.0 if floor is None else floor, seed, clock
    )
    if level <= label.limit + unseen_slack(label):
        return Feasibility(vertex, False, level, bound)
    infeasible = seen.infeasible or bound > label.limit + unseen_slack(label)
    if not infeasible:
        return Feasibility(None, False, level, bound, expired=clock.expired)
    # In bits the two may be the same number: what is proved infeasible is below the smallest C.
    bound = max(bound, math.nextafter(label.limit, math.inf))
    rate = (
        None
        if clock.expired
        else smallest_rate(formulation, label, start, seed, clock, above=seen.smallest_rate or 0.0)
    )
    return Feasibility(None, True, max(level, bound), bound, rate, clock.expired)


def _examine_label(
    formulation: Formulation,
    label: LabelLimit,
    met: tuple[Limit, ...],
    start: Incumbent,
    seed: int,
    clock: Clock,
) -> Feasibility:
    """The smallest label entropy within the other limits, against C."""
    if not math.isfinite(label.bound):
        # The label is independent of X: H(S|Y,U) = H(S) for every mixture.
        least = _Least(None, 1.0, 1.0, False)
    else:
        least = _least_label(formulation, label, met, seed, clock, start)
        # I(S;Y|U) <= H(Y|U) <= R: no more than R of I(S;X) can be kept.
        at_least = min(least.level, 1.0 - formulation.rate / label.information)
        least = replace(least, bound=max(least.bound, at_least))
    entropy_found, entropy_bound = label.bits(least.level), label.bits(least.bound)
    if least.vertex is not None and least.level <= label.bound + LIMIT_SLACK:
        return Feasibility(least.vertex, False, entropy_found, entropy_bound)
    infeasible = least.bound > label.bound + LIMIT_SLACK
    if infeasible:
        # In bits the two may be the same number: what is proved infeasible is below the smallest C.
        entropy_bound = max(entropy_bound, math.nextafter(label.limit, math.inf))
        entropy_found = max(entropy_found, entropy_bound)
    smallest_rate = None
    rate = formulation.rate_limit
    if infeasible and rate is not None and math.isfinite(label.bound) and not least.expired:
        # Without an answer to this the proof stands all the same.
        with contextlib.suppress(SolverError):
            smallest_rate = _smallest_rate(formulation, label, rate, seed, clock)
    return Feasibility(None, infeasible, entropy_found, entropy_bound, smallest_rate, least.expired)


def _least_label(
    formulation: Formulation,
    label: LabelLimit,
    met: tuple[Limit, ...],
    seed: int,
    clock: Clock,
    start: Incumbent,
) -> _Least:
    """The least share of I(S;X) that is lost.

    A rate that can keep a small share alone is the unit of what is kept: beside 1 a linear program to 1e-9
    does not see it.
    """
    unit = max(formulation.rate, _LEAST_UNIT)
    share = unit / label.information
    if share >= _SMALL_SHARE:
        return _least(formulation, label, met, seed, clock, start)
    found = _least(formulation, label.kept(unit), met, seed, clock, start, floor=-1.0)
    return _Least(found.vertex, 1.0 + found.level * share, 1.0 + found.bound * share, found.expired)


def _smallest_rate(
    formulation: Formulation, label: LabelLimit, rate: RateLimit, seed: int, clock: Clock
) -> float | None:
    """The smallest rate that attains the label limit, bits; None where no rate does."""
    if 1.0 - _SMALL_SHARE < label.bound < 1.0 and not formulation.other_limits:
        found_rate = _smallest_rate_of_a_small_share(formulation, label)
        if found_rate is not None:
            return max(found_rate, math.nextafter(formulation.rate, math.inf))
    # In bits: in units of a tiny R the costs of a linear program would overflow its scaling.
    spent, others = replace(rate, rate=1.0), formulation.other_limits
    if mapping_count(*formulation.shape) <= WHOLE_FAMILY:
        # The program has all mappings from the start, and needs no point that meets the rows.
        found = _least(formulation, spent, (*others, label), seed, clock)
        if found.vertex is not None:
            return max(found.level, math.nextafter(formulation.rate, math.inf))
    # Is the label limit attainable at all?  Only then is there a smallest rate.
    attainable = _least(formulation, label, others, seed, clock)
    if attainable.vertex is None or attainable.level > label.bound + LIMIT_SLACK:
        return None
    found = _least(formulation, spent, (*others, label), seed, clock, attainable.vertex)
    if found.vertex is None:
        return None
    return max(found.level, math.nextafter(formulation.rate, math.inf))


def _smallest_rate_of_a_small_share(formulation: Formulation, label: LabelLimit) -> float | None:
    """The least rate in units of the share of I(S;X) that must be kept, over the mappings that keep some.

    Beside constants, which cost and keep nothing, a linear program to 1e-9 cannot tell so small a share from
    none.  None where the mappings are too many, or no rate attains the limit.
    """
    if mapping_count(*formulation.shape) > _FEW_MAPPINGS:
        return None
    mappings = enumerate_mappings(*formulation.shape)
    kept = 1.0 - label.values(mappings)
    mappings, kept = mappings[kept > 0.0], kept[kept > 0.0]
    if len(kept) == 0:
        return None
    laws = formulation.output_laws(mappings)
    weights = formulation.largest_weights(laws, np.zeros((0, len(mappings))), ())
    spent, kept = entropy(laws, axis=1) * weights, kept * weights
    unit = (1.0 - label.bound) / kept.max()
    marginals = formulation.marginal_rows(laws)
    from scipy.optimize import linprog  # a tenth of a second, for a rare case

    program = linprog(
        spent / spent.max(),
        A_ub=np.vstack([-kept / kept.max(), marginals * weights * unit]),
        b_ub=np.concatenate([[-1.0], np.ones(len(marginals))]),
    )
    return float(program.fun * spent.max() * unit) if program.status == 0 else None


def _least(
    formulation: Formulation,
    objective: Limit,
    rows: tuple[Limit, ...],
    seed: int,
    clock: Clock,
    start: Incumbent | None = None,
    floor: float = 0.0,
) -> _Least:
    """Minimise the left-hand side of one limit subject to others, which `start` meets.

    As scaled all of them lie between `floor` and 1, but for the rate, whose unit is the caller's.
    """
    program = MixtureProgram(formulation, limits=rows, objective=objective, seed=seed, clock=clock)
    if start is not None:
        program.add(start.mappings)
    try:
        result = program.minimize()
    except Expired:
        return _Least(None, 1.0 + floor, floor, True)
    # A point is known to meet the rows: "infeasible" is then trouble with their scales, and proves nothing.
    if result is None:
        level = math.inf if start is None else _level(objective, start)
        return _Least(start, level, floor, False)
    vertex = to_vertex(formulation, result.mappings, result.weights, rows)
    if vertex is None:
        return _Least(None, result.value, max(floor, result.lower_bound), not result.complete)
    level = _level(objective, vertex)
    # A bound above what a vertex attains is a rounding error of the bound.
    bound = min(max(floor, result.lower_bound), level)
    return _Least(vertex, level, bound, not result.complete)


def _level(limit: Limit, vertex: Incumbent) -> float:
    return float(limit.values(vertex.mappings) @ vertex.weights)
