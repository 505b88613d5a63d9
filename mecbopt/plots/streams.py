"""What a stream showed of its coupling: the histogram of Y beside its law, figures beside the solution's."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mecbopt.codec import StreamReport
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, letters, new_figure, quiet

__all__ = ["stream_figure"]

#: Bars of so many letters still have room for their names.
_MAX_NAMES = 24
#: Standard errors that the bars of uncertainty span.
_ERRORS = 2.0


def stream_figure(report: StreamReport) -> Figure:
    """Draw the histogram of Y against its law, and the deviations of the figures in standard errors.

    Parameters
    ----------
    report : StreamReport

    Returns
    -------
    Figure
    """
    figure = new_figure(9.6, 3.6)
    histogram, deviations = figure.subplots(1, 2, width_ratios=[3, 2])
    _histogram(histogram, report)
    _deviations(deviations, report)
    return figure


def _histogram(ax: Axes, report: StreamReport) -> None:
    """Bars with the uncertainty of a stream of this length; the law as lines."""
    test, total = report.output_law, max(1, report.symbols)
    places, shares = np.arange(len(test.law)), test.counts / total
    errors = _ERRORS * np.sqrt(test.law * (1 - test.law) / total)
    ax.bar(places, shares, width=0.72, color=LINES[0], alpha=0.55, label="stream")
    ax.errorbar(
        places, test.law, yerr=errors, fmt="_", color=ACCENT, markersize=14, label=f"p_Y, {_ERRORS:g} errors"
    )
    if len(places) <= _MAX_NAMES:
        ax.set_xticks(places, letters(report.problem.y_letters, len(places)), parse_math=False)
    ax.set_xlabel("y")
    ax.set_ylabel("share of the symbols")
    ax.set_ylim(bottom=0)
    ax.set_title(f"law of Y: p = {test.p_value:.3g} (chi-square)", fontsize=10, color=INK)
    ax.legend(frameon=False, fontsize=8)
    quiet(ax)


def _deviations(ax: Axes, report: StreamReport) -> None:
    """Where each figure lies around the solution's."""
    rows = [("code length", report.code_length), ("I(X;Y)", report.mutual_information)]
    if report.label_entropy is not None:
        rows.append(("H(S|Y,U)", report.label_entropy))
    ax.axvspan(-_ERRORS, _ERRORS, color=GREY, alpha=0.15, linewidth=0)
    ax.axvline(0.0, color=GREY, linewidth=1)
    names, widest = [], 3.0
    for row, (name, estimate) in enumerate(rows):
        names.append(name)
        if math.isnan(estimate.measured):
            continue
        off = estimate.measured - estimate.promised
        place = off / estimate.standard_error if estimate.standard_error > 0 else 0.0
        widest = max(widest, 1.15 * abs(place))
        ax.plot(place, row, "o", color=LINES[0])
        text = f"{estimate.measured:.5f} of {estimate.promised:.5f}"
        ax.annotate(
            text,
            (place, row),
            (0, 7),
            textcoords="offset points",
            ha="center",
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.0},
            fontsize=8,
            color=INK,
        )
    ax.set_xlim(-widest, widest)
    ax.set_ylim(len(rows) - 0.5, -0.7)
    ax.set_yticks(range(len(rows)), names)
    ax.set_xlabel("off the solution, standard errors")
    ax.set_title(f"{report.coded_rate:.5f} bits a symbol coded", fontsize=10, color=INK)
    quiet(ax)
