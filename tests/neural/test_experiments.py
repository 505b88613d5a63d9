"""The manifest and its runner: names, dependencies, resuming, evaluation, packing."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
import tarfile
import time
import types
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.info import mutual_information  # noqa: E402
from mecbopt.neural.config import Config  # noqa: E402
from mecbopt.neural.errors import ConfigError  # noqa: E402
from mecbopt.neural.experiments import __main__ as command  # noqa: E402
from mecbopt.neural.experiments import runner  # noqa: E402
from mecbopt.neural.experiments.manifest import Run, at_rate, chosen, manifest  # noqa: E402
from mecbopt.neural.experiments.pictures import advantage, advantage_table  # noqa: E402
from mecbopt.neural.experiments.results import evaluate_run, held_out_figures  # noqa: E402
from mecbopt.neural.experiments.runner import Bench, finished, train_here, train_in_processes  # noqa: E402
from mecbopt.neural.presets import preset  # noqa: E402


@pytest.mark.parametrize("profile", ["smoke", "small", "full"])
def test_the_manifest_holds_together(profile):
    """Names are unique, trunks stand before their runs, settings survive TOML, rates are what they say."""
    runs = manifest(profile)
    names = [run.name for run in runs]
    assert len(set(names)) == len(names)
    for index, run in enumerate(runs):
        assert set(run.needs) <= set(names[:index])
        assert Config.from_dict(run.config.to_dict()) == run.config
        if run.group == "baseline":
            model = run.config.model
            bits = model.latents * {2: 1, 4: 2}[model.quantiser_levels]
            assert bits == run.config.objective.target_rate
    wanted = {f"mnist_r{rate}_s0" for rate in (2, 3, 4, 6, 8, 12, 16, 32)}
    wanted |= {f"mnist_r{rate}_s{seed}" for rate in (4, 8, 16) for seed in (1, 2)}
    wanted |= {f"svhn_r{rate}_s0" for rate in (4, 8, 16, 24, 32)} | {"area_r4_s0", "area_r16_s0"}
    assert wanted <= set(names)


def test_what_is_asked_for_brings_its_trunk_and_a_wrong_name_is_refused():
    runs = chosen(manifest(), ("mnist_r8_s1",))
    assert [run.name for run in runs] == ["mnist_trunk_s1", "mnist_r8_s1"]
    runs = chosen(manifest(), ("ablation_plain_critic",))
    assert [run.name for run in runs] == ["mnist_trunk_s0", "mnist_code_r8_s0", "ablation_plain_critic"]
    with pytest.raises(ConfigError, match="--only mnist_r9"):
        chosen(manifest(), ("mnist_r9",))


@pytest.mark.parametrize("profile", ["small", "full"])
def test_ablations_differ_from_their_reference_in_one_thing_and_have_its_steps(profile):
    """The arms of the issue are all there, each beside a reference of as many steps of the decoder."""
    runs = {run.name.removeprefix("ablation_"): run for run in manifest(profile) if run.group == "ablation"}
    wanted = {
        "no_common_randomness", "shared_noise", "mse_for_information", "no_label_term", "plain_critic",
        "no_trunk", "joint_fine_tuning", "svhn_no_fidelity",
    }  # fmt: skip
    assert wanted == set(runs) - {"reference", "svhn_reference"}
    for name in wanted:
        own = runs[name]
        reference = runs["svhn_reference" if name.startswith("svhn") else "reference"]
        steps = [
            run.config.at_stage(next(stage for stage in run.config.stages if stage.name == "decoder"))
            .optimisation.steps
            for run in (own, reference)
        ]  # fmt: skip
        assert steps[0] == steps[1], name
        changed = [
            f"{section}.{key}"
            for section, values in own.config.to_dict().items() if section != "stages"
            for key in values if values[key] != reference.config.to_dict()[section][key]
        ]  # fmt: skip
        several = {"mse_for_information": 2, "no_trunk": 2, "joint_fine_tuning": 0}
        assert len(changed) == several.get(name, 1), (name, changed)


def test_the_label_weighs_more_on_colour_images_where_more_of_the_source_gets_through():
    recipe = preset("small", "svhn")
    weights = [at_rate(recipe, rate).objective.label_weight for rate in (4.0, 8.0, 16.0, 24.0, 32.0)]
    assert weights == [5.0, 20.0, 20.0, 40.0, 80.0]
    runs = {run.name: run.config for run in manifest()}
    assert runs["svhn_r32_s0"].objective.label_weight == 80.0
    # What was searched for is what the recipe takes.
    searched = runs["search_svhn_r32_l80_q0.03_n0"].objective
    assert searched.reconstruction_weight == runs["svhn_r32_s0"].objective.reconstruction_weight


def test_low_rates_learn_their_places_and_do_not_tell_the_critic_a_class_that_they_do_not_send():
    config = at_rate(preset("small", "mnist"), 2.0)
    assert (config.model.cluster_places, config.model.critic_conditional) == ("learned", False)


def _runs():
    """A trunk and a run on digits, of a few steps."""
    changes = [
        "optimisation.steps=40", "optimisation.refit_steps=20", "optimisation.classifier_epochs=1",
        "stages.trunk.optimisation.steps=30", "stages.code.optimisation.steps=40",
        "stages.code.optimisation.prefit_steps=20", "runtime.checkpoint_every=16",
    ]  # fmt: skip
    config = preset("smoke").updated(changes)
    trunk = dataclasses.replace(config, stages=config.stages[:1])
    rest = dataclasses.replace(config, stages=config.stages[1:])
    return [Run("t", "trunk", trunk, evaluated=""), Run("r", "digits", rest, "t", "short")]


def test_runs_are_trained_resumed_evaluated_and_packed(tmp_path, monkeypatch):
    """Stopped by its deadline and called again, a run ends as one that was never stopped."""
    said = []
    whole, parts = (
        Bench(None, tmp_path / name, "cpu", "test", [], said.append) for name in ("whole", "parts")
    )
    assert train_here(whole, _runs(), 1, time.monotonic() + 600) == []
    ticks = iter(range(10_000))
    left = ["r"]
    for _ in range(40):
        with monkeypatch.context() as patched:
            first = next(ticks)
            # Three looks at the clock, then the time is over.
            clock = iter([first, first, first, first, *[first + 100] * 1000])
            patched.setattr(
                "mecbopt.neural.experiments.runner.time.monotonic", lambda clock=clock: next(clock)
            )
            left = train_here(parts, _runs(), 1, first + 1)
        if not left:
            break
    assert left == []
    records = [json.loads((bench.folder("r") / "run.json").read_text()) for bench in (whole, parts)]
    assert records[0]["history_end"] == records[1]["history_end"]
    assert records[0]["reached"]["gain"] == records[1]["reached"]["gain"]
    assert records[0]["steps"] == 80
    assert records[0]["command"] == "test"
    assert records[0]["dataset"]["dataset"] == "digits"
    assert finished(parts.out, "r")
    report = evaluate_run(whole, _runs()[1], 1.0, "validation", said.append)
    assert report.images == 200
    # Nothing is judged that a fresh process does not decode from the bytes.
    assert report.checks["outputs are a function of the stream alone"] is True
    assert (whole.folder("r") / "examples.npz").is_file()
    # The held-out images of this run were its test images above: the same figures, without judges.
    found = held_out_figures(whole, _runs()[1])
    assert (found["images"], found["command"], found["seed"]) == (200, "test", 0)
    for name in ("coded_rate", "loop_accuracy", "loop_cross_entropy", "mse_source"):
        assert found[name] == pytest.approx(getattr(report, name), rel=1e-6), name
    assert found["ratio"] == pytest.approx(found["mse_source"] / records[0]["reached"]["code_source_mse"])
    assert len(found["colour_shift"]) == 1
    assert 0.0 < abs(found["colour_shift"][0]) < 255.0
    monkeypatch.setattr(command, "manifest", lambda *_: _runs())
    assert command.main(["--out", str(whole.out), "--pack", str(tmp_path / "a.tar.gz"), "--only", "r"]) == 0
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        names = archive.getnames()
    assert {"results.json", "runs/r/model.safetensors", "runs/r/evaluation.json"} <= set(names)


def test_learned_couplings_are_drawn_beside_what_a_solver_finds(tmp_path, capsys):
    """From the records under version control; the learned code is never above the proven bound."""
    path = Path(__file__).parents[2] / "docs/neural/results/class_couplings.json"
    for item in json.loads(path.read_text()).values():
        law = np.asarray(item["counts"]) / np.sum(item["counts"])
        assert mutual_information(law) == pytest.approx(item["mutual_information"], abs=1e-9)
        assert item["mutual_information"] <= item["upper_bound"] <= item["coded_rate"] + 1e-9
        assert item["mutual_information"] <= item["solved"] + 1e-9
    arguments = ["--out", str(tmp_path / "none"), "--draw", str(tmp_path / "figures"), "--couplings"]
    assert command.main([*arguments, str(path)]) == 0
    assert (tmp_path / "figures/class_couplings.png").stat().st_size > 5000
    (tmp_path / "x.json").write_text('{"a": {"counts": []}}')
    assert command.main([*arguments, str(tmp_path / "x.json")]) == 2
    assert "--couplings" in capsys.readouterr().err


def test_figures_and_tables_are_drawn_from_the_published_results_alone(tmp_path, capsys):
    """What is written is what was read; the tables of the page are these."""
    path = Path(__file__).parents[2] / "docs/neural/results/experiments.json"
    arguments = ["--out", str(tmp_path / "none"), "--draw", str(tmp_path / "figures"), "--record"]
    assert command.main([*arguments, str(path)]) == 0
    assert (tmp_path / "figures/experiments.json").read_bytes() == path.read_bytes()
    assert (tmp_path / "figures/fig7_mnist_accuracy.png").stat().st_size > 5000
    page = (path.parents[1] / "results.md").read_text(encoding="utf-8")
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 8 |")]
    assert len(rows) >= 2
    assert all(row in page for row in rows if "| 0.9" in row)
    (tmp_path / "x.json").write_text('{"a": {"counts": []}}')
    assert command.main([*arguments, str(tmp_path / "x.json")]) == 2
    assert "--record" in capsys.readouterr().err


def test_the_recorded_runs_are_above_the_baseline_at_every_rate():
    """From the records under version control: the lower end of every interval is above 0."""
    path = Path(__file__).parents[2] / "docs/neural/results/experiments.json"
    results = {name: {"evaluation": item} for name, item in json.loads(path.read_text()).items()}
    lines = advantage_table(results).splitlines()[2:]
    assert len(lines) >= 6
    for line in lines:
        difference, half = (float(part) for part in line.split("|")[-2].split("+-"))
        assert difference - half > 0.0, line
    item = {"judge_accuracy": 0.5, "images": 400}
    assert advantage([item], [item]) == (0.0, pytest.approx(1.96 * math.sqrt(0.5 / 400)))
    seeds = [{"judge_accuracy": value, "images": 10**12} for value in (0.4, 0.6)]
    assert advantage(seeds, seeds)[1] == pytest.approx(1.96 * 0.1 * math.sqrt(2.0), rel=1e-4)


def test_no_process_outlives_an_interrupt(tmp_path, monkeypatch):
    """Ctrl-C left the processes of the runs at work, each writing on."""
    bench = Bench(None, tmp_path, "cpu", "test", [], lambda _: None)
    started = []

    def sleeper(_):
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return started[-1]

    def interrupt(_):
        raise KeyboardInterrupt

    trunk = _runs()[0]
    runs = [trunk, dataclasses.replace(trunk, name="u")]
    with monkeypatch.context() as patched:
        patched.setattr(runner, "subprocess", types.SimpleNamespace(Popen=sleeper))
        patched.setattr(runner.time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_in_processes(bench, runs, 2, time.monotonic() + 600)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_recorded_steps_agree_with_steps_taken_one_by_one(tmp_path):
    from mecbopt.neural.experiments.benchmark import recorded_steps_agree

    bench = Bench(None, tmp_path, "cuda", "test", [], lambda _: None)
    agree, found = recorded_steps_agree(bench, _runs()[1])
    assert agree, found
