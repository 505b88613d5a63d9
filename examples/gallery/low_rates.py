"""Low rates: every constant stays, and one mapping does the work.

At rate 0 the seed alone picks y, so the mixture is made of constant mappings. Below the rate R_low the
theorem of low rates says that all of them keep a positive weight and at most one other mapping joins them:
the optimum is then a maximum over single mappings, found without a search.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.info import binary_entropy
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, letter_colours, new_figure, quiet

PROBLEM = mb.Problem([0.4, 0.35, 0.25], [0.5, 0.3, 0.2])


def low_rate_limit(problem: mb.Problem) -> float:
    """R_low = min p_Y * h(p) / (1 - p) with p the least mass of X, bits."""
    least = problem.p_x.min()
    return float(problem.p_y.min() * binary_entropy(least) / (1 - least))


def weights(solution: mb.Solution) -> tuple[np.ndarray, list[float]]:
    """Weights of the m constants, and of the other mappings from the heaviest down."""
    m = solution.problem.shape[1]
    constants, others = np.zeros(m), []
    for weight, mapping in zip(solution.mixture.weights, solution.mixture.mappings, strict=True):
        if np.ptp(mapping) == 0:
            constants[mapping[0]] = weight
        else:
            others.append(float(weight))
    return constants, sorted(others, reverse=True)


def main() -> Figure:
    limit = low_rate_limit(PROBLEM)
    curve = mb.rate_curve(PROBLEM, np.linspace(0, 2.2 * limit, 45))
    parts = [weights(solution) for solution in curve.solutions]
    constants = np.array([constant for constant, _ in parts]).T
    one = np.array([sum(others[:1]) for _, others in parts])
    more = np.array([sum(others[1:]) for _, others in parts])

    figure = new_figure(6.8, 5.2)
    top, bottom = figure.subplots(2, 1, sharex=True)
    top.plot(curve.rates, curve.mutual_information, color=LINES[0], linewidth=2)
    top.set_ylabel("I(X;Y), bits")
    top.set_title("The optimum, and the weights of its mixture", loc="left", fontsize=10, color=INK)
    names = [f"constant {y}" for y in range(len(constants))] + ["one other mapping", "further mappings"]
    colours = [*letter_colours(len(constants)), LINES[0], LINES[3]]
    bottom.stackplot(curve.rates, *constants, one, more, labels=names, colors=colours)
    bottom.set_ylabel("weight")
    bottom.set_ylim(0, 1)
    bottom.set_xlabel("rate R, bits")
    for ax in (top, bottom):
        ax.axvline(limit, color=ACCENT, linestyle="--", linewidth=1.2)
        ax.set_xlim(0, curve.rates[-1])
        quiet(ax, grid=ax is top)
    top.set_ylim(bottom=0)
    top.annotate(f"R_low = {limit:.3f}", (limit, 0), (5, 8), textcoords="offset points", color=ACCENT)
    handles, labels = bottom.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9, labelcolor=GREY
    )
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "low_rates.png")
