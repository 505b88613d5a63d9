"""Evaluate finished runs, and gather their results.

Evaluation is a step of its own: it needs the model files alone and may be done later, elsewhere.  Judges are
trained once for a data set and degradation, and kept in OUT/judges.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mecbopt.neural import streams
from mecbopt.neural.coding.codec import ImageCodec
from mecbopt.neural.coding.model_file import load_classifiers, load_judge, load_model, save_judge
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import degradation
from mecbopt.neural.data.images import as_float
from mecbopt.neural.evaluation.judge_store import JudgeStore
from mecbopt.neural.evaluation.judges import JUDGE_SEED, train_judges
from mecbopt.neural.evaluation.report import EvaluationReport, evaluate
from mecbopt.neural.experiments.manifest import Run
from mecbopt.neural.experiments.runner import Bench
from mecbopt.neural.model.classifiers import Judge, classification

__all__ = [
    "evaluate_run",
    "example_outputs",
    "gather",
    "held_out_figures",
    "judges_of",
    "published",
    "restored",
]

#: Steps of the fitted bounds, and of those of ablations and baselines.
STEPS = {"whole": 600, "short": 300}
#: Test images that a process which knows only model file and bytes decodes again.
FRESH_IMAGES = 500
#: Test images of the grids: the first of each class, then the next ones of the split.
EXAMPLES = 30


def evaluate_run(
    bench: Bench, run: Run, epochs: float | None, split: str, say: Callable[[str], None]
) -> EvaluationReport:
    """Evaluate one run and write RUN/evaluation.json and, for the grids, RUN/examples.npz (outputs alone)."""
    folder = bench.folder(run)
    dataset = bench.dataset(run.config)
    if split == "validation":  # for choosing settings: the test images are not looked at
        dataset = dataclasses.replace(
            dataset, test_images=dataset.validation_images, test_labels=dataset.validation_labels
        )
    frozen = load_model(folder / "model.safetensors", bench.device)
    judges, record = judges_of(bench, run, epochs, say)
    own = folder / "classifiers.safetensors"  # of a loop that trained its own
    classifiers, _ = load_classifiers(own if own.is_file() else bench.classifiers_file(run.config))
    report = evaluate(
        frozen, dataset, judges, classifiers, steps=STEPS[run.evaluated], device=bench.device,
        judge_record=record, fresh_images=FRESH_IMAGES,
    )  # fmt: skip
    report.to_json(folder / "evaluation.json")
    np.savez_compressed(folder / "examples.npz", y=example_outputs(frozen, dataset))
    return report


def held_out_figures(bench: Bench, run: Run) -> dict[str, Any]:
    """Write RUN/held_out.json: what settings are chosen by, on held-out images alone and without judges.

    Coded rate, accuracy and cross-entropy (bits) by the classifiers of the loop, the mean squared error of
    D(Y) to X, that of the code's best guess of X (None where no head was trained), their quotient, and by how
    much the mean of every colour is off that of clean images, in 255ths; beside them where they come from, as
    for a run that is evaluated.
    """
    folder = bench.folder(run)
    dataset = bench.dataset(run.config)
    frozen = load_model(folder / "model.safetensors", bench.device)
    own = folder / "classifiers.safetensors"
    classifiers, _ = load_classifiers(own if own.is_file() else bench.classifiers_file(run.config))
    degrade = frozen.degradation
    sources = degrade(as_float(dataset.validation_images), streams.generator(1, "evaluation degradation"))
    codec = ImageCodec(frozen, seed=1)
    coded = codec.compress(sources)
    outputs = codec.decompress(coded.blob)
    with torch.no_grad():
        accuracy, bits = classification(
            classifiers.to(bench.device).log_probabilities, outputs, dataset.validation_labels
        )
    error = float((degrade.mean(outputs) - sources).square().mean())
    reached = frozen.record["reached"]
    lost = reached.get("code_source_mse")
    shift = 255.0 * (outputs.mean((0, 2, 3)) - as_float(dataset.validation_images).mean((0, 2, 3)))
    trained = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    found = {
        "images": len(sources),
        "coded_rate": coded.payload_bits / len(sources),
        "loop_accuracy": accuracy,
        "loop_cross_entropy": bits,
        "mse_source": error,
        "code_source_mse": lost,
        "ratio": None if lost is None else error / lost,
        "colour_shift": shift.tolist(),
        "weights": dataclasses.asdict(run.config.objective),
        "noise_dimensions": run.config.model.noise_dimensions,
        "reached": reached,
    } | {
        key: trained.get(key)
        for key in ("command", "seed", "steps", "processor", "processor_seconds", "dataset", "software")
    }  # fmt: skip
    text = json.dumps(found, indent=1, sort_keys=True, allow_nan=False)
    (folder / "held_out.json").write_text(text + "\n", encoding="utf-8")
    return found


def judges_of(
    bench: Bench, run: Run, epochs: float | None, say: Callable[[str], None]
) -> tuple[dict[str, Judge], dict[str, Any]]:
    """The judges of a run's data, trained now if need be (`epochs` None: as long as they need)."""
    name = f"{run.config.data.dataset}_{run.config.data.degradation}.safetensors"
    path = bench.out / "judges" / name
    if not path.is_file():
        say(f"judges {path.stem}")
        path.parent.mkdir(parents=True, exist_ok=True)
        known = degradation(run.config.data.degradation)
        dataset = bench.dataset(run.config)
        store = JudgeStore(path.with_suffix(".parts"), dataset, known, JUDGE_SEED)
        judges, record = train_judges(dataset, known, epochs, device=bench.device, store=store)
        save_judge(path, judges, record)
        store.clear()
    return load_judge(path)


def example_outputs(frozen: Any, dataset: ImageDataset, count: int = EXAMPLES) -> Any:
    """What the model makes of some test images, uint8, shape (count, H, W, C)."""
    labels = dataset.test_labels
    firsts = [int((labels == label).nonzero()[0]) for label in labels.unique().tolist()]
    others = [index for index in range(len(labels)) if index not in firsts]
    index = torch.tensor((firsts + others)[:count])
    clean = as_float(dataset.test_images[index])
    sources = frozen.degradation(clean, streams.generator(1, "figure degradation"))
    codec = ImageCodec(frozen, seed=1)
    outputs = codec.decompress(codec.compress(sources).blob)
    return (255.0 * outputs).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def gather(out: Path, runs: list[Run]) -> dict[str, Any]:
    """Everything that is known of the runs, by name; `complete`: the share of the last stage trained.

    Models that were kept before their last stage had begun are left out: their decoders are random.
    """
    found: dict[str, Any] = {}
    for run in runs:
        folder = out / "runs" / run.name
        entry: dict[str, Any] = {}
        for part in ("run", "evaluation", "held_out"):
            path = folder / f"{part}.json"
            if path.is_file():
                entry[part] = json.loads(path.read_text(encoding="utf-8"))
        if "evaluation" in entry:
            entry["complete"] = _complete(run, int(entry["evaluation"]["record"]["training"]["steps"]))
            if entry["complete"] <= 0.0:
                del entry["evaluation"]
        if entry:
            found[run.name] = entry
    return found


def _complete(run: Run, taken: int) -> float:
    """Share of the last training stage that `taken` steps contain."""
    steps = [
        run.config.at_stage(stage).optimisation.steps for stage in run.config.stages if stage.kind == "train"
    ]
    return min(1.0, (taken - sum(steps[:-1])) / steps[-1])


def published(results: dict[str, Any]) -> dict[str, Any]:
    """What is worth keeping under version control: figures, checks, provenance; not the settings again."""
    kept = {}
    for name, entry in results.items():
        if "evaluation" not in entry:
            continue
        evaluation = dict(entry["evaluation"])
        record = dict(evaluation.pop("record"))
        training = dict(record["training"])
        run = entry.get("run", {})
        kept[name] = evaluation | {
            "complete": round(entry["complete"], 3),
            "reached": training["reached"],
            "steps": training["steps"],
            "dataset": record["dataset"],
            "weights": record["config"]["objective"],
            "latents": record["config"]["model"]["latents"],
            "seed": record["config"]["runtime"]["seed"],
            "judge": record["judge"],
            "software": record["software"],
            "command": run.get("command", ""),
            "processor": run.get("processor", ""),
            "seconds": run.get("seconds"),
            "processor_seconds": run.get("processor_seconds"),
        }
    return kept


def restored(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Results as `gather` returns them from what `published` keeps: figures and tables need no more."""
    results: dict[str, Any] = {}
    for name, item in kept.items():
        evaluation = dict(item)
        run = {
            part: evaluation.pop(part) for part in ("command", "processor", "seconds", "processor_seconds")
        }
        complete = evaluation.pop("complete")
        evaluation["record"] = {
            "training": {part: evaluation.pop(part) for part in ("reached", "steps")},
            "config": {
                "objective": evaluation.pop("weights"),
                "model": {"latents": evaluation.pop("latents")},
                "runtime": {"seed": evaluation.pop("seed")},
            },
        } | {part: evaluation.pop(part) for part in ("dataset", "judge", "software")}
        results[name] = {"evaluation": evaluation, "run": run, "complete": complete}
    return results
