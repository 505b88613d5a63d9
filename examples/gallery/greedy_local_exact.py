"""Greedy, local, exact: the same coupling three times, and what each of them knows.

All three return a coupling that meets every limit and a valid upper bound. They differ in the band between
the two: greedy takes a moment and leaves a wide one, a local search often finds the optimum but cannot know
it, and the exact search closes the band. A value without a bound says little.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.analysis import RateCurve
from mecbopt.plots.style import INK, LINES, new_figure

PROBLEM = mb.Problem([0.35, 0.3, 0.2, 0.15], [0.4, 0.3, 0.3])
RATES = np.linspace(0.0, 1.6, 33)


def curves() -> dict[str, RateCurve]:
    """The curve of each method."""
    return {method: mb.rate_curve(PROBLEM, RATES, method=method) for method in ("greedy", "local", "exact")}


def main() -> Figure:
    figure = new_figure(9.6, 3.6)
    axes = figure.subplots(1, 3, sharey=True)
    for ax, (method, curve), colour in zip(
        axes, curves().items(), (LINES[1], LINES[2], LINES[0]), strict=True
    ):
        mb.plots.curve(curve, ax, color=colour)
        widest = np.nanmax(curve.upper_bound - curve.mutual_information)
        ax.set_title(f"{method}: at most {widest:.2g} bits open", loc="left", fontsize=10, color=INK)
        ax.set_xlabel("rate R, bits")
    for ax in axes[1:]:
        ax.set_ylabel("")
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "greedy_local_exact.png")
