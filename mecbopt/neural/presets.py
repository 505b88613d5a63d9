"""Named settings: `smoke` proves that everything works, `small` is for a laptop, `full` for a GPU."""

from __future__ import annotations

from mecbopt.neural.config import (
    Config,
    DataConfig,
    ModelConfig,
    ObjectiveConfig,
    OptimisationConfig,
    RuntimeConfig,
)
from mecbopt.neural.data.datasets import DATASETS
from mecbopt.neural.errors import ConfigError

__all__ = ["PRESETS", "preset"]

PRESETS = ("smoke", "small", "full")


def preset(name: str, dataset: str | None = None) -> Config:
    """The settings of that name for that data set (by default `digits` for smoke, else `mnist`).

    >>> preset("smoke").data.dataset
    'digits'
    """
    if name not in PRESETS:
        raise ConfigError(f"preset is {name!r}: choose one of {', '.join(PRESETS)}.")
    dataset = dataset or ("digits" if name == "smoke" else "mnist")
    build = {"smoke": _smoke, "small": _small, "full": _full}[name]
    return build(dataset, DATASETS[dataset].degradation)


def _smoke(dataset: str, degradation: str) -> Config:
    return Config(
        data=DataConfig(dataset=dataset, degradation=degradation, validation_count=200),
        model=ModelConfig(latents=8, dither_levels=64, width=8, hidden=64, critic_width=8),
        objective=ObjectiveConfig(target_rate=6.0),
        optimisation=OptimisationConfig(
            steps=500,
            batch_size=64,
            critic_steps=1,
            warmup_steps=100,
            classifier_epochs=20.0,
            prefit_steps=100,
            refit_steps=200,
        ),
        runtime=RuntimeConfig(checkpoint_every=300, log_every=50),
    )


def _small(dataset: str, degradation: str) -> Config:
    dense = dataset in ("digits", "mnist")
    return Config(
        data=DataConfig(dataset=dataset, degradation=degradation, validation_count=2000),
        model=ModelConfig(
            latents=8, dither_levels=64, width=16, hidden=256, critic_width=16,
            decoder="dense" if dense else "convolutional",
        ),
        objective=ObjectiveConfig(
            target_rate=8.0, reconstruction_weight=0.3, critic_weight=1.0, label_weight=30.0,
            rate_weight_start=0.3, rate_step=0.01, rate_proportional=1.0,
        ),
        optimisation=OptimisationConfig(
            steps=1600, batch_size=128 if dense else 64, critic_steps=2,
            learning_rate=2e-3, warmup_steps=250, ema_decay=0.995, classifiers=2,
            classifier_epochs=1.0, augmentation_shift=1, augmentation_noise=0.1,
            prefit_steps=300, refit_steps=300,
        ),
        runtime=RuntimeConfig(checkpoint_every=500, log_every=50),
    )  # fmt: skip


def _full(dataset: str, degradation: str) -> Config:
    fidelity = 1.0 if degradation.startswith("gaussian") else 0.0
    return Config(
        data=DataConfig(dataset=dataset, degradation=degradation, validation_count=5000),
        model=ModelConfig(latents=32, dither_levels=64, width=64, hidden=512, critic_width=48),
        objective=ObjectiveConfig(target_rate=8.0, fidelity_weight=fidelity),
        optimisation=OptimisationConfig(
            steps=60000, batch_size=256, critic_steps=5, learning_rate=3e-4, critic_learning_rate=3e-4,
            warmup_steps=3000, ema_decay=0.9995, classifiers=3, classifier_epochs=10.0,
            augmentation_shift=2, augmentation_noise=0.15,
            prefit_steps=1000, refit_steps=2000,
        ),
        runtime=RuntimeConfig(
            device="cuda", mixed_precision="bfloat16", compile_backend="inductor", checkpoint_every=2000,
            log_every=100, tensorboard=True,
        ),
    )  # fmt: skip
