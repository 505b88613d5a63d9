"""A classifier that does not know the seed.

A limit on H(S|Y,U) lets the coupling switch between mappings in which the same letter of Y means different
things: a classifier that knows the seed U reads the label all the same. For one that sees Y alone the limit
is on H(S|Y), and it costs more: the dashed curves begin at a larger C and reach every terrace later. On a
terrace the seed is worth nothing.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import INK, LINES, new_figure, quiet

P_X, P_Y = [0.32, 0.28, 0.22, 0.18], [0.4, 0.35, 0.25]
LABEL = [[0.95, 0.05], [0.2, 0.8], [0.9, 0.1], [0.15, 0.85]]


def trade_off(rate: float, sees_seed: bool, points: int = 17) -> tuple[np.ndarray, np.ndarray]:
    """Limits C from the smallest to H(S), and the optimum for each, bits."""
    problem = mb.Problem(P_X, P_Y, rate, LABEL, label_sees_seed=sees_seed)
    smallest = mb.solve(problem.replace(max_label_entropy=0.0)).smallest_label_entropy
    # At the smallest C a single mixture may be left: stay a hair above it.
    limits = np.linspace(smallest + 1e-5, problem.label_entropy, points)
    solved = mb.solve_many([problem.replace(max_label_entropy=float(limit)) for limit in limits])
    return limits, np.array([solution.mutual_information for solution in solved])


def main() -> Figure:
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    for rate, colour in zip((0.3, 0.7, 1.1), LINES, strict=False):
        for sees_seed, style in ((True, "-"), (False, "--")):
            limits, values = trade_off(rate, sees_seed)
            name = f"R = {rate:g} bits" if sees_seed else None
            ax.plot(limits, values, style, color=colour, linewidth=2, label=name)
            ax.plot(limits[0], values[0], "o", color=colour, markersize=5)
    ax.set_xlabel("limit C on the label's entropy, bits")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_ylim(bottom=0)
    title = "Solid: the classifier knows the seed. Dashed: it does not."
    ax.set_title(title, loc="left", fontsize=10, color=INK)
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower left")
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "label_without_seed.png")
