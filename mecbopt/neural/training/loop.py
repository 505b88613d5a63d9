"""One stage's steps: critic steps, one step of the parts that the stage trains, average, multipliers.

A step reads its random numbers, its step sizes and its flags from tensors that are filled for `CHUNK` steps
at once.  On a GPU it is therefore always the same sequence of kernels, which is recorded once as a CUDA graph
and replayed: the networks are so small that starting kernels one by one would take most of the time.
"""

from __future__ import annotations

import contextlib
import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from mecbopt.neural import streams
from mecbopt.neural.config import Config, StageConfig
from mecbopt.neural.errors import TrainingError
from mecbopt.neural.model.coupling import CouplingModel, TrainingNoise, training_noise
from mecbopt.neural.objectives.losses import CriticObjective, GeneratorObjective
from mecbopt.neural.objectives.terms import TERMS
from mecbopt.neural.training.distributed import World
from mecbopt.neural.training.multiplier import Multiplier
from mecbopt.neural.training.parts import choose, encoder_moves, trunk_moves
from mecbopt.neural.training.tasks import Task

__all__ = ["CHUNK", "StageLoop"]

#: Steps whose random numbers are drawn together; a function of nothing else, since resumed runs redraw them.
CHUNK = 32
#: Steps that a GPU takes one by one before it records one.
_WARM_STEPS = 3


class StageLoop:
    """The optimisation of one stage.

    Parameters
    ----------
    task : Task
    config : Config
        As it holds during the stage.
    stage : StageConfig
    number : int
        Of the stage; part of the seed of its random numbers.
    model, averaged, critic, label_model, heads : Module
        The trainer's; the stage moves what it trains.
    world : World
    """

    def __init__(
        self,
        task: Task,
        config: Config,
        stage: StageConfig,
        number: int,
        modules: dict[str, Any],
        world: World,
    ) -> None:
        self.task, self.config, self.stage, self.number, self.world = task, config, stage, number, world
        self.model: CouplingModel = modules["model"]
        self.averaged: CouplingModel = modules["averaged"]
        self.critic: nn.Module = modules["critic"]
        label_model: nn.Module = modules["label_model"]
        objective, settings, device = config.objective, config.optimisation, world.device
        joint = label_model if objective.label_training == "joint" else None
        for module in (self.model, self.critic, modules["heads"]):
            if module is not None:
                module.train()
        self.trained = choose(self.model, modules["heads"], joint, stage.trains)
        moves = encoder_moves(self.model)
        holds_rate = moves or any(item.requires_grad for item in self.model.density.parameters())
        # A trunk that is being trained on its own has no code whose rate could be held.
        holds_rate = holds_rate and not (objective.trunk_weight > 0 and len(stage.trains) == 1)
        self.generator = GeneratorObjective(
            self.model, self.critic, label_model, modules["heads"], task.fidelity, objective, holds_rate
        )
        self.adversarial = objective.critic_weight > 0
        self.conditional = self.adversarial and getattr(self.critic, "cells", None) is not None
        self._generator_loss = world.wrapped(self.generator)
        penalty = CriticObjective(self.critic, objective.gradient_penalty, settings.penalty_share)
        self._critic_loss = world.wrapped(penalty) if self.adversarial else penalty
        self.optimisers = self._optimisers()
        self.rate = Multiplier(
            objective.target_rate, objective.rate_weight_start, objective.rate_weight_maximum,
            objective.rate_step, objective.rate_proportional, device,
        )  # fmt: skip
        limited = objective.label_limit > 0
        self.label = Multiplier(
            objective.label_limit or 1.0, objective.label_weight, objective.rate_weight_maximum * 10.0,
            objective.label_step if limited else 0.0, objective.rate_proportional if limited else 0.0, device,
        )  # fmt: skip
        start, stop = world.rows(settings.batch_size)
        self.rows = slice(start, stop)
        self.pool = task.pool(config, self.model, device, not trunk_moves(self.model), not moves)
        self.rounds = (settings.critic_steps if self.adversarial else 0) + 1
        self.step = 0
        self._slots: dict[str, Tensor] = {}
        self._position = torch.zeros(1, dtype=torch.int64, device=device)
        self._terms = torch.zeros(CHUNK, len(self.names), device=device)
        self._one = torch.ones((), device=device)
        #: Why a step could not be recorded, if it could not.
        self.unrecorded = ""
        self._seen: Tensor | None = None
        self._event: torch.cuda.Event | None = None
        self.flushed = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._pairs = [
            (old, new)
            for (_, old), (_, new) in zip(
                self.averaged.named_parameters(), self.model.named_parameters(), strict=True
            )
            if new.requires_grad
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what a step reports."""
        return (*TERMS, "w1", "rate_weight", "label_weight")

    @property
    def steps(self) -> int:
        """How many steps the stage has."""
        return self.config.optimisation.steps

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.config.optimisation
        density = [item for name, item in self.trained.items() if name.startswith("density.")]
        others = [item for name, item in self.trained.items() if not name.startswith("density.")]
        groups = [
            {"params": params, "base": base}
            for params, base in ((others, settings.learning_rate), (density, settings.density_learning_rate))
            if params
        ]
        critic = [{"params": list(self.critic.parameters()), "base": settings.critic_learning_rate}]
        # beta1 = 0.5 and beta2 = 0.9: the usual choice beside a gradient penalty (Gulrajani et al. 2017).
        made = {"generator": self._adam(groups, (settings.momentum, 0.9 if self.adversarial else 0.99))}
        if self.adversarial:
            made["critic"] = self._adam(critic, (settings.momentum, 0.9))
        return made

    def _adam(self, groups: list[dict[str, Any]], betas: tuple[float, float]) -> torch.optim.Optimizer:
        on_gpu = self.world.device.type == "cuda"
        decay = self.config.optimisation.weight_decay
        for group in groups:
            # A tensor on a GPU, so that a recorded step reads the current size.
            group["lr"] = torch.tensor(group["base"], device=self.world.device) if on_gpu else group["base"]
        options: dict[str, Any] = {"betas": betas, "fused": True, "capturable": on_gpu}
        if decay > 0:
            return torch.optim.AdamW(groups, weight_decay=decay, **options)
        return torch.optim.Adam(groups, **options)

    def _load(self) -> None:
        """Random numbers, step sizes and flags of the chunk that holds the current step."""
        settings, runtime = self.config.optimisation, self.config.runtime
        chunk = self.step // CHUNK
        purpose = f"stage {self.number} {self.stage.name}"
        generator = streams.generator(runtime.seed, purpose, chunk)
        size, device = settings.batch_size, self.world.device
        fresh = dict(self.pool.draws(generator, CHUNK, self.rounds, size))
        fresh["mix"] = torch.rand(CHUNK, self.rounds, size, generator=generator)
        noises = [
            training_noise(self.config.model, size, generator, settings.quasi_random)
            for _ in range(CHUNK * self.rounds)
        ] if settings.quasi_random else None  # fmt: skip
        if noises is None:
            whole = training_noise(self.config.model, CHUNK * self.rounds * size, generator)
            uniform, decoder = whole.uniform, whole.decoder
        else:
            decoder = torch.cat([noise.decoder for noise in noises])
            uniform = (
                None if noises[0].uniform is None
                else torch.cat([noise.uniform for noise in noises if noise.uniform is not None])
            )  # fmt: skip
        fresh["decoder"] = decoder.reshape(CHUNK, self.rounds, size, -1)
        if uniform is not None:
            fresh["uniform"] = uniform.reshape(CHUNK, self.rounds, size, -1)
        first = chunk * CHUNK
        fresh["schedule"] = torch.tensor([self._schedule(first + index) for index in range(CHUNK)])
        for name, value in fresh.items():
            if device.type == "cuda":
                value = value.pin_memory()
            if name in self._slots:
                self._slots[name].copy_(value, non_blocking=True)
            else:
                self._slots[name] = value.to(device, non_blocking=True)
        self._position.fill_(self.step % CHUNK)

    def _schedule(self, step: int) -> list[float]:
        """(factor of the step sizes, new share of the average, multiplier active, share of the stage)."""
        settings = self.config.optimisation
        start = settings.steps * (1.0 - settings.decay_fraction)
        share = min(1.0, max(0.0, (step - start) / max(1.0, settings.steps - start)))
        factor = 0.5 * (1.0 + math.cos(math.pi * share)) * 0.98 + 0.02
        if settings.ramp_steps:
            factor *= min(1.0, (step + 1) / settings.ramp_steps)
        # The average's decay grows with the step, so that the start leaves no trace in short runs.
        decay = min(settings.ema_decay, (1.0 + step) / (10.0 + step))
        return [factor, 1.0 - decay, float(step >= settings.warmup_steps), step / settings.steps]

    def advance(self) -> None:
        """Take one step; on a GPU this returns before the step is done."""
        if self.step % CHUNK == 0 or not self._slots:
            self._load()
        on_gpu = self.world.device.type == "cuda"
        recorded = on_gpu and self.config.runtime.graphs and self.world.size == 1 and not self.unrecorded
        if not recorded:
            self._set_step_sizes(self._schedule(self.step)[0])
            self._body()
        elif self._graph is not None:
            self._graph.replay()
        else:
            self._body()
            if self.step + 1 >= _WARM_STEPS and (self.step + 1) % CHUNK != 0:
                self._record()
        self.step += 1

    def _record(self) -> None:
        """Record a step without taking it; where that fails, steps go on one kernel at a time."""
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        stream = torch.cuda.current_stream()
        own = None if stream == torch.cuda.default_stream() else stream
        try:
            with torch.cuda.graph(graph, stream=own, capture_error_mode="thread_local"):
                self._body()
        except RuntimeError as error:
            self.unrecorded = f"{type(error).__name__}: {error}"
            return
        self._graph = graph

    def _set_step_sizes(self, factor: float | Tensor) -> None:
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].copy_(group["base"] * torch.as_tensor(factor))
                else:
                    group["lr"] = group["base"] * float(factor)

    def _body(self) -> None:
        """One step, on the device alone."""
        draw = {name: slot.index_select(0, self._position).squeeze(0) for name, slot in self._slots.items()}
        factor, new_share, active, share = draw.pop("schedule").unbind()
        if self.world.device.type == "cuda":
            self._set_step_sizes(factor)
        if "rate" in self.generator.active:
            self.model.density.sharpen(share)
        distance = torch.zeros((), device=self.world.device)
        for parameter in self.critic.parameters():
            parameter.requires_grad_(True)
        for index in range(self.rounds - 1):
            distance = self._critic_step({name: value[index] for name, value in draw.items()})
        for parameter in self.critic.parameters():
            parameter.requires_grad_(False)
        last = {name: value[-1] for name, value in draw.items()}
        weights = [self.rate.weight_tensor(active).float(), self.label.weight_tensor(self._one).float()]
        terms, watched = self._generator_step(last, weights)
        reported = self.world.mean(torch.cat([terms, torch.stack([watched, distance])]))
        if "rate" in self.generator.active:
            self.rate.observe(reported[-2], active)
        if self.config.objective.label_limit > 0:
            self.label.observe(reported[list(TERMS).index("label")], active)
        if self._pairs and self.config.optimisation.ema_decay > 0:
            self._average(new_share)
        row = torch.cat([reported[:-2], reported[-1:], torch.stack(weights)])
        self._terms.index_copy_(0, self._position, row.unsqueeze(0))
        self._position.add_(1)

    def _noise(self, draw: dict[str, Tensor]) -> TrainingNoise:
        uniform = draw["uniform"][self.rows] if "uniform" in draw else None
        return TrainingNoise(uniform, draw["decoder"][self.rows])

    def _critic_step(self, draw: dict[str, Tensor]) -> Tensor:
        batch, noise = self.pool.batch(draw, self.rows), self._noise(draw)
        state = self.generator.forward_pass(batch, noise)
        with torch.no_grad(), self._precision():
            fake = state.output
            cells = state.cells if self.conditional else None
        clean = self.pool.clean(draw, self.rows, cells)
        with self._precision():
            loss, distance = self._critic_loss(clean, fake, draw["mix"][self.rows], cells)
        optimiser = self.optimisers["critic"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        found: Tensor = distance
        return found

    def _generator_step(self, draw: dict[str, Tensor], weights: list[Tensor]) -> tuple[Tensor, Tensor]:
        batch, noise = self.pool.batch(draw, self.rows), self._noise(draw)

        def view(output: Tensor) -> Tensor:
            return self.pool.view(draw, self.rows, output)

        with self._precision():
            loss, terms, watched = self._generator_loss(batch, noise, view, *weights)
        optimiser = self.optimisers["generator"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return terms, watched

    @torch.no_grad()
    def _average(self, share: Tensor) -> None:
        old, new = [pair[0] for pair in self._pairs], [pair[1].detach() for pair in self._pairs]
        moves = torch._foreach_sub(new, old)
        torch._foreach_mul_(moves, share)
        torch._foreach_add_(old, moves)

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        enabled = self.config.runtime.mixed_precision == "bfloat16"
        return torch.autocast(self.world.device.type, dtype=torch.bfloat16, enabled=enabled)

    def flush(self) -> None:
        """Start copying the terms of the current chunk to the host, without waiting."""
        on_gpu = self.world.device.type == "cuda"
        if self._seen is None:
            self._seen = torch.zeros(self._terms.shape, pin_memory=on_gpu)
        self._seen.copy_(self._terms, non_blocking=True)
        self.flushed = self.step
        if on_gpu:
            self._event = torch.cuda.Event()
            self._event.record()

    def reported(self, count: int) -> list[dict[str, float]]:
        """Terms of the last `count` steps before the latest `flush`, all of one chunk; waits for them.

        Raises
        ------
        TrainingError
            A term is not finite.
        """
        if self._event is not None:
            self._event.synchronize()
        if self._seen is None:
            return []
        last = (self.flushed - 1) % CHUNK
        rows = self._seen[last - count + 1 : last + 1].tolist()
        named = [dict(zip(self.names, row, strict=True)) for row in rows]
        for index, entry in enumerate(named):
            if not all(math.isfinite(value) for value in entry.values()):
                raise TrainingError(
                    f"stage {self.stage.name}, step {self.flushed - count + index}: {entry}: a term is not "
                    "finite; lower optimisation.learning_rate or objective.critic_weight."
                )
        return named

    @torch.no_grad()
    def settle(self) -> None:
        """Bring the average up to date with what has none of its own."""
        if self.config.optimisation.ema_decay == 0:
            for old, new in self._pairs:
                old.copy_(new)
        live = dict(self.model.named_buffers())
        for name, buffer in self.averaged.named_buffers():
            buffer.copy_(live[name])

    @torch.no_grad()
    def hand_on(self) -> None:
        """Let the next stage start from the averaged weights."""
        for old, new in self._pairs:
            new.copy_(old)
        self._graph = None

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps beside weights and optimisers."""
        return {"rate": self.rate.state(), "label": self.label.state()}


def averaged_copy(model: CouplingModel) -> CouplingModel:
    """A copy that is never trained, in evaluation mode: its trunk's batch statistics stay those of training.

    In training mode a calibration would see each image's code depend on its neighbours, fit the density to
    such codes, and change the statistics that the finished model codes by.
    """
    copied = copy.deepcopy(model)
    copied.requires_grad_(False)
    return copied.eval()
