"""How fast this machine trains, and whether recorded steps compute what steps taken one by one compute."""

from __future__ import annotations

import dataclasses
import time

import torch

from mecbopt.neural.config import Config
from mecbopt.neural.experiments.manifest import Run
from mecbopt.neural.experiments.runner import Bench
from mecbopt.neural.training.distributed import World
from mecbopt.neural.training.loop import CHUNK
from mecbopt.neural.training.tasks import ImageTask
from mecbopt.neural.training.trainer import Trainer

__all__ = ["recorded_steps_agree", "steps_a_second"]

#: Largest relative difference of a term after one chunk of steps: sums in another order, nothing more.
_AGREEMENT = 0.02


def _decoder_only(config: Config, device: str, graphs: bool) -> Config:
    """The last training stage alone, from random weights: as costly as the real one."""
    last = [stage for stage in config.stages if stage.kind == "train"][-1]
    changed = config.updated([f'runtime.device="{device}"', f"runtime.graphs={str(graphs).lower()}"])
    return dataclasses.replace(changed, stages=(last,))


def _trainer(bench: Bench, config: Config) -> Trainer:
    task = ImageTask(config, bench.dataset(config), bench.fresh_classifiers(config))
    return Trainer(task, World(0, 1, torch.device(bench.device)))


def recorded_steps_agree(bench: Bench, run: Run) -> tuple[bool, str]:
    """(whether they do, what was found): the same steps with and without recording."""
    ends = []
    for graphs in (True, False):
        config = _decoder_only(run.config, bench.device, graphs).updated(["runtime.log_every=1"])
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            trainer = _trainer(bench, config)
            for _ in range(2):
                trainer.advance(CHUNK)
            torch.cuda.synchronize()
            if graphs and trainer.loop.unrecorded:
                return False, trainer.loop.unrecorded
            ends.append(trainer.history[CHUNK - 1])
    worst = max(
        abs(ends[0][name] - value) / (1.0 + abs(value))
        for name, value in ends[1].items()
        if isinstance(value, float)
    )
    return worst <= _AGREEMENT, f"largest relative difference of a term after {CHUNK} steps: {worst:.2e}"


def steps_a_second(bench: Bench, runs: list[Run], chunks: int = 4, graphs: bool = True) -> float:
    """Steps of the last stage a second, over all runs side by side, after two chunks to warm up."""
    on_gpu = bench.device.startswith("cuda")
    active = []
    for run in runs:
        stream = torch.cuda.Stream() if on_gpu else None
        with torch.cuda.stream(stream):
            active.append((stream, _trainer(bench, _decoder_only(run.config, bench.device, graphs))))

    def chunk(steps: int) -> None:
        for stream, trainer in active:
            with torch.cuda.stream(stream):
                trainer.advance(steps)

    chunk(CHUNK)
    chunk(CHUNK)
    if on_gpu:
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(chunks):
        chunk(CHUNK)
    if on_gpu:
        torch.cuda.synchronize()
    return chunks * CHUNK * len(active) / (time.perf_counter() - started)
