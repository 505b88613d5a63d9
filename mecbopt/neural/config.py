"""Settings of a training run: frozen dataclasses, read from TOML, changed by `section.key=value`.

Every setting that shapes the model or its training stands here and travels with the checkpoint and the model
file.  Where the data lie on this machine does not (it is an argument, `root`).
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mecbopt.neural.errors import ConfigError

__all__ = [
    "Config",
    "DataConfig",
    "ModelConfig",
    "ObjectiveConfig",
    "OptimisationConfig",
    "RuntimeConfig",
]


@dataclass(frozen=True)
class DataConfig:
    """What is learned from.

    `train_limit` and `test_limit` cut the splits (0: all); `validation_count` images are held out of the
    training split for calibrating the rate and for early figures.
    """

    dataset: str = "digits"
    degradation: str = "area_x2"
    split_seed: int = 0
    validation_count: int = 200
    train_limit: int = 0
    test_limit: int = 0


@dataclass(frozen=True)
class ModelConfig:
    """Shape of the model.

    `latents` is the dimension d of f(x); `dither_levels` the number of values of the dither in one unit cell;
    `common_randomness` switches dither and shared noise on or off together; `noise_dimensions` counts further
    uniform noise values given to the decoder (shared with the encoder's side through the seed when
    `common_randomness` is on, private to the decoder when it is off); `width` scales the convolutions,
    `hidden` the fully connected layers; `decoder` is "convolutional" or "dense";
    `density` is "monotone" (non-parametric) or "logistic_mixture" (for latents with atoms).
    """

    latents: int = 8
    dither_levels: int = 64
    common_randomness: bool = True
    noise_dimensions: int = 0
    width: int = 16
    hidden: int = 128
    critic_width: int = 16
    decoder: str = "convolutional"
    density: str = "monotone"


@dataclass(frozen=True)
class ObjectiveConfig:
    """Weights of the loss of theory section 7, all terms in bits except W1 and the fidelity (pixel units).

    `label_limit` > 0 replaces the fixed `label_weight` by dual ascent on CE <= label_limit (bits).
    `label_training` is "frozen" (classifiers trained beforehand on clean data) or "joint" (the classifier is
    trained together with the decoder; sound only where it cannot collude, as on discrete alphabets).
    `rate_penalty` weighs (rate - target)^2 / (2 target), the quadratic term of an augmented Lagrangian: where
    information grows convexly with the rate, no multiplier alone holds a rate between none and all.
    """

    target_rate: float = 6.0
    reconstruction_weight: float = 1.0
    critic_weight: float = 2.0
    label_weight: float = 2.0
    label_limit: float = 0.0
    label_training: str = "frozen"
    fidelity_weight: float = 0.0
    gradient_penalty: float = 10.0
    rate_weight_start: float = 0.05
    rate_weight_maximum: float = 20.0
    rate_step: float = 0.02
    rate_proportional: float = 2.0
    rate_penalty: float = 0.0


@dataclass(frozen=True)
class OptimisationConfig:
    """Steps, batches and step sizes.

    The first `warmup_steps` keep the rate weight at its start value; the learning rates fall by a half cosine
    over the last `decay_fraction` of the steps.  `refit_steps` fit the density once more to the averaged
    model, `prefit_steps` to the first encoder, before any other step.  With `quasi_random` the dithers and
    noises of a batch are a randomly shifted Sobol sequence, each still uniform, in place of independent ones.
    """

    steps: int = 1000
    batch_size: int = 64
    critic_steps: int = 2
    learning_rate: float = 1e-3
    critic_learning_rate: float = 5e-4
    density_learning_rate: float = 1e-2
    ema_decay: float = 0.99
    warmup_steps: int = 200
    decay_fraction: float = 0.5
    prefit_steps: int = 0
    refit_steps: int = 300
    quasi_random: bool = False
    classifiers: int = 2
    classifier_epochs: float = 2.0
    augmentation_shift: int = 1
    augmentation_noise: float = 0.05


@dataclass(frozen=True)
class RuntimeConfig:
    """How the run is carried out; `threads` fixes the order of sums on CPU and so is part of the record.

    One thread is the default: the small networks gain little from a second, and on a busy machine two threads
    wait for each other.

    `mixed_precision` is "" or "bfloat16"; `compile_backend` is "" or a torch.compile backend.
    """

    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    mixed_precision: str = ""
    compile_backend: str = ""
    checkpoint_every: int = 500
    log_every: int = 50
    tensorboard: bool = False


_POSITIVE = {
    "latents", "dither_levels", "width", "hidden", "critic_width", "steps", "batch_size", "critic_steps",
    "learning_rate", "critic_learning_rate", "density_learning_rate", "target_rate", "rate_weight_maximum",
    "threads", "checkpoint_every", "log_every", "validation_count",
}  # fmt: skip
_CHOICES = {
    "label_training": ("frozen", "joint"),
    "mixed_precision": ("", "bfloat16"),
    "decoder": ("convolutional", "dense"),
    "density": ("monotone", "logistic_mixture"),
}


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Examples
    --------
    >>> Config().updated(["objective.target_rate=4", "model.latents=6"]).model.latents
    6
    """

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    optimisation: OptimisationConfig = field(default_factory=OptimisationConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)

    def __post_init__(self) -> None:
        for section in fields(self):
            for item in fields(getattr(self, section.name)):
                _validate(
                    f"{section.name}.{item.name}", item, getattr(getattr(self, section.name), item.name)
                )

    def updated(self, overrides: Iterable[str]) -> Config:
        """The settings with `section.key=value` overrides applied, values in TOML syntax or bare words."""
        tree = self.to_dict()
        for override in overrides:
            path, separator, text = override.partition("=")
            section, dot, key = path.strip().partition(".")
            if not separator or not dot:
                raise ConfigError(f"override {override!r}: write section.key=value, such as model.latents=8.")
            if section not in tree or key not in tree[section]:
                raise ConfigError(f"override {override!r}: there is no setting {path!r}; {_known(section)}.")
            tree[section][key] = _parsed(text.strip())
        return Config.from_dict(tree)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Config:
        """The settings from nested plain values; settings that are left out keep their defaults."""
        known = {item.name: item.default_factory for item in fields(cls)}
        sections: dict[str, Any] = {}
        for section, values in tree.items():
            if section not in known:
                raise ConfigError(
                    f"settings hold a section {section!r}: the sections are {', '.join(known)}."
                )
            if not isinstance(values, Mapping):
                raise ConfigError(f"section {section!r} is {values!r}: give a table of settings.")
            kind: Any = known[section]
            names = {item.name: item for item in fields(kind)}
            for key in values:
                if key not in names:
                    raise ConfigError(f"there is no setting {section}.{key}; {_known(section)}.")
            sections[section] = kind(
                **{key: _cast(f"{section}.{key}", names[key], value) for key, value in values.items()}
            )
        return cls(**sections)

    @classmethod
    def read(cls, path: str | Path) -> Config:
        """The settings from a TOML file."""
        try:
            with Path(path).open("rb") as file:
                return cls.from_dict(tomllib.load(file))
        except OSError as error:
            raise ConfigError(
                f"settings file {path}: {error.strerror}; give a readable TOML file."
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"settings file {path} is not TOML: {error}.") from error

    def to_toml(self) -> str:
        """The settings as TOML text, one section a table."""
        lines = []
        for section, values in self.to_dict().items():
            lines += [f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]
        return "\n".join(lines)


def _known(section: str) -> str:
    sections = {item.name: item.default_factory for item in fields(Config)}
    if section not in sections:
        return f"the sections are {', '.join(sections)}"
    kind: Any = sections[section]
    return f"section {section} has {', '.join(item.name for item in fields(kind))}"


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word is a string: data.dataset=mnist


def _cast(name: str, item: dataclasses.Field[Any], value: Any) -> Any:
    wanted = {"int": int, "float": float, "bool": bool, "str": str}[str(item.type)]
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise ConfigError(f"{name} is {value!r}: it must be of type {item.type}.")
    return value


def _validate(name: str, item: dataclasses.Field[Any], value: Any) -> None:
    _cast(name, item, value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} is {value}: it must be finite.")
    if item.name in _POSITIVE and not value > 0:
        raise ConfigError(f"{name} is {value}: it must be positive.")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        raise ConfigError(f"{name} is {value}: it must not be negative.")
    if item.name in _CHOICES and value not in _CHOICES[item.name]:
        raise ConfigError(f"{name} is {value!r}: choose one of {', '.join(map(repr, _CHOICES[item.name]))}.")
    if item.name == "ema_decay" and not value < 1:
        raise ConfigError(f"{name} is {value}: it must be below 1.")
    if item.name == "decay_fraction" and value > 1:
        raise ConfigError(f"{name} is {value}: it must be at most 1.")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
