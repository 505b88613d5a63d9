"""From any feasible mixture to a vertex of the feasible polytope, no worse, met to rounding error.

The joint entropy is concave in the weights, so along any line it does not increase in one of the two
directions; walking that way until a weight vanishes or a limit becomes tight keeps feasibility and never
loses value.  At the end the mappings are at most m + 1 (m + 2 with a label): the support lemma.

Rows and columns are scaled as in the linear programs: marginals in shares of p_Y, limits in their own units,
weights in shares of the greatest that their mapping can have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mecbopt import highs
from mecbopt.control import Clock, Expired
from mecbopt.formulation import Formulation, Limit, enumerate_mappings, mapping_count
from mecbopt.formulation.formulation import FloatArray, IntArray
from mecbopt.tolerances import COLUMN_ZERO, GAP, LIMIT_SLACK, MARGINAL_SLACK

BoolArray = NDArray[np.bool_]

__all__ = ["ROUNDING", "Incumbent", "limit_rows", "to_vertex", "within_limits"]

#: A limit within this distance of equality is treated as tight and restored exactly by the last solve.
_TIGHT = 1e-7
#: Of a limit's left-hand side, as scaled: less is no excess.
ROUNDING = 1e-13
#: A mapping that has no more of any letter's mass than this share is what rounding left of it.
_NOTHING = 1e-18
#: From this many images of mappings on a linear program takes the place of the walk: at 100 x 1000 .4 s, the
#: walk 33 s.
_LARGE = 20_000
#: Mappings up to which all of them are candidates when a vertex is moved within the limits.
_FEW_MAPPINGS = 4_096
#: Images of the mappings beside them up to which these are candidates too: 32 MB.
_MOST_IMAGES = 4_000_000
#: Seconds for that, at the end of a call.
_LAST_PROGRAM_SECONDS = 0.5
_EPS, _TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)
#: A linear form that is shorter than this on an orthonormal basis is zero there, up to rounding.
_DEPENDENT = 1e-13


@dataclass(frozen=True, eq=False)
class Incumbent:
    """A feasible mixture and its cost, of the sense that is minimised."""

    mappings: IntArray
    weights: FloatArray
    cost: float

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.weights)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Scaled columns of the mappings in use: marginal rows with target 1, limits with their bounds."""

    mappings: IntArray
    scales: FloatArray
    marginals: FloatArray
    limits: FloatArray
    bounds: FloatArray

    def only(self, keep: BoolArray) -> _Rows:
        """The rows for some of the mappings."""
        return _Rows(
            self.mappings[keep],
            self.scales[keep],
            self.marginals[:, keep],
            self.limits[:, keep],
            self.bounds,
        )


def to_vertex(
    formulation: Formulation,
    mappings: IntArray,
    weights: FloatArray,
    limits: Sequence[Limit] | None = None,
    clock: Clock | None = None,
) -> Incumbent | None:
    """Walk to a vertex and solve its equations anew.

    Parameters
    ----------
    formulation : Formulation
    mappings : ndarray of int, shape (k, n)
    weights : ndarray, shape (k,)
        Feasible up to the tolerance of a linear programming solver.
    limits : sequence of Limit, optional
        Those of the formulation by default.
    clock : Clock, optional
        Its limit ends the linear program of a large mixture.

    Returns
    -------
    Incumbent or None
        None where no weights satisfy the marginals to `MARGINAL_SLACK` and the limits to `LIMIT_SLACK`, as
        scaled, which a point that is feasible only up to a tolerance may show.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    limits = formulation.limits if limits is None else tuple(limits)
    vertex, within = _vertex(formulation, mappings, weights, limits, clock)
    if vertex is None or within:
        return vertex
    inside = _entering(formulation, vertex, formulation.constants(), formulation.p_y, limits)
    return vertex if inside is None else _vertex(formulation, *inside, limits, clock)[0] or vertex


def _vertex(
    formulation: Formulation,
    mappings: IntArray,
    weights: FloatArray,
    limits: tuple[Limit, ...],
    clock: Clock | None,
) -> tuple[Incumbent | None, bool]:
    """A vertex, and whether it meets the limits to rounding or to `LIMIT_SLACK` alone."""
    laws = formulation.output_laws(mappings)
    values, bounds = limit_rows(formulation, mappings, limits)
    scales = formulation.largest_weights(laws, values, limits)
    keep = weights > COLUMN_ZERO * scales
    if not keep.any():
        return None, False
    marginals = formulation.marginal_rows(laws) * scales
    rows = _Rows(mappings, scales, marginals, values * scales, bounds).only(keep)
    levels = weights[keep] / rows.scales
    if mappings.size > _LARGE:
        coupling = formulation.coupling(rows.mappings, levels * rows.scales)
        least = _least_on_tangent(formulation, rows, coupling, clock or Clock())
        levels = levels if least is None else least
        keep = levels > COLUMN_ZERO
        # Refined by sparse factors: a dense solve of 1,000 equations is 4 s in which nothing is answered.
        return _taken(formulation, rows.only(keep), levels[keep]) or (None, False)
    tight = rows.limits @ levels >= bounds - _TIGHT
    free = _null_space(np.vstack([rows.marginals, rows.limits[tight]]))
    while free.shape[1]:
        levels = _walk(formulation, rows, levels, free[:, 0], tight)
        now_tight = rows.limits @ levels >= bounds - _TIGHT
        for row in rows.limits[now_tight & ~tight]:
            free = _orthogonal_to(free, row @ free)
        tight |= now_tight
        for gone in np.flatnonzero(levels <= COLUMN_ZERO):
            free = _orthogonal_to(free, free[gone])
        keep = levels > COLUMN_ZERO
        rows, levels, free = rows.only(keep), levels[keep], free[keep]
    return _polished(formulation, rows, levels)


def _entering(
    formulation: Formulation,
    vertex: Incumbent,
    mappings: IntArray,
    weights: FloatArray,
    limits: Sequence[Limit],
) -> tuple[IntArray, FloatArray] | None:
    """The first point on the way from a vertex to a mixture that meets all limits; None if there is none.

    A vertex of the marginals alone may lie within `LIMIT_SLACK` beyond a limit, where a linear program that
    is solved to its tolerance stays.  The vertex that meets the limit has one mapping more, of tiny weight.
    """
    values, bounds = limit_rows(formulation, vertex.mappings, limits)
    excess = values @ vertex.weights - bounds
    room = bounds - limit_rows(formulation, mappings, limits)[0] @ weights
    beyond = excess > 0.0
    if np.any(room[beyond] <= 0.0):
        return None
    share = float(np.max(excess[beyond] / (excess[beyond] + room[beyond])))
    if np.any((1.0 - share) * excess - share * room > ROUNDING):
        return None
    together = np.concatenate([vertex.mappings, mappings])
    return together, np.concatenate([(1.0 - share) * vertex.weights, share * weights])


def within_limits(formulation: Formulation, vertex: Incumbent, inside: Incumbent) -> Incumbent:
    """The vertex, or one beside it that meets the limits to rounding.

    A search of the problem that is relaxed by `LIMIT_SLACK` may end at a vertex whose mappings cannot meet
    the limits as stated; where their price is high, its value is then above the optimum.

    Parameters
    ----------
    formulation : Formulation
        All of its limits linear in the weights.
    vertex : Incumbent
        Within `LIMIT_SLACK`.
    inside : Incumbent
        A feasible mixture: often the answer where a problem is feasible by less than the program sees.

    Returns
    -------
    Incumbent
        The vertex itself, which is what a coupling may be, where nothing within the limits is found that is
        as good up to `GAP`: problems that are feasible by rounding alone have nothing there.
    """
    if not _exceeds(formulation, vertex):
        return vertex
    found = [*_towards(formulation, vertex, inside), *_beside(formulation, vertex, inside), inside]
    within = [point for point in found if not _exceeds(formulation, point)]
    best = min(within, key=lambda point: point.cost, default=vertex)
    return best if best.cost <= vertex.cost + GAP else vertex


def _towards(formulation: Formulation, vertex: Incumbent, inside: Incumbent) -> list[Incumbent]:
    """Vertices near the one without its lightest mapping, and near where ways inside enter the limits."""
    constants = formulation.constants()
    past = (
        np.concatenate([inside.mappings, constants]),
        0.5 * np.concatenate([inside.weights, formulation.p_y]),
    )
    kept = np.argsort(vertex.weights)[1:]
    points = [(vertex.mappings[kept], vertex.weights[kept])] if len(kept) else []
    for mappings, weights in ((inside.mappings, inside.weights), past):
        entered = _entering(formulation, vertex, mappings, weights, formulation.limits)
        points += [] if entered is None else [entered]
    found = [_vertex(formulation, *point, formulation.limits, None)[0] for point in points]
    return [point for point in found if point is not None]


def _beside(formulation: Formulation, vertex: Incumbent, inside: Incumbent) -> list[Incumbent]:
    """The best vertex for the tangent at this one, as the program gives it and as the walk leaves it."""
    mappings = _mappings_beside(formulation, np.concatenate([vertex.mappings, inside.mappings]))
    laws = formulation.output_laws(mappings)
    values, bounds = limit_rows(formulation, mappings)
    scales = formulation.largest_weights(laws, values, formulation.limits)
    # Where limits are met by rounding alone, the program sees that there is something.
    most = bounds + 0.5 * ROUNDING
    rows = _Rows(mappings, scales, formulation.marginal_rows(laws) * scales, values * scales, most)
    coupling = formulation.coupling(vertex.mappings, vertex.weights)
    try:
        levels = _least_on_tangent(formulation, rows, coupling, Clock(_LAST_PROGRAM_SECONDS))
    except Expired:
        return []
    if levels is None:
        return []
    kept, weights = levels > 0.0, levels * scales
    cost = formulation.cost(mappings[kept], weights[kept])
    walked = to_vertex(formulation, mappings, weights)
    found = [Incumbent(mappings[kept], weights[kept], cost)]
    return found if walked is None else [*found, walked]


def _exceeds(formulation: Formulation, vertex: Incumbent) -> bool:
    """Whether a limit is exceeded by more than rounding."""
    for limit in formulation.limits:  # of small problems, too, so not by `limit_rows`
        if limit.values(vertex.mappings) @ vertex.weights > _attainable_bound(limit) + ROUNDING:
            return True
    return False


def _mappings_beside(formulation: Formulation, mappings: IntArray) -> IntArray:
    """All mappings of a small problem; else these, the constants, and where they are not too many those that
    differ from one in a letter.
    """
    n, m = formulation.shape
    if mapping_count(n, m) <= _FEW_MAPPINGS:
        return enumerate_mappings(n, m)
    if mappings.size * n * m > _MOST_IMAGES:
        return np.concatenate([mappings, formulation.constants()])
    moved = np.repeat(mappings[:, None], n * m, axis=1)
    letters, images = np.divmod(np.arange(n * m), m)
    moved[:, np.arange(n * m), letters] = images
    beside: IntArray = np.unique(
        np.concatenate([mappings, moved.reshape(-1, n), formulation.constants()]), axis=0
    )
    return beside


def limit_rows(
    formulation: Formulation, mappings: IntArray, limits: Sequence[Limit] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Rows and right-hand sides of the limits, as scaled; by default those of the formulation."""
    limits = formulation.limits if limits is None else limits
    rows = np.array([limit.values(mappings) for limit in limits]).reshape(len(limits), len(mappings))
    return rows, np.array([_attainable_bound(limit) for limit in limits])


def _attainable_bound(limit: Limit) -> float:
    """The right-hand side; 0 where it is below by rounding and no mapping is below."""
    rounded_down = limit.nonnegative and -LIMIT_SLACK < limit.bound < 0.0
    return 0.0 if rounded_down else limit.bound


def _null_space(rows: FloatArray) -> FloatArray:
    """An orthonormal basis of what the rows send to zero, up to rounding, shape (k, d).

    Calls the decomposition directly: `scipy.linalg.null_space` takes several times as long at these sizes.
    """
    _, singular, right = np.linalg.svd(rows)
    threshold = _EPS * max(rows.shape) * singular[0]
    basis: FloatArray = right[int(np.count_nonzero(singular > threshold)) :].T
    return basis


def _orthogonal_to(basis: FloatArray, row: FloatArray) -> FloatArray:
    """The part of a subspace on which a linear form vanishes: one Householder reflection, one column less.

    `row` holds the form on the columns of the basis; where it vanishes on all of them nothing changes.
    """
    length = float(np.linalg.norm(row))
    if length <= _DEPENDENT:
        return basis
    mirror = row.copy()
    mirror[-1] += math.copysign(length, mirror[-1])
    mirror /= np.linalg.norm(mirror)
    return (basis - 2.0 * np.outer(basis @ mirror, mirror))[:, :-1]


def _least_on_tangent(
    formulation: Formulation, rows: _Rows, coupling: FloatArray, clock: Clock
) -> FloatArray | None:
    """The vertex at which the tangent of the cost is least, shape (k,); None if none is found.

    A concave function lies below its tangent: no vertex that the tangent prefers costs more, but for cells so
    small that their derivative is cut off.
    """
    cells = formulation.objective.gradient(coupling) * formulation.p_x[:, None]
    slopes = cells[np.arange(len(cells)), rows.mappings].sum(axis=1) * rows.scales
    model = highs.new_model()
    for _ in rows.marginals:
        model.addRow(1.0, 1.0, 0, [], [])
    for bound in rows.bounds:
        model.addRow(-highs.INFINITY, bound, 0, [], [])
    columns = np.vstack([rows.marginals, rows.limits]).T
    highs.add_columns(model, columns, slopes)
    highs.run(model, clock)
    if not highs.is_optimal(model):
        return None
    levels = np.array(model.getSolution().col_value)
    least = np.concatenate([np.ones(len(rows.marginals)), np.full(len(rows.bounds), -highs.INFINITY)])
    most = np.concatenate([np.ones(len(rows.marginals)), rows.bounds])
    return highs.refined(model, columns, levels, least, most, clock)


def _walk(
    formulation: Formulation,
    rows: _Rows,
    levels: FloatArray,
    direction: FloatArray,
    tight: BoolArray,
) -> FloatArray:
    """Go along +-direction to the end with the smaller joint entropy."""
    limits, bounds = rows.limits[~tight], rows.bounds[~tight]
    ends = []
    for step in (direction, -direction):
        falling = step < 0
        length = np.min(levels[falling] / -step[falling]) if falling.any() else np.inf
        growth = limits @ step
        rising = growth > 1e-14
        if rising.any():
            slack = np.maximum(bounds[rising] - limits[rising] @ levels, 0.0)
            length = min(length, np.min(slack / growth[rising]))
        moved = np.maximum(levels + length * step, 0.0)
        # The weight that blocks is zero by construction, not up to rounding: the walk must end.
        if falling.any():
            blocking = falling & (levels <= -step * length * (1 + 1e-12) + 1e-18)
            moved[blocking] = 0.0
        ends.append((formulation.cost(rows.mappings, moved * rows.scales), moved))
    return min(ends, key=lambda end: end[0])[1]


def _polished(formulation: Formulation, rows: _Rows, levels: FloatArray) -> tuple[Incumbent | None, bool]:
    """Solve the equations of the vertex by least squares, so that residuals are rounding errors.

    Where that fails, by an ill-conditioned basis, the point serves as it is if its residuals allow.  Also
    returns whether the limits are met to rounding.
    """
    tight = np.abs(rows.limits @ levels - rows.bounds) <= _TIGHT
    for active in (tight, np.zeros_like(tight)):
        # A limit near its least value has small coefficients alone: in units of the greatest it counts.
        units = np.maximum(np.abs(rows.limits[active]).max(axis=1, initial=0.0), _TINY)
        system = np.vstack([rows.marginals, rows.limits[active] / units[:, None]])
        target = np.concatenate([np.ones(len(rows.marginals)), rows.bounds[active] / units])
        solved = levels + np.linalg.lstsq(system, target - system @ levels, rcond=1e-13)[0]
        if solved.min() >= -1e-12 and (taken := _taken(formulation, rows, solved)) is not None:
            return taken
    return _taken(formulation, rows, levels) or (None, False)


def _taken(formulation: Formulation, rows: _Rows, levels: FloatArray) -> tuple[Incumbent, bool] | None:
    """The point, and whether the limits are met to rounding; None where its residuals do not allow it."""
    levels = np.where((rows.marginals * levels).max(axis=0, initial=0.0) > _NOTHING, levels, 0.0)
    residual = np.abs(rows.marginals @ levels - 1.0).max()
    excess = (rows.limits @ levels - rows.bounds).max(initial=0.0)
    if residual > MARGINAL_SLACK or excess > LIMIT_SLACK + ROUNDING:
        return None
    keep = levels > 0
    mappings, weights = rows.mappings[keep], (levels * rows.scales)[keep]
    return Incumbent(mappings, weights, formulation.cost(mappings, weights)), bool(excess <= ROUNDING)
