"""The worth of common randomness.

With a shared seed, both sides switch between mappings for nothing, and the whole rate serves X. Without one
(X - T - Y is a Markov chain and H(T) is at most R) the randomness that gives Y its law has to pass through
T or be private noise: at the same rate far less information is left, and near H(Y) the two meet. The lower
curve scans all laws of T; by the lemma of forests three letters of T suffice for two bits, with encoder and
decoder at corners of their polytopes.
"""

import itertools

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.info import entropy, mutual_information
from mecbopt.plots.style import ACCENT, INK, LINES, new_figure, quiet

P_X, P_Y = np.array([0.6, 0.4]), np.array([0.55, 0.45])
RATES = np.linspace(0.0, 1.05, 43)


def corners(pair: np.ndarray, laws: np.ndarray) -> list[np.ndarray]:
    """Couplings of two letters with three, for each order of filling the three, shape (N, 2, 3)."""
    found = []
    for order in itertools.permutations(range(3)):
        rest, first = np.full(len(laws), pair[0]), np.zeros_like(laws)
        for t in order:
            first[:, t] = np.minimum(rest, laws[:, t])
            rest = rest - first[:, t]
        found.append(np.stack([first, laws - first], axis=1))
    return found


def without_seed(steps: int = 150) -> np.ndarray:
    """The most information found for each rate, bits: a scan over the laws of T."""
    grid = np.linspace(0.0, 1.0, steps + 1)
    laws = np.array([(s, t, 1 - s - t) for s in grid for t in grid if s <= t <= 1 - s - t + 1e-12])
    laws = np.clip(laws, 0.0, 1.0)
    best = np.zeros(len(laws))
    for encoder, decoder in itertools.product(corners(P_X, laws), corners(P_Y, laws)):
        shares = np.divide(decoder, laws[:, None], out=np.zeros_like(decoder), where=laws[:, None] > 0)
        couplings = np.einsum("kxt,kyt->kxy", encoder, shares)
        best = np.maximum(best, [mutual_information(coupling) for coupling in couplings])
    rates = entropy(laws, axis=1)
    return np.array([best[rates <= rate + 1e-12].max(initial=0.0) for rate in RATES])


def main() -> Figure:
    curve = mb.rate_curve(mb.Problem(P_X, P_Y), RATES)
    without = without_seed()
    figure = new_figure(6.8, 4.2)
    ax = figure.add_subplot()
    mb.plots.curve(curve, ax, label="with a shared seed (exact)")
    ax.plot(RATES, without, color=ACCENT, linewidth=1.8, label="without (scan)")
    ax.fill_between(RATES, without, curve.mutual_information, color=LINES[0], alpha=0.12, linewidth=0)
    ax.set_title("What the seed is worth, at every rate", loc="left", fontsize=10, color=INK)
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    quiet(ax, grid=True)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "common_randomness.png")
