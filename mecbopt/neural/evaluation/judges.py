"""Training of the judges: three on clean images, one on degraded images for the ceiling.

One judge has no spread: three of different initial weights and orders say how far a figure depends on which.
How long a judge is trained is settled by held-out images: as long as a doubling of its training still raises
its accuracy by more than one standard error, it is not a judge yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mecbopt.neural import streams
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import Degradation
from mecbopt.neural.data.images import as_float
from mecbopt.neural.errors import ConfigError, ModelFileError
from mecbopt.neural.evaluation.judge_store import JudgeStore
from mecbopt.neural.model.classifiers import Judge, classification, fit_classifier
from mecbopt.neural.software import software_record

__all__ = [
    "CEILING",
    "JUDGE_SEED",
    "clean_judges",
    "enlarged",
    "judge_log_probabilities",
    "judges_fit",
    "train_judges",
]

#: Far from any training seed, so that judge and loop never share initial weights or order.
JUDGE_SEED = 715_517
#: Name of the judge that is trained on degraded images.
CEILING = "degraded"
_CLEAN_JUDGES = 3
#: Where the search for enough training starts and ends, in steps of `_BATCH` images and in epochs.
_FIRST_STEPS = 240
_MOST_DOUBLINGS = 4
_BATCH = 128

Progress = Callable[[str, int, int], None]


def train_judges(
    dataset: ImageDataset,
    degraded_by: Degradation,
    epochs: float | None = None,
    seed: int = JUDGE_SEED,
    progress: Progress | None = None,
    device: str | torch.device = "cpu",
    store: JudgeStore | None = None,
) -> tuple[dict[str, Judge], dict[str, Any]]:
    """(judges, record): "clean1" to "clean3" see clean images only; "degraded" sees sources, for the ceiling.

    The ceiling's judge is of the same make and is trained on X enlarged to the clean size, so the comparison
    is between images, not between networks.

    Parameters
    ----------
    epochs : float, optional
        Passes over the training images; by default as many as held-out images ask for.
    store : JudgeStore, optional
        Where each judge is kept as soon as it is trained; one that is there is not trained again.
    """
    if epochs is not None and not (math.isfinite(epochs) and epochs > 0):
        raise ConfigError(argument="epochs", value=epochs, required="be a positive number")

    def trained(name: str, images: Tensor, passes: float) -> Judge:
        known = None if store is None else store.load(name, passes)
        if known is not None:
            return known.to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.integer_seed(seed, f"judge {name}"))
            judge: Judge = Judge(dataset.shape, dataset.classes).to(device)
        fit_classifier(
            judge,
            images,
            dataset.train_labels,
            seed=streams.integer_seed(seed, f"judge order {name}"),
            epochs=passes,
            shift=1,
            noise=0.0,
            batch_size=_BATCH,
            progress=None if progress is None else (lambda step, steps: progress(name, step, steps)),
        )
        return judge

    def held_out(judge: Judge) -> float:
        images, labels = dataset.validation_images, dataset.validation_labels
        accuracy: float = classification(judge_log_probabilities(judge), images, labels)[0]
        return accuracy

    def keep(name: str, passes: float, judge: Judge) -> Judge:
        if store is not None:
            store.keep(name, passes, judge, doublings)
        return judge

    first = "clean1"
    doublings: list[list[float]] = []
    if epochs is None:
        doublings = [] if store is None else store.doublings(first)
        epochs = (
            doublings[-1][0] if doublings else max(1.0, _FIRST_STEPS * _BATCH / len(dataset.train_images))
        )
        judge = trained(first, dataset.train_images, epochs)
        if not doublings:
            doublings.append([epochs, held_out(judge)])
            keep(first, epochs, judge)
        while len(doublings) <= _MOST_DOUBLINGS and not _settled(doublings, len(dataset.validation_images)):
            epochs *= 2.0
            judge = trained(first, dataset.train_images, epochs)
            doublings.append([epochs, held_out(judge)])
            keep(first, epochs, judge)
    else:
        judge = keep(first, epochs, trained(first, dataset.train_images, epochs))
    judges = {first: judge}
    for index in range(1, _CLEAN_JUDGES):
        name = f"clean{index + 1}"
        judges[name] = keep(name, epochs, trained(name, dataset.train_images, epochs))
    sources = degraded_by(as_float(dataset.train_images), streams.generator(seed, "judge degradation"))
    judges[CEILING] = keep(CEILING, epochs, trained(CEILING, enlarged(sources, dataset.shape), epochs))
    record = {
        "shape": list(dataset.shape),
        "classes": dataset.classes,
        "dataset": dataset.record,
        "degradation": [degraded_by.name, degraded_by.version],
        "epochs": epochs,
        "doublings": doublings,
        "settled": _settled(doublings, len(dataset.validation_images)) if doublings else None,
        "validation_accuracy": {name: held_out(item) for name, item in judges.items() if name != CEILING},
        "seed": seed,
        "software": software_record(),
    }
    return judges, record


def _settled(doublings: list[list[float]], images: int) -> bool:
    """Whether the last doubling raised the held-out accuracy by no more than a standard error."""
    if len(doublings) < 2:
        return False
    before, after = doublings[-2][1], doublings[-1][1]
    # Laplace's rule keeps the error of a judge without mistakes above 0.
    share = (after * images + 1.0) / (images + 2.0)
    return after - before <= math.sqrt(share * (1.0 - share) / images)


def judges_fit(record: Mapping[str, Any], dataset: ImageDataset, degraded_by: Degradation) -> bool:
    """Whether a judges' file belongs to this data set, to the last byte, and to this degradation."""
    return bool(
        record.get("dataset") == dataset.record
        and record.get("degradation") == [degraded_by.name, degraded_by.version]
    )


def clean_judges(judges: Mapping[str, Judge]) -> list[Judge]:
    """The judges of clean images, in order; the ceiling's judge must stand beside them.

    Raises
    ------
    ModelFileError
        None of them, or no ceiling.
    """
    names = sorted(name for name in judges if name.startswith("clean"))
    if not names or CEILING not in judges:
        raise ModelFileError(
            f"judges are {', '.join(sorted(judges)) or 'none'}: at least 'clean1' and {CEILING!r} are needed."
        )
    return [judges[name] for name in names]


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
