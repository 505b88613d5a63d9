"""Named settings: `smoke` proves that everything works, `small` is for a laptop, `full` for a GPU."""

from __future__ import annotations

import dataclasses

from mecbopt.neural.config import (
    Config,
    DataConfig,
    ModelConfig,
    ObjectiveConfig,
    OptimisationConfig,
    RuntimeConfig,
    StageConfig,
)
from mecbopt.neural.data.datasets import DATASETS
from mecbopt.neural.errors import ConfigError

__all__ = ["PRESETS", "latents_for", "preset"]

PRESETS = ("smoke", "small", "full")


def preset(name: str, dataset: str | None = None) -> Config:
    """The settings of that name for that data set (by default `digits` for smoke, else `mnist`).

    >>> preset("smoke").data.dataset
    'digits'
    """
    if name not in PRESETS:
        raise ConfigError(f"preset is {name!r}: choose one of {', '.join(PRESETS)}.")
    dataset = dataset or ("digits" if name == "smoke" else "mnist")
    if dataset not in DATASETS:
        raise ConfigError(f"dataset is {dataset!r}: choose one of {', '.join(DATASETS)}.")
    build = {"smoke": _smoke, "small": _small, "full": _full}[name]
    return build(dataset, DATASETS[dataset].degradation)


def _smoke(dataset: str, degradation: str) -> Config:
    """The recipe in small: less than a minute on one thread for digits."""
    colour = dataset in ("svhn", "npz")
    recipe = _recipe_model(latents_for(6.0), colour=colour, trunk_width=16)
    return Config(
        data=DataConfig(dataset=dataset, degradation=degradation, validation_count=200),
        model=dataclasses.replace(
            recipe, noise_dimensions=4, width=16, hidden=96, style_hidden=64, critic_width=16,
            critic_hidden=48, density_components=8,
        ),
        objective=ObjectiveConfig(
            target_rate=6.0, critic_weight=10.0, label_weight=5.0, reconstruction_weight=0.3
        ),
        optimisation=OptimisationConfig(
            steps=500, batch_size=64, critic_steps=1, learning_rate=2e-3, critic_learning_rate=2e-3,
            ema_decay=0.98, ramp_steps=30, penalty_share=0.5, classifier_epochs=20.0,
            augmentation_shift=1, augmentation_noise=0.05, refit_steps=200,
        ),
        runtime=RuntimeConfig(checkpoint_every=300, log_every=50),
        stages=_recipe_stages(trunk_steps=300, code_steps=400, colour=colour, batch=64),
    )  # fmt: skip


def _small(dataset: str, degradation: str) -> Config:
    colour = dataset in ("svhn", "npz")
    return Config(
        data=DataConfig(dataset=dataset, degradation=degradation, validation_count=1000 if colour else 5000),
        model=_recipe_model(latents_for(8.0), colour=colour, trunk_width=40 if colour else 32),
        objective=ObjectiveConfig(
            target_rate=8.0, critic_weight=10.0, label_weight=5.0, reconstruction_weight=0.05,
        ),
        optimisation=OptimisationConfig(
            steps=4000 if colour else 6000, batch_size=64 if colour else 128, critic_steps=2,
            learning_rate=5e-4 if colour else 1e-3, critic_learning_rate=2e-3 if colour else 1e-3,
            ema_decay=0.995, ramp_steps=100, penalty_share=0.5,
            classifiers=2 if colour else 3, classifier_epochs=15.0 if colour else 4.0,
            augmentation_shift=1, augmentation_noise=0.1, refit_steps=600, source_views=0,
        ),
        runtime=RuntimeConfig(checkpoint_every=500, log_every=50),
        stages=_recipe_stages(trunk_steps=2200 if colour else 4000, code_steps=2000, colour=colour),
    )  # fmt: skip


def _full(dataset: str, degradation: str) -> Config:
    colour = dataset in ("svhn", "npz")
    small = _small(dataset, degradation)
    model = _recipe_model(latents_for(8.0), colour=colour, trunk_width=48)
    return dataclasses.replace(
        small,
        model=dataclasses.replace(model, critic_width=64 if colour else 48, critic_hidden=256),
        optimisation=dataclasses.replace(
            small.optimisation, steps=20000, batch_size=128 if colour else 256, ema_decay=0.999,
            ramp_steps=200, classifiers=3, classifier_epochs=20.0 if colour else 4.0,
        ),
        runtime=RuntimeConfig(device="cuda", checkpoint_every=4000, log_every=200),
        stages=_recipe_stages(trunk_steps=6000, code_steps=2500, colour=colour),
    )  # fmt: skip


def latents_for(rate: float) -> int:
    """Number of latents that suits a rate: two for the class cell, the rest for style.

    >>> [latents_for(rate) for rate in (2, 4, 8, 16, 32)]
    [2, 3, 8, 12, 20]
    """
    if rate < 3.5:
        return 2
    known = {4: 3, 6: 5, 8: 8, 12: 10, 16: 12, 24: 16, 32: 20}
    result: int = known.get(round(rate), 2 + round(1.6 * float(rate) ** 0.7))
    return result


def _recipe_model(latents: int, colour: bool, trunk_width: int) -> ModelConfig:
    return ModelConfig(
        latents=latents, dither_levels=64, noise_dimensions=16, width=64 if colour else 32, hidden=512,
        encoder="clusters", trunk="residual" if colour else "convolutional", trunk_width=trunk_width,
        cluster_assignment="hard" if colour else "soft",
        decoder="shuffle", critic="unshuffled", critic_conditional=True, critic_width=48 if colour else 32,
        critic_hidden=128, reconstructor="degradation", density="logistic_mixture", density_components=16,
    )  # fmt: skip


def _recipe_stages(
    trunk_steps: int, code_steps: int, colour: bool, batch: int = 256
) -> tuple[StageConfig, ...]:
    """Trunk on X, code with heads, calibration, then decoder against critic and classifiers."""
    off = {"reconstruction_weight": 0.0, "critic_weight": 0.0, "label_weight": 0.0}
    return (
        StageConfig(
            "trunk", "train", ("encoder.trunk",), {**off, "trunk_weight": 1.0, "trunk_smoothing": 0.02},
            {
                "steps": trunk_steps, "batch_size": min(batch, 128) if colour else batch,
                "learning_rate": 2e-3,
                "ramp_steps": trunk_steps // 6, "decay_fraction": 0.85, "weight_decay": 0.03, "momentum": 0.9,
                "ema_decay": 0.0, "source_views": 12 if colour else 10, "source_augmentation": True,
            },
        ),
        StageConfig(
            "code", "train", ("encoder.style", "encoder.places", "density", "heads"),
            {
                **off, "code_label_weight": 30.0, "code_source_weight": 0.3, "rate_weight_start": 0.3,
                "rate_weight_maximum": 200.0, "rate_step": 0.01, "rate_proportional": 1.0, "rate_sharp": True,
                "rate_penalty": 10.0,
            },
            {
                "steps": code_steps, "batch_size": batch, "learning_rate": 1e-3,
                "density_learning_rate": 1e-2,
                "ramp_steps": 100, "decay_fraction": 0.6, "momentum": 0.9, "ema_decay": 0.0,
                "warmup_steps": 100, "prefit_steps": 300,
            },
        ),
        StageConfig("calibration", "calibration"),
        StageConfig("decoder", "train", ("decoder", "reconstructor")),
    )  # fmt: skip
