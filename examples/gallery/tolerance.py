"""A law of Y that need not be met exactly.

Where p_Y is an estimate or a wish, let the law of Y differ from it by eps in total variation. A mixture
spends rate on mappings that are only there to meet the marginal, and a little tolerance spares them. From
some tolerance on the law is as good as free, and more is worth nothing: where the dotted line is reached.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import INK, LINES, new_figure, quiet

P_X, P_Y = [0.3, 0.25, 0.2, 0.15, 0.1], [0.6, 0.4]
TOLERANCES = np.linspace(0.0, 0.5, 26)


def values(rate: float, tolerances: np.ndarray = TOLERANCES) -> np.ndarray:
    """The optimum at each tolerance, bits."""
    problem = mb.Problem(P_X, P_Y, rate=rate)
    solved = mb.solve_many([problem.replace(p_y_tolerance=float(eps)) for eps in tolerances])
    return np.array([solution.mutual_information for solution in solved])


def main() -> Figure:
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    for rate, colour in zip((0.3, 0.6, 0.9), LINES, strict=False):
        free = mb.solve(mb.Problem(P_X, y_size=2, rate=rate)).mutual_information
        ax.plot(TOLERANCES, values(rate), color=colour, linewidth=2, label=f"R = {rate:g} bits")
        ax.axhline(free, color=colour, linestyle=":", linewidth=1.2)
    ax.set_xlabel("tolerance on p_Y, total variation")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_xlim(0, TOLERANCES[-1])
    ax.set_ylim(bottom=0)
    ax.set_title("Dotted: whatever law of Y serves best", loc="left", fontsize=10, color=INK)
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right")
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "tolerance.png")
