"""A coupling is a codec: bits, law and information arrive as promised.

Encoder and decoder share a seed; the seed picks a mapping for each symbol, and what is sent costs H(Y|U)
bits. The figures of the solution are expectations for one symbol; those measured on a stream come closer to
them the longer it is.
"""

import numpy as np
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.info import mutual_information
from mecbopt.plots.style import GREY, INK, LINES, new_figure, quiet

LENGTHS = np.unique(np.geomspace(30, 200_000, 22).astype(int))
SOLUTION = mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=0.5))


def measure(length: int, seed: int) -> tuple[float, float, float]:
    """Coded bits a symbol, P(Y = 0) and I(X;Y) of what arrived."""
    problem, mixture = SOLUTION.problem, SOLUTION.mixture
    x = np.random.default_rng(seed).choice(3, length, p=problem.p_x)
    stream = mb.codec.Encoder(mixture, problem, seed=seed).encode(x)
    y = mb.codec.Decoder(mixture, problem, seed=seed).decode(stream)
    counts = np.zeros((3, 2))
    np.add.at(counts, (x, y), 1)
    return 8 * len(stream) / length, float(np.mean(y == 0)), float(mutual_information(counts / length))


def main() -> Figure:
    found = np.array([[measure(int(length), seed) for length in LENGTHS] for seed in range(3)])
    promised = (SOLUTION.rate, SOLUTION.problem.p_y[0], SOLUTION.mutual_information)
    names = ("bytes of the stream, bits a symbol", "share of y = 0", "I(X;Y) of the symbols, bits")
    figure = new_figure(9.6, 3.4)
    for panel, ax in enumerate(figure.subplots(1, 3)):
        ax.axhline(promised[panel], color=GREY, linewidth=1.2, linestyle="--")
        for run, colour in zip(found[:, :, panel], LINES, strict=False):
            ax.plot(LENGTHS, run, color=colour, linewidth=1.4)
        ax.set_xscale("log")
        ax.set_title(f"{names[panel]}: {promised[panel]:.3f}", loc="left", fontsize=9.5, color=INK)
        ax.set_xlabel("symbols")
        quiet(ax, grid=True)
    # A header of some 70 bytes is most of a short stream.
    figure.axes[0].set_ylim(0, 4)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "codec.png")
