"""Bounds, information estimates and distances against cases with known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.info import binary_entropy  # noqa: E402
from mecbopt.neural.evaluation.bounds import accuracy_upper_bound, cross_entropy_lower_bound  # noqa: E402
from mecbopt.neural.evaluation.distances import frechet_distance, wasserstein_distance  # noqa: E402
from mecbopt.neural.evaluation.information import infonce, reconstructor_gain  # noqa: E402


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9, 2.0, 10.0])
def test_fanos_bound_solves_its_equation_and_is_monotone(classes, rate):
    """h(e) + e log2(k - 1) = H(S) - R at the smallest error e, or e = 0 where the rate suffices."""
    entropy = math.log2(classes)
    accuracy = accuracy_upper_bound(entropy, rate, classes)
    needed = cross_entropy_lower_bound(entropy, rate)
    error = 1.0 - accuracy
    if needed == 0.0:
        assert accuracy == 1.0
    else:
        assert float(binary_entropy(error)) + error * math.log2(max(1, classes - 1)) == pytest.approx(
            needed, abs=1e-9
        )
    assert accuracy_upper_bound(entropy, rate + 0.1, classes) >= accuracy
    assert 1.0 / classes - 1e-9 <= accuracy <= 1.0


def _pairs(count, noise, seed):
    generator = torch.Generator().manual_seed(seed)
    source = torch.randn(count, 1, 2, 2, generator=generator)
    return source, source + noise * torch.randn(source.shape, generator=generator)


def test_infonce_is_a_bound_near_the_known_information_of_gaussians():
    """Four Gaussian pairs of signal-to-noise ratio 3: I = 4/2 log2(1 + 3) = 4 bits; the bound stays below."""
    noise = math.sqrt(1.0 / 3.0)
    found = infonce(
        _pairs(4000, noise, 0), _pairs(2000, noise, 1), seed=0, steps=200, hidden=64, embedding=16
    )
    assert found.ceiling == pytest.approx(math.log2(2000))
    assert 2.8 <= found.bits <= 4.0 + 3 * found.standard_error


def test_infonce_finds_nothing_where_there_is_nothing():
    train, test = _pairs(1000, 1.0, 0), _pairs(1000, 1.0, 1)
    independent = (train[0], train[1].roll(1, 0)), (test[0], test[1].roll(1, 0))
    assert infonce(*independent, seed=0, steps=60, hidden=32, embedding=8).bits <= 0.05


def test_infonce_never_exceeds_its_ceiling():
    pairs = (torch.randn(50, 1, 2, 2), torch.zeros(50, 1, 2, 2))
    exact = (pairs[0], pairs[0])
    found = infonce(exact, exact, seed=0, steps=200, hidden=32, embedding=16)
    assert found.bits <= math.log2(50) + 1e-9


def test_the_reconstructors_gain_of_the_fixed_gaussian_itself_is_zero():
    from mecbopt.neural.model.networks import GaussianReconstructor

    sources = torch.randn(4000, 1, 4, 4, generator=torch.Generator().manual_seed(0)) * 0.2
    reconstructor = GaussianReconstructor((1, 8, 8), (1, 4, 4), 4)
    with torch.no_grad():
        for parameter in reconstructor.parameters():
            parameter.zero_()
        reconstructor.log_scale.fill_(math.log(0.2))
    gain = reconstructor_gain(reconstructor, sources, sources, torch.zeros(4000, 1, 8, 8))
    assert gain == pytest.approx(0.0, abs=0.02)


def test_frechet_distance_of_gaussians_is_known():
    """Between N(0, 1) and N(m, s^2) it is m^2 + (s - 1)^2 for each independent coordinate."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(200_000, 2)), rng.normal(size=(200_000, 2)) * [1.0, 3.0] + [2.0, 0.0]
    assert frechet_distance(first, second) == pytest.approx(4.0 + 4.0, rel=0.02)
    assert frechet_distance(first[:100_000], first[100_000:]) < 1e-3


def test_the_refit_critic_sees_a_shift_and_not_equal_laws():
    """Grey images moved by .2 in each of 64 pixels: W1 = .2 * 8 = 1.6; a fitted critic comes near it."""
    generator = torch.Generator().manual_seed(0)
    first = 0.1 * torch.rand(600, 1, 8, 8, generator=generator)
    second = 0.1 * torch.rand(600, 1, 8, 8, generator=generator)
    moved = second + 0.2
    options = {"seed": 0, "steps": 150, "width": 4}
    apart = wasserstein_distance((moved[:300], first[:300]), (moved[300:], first[300:]), **options)
    alike = wasserstein_distance((second[:300], first[:300]), (second[300:], first[300:]), **options)
    assert 1.0 < apart < 2.0
    assert abs(alike) < 0.2
