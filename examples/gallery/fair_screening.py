"""A screening that is fair to groups.

Two groups with a low and a high score each are reduced to pass or fail. The most informative rule passes far
more of one group. Group fairness limits the difference of their pass rates, a linear constraint with a name:
the curve says what each step towards equal rates costs, the bars whom the rule passes at both ends.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet

FIRST, SECOND = [0, 1], [2, 3]
P_X = [0.3, 0.1, 0.2, 0.4]
PROBLEM = mb.Problem(P_X, [0.5, 0.5], rate=0.8, y_letters=("fail", "pass"))


def fair(disparity: float) -> mb.Solution:
    """The optimum where pass rates differ by so much at most."""
    return mb.solve(PROBLEM.replace(constraints=[mb.GroupFairness([1], disparity, [FIRST, SECOND])]))


def pass_rates(solution: mb.Solution) -> tuple[float, float]:
    """Of the first and of the second group."""
    passed, masses = solution.coupling[:, 1], np.array(P_X)
    return tuple(float(passed[group].sum() / masses[group].sum()) for group in (FIRST, SECOND))


def main() -> Figure:
    free, even = mb.solve(PROBLEM), fair(0.0)
    widest = abs(np.subtract(*pass_rates(free)))
    disparities = np.linspace(0.0, 1.1 * widest, 14)
    figure = new_figure(8.6, 3.8)
    left, right = figure.subplots(1, 2)
    left.plot(disparities, [fair(float(eps)).mutual_information for eps in disparities], "o-", color=LINES[0])
    left.axvline(widest, color=ACCENT, linestyle=":")
    left.set_ylim(bottom=0)
    left.set_xlabel("pass rates differ by at most")
    left.set_ylabel("I(X;Y), bits")
    left.set_title("Dotted: what the best rule does by itself", loc="left", fontsize=10, color=INK)
    for place, (solution, colour) in enumerate(((free, ACCENT), (even, LINES[2]))):
        right.bar(np.arange(2) + 0.36 * place, pass_rates(solution), 0.34, color=colour)
    right.set_xticks(np.arange(2) + 0.18, ["first group", "second group"])
    right.set_ylabel("P(pass | group)")
    right.set_ylim(0, 1)
    right.set_title("Left bars: no limit. Right bars: equal rates.", loc="left", fontsize=10, color=INK)
    quiet(left, grid=True)
    quiet(right, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "fair_screening.png")
