"""Value against rate, with the band between what was found and what is proved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mecbopt.plots.style import ACCENT, GREY, LINES, axes_for, quiet
from mecbopt.problem import Solution, Status

if TYPE_CHECKING:
    from mecbopt.analysis import RateCurve

__all__ = ["curve"]

FloatArray = NDArray[np.float64]

#: Up to so many points each has a marker.
_MAX_MARKERS = 60
#: Room around the points, in shares of the axes, so that no marker is cut at an edge.
_ROOM = 0.02


def curve(
    curve: RateCurve,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    color: str = LINES[0],
    limit: bool = True,
    point: Solution | None = None,
) -> Axes:
    """Draw I(X;Y) over the rate and the band up to the proved upper bound.

    Rates up to the largest one that is proved infeasible are shaded, since feasibility only grows with the
    rate; rates at which nothing is known are hatched.  The dotted line is min(R, H(X), H(Y)), which no
    coupling passes.

    Parameters
    ----------
    curve : RateCurve
    ax : matplotlib Axes, optional
        Drawn into; a new figure by default, which then has a legend.  In given axes the caller draws it
        (`ax.legend()`): everything that needs a name has one.
    label : str, optional
        Name of the curve.
    color : str
    limit : bool
        Draw the dotted line and mark rates without a coupling; switch it off for further curves in the same
        axes.
    point : Solution, optional
        Marked on the curve, at its limit R; without a limit at the last rate.

    Returns
    -------
    Axes
    """
    own = ax is None
    ax = axes_for(ax, 6.2, 4.0)
    rates, value, bound = (
        np.asarray(part, dtype=float) for part in (curve.rates, curve.mutual_information, curve.upper_bound)
    )
    feasible = np.isfinite(value)
    roof = min(curve.problem.entropy_x, curve.problem.entropy_y)
    _set_limits(ax, rates, max(min(rates[-1], roof), float(np.nanmax(bound, initial=0.0))))
    if limit:
        # The corner at R = min(H(X), H(Y)) need not be one of the rates.
        corners = np.union1d(rates[[0, -1]], np.clip([roof], rates[0], rates[-1]))
        ax.plot(
            corners,
            np.minimum(corners, roof),
            color=GREY,
            linewidth=1.1,
            linestyle=":",
            zorder=1,
            label="min(R, H(X), H(Y))",
        )
        _mark_without_coupling(ax, curve, feasible)
    ax.fill_between(rates, value, bound, where=feasible, color=color, alpha=0.22, linewidth=0)
    markers: dict[str, Any] = {"marker": "o", "markersize": 2.8} if len(rates) <= _MAX_MARKERS else {}
    ax.plot(rates, value, color=color, linewidth=1.8, label=label, **markers)
    if point is not None and point.has_coupling:
        _mark(ax, point, float(rates[-1]))
    ax.set_xlabel("rate R = limit on H(Y|U), bits")
    ax.set_ylabel("I(X;Y), bits")
    quiet(ax, grid=True)
    if own and (limit or point is not None):
        # Above the axes, where no curve runs.
        ax.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, fontsize=8, borderaxespad=0.2
        )
    return ax


def _mark(ax: Axes, point: Solution, last: float) -> None:
    """A solution as a point of its own, at the edge where its limit lies beyond the rates."""
    rate = min(point.problem.rate, last)
    name = f"R = {point.problem.rate:.6g}" if math.isfinite(point.problem.rate) else "no limit"
    ax.plot(
        [rate],
        [point.mutual_information],
        marker="o",
        markersize=8,
        color=ACCENT,
        markeredgecolor="white",
        linestyle="none",
        zorder=5,
        clip_on=False,
        label=name,
    )


def _set_limits(ax: Axes, rates: FloatArray, top: float) -> None:
    """Both axes hold every point with room for its marker; a single rate gets a width around it."""
    width = rates[-1] - rates[0] or max(rates[0], 1e-3)
    low, high = rates[0] - _ROOM * width, rates[-1] + _ROOM * width
    # Further curves in the same axes widen what is there.
    if ax.lines:
        low, high = min(low, ax.get_xlim()[0]), max(high, ax.get_xlim()[1])
        top = max(top, ax.get_ylim()[1] / (1.0 + 2.0 * _ROOM))
    top = top or 1e-3
    ax.set_xlim(low, high)
    ax.set_ylim(-_ROOM * top, (1.0 + 2.0 * _ROOM) * top)


def _mark_without_coupling(ax: Axes, curve: RateCurve, feasible: NDArray[np.bool_]) -> None:
    """Shade what is proved infeasible, hatch what is not decided; the rest stays white."""
    rates = curve.rates
    proved = np.array([solution.status is Status.INFEASIBLE for solution in curve.solutions])
    first = rates[0]
    if proved.any():
        first = rates[np.flatnonzero(proved)[-1]]
        ax.axvspan(
            rates[0], _wide(ax, rates[0], first), color="#e4e9ee", zorder=0, linewidth=0, label="infeasible"
        )
    undecided = ~proved & ~feasible & (rates >= first)
    if undecided.any():
        start, end = first if proved.any() else rates[undecided][0], rates[undecided][-1]
        ax.axvspan(
            start,
            _wide(ax, start, end),
            facecolor="none",
            edgecolor="#c3ccd4",
            hatch="\\\\\\",
            zorder=0,
            linewidth=0,
            label="not decided",
        )


def _wide(ax: Axes, start: float, end: float) -> float:
    """The end of a span; one rate alone gets a width that can be seen, less than that of a marker."""
    low, high = ax.get_xlim()
    return max(end, start + 0.004 * (high - low))
