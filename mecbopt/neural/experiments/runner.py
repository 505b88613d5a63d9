"""Train runs of the manifest: one after another, in parallel processes, or side by side on one GPU.

Every run has a folder OUT/runs/NAME with the files of a training run and run.json; classifiers of the loop
lie in OUT/classifiers.  A run that is finished is left alone, one that was stopped goes on from its
checkpoint: calling the same command again is how one resumes.

On a GPU all runs live in one process, each on a stream of its own with its step recorded as a graph, so that
their small kernels share the device.  Processes would take turns.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mecbopt.errors import MecboptError
from mecbopt.neural.config import Config
from mecbopt.neural.data.datasets import ImageDataset, load_dataset
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.experiments.manifest import Run
from mecbopt.neural.model.classifiers import Ensemble
from mecbopt.neural.software import software_record
from mecbopt.neural.training.distributed import World
from mecbopt.neural.training.loop import CHUNK
from mecbopt.neural.training.pipeline import freeze, loop_classifiers
from mecbopt.neural.training.tasks import ImageTask
from mecbopt.neural.training.trainer import Trainer

__all__ = ["Bench", "end", "finished", "processor_name", "train_here", "train_in_processes"]

Say = Callable[[str], None]


def processor_name(device: str = "cpu") -> str:
    """The kind of processor, and nothing else about the machine."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(torch.device(device))
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


@dataclass
class _Active:
    run: Run
    trainer: Trainer
    stream: Any
    started: float
    processor: float


class Bench:
    """Data sets, classifiers and folders that runs share.

    Parameters
    ----------
    data : path or None
        Root of the data sets.
    out : path
    device : str
    command : str
        What was called, for the records.
    arguments : list of str
        With which a process beside this one finds the same runs.
    """

    def __init__(
        self, data: Path | None, out: Path, device: str, command: str, arguments: list[str], say: Say
    ) -> None:
        self.data, self.out, self.device, self.command, self.say = data, out, device, command, say
        self.arguments = arguments
        self._datasets: dict[str, ImageDataset] = {}

    def folder(self, run: Run | str) -> Path:
        """The folder of a run."""
        return self.out / "runs" / (run if isinstance(run, str) else run.name)

    def dataset(self, config: Config) -> ImageDataset:
        """The data set of a run, loaded once."""
        key = repr(config.data)
        if key not in self._datasets:
            self._datasets[key] = load_dataset(config.data, self.data)
        return self._datasets[key]

    def classifiers(self, config: Config) -> Ensemble:
        """The classifiers of the loop: trained once for a data set, or fresh ones that the loop trains."""
        dataset = self.dataset(config)
        if config.objective.label_training == "joint":
            return self.fresh_classifiers(config)
        path = self.classifiers_file(config)
        path.parent.mkdir(parents=True, exist_ok=True)
        shared = Config(data=config.data, optimisation=config.optimisation).updated(
            [f'runtime.device="{self.device}"']
        )
        if not path.is_file():
            self.say(f"classifiers of {config.data.dataset}")
        return loop_classifiers(shared, dataset, path.parent, None, None)

    def fresh_classifiers(self, config: Config) -> Ensemble:
        """Classifiers that nobody has trained."""
        dataset = self.dataset(config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.runtime.seed)
            return Ensemble(dataset.shape, dataset.classes, config.optimisation.classifiers)

    def classifiers_file(self, config: Config) -> Path:
        """Where the classifiers of a data set lie."""
        return self.out / "classifiers" / config.data.dataset / "classifiers.safetensors"

    def trainer(self, run: Run) -> Trainer:
        """A trainer at the place where the run stands."""
        folder = self.folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        config = run.config.updated([f'runtime.device="{self.device}"'])
        # A trunk looks at no classifier.
        judged = self.classifiers(config) if run.evaluated else self.fresh_classifiers(config)
        task = ImageTask(config, self.dataset(config), judged)
        checkpoint = folder / "checkpoint.safetensors"
        trainer = Trainer(task, World(0, 1, torch.device(self.device)), checkpoint)
        if checkpoint.is_file():
            trainer.restore(checkpoint)
        elif run.trunk:
            trainer.start_from(self.folder(run.trunk) / "checkpoint.safetensors", "encoder.trunk")
        elif run.code:
            trainer.take_code(self.folder(run.code) / "checkpoint.safetensors")
        (folder / "config.toml").write_text(config.to_toml(), encoding="utf-8")
        return trainer

    def keep(self, run: Run, trainer: Trainer) -> None:
        """Write the model of a run that is in its last stage, as it stands."""
        task = trainer.task
        last = [number for number, stage in enumerate(trainer.stages) if stage.kind == "train"][-1]
        if run.evaluated and trainer.number >= last and isinstance(task, ImageTask):
            freeze(trainer, task, self.folder(run))

    def finish(self, run: Run, trainer: Trainer, seconds: float, processor_seconds: float) -> None:
        """Write model and record; run.json last, since it says that the run is finished."""
        folder = self.folder(run)
        (folder / "evaluation.json").unlink(missing_ok=True)  # of a model that was kept on the way
        trainer.save()
        reached: dict[str, Any] = {}
        if run.evaluated:
            task = trainer.task
            if not isinstance(task, ImageTask):
                raise ConfigError(f"run {run.name} has no images: the manifest holds image runs alone.")
            reached = freeze(trainer, task, folder).record["reached"]
        record = {
            "name": run.name,
            "group": run.group,
            "command": self.command,
            "seed": run.config.runtime.seed,
            "steps": trainer.step,
            "seconds": seconds,
            "processor_seconds": processor_seconds,
            "processor": processor_name(self.device),
            "device": self.device,
            "recorded_steps": not trainer.unrecorded if self.device.startswith("cuda") else None,
            "dataset": self.dataset(run.config).record,
            "reached": reached,
            "history_end": trainer.history[-1] if trainer.history else {},
            "software": software_record(),
        }
        (folder / "run.json").write_text(
            json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8"
        )


def finished(out: Path, run: Run | str) -> bool:
    """Whether a run is over."""
    return (out / "runs" / (run if isinstance(run, str) else run.name) / "run.json").is_file()


def train_here(bench: Bench, runs: list[Run], jobs: int, deadline: float) -> list[str]:
    """Train in this process, on a GPU `jobs` runs side by side; returns the names of what is not finished.

    At the deadline (of `time.monotonic`) every run under way is written down and left.
    """
    on_gpu = bench.device.startswith("cuda")
    waiting = [run for run in runs if not finished(bench.out, run)]
    active: list[_Active] = []
    helper = _classifiers_beside(bench, waiting) if on_gpu else None
    try:
        _take_turns(bench, waiting, active, jobs if on_gpu else 1, deadline, helper)
    finally:
        end([helper] if helper else [])
    for item in active:
        bench.say(f"stopped {item.run.name} at step {item.trainer.step} of {item.trainer.steps}")
        with torch.cuda.stream(item.stream):
            item.trainer.save()
            bench.keep(item.run, item.trainer)
    return [run.name for run in runs if not finished(bench.out, run)]


def _take_turns(
    bench: Bench,
    waiting: list[Run],
    active: list[_Active],
    jobs: int,
    deadline: float,
    helper: subprocess.Popen[bytes] | None,
) -> None:
    """Give every active run a chunk in turn and start waiting ones, until the deadline."""
    on_gpu = bench.device.startswith("cuda")
    while (waiting or active) and time.monotonic() < deadline:
        helped = helper is not None and helper.poll() is None
        for run in _ready(waiting, bench, helped):
            if len(active) >= jobs:
                break
            waiting.remove(run)
            stream = torch.cuda.Stream() if on_gpu else None
            begun = time.monotonic(), time.process_time()
            with torch.cuda.stream(stream):
                active.append(_Active(run, bench.trainer(run), stream, *begun))
            bench.say(f"start {run.name}")
        if not active:
            if helped:
                time.sleep(0.2)
                continue
            break  # what is left waits for a trunk or a code that is not among the runs
        for item in list(active):
            try:
                over = _advanced(bench, item)
            except (MecboptError, RuntimeError) as error:  # one that diverges must not end the others
                bench.say(f"FAILED {item.run.name}: {type(error).__name__}: {error}")
                over = True
            if over:
                active.remove(item)


def _advanced(bench: Bench, item: _Active) -> bool:
    """Take a run one chunk further; True when it is over."""
    with torch.cuda.stream(item.stream):
        item.trainer.advance(CHUNK)
        if not item.trainer.done:
            return False
        seconds = time.monotonic() - item.started
        bench.finish(item.run, item.trainer, seconds, time.process_time() - item.processor)
    bench.say(f"done {item.run.name}: {item.trainer.step} steps, {seconds:.0f} s{_note(item)}")
    return True


def _note(item: _Active) -> str:
    reason = item.trainer.unrecorded
    return f" (steps could not be recorded: {reason})" if reason else ""


def _classifiers_beside(bench: Bench, runs: list[Run]) -> subprocess.Popen[bytes] | None:
    """Train the loop's classifiers in a process beside this one, while the trunks are trained here."""
    looking = [run for run in runs if run.evaluated and run.config.objective.label_training != "joint"]
    if all(bench.classifiers_file(run.config).is_file() for run in looking):
        return None
    command = [sys.executable, "-m", "mecbopt.neural.experiments", *bench.arguments, "--classifiers"]
    return subprocess.Popen(command)


def _ready(waiting: list[Run], bench: Bench, helped: bool) -> list[Run]:
    """Runs whose trunk or code is there, and whose classifiers nobody is still working on."""
    return [
        run
        for run in waiting
        if all(finished(bench.out, name) for name in run.needs)
        and (not run.evaluated or not helped or bench.classifiers_file(run.config).is_file())
    ]


def end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """End what is still at work, and wait for it: a process that is left goes on writing, and is a zombie."""
    kept = list(processes)
    for process in kept:
        if process.poll() is None:
            process.terminate()
    for process in kept:
        process.wait()


def train_in_processes(bench: Bench, runs: list[Run], jobs: int, deadline: float) -> list[str]:
    """Train every run in a process of its own, `jobs` at a time; returns the names of what is not finished.

    A process that the deadline finds at work is ended; its last checkpoint stays.
    """
    out, say = bench.out, bench.say
    for run in runs:  # shared, so trained before processes could do it twice
        if run.evaluated and run.config.objective.label_training != "joint":
            bench.classifiers(run.config)
    waiting = [run for run in runs if not finished(out, run)]
    active: dict[str, subprocess.Popen[bytes]] = {}
    failed: set[str] = set()
    try:
        while (waiting or active) and time.monotonic() < deadline:
            for run in _ready(waiting, bench, False):
                if len(active) < jobs:
                    waiting.remove(run)
                    command = [sys.executable, "-m", "mecbopt.neural.experiments", *bench.arguments]
                    active[run.name] = subprocess.Popen([*command, "--only", run.name])
                    say(f"start {run.name}")
            if not active:
                break
            time.sleep(0.2)
            for name, process in list(active.items()):
                if process.poll() is not None:
                    del active[name]
                    if process.returncode:
                        failed.add(name)
                    say(f"{'failed' if process.returncode else 'done'} {name}")
    finally:  # the deadline, or an interrupt
        end(active.values())
    return [run.name for run in runs if not finished(out, run)]
