"""A quantiser for a classifier is not the quantiser of most information.

A measurement falls into ten cells; the event of interest lives in the middle. At half a bit, the quantiser
that keeps most information about X cuts anywhere; asked for the smallest H(S|Y,U), the same solver cuts out
the middle, although both outputs keep their law. What is to be recognised has to be stated as a label.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, INK, new_figure, quiet

PLACES = np.linspace(-2.25, 2.25, 10)
P_X = np.exp(-(PLACES**2) / 2)
EVENT = 0.9 * np.exp(-((PLACES - 0.25) ** 2) / 0.8) + 0.02
PROBLEM = mb.Problem(
    P_X,
    [0.6, 0.4],
    rate=0.5,
    p_s_given_x=np.stack([1 - EVENT, EVENT], axis=1),
    x_letters=[f"{place:.2f}" for place in PLACES],
    y_letters=("a", "b"),
    normalize=True,
)


def solutions() -> tuple[mb.Solution, mb.Solution]:
    """The optimum without a limit, and with the smallest limit that this rate allows, a hair aside."""
    smallest = mb.solve(PROBLEM.replace(max_label_entropy=0.0)).smallest_label_entropy
    return mb.solve(PROBLEM), mb.solve(PROBLEM.replace(max_label_entropy=smallest + 1e-4))


def main() -> Figure:
    figure = new_figure(8.4, 6.4)
    rows = figure.subplots(3, 1, height_ratios=(1.3, 1, 1))
    mass = PROBLEM.p_x
    rows[0].bar(range(10), mass, color="#b9c7d3", label="p_X")
    rows[0].bar(range(10), mass * EVENT, color=ACCENT, label="with the event S = 1")
    rows[0].set_xticks(range(10), PROBLEM.x_letters)
    # The bars stand above the tiles, whose axes have room for weights at the right.
    rows[0].set_xlim(-0.6, 17.4)
    rows[0].legend(frameon=False, fontsize=9, loc="center right")
    quiet(rows[0])
    rows[0].spines["bottom"].set_bounds(-0.6, 9.6)
    for ax, solution, name in zip(rows[1:], solutions(), ("most I(X;Y)", "least H(S|Y,U)"), strict=True):
        mb.plots.mixture(solution, ax)
        figures = (
            f"I = {solution.mutual_information:.3f}, H(S|Y,U) = {solution.label_entropy_with_seed:.3f} bits"
        )
        ax.set_title(f"{name}: {figures}", loc="left", fontsize=10, color=INK, pad=14)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "classifier_quantiser.png")
