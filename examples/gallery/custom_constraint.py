"""A constraint of your own: nobody falls by two grades.

Anything affine in the coupling is a function from its cvxpy expression to cvxpy constraints. Here x are
grades before and y after, both laws are given, and without a constraint the most informative coupling does
what it likes: information knows no order. Two lines of cvxpy say what is allowed, and the optimum is exact
again.
"""

import cvxpy
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.plots.style import INK, new_figure

GRADES = ("low", "middle", "high")
FREE = mb.Problem([0.3, 0.45, 0.25], [0.25, 0.4, 0.35], rate=0.8, x_letters=GRADES, y_letters=GRADES)


def no_deep_fall(coupling: cvxpy.Expression) -> list[cvxpy.Constraint]:
    """Nobody goes from high to low, and at least half stay where they are."""
    return [coupling[2, 0] == 0, cvxpy.trace(coupling) >= 0.5]


def main() -> Figure:
    figure = new_figure(8.6, 3.8)
    left, right = figure.subplots(1, 2)
    free, held = mb.solve(FREE), mb.solve(FREE.replace(constraints=[no_deep_fall]))
    for ax, solution, name in ((left, free, "without"), (right, held, "with the constraint")):
        mb.plots.coupling(solution, ax)
        value = f"I(X;Y) = {solution.mutual_information:.4f} bits"
        ax.set_title(f"{name}: {value}", loc="left", fontsize=10, color=INK, pad=52)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "custom_constraint.png")
