"""Binary sources: a map of what binds.

For binary sources the optimum is a closed form, and it says which limit stops it: the rate, the marginals,
the label, or two of them at a corner. Over all (R, C) these branches tile the plane; beyond the thick line
no coupling exists.
"""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import GREY, INK, letter_colours, new_figure, quiet

Q_X, Q_Y, CROSSOVER = 0.3, 0.4, 0.1


def branch(rate: float, limit: float) -> str:
    """End and active limits of the optimum, such as "antitone, rate"."""
    optimum = mb.bernoulli.solve(Q_X, Q_Y, rate, CROSSOVER, limit)
    return f"{optimum.end}\n{optimum.branch.replace('+', ' + ')}"


def smallest_limits(rates: np.ndarray) -> np.ndarray:
    """The smallest C of each rate, by bisection over all rates at once."""
    low, high = np.zeros_like(rates), np.ones_like(rates)
    for _ in range(40):
        middle = (low + high) / 2
        feasible = np.isfinite(mb.bernoulli.value(Q_X, Q_Y, rates, CROSSOVER, middle))
        low, high = np.where(feasible, low, middle), np.where(feasible, middle, high)
    return high


def main() -> Figure:
    rates, limits = np.linspace(0.01, 1.0, 50), np.linspace(0.45, 0.95, 51)
    border = smallest_limits(rates)
    found = np.empty((len(limits), len(rates)), dtype="U40")
    for column, (rate, least) in enumerate(zip(rates, border, strict=True)):
        # Below the border stands what holds just above it; it is covered afterwards.
        found[:, column] = branch(rate, least + 1e-3)
        for row in np.flatnonzero(limits > least + 1e-3):
            found[row, column] = branch(rate, limits[row])
    names, cells = np.unique(found, return_inverse=True)
    cells = cells.reshape(found.shape)
    seen = limits[:, None] >= border

    figure = new_figure(7.2, 4.6)
    ax = figure.add_subplot()
    ax.pcolormesh(rates, limits, cells, cmap=ListedColormap(letter_colours(len(names))))
    fine = np.linspace(0.0, 1.0, 201)
    ax.fill_between(fine, 0.0, smallest_limits(fine), color="#eceff2")
    ax.plot(fine, smallest_limits(fine), color=INK, linewidth=1.8)
    aside = iter([(0.12, 0.62), (0.45, 0.5)])
    for index, name in enumerate(names):
        rows, columns = np.nonzero((cells == index) & seen)
        x, y = rates[columns].mean(), limits[rows].mean()
        if "label" in name:
            arrow = {"arrowstyle": "-", "color": INK}
            ax.annotate(
                name.replace("\n", ", "), (x, y), next(aside), fontsize=9, color=INK, arrowprops=arrow
            )
        else:
            narrow = np.ptp(rates[columns]) < 0.1
            ax.text(x, y, name, ha="center", va="center", rotation=90 * narrow, fontsize=9, color=INK)
    ax.text(0.2, 0.52, "no coupling", color=GREY, ha="center")
    ax.set_xlim(0, 1)
    ax.set_ylim(limits[0], limits[-1])
    ax.set_xlabel("rate R, bits")
    ax.set_ylabel("limit C on H(S|Y,U), bits")
    ax.set_title("P(X=1) = 0.3, P(Y=1) = 0.4, S = X flipped with 0.1", loc="left", fontsize=10, color=INK)
    quiet(ax)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "branches.png")
