"""On MNIST, where MECBOPT_DATA names a folder with it: a trained model's stream in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.cli.main import entry_point  # noqa: E402
from mecbopt.neural import streams  # noqa: E402
from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.coding.model_file import load_model  # noqa: E402
from mecbopt.neural.data.datasets import load_dataset  # noqa: E402
from mecbopt.neural.data.images import as_float  # noqa: E402

IMAGES = 2000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model file: MECBOPT_MODEL, or one trained briefly with the small preset."""
    root = os.environ.get("MECBOPT_DATA")
    if not root or not (Path(root) / "MNIST" / "raw").is_dir():
        pytest.skip("MECBOPT_DATA names no folder with MNIST/raw")
    if "MECBOPT_MODEL" in os.environ:
        return Path(os.environ["MECBOPT_MODEL"])
    folder = tmp_path_factory.mktemp("mnist") / "run"
    short = ["--set", "optimisation.steps=300", "--set", "optimisation.warmup_steps=100"]
    with pytest.raises(SystemExit) as left:
        entry_point(["neural", "train", "--preset", "small", *short, "--out", str(folder)])
    assert left.value.code == 0
    return folder / "model.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("per_image", [False, True])
def test_two_thousand_images_decode_exactly_in_a_fresh_process(model, tmp_path, per_image):
    frozen = load_model(model)
    dataset = load_dataset(frozen.config.data, os.environ["MECBOPT_DATA"])
    sources = frozen.degradation(as_float(dataset.test_images[:IMAGES]), streams.generator(0, "test"))
    coded = ImageCodec(frozen, seed=7).compress(sources, per_image=per_image)
    stream, output = tmp_path / "a.mbis", tmp_path / "y.npz"
    stream.write_bytes(coded.blob)
    command = [sys.executable, "-m", "mecbopt", "neural", "decompress", str(model), str(stream), "--symbols"]
    done = subprocess.run([*command, "--out", str(output)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(output) as archive:
        assert np.array_equal(archive["z"], coded.symbols)
        assert archive["y"].shape == (IMAGES, 28, 28, 1)
    assert len(np.unique(coded.symbols)) > 1
    if not per_image:
        assert coded.payload_bits == pytest.approx(coded.estimated_bits, rel=0.01)
