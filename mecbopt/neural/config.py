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
    "StageConfig",
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
    `hidden` the fully connected layers.  The names of networks are those of their registries:

    - `encoder`: "free" (one network); "clusters" (a class trunk that places `clusters` points with spacing
      `cluster_gap` in the first `cluster_dimensions` latents, `cluster_places` "fixed" or "learned",
      `cluster_assignment` "soft" or "hard", and a style network for the others); "bounded" (free, confined to
      `quantiser_levels` integer levels).
    - `trunk`: "convolutional" or "residual", of width `trunk_width`.
    - `decoder`: "convolutional", "dense" or "shuffle" (pixel shuffle).
    - `critic`: "convolutional" or "unshuffled" (on pixel-unshuffled images); `critic_conditional` gives it
      the code's class cell (projection).
    - `reconstructor`: "convolutional", or "degradation" (a linear map that starts as the degradation itself).
    - `density`: "monotone" (non-parametric), "logistic_mixture" (for latents with atoms, of
      `density_components`), or "uniform" (no entropy model: log2 of `quantiser_levels` bits a latent).
    """

    latents: int = 8
    dither_levels: int = 64
    common_randomness: bool = True
    noise_dimensions: int = 0
    width: int = 16
    hidden: int = 128
    critic_width: int = 16
    encoder: str = "free"
    clusters: int = 10
    cluster_dimensions: int = 2
    cluster_gap: float = 2.0
    cluster_sharpness: float = 10.0
    cluster_places: str = "fixed"
    cluster_assignment: str = "soft"
    trunk: str = "convolutional"
    trunk_width: int = 32
    style_hidden: int = 256
    decoder: str = "convolutional"
    critic: str = "convolutional"
    critic_conditional: bool = False
    critic_hidden: int = 128
    reconstructor: str = "convolutional"
    density: str = "monotone"
    density_components: int = 8
    quantiser_levels: int = 2


@dataclass(frozen=True)
class ObjectiveConfig:
    """Weights of the loss of theory section 7, all terms in bits except W1 and the fidelity (pixel units).

    `label_limit` > 0 replaces the fixed `label_weight` by dual ascent on CE <= label_limit (bits), by at most
    `label_step` (relative) a step; `label_penalty` weighs its excess^2 / (2 label_limit), as `rate_penalty`
    does the rate's: with it the multiplier may be slow, and does not overshoot.
    `label_training` is "frozen" (classifiers trained beforehand on clean data) or "joint" (the classifier is
    trained together with the decoder; sound only where it cannot collude, as on discrete alphabets).
    `rate_penalty` weighs (rate - target)^2 / (2 target), the quadratic term of an augmented Lagrangian: where
    information grows convexly with the rate, no multiplier alone holds a rate between none and all.

    Terms beside the paper's, for the stages that precede the full loss: `trunk_weight`, cross-entropy of the
    trunk's logits; `code_label_weight` and `code_source_weight`, cross-entropy of the label and -log q of the
    source from Z + U alone, by temporary heads.  `rate_sharp` lets the multiplier watch the density as it
    will be when finished: blunt atoms overstate the rate in training, and the code then ends below its
    target.
    """

    target_rate: float = 6.0
    reconstruction_weight: float = 1.0
    critic_weight: float = 2.0
    label_weight: float = 2.0
    label_limit: float = 0.0
    label_step: float = 0.02
    label_penalty: float = 0.0
    label_training: str = "frozen"
    fidelity_weight: float = 0.0
    gradient_penalty: float = 10.0
    rate_weight_start: float = 0.05
    rate_weight_maximum: float = 20.0
    rate_step: float = 0.02
    rate_proportional: float = 2.0
    rate_penalty: float = 0.0
    rate_sharp: bool = False
    trunk_weight: float = 0.0
    trunk_smoothing: float = 0.02
    code_label_weight: float = 0.0
    code_source_weight: float = 0.0


@dataclass(frozen=True)
class OptimisationConfig:
    """Steps, batches and step sizes.

    The first `warmup_steps` keep the rate weight at its start value; the learning rates fall by a half cosine
    over the last `decay_fraction` of the steps.  `refit_steps` fit the density once more to the averaged
    model, `prefit_steps` to the first encoder, before any other step.  With `quasi_random` the dithers and
    noises of a batch are a randomly shifted Sobol sequence, each still uniform, in place of independent ones.
    Step sizes rise linearly over `ramp_steps`.  `penalty_share` of each batch feeds the gradient penalty.
    `weight_decay` above 0 turns Adam into AdamW.  `source_views` variants of each training image are kept
    ready: other draws of a noisy degradation and, with `source_augmentation`, small affine motions before it.
    Every `critic_refit_every` steps of a stage with a critic (0: never) a plain critic is fitted afresh, in
    `critic_refit_steps` steps, and what it reads of held-out images goes into the history.
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
    ramp_steps: int = 0
    momentum: float = 0.5
    weight_decay: float = 0.0
    penalty_share: float = 1.0
    source_views: int = 0
    source_augmentation: bool = False
    critic_refit_every: int = 0
    critic_refit_steps: int = 300
    classifiers: int = 2
    classifier_epochs: float = 2.0
    augmentation_shift: int = 1
    augmentation_noise: float = 0.05


@dataclass(frozen=True)
class RuntimeConfig:
    """How the run is carried out; `threads` fixes the order of sums on CPU and so is part of the record.

    One thread is the default: the small networks gain little from a second, and on a busy machine two threads
    wait for each other.

    `mixed_precision` is "" or "bfloat16"; `compile_backend` is "" or a torch.compile backend; `channels_last`
    lays images out channel by channel innermost; `graphs` records a step as a CUDA graph and replays it.
    """

    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    mixed_precision: str = ""
    compile_backend: str = ""
    checkpoint_every: int = 500
    log_every: int = 50
    tensorboard: bool = False
    channels_last: bool = False
    graphs: bool = True


_POSITIVE = {
    "latents", "dither_levels", "width", "hidden", "critic_width", "steps", "batch_size", "critic_steps",
    "learning_rate", "critic_learning_rate", "density_learning_rate", "target_rate", "rate_weight_maximum",
    "threads", "checkpoint_every", "log_every", "validation_count", "clusters", "cluster_dimensions",
    "cluster_gap", "cluster_sharpness", "trunk_width", "style_hidden", "critic_hidden", "density_components",
    "quantiser_levels", "penalty_share", "critic_refit_steps",
}  # fmt: skip
#: Closed choices; the names of networks are open, and looked up in their registries.
_CHOICES = {
    "label_training": ("frozen", "joint"),
    "mixed_precision": ("", "bfloat16"),
    "cluster_places": ("fixed", "learned"),
    "cluster_assignment": ("soft", "hard"),
}
_SHARES = {"decay_fraction", "penalty_share", "momentum"}


@dataclass(frozen=True)
class StageConfig:
    """One stage of a training: which parts move, and what differs from the settings of the run.

    `trains` names parts ("encoder", "encoder.trunk", "density", "decoder", "heads", ...); none means all.
    `objective` and `optimisation` hold the settings that this stage changes.  `kind` is a name of the
    registry of stages: "train", or "calibration" (fit the density, set the rate by the gain).
    """

    name: str
    kind: str = "train"
    trains: tuple[str, ...] = ()
    objective: Mapping[str, Any] = field(default_factory=dict)
    optimisation: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, tree: Any) -> StageConfig:
        """A stage from a table."""
        names = {item.name for item in fields(cls)}
        if not isinstance(tree, Mapping) or "name" not in tree:
            raise ConfigError(f"a stage is {tree!r}: give a table with a name.")
        for key in tree:
            if key not in names:
                raise ConfigError(
                    f"there is no setting stages.{key}; a stage has {', '.join(sorted(names))}."
                )
        trains = tree.get("trains", ())
        if isinstance(trains, str) or not all(isinstance(part, str) for part in trains):
            raise ConfigError(f"stages.trains is {trains!r}: give a list of names of parts.")
        changes = {}
        for section in ("objective", "optimisation"):
            changes[section] = tree.get(section, {})
            if not isinstance(changes[section], Mapping):
                raise ConfigError(f"stages.{section} is {changes[section]!r}: give a table of settings.")
        return cls(
            str(tree["name"]), str(tree.get("kind", "train")), tuple(trains),
            dict(changes["objective"]), dict(changes["optimisation"]),
        )  # fmt: skip


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
    stages: tuple[StageConfig, ...] = ()

    def __post_init__(self) -> None:
        for section in _sections():
            for item in fields(getattr(self, section.name)):
                _validate(
                    f"{section.name}.{item.name}", item, getattr(getattr(self, section.name), item.name)
                )

    def at_stage(self, stage: StageConfig) -> Config:
        """The settings that hold during a stage, itself without stages."""
        tree = self.to_dict() | {"stages": []}
        for section in ("objective", "optimisation"):
            tree[section] = tree[section] | dict(getattr(stage, section))
        return Config.from_dict(tree)

    def updated(self, overrides: Iterable[str]) -> Config:
        """The settings with `section.key=value` overrides applied, values in TOML syntax or bare words."""
        tree = self.to_dict()
        for override in overrides:
            path, separator, text = override.partition("=")
            section, dot, key = path.strip().partition(".")
            if not separator or not dot:
                raise ConfigError(f"override {override!r}: write section.key=value, such as model.latents=8.")
            if section == "stages":
                _update_stage(tree["stages"], override, key, _parsed(text.strip()))
                continue
            if section not in tree or key not in tree[section]:
                raise ConfigError(f"override {override!r}: there is no setting {path!r}; {_known(section)}.")
            tree[section][key] = _parsed(text.strip())
        return Config.from_dict(tree)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, for JSON."""
        tree = {item.name: dataclasses.asdict(getattr(self, item.name)) for item in _sections()}
        return tree | {"stages": [_stage_dict(stage) for stage in self.stages]}

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Config:
        """The settings from nested plain values; settings that are left out keep their defaults."""
        known = {item.name: item.default_factory for item in _sections()}
        sections: dict[str, Any] = {}
        for section, values in tree.items():
            if section == "stages":
                if not isinstance(values, (list, tuple)):
                    raise ConfigError(f"stages is {values!r}: give an array of tables, [[stages]].")
                sections[section] = tuple(StageConfig.from_dict(value) for value in values)
                continue
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
        config = cls(**sections)
        for stage in config.stages:
            config.at_stage(stage)  # settings that a stage names wrongly are refused here, not hours later
        return config

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
        tree = self.to_dict()
        for section, values in tree.items():
            if section != "stages":
                lines += [f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]
        for stage in tree["stages"]:
            lines += ["[[stages]]"]
            lines += [
                f"{key} = {_toml(value)}" for key, value in stage.items() if not isinstance(value, dict)
            ]
            for section in ("objective", "optimisation"):
                if stage[section]:
                    lines += [f"[stages.{section}]"]
                    lines += [f"{key} = {_toml(value)}" for key, value in stage[section].items()]
            lines += [""]
        return "\n".join(lines)


def _sections() -> list[dataclasses.Field[Any]]:
    return [item for item in fields(Config) if item.name != "stages"]


def _stage_dict(stage: StageConfig) -> dict[str, Any]:
    tree = {item.name: getattr(stage, item.name) for item in fields(stage)}
    changes = {name: dict(tree[name]) for name in ("objective", "optimisation")}
    return tree | changes | {"trains": list(stage.trains)}


def _update_stage(stages: list[dict[str, Any]], override: str, path: str, value: Any) -> None:
    """Apply stages.NAME.SECTION.KEY=value."""
    name, _, rest = path.partition(".")
    section, _, key = rest.partition(".")
    chosen = [stage for stage in stages if stage["name"] == name]
    if not chosen:
        names = ", ".join(stage["name"] for stage in stages) or "none"
        raise ConfigError(f"override {override!r}: there is no stage {name!r}; the stages are {names}.")
    if section not in ("objective", "optimisation") or not key:
        raise ConfigError(f"override {override!r}: write stages.{name}.optimisation.steps=100, for instance.")
    for stage in chosen:
        stage[section][key] = value


def _known(section: str) -> str:
    sections = {item.name: item.default_factory for item in _sections()}
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
    if item.name in _SHARES and value > 1:
        raise ConfigError(f"{name} is {value}: it must be at most 1.")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
