"""The whole chain through the commands: train, evaluate, compress, decompress in a fresh process, figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.cli.main import entry_point  # noqa: E402
from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.coding.model_file import load_model  # noqa: E402
from mecbopt.neural.data.datasets import load_dataset  # noqa: E402
from mecbopt.neural.evaluation import EvaluationReport  # noqa: E402


def _run(*arguments):
    with pytest.raises(SystemExit) as left:
        entry_point(["neural", *map(str, arguments)])
    return left.value.code


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a trained and evaluated smoke run."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("smoke") / "run"
    started = time.process_time()
    assert _run("train", "--preset", "smoke", "--out", folder) == 0
    # Processor time, since the suite runs beside other work: one thread of training, under a minute.
    assert time.process_time() - started < 60.0
    assert _run("evaluate", folder, "--judge-epochs", 15, "--steps", 150) == 0
    return folder


def test_the_report_holds_together(run):
    report = EvaluationReport.from_json(run / "evaluation.json")
    assert report.passed, report.checks
    assert report.images == 359
    assert report.coded_rate == pytest.approx(report.estimated_rate, rel=0.01)
    assert report.table_rate == pytest.approx(report.estimated_rate, rel=1e-3)
    # The target is set on held-out images; the 359 test images add their sampling error.
    spread = report.record["rate_standard_error"]
    assert abs(report.estimated_rate - report.target_rate) <= 0.03 * report.target_rate + 3 * spread
    assert report.record["training"]["reached"]["held_out_rate"] == pytest.approx(
        report.target_rate, rel=0.03
    )
    assert report.infonce <= report.coded_rate + 3 * report.infonce_standard_error
    assert 0.25 < report.judge_accuracy <= report.accuracy_upper_bound
    assert report.judge_clean_accuracy > 0.85
    assert report.judge_degraded_accuracy > 0.7
    assert report.judge_cross_entropy >= report.cross_entropy_lower_bound
    assert report.wasserstein > abs(report.wasserstein_real)
    assert report.frechet > report.frechet_real
    assert report.per_image_rate - report.coded_rate < 24.0


def test_a_run_keeps_its_settings_its_history_and_its_versions(run):
    history = json.loads((run / "history.json").read_text())
    model = load_model(run / "model.safetensors")
    config, record = model.config, model.record
    assert len(config.stages) > 1
    # Steps count on through the stages of training; the calibration takes none.
    trained = [stage for stage in config.stages if stage.kind == "train"]
    steps = sum(config.at_stage(stage).optimisation.steps for stage in trained)
    assert history[-1]["step"] == record["steps"] == steps
    assert record["dataset"]["dataset"] == "digits"
    assert record["degradation"] == ["area_x2", 1]
    assert record["software"]["torch"] == torch.__version__


def test_images_go_through_the_commands_and_a_fresh_process(run, tmp_path):
    frozen = load_model(run / "model.safetensors")
    clean = load_dataset(frozen.config.data).test_images.squeeze(1).numpy()
    np.savez(tmp_path / "clean.npz", x=clean)
    stream, output = tmp_path / "a.mbis", tmp_path / "y.npz"
    model = run / "model.safetensors"
    assert _run("compress", model, tmp_path / "clean.npz", "--degrade", "--seed", 5, "--out", stream) == 0
    script = (
        "import sys\n"
        "from mecbopt.cli.main import entry_point\n"
        "try:\n"
        "    entry_point(sys.argv[1:])\n"
        "finally:\n"
        "    print(sorted({'torch._dynamo', 'sympy'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, "neural", "decompress", str(model), str(stream), "--symbols"]
    done = subprocess.run([*command, "--out", str(output)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Reading a model file imported torch's compiler, which took longer than all else.
    assert done.stdout.splitlines()[-1] == "[]"
    sources = frozen.degradation(torch.from_numpy(clean).float().unsqueeze(1) / 255.0)
    coded = ImageCodec(frozen, seed=5).compress(sources)
    assert stream.read_bytes() == coded.blob
    with np.load(output) as archive:
        assert np.array_equal(archive["z"], coded.symbols)
        assert archive["y"].shape == (359, 8, 8, 1)


def test_the_figures_are_drawn(run, tmp_path):
    assert _run("figures", run, "--name", "smoke", "--examples", 10, "--out", tmp_path) == 0
    for part in ("accuracy", "cross_entropy", "images"):
        assert (tmp_path / f"smoke_{part}.png").read_bytes()[:4] == b"\x89PNG"
    grid = tmp_path / "smoke_images.png"
    height = _height(grid)
    assert _run("figures", run, "--name", "smoke", "--outputs-only", "--out", tmp_path) == 0
    assert _height(grid) < 0.5 * height  # one row of three


def _height(picture):
    """From the header of a PNG file."""
    return int.from_bytes(picture.read_bytes()[20:24], "big")


def test_training_again_on_the_folder_with_resume_changes_nothing(run):
    before = load_model(run / "model.safetensors").digest
    record = load_model(run / "model.safetensors").record
    assert _run("train", "--preset", "smoke", "--resume", "--out", run) == 0
    again = load_model(run / "model.safetensors")
    assert torch.equal(again.model.gain, load_model(run / "model.safetensors").model.gain)
    assert again.record["reached"]["held_out_rate"] == record["reached"]["held_out_rate"]
    assert again.digest == before


def test_a_damaged_model_and_a_damaged_stream_leave_with_one_and_a_reason(run, tmp_path, capsys):
    model = run / "model.safetensors"
    data = bytearray(model.read_bytes())
    data[-100] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(data))
    (tmp_path / "a.mbis").write_bytes(b"mbis\x01\x00 this is not a stream at all")
    assert (
        _run("decompress", tmp_path / "model.safetensors", tmp_path / "a.mbis", "--out", tmp_path / "y.npz")
        == 1
    )
    assert "damaged" in capsys.readouterr().err
    assert _run("decompress", model, tmp_path / "a.mbis", "--out", tmp_path / "y.npz") == 1
    message = capsys.readouterr().err
    assert "checksum" in message
    assert "Traceback" not in message
    assert not (tmp_path / "y.npz").exists()
