"""The training loop: critic steps, one step of everything else, average, multipliers, checkpoint.

All randomness is a function of (seed, purpose, step), so a resumed run, a rerun and (up to the order of
sums) a run on several processes are the same run.  On CPU a resumed run and a rerun are equal bit for bit.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from mecbopt.neural import streams
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors
from mecbopt.neural.config import Config
from mecbopt.neural.errors import ConfigError, ModelFileError, TrainingError
from mecbopt.neural.model.coupling import CouplingModel, training_noise
from mecbopt.neural.objectives.losses import TERMS, Batch, CriticObjective, GeneratorObjective
from mecbopt.neural.software import software_record
from mecbopt.neural.training.calibration import estimated_rate, fit_density, set_rate
from mecbopt.neural.training.checkpoint import CHECKPOINT_KIND, optimiser_state, restore_optimiser
from mecbopt.neural.training.distributed import World
from mecbopt.neural.training.multiplier import Multiplier
from mecbopt.neural.training.tasks import Task

__all__ = ["Trainer", "history_json"]

Progress = Callable[[int, int, dict[str, float]], None]


class Trainer:
    """Train a task's coupling model.

    Parameters
    ----------
    task : Task
        Source, target law, label and networks; carries the settings.
    world : World
        This process's place among the processes.
    checkpoint : Path, optional
        Where the state is written every `runtime.checkpoint_every` steps and at the end.
    progress : callable, optional
        Receives (step, steps, terms) after every step.
    """

    def __init__(
        self,
        task: Task,
        world: World | None = None,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.task, self.config = task, task.config
        self.world = world or World(0, 1, torch.device(task.config.runtime.device))
        self.checkpoint, self.progress = checkpoint, progress
        runtime, objective = self.config.runtime, self.config.objective
        torch.set_num_threads(runtime.threads)
        # Initial weights come from a forked global generator: the caller's stays as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.integer_seed(runtime.seed, "weights"))
            self.model = task.model().to(self.world.device)
            self.critic = task.critic().to(self.world.device)
            label_model = task.label_model().to(self.world.device)
        generator = GeneratorObjective(
            self.model, self.critic, label_model, task.fidelity, task.view, objective
        )
        self._generator = generator
        self.averaged = copy.deepcopy(self.model).requires_grad_(False)
        self._generator_loss = self.world.wrapped(generator)
        self._critic_loss = self.world.wrapped(CriticObjective(self.critic, objective.gradient_penalty))
        self._generator_optimiser, self._critic_optimiser = self._optimisers(generator)
        if runtime.compile_backend:
            # In place, so names in the checkpoint stay; the critic is left out, since a compiled graph cannot
            # be differentiated twice, as the gradient penalty does.
            for module in (self.model.encoder, self.model.decoder, self.model.reconstructor):
                module.compile(backend=runtime.compile_backend)
        self.rate = Multiplier(
            objective.target_rate,
            objective.rate_weight_start,
            objective.rate_weight_maximum,
            objective.rate_step,
            objective.rate_proportional,
        )
        self.label = Multiplier(
            objective.label_limit or 1.0,
            objective.label_weight,
            objective.rate_weight_maximum * 10.0,
            objective.rate_step if objective.label_limit > 0 else 0.0,
            objective.rate_proportional if objective.label_limit > 0 else 0.0,
        )
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict[str, float]] = []
        self._board: Any = None

    def _optimisers(self, generator: GeneratorObjective) -> tuple[torch.optim.Adam, torch.optim.Adam]:
        settings = self.config.optimisation
        density = list(self.model.density.parameters())
        ids = {id(parameter) for parameter in density}
        others = [parameter for parameter in generator.parameters() if id(parameter) not in ids]
        groups = [
            {"params": others, "base": settings.learning_rate},
            {"params": density, "base": settings.density_learning_rate},
        ]
        critic = [{"params": list(self.critic.parameters()), "base": settings.critic_learning_rate}]
        # beta1 = 0.5 and beta2 = 0.9: the usual choice beside a gradient penalty (Gulrajani et al. 2017).
        return (
            torch.optim.Adam(groups, lr=settings.learning_rate, betas=(0.5, 0.9), fused=True),
            torch.optim.Adam(critic, lr=settings.critic_learning_rate, betas=(0.5, 0.9), fused=True),
        )

    def run(self, until: int | None = None) -> None:
        """Train up to step `until` (by default the configured number), writing checkpoints."""
        steps = self.config.optimisation.steps if until is None else until
        runtime = self.config.runtime
        if self.step == 0:
            self._prefit()
        while self.step < steps:
            started = time.perf_counter()
            terms = self.train_step()
            self.seconds += time.perf_counter() - started
            if self.step % runtime.log_every == 0 or self.step == steps:
                self._log(terms)
            if self.progress is not None and self.world.is_first:
                self.progress(self.step, steps, terms)
            if self.checkpoint is not None and self.step % runtime.checkpoint_every == 0:
                self.save()
        if self.checkpoint is not None:
            self.save()
        if self._board is not None:
            self._board.flush()

    def _prefit(self) -> None:
        """Fit the density to the first encoder, so that the rate is the code's from the first step on."""
        settings = self.config.optimisation
        fit_density(
            self.model,
            self.task.calibration_sources()[0],
            steps=settings.prefit_steps,
            learning_rate=settings.density_learning_rate,
            seed=self.config.runtime.seed,
        )
        self.model.density.train()

    def train_step(self) -> dict[str, float]:
        """One round: `critic_steps` steps of the critic, then one of encoder, decoder and the rest."""
        settings = self.config.optimisation
        self._set_learning_rates()
        self.model.density.sharpen(self.step / settings.steps)
        rounds = settings.critic_steps + 1
        distance = torch.zeros(())
        self._train_critic_parameters(True)
        for index in range(settings.critic_steps):
            distance = self._critic_step(self.step * rounds + index)
        self._train_critic_parameters(False)
        terms = self._generator_step(self.step * rounds + settings.critic_steps)
        values = self.world.mean(torch.cat([terms, distance.reshape(1).to(terms.device)])).tolist()
        named = dict(zip((*TERMS, "w1"), values, strict=True))
        if not all(math.isfinite(value) for value in values):
            raise TrainingError(
                f"step {self.step}: {named}: a term is not finite; lower optimisation.learning_rate or "
                "objective.critic_weight."
            )
        self._average()
        active = self.step >= settings.warmup_steps
        self.rate.observe(named["rate"], active)
        self.label.observe(named["label"], active)
        self.step += 1
        return named | {"rate_weight": self.rate.weight, "label_weight": self.label.weight}

    def _critic_step(self, number: int) -> torch.Tensor:
        batch, noise = self._inputs(number)
        with torch.no_grad(), self._precision():
            fake, _ = self.model.training_pass(batch.source, noise)
        mix = torch.rand(
            self.config.optimisation.batch_size,
            generator=streams.generator(self.config.runtime.seed, "mix", number),
        )
        start, stop = self.world.rows(len(mix))
        with self._precision():
            loss, distance = self._critic_loss(
                batch.clean, fake.float(), mix[start:stop].to(self.world.device)
            )
        self._critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._critic_optimiser.step()
        return distance

    def _generator_step(self, number: int) -> torch.Tensor:
        batch, noise = self._inputs(number)
        weights = [torch.tensor(item.weight, device=self.world.device) for item in (self.rate, self.label)]
        if self.step < self.config.optimisation.warmup_steps:
            weights[0] = torch.tensor(self.rate.value, device=self.world.device)
        with self._precision():
            loss, terms = self._generator_loss(batch, noise, weights[0], weights[1], self.step)
        self._generator_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._generator_optimiser.step()
        return terms

    def _inputs(self, number: int) -> tuple[Batch, Any]:
        size, seed = self.config.optimisation.batch_size, self.config.runtime.seed
        start, stop = self.world.rows(size)
        device = self.world.device
        batch = Batch(*(part[start:stop].to(device) for part in self.task.batch(number)))
        generator = streams.generator(seed, "noise", number)
        quasi_random = self.config.optimisation.quasi_random
        noise = training_noise(self.config.model, size, generator, quasi_random).rows(start, stop)
        uniform = None if noise.uniform is None else noise.uniform.to(device)
        return batch, noise._replace(uniform=uniform, decoder=noise.decoder.to(device))

    def _precision(self) -> Any:
        enabled = self.config.runtime.mixed_precision == "bfloat16"
        return torch.autocast(self.world.device.type, dtype=torch.bfloat16, enabled=enabled)

    def _train_critic_parameters(self, trained: bool) -> None:
        for parameter in self.critic.parameters():
            parameter.requires_grad_(trained)

    def _set_learning_rates(self) -> None:
        settings = self.config.optimisation
        start = settings.steps * (1.0 - settings.decay_fraction)
        share = min(1.0, max(0.0, (self.step - start) / max(1.0, settings.steps - start)))
        factor = 0.5 * (1.0 + math.cos(math.pi * share)) * 0.98 + 0.02
        for optimiser in (self._generator_optimiser, self._critic_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * factor

    @torch.no_grad()
    def _average(self) -> None:
        # The decay grows with the step, so that the start leaves no trace in short runs.
        decay = min(self.config.optimisation.ema_decay, (1.0 + self.step) / (10.0 + self.step))
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.model.parameters()), 1.0 - decay)

    def _log(self, terms: dict[str, float]) -> None:
        self.history.append({"step": self.step, **terms})
        if self.config.runtime.tensorboard and self.world.is_first and self.checkpoint is not None:
            if self._board is None:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self.checkpoint.parent / "tensorboard"))
            for name, value in terms.items():
                self._board.add_scalar(name, value, self.step)

    def save(self, path: Path | None = None) -> None:
        """Write the whole state (first process only)."""
        target = path or self.checkpoint
        if target is None:
            raise ConfigError("there is no checkpoint path: give one to save().")
        if not self.world.is_first:
            return
        tensors = {f"generator.{name}": value for name, value in self._generator.state_dict().items()}
        tensors |= {f"averaged.{name}": value for name, value in self.averaged.state_dict().items()}
        tensors |= {f"critic.{name}": value for name, value in self.critic.state_dict().items()}
        tensors |= optimiser_state("generator_optimiser", self._generator_optimiser)
        tensors |= optimiser_state("critic_optimiser", self._critic_optimiser)
        record = {
            "config": self.config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "multipliers": {"rate": _plain(self.rate), "label": _plain(self.label)},
            "history": self.history,
            "software": software_record(),
        }
        write_tensors(target, CHECKPOINT_KIND, tensors, record)

    def restore(self, path: Path) -> None:
        """Take up a saved state; every process reads it.

        Raises
        ------
        ModelFileError
            Damaged, or of other settings than this trainer's (the number of steps may differ).
        """
        tensors, record, _ = read_tensors(path, CHECKPOINT_KIND)
        saved = Config.from_dict(record["config"]).to_dict()
        own = self.config.to_dict()
        for section, key in (
            ("optimisation", "steps"),
            ("runtime", "device"),
            ("runtime", "checkpoint_every"),
        ):
            saved[section][key] = own[section][key]
        if saved != own:
            different = [
                f"{section}.{key}" for section in own for key in own[section]
                if own[section][key] != saved[section][key]
            ]  # fmt: skip
            raise ModelFileError(f"{path} was written with other settings of {', '.join(different)}.")
        try:
            self._generator.load_state_dict(_part(tensors, "generator."))
            self.averaged.load_state_dict(_part(tensors, "averaged."))
            self.critic.load_state_dict(_part(tensors, "critic."))
        except RuntimeError as error:
            raise ModelFileError(f"{path}: the weights do not fit these settings.") from error
        restore_optimiser("generator_optimiser", self._generator_optimiser, tensors)
        restore_optimiser("critic_optimiser", self._critic_optimiser, tensors)
        for name, multiplier in (("rate", self.rate), ("label", self.label)):
            value, smoothed = record["multipliers"][name]
            multiplier.value, multiplier.smoothed = value, math.nan if smoothed is None else smoothed
        self.step, self.seconds = int(record["step"]), float(record["seconds"])
        self.history = list(record["history"])

    def calibrated_model(self) -> tuple[CouplingModel, dict[str, float]]:
        """The averaged model with its density fitted and its rate set, and what was reached."""
        settings, seed = self.config.optimisation, self.config.runtime.seed
        model = copy.deepcopy(self.averaged)
        for parameter in model.density.parameters():
            parameter.requires_grad_(True)
        fitting, rating = self.task.calibration_sources()
        fit_density(
            model,
            fitting,
            steps=settings.refit_steps,
            learning_rate=settings.density_learning_rate,
            seed=seed,
        )
        before = estimated_rate(model, rating, seed)
        # Small held-out sets are seen under several dithers: at least 2,000 looks.
        passes = max(1, math.ceil(2000 / len(rating)))
        target = self.config.objective.target_rate
        after = set_rate(model, target, lambda: estimated_rate(model, rating, seed, passes))
        model.eval().requires_grad_(False)
        reached = {
            "target_rate": target,
            "rate_before_calibration": before,
            "held_out_rate": after,
            "gain": float(model.gain),
            "training_seconds": self.seconds,
        }
        return model, reached


def _plain(multiplier: Multiplier) -> list[float | None]:
    value, smoothed = multiplier.state()
    return [value, None if math.isnan(smoothed) else smoothed]


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def history_json(history: list[dict[str, float]]) -> str:
    """The history as JSON text, one entry a line."""
    return "[\n" + ",\n".join(json.dumps(entry) for entry in history) + "\n]\n"
