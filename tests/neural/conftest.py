"""A small image model of random weights, whose density fits its latents: enough to code with."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _one_thread():
    """One thread: the suite runs several processes on few cores."""
    torch = pytest.importorskip("torch", reason="the image model needs PyTorch")
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model():
    """A FrozenModel without a file, for 8 x 8 images degraded by averaging."""
    torch = pytest.importorskip("torch", reason="the image model needs PyTorch")
    from mecbopt.neural.coding.model_file import FrozenModel, frozen
    from mecbopt.neural.coding.tables import build_tables
    from mecbopt.neural.config import Config
    from mecbopt.neural.model.coupling import image_model
    from mecbopt.neural.training.calibration import fit_density

    config = Config().updated(
        [
            "model.latents=5",
            "model.dither_levels=16",
            "model.hidden=16",
            "model.width=4",
            "model.noise_dimensions=2",
        ]
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = image_model(config, (1, 8, 8), (1, 4, 4))
        model.encoder.head[-1].weight.data.mul_(20.0)  # latents spread over several cells
        sources = torch.rand(256, 1, 4, 4)
    fit_density(model, sources, steps=150, learning_rate=0.03, seed=0)
    tables = build_tables(model.density, model.dither_level_count)
    return FrozenModel(config, frozen(model), tables, (1, 8, 8), (1, 4, 4), {"dataset": {"dataset": "none"}})


@pytest.fixture(scope="session")
def saved_model(tiny_model, tmp_path_factory):
    """(path, FrozenModel with its digest)."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    return path, tiny_model.save(path)


@pytest.fixture
def sources():
    """Degraded images, shape (200, 1, 4, 4)."""
    torch = pytest.importorskip("torch", reason="the image model needs PyTorch")
    return torch.rand(200, 1, 4, 4, generator=torch.Generator().manual_seed(5))
