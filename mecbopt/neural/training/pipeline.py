"""From settings to a saved model: data set, classifiers of the loop, training, calibration, tables, files.

A run's folder holds config.toml, classifiers.safetensors, checkpoint.safetensors, history.json and
model.safetensors.  Running again on the same folder with `resume` goes on from the checkpoint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.coding.model_file import FrozenModel, load_classifiers, save_classifiers
from mecbopt.neural.coding.tables import build_tables
from mecbopt.neural.config import Config
from mecbopt.neural.data.datasets import ImageDataset, load_dataset
from mecbopt.neural.data.degradations import degradation
from mecbopt.neural.errors import ModelFileError
from mecbopt.neural.model.classifiers import Ensemble, classification, fit_classifier
from mecbopt.neural.software import software_record
from mecbopt.neural.training.distributed import joined
from mecbopt.neural.training.run_folder import RunFolder
from mecbopt.neural.training.tasks import ImageTask
from mecbopt.neural.training.trainer import Trainer, history_json

__all__ = ["freeze", "loop_classifiers", "train", "without_trunk_stage"]

Progress = Callable[[str, int, int, dict[str, float]], None]


def train(
    config: Config,
    out: str | Path,
    *,
    data_root: str | Path | None = None,
    download: bool = False,
    classifiers: str | Path | None = None,
    trunk: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> FrozenModel:
    """Train a model and write its files into the folder `out`.

    Parameters
    ----------
    config : Config
    out : path
        Folder of the run, created if need be.
    data_root, download
        As for `load_dataset`.
    classifiers : path, optional
        A classifiers.safetensors of another run on the same data, to share between rates.
    trunk : path, optional
        A checkpoint.safetensors of another run whose class trunk is taken over; the stage that would train
        one is left out.
    resume : bool
        Go on from the checkpoint in `out`, if there is one.
    overwrite : bool
        Replace the run that `out` holds; without either a run there is refused.
    progress : callable, optional
        Receives (stage, step, steps, terms).

    Returns
    -------
    FrozenModel
        As saved in out/model.safetensors.
    """
    folder, run = Path(out), RunFolder(out)
    if trunk is not None:
        config = without_trunk_stage(config)
    torch.set_num_threads(config.runtime.threads)
    dataset = load_dataset(config.data, data_root, download)
    degradation(config.data.degradation).output_shape(dataset.shape)  # refuse before long work starts
    with joined(config.runtime.device) as world:
        resumed = False
        if world.is_first:
            resumed = run.prepare(resume, overwrite, keep=classifiers)
            if not resumed:  # else only once the settings have been found to be those of the checkpoint
                run.config.write_text(config.to_toml(), encoding="utf-8")
            ensemble = loop_classifiers(config, dataset, folder, classifiers, progress)
        world.barrier()
        if not world.is_first:
            ensemble, _ = load_classifiers(folder / "classifiers.safetensors")
        task = ImageTask(config, dataset, ensemble)
        report = None if progress is None else (lambda *state: progress("training", *state))
        trainer = Trainer(task, world, folder / "checkpoint.safetensors", report)
        if resume and run.checkpoint.is_file():
            trainer.restore(run.checkpoint)
        elif trunk is not None:
            trainer.start_from(Path(trunk), "encoder.trunk")
        if resumed:
            run.config.write_text(config.to_toml(), encoding="utf-8")
        trainer.run()
        model = freeze(trainer, task, folder, progress)
        if world.is_first:
            run.remove_stale(model.digest)
        world.barrier()
    return model


def without_trunk_stage(config: Config) -> Config:
    """The settings without the stages that train the class trunk alone."""
    kept = tuple(stage for stage in config.stages if stage.trains != ("encoder.trunk",))
    return dataclasses.replace(config, stages=kept)


def loop_classifiers(
    config: Config,
    dataset: ImageDataset,
    folder: Path,
    shared: str | Path | None,
    progress: Progress | None,
) -> Ensemble:
    """The classifiers of the loop: shared, found in the folder, or trained now; written to the folder."""
    settings = config.optimisation
    own = folder / "classifiers.safetensors"
    wanted = {
        "shape": list(dataset.shape),
        "classes": dataset.classes,
        "members": settings.classifiers,
        "dataset": dataset.record,
        "epochs": settings.classifier_epochs,
        "shift": settings.augmentation_shift,
        "noise": settings.augmentation_noise,
    }
    source = Path(shared) if shared is not None else own
    if shared is not None or own.is_file():
        ensemble, record = load_classifiers(source)
        different = [key for key, value in wanted.items() if record.get(key) != value]
        if different:
            raise ModelFileError(
                f"{source}: the classifiers differ from these settings in {', '.join(different)}: "
                "train new ones in another folder."
            )
        if source != own:
            save_classifiers(own, ensemble, record)
        return ensemble
    seed = config.runtime.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.integer_seed(seed, "loop classifier weights"))
        ensemble = Ensemble(dataset.shape, dataset.classes, settings.classifiers)
    ensemble = ensemble.to(config.runtime.device)
    for index, member in enumerate(ensemble.members):
        name = f"classifier {index + 1} of {settings.classifiers}"
        report = (
            None if progress is None else (lambda step, steps, name=name: progress(name, step, steps, {}))
        )
        fit_classifier(
            member,
            dataset.train_images,
            dataset.train_labels,
            seed=streams.integer_seed(seed, "loop classifier", index),
            epochs=settings.classifier_epochs,
            shift=settings.augmentation_shift,
            noise=settings.augmentation_noise,
            progress=report,
        )

    def log_probabilities(images: Tensor) -> Tensor:
        return ensemble.log_probabilities(images.to(config.runtime.device))

    accuracy, bits = classification(log_probabilities, dataset.validation_images, dataset.validation_labels)
    reached = {"validation_accuracy": accuracy, "validation_cross_entropy": bits, "seed": seed}
    save_classifiers(own, ensemble, {**wanted, **reached, "software": software_record()})
    return ensemble


def freeze(trainer: Trainer, task: ImageTask, folder: Path, progress: Progress | None = None) -> FrozenModel:
    """Calibrate the averaged model, build its tables and write model.safetensors (first process only)."""
    if progress is not None:
        progress("calibration", 0, 1, {})
    model, reached = trainer.calibrated_model()
    model = model.cpu().to(memory_format=torch.contiguous_format)
    tables = build_tables(model.density, model.dither_level_count, model.gains)
    record: dict[str, Any] = {
        "dataset": task.dataset.record,
        "degradation": [task.degradation.name, task.degradation.version],
        "reached": reached,
        "steps": trainer.step,
        "processes": trainer.world.size,
        "software": software_record(),
    }
    frozen = FrozenModel(trainer.config, model, tables, task.clean_shape, task.degraded_shape, record)
    if not trainer.world.is_first:
        return frozen
    if trainer.config.objective.label_training == "joint":
        save_joint_classifiers(trainer, task, folder)
    (folder / "history.json").write_text(history_json(trainer.history), encoding="utf-8")
    saved = frozen.save(folder / "model.safetensors")
    if progress is not None:
        progress("calibration", 1, 1, reached)
    return saved


def save_joint_classifiers(trainer: Trainer, task: ImageTask, folder: Path) -> None:
    """Write the classifiers that the loop itself has trained, for a report to show what they claim."""
    if not isinstance(trainer.label_model, Ensemble):
        return
    record = {
        "shape": list(task.dataset.shape),
        "classes": task.dataset.classes,
        "members": trainer.config.optimisation.classifiers,
        "dataset": task.dataset.record,
        "training": "joint",
        "software": software_record(),
    }
    save_classifiers(folder / "classifiers.safetensors", trainer.label_model, record)
