"""Two processes joined by gloo see the samples and the noise of one, and end with the same weights."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural.coding.model_file import load_model  # noqa: E402
from mecbopt.neural.coding.tensor_file import read_tensors  # noqa: E402
from mecbopt.neural.config import Config  # noqa: E402
from mecbopt.neural.training.pipeline import train  # noqa: E402

KIND = "mecbopt-training-checkpoint"
SETTINGS = [
    "model.latents=4", "model.width=4", "model.hidden=16", "model.critic_width=4",
    "optimisation.steps=6", "optimisation.batch_size=16", "optimisation.warmup_steps=2",
    "optimisation.refit_steps=20", "optimisation.classifier_epochs=1", "runtime.log_every=1",
]  # fmt: skip


@pytest.mark.skipif(not torch.distributed.is_available(), reason="PyTorch was built without distributed")
def test_two_processes_train_the_model_that_one_trains(tmp_path):
    config = Config().updated(SETTINGS)
    train(config, tmp_path / "one")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mecbopt",
        "neural",
        "train",
        "--config",
        str(tmp_path / "one/config.toml"),
    ]
    command += [
        "--classifiers",
        str(tmp_path / "one/classifiers.safetensors"),
        "--out",
        str(tmp_path / "two"),
    ]
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            command,
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        texts = [process.communicate(timeout=500)[0] for process in processes]
    finally:  # one that failed leaves the other waiting for it
        for process in processes:
            process.kill()
            process.communicate()
    assert [process.returncode for process in processes] == [0, 0], texts
    one, two = (read_tensors(tmp_path / name / "checkpoint.safetensors", KIND) for name in ("one", "two"))
    for first, second in zip(one[1]["history"], two[1]["history"], strict=True):
        # What the samples, the dithers and the views' noise make: one process repeating another's noise moves
        # the label's term in its third digit.
        for term in ("label", "rate", "reconstruction"):
            assert first[term] == pytest.approx(second[term], rel=1e-5), term
        assert first == pytest.approx(second, rel=1e-3, abs=1e-3)
    for name, value in one[0].items():
        if name.startswith("averaged."):
            # Adam's first steps follow the sign of a gradient, so where it is 0 up to rounding single entries
            # may go either way; on the mean nothing may (5e-7 is seen, 5e-4 where one noise serves both).
            assert float((value - two[0][name]).abs().mean()) < 3e-6, name
    assert load_model(tmp_path / "two/model.safetensors").record["processes"] == 2
