"""With dit and POT: laws come in, couplings go out, transport gets a rate.

A dit distribution is accepted as it is, and a solution's coupling goes back to measure whatever dit knows.
POT's plan of least cost is the case without a rate: with a limit on the bits between both sides the same
cost rises, and at rate 0 it is that of independent letters.
"""

import dit
import numpy as np
import ot
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, GREY, LINES, new_figure, quiet

LAW_X = dit.Distribution(["a", "b", "c", "d"], [0.4, 0.3, 0.2, 0.1])
LAW_Y = dit.Distribution(["u", "v", "w"], [0.5, 0.3, 0.2])
COST = np.abs(np.subtract.outer([0.0, 1.0, 2.0, 3.0], [0.0, 1.5, 3.0])) ** 2


def to_dit(solution: mb.Solution) -> dit.Distribution:
    """The coupling as a distribution of two variables."""
    problem = solution.problem
    joint = {
        (x, y): solution.coupling[i, j]
        for i, x in enumerate(problem.x_letters)
        for j, y in enumerate(problem.y_letters)
        if solution.coupling[i, j] > 0
    }
    return dit.Distribution(list(joint), list(joint.values()))


def main() -> Figure:
    problem = mb.Problem(LAW_X, LAW_Y, distortion=COST)
    rates = np.linspace(0, 1.5, 21)
    solved = mb.solve_many([problem.replace(rate=float(rate)) for rate in rates])
    least = ot.emd2(problem.p_x, problem.p_y, COST)
    independent = float(problem.p_x @ COST @ problem.p_y)
    measured = [dit.shannon.mutual_information(to_dit(solution), [0], [1]) for solution in solved]

    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    ax.plot(rates, [solution.expected_distortion for solution in solved], color=LINES[0], linewidth=2.2)
    ax.annotate(
        "least cost at rate R",
        (rates[2], solved[2].expected_distortion),
        (8, 2),
        textcoords="offset points",
        color=LINES[0],
    )
    for level, name in ((least, "POT's plan: no limit on the rate"), (independent, "independent letters")):
        ax.axhline(level, color=GREY, linestyle="--", linewidth=1.2)
        ax.annotate(name, (0.36, level), (0, 4), textcoords="offset points", color=GREY, fontsize=9)
    right = ax.twinx()
    right.plot(rates, measured, color=ACCENT, linewidth=1.6)
    right.set_ylabel("I(X;Y) of that coupling by dit, bits", color=ACCENT)
    ax.set_xlabel("rate R, bits")
    ax.set_ylabel("mean cost")
    ax.set_xlim(0, 1.5)
    ax.set_ylim(0, 1.1 * independent)
    right.set_ylim(bottom=0)
    for each in (ax, right):
        quiet(each)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "dit_and_pot.png")
