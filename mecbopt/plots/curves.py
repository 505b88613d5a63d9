"""Value against rate, with the band between what was found and what is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from mecbopt.plots.style import GREY, INK, LINES, axes_for, quiet

if TYPE_CHECKING:
    from mecbopt.analysis import RateCurve

__all__ = ["curve"]


def curve(
    curve: RateCurve,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    color: str = LINES[0],
    limit: bool = True,
) -> Axes:
    """Draw I(X;Y) over the rate and the band up to the proved upper bound.

    Rates at which the problem is infeasible are shaded; the dotted line is min(R, H(X), H(Y)), which no
    coupling passes.

    Parameters
    ----------
    curve : RateCurve
    ax : matplotlib Axes, optional
        Drawn into; a new figure by default.
    label : str, optional
        For the legend, which the caller draws.
    color : str
    limit : bool
        Draw the dotted line and shade infeasible rates; switch it off for further curves in the same axes.

    Returns
    -------
    Axes
    """
    ax = axes_for(ax, 6.2, 4.0)
    rates, value, bound = (
        np.asarray(part, dtype=float) for part in (curve.rates, curve.mutual_information, curve.upper_bound)
    )
    feasible = np.isfinite(value)
    if limit:
        problem = curve.problem
        roof = np.minimum(rates, min(problem.entropy_x, problem.entropy_y))
        ax.plot(rates, roof, color=GREY, linewidth=1.1, linestyle=":", zorder=1)
        if feasible.any():
            place = int(0.3 * len(rates))
            ax.annotate(
                "min(R, H(X), H(Y))",
                (rates[place], roof[place]),
                xytext=(-4, 6),
                textcoords="offset points",
                ha="right",
                fontsize=8,
                color=GREY,
            )
        _shade_infeasible(ax, rates, feasible)
    ax.fill_between(rates, value, bound, where=feasible, color=color, alpha=0.22, linewidth=0)
    markers: dict[str, Any] = {"marker": "o", "markersize": 2.8} if len(rates) <= 60 else {}
    ax.plot(rates, value, color=color, linewidth=1.8, label=label, **markers)
    ax.set_xlabel("rate R = limit on H(Y|U), bits")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_xlim(rates.min(), rates.max())
    ax.set_ylim(bottom=0.0)
    quiet(ax, grid=True)
    return ax


def _shade_infeasible(ax: Axes, rates: np.ndarray, feasible: np.ndarray) -> None:
    """Grey from the left edge to the first feasible rate: feasibility only grows with the rate."""
    if feasible.all():
        return
    end = rates[np.argmax(feasible)] if feasible.any() else rates[-1]
    ax.axvspan(rates[0], end, color="#eef1f4", zorder=0)
    ax.text(
        (rates[0] + end) / 2,
        0.5,
        "infeasible",
        rotation=90,
        ha="center",
        va="center",
        transform=ax.get_xaxis_transform(),
        color=INK,
        fontsize=9,
    )
