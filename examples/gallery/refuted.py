"""A conjecture refuted: V(R) is not concave.

Rate-distortion curves are convex, so one expects V(R), the most information at rate R, to be concave.
`refute` draws problems, solves each to its optimum, and finds one where the middle of a chord lies above
the curve; it shrinks the problem to small fractions and proves all three values. Mixing two codes in time
does not help here: the law of Y is that of a single symbol.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet
from mecbopt.testing import optimum, rational_problems, refute


def concave(problem: mb.Problem, solution: mb.Solution) -> float:
    """Bits by which the chord over R/2 and 3R/2 lies above V(R) for certain."""
    rate = problem.exact_number("rate")
    if not rate:
        return -1.0
    ends = [optimum(problem.replace(rate=rate * share)).mutual_information for share in (0.5, 1.5)]
    return sum(ends) / 2 - solution.upper_bound


def counterexample() -> mb.testing.Refutation:
    """The first failure, shrunk and certified."""
    return refute(concave, rational_problems(2, 2), max_examples=100)


def main() -> Figure:
    found = counterexample()
    problem = found.problem
    rate = float(problem.rate)
    curve = mb.rate_curve(problem, np.linspace(0, 2 * rate, 61))
    chord = mb.rate_curve(problem, [0.5 * rate, rate, 1.5 * rate])
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    ax.plot(curve.rates, curve.mutual_information, color=LINES[0], linewidth=2)
    ax.plot(chord.rates[::2], chord.mutual_information[::2], "o--", color=ACCENT, linewidth=1.4)
    middle = chord.mutual_information[::2].mean()
    ax.plot([rate, rate], [chord.mutual_information[1], middle], color=ACCENT, linewidth=3)
    laws = " and ".join(f"({', '.join(map(str, law))})" for law in (problem.exact_p_x, problem.exact_p_y))
    proved = found.certificate.interval
    ax.set_title(
        f"Laws {laws}, R = {problem.exact_number('rate')}:\n"
        f"V(R) proved at most {float(proved.upper):.4f} bits, the chord's middle is {middle:.4f}",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    ax.set_xlabel("rate, bits")
    ax.set_ylabel("V, bits")
    ax.set_xlim(0, 2 * rate)
    ax.set_ylim(bottom=0)
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "refuted.png")
