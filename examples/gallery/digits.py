"""Images, without a neural network: digits restored at a rate.

Degraded digits (four by four pixels with noise) fall into twelve clusters, clean ones into ten. The
coupling of least squared error sends the first to the second at R bits, and what comes out has the law of
clean clusters at every rate: at few bits it shows a clean digit, often the wrong one; bits buy the right
one, not a sharper one.
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import mecbopt as mb
from mecbopt.plots.style import INK, new_figure

RATES = (0.5, 1.5, 3.0)
SHOWN = 12


def images(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Clean images, shape (N, 64), and their degraded versions, shape (N, 16)."""
    clean = load_digits().images / 16.0
    small = clean.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    noise = np.random.default_rng(seed).normal(scale=0.1, size=small.shape)
    return clean.reshape(len(clean), -1), (small + noise).reshape(len(clean), -1)


def main() -> Figure:
    clean, degraded = images()
    sources = KMeans(12, n_init=3, random_state=0).fit(degraded)
    targets = KMeans(10, n_init=3, random_state=0).fit(clean)
    x, y = sources.labels_, targets.labels_
    pictures = targets.cluster_centers_
    # d(x, y): mean squared error of the picture of cluster y for the clean images behind cluster x.
    distortion = [[np.mean((clean[x == i] - picture) ** 2) for picture in pictures] for i in range(12)]
    problem = mb.Problem(np.bincount(x), np.bincount(y), distortion=distortion, normalize=True)

    rows = [("clean", clean.reshape(-1, 8, 8)[:SHOWN]), ("degraded", degraded.reshape(-1, 4, 4)[:SHOWN])]
    for rate in RATES:
        solution = mb.solve(problem.replace(rate=rate))
        received, _ = solution.mixture.sample(x, np.random.default_rng(1))
        error = f"R = {rate:g}\nerror {solution.expected_distortion:.3f}"
        rows.append((error, pictures[received[:SHOWN]].reshape(-1, 8, 8)))

    figure = new_figure(8.4, 3.8)
    axes = figure.subplots(len(rows), SHOWN)
    for line, (name, shown) in zip(axes, rows, strict=True):
        for ax, picture in zip(line, shown, strict=True):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=INK, labelpad=8)
    return figure


if __name__ == "__main__":
    mb.plots.save(main(), "digits.png")
