"""`evaluate`: everything that is reported about a frozen model, on test images it has never seen."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.coding.codec import ImageCodec
from mecbopt.neural.coding.model_file import FrozenModel
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.images import as_float
from mecbopt.neural.errors import DatasetError, ModelFileError
from mecbopt.neural.evaluation.bounds import accuracy_upper_bound, cross_entropy_lower_bound
from mecbopt.neural.evaluation.distances import frechet_distance, judge_features, wasserstein_distance
from mecbopt.neural.evaluation.information import infonce, reconstructor_gain
from mecbopt.neural.evaluation.judges import enlarged, judge_log_probabilities
from mecbopt.neural.model.classifiers import Ensemble, Judge, classification
from mecbopt.neural.software import software_record

__all__ = ["EvaluationReport", "evaluate"]


@dataclass(frozen=True)
class EvaluationReport:
    """Results on the test split; rates, entropies and information in bits, distances in pixel units.

    `coded_rate` is the payload of all test images in one stream, divided by their number; `container_rate`
    adds header and checksum; `per_image_rate` is the mean when every image can be decoded on its own, with
    its length byte.  `judge_*` is the independent judge, `loop_*` the classifiers that training looked at.
    `infonce` is a lower bound on I(X;Y); `reconstructor_gain` is none.  `mse_source` compares D(Y) with X.
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
    infonce_standard_error: float
    infonce_ceiling: float
    reconstructor_gain: float
    wasserstein: float
    wasserstein_real: float
    frechet: float
    frechet_real: float
    mse_source: float
    mse_truth: float
    encode_images_a_second: float
    decode_images_a_second: float
    checks: dict[str, bool] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(self.checks.values())

    def to_json(self, path: str | Path) -> None:
        """Write the report."""
        Path(path).write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, path: str | Path) -> EvaluationReport:
        """Read a report."""
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DatasetError(f"{path} is no evaluation report: {error}.") from error


def evaluate(
    frozen: FrozenModel,
    dataset: ImageDataset,
    judges: dict[str, Judge],
    classifiers: Ensemble,
    *,
    seed: int = 1,
    steps: int = 1000,
    training_pairs: int = 20000,
) -> EvaluationReport:
    """Evaluate a model on the test split of its data set.

    Parameters
    ----------
    judges : dict
        "clean" and "degraded", from `train_judges`.
    classifiers : Ensemble
        Those of the loop.
    seed : int
        Of the dither, of stochastic degradations and of the fitted bounds.
    steps : int
        Steps of fitting for InfoNCE and for each critic of W1.
    training_pairs : int
        Most training images used for fitting them.
    """
    if dataset.shape != frozen.clean_shape:
        raise DatasetError(
            f"the images are {dataset.shape}, the model makes {frozen.clean_shape}: use its data set."
        )
    if set(judges) != {"clean", "degraded"}:
        raise ModelFileError(f"judges are {sorted(judges)}: 'clean' and 'degraded' are needed.")
    codec = ImageCodec(frozen, seed)
    degrade = frozen.degradation
    clean, labels = as_float(dataset.test_images), dataset.test_labels
    sources = degrade(clean, streams.generator(seed, "evaluation degradation"))
    started = time.perf_counter()
    coded = codec.compress(sources)
    encoded_at = time.perf_counter()
    outputs = codec.decompress(coded.blob)
    decoded_at = time.perf_counter()
    decoded_symbols, levels, _ = codec.decode_symbols(coded.blob)
    count = len(sources)
    single = min(count, 1000)
    per_image = codec.compress(sources[:single], per_image=True)

    fit_clean = as_float(dataset.train_images[:training_pairs])
    fit_sources = degrade(fit_clean, streams.generator(seed, "fitting degradation"))
    fit_symbols, fit_levels = codec.symbols(fit_sources, first_index=count)
    fit_outputs = codec.reconstruct(fit_symbols, fit_levels, count, seed)

    judge = judge_log_probabilities(judges["clean"])
    ceiling = judge_log_probabilities(judges["degraded"])
    judged, looped = (
        classification(judge, outputs, labels),
        classification(classifiers.log_probabilities, outputs, labels),
    )
    clean_judged = classification(judge, clean, labels)
    degraded_judged = classification(ceiling, enlarged(sources, dataset.shape), labels)
    bound = infonce((fit_sources, fit_outputs), (sources, outputs), seed=seed, steps=steps)
    distances = _distances(frozen, judges["clean"], (fit_clean, clean), (fit_outputs, outputs), seed, steps)
    model = frozen.model
    label_entropy = dataset.label_entropy_bits()
    table_rate = coded.table_bits / count
    spread = _standard_error(codec, coded.symbols, levels)
    coded_rate = coded.payload_bits / count
    checks = {
        "decoded symbols equal the encoder's": bool(np.array_equal(decoded_symbols, coded.symbols)),
        "coded within 1% of estimated": abs(coded.payload_bits / coded.estimated_bits - 1.0) <= 0.01,
        # Three standard errors on each side: both are means over the same finite test set.
        "InfoNCE at most the rate": bound.bits <= coded_rate + 3.0 * (bound.standard_error + spread),
        "judge cross-entropy at least H(S) - R": judged[1] >= label_entropy - coded_rate - 3.0 * spread,
    }
    return EvaluationReport(
        images=count,
        target_rate=frozen.config.objective.target_rate,
        coded_rate=coded_rate,
        container_rate=coded.container_bits / count,
        per_image_rate=(per_image.payload_bits + 8 * single) / single,
        table_rate=table_rate,
        estimated_rate=coded.estimated_bits / count,
        label_entropy=label_entropy,
        judge_accuracy=judged[0],
        judge_cross_entropy=judged[1],
        loop_accuracy=looped[0],
        loop_cross_entropy=looped[1],
        judge_clean_accuracy=clean_judged[0],
        judge_clean_cross_entropy=clean_judged[1],
        judge_degraded_accuracy=degraded_judged[0],
        judge_degraded_cross_entropy=degraded_judged[1],
        cross_entropy_lower_bound=cross_entropy_lower_bound(label_entropy, coded_rate),
        accuracy_upper_bound=accuracy_upper_bound(label_entropy, coded_rate, dataset.classes),
        infonce=bound.bits,
        infonce_standard_error=bound.standard_error,
        infonce_ceiling=bound.ceiling,
        reconstructor_gain=reconstructor_gain(
            copy.deepcopy(model.reconstructor).cpu(), fit_sources, sources, outputs
        ),
        mse_source=float((degrade.mean(outputs) - sources).square().mean()),
        mse_truth=float((outputs - clean).square().mean()),
        encode_images_a_second=count / (encoded_at - started),
        decode_images_a_second=count / (decoded_at - encoded_at),
        checks=checks,
        record={
            "model": frozen.digest,
            "dataset": dataset.record,
            "config": frozen.config.to_dict(),
            "training": frozen.record,
            "seed": seed,
            "rate_standard_error": spread,
            "software": software_record(),
        },
        **distances,
    )


def _standard_error(codec: ImageCodec, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> float:
    """Standard error of the mean code length, in bits an image."""
    bits = codec.frozen.tables.bits(symbols, levels)
    return float(bits.std(ddof=1) / np.sqrt(len(bits))) if len(bits) > 1 else 0.0


def _distances(
    frozen: FrozenModel,
    judge: Judge,
    real: tuple[Tensor, Tensor],
    made: tuple[Tensor, Tensor],
    seed: int,
    steps: int,
) -> dict[str, float]:
    """W1 and the Frechet distance with their real-against-real baselines; tuples are (training, test)."""
    halves = [(images[::2], images[1::2]) for images in real]
    features = judge_features(judge, real[1])
    size = len(features) // 2
    with torch.enable_grad():
        distance = wasserstein_distance((real[0], made[0]), (real[1], made[1]), seed=seed, steps=steps)
        baseline = wasserstein_distance(halves[0], halves[1], seed=seed, steps=steps)
    return {
        "wasserstein": distance,
        "wasserstein_real": baseline,
        "frechet": frechet_distance(features, judge_features(judge, made[1])),
        "frechet_real": frechet_distance(features[:size], features[size:]),
    }
