"""Which runs there are: data set, degradation, rate, seed, and what differs from the recipe.

Groups, in order of importance:

- `mnist`: x4 super-resolution (bicubic without antialiasing) at eight rates, with two more seeds at 4, 8, 16;
- `svhn`: denoising at five rates;
- `area`: MNIST averaged over 4 x 4 pixels, at 4 and 16;
- `baseline`: the predecessor's setting in this code (in-loop classifier, bounded levels, no entropy model,
MSE);
- `ablation`: one change each at 8 bits on MNIST, and the fidelity term on SVHN;
- `search`: weights of the loss, to be compared on held-out images (`--split validation`), never on test.

Trunks are runs of their own, shared between the rates of a data set and seed.  So are the codes of the
groups `ablation` and `search`: what changes the decoder's stage alone is compared on one and the same code.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from mecbopt.neural.config import Config, StageConfig
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.presets import latents_for, preset

__all__ = ["GROUPS", "Run", "chosen", "manifest"]

GROUPS = ("trunk", "code", "mnist", "svhn", "area", "baseline", "ablation", "search")

MNIST_RATES = (4.0, 8.0, 16.0, 2.0, 3.0, 6.0, 12.0, 32.0)
SEEDED_RATES = (4.0, 8.0, 16.0)
SVHN_RATES = (4.0, 8.0, 16.0, 24.0, 32.0)
#: Below this rate the classes themselves do not fit: places are learned, and the critic cannot know the
#: class.
CLASS_ENTROPY = 3.4


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    name, group : str
    config : Config
    trunk : str
        Name of the run whose trunk is taken over; empty for none.
    evaluated : str
        "whole", "short" (rate, judges, distances of laws), or "" (a trunk or a code).
    code : str
        Name of the run whose calibrated code (encoder, density, gain) is taken over; empty for none.
    """

    name: str
    group: str
    config: Config
    trunk: str = ""
    evaluated: str = "whole"
    code: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the runs that must be finished before this one."""
        return tuple(name for name in (self.trunk, self.code) if name)


def manifest(profile: str = "small", decoder_steps: int = 0) -> list[Run]:
    """All runs, the most important first; `profile` is a preset, `decoder_steps` changes its length."""
    runs = [_trunk(profile, "mnist", "bicubic_x4", seed) for seed in range(3)]
    runs += [_trunk(profile, "svhn", "gaussian_20", 0), _trunk(profile, "mnist", "area_x4", 0)]
    base = {
        (dataset, degradation): _shortened(preset(profile, dataset), degradation, decoder_steps)
        for dataset, degradation in (("mnist", "bicubic_x4"), ("svhn", "gaussian_20"), ("mnist", "area_x4"))
    }
    mnist, svhn, area = base.values()
    runs += [_code(mnist, rate) for rate in SEEDED_RATES] + [_code(svhn, rate) for rate in (8.0, 16.0, 32.0)]
    runs += [_rated("mnist", mnist, rate, 0) for rate in SEEDED_RATES]
    runs += [_rated("svhn", svhn, rate, 0) for rate in SVHN_RATES]
    runs += [_rated("mnist", mnist, rate, 0) for rate in MNIST_RATES if rate not in SEEDED_RATES]
    runs += [_rated("mnist", mnist, rate, seed) for seed in (1, 2) for rate in SEEDED_RATES]
    runs += [_rated("area", area, rate, 0) for rate in (4.0, 16.0)]
    runs += [_baseline("mnist", mnist, rate) for rate in MNIST_RATES]
    runs += [_baseline("svhn", svhn, rate) for rate in SVHN_RATES]
    return runs + _ablations(mnist, svhn) + _search(mnist, svhn)


def chosen(runs: list[Run], only: tuple[str, ...]) -> list[Run]:
    """The runs whose name or group is given (all without any), with the trunks that they need, in order.

    Raises
    ------
    ConfigError
        A name that is neither.
    """
    known = {run.name for run in runs} | {run.group for run in runs}
    for name in only:
        if name not in known:
            raise ConfigError(
                f"--only {name}: give a group ({', '.join(GROUPS)}) or the name of a run (--list shows them)."
            )
    wanted = [run for run in runs if not only or run.name in only or run.group in only]
    needed = {run.name for run in wanted}
    for run in reversed(runs):  # what a run needs stands before it
        if run.name in needed:
            needed.update(run.needs)
    return [run for run in runs if run.name in needed]


def _shortened(config: Config, degradation: str, decoder_steps: int) -> Config:
    changes = [f"data.degradation={degradation}"]
    if decoder_steps:
        changes.append(f"optimisation.steps={decoder_steps}")
    return config.updated(changes)


def _named(dataset: str, degradation: str) -> str:
    return "area" if degradation == "area_x4" else dataset


def _trunk(profile: str, dataset: str, degradation: str, seed: int) -> Run:
    config = preset(profile, dataset).updated([f"data.degradation={degradation}", f"runtime.seed={seed}"])
    stages = tuple(stage for stage in config.stages if stage.trains == ("encoder.trunk",))
    name = f"{_named(dataset, degradation)}_trunk_s{seed}"
    return Run(name, "trunk", dataclasses.replace(config, stages=stages), evaluated="")


def _without_trunk(config: Config) -> Config:
    kept = tuple(stage for stage in config.stages if stage.trains != ("encoder.trunk",))
    return dataclasses.replace(config, stages=kept)


def _code(config: Config, rate: float) -> Run:
    """The stages up to the calibration."""
    whole = _without_trunk(at_rate(config, rate))
    dataset = _named(config.data.dataset, config.data.degradation)
    stages = tuple(stage for stage in whole.stages if stage.name != "decoder")
    return Run(
        f"{dataset}_code_r{rate:g}_s0", "code", dataclasses.replace(whole, stages=stages),
        f"{dataset}_trunk_s0", "",
    )  # fmt: skip


def _on_code(name: str, group: str, config: Config) -> Run:
    """A run of the stages after the calibration, on the code of its rate."""
    kept = tuple(stage for stage in config.stages if stage.trains != ("encoder.trunk",))
    first = next(number for number, stage in enumerate(kept) if stage.name == "decoder")
    dataset = _named(config.data.dataset, config.data.degradation)
    code = f"{dataset}_code_r{config.objective.target_rate:g}_s0"
    return Run(name, group, dataclasses.replace(config, stages=kept[first:]), "", "short", code)


def _rated(group: str, config: Config, rate: float, seed: int) -> Run:
    dataset = _named(config.data.dataset, config.data.degradation)
    return Run(
        f"{dataset}_r{rate:g}_s{seed}", group, _without_trunk(at_rate(config, rate, seed)),
        f"{dataset}_trunk_s{seed}",
    )  # fmt: skip


def at_rate(config: Config, rate: float, seed: int = 0) -> Config:
    """The recipe at a rate."""
    changes = [
        f"objective.target_rate={rate}", f"model.latents={latents_for(rate)}", f"runtime.seed={seed}",
    ]  # fmt: skip
    if rate >= 6.0:
        # More of the source gets through: it may be asked for, and the label needs more weight beside it.
        changes += ["objective.reconstruction_weight=0.1", "objective.label_weight=8.0"]
        if config.data.dataset == "mnist":
            # The dither alone makes outputs diverse; chosen on held-out images (group `search`).
            changes += ["objective.reconstruction_weight=0.25", "model.noise_dimensions=0"]
        else:
            # At 8 and .1 the outputs follow the source's blur and neighbouring digits (same group).
            changes += [
                "objective.label_weight=20", "objective.reconstruction_weight=0.03",
                "model.noise_dimensions=0",
            ]  # fmt: skip
            if rate >= 20.0:
                # With more of the source in them, outputs look like neighbouring digits again (same group).
                changes += [f"objective.label_weight={80 if rate >= 28.0 else 40}"]
    if rate < CLASS_ENTROPY:
        changes += ["model.cluster_places=learned", "model.critic_conditional=false"]
    return config.updated(changes)


def _baseline(dataset: str, config: Config, rate: float) -> Run:
    """Bounded levels, no entropy model, MSE, a classifier trained in the loop; one stage of as many steps."""
    # Two levels at the lowest rates, four beyond: rate = latents x log2(levels) either way.
    levels = 2 if rate < 8 or rate % 2 else 4
    latents = round(rate) if levels == 2 else round(rate / 2)
    changed = config.updated(
        [
            f"objective.target_rate={rate}", f"model.latents={latents}", f"model.quantiser_levels={levels}",
            "model.encoder=bounded", "model.density=uniform", "model.common_randomness=false",
            "model.critic_conditional=false", "objective.label_training=joint",
            "objective.reconstruction_weight=0.0", f"objective.fidelity_weight={_MSE_WEIGHT}",
            "objective.rate_weight_start=0.0",
        ]
    )  # fmt: skip
    stages = (StageConfig("joint"),)
    return Run(
        f"baseline_{dataset}_r{rate:g}", "baseline", dataclasses.replace(changed, stages=stages),
        evaluated="short",
    )  # fmt: skip


#: Weight of the squared distance (pixel units) that equals the recipe's information term at its usual scale.
_MSE_WEIGHT = 1.2


def _ablations(mnist: Config, svhn: Config) -> list[Run]:
    """One change each against a reference, all with half the steps of the other runs."""
    mnist, svhn = (
        config.updated([f"optimisation.steps={config.optimisation.steps // 2}"]) for config in (mnist, svhn)
    )
    whole = at_rate(mnist, 8.0)
    changes: dict[str, list[str]] = {
        "reference": [],
        "no_common_randomness": ["model.common_randomness=false"],
        "shared_noise": ["model.noise_dimensions=16"],
        "mse_for_information": [
            "objective.reconstruction_weight=0.0", f"objective.fidelity_weight={_MSE_WEIGHT}",
        ],
        "no_label_term": ["objective.label_weight=0.0"],
        "plain_critic": ["model.critic_conditional=false"],
    }  # fmt: skip
    runs = [
        # Without dithers it is another code; the other changes are the decoder stage's.
        Run(f"ablation_{name}", "ablation", _without_trunk(whole.updated(change)), "mnist_trunk_s0", "short")
        if name == "no_common_randomness"
        else _on_code(f"ablation_{name}", "ablation", whole.updated(change))
        for name, change in changes.items()
    ]
    free = whole.updated(["model.encoder=free", "model.critic_conditional=false"])
    code = next(stage for stage in free.stages if stage.name == "code")
    # Without clusters the whole encoder is trained in the code's stage.
    code = dataclasses.replace(code, trains=("encoder", "density", "heads"))
    stages = tuple(code if stage.name == "code" else stage for stage in _without_trunk(free).stages)
    runs.append(
        Run("ablation_no_trunk", "ablation", dataclasses.replace(free, stages=stages), evaluated="short")
    )
    joint = _without_trunk(whole)
    extra = StageConfig(
        "joint", "train", ("encoder.style", "density", "decoder", "reconstructor"),
        {"rate_weight_start": 0.3, "rate_sharp": True, "rate_penalty": 10.0},
        {"steps": whole.optimisation.steps // 4, "learning_rate": whole.optimisation.learning_rate / 10,
         "critic_learning_rate": whole.optimisation.critic_learning_rate / 4, "decay_fraction": 1.0},
    )  # fmt: skip
    joint = dataclasses.replace(
        joint, stages=(*joint.stages, extra, StageConfig("calibration_after", "calibration"))
    )
    runs.append(_on_code("ablation_joint_fine_tuning", "ablation", joint))
    coloured = at_rate(svhn, 8.0)
    none = coloured.updated(["objective.reconstruction_weight=0.0"])
    runs.append(_on_code("ablation_svhn_reference", "ablation", coloured))
    runs.append(_on_code("ablation_svhn_no_fidelity", "ablation", none))
    return runs


#: What is tried on held-out images: (rate, label weight, information weight, noise dimensions).
_VARIANTS: dict[str, tuple[tuple[float, float, float, int], ...]] = {
    "mnist": (
        (8.0, 8.0, 0.1, 16), (8.0, 8.0, 0.1, 0), (8.0, 8.0, 0.25, 0), (8.0, 8.0, 0.5, 0),
        (16.0, 8.0, 0.1, 16), (16.0, 8.0, 0.1, 0), (16.0, 8.0, 0.25, 0),
        (4.0, 5.0, 0.05, 16), (4.0, 10.0, 0.1, 16),
    ),
    "svhn": (
        (16.0, 8.0, 0.1, 16), (16.0, 8.0, 0.1, 0), (16.0, 20.0, 0.1, 0), (16.0, 20.0, 0.03, 0),
        (8.0, 8.0, 0.1, 16), (8.0, 20.0, 0.1, 0),
        (32.0, 20.0, 0.03, 0), (32.0, 40.0, 0.03, 0), (32.0, 80.0, 0.03, 0), (32.0, 20.0, 0.01, 0),
        (32.0, 40.0, 0.01, 0),
    ),
}  # fmt: skip


def _search(mnist: Config, svhn: Config) -> list[Run]:
    """Variants of the decoder's stage at a few rates."""
    runs = []
    for dataset, config in (("mnist", mnist), ("svhn", svhn)):
        for rate, label, source, noise in _VARIANTS[dataset]:
            changed = at_rate(config, rate).updated(
                [
                    f"objective.label_weight={label}", f"objective.reconstruction_weight={source}",
                    f"model.noise_dimensions={noise}",
                ]
            )  # fmt: skip
            name = f"search_{dataset}_r{rate:g}_l{label:g}_q{source:g}_n{noise}"
            runs.append(_on_code(name, "search", changed))
    return runs
