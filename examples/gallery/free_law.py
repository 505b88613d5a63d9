"""Two outputs, and the law that serves them best.

A quantiser with two outputs and a shared seed: which law should Y have? Left, the most information at each
rate with an even law, with an uneven one, and with whatever law is best. Right, how much mass the best law
gives its rarer letter. At low rates it is rare, and says much when it comes; only where the rate no longer
binds is the best partition the most even one.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet

P_X = [0.07, 0.12, 0.31, 0.19, 0.18, 0.13]
RATES = np.linspace(0.05, 1.0, 20)


def best_laws(rates: np.ndarray = RATES) -> tuple[np.ndarray, np.ndarray]:
    """The optimum over all laws of Y at each rate, bits, and the mass of its rarer letter."""
    solved = mb.solve_many([mb.Problem(P_X, y_size=2, rate=float(rate)) for rate in rates])
    rarer = [solution.coupling.sum(axis=0).min() for solution in solved]
    return np.array([solution.mutual_information for solution in solved]), np.array(rarer)


def main() -> Figure:
    figure = new_figure(8.6, 3.8)
    left, right = figure.subplots(1, 2)
    for p_y, colour in (([0.5, 0.5], LINES[0]), ([0.8, 0.2], LINES[2])):
        held = mb.rate_curve(mb.Problem(P_X, p_y), RATES).mutual_information
        left.plot(RATES, held, color=colour, linewidth=1.8, label=f"p_Y = {p_y[0]:g}, {p_y[1]:g}")
    information, rarer = best_laws()
    left.plot(RATES, information, color=ACCENT, linewidth=2.2, label="the best law")
    right.plot(RATES, rarer, "o-", color=ACCENT, linewidth=1.8, markersize=3)
    right.axhline(0.5, color=LINES[0], linestyle=":")
    right.axhline(0.2, color=LINES[2], linestyle=":")
    for ax, name in ((left, "I(X;Y), bits"), (right, "mass of the rarer letter of Y")):
        ax.set_xlabel("rate R, bits")
        ax.set_ylabel(name)
        ax.set_xlim(0, 1.02)
        ax.set_ylim(bottom=0)
        quiet(ax, grid=True)
    left.set_title("What each law can carry", loc="left", fontsize=10, color=INK)
    right.set_title("The law that carries most", loc="left", fontsize=10, color=INK)
    left.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper left")
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "free_law.png")
