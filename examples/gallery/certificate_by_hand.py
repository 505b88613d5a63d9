"""A certificate by hand: for binary X and Y it is one chord.

If X and Y are binary with P(X=1) = a and P(Y=1) = b, their joint law has one free number, P(1,1). Its
distance from independence costs rate: |P(1,1) - ab| is at most a(1-a) R/h(a), an interval. Entropy is
concave, so over the interval it lies above its chord, and the lower end of the chord bounds H(X,Y) for every
coupling: that is a proof. Larger certificates are many such chords in a tree of boxes, and
`check_certificate` adds them up in exact arithmetic.
"""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.info import binary_entropy, entropy
from mecbopt.plots.style import ACCENT, GREY, INK, LINES, new_figure, quiet

A, B, RATE = 0.3, 0.4, 0.5
PROBLEM = mb.Problem(["7/10", "3/10"], ["3/5", "2/5"], rate="1/2")


def joint_entropy(both: np.ndarray) -> np.ndarray:
    """H(X,Y) for each P(1,1), bits."""
    return entropy(np.stack([both, A - both, B - both, 1 - A - B + both], axis=-1), axis=-1)


def interval() -> tuple[float, float]:
    """What marginals and rate leave of P(1,1)."""
    reach = A * (1 - A) * RATE / float(binary_entropy(A))
    return max(0.0, A + B - 1, A * B - reach), min(A, B, A * B + reach)


def bound_by_hand() -> float:
    """The upper bound on I(X;Y) from the lower end of the chord, bits."""
    chord = joint_entropy(np.array(interval()))
    return float(binary_entropy(A) + binary_entropy(B) - chord.min())


def certified() -> mb.CertifiedInterval:
    """The same by the package: written to a file, and checked without a solver."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        mb.certify(PROBLEM).to_json(path)
        return mb.check_certificate(path)


def main() -> Figure:
    low, high = interval()
    proved = certified()
    everywhere, inside = np.linspace(0, A, 301), np.array([low, high])
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    ax.axvspan(low, high, color="#e8eef3", linewidth=0)
    ax.plot(everywhere, joint_entropy(everywhere), color=LINES[0], linewidth=2)
    ax.plot(inside, joint_entropy(inside), "o-", color=ACCENT, linewidth=1.6)
    ax.axvline(A * B, color=GREY, linestyle=":", linewidth=1.1)
    ax.annotate("independent", (A * B, 1.29), (4, 0), textcoords="offset points", color=GREY, fontsize=9)
    ax.text(low + 0.004, 1.24, "what the rate allows", color=INK, fontsize=9)
    ax.set_xlabel("P(X=1, Y=1)")
    ax.set_ylabel("H(X,Y), bits")
    ax.set_xlim(0, A)
    ax.set_ylim(1.2, 1.9)
    ax.set_title(
        f"By hand: I(X;Y) at most {bound_by_hand():.7f} bits.\n"
        f"Checked: between {float(proved.lower):.7f} and {float(proved.upper):.7f}.",
        loc="left", fontsize=10, color=INK,
    )  # fmt: skip
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "certificate_by_hand.png")
