"""Real data through a coupling: features of noisy digits, coded at a rate; a classifier on what arrives.

Each of the 1,797 images of scikit-learn's digits, with noise, is reduced to four numbers (principal
components of the clean images), each cut into five levels: X.  A receiver that was built for clean data takes
two levels a feature and expects them as often as clean images have them: p_Y.  So a feature is a problem: its
X, this p_Y, the digit S as label, and R bits.  Its coupling is operated: the feature's stream is written
and read, and a logistic regression learns the digit from what arrives, with the shared seed.

Beside it stands the plain quantiser: one mapping of the levels for each feature, no common randomness, the
same bits an image altogether, spent where they tell most.  It keeps no law of Y.  What there is to choose on
either side (how much of the label constraint, what "most" means) is chosen on held-out images; accuracies are
those of a third part that nothing was chosen on.

    python examples/coded_features.py                  # needs scikit-learn; about ten seconds
    python examples/coded_features.py --plot features.png
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

import mecbopt as mb
from mecbopt.codec import Decoder, Encoder
from mecbopt.info import entropy

Integers = NDArray[np.int64]

FEATURES = 4
#: Cuts between the levels of X and of Y, in standard deviations of the noisy feature.
CUTS_X, CUT_Y = (-1.2, -0.4, 0.4, 1.2), 0.15
#: Standard deviation of the noise, in units of the darkest pixel, and noisy copies of each image.
NOISE, COPIES = 0.25, 5
#: R, bits a feature.
RATES = (0.2, 0.5, 0.8)
#: How much of what the rate can gain for the digit is asked for; None: no label constraint.
SHARES = (None, 0.8)
#: Images to fit on and to choose on; the rest is for the accuracies.
FITTED, HELD_OUT = 900, 450


@dataclass(frozen=True)
class Data:
    """Levels of the noisy features, shape (N, d), digits, and which part each image belongs to (0, 1, 2)."""

    levels: Integers
    clean: Integers
    digit: Integers
    part: Integers

    def problem(self, feature: int, rate: float) -> mb.Problem:
        """The empirical problem of a feature, of the images to fit on."""
        fitted = self.part == 0
        return mb.Problem.from_samples(
            self.levels[fitted, feature], y=self.clean[:, feature], label=self.digit[fitted], rate=rate
        )


def load(seed: int = 0) -> Data:
    """Noisy copies, their features, and three parts that share no image."""
    digits, rng = load_digits(), np.random.default_rng(seed)
    images = digits.images.reshape(len(digits.images), -1) / 16.0
    order = rng.permutation(len(images))
    part = np.full(len(images), 2)
    part[order[:FITTED]], part[order[FITTED : FITTED + HELD_OUT]] = 0, 1
    components = PCA(FEATURES, svd_solver="full").fit(images[part == 0])
    noisy = np.concatenate([images + rng.normal(scale=NOISE, size=images.shape) for _ in range(COPIES)])
    features, part = components.transform(noisy), np.tile(part, COPIES)
    scale = features[part == 0].std(axis=0)
    clean = components.transform(images[part[: len(images)] == 0]) / scale
    return Data(
        np.digitize(features / scale, CUTS_X),
        (clean > CUT_Y).astype(np.int64),
        np.tile(digits.target, COPIES),
        part,
    )


@dataclass(frozen=True)
class Arrived:
    """What a receiver has of the features: a cell (u, y) each, what it cost, and what was promised."""

    cells: Integers
    outputs: Integers
    bits: float
    label_entropy: float

    def accuracy(self, data: Data, part: int) -> float:
        """Of a logistic regression on the cells that was fitted on part 0."""
        width = self.cells.max(axis=0) + 1
        columns = [np.eye(size)[cells] for size, cells in zip(width, self.cells.T, strict=True)]
        table = np.concatenate(columns, axis=1)
        model = LogisticRegression(max_iter=500).fit(table[data.part == 0], data.digit[data.part == 0])
        return float(model.score(table[data.part == part], data.digit[data.part == part]))

    def uncertainty(self, data: Data) -> float:
        """H(S|Y,U) on the test part, the mean of the features, by Miller's correction."""
        total, digit = 0.0, data.digit[data.part == 2]
        for cells in self.cells[data.part == 2].T:
            joint = np.zeros((cells.max() + 1, 10))
            np.add.at(joint, (cells, digit), 1)
            freedom = np.count_nonzero(joint) - np.count_nonzero(joint.sum(axis=1))
            shares = joint / len(digit)
            total += entropy(shares) - entropy(shares.sum(axis=1)) + freedom / (2 * len(digit) * np.log(2))
        return float(total) / FEATURES

    def law_distance(self, data: Data) -> float:
        """Largest total variation between a feature's output on the test part and the clean law."""
        found = self.outputs[data.part == 2].mean(axis=0)
        return float(np.abs(found - data.clean.mean(axis=0)).max())


def coupled(data: Data, rate: float, share: float | None, seed: int = 1) -> Arrived:
    """Every feature solved, its stream written and read."""
    cells, outputs, bits, promised = [], [], 0.0, 0.0
    for feature in range(FEATURES):
        solution = solved(data.problem(feature, rate), share)
        problem, mixture = solution.problem, solution.mixture
        encoder = Encoder(mixture, problem, seed=seed + feature)
        stream = encoder.encode(data.levels[:, feature])
        y = Decoder(mixture, problem, seed=seed + feature).decode(stream)
        _, picked = encoder.outputs(data.levels[:, feature])  # by the seed alone; the receiver knows it
        cells.append(picked * problem.shape[1] + y)
        outputs.append(y)
        bits += encoder.scheme.bits[picked, data.levels[:, feature]].sum()
        promised += solution.label_entropy_with_seed / FEATURES
    return Arrived(np.stack(cells, 1), np.stack(outputs, 1), bits / len(data.digit), promised)


def solved(problem: mb.Problem, share: float | None) -> mb.Solution:
    """The coupling, with `share` of the gain for the digit that this rate allows."""
    options = {"gap": 2e-3, "time_limit": 1.0}
    if share is None:
        return mb.solve(problem, **options)
    floor = mb.solve(problem.replace(max_label_entropy=0.0), **options).smallest_label_entropy
    limit = floor + (1 - share) * (problem.label_entropy - floor)
    return mb.solve(problem.replace(max_label_entropy=limit), **options)


def quantised(data: Data, rate: float, about_digit: bool) -> Arrived:
    """The mappings of least loss whose entropies sum to at most the same bits an image.

    Parameters
    ----------
    about_digit : bool
        Whether the loss is in I(S;Y), or in I(X;Y), which for a mapping is its rate.
    """
    options = [_mappings(data, feature, about_digit) for feature in range(FEATURES)]
    fitting = (
        chosen
        for chosen in itertools.product(*options)
        if sum(bits for _, bits, _ in chosen) <= FEATURES * rate
    )
    best = max(fitting, key=lambda chosen: sum(gain for _, _, gain in chosen))
    outputs = np.stack([mapping[data.levels[:, k]] for k, (mapping, _, _) in enumerate(best)], axis=1)
    problem = data.problem(0, rate)
    left = problem.label_entropy - sum(_about_digit(data, outputs[:, k]) for k in range(FEATURES)) / FEATURES
    return Arrived(outputs, outputs, sum(bits for _, bits, _ in best), left)


def _mappings(data: Data, feature: int, about_digit: bool) -> list[tuple[Integers, float, float]]:
    """Mapping, rate and gain of every way to cut the levels in two, those that are beaten left out."""
    fitted = data.levels[data.part == 0, feature]
    found = []
    for images in itertools.product((0, 1), repeat=len(CUTS_X)):
        mapping = np.array([0, *images])  # the other half only swaps the names
        rate = float(entropy(np.bincount(mapping[fitted], minlength=2) / len(fitted)))
        gain = _about_digit(data, mapping[data.levels[:, feature]]) if about_digit else rate
        found.append((mapping, rate, gain))
    found.sort(key=lambda option: (option[1], -option[2]))
    kept: list[tuple[Integers, float, float]] = []
    for option in found:
        if not kept or option[2] > kept[-1][2]:
            kept.append(option)
    return kept


def _about_digit(data: Data, outputs: Integers) -> float:
    """I(S;Y) of the images to fit on, in bits."""
    fitted = data.part == 0
    joint = np.histogram2d(data.digit[fitted], outputs[fitted], bins=[10, 2], range=[[0, 10], [0, 2]])[0]
    joint /= joint.sum()
    return float(entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint))


def main() -> None:
    """Print accuracy against the rate, chosen on held-out images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plot", help="draw the accuracies into this file")
    arguments = parser.parse_args()
    data = load()
    whole = Arrived(data.levels, data.levels, float("nan"), float("nan")).accuracy(data, 2)
    print(f"accuracy of the five levels themselves: {whole:.3f}; chance: {1 / 10:.3f}")
    print("(bits an image are code lengths; a stream's header and checksums add 73 bytes)\n")
    print("             coupling                                           plain quantiser")
    print("R a feature  bits/image  H(S|Y,U)  on test  accuracy  law off  bits/image  accuracy  law off")
    rows = []
    for rate in RATES:
        couplings = [coupled(data, rate, share) for share in SHARES]
        quantisers = [quantised(data, rate, about_digit) for about_digit in (True, False)]
        ours, plain = (max(found, key=lambda a: a.accuracy(data, 1)) for found in (couplings, quantisers))
        rows.append((rate, ours.bits, plain.bits, ours.accuracy(data, 2), plain.accuracy(data, 2)))
        print(
            f"{rate:11.1f}  {ours.bits:10.3f}  {ours.label_entropy:8.3f}  {ours.uncertainty(data):7.3f}"
            f"  {rows[-1][3]:8.3f}  {ours.law_distance(data):7.3f}"
            f"  {plain.bits:10.3f}  {rows[-1][4]:8.3f}  {plain.law_distance(data):7.3f}",
            flush=True,
        )
    if arguments.plot:
        draw(rows, whole, arguments.plot)


def draw(rows: list[tuple[float, ...]], whole: float, path: str) -> None:
    """Accuracy against the bits an image."""
    figure = mb.plots.new_figure(5.6, 3.6)
    ax = figure.subplots()
    _, ours, plain, ours_accuracy, plain_accuracy = zip(*rows, strict=True)
    ax.plot(ours, ours_accuracy, "o-", label="coupling, law of clean data kept")
    ax.plot(plain, plain_accuracy, "s--", label="plain quantiser")
    ax.axhline(whole, color="0.6", linewidth=1, label="levels as they are")
    ax.set_xlabel("bits an image")
    ax.set_ylabel("accuracy on test images")
    ax.legend(frameon=False)
    mb.plots.save(figure, path)


if __name__ == "__main__":
    main()
