"""Training of the judges: one on clean images, one on degraded images for the ceiling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mecbopt.neural import streams
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import Degradation
from mecbopt.neural.data.images import as_float
from mecbopt.neural.model.classifiers import Judge, fit_classifier
from mecbopt.neural.software import software_record

__all__ = ["JUDGE_SEED", "enlarged", "judge_log_probabilities", "train_judges"]

#: Far from any training seed, so that judge and loop never share initial weights or order.
JUDGE_SEED = 715_517


def train_judges(
    dataset: ImageDataset,
    degraded_by: Degradation,
    epochs: float,
    seed: int = JUDGE_SEED,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[dict[str, Judge], dict[str, Any]]:
    """(judges, record): "clean" sees clean images only; "degraded" sees sources, for the ceiling.

    The ceiling's judge is of the same make and is trained on X enlarged to the clean size, so the comparison
    is between images, not between networks.
    """
    judges = {}
    sources = degraded_by(as_float(dataset.train_images), streams.generator(seed, "judge degradation"))
    inputs = {"clean": dataset.train_images, "degraded": enlarged(sources, dataset.shape)}
    for name, images in inputs.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.integer_seed(seed, f"judge {name}"))
            judge = Judge(dataset.shape, dataset.classes)
        report = None if progress is None else (lambda step, steps, name=name: progress(name, step, steps))
        fit_classifier(
            judge, images, dataset.train_labels, seed=seed, epochs=epochs, shift=1, noise=0.0, progress=report
        )
        judges[name] = judge
    record = {
        "shape": list(dataset.shape),
        "classes": dataset.classes,
        "dataset": dataset.record,
        "degradation": [degraded_by.name, degraded_by.version],
        "epochs": epochs,
        "seed": seed,
        "software": software_record(),
    }
    return judges, record


def enlarged(sources: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Degraded images repeated to the clean size (nearest neighbour: no information is added or lost)."""
    if tuple(sources.shape[2:]) == tuple(shape[1:]):
        return sources
    return functional.interpolate(sources, size=shape[1:], mode="nearest")


def judge_log_probabilities(judge: Judge) -> Callable[[Tensor], Tensor]:
    """The judge as a function of images; no graph is ever built through it."""

    def log_probabilities(images: Tensor) -> Tensor:
        with torch.no_grad():
            return functional.log_softmax(judge(images.to(next(judge.parameters()).device)), dim=1)

    return log_probabilities
