"""The trainer: goes through the stages, keeps the average, writes and takes up checkpoints.

All randomness is a function of (seed, stage, step), so a resumed run, a rerun and (up to the order of sums)
a run on several processes are the same run.  On CPU a resumed run and a rerun are equal bit for bit.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mecbopt.neural import streams
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors
from mecbopt.neural.config import Config, StageConfig
from mecbopt.neural.errors import ConfigError, ModelFileError
from mecbopt.neural.model.coupling import CouplingModel
from mecbopt.neural.model.heads import CodeHeads
from mecbopt.neural.registry import Registry
from mecbopt.neural.software import software_record
from mecbopt.neural.training.calibration import calibrated, code_error, fit_density
from mecbopt.neural.training.checkpoint import (
    CHECKPOINT_KIND,
    check_optimiser,
    check_weights,
    optimiser_state,
    restore_optimiser,
    standing,
)
from mecbopt.neural.training.distributed import World
from mecbopt.neural.training.loop import CHUNK, StageLoop, averaged_copy
from mecbopt.neural.training.parts import encoder_moves
from mecbopt.neural.training.refit import refit_distance
from mecbopt.neural.training.tasks import Task

__all__ = ["STAGES", "StageKind", "Trainer", "history_json"]

Progress = Callable[[int, int, dict[str, float]], None]

_WHOLE = StageConfig("joint")


class Trainer:
    """Train a task's coupling model through the stages of its settings; without any, in one stage of all
    parts.

    Parameters
    ----------
    task : Task
        Source, target law, label and networks; carries the settings.
    world : World
        This process's place among the processes.
    checkpoint : Path, optional
        Where the state is written every `runtime.checkpoint_every` steps and at the end.
    progress : callable, optional
        Receives (step, steps, terms) after every step (on a GPU, every few).

    Attributes
    ----------
    step : int
        Steps taken, over all stages.
    reached : dict or None
        What the last calibration reached, while no later stage has moved encoder or density.
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
        runtime = self.config.runtime
        torch.set_num_threads(runtime.threads)
        # Initial weights come from a forked global generator: the caller's stays as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.integer_seed(runtime.seed, "weights"))
            self.model = task.model().to(self.world.device)
            self.critic = task.critic().to(self.world.device)
            self.label_model = task.label_model().to(self.world.device)
            heads = task.heads()
        self.heads: nn.Module | None = None if heads is None else heads.to(self.world.device)
        if runtime.channels_last:
            for module in (self.model, self.critic, self.label_model):
                module.to(memory_format=torch.channels_last)
        self.averaged = averaged_copy(self.model)
        if runtime.compile_backend:
            # In place, so names in the checkpoint stay; the critic is left out, since a compiled graph cannot
            # be differentiated twice, as the gradient penalty does.
            for module in (self.model.encoder, self.model.decoder, self.model.reconstructor):
                module.compile(backend=runtime.compile_backend)
        self.stages = self.config.stages or (_WHOLE,)
        for stage in self.stages:
            STAGES[stage.kind]  # an unknown kind is refused before any work
        self.number = 0
        self.before = 0
        self.reached: dict[str, Any] | None = None
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self._loop: StageLoop | None = None
        self._board: Any = None
        self._unseen = 0
        #: Why steps of some stage could not be recorded on a GPU; empty where they could.
        self.unrecorded = ""

    @property
    def loop(self) -> StageLoop:
        """The optimisation of the current stage."""
        if self._loop is None:
            self._loop = self._made(self.number)
        return self._loop

    def _made(self, number: int) -> StageLoop:
        stage = self.stages[number]
        modules = {
            "model": self.model, "averaged": self.averaged, "critic": self.critic,
            "label_model": self.label_model, "heads": self.heads,
        }  # fmt: skip
        return StageLoop(self.task, self.config.at_stage(stage), stage, number, modules, self.world)

    @property
    def step(self) -> int:
        """Steps taken, over all stages."""
        return self.before + (0 if self._loop is None else self._loop.step)

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(self._steps(stage) for stage in self.stages)

    def _steps(self, stage: StageConfig) -> int:
        return STAGES[stage.kind].steps(self.config.at_stage(stage))

    @property
    def done(self) -> bool:
        """Whether all stages are over."""
        return self.number >= len(self.stages)

    def run(self, until: int | None = None) -> None:
        """Train up to step `until` (by default to the end of the last stage), writing checkpoints."""
        steps = self.steps if until is None else until
        while not self.done and (self.step < steps or (until is None)):
            self.advance(1)
        if self.checkpoint is not None:
            self.save()
        if self._board is not None:
            self._board.flush()

    def advance(self, count: int) -> None:
        """Take up to `count` steps of the current stage; on a GPU without waiting for them."""
        stage = self.stages[self.number]
        STAGES[stage.kind].advance(self, stage, count)

    def train(self, count: int) -> None:
        """Take up to `count` optimisation steps of the current stage."""
        started = time.perf_counter()
        loop = self.loop
        if loop.step == 0:
            self._prefit(loop)
        on_gpu = self.world.device.type == "cuda"
        for _ in range(min(count, loop.steps - loop.step)):
            loop.advance()
            at_chunk = loop.step % CHUNK == 0 or loop.step == loop.steps
            if on_gpu and not at_chunk:
                continue
            # On a GPU the terms of the chunk before are looked at, so that this one is already under way.
            self._report(loop)
            loop.flush()
            self._unseen = (loop.step - 1) % CHUNK + 1 if on_gpu else 1
            if not on_gpu:
                self._report(loop)
            width = CHUNK if on_gpu else 1
            if loop.adversarial and self._due(loop, loop.config.optimisation.critic_refit_every, width):
                self._refit_critic(loop)
            if self.checkpoint is not None and self._due(loop, self.config.runtime.checkpoint_every, width):
                self.seconds += time.perf_counter() - started
                self.save()
                started = time.perf_counter()
        self.seconds += time.perf_counter() - started
        if loop.step >= loop.steps:
            self._report(loop)
            self._finish_stage(loop)

    @staticmethod
    def _due(loop: StageLoop, every: int, width: int) -> bool:
        """Whether something that happens every so many steps (0: never) fell into the last `width` ones."""
        return every > 0 and loop.step % every < width

    def _refit_critic(self, loop: StageLoop) -> None:
        """Let a critic that training has not seen say how far the averaged model is from p_Y."""
        self._report(loop)
        loop.settle()
        distance = refit_distance(
            self.averaged, self.task.calibration_sources(), self.task.clean_samples(),
            seed=streams.integer_seed(self.config.runtime.seed, "refit while training"),
            steps=loop.config.optimisation.critic_refit_steps,
        )  # fmt: skip
        step = self.before + loop.step
        if not self.history or self.history[-1]["step"] != step:
            self._log(step, {})
        self.history[-1]["refit_w1"] = distance

    def _report(self, loop: StageLoop) -> None:
        """Check, log and show the terms that have not been looked at yet."""
        count, self._unseen = self._unseen, 0
        if count == 0:
            return
        every, last = self.config.runtime.log_every, loop.flushed
        entries = loop.reported(count)
        for index, terms in enumerate(entries):
            step = last - count + index + 1
            if step % every == 0 or step == loop.steps:
                self._log(self.before + step, terms)
        if self.progress is not None and self.world.is_first:
            self.progress(self.before + last, self.steps, entries[-1])

    def _finish_stage(self, loop: StageLoop) -> None:
        self.unrecorded = self.unrecorded or loop.unrecorded
        loop.settle()
        if encoder_moves(self.model) or any(item.requires_grad for item in self.model.density.parameters()):
            self.reached = None
        if self.number + 1 < len(self.stages):
            loop.hand_on()
            self.before += loop.steps
            self.number += 1
            self._loop = None
        else:
            self.number += 1  # done; the loop stays for what still looks at it

    def calibrate(self, stage: StageConfig) -> None:
        """Fit the density to the encoder, set the rate, end the stage; live and averaged models take both."""
        model, self.reached = self._calibrated(self.config.at_stage(stage))
        if isinstance(self.heads, CodeHeads):
            held_out = self.task.calibration_sources()[1]
            self.reached["code_source_mse"] = code_error(
                model, self.heads, held_out, self.config.runtime.seed
            )
        with torch.no_grad():
            for target in (self.model, self.averaged):
                target.density.load_state_dict(model.density.state_dict())
                target.gain.copy_(model.gain)
        self.number += 1
        if self.checkpoint is not None:
            self.save()

    def _prefit(self, loop: StageLoop) -> None:
        """Fit the density to the first encoder, so that the rate is the code's from the first step on."""
        settings = loop.config.optimisation
        if settings.prefit_steps == 0 or not any(
            item.requires_grad for item in self.model.density.parameters()
        ):
            return
        fit_density(
            self.model,
            self.task.calibration_sources()[0],
            steps=settings.prefit_steps,
            learning_rate=settings.density_learning_rate,
            seed=self.config.runtime.seed,
        )
        self.model.density.train()

    def _log(self, step: int, terms: dict[str, float]) -> None:
        name = {"stage": self.stages[self.number].name} if len(self.stages) > 1 else {}
        self.history.append({"step": step, **name, **terms})
        if self.config.runtime.tensorboard and self.world.is_first and self.checkpoint is not None:
            if self._board is None:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self.checkpoint.parent / "tensorboard"))
            for key, value in terms.items():
                self._board.add_scalar(key, value, step)

    @property
    def multipliers(self) -> dict[str, Any]:
        """The current stage's multipliers."""
        return {"rate": self.loop.rate, "label": self.loop.label}

    def _modules(self) -> dict[str, nn.Module]:
        parts: dict[str, nn.Module] = {
            "model": self.model, "averaged": self.averaged, "critic": self.critic,
            "label_model": self.label_model,
        }  # fmt: skip
        return parts | ({} if self.heads is None else {"heads": self.heads})

    def save(self, path: Path | None = None) -> None:
        """Write the whole state (first process only)."""
        target = path or self.checkpoint
        if target is None:
            raise ConfigError("there is no checkpoint path: give one to save().")
        if not self.world.is_first:
            return
        tensors = {
            f"{part}.{name}": value
            for part, module in self._modules().items()
            for name, value in module.state_dict().items()
        }
        loop = self._loop
        if loop is not None:
            self._report(loop)
            for name, optimiser in loop.optimisers.items():
                tensors |= optimiser_state(f"optimiser.{name}", optimiser)
        record = {
            "config": self.config.to_dict(),
            "stage": self.number,
            "before": self.before,
            "stage_step": None if loop is None else loop.step,
            "multipliers": None if loop is None else loop.state(),
            "reached": self.reached,
            "seconds": self.seconds,
            "history": self.history,
            "software": software_record(),
        }
        write_tensors(target, CHECKPOINT_KIND, tensors, record)

    def restore(self, path: Path) -> None:
        """Take up a saved state; every process reads it.

        Raises
        ------
        ModelFileError
            Damaged, no state of a training, or of other settings than this trainer's (the number of steps may
            differ).  Record and weights are checked before anything is taken up, the optimisers' state at
            last: a trainer that refused a checkpoint is not to be trained on.
        """
        tensors, record, _ = read_tensors(path, CHECKPOINT_KIND)
        stand = standing(path, record)
        _same_settings(path, stand.config, self.config)
        modules = self._modules()
        for part, module in modules.items():
            check_weights(path, module, part, tensors)
        for part, module in modules.items():
            module.load_state_dict(
                {
                    name[len(part) + 1 :]: value
                    for name, value in tensors.items()
                    if name.startswith(f"{part}.")
                }
            )
        self.before, self.reached = stand.before, stand.reached
        self.seconds, self.history = stand.seconds, stand.history
        # A run that was over goes on in its last stage where that has more steps now.
        self.number = min(stand.stage, len(self.stages) - 1)
        self._loop = None
        if stand.stage_step is not None:
            loop = self.loop
            for name, optimiser in loop.optimisers.items():
                check_optimiser(path, f"optimiser.{name}", optimiser, tensors, stand.stage_step)
            loop.step = stand.stage_step
            for name, optimiser in loop.optimisers.items():
                restore_optimiser(f"optimiser.{name}", optimiser, tensors)
            loop.rate.restore(stand.multipliers["rate"])
            loop.label.restore(stand.multipliers["label"])
            if loop.step < loop.steps:
                return
        self.number = stand.stage

    def start_from(self, path: Path, part: str) -> None:
        """Take a part of the model, such as "encoder.trunk" or "gain", from the checkpoint of another run."""
        tensors, _, _ = read_tensors(path, CHECKPOINT_KIND)
        found = {
            name.removeprefix("averaged."): value
            for name, value in tensors.items()
            if f"{name}.".startswith(f"averaged.{part}.")
        }
        own = self.model.state_dict()
        if not found or any(name not in own or own[name].shape != found[name].shape for name in found):
            raise ModelFileError(f"{path} has no part {part!r} that fits this model's settings.")
        for target in (self.model, self.averaged):
            target.load_state_dict(found, strict=False)

    def take_code(self, path: Path) -> None:
        """Take encoder, density and gain, and what their calibration reached, from another run.

        Raises
        ------
        ModelFileError
            The run is not calibrated, or its code does not fit this model's settings.
        """
        _, record, _ = read_tensors(path, CHECKPOINT_KIND)
        reached = record.get("reached")
        if not isinstance(reached, dict):
            raise ModelFileError(f"{path} holds no calibrated code: let its run go through a calibration.")
        for part in ("encoder", "density", "gain"):
            self.start_from(path, part)
        self.reached = dict(reached)

    def calibrated_model(self) -> tuple[CouplingModel, dict[str, Any]]:
        """The averaged model with its density fitted and its rate set, and what was reached."""
        if self._loop is not None:
            self._loop.settle()
        if self.reached is not None:
            model, reached = copy.deepcopy(self.averaged), self.reached
        else:
            model, reached = self._calibrated(self.config)
        model.eval().requires_grad_(False)
        return model, {**reached, "training_seconds": self.seconds}

    def _calibrated(self, config: Config) -> tuple[CouplingModel, dict[str, Any]]:
        model = copy.deepcopy(self.averaged)
        reached = calibrated(model, *self.task.calibration_sources(), config)
        return model, reached


@dataclass(frozen=True)
class StageKind:
    """What a kind of stage does.

    Attributes
    ----------
    steps : callable
        Settings of the stage -> number of optimisation steps.
    advance : callable
        (trainer, stage, count): go on with the stage, by at most `count` steps; at its end `trainer.number`
        moves to the next stage.
    """

    steps: Callable[[Config], int]
    advance: Callable[[Trainer, StageConfig, int], None]


#: Kinds of stages by name; `STAGES.register(name, StageKind(...))` adds one.
STAGES: Registry[StageKind] = Registry("stages.kind")
STAGES.register(
    "train",
    StageKind(lambda config: config.optimisation.steps, lambda trainer, _, count: trainer.train(count)),
)
STAGES.register(
    "calibration", StageKind(lambda config: 0, lambda trainer, stage, _: trainer.calibrate(stage))
)


def _same_settings(path: Path, saved: Config, own: Config) -> None:
    """Refuse a checkpoint of other settings; steps and what only concerns this machine may differ."""
    trees = [saved.to_dict(), own.to_dict()]
    for tree in trees:
        for section, key in (
            ("optimisation", "steps"), ("runtime", "device"), ("runtime", "checkpoint_every"),
            ("runtime", "graphs"),
        ):  # fmt: skip
            tree[section][key] = None
        for stage in tree["stages"]:
            stage["optimisation"].pop("steps", None)
    if trees[0] == trees[1]:
        return
    different = [
        f"{section}.{key}"
        for section in trees[0]
        if section != "stages"
        for key in trees[0][section]
        if trees[0][section][key] != trees[1][section][key]
    ]
    raise ModelFileError(f"{path} was written with other settings of {', '.join(different) or 'the stages'}.")


def history_json(history: list[dict[str, Any]]) -> str:
    """The history as JSON text, one entry a line."""
    return "[\n" + ",\n".join(json.dumps(entry) for entry in history) + "\n]\n"
