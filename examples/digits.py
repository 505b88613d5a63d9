"""A problem from real data: a noisy feature of handwritten digits, restored to the law of the clean one.

Each of the 1,797 images of scikit-learn's digits is reduced to one number, the ink in its upper half less
the ink in its lower half, cut into four levels: -2 and -1 for much and some more ink below, 0 for a balance,
1 for more ink above.  X is this feature of a *noisy* copy of the image, Y must have the law of the feature of
the *clean* images, and the label S is the digit.  An encoder that sees X spends R bits an image; what comes
out is distributed like clean data, tells as much about X as R allows, and, with the label constraint, keeps
the digit as recognisable as we ask for.

    python examples/digits.py                 # needs scikit-learn
    python examples/digits.py --plot digits.png
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

import mecbopt as mb

#: Cuts between the levels; the unit is the darkest pixel, so a full row of ink more above than below is 8.
CUTS = (-3.0, -1.0, 1.0)
#: Standard deviation of the noise, in units of the darkest pixel.
NOISE = 0.25
#: R, bits an image.
RATE = 1.0


def feature(images: NDArray[np.float64]) -> NDArray[np.int64]:
    """The level of each image, shape (N,), -2 to 1.

    Parameters
    ----------
    images : ndarray, shape (N, 8, 8), entries around 0 to 1
    """
    difference = images[:, :4].sum(axis=(1, 2)) - images[:, 4:].sum(axis=(1, 2))
    return np.digitize(difference, CUTS) - 2


def digits_problem(rate: float = RATE, seed: int = 0) -> mb.Problem:
    """The empirical problem: level of the noisy image X, digit S, law of the clean levels for Y."""
    digits = load_digits()
    clean = digits.images / 16.0
    noisy = clean + np.random.default_rng(seed).normal(scale=NOISE, size=clean.shape)
    return mb.Problem.from_samples(feature(noisy), y=feature(clean), label=digits.target, rate=rate)


def main() -> None:
    """Solve without and with the label constraint, and say what the difference means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plot", help="draw the labelled solution into this file")
    arguments = parser.parse_args()

    problem = digits_problem()
    print(f"X, level of the noisy image: {law(problem.x_letters, problem.p_x)}")
    print(f"Y, level of the clean image: {law(problem.y_letters, problem.p_y)}")
    print(f"H(S) = {problem.label_entropy:.4f} bits: the digit before anything is seen\n")

    free = mb.solve(problem)
    report("No constraint on the digit", free)
    floor = mb.solve(problem.replace(max_label_entropy=0.0)).smallest_label_entropy
    print(f"Smallest H(S|Y,U) that {problem.rate:g} bit an image allows: {floor:.4f} bits.\n")

    # Half of what this rate can gain for the digit.
    limit = (free.label_entropy_with_seed + floor) / 2
    labelled = mb.solve(problem.replace(max_label_entropy=limit))
    report(f"H(S|Y,U) at most {limit:.4f}", labelled)
    gained = free.label_entropy_with_seed - labelled.label_entropy_with_seed
    lost = free.mutual_information - labelled.mutual_information
    print(
        f"{gained:.4f} bits more about the digit cost {lost:.4f} bits about the level: at the same rate, the"
    )
    print(
        "mixture must tell apart the levels that differ in their digits, not those that fill the rate best."
    )
    if arguments.plot:
        mb.plots.save(mb.plots.solution_figure(labelled), arguments.plot)


def law(letters: tuple[int, ...], pmf: NDArray[np.float64]) -> str:
    """A pmf with its letters."""
    return ", ".join(f"P({letter}) = {mass:.3f}" for letter, mass in zip(letters, pmf, strict=True))


def report(title: str, solution: mb.Solution) -> None:
    """Check a solution and print its figures and its mixture."""
    solution.check()
    problem, mixture = solution.problem, solution.mixture
    print(f"{title}: {solution.status.value}")
    print(f"  I(X;Y)   = {solution.mutual_information:.4f} bits, proved at most {solution.upper_bound:.4f}")
    print(f"  H(Y|U)   = {solution.rate:.4f} bits of R = {problem.rate:g}")
    print(f"  H(S|Y,U) = {solution.label_entropy_with_seed:.4f} bits")
    print(f"  weight   f(x) for x = {', '.join(map(str, problem.x_letters))}")
    for weight, mapping in zip(mixture.weights, mixture.mappings, strict=True):
        print(f"  {weight:.4f}   {', '.join(str(problem.y_letters[y]) for y in mapping)}")
    print()


if __name__ == "__main__":
    main()
