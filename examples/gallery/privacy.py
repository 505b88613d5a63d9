"""What may be told without telling the secret.

S is a secret that X gives away in part. An observer who sees Y but not the seed must learn little of it:
H(S|Y) is at least c. The couplings that keep the secret are a convex set, so the optimum is exact. To stop
the first part of the leak costs hardly anything, since other mappings say as much about X; to stop the last
part costs a lot, since in the end Y may only say what is independent of S.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, new_figure, quiet

P_X, P_Y = [0.35, 0.25, 0.4], [0.5, 0.5]
SECRET = [[1.0, 0.0], [0.5, 0.5], [0.05, 0.95]]
PROBLEM = mb.Problem(P_X, P_Y, rate=0.9, p_s_given_x=SECRET)


def kept(points: int = 13) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the secret that Y may give away, from all that it would to none, and the optimum for each."""
    free = mb.solve(PROBLEM)
    most = PROBLEM.label_entropy - free.label_entropy_without_seed
    leaks = np.linspace(most, 1e-3, points)
    limits = PROBLEM.label_entropy - leaks
    solved = mb.solve_many([PROBLEM.replace(min_label_entropy=float(c)) for c in limits], gap=1e-4)
    return leaks, np.array([solution.mutual_information for solution in solved])


def main() -> Figure:
    leaks, values = kept()
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    ax.plot(leaks, values, "o-", color=LINES[0], linewidth=2, markersize=4)
    ax.plot(leaks[0], values[0], "o", color=ACCENT, markersize=8)
    ax.annotate(
        "without a limit", (leaks[0], values[0]), (0, -18), textcoords="offset points", ha="right", color=GREY
    )
    ax.set_xlabel("I(S;Y), bits of the secret that Y may give away")
    ax.set_ylabel("I(X;Y), bits")
    ax.set_xlim(left=0)
    ax.set_ylim(0, 1.08 * values[0])
    ax.set_title("Privacy against who sees Y", loc="left", fontsize=10, color=INK)
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "privacy.png")
