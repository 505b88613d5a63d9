"""`evaluate`: everything that is reported about a frozen model, on test images it has never seen."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.coding.codec import Coded, ImageCodec
from mecbopt.neural.coding.model_file import FrozenModel
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.image_files import written_whole
from mecbopt.neural.data.images import as_float
from mecbopt.neural.errors import ConfigError, DatasetError
from mecbopt.neural.evaluation import checks
from mecbopt.neural.evaluation.bounds import accuracy_upper_bound, cross_entropy_lower_bound
from mecbopt.neural.evaluation.distances import critic_distance, frechet, judge_features
from mecbopt.neural.evaluation.information import infonce, reconstructor_gain
from mecbopt.neural.evaluation.judges import CEILING, clean_judges, enlarged, judge_log_probabilities
from mecbopt.neural.model.classifiers import Ensemble, Judge, classification
from mecbopt.neural.software import software_record

__all__ = ["EvaluationReport", "evaluate"]

#: The first so many test images are also coded one by one, each with a payload of its own.
_MOST_SINGLE = 1000


@dataclass(frozen=True)
class EvaluationReport:
    """Results on the test split; rates, entropies and information in bits, distances in pixel units.

    `coded_rate` is the payload of all test images in one stream, divided by their number; `container_rate`
    adds header and checksum; `per_image_rate` is the mean when every image can be decoded on its own, with
    its length byte.  `judge_*` are means over the independent judges, their deviations beside them; `loop_*`
    the classifiers that training looked at.  `infonce` is a lower bound on I(X;Y); `reconstructor_gain` is
    none.  `frechet` compares all test images, `frechet_half` and `frechet_real` halves of them (compare these
    two); None where there are too few images.  `mse_source` compares D(Y) with X.

    `checks` say whether a claim holds; None is "not applicable".  `reasons` say why, in one line each.
    """

    images: int
    target_rate: float
    coded_rate: float
    container_rate: float
    per_image_rate: float
    table_rate: float
    estimated_rate: float
    label_entropy: float
    judge_accuracy: float
    judge_cross_entropy: float
    loop_accuracy: float
    loop_cross_entropy: float
    judge_clean_accuracy: float
    judge_clean_cross_entropy: float
    judge_degraded_accuracy: float
    judge_degraded_cross_entropy: float
    cross_entropy_lower_bound: float
    accuracy_upper_bound: float
    infonce: float
    infonce_standard_error: float | None
    infonce_ceiling: float
    reconstructor_gain: float
    wasserstein: float
    wasserstein_real: float | None
    frechet: float | None
    frechet_real: float | None
    mse_source: float
    mse_truth: float
    encode_images_a_second: float
    decode_images_a_second: float
    judge_accuracy_deviation: float | None = None
    judge_cross_entropy_deviation: float | None = None
    judge_clean_accuracy_deviation: float | None = None
    judge_accuracies: list[float] = field(default_factory=list)
    frechet_half: float | None = None
    frechet_images: int = 0
    frechet_half_images: int = 0
    checks: dict[str, bool | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether no check fails."""
        return not any(holds is False for holds in self.checks.values())

    def to_json(self, path: str | Path) -> None:
        """Write the report; an interrupted write leaves what was there before."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True, allow_nan=False) + "\n"
        with written_whole(Path(path)) as file:
            file.write(text.encode())

    @classmethod
    def from_json(cls, path: str | Path) -> EvaluationReport:
        """Read a report.

        Raises
        ------
        DatasetError
            Absent, damaged, or no report: an entry is missing, unknown or of another type.
        """
        try:
            report = cls(**json.loads(Path(path).read_text(encoding="utf-8")))
            for item in fields(cls):
                _require_type(item.name, str(item.type), getattr(report, item.name))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise DatasetError(f"{path} is no evaluation report: {error}.") from error
        return report


_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "dict": (dict,), "list": (list,)}


def _require_type(name: str, annotation: str, value: Any) -> None:
    optional = annotation.endswith("| None")
    kind = annotation.removesuffix("| None").strip().partition("[")[0]
    if not (optional and value is None) and (isinstance(value, bool) or not isinstance(value, _TYPES[kind])):
        raise TypeError(f"{name} is {value!r}, not {annotation}")


def evaluate(
    frozen: FrozenModel,
    dataset: ImageDataset,
    judges: Mapping[str, Judge],
    classifiers: Ensemble,
    *,
    seed: int = 1,
    steps: int = 1000,
    training_pairs: int = 20000,
    device: str | torch.device = "cpu",
    fresh_process: bool = True,
    fresh_images: int | None = None,
    judge_record: Mapping[str, Any] | None = None,
) -> EvaluationReport:
    """Evaluate a model on the test split of its data set.

    Parameters
    ----------
    judges : mapping
        "clean1" and so on, and "degraded", from `train_judges`.
    classifiers : Ensemble
        Those of the loop.
    seed : int
        Of the dither, of stochastic degradations and of the fitted bounds.
    steps : int
        Steps of fitting for InfoNCE and for each critic of W1.
    training_pairs : int
        Most training images used for fitting them.
    device : str
        Where judges and fitted networks compute; the model stays where it is.
    fresh_process : bool
        Decode the stream once more in a process of its own, and compare.
    fresh_images : int, optional
        Let that process decode a stream of the first so many test images in place of all.
    judge_record : mapping, optional
        What `train_judges` recorded: how good the judges are goes into the report.

    Raises
    ------
    DatasetError
        Images of another shape or another content than those that the model was trained on.
    """
    if steps < 1 or training_pairs < 2:
        raise ConfigError(
            f"steps is {steps}, training_pairs is {training_pairs}: at least 1 step and 2 pairs."
        )
    if fresh_images is not None and fresh_images < 1:
        raise ConfigError(argument="fresh_images", value=fresh_images, required="be at least 1, or None")
    _require_its_data(frozen, dataset)
    independent = [judge.to(device) for judge in clean_judges(judges)]
    codec = ImageCodec(frozen, seed)
    degrade = frozen.degradation
    clean, labels = as_float(dataset.test_images), dataset.test_labels
    sources = degrade(clean, streams.generator(seed, "evaluation degradation"))
    count = len(sources)
    stream = _through_the_codec(codec, sources, fresh_images or count if fresh_process else 0)
    outputs, coded, spread = stream.outputs, stream.coded, stream.standard_error

    fit_clean = as_float(dataset.train_images[:training_pairs])
    fit_sources = degrade(fit_clean, streams.generator(seed, "fitting degradation"))
    fit_symbols, fit_levels = codec.symbols(fit_sources, first_index=count)
    fit_outputs = codec.reconstruct(fit_symbols, fit_levels, count, seed)

    judged, clean_judged = (
        [classification(judge_log_probabilities(judge), images, labels) for judge in independent]
        for images in (outputs, clean)
    )
    looped = classification(_on(classifiers, device), outputs, labels)
    ceiling = judge_log_probabilities(judges[CEILING].to(device))
    degraded_judged = classification(ceiling, enlarged(sources, dataset.shape), labels)
    bound = infonce((fit_sources, fit_outputs), (sources, outputs), seed=seed, steps=steps, device=device)
    with torch.enable_grad():
        apart, baseline = _critics((fit_clean, clean), (fit_outputs, outputs), seed, steps, device)
    features = [judge_features(independent[0], images) for images in (clean, outputs)]
    law = frechet(features[0], features[1])
    label_entropy = dataset.label_entropy_bits()
    coded_rate = coded.payload_bits / count
    cross_entropy = fmean(bits for _, bits in judged)
    found = [
        *_checks_of_the_stream(stream, frozen, len(dataset.validation_images)),
        checks.information_below_rate(bound.bits, bound.standard_error, bound.ceiling, coded_rate, spread),
        checks.label_converse(cross_entropy, label_entropy, coded_rate, spread),
    ]
    return EvaluationReport(
        images=count,
        target_rate=frozen.config.objective.target_rate,
        coded_rate=coded_rate,
        container_rate=coded.container_bits / count,
        per_image_rate=stream.per_image_rate,
        table_rate=coded.table_bits / count,
        estimated_rate=coded.estimated_bits / count,
        label_entropy=label_entropy,
        judge_accuracy=fmean(accuracy for accuracy, _ in judged),
        judge_cross_entropy=cross_entropy,
        judge_accuracy_deviation=_deviation([accuracy for accuracy, _ in judged]),
        judge_cross_entropy_deviation=_deviation([bits for _, bits in judged]),
        judge_accuracies=[accuracy for accuracy, _ in judged],
        loop_accuracy=looped[0],
        loop_cross_entropy=looped[1],
        judge_clean_accuracy=fmean(accuracy for accuracy, _ in clean_judged),
        judge_clean_cross_entropy=fmean(bits for _, bits in clean_judged),
        judge_clean_accuracy_deviation=_deviation([accuracy for accuracy, _ in clean_judged]),
        judge_degraded_accuracy=degraded_judged[0],
        judge_degraded_cross_entropy=degraded_judged[1],
        cross_entropy_lower_bound=cross_entropy_lower_bound(label_entropy, coded_rate),
        accuracy_upper_bound=accuracy_upper_bound(label_entropy, coded_rate, dataset.classes),
        infonce=bound.bits,
        infonce_standard_error=bound.standard_error if math.isfinite(bound.standard_error) else None,
        infonce_ceiling=bound.ceiling,
        reconstructor_gain=reconstructor_gain(
            copy.deepcopy(frozen.model.reconstructor).cpu(), fit_sources, sources, outputs
        ),
        wasserstein=apart.distance,
        wasserstein_real=None if baseline is None else baseline.distance,
        frechet=law.whole,
        frechet_half=law.half,
        frechet_real=law.real,
        frechet_images=law.whole_images,
        frechet_half_images=law.half_images,
        mse_source=float((degrade.mean(outputs) - sources).square().mean()),
        mse_truth=float((outputs - clean).square().mean()),
        encode_images_a_second=count / stream.encode_seconds,
        decode_images_a_second=count / stream.decode_seconds,
        checks={check.name: check.holds for check in found},
        reasons={check.name: check.reason for check in found},
        record={
            "model": frozen.digest,
            "dataset": dataset.record,
            "config": frozen.config.to_dict(),
            "training": frozen.record,
            "seed": seed,
            "steps": steps,
            "training_pairs": len(fit_clean),
            "rate_standard_error": spread,
            "wasserstein_critic": apart.record(),
            "wasserstein_real_critic": None if baseline is None else baseline.record(),
            "judge": {
                key: (judge_record or {}).get(key)
                for key in ("epochs", "doublings", "settled", "validation_accuracy", "seed")
            },
            "software": software_record(),
        },
    )


@dataclass(frozen=True, eq=False)
class _Stream:
    """The test images through the codec.

    Attributes
    ----------
    coded : Coded
    outputs : Tensor, shape (count, C, H, W)
        The images that are judged.
    decoded_symbols : ndarray of int64, shape (count, d)
        What the decoder reads from the stream; the encoder's are in `coded`.
    fresh : Tensor or None
        The first `fresh_count` images as a process of its own decodes them; None where it was not asked.
    fresh_count : int
    per_image_rate, standard_error : float
        Bits an image where each can be decoded alone, with its length byte; standard error of the coded rate.
    encode_seconds, decode_seconds : float
    """

    coded: Coded
    outputs: Tensor
    decoded_symbols: NDArray[np.int64]
    fresh: Tensor | None
    fresh_count: int
    per_image_rate: float
    standard_error: float
    encode_seconds: float
    decode_seconds: float


def _through_the_codec(codec: ImageCodec, sources: Tensor, fresh_images: int) -> _Stream:
    """Compress and decompress; let a fresh process decode at most so many of the images, 0 for none."""
    started = time.perf_counter()
    coded = codec.compress(sources)
    encoded_at = time.perf_counter()
    outputs = codec.decompress(coded.blob)
    decoded_at = time.perf_counter()
    decoded_symbols, levels, _ = codec.decode_symbols(coded.blob)
    fresh, fresh_count = None, min(fresh_images, len(sources))
    if fresh_count:  # an image's dither and noise depend on its number alone, not on its stream
        shipped = coded if fresh_count == len(sources) else codec.compress(sources[:fresh_count])
        fresh = checks.decoded_in_a_fresh_process(codec.frozen, shipped.blob)
    single = min(len(sources), _MOST_SINGLE)
    per_image = codec.compress(sources[:single], per_image=True)
    return _Stream(
        coded,
        outputs,
        decoded_symbols,
        fresh,
        fresh_count,
        per_image_rate=(per_image.payload_bits + 8 * single) / single,
        standard_error=_standard_error(codec, coded.symbols, levels),
        encode_seconds=encoded_at - started,
        decode_seconds=decoded_at - encoded_at,
    )


def _checks_of_the_stream(stream: _Stream, frozen: FrozenModel, held_out: int) -> list[checks.Check]:
    """What must hold of symbols, outputs and rates; the gain was set on so many held-out images."""
    coded, count = stream.coded, len(stream.outputs)
    reached = frozen.record.get("reached")
    at_border = isinstance(reached, dict) and bool(reached.get("gain_at_border", False))
    target, rate = frozen.config.objective.target_rate, coded.payload_bits / count
    return [
        checks.Check(
            "decoded symbols equal the encoder's",
            bool(np.array_equal(stream.decoded_symbols, coded.symbols)),
            f"{coded.symbols.size} symbols",
        ),
        checks.outputs_of_the_stream(stream.outputs[: stream.fresh_count], stream.fresh),
        checks.coded_as_estimated(coded.payload_bits, coded.estimated_bits),
        checks.on_target(rate, target, stream.standard_error, held_out, count, at_border),
    ]


def _require_its_data(frozen: FrozenModel, dataset: ImageDataset) -> None:
    """The images are those of the model's data set, to the last byte where its record has a digest."""
    if dataset.shape != frozen.clean_shape:
        raise DatasetError(
            f"the images are {dataset.shape}, the model makes {frozen.clean_shape}: use its data set."
        )
    trained = frozen.record.get("dataset")
    trained = trained if isinstance(trained, dict) else {}
    different = [
        key for key in ("dataset", "content")
        if trained.get(key) is not None and trained[key] != dataset.record.get(key)
    ]  # fmt: skip
    if different:
        raise DatasetError(
            f"the model was trained on {trained.get('dataset')}, {trained.get('protocol')}; these images "
            f"differ in {' and '.join(different)}: give the files that it was trained on."
        )


def _on(classifiers: Ensemble, device: str | torch.device) -> Callable[[Tensor], Tensor]:
    """The loop's classifiers as a function of images anywhere, computed on a device."""
    moved = copy.deepcopy(classifiers).to(device)

    def log_probabilities(images: Tensor) -> Tensor:
        with torch.no_grad():
            return moved.log_probabilities(images.to(device))

    return log_probabilities


def _deviation(values: list[float]) -> float | None:
    """Sample deviation over the judges; None of one."""
    return stdev(values) if len(values) > 1 else None


def _standard_error(codec: ImageCodec, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> float:
    """Standard error of the mean code length, in bits an image."""
    bits = codec.frozen.tables.bits(symbols, levels)
    return float(bits.std(ddof=1) / np.sqrt(len(bits))) if len(bits) > 1 else 0.0


def _critics(
    real: tuple[Tensor, Tensor],
    made: tuple[Tensor, Tensor],
    seed: int,
    steps: int,
    device: str | torch.device,
) -> tuple[Any, Any]:
    """W1 of outputs against clean images, and between halves of clean images (None of a single one)."""
    apart = critic_distance((real[0], made[0]), (real[1], made[1]), seed=seed, steps=steps, device=device)
    if min(len(images) for images in real) < 2:
        return apart, None
    halves = [(images[::2], images[1::2]) for images in real]
    return apart, critic_distance(halves[0], halves[1], seed=seed, steps=steps, device=device)
