"""Optimal transport at a rate.

With a distortion in place of the mutual information the optimum is a linear program over mappings: the
cheapest way to bring one law into another when only R bits a symbol may be sent. At full rate it is the
transport plan, mass moving in order. Less rate leaves a few mappings, then the independent coupling; the
curve between is convex, and exact.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import INK, LINES, new_figure, quiet

LEVELS = np.arange(5)
P_X, P_Y = [0.1, 0.25, 0.3, 0.2, 0.15], [0.3, 0.1, 0.1, 0.15, 0.35]
PROBLEM = mb.Problem(P_X, P_Y, distortion=(LEVELS[:, None] - LEVELS) ** 2)


def least(rate: float) -> mb.Solution:
    """The least mean squared distance at a rate."""
    return mb.solve(PROBLEM.replace(rate=rate))


def main() -> Figure:
    figure = new_figure(9.2, 3.6)
    whole, *plans = figure.subplots(1, 3, width_ratios=(1.35, 1, 1))
    rates = np.linspace(0.0, 2.2, 23)
    whole.plot(rates, [least(float(rate)).objective for rate in rates], color=LINES[0], linewidth=2)
    for ax, rate, colour in zip(plans, (0.5, 2.2), LINES[1:], strict=False):
        plan = least(rate)
        whole.plot(rate, plan.objective, "o", color=colour, markersize=7)
        mb.plots.coupling(plan, ax)
        ax.set_title(f"R = {rate:g}", loc="left", fontsize=10, color=colour, pad=52)
    whole.set_xlabel("rate R, bits")
    whole.set_ylabel("mean squared distance")
    whole.set_ylim(bottom=0)
    whole.set_title("The cheapest plan at each rate", loc="left", fontsize=10, color=INK)
    quiet(whole, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "transport.png")
