"""The price of a label comes in steps.

Asking that a label stay recognisable (H(S|Y,U) at most C) costs information. The optimum falls with C as a
staircase: on a terrace a better label is free, on a slope it is paid for. `solve` answers an infeasible
problem with the smallest C of its rate, so that the curve can be drawn to its very end.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import GREY, INK, LINES, new_figure, quiet

P_X, P_Y = [0.32, 0.28, 0.22, 0.18], [0.5, 0.3, 0.2]
LABEL = [[0.95, 0.05], [0.2, 0.8], [0.9, 0.1], [0.15, 0.85]]


def trade_off(rate: float, points: int = 41) -> tuple[np.ndarray, np.ndarray, float]:
    """Limits C, the optimum for each, and the label entropy of the optimum without a limit."""
    problem = mb.Problem(P_X, P_Y, rate=rate, p_s_given_x=LABEL)
    free = mb.solve(problem)
    smallest = mb.solve(problem.replace(max_label_entropy=0.0)).smallest_label_entropy
    # At the smallest C a single mixture is left: stay a hair above it.
    limits = np.linspace(smallest + 1e-6, 1.02 * free.label_entropy_with_seed, points)
    solved = mb.solve_many([problem.replace(max_label_entropy=float(limit)) for limit in limits])
    return (
        limits,
        np.array([solution.mutual_information for solution in solved]),
        free.label_entropy_with_seed,
    )


def main() -> Figure:
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    for rate, colour in zip((0.3, 0.6, 0.9), LINES, strict=False):
        limits, values, binds = trade_off(rate)
        ax.plot(limits, values, color=colour, linewidth=2, label=f"R = {rate:g} bits")
        ax.plot(limits[0], values[0], "o", color=colour, markersize=6)
        ax.plot(binds, values[-1], "|", color=colour, markersize=12, markeredgewidth=2)
    whole = mb.Problem(P_X, P_Y, p_s_given_x=LABEL).label_entropy
    ax.axvline(whole, color=GREY, linestyle=":", linewidth=1.2)
    ax.annotate("H(S)", (whole, 0.02), (-5, 0), textcoords="offset points", ha="right", color=GREY)
    ax.set_xlabel("limit C on H(S|Y,U), bits")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_ylim(bottom=0)
    ax.set_xlim(right=whole + 0.01)
    ax.set_title(
        "Dot: the smallest C of this rate. Bar: the optimum without a limit.",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower left")
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "price_of_a_label.png")
