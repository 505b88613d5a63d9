"""A theorem of one's own, tested before it is proved.

Binary X and Y, P(X=1) = a and P(Y=1) = b. Claim: while the rate is so low that either end can spend it whole,
the optimum makes Y move against X if a and b lie on the same side of one half, and with X otherwise. As a
closed form it goes to `refute`, which finds nothing against it in hundreds of random problems; that is no
proof, but a good reason to look for one (`mecbopt prove sign_theorem`). The map shows what the general
solver does, which knows nothing of the claim.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.info import binary_entropy, mutual_information
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet
from mecbopt.testing import rational_problems, refute


def spendable_rate(a: float, b: float) -> float:
    """The largest rate that both ends can spend, bits."""
    share = min(1.0, b / a, (1 - b) / a, b / (1 - a), (1 - b) / (1 - a))
    return share * float(binary_entropy(a))


def predicted(a: float, b: float, rate: float) -> float:
    """I(X;Y) of the end that the claim names, bits."""
    sign = -1 if (a < 0.5) == (b < 0.5) else 1
    shift = sign * a * (1 - a) * rate / float(binary_entropy(a))
    return float(
        mutual_information(
            [[(1 - a) * (1 - b) + shift, (1 - a) * b - shift], [a * (1 - b) - shift, a * b + shift]]
        )
    )


def claim(problem: mb.Problem, solution: mb.Solution) -> float:
    """Bits by which a coupling beats the claim; below 0 where the claim says nothing."""
    (_, a), (_, b) = problem.p_x, problem.p_y
    if not 0 < a < 1 or not 0 < b < 1 or problem.rate > spendable_rate(a, b):
        return -1.0
    return solution.mutual_information - predicted(a, b, float(problem.rate))


def direction(a: float, b: float) -> int:
    """1 where the solver's optimum moves Y with X, -1 where against."""
    problem = mb.Problem([1 - a, a], [1 - b, b], rate=0.8 * spendable_rate(a, b))
    return int(np.sign(np.linalg.det(mb.solve(problem).coupling)))


def main() -> Figure:
    nothing = refute(claim, rational_problems(2, 2), max_examples=150)
    places = np.linspace(0.05, 0.95, 18)
    figure = new_figure(5.6, 5.2)
    ax = figure.add_subplot()
    points = np.array([(a, b, direction(a, b)) for a in places for b in places])
    for sign, colour, name in ((1, LINES[0], "with X"), (-1, ACCENT, "against X")):
        chosen = points[points[:, 2] == sign]
        ax.scatter(
            chosen[:, 0], chosen[:, 1], marker="s", s=110, color=colour, linewidth=0, label=f"Y moves {name}"
        )
    for draw in (ax.axvline, ax.axhline):
        draw(0.5, color=INK, linewidth=1)
    ax.set_xlabel("a = P(X=1)")
    ax.set_ylabel("b = P(Y=1)")
    ax.set_aspect("equal")
    ax.set_title(f"The solver's optimum at low rates; refuted: {nothing}", loc="left", fontsize=10, color=INK)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    quiet(ax)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "own_theorem.png")
