"""Distances between the law of reconstructions and that of clean images: W1 and the Frechet distance.

W1 is estimated by a critic fitted afresh on training images and evaluated on test images, beside the same
estimate between two halves of real images: the baseline that finite samples and a finite critic give.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.data.images import Shape, as_float
from mecbopt.neural.model.classifiers import Judge
from mecbopt.neural.model.networks import Critic
from mecbopt.neural.objectives.losses import CriticObjective

__all__ = ["frechet_distance", "judge_features", "wasserstein_distance"]


def wasserstein_distance(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    seed: int,
    steps: int,
    width: int = 16,
    batch_size: int = 64,
) -> float:
    """Estimate of W1 (Euclidean norm on pixels in [0, 1]) between two laws given by samples (first, second).

    A critic with gradient penalty is fitted on `train` and its mean difference taken on `test`; both are
    tuples of uint8 or float images, shape (count, C, H, W).
    """
    channels, height, breadth = (int(side) for side in train[0].shape[1:])
    shape: Shape = (channels, height, breadth)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.integer_seed(seed, "refit critic weights"))
        critic = Critic(shape, width)
    objective = CriticObjective(critic, 10.0)
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9), fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1.0 - step / steps)
        generator = streams.generator(seed, "refit critic", step)
        first, second = (
            as_float(images[torch.randint(0, len(images), (batch_size,), generator=generator)])
            for images in train
        )
        loss, _ = objective(first, second, torch.rand(batch_size, generator=generator))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        means = [
            torch.cat([critic(as_float(part)) for part in images.split(500)]).double().mean()
            for images in test
        ]
    return float(means[0] - means[1])


@torch.no_grad()
def judge_features(judge: Judge, images: Tensor) -> NDArray[np.float64]:
    """Features of the judge, shape (count, features)."""
    device = next(judge.parameters()).device
    parts = [judge.features(as_float(part).to(device)).double().cpu() for part in images.split(500)]
    features: NDArray[np.float64] = torch.cat(parts).numpy()
    return features


def frechet_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two samples of features, shapes (n1, k), (n2, k).

    The trace of the root is the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is
    symmetric positive semidefinite: no complex arithmetic, and rounding below zero is cut.

    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> abs(frechet_distance(x, x)) < 1e-9, round(frechet_distance(x, x + 2.0), 9)
    (True, 12.0)
    """
    covariances = [np.cov(sample, rowvar=False) for sample in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ covariances[1] @ root)
    shift = first.mean(axis=0) - second.mean(axis=0)
    spread = np.trace(covariances[0]) + np.trace(covariances[1]) - 2.0 * np.sqrt(np.maximum(inner, 0.0)).sum()
    return float(shift @ shift + spread)
