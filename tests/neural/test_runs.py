"""A run's folder and the files that commands write: nothing is lost unasked, nothing stale speaks."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.cli.main import entry_point  # noqa: E402
from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.coding.model_file import load_model  # noqa: E402
from mecbopt.neural.errors import ConfigError  # noqa: E402
from mecbopt.neural.evaluation import checks  # noqa: E402
from mecbopt.neural.training.run_folder import RunFolder  # noqa: E402

QUICK = [
    "model.latents=4", "model.width=4", "model.hidden=16", "model.critic_width=4", "optimisation.steps=4",
    "optimisation.batch_size=16", "optimisation.critic_steps=1", "optimisation.warmup_steps=1",
    "optimisation.prefit_steps=40", "optimisation.refit_steps=20", "optimisation.classifier_epochs=0.5",
    "optimisation.classifiers=1", "data.train_limit=200", "data.test_limit=80",
    # Few held-out images are rated under many dithers.
    "data.validation_count=500",
    # Stages have steps of their own.
    "stages.trunk.optimisation.steps=4", "stages.trunk.optimisation.ramp_steps=1",
    "stages.code.optimisation.steps=4", "stages.code.optimisation.prefit_steps=40",
    "stages.code.optimisation.ramp_steps=1",
]  # fmt: skip


def _run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        entry_point(["neural", *map(str, arguments)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return left.value.code, captured.out + captured.err


def _train(capsys, folder, *extra):
    settings = [part for setting in QUICK for part in ("--set", setting)]
    return _run(capsys, "train", "--preset", "smoke", *settings, "--target-rate", 4, "--out", folder, *extra)


@pytest.fixture(scope="module", autouse=True)
def _decoded_here():
    """Evaluations decode in this process: other tests start fresh ones, and this module is about files."""

    def decoded(frozen, blob):
        return (ImageCodec(frozen).decompress(blob) * 255.0).round().to(torch.uint8)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checks, "decoded_in_a_fresh_process", decoded)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The bytes of the files of a quick run, evaluated."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    for arguments in (
        ["train", "--preset", "smoke", *[p for s in QUICK for p in ("--set", s)], "--target-rate", "4",
         "--out", str(folder)],
        ["evaluate", str(folder), "--judge-epochs", "1", "--steps", "2"],
    ):  # fmt: skip
        with pytest.raises(SystemExit) as left:
            entry_point(["neural", *arguments])
        assert left.value.code in (0, 1)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def run(trained, tmp_path):
    """A copy of that run, to do harm to."""
    folder = tmp_path / "runs" / "first"
    folder.mkdir(parents=True)
    for name, data in trained.items():
        (folder / name).write_bytes(data)
    return folder


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_training_again_without_a_word_is_refused_and_touches_nothing(capsys, run):
    before = _files(run)
    assert {"config.toml", "model.safetensors", "evaluation.json", "judge.safetensors"} <= set(before)
    code, message = _train(capsys, run)
    assert code == 2
    assert "--resume" in message
    assert "--overwrite" in message
    assert _files(run) == before


def test_resuming_with_other_settings_is_refused_before_the_settings_are_written(capsys, run):
    before = _files(run)
    code, message = _train(capsys, run, "--resume", "--set", "model.latents=6")
    assert code != 0
    assert "latents" in message
    assert _files(run) == before


def test_resuming_with_more_steps_removes_the_evaluation_of_the_old_model(capsys, run):
    before = _files(run)
    _train(capsys, run, "--resume", "--set", "optimisation.steps=6")
    after = _files(run)
    assert after["model.safetensors"] != before["model.safetensors"]
    assert "steps = 6" in after["config.toml"].decode()
    assert "evaluation.json" not in after
    assert after["judge.safetensors"] == before["judge.safetensors"]  # of the data, not of the model


def test_overwriting_replaces_the_run_whole(capsys, run):
    _train(capsys, run, "--overwrite", "--seed", 3)
    after = _files(run)
    assert load_model(run / "model.safetensors").config.runtime.seed == 3
    assert "evaluation.json" not in after
    assert "judge.safetensors" not in after
    code, message = _train(capsys, run, "--overwrite", "--resume")
    assert code == 2
    assert "exclude each other" in message


def test_a_folder_keeps_shared_classifiers_when_it_is_overwritten(tmp_path):
    folder = RunFolder(tmp_path)
    for path in (folder.classifiers, folder.model, folder.judge):
        path.write_bytes(b"x")
    with pytest.raises(ConfigError, match="holds a run"):
        folder.prepare(resume=False, overwrite=False)
    assert folder.prepare(resume=True, overwrite=False) is False  # there is no checkpoint to go on from
    folder.prepare(resume=False, overwrite=True, keep=folder.classifiers)
    assert [path.name for path in tmp_path.iterdir()] == ["classifiers.safetensors"]


def test_an_evaluation_of_another_model_is_not_drawn(capsys, run, tmp_path):
    report = json.loads((run / "evaluation.json").read_text())
    report["record"]["model"] = "0" * 64
    (run / "evaluation.json").write_text(json.dumps(report))
    code, message = _run(capsys, "figures", run, "--out", tmp_path / "figures")
    assert code == 2
    assert "another model" in message
    (run / "evaluation.json").write_text("{}")
    code, message = _run(capsys, "figures", run, "--out", tmp_path / "figures")
    assert code == 2
    assert "no evaluation report" in message


def test_judges_are_found_beside_the_run_and_epochs_are_obeyed(capsys, run):
    other = run.parent / "second"
    other.mkdir()
    for name, data in _files(run).items():
        if name not in ("judge.safetensors", "evaluation.json"):
            (other / name).write_bytes(data)
    code, message = _run(capsys, "evaluate", other, "--steps", 2)
    assert code in (0, 1)
    assert "judges of" in message
    assert "first" in message
    assert not (other / "judge.safetensors").exists()
    assert "held-out clean images after 1.0 epochs" in message
    code, message = _run(
        capsys, "evaluate", other, "--judge", run / "judge.safetensors", "--judge-epochs", 2, "--steps", 2
    )
    assert code == 2
    assert "1.0 epochs, not 2" in message
    before = (run / "judge.safetensors").read_bytes()
    code, message = _run(capsys, "evaluate", run, "--judge-epochs", 0.5, "--steps", 2)
    assert "0.5 epochs" in message
    assert (run / "judge.safetensors").read_bytes() != before


def test_judges_of_other_data_are_refused(capsys, run):
    """Of the same name and size, from another split."""
    _train(capsys, run.parent / "third", "--set", "data.split_seed=1")
    code, message = _run(
        capsys, "evaluate", run.parent / "third", "--judge", run / "judge.safetensors", "--steps", 2
    )
    assert code == 2
    assert "other data" in message


def test_a_rate_out_of_reach_warns_and_fails(capsys, tmp_path):
    code, message = _train(capsys, tmp_path / "far", "--target-rate", 200)
    assert code == 1
    assert "out of this model's reach" in message
    code, message = _run(capsys, "evaluate", tmp_path / "far", "--judge-epochs", 0.5, "--steps", 2)
    assert code == 1
    assert "FAILS: coded rate" in message


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_compressing_and_decompressing_spare_their_inputs(capsys, saved_model, tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    array = np.zeros((3, 4, 4), np.uint8)
    np.savez(path, x=array) if suffix == "npz" else np.save(path, array)
    link = tmp_path / "link"
    link.symlink_to(path)
    before = path.read_bytes()
    for out in (path, link, tmp_path / "." / path.name):
        code, message = _run(capsys, "compress", saved_model[0], path, "--out", out)
        assert code == 2
        assert "overwritten" in message
    assert path.read_bytes() == before
    model = saved_model[0].read_bytes()
    code, _ = _run(capsys, "compress", saved_model[0], path, "--out", saved_model[0])
    assert code == 2
    stream = tmp_path / "a.mbis"
    assert _run(capsys, "compress", saved_model[0], path, "--out", stream)[0] == 0
    blob = stream.read_bytes()
    for out in (stream, saved_model[0]):
        code, message = _run(capsys, "decompress", saved_model[0], stream, "--out", out)
        assert code == 2
        assert "overwritten" in message
    assert stream.read_bytes() == blob
    assert saved_model[0].read_bytes() == model


def test_a_folder_of_pictures_becomes_a_stream_and_a_folder_of_pictures(capsys, saved_model, tmp_path):
    from PIL import Image

    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    for index in range(5):
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / f"in/{index}.png")
    stream = tmp_path / "a.mbis"
    code, message = _run(capsys, "compress", saved_model[0], tmp_path / "in", "--degrade", "--out", stream)
    assert code == 0, message
    assert "5 images" in message
    assert _run(capsys, "decompress", saved_model[0], stream, "--out", tmp_path / "out")[0] == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 5
    with Image.open(tmp_path / "out/00000.png") as picture:
        assert picture.size == (8, 8)
    code, message = _run(capsys, "compress", saved_model[0], tmp_path / "in", "--out", tmp_path / "b.mbis")
    assert code == 2
    assert "--degrade" in message


def test_documents_of_a_stream(capsys, saved_model, tmp_path):
    """--json writes the figures, --quiet says nothing."""
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 8, 8), np.uint8))
    stream, document, images = (tmp_path / name for name in ("a.mbis", "a.json", "y.npz"))
    quiet = ("--json", document, "--quiet")
    given = ("compress", saved_model[0], tmp_path / "x.npz", "--degrade", "--out", stream)
    assert _run(capsys, *given, *quiet) == (0, "")
    sizes = json.loads(document.read_text())
    assert (sizes["images"], sizes["bytes"]) == (3, stream.stat().st_size)
    assert sizes["coded_bits"] <= sizes["container_bits"] == 8 * sizes["bytes"]
    assert _run(capsys, "decompress", saved_model[0], stream, "--out", images, *quiet) == (0, "")
    assert json.loads(document.read_text()) == {"out": str(images), "images": 3, "shape": [8, 8, 1]}
    assert _run(capsys, "inspect", saved_model[0], *quiet) == (0, "")
    known = json.loads(document.read_text())
    assert known["identity"] == saved_model[1].identity.hex()
    assert known["least_rate"] > 0


def test_a_model_file_says_what_it_expects(capsys, saved_model):
    code, message = _run(capsys, "inspect", saved_model[0])
    assert code == 0
    assert "takes images of 1 x 4 x 4" in message
    assert "makes images of 1 x 8 x 8" in message
    assert saved_model[1].identity.hex() in message
