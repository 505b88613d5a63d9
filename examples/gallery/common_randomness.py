"""The worth of common randomness.

With a shared seed, both sides switch between mappings for nothing, and the whole rate serves X. Without one
(X - T - Y is a Markov chain and H(T) is at most R) the randomness that gives Y its law has to pass through
T or be private noise: at the same rate far less information is left, until the rate suffices to send all of
Y. Both curves are optima with a proof, by `solve` and by `bottleneck.solve`.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet

PROBLEM = mb.Problem([0.6, 0.4], [0.55, 0.45])
RATES = np.linspace(0.0, 1.05, 22)


def without_seed(rate: float) -> mb.bottleneck.BottleneckResult:
    """The optimum of the problem without common randomness, within 1e-3 bits."""
    return mb.bottleneck.solve(PROBLEM.replace(rate=rate), gap=1e-3)


def main() -> Figure:
    curve = mb.rate_curve(PROBLEM, RATES)
    without = [without_seed(float(rate)).mutual_information for rate in RATES]
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    mb.plots.curve(curve, ax, label="with a shared seed")
    ax.plot(RATES, without, "o-", color=ACCENT, linewidth=1.8, markersize=2.8, label="without")
    ax.fill_between(RATES, without, curve.mutual_information, color=LINES[0], alpha=0.12, linewidth=0)
    ax.set_title("What the seed is worth, at every rate", loc="left", fontsize=10, color=INK)
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "common_randomness.png")
