"""`python -m mecbopt.neural.experiments`: train, evaluate and pack the runs of the manifest."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mecbopt.errors import MecboptError
from mecbopt.neural.errors import DatasetError
from mecbopt.neural.experiments.benchmark import recorded_steps_agree, steps_a_second
from mecbopt.neural.experiments.manifest import Run, chosen, manifest
from mecbopt.neural.experiments.pictures import (
    ablation_table,
    advantage_table,
    draw_all,
    draw_couplings,
    results_table,
)
from mecbopt.neural.experiments.results import (
    evaluate_run,
    gather,
    held_out_figures,
    judges_of,
    published,
    restored,
)
from mecbopt.neural.experiments.runner import Bench, end, finished, train_here, train_in_processes

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mecbopt.neural.experiments",
        description="Train, evaluate and pack the image experiments.  Call again to go on.",
    )
    parser.add_argument("--data", type=Path, help="root of the data sets; default: MECBOPT_DATA")
    parser.add_argument("--out", type=Path, default=Path("out/experiments"))
    parser.add_argument("--profile", default="small", choices=["smoke", "small", "full"], help="preset")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a group or a run; repeatable"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument(
        "--time-limit", type=float, default=float("inf"), help="seconds; then everything is kept"
    )
    parser.add_argument("--decoder-steps", type=int, default=0, help="in place of the preset's")
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="for every run",
    )
    parser.add_argument(
        "--evaluate", action="store_true", help="evaluate what is finished, in place of training"
    )
    parser.add_argument(
        "--held-out", action="store_true", help="figures of finished runs on held-out images, without judges"
    )
    parser.add_argument("--watch", action="store_true", help="with --evaluate: wait for more models")
    parser.add_argument("--classifiers", action="store_true", help="train the loop's classifiers alone")
    parser.add_argument("--split", default="test", choices=["test", "validation"], help="to evaluate on")
    parser.add_argument(
        "--benchmark", action="store_true", help="measure this machine, and check recorded steps"
    )
    parser.add_argument("--judges", action="store_true", help="train the judges alone")
    parser.add_argument("--judge-epochs", type=float, default=0.0, help="default: as many as they need")
    parser.add_argument(
        "--pack", type=Path, metavar="FILE", help="write results, and models of --only, to a .tar.gz"
    )
    parser.add_argument("--draw", type=Path, metavar="DIR", help="figures and tables of what is evaluated")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="with --draw: published results beside those of OUT"
    )
    parser.add_argument(
        "--couplings", type=Path, metavar="FILE", help="with --draw: couplings of classes, drawn as well"
    )
    parser.add_argument("--list", action="store_true", help="show the runs")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when all is done that was asked for, 3 when the time limit left some, 2 for wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    deadline = started + options.time_limit

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:7.1f} s] {text}", flush=True)

    try:
        every = [
            dataclasses.replace(run, config=run.config.updated(options.changes))
            for run in manifest(options.profile, options.decoder_steps)
        ]
        runs = chosen(every, tuple(options.only))
        if options.list:
            for run in runs:
                state = "finished" if finished(options.out, run) else ""
                print(f"{run.name:32} {run.group:10} {state}")
            return 0
        if options.draw is not None:
            return _draw(options.out, every, options.draw, options.record, options.couplings)
        if options.pack is not None:
            return _pack(options.out, every, runs if options.only else [], options.pack)
        places = {str(options.data): "DATA", str(options.out): "OUT"}  # where they lie is nobody's business
        command = "python -m mecbopt.neural.experiments " + shlex.join(places.get(a, a) for a in arguments)
        bench = Bench(options.data, options.out, options.device, command, _passed_on(options), say)
        options.out.mkdir(parents=True, exist_ok=True)
        # One thread a process: the networks are small, and many processes share the cores.
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        if options.classifiers or options.judges:
            return _prepare(bench, runs, options.classifiers, options.judge_epochs or None)
        if options.benchmark:
            return _benchmark(bench, [run for run in runs if run.evaluated], options.jobs)
        if options.held_out:
            return _held_out(bench, runs)
        if options.evaluate:
            return _evaluate(
                bench,
                runs,
                deadline,
                options.jobs,
                options.judge_epochs or None,
                options.split,
                options.watch,
            )
        if options.jobs > 1 and options.device == "cpu":
            left = train_in_processes(bench, runs, options.jobs, deadline)
        else:
            left = train_here(bench, runs, options.jobs, deadline)
    except MecboptError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    if left:
        say(f"not finished: {', '.join(left)}")
    return 3 if left else 0


def _passed_on(options: argparse.Namespace) -> list[str]:
    """What a process beside this one needs to find the same runs."""
    passed = ["--out", str(options.out), "--profile", options.profile, "--device", options.device]
    passed += ["--data", str(options.data)] if options.data else []
    passed += ["--decoder-steps", str(options.decoder_steps)] if options.decoder_steps else []
    passed += ["--split", options.split]
    for change in options.changes:
        passed += ["--set", change]
    passed += ["--judge-epochs", str(options.judge_epochs)] if options.judge_epochs else []
    return passed


def _prepare(bench: Bench, runs: list[Run], classifiers: bool, epochs: float | None) -> int:
    """Train what runs share."""
    for run in runs:
        if run.evaluated and classifiers and run.config.objective.label_training != "joint":
            bench.classifiers(run.config)
        elif run.evaluated and not classifiers:
            judges_of(bench, run, epochs, bench.say)
    return 0


def _benchmark(bench: Bench, runs: list[Run], jobs: int) -> int:
    """Say how fast steps of the last stage are; on a GPU also whether recording them changes anything."""
    agree = True
    if bench.device.startswith("cuda"):
        agree, found = recorded_steps_agree(bench, runs[0])
        bench.say(f"recorded steps {'agree' if agree else 'DISAGREE'}: {found}")
    for name in ("mnist", "svhn"):
        some = [run for run in runs if run.config.data.dataset == name][:jobs]
        for count in sorted({1, len(some)}) if some else ():
            speed = steps_a_second(bench, some[:count])
            size = some[0].config.optimisation.batch_size
            bench.say(
                f"{name}: {count} side by side, {speed:.1f} steps/s together, {speed * size:.0f} images/s"
            )
    return 0 if agree else 1


def _evaluate(
    bench: Bench, runs: list[Run], deadline: float, jobs: int, epochs: float | None, split: str, watch: bool
) -> int:
    """Evaluate models that have no report yet, `jobs` processes at a time; with `watch` wait for more."""

    def waiting() -> list[Run]:
        return [
            run for run in runs
            if run.evaluated and (bench.folder(run) / "model.safetensors").is_file()
            and not (bench.folder(run) / "evaluation.json").is_file()
        ]  # fmt: skip

    if jobs > 1 or watch:
        tried: set[str] = set()
        active: dict[str, subprocess.Popen[bytes]] = {}
        try:
            while time.monotonic() < deadline:
                queue = [run for run in waiting() if run.name not in tried]
                over = not watch or all(run.name in tried for run in runs if run.evaluated)
                if over and not queue and not active:
                    break
                while queue and len(active) < jobs:
                    run = queue.pop(0)
                    tried.add(run.name)
                    judges_of(bench, run, epochs, bench.say)
                    command = [sys.executable, "-m", "mecbopt.neural.experiments", *bench.arguments]
                    active[run.name] = subprocess.Popen([*command, "--evaluate", "--only", run.name])
                time.sleep(0.2)
                active = {name: process for name, process in active.items() if process.poll() is None}
        finally:  # the deadline, or an interrupt
            end(active.values())
    else:
        for run in waiting():
            if time.monotonic() > deadline:
                break
            report = evaluate_run(bench, run, epochs, split, bench.say)
            bench.say(
                f"{run.name}: rate {report.coded_rate:.3f} judge {report.judge_accuracy:.4f} "
                f"loop {report.loop_accuracy:.4f} FD {report.frechet} W1 {report.wasserstein:.3f} "
                f"NCE {report.infonce:.2f} mse {report.mse_source:.4f}"
            )
    return 3 if waiting() else 0


def _held_out(bench: Bench, runs: list[Run]) -> int:
    """Figures that settings are chosen by; 3 where a run is not finished."""
    looked = [run for run in runs if run.evaluated]
    ready = [run for run in looked if finished(bench.out, run)]
    for run in ready:
        found = held_out_figures(bench, run)
        ratio = "" if found["ratio"] is None else f", {found['ratio']:.2f} times the code's"
        bench.say(
            f"{run.name}: rate {found['coded_rate']:.3f} loop {found['loop_accuracy']:.4f} "
            f"CE {found['loop_cross_entropy']:.3f} mse {found['mse_source']:.4f}{ratio}"
        )
    return 3 if len(ready) < len(looked) else 0


def _draw(out: Path, every: list[Run], target: Path, record: Path | None, couplings: Path | None) -> int:
    """Figures, and the tables as Markdown on standard output; no data set is needed."""
    results = gather(out, every)
    if record is not None:
        results = _read_record(record) | results
    examples = {}
    for run in every:
        path = out / "runs" / run.name / "examples.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as archive:
                examples[run.name] = archive["y"]
    paths = draw_all(results, examples, target)
    if couplings is not None:
        paths += draw_couplings(_read_couplings(couplings), target)
    for path in paths:
        print(path)
    text = json.dumps(published(results), indent=1, sort_keys=True)
    (target / "experiments.json").write_text(text + "\n", encoding="utf-8")
    searched = {name: entry["held_out"] for name, entry in results.items() if "held_out" in entry}
    if searched:
        text = json.dumps(searched, indent=1, sort_keys=True)
        (target / "search.json").write_text(text + "\n", encoding="utf-8")
    for prefix in ("mnist", "svhn", "area", "baseline_mnist", "baseline_svhn"):
        print(f"\n{prefix}\n\n{results_table(results, prefix)}")
    print(f"\nagainst the baseline\n\n{advantage_table(results)}")
    print(f"\nablations\n\n{ablation_table(results)}")
    return 0


def _read_record(path: Path) -> dict[str, Any]:
    """Results of runs as `docs/neural/results/experiments.json` holds them."""
    try:
        return restored(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DatasetError(
            f"--record {path}: {type(error).__name__}: {error}; give results that --draw wrote."
        ) from error


def _read_couplings(path: Path) -> dict[str, Any]:
    """Couplings of classes as `docs/neural/results/class_couplings.json` holds them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"--couplings {path}: {error}; give a JSON file of couplings.") from error
    needed = {"counts", "coded_rate", "mutual_information", "solved", "upper_bound"}
    if not isinstance(found, dict) or not all(
        isinstance(item, dict) and needed <= item.keys() for item in found.values()
    ):
        raise DatasetError(f"--couplings {path}: give runs with {', '.join(sorted(needed))} each.")
    return found


def _pack(out: Path, every: list[Run], models: list[Run], target: Path) -> int:
    """Results of all runs, and the model files of the chosen ones."""
    results = out / "results.json"
    results.write_text(json.dumps(gather(out, every), sort_keys=True) + "\n", encoding="utf-8")
    with tarfile.open(target, "w:gz") as archive:
        archive.add(results, "results.json")
        for run in every:
            folder = out / "runs" / run.name
            names = ["run.json", "evaluation.json", "held_out.json", "examples.npz", "history.json"]
            names += ["model.safetensors"] if run in models else []
            for name in names:
                if (folder / name).is_file():
                    archive.add(folder / name, f"runs/{run.name}/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
