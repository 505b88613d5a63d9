"""The commands' edges: wrong input, absent files, an absent PyTorch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.cli.main import entry_point  # noqa: E402


def _run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        entry_point(["neural", *map(str, arguments)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return left.value.code, captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--set", "model.latents=0"], "positive"),
        (["train", "--set", "latents=3"], "section.key=value"),
        (["train", "--target-rate", "-1"], "x>0"),
        (["train", "--preset", "small", "--dataset", "mnist"], "MECBOPT_DATA"),
        (
            ["train", "--set", "data.degradation=area_x4", "--set", "data.validation_count=9999"],
            "choose fewer",
        ),
        (["train", "--device", "cuda:7"], "no such device"),
        (["discrete", "--only", "13"], "numbered from 1 to 12"),
    ],
)
def test_wrong_settings_leave_with_two(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.delenv("MECBOPT_DATA", raising=False)
    if arguments[0] == "train":
        arguments = [*arguments, "--out", tmp_path / "run"]
    code, error = _run(capsys, *arguments)
    assert code == 2
    assert message in error


def test_an_output_that_cannot_be_made_is_named_before_work_starts(capsys, tmp_path, saved_model):
    (tmp_path / "file").write_text("")
    code, error = _run(capsys, "train", "--out", tmp_path / "file" / "run")
    assert code == 2
    assert "cannot be made" in error
    np.savez(tmp_path / "x.npz", x=np.zeros((1, 4, 4), np.uint8))
    target = tmp_path / "absent" / "a.mbis"
    code, error = _run(capsys, "compress", saved_model[0], tmp_path / "x.npz", "--out", target)
    assert code == 2
    assert "does not exist" in error


@pytest.mark.parametrize("fault", ["no x", "pickle", "shape", "no npz", "wrong size"])
def test_faulty_images_are_named(capsys, tmp_path, saved_model, fault):
    path = tmp_path / "x.npz"
    arrays = {
        "no x": {"y": np.zeros((1, 4, 4), np.uint8)},
        "pickle": {"x": np.array([{}], dtype=object)},
        "shape": {"x": np.zeros(4, np.uint8)},
        "wrong size": {"x": np.zeros((1, 8, 8), np.uint8)},
    }
    if fault == "no npz":
        path.write_text("nothing")
    else:
        np.savez(path, **arrays[fault])
    code, error = _run(capsys, "compress", saved_model[0], path, "--out", tmp_path / "a.mbis")
    assert code == 2
    assert "x.npz" in error or "--degrade" in error


def test_the_group_works_without_pytorch_until_it_is_needed(tmp_path):
    """A process in which importing torch fails: help works, a command names the remedy and leaves with 2."""
    script = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n"
        "sys.meta_path.insert(0, Block())\n"
        "from mecbopt.cli.main import entry_point\n"
        "entry_point(sys.argv[1:])\n"
    )
    for arguments, code in (
        (["neural", "--help"], 0),
        (["neural", "train", "--out", str(tmp_path / "r")], 2),
    ):
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
    assert "pip install 'mecbopt[neural]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_package_names_the_remedy_as_well():
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "import mecbopt.neural as neural\n"
        "try:\n"
        "    neural.train\n"
        "except neural.MissingDependencyError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "mecbopt[neural]" in done.stdout


def test_every_public_name_loads():
    import mecbopt.neural as neural

    for name in neural.__all__:
        assert getattr(neural, name) is not None
    assert set(neural.__all__) <= set(dir(neural))
    with pytest.raises(AttributeError, match="nothing"):
        neural.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--seed", "-1"], "--seed"),
        (["train", "--device", "foo"], "--device"),
        (["train", "--target-rate", "nan"], "finite"),
        (["train", "--set", "optimisation.classifier_epochs=nan"], "finite"),
        (["train", "--resume", "--overwrite"], "exclude"),
        (["compress", "MODEL", "X", "--seed", "-1", "--out", "OUT"], "--seed"),
        (["compress", "MODEL", "X", "--seed", str(2**64), "--out", "OUT"], "--seed"),
        (["compress", "MODEL", "X", "--device", "foo", "--out", "OUT"], "--device"),
        (["decompress", "MODEL", "X", "--device", "cuda:99", "--out", "OUT"], "--device"),
        (["evaluate", "FOLDER", "--judge-epochs", "nan"], "finite"),
        (["evaluate", "FOLDER", "--judge-epochs", "0"], "x>0"),
        (["evaluate", "FOLDER", "--seed", "-1"], "--seed"),
        (["evaluate", "FOLDER", "--steps", "0"], "--steps"),
        (["figures", "FOLDER", "--examples", "0"], "--examples"),
        (["discrete", "--seed", "-1"], "--seed"),
    ],
)
def test_numbers_and_devices_that_are_none_are_named_by_their_option(
    capsys, tmp_path, saved_model, arguments, message
):
    np.savez(tmp_path / "x.npz", x=np.zeros((1, 4, 4), np.uint8))
    names = {"MODEL": saved_model[0], "X": tmp_path / "x.npz", "OUT": tmp_path / "out", "FOLDER": tmp_path}
    arguments = [names.get(argument, argument) for argument in arguments]
    if arguments[0] == "train":
        arguments += ["--out", tmp_path / "run"]
    code, error = _run(capsys, *arguments)
    assert code == 2
    assert message in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("values", [200.0, 1e7, float("nan"), -300.0])
def test_floats_of_other_units_are_no_images(capsys, tmp_path, saved_model, values):
    """Floats from 0 to 255, or of 1e7, were compressed as if they were images."""
    np.savez(tmp_path / "x.npz", x=np.full((2, 4, 4), values))
    code, error = _run(capsys, "compress", saved_model[0], tmp_path / "x.npz", "--out", tmp_path / "a.mbis")
    assert code == 2
    assert "x.npz" in error


@pytest.mark.parametrize("layout", [(2, 4, 4), (2, 1, 4, 4), (2, 4, 4, 1), (4, 4)])
def test_npy_files_and_every_layout_are_compressed(capsys, tmp_path, saved_model, layout):
    np.save(tmp_path / "x.npy", np.zeros(layout, np.uint8))
    code, error = _run(capsys, "compress", saved_model[0], tmp_path / "x.npy", "--out", tmp_path / "a.mbis")
    assert code == 0, error
