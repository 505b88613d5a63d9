"""Distances between the law of reconstructions and that of clean images: W1 and the Frechet distance.

W1 is estimated by a critic fitted afresh on training images and evaluated on test images, beside the same
estimate between two halves of real images: the baseline that finite samples and a finite critic give.  The
critic is penalised, not held, to slope 1, and it is as good as its steps: slopes and steps are reported.

The Frechet distance of two samples of n features is biased upwards by a term of order 1/n; only distances of
equal n are compared.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.data.images import Shape, as_float
from mecbopt.neural.errors import DatasetError
from mecbopt.neural.model.classifiers import Judge
from mecbopt.neural.model.networks import Critic
from mecbopt.neural.objectives.losses import CriticObjective

__all__ = ["CriticDistance", "Frechet", "critic_distance", "frechet", "frechet_distance", "judge_features",
           "wasserstein_distance"]  # fmt: skip

#: Weight of the critic's gradient penalty (Gulrajani et al. 2017).
_PENALTY = 10.0
#: A covariance of fewer samples says nothing.
_LEAST_SAMPLES = 2


@dataclass(frozen=True)
class CriticDistance:
    """An estimate of W1 and the critic behind it.

    `distance` is the critic's mean difference on test images; `mean_slope` and `largest_slope` are those of
    its gradient's norm on segments between test images: divided by the largest, the distance is what a critic
    scaled to slope 1 there would give.  Distances in Euclidean norm on pixels in [0, 1].
    """

    distance: float
    mean_slope: float
    largest_slope: float
    steps: int
    width: int
    batch_size: int
    penalty: float
    fitted_on: tuple[int, int]
    evaluated_on: tuple[int, int]

    def record(self) -> dict[str, object]:
        """Plain values, for the report."""
        return asdict(self) | {"fitted_on": list(self.fitted_on), "evaluated_on": list(self.evaluated_on)}


def critic_distance(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    seed: int,
    steps: int,
    width: int = 16,
    batch_size: int = 64,
    device: str | torch.device = "cpu",
) -> CriticDistance:
    """Estimate of W1 (Euclidean norm on pixels in [0, 1]) between two laws given by samples (first, second).

    A critic with gradient penalty is fitted on `train` and its mean difference taken on `test`; both are
    tuples of uint8 or float images, shape (count, C, H, W).
    """
    if min(len(images) for images in (*train, *test)) == 0:
        raise DatasetError("W1 of an empty set: give at least one image on each side.")
    channels, height, breadth = (int(side) for side in train[0].shape[1:])
    shape: Shape = (channels, height, breadth)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.integer_seed(seed, "refit critic weights"))
        critic = Critic(shape, width).to(device)
    objective = CriticObjective(critic, _PENALTY)
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9), fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1.0 - step / steps)
        generator = streams.generator(seed, "refit critic", step)
        first, second = (
            as_float(images[torch.randint(0, len(images), (batch_size,), generator=generator)]).to(device)
            for images in train
        )
        loss, _ = objective(first, second, torch.rand(batch_size, generator=generator).to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        means = [
            torch.cat([critic(as_float(part).to(device)) for part in images.split(500)]).double().mean()
            for images in test
        ]
    slopes = _slopes(critic, test, streams.generator(seed, "refit critic slopes"), device)
    return CriticDistance(
        float(means[0] - means[1]),
        float(slopes.mean()),
        float(slopes.max()),
        steps,
        width,
        batch_size,
        _PENALTY,
        (len(train[0]), len(train[1])),
        (len(test[0]), len(test[1])),
    )


def wasserstein_distance(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    seed: int,
    steps: int,
    width: int = 16,
    batch_size: int = 64,
    device: str | torch.device = "cpu",
) -> float:
    """The distance of `critic_distance` alone."""
    found = critic_distance(
        train, test, seed=seed, steps=steps, width=width, batch_size=batch_size, device=device
    )
    return found.distance


def _slopes(
    critic: Critic, images: tuple[Tensor, Tensor], generator: torch.Generator, device: str | torch.device
) -> Tensor:
    """Norms of the critic's gradient at random points of segments between the two samples."""
    count = min(512, len(images[0]), len(images[1]))
    first, second = (as_float(part[:count]).to(device) for part in images)
    share = torch.rand(count, 1, 1, 1, generator=generator).to(device)
    between = (share * first + (1.0 - share) * second).requires_grad_(True)
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(critic(between).sum(), between)
    result: Tensor = slope.detach().flatten(1).norm(dim=1).cpu()
    return result


@torch.no_grad()
def judge_features(judge: Judge, images: Tensor) -> NDArray[np.float64]:
    """Features of the judge, shape (count, features)."""
    device = next(judge.parameters()).device
    parts = [judge.features(as_float(part).to(device)).double().cpu() for part in images.split(500)]
    features: NDArray[np.float64] = torch.cat(parts).numpy()
    return features


@dataclass(frozen=True)
class Frechet:
    """Frechet distances of equal sizes: None where a side has too few images.

    `whole`: all n reconstructions against all n clean images.  `real`: one half of the clean images against
    the other; `half`: the reconstructions of one half against the clean images of the other, the figure to
    lay beside `real`.
    """

    whole: float | None
    whole_images: int
    half: float | None
    real: float | None
    half_images: int


def frechet(real: NDArray[np.float64], made: NDArray[np.float64]) -> Frechet:
    """The distances of `Frechet` from features of clean images and their reconstructions, (n, k)."""
    size = len(real) // 2
    first, second = slice(0, size), slice(size, 2 * size)
    enough = size >= _LEAST_SAMPLES
    return Frechet(
        frechet_distance(real, made) if len(real) >= _LEAST_SAMPLES else None,
        len(real),
        frechet_distance(made[first], real[second]) if enough else None,
        frechet_distance(real[first], real[second]) if enough else None,
        size,
    )


def frechet_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two samples of n features, both of shape (n, k).

    The trace of the root is the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is
    symmetric positive semidefinite: no complex arithmetic, and rounding below zero is cut.

    Raises
    ------
    DatasetError
        Samples of different sizes, whose biases differ, or of one item.

    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> abs(frechet_distance(x, x)) < 1e-9, round(frechet_distance(x, x + 2.0), 9)
    (True, 12.0)
    """
    if len(first) != len(second) or len(first) < _LEAST_SAMPLES:
        raise DatasetError(
            f"the Frechet distance of {len(first)} and {len(second)} images: give equal numbers, at least "
            f"{_LEAST_SAMPLES}."
        )
    covariances = [np.atleast_2d(np.cov(sample, rowvar=False)) for sample in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ covariances[1] @ root)
    shift = first.mean(axis=0) - second.mean(axis=0)
    spread = np.trace(covariances[0]) + np.trace(covariances[1]) - 2.0 * np.sqrt(np.maximum(inner, 0.0)).sum()
    return float(shift @ shift + spread)
