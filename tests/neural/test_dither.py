"""The common randomness: a function of (seed, image), on a grid, uniform, and the quantiser built on it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.coding.dither import dither_levels, dither_values, noise_levels, noise_values  # noqa: E402
from mecbopt.errors import ProblemError  # noqa: E402
from mecbopt.neural.model.quantisation import dequantised, quantised, training_values  # noqa: E402


def test_the_words_are_those_of_philox_for_ever():
    """Streams written today must decode tomorrow: the levels of seed 7, image 3, are pinned."""
    assert dither_levels(7, 3, 2, 5, 64).tolist() == [[38, 16, 17, 62, 18], [51, 10, 0, 53, 29]]


@pytest.mark.parametrize("dimensions", [1, 4, 7])
def test_an_image_has_the_same_dither_wherever_a_batch_starts(dimensions):
    whole = dither_levels(11, 0, 40, dimensions, 64)
    for first, count in ((0, 1), (13, 5), (39, 1)):
        assert np.array_equal(dither_levels(11, first, count, dimensions, 64), whole[first : first + count])


def test_dither_and_noise_of_one_seed_are_different_streams():
    assert not np.array_equal(dither_levels(1, 0, 50, 3, 256), noise_levels(1, 0, 50, 3))


def test_levels_are_uniform():
    """Chi-square statistic of 64 cells over 64,000 draws, far below its 1e-6 quantile (about 135)."""
    counts = np.bincount(dither_levels(2, 0, 16000, 4, 64).reshape(-1), minlength=64)
    assert ((counts - 1000.0) ** 2 / 1000.0).sum() < 135.0


def test_values_are_symmetric_and_inside_the_cell():
    values = dither_values(np.arange(64), 64)
    assert np.array_equal(values, -values[::-1])
    assert np.abs(values).max() < 0.5
    assert dither_values(0, 1) == 0.0
    assert np.abs(noise_values(np.arange(256))).max() < 1.0


@pytest.mark.parametrize(("seed", "first"), [(-1, 0), (2**64, 0), (0, -1)])
def test_values_out_of_range_are_refused(seed, first):
    with pytest.raises(ProblemError, match="must be"):
        dither_levels(seed, first, 1, 1, 4)


def test_subtractive_dither_gives_an_error_independent_of_the_value():
    """Z_hat - f is uniform on [-1/2, 1/2) up to the grid, whatever f is (Ziv 1985)."""
    levels = torch.arange(1024)
    dither = dither_values(levels.float(), 1024).unsqueeze(1)
    for value in (0.0, 0.3, -7.77, 123.456):
        latents = torch.full((1024, 1), value)
        error = dequantised(quantised(latents, dither), dither) - latents
        assert float(error.abs().max()) <= 0.5 + 1e-4
        assert abs(float(error.mean())) < 1e-3
        assert float(error.var()) == pytest.approx(1.0 / 12.0, rel=1e-2)


def test_training_values_add_noise_or_round_straight_through():
    latents = torch.tensor([[0.4, 2.6]], requires_grad=True)
    noisy = training_values(latents, torch.tensor([[0.25, -0.25]]))
    assert torch.allclose(noisy, torch.tensor([[0.65, 2.35]]))
    rounded = training_values(latents, None)
    assert rounded.tolist() == [[0.0, 3.0]]
    rounded.sum().backward()
    assert latents.grad.tolist() == [[1.0, 1.0]]
