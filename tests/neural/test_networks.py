"""Networks fit every data set's shapes, and the code of an image does not depend on its neighbours."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural import streams  # noqa: E402
from mecbopt.neural.config import Config  # noqa: E402
from mecbopt.neural.data.degradations import degradation  # noqa: E402
from mecbopt.neural.model.classifiers import Ensemble, Judge, augmented, classification  # noqa: E402
from mecbopt.neural.model.coupling import image_model, training_noise  # noqa: E402
from mecbopt.neural.model.networks import Critic, halvings  # noqa: E402

CASES = [
    ((1, 8, 8), "area_x2", "convolutional"),
    ((1, 28, 28), "bicubic_x4", "convolutional"),
    ((1, 28, 28), "bicubic_x4", "dense"),
    ((3, 32, 32), "gaussian_20", "convolutional"),
    ((3, 32, 32), "area_x4", "convolutional"),
]


@pytest.mark.parametrize(("shape", "name", "decoder"), CASES)
def test_shapes_go_through(shape, name, decoder):
    """Source -> latents -> output of the clean shape -> scores, logits and a log density of the source."""
    config = Config().updated(["model.width=4", "model.hidden=16", f"model.decoder={decoder}"])
    item = degradation(name)
    clean = torch.rand(3, *shape, generator=torch.Generator().manual_seed(0))
    source = item(clean, streams.generator(0, "test"))
    model = image_model(config, shape, item.output_shape(shape))
    output, bits = model.training_pass(source, training_noise(config.model, 3, streams.generator(0, "noise")))
    assert output.shape == clean.shape
    assert 0.0 <= float(output.detach().min()) <= float(output.detach().max()) <= 1.0
    assert bits.shape == (3,)
    assert Critic(shape, 4)(output).shape == (3,)
    assert model.reconstructor.log_likelihood(source, output).shape == (3,)
    assert Ensemble(shape, 10, 3)(output).shape == (3, 3, 10)
    assert Judge(shape, 7)(output).shape == (3, 7)


def test_an_image_is_encoded_alike_in_any_batch():
    config = Config().updated(["model.width=4", "model.hidden=16"])
    model = image_model(config, (3, 32, 32), (3, 32, 32)).eval()
    source = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together = model.latents(source)
        alone = torch.cat([model.latents(source[i : i + 1]) for i in range(6)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(("side", "expected"), [(28, 2), (32, 2), (8, 0), (30, 1), (64, 3)])
def test_halvings_are_exact(side, expected):
    assert halvings((1, side, side)) == expected


def test_augmentation_moves_within_bounds_and_lets_gradients_through():
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 1.0
    seen = set()
    for step in range(60):
        moved = augmented(image, 1, 0.0, streams.generator(0, "move", step))
        seen.add(tuple(moved[0, 0].nonzero()[0].tolist()))
    assert seen == {(a, b) for a in (3, 4, 5) for b in (3, 4, 5)}
    image.requires_grad_(True)
    augmented(image, 1, 0.1, streams.generator(0, "move")).sum().backward()
    assert bool((image.grad > 0).any())


def test_the_ensembles_probabilities_sum_to_one_and_its_loss_is_the_mean_of_its_members():
    ensemble = Ensemble((1, 8, 8), 4, 2)
    image, label = torch.rand(5, 1, 8, 8), torch.tensor([0, 1, 2, 3, 0])
    with torch.no_grad():
        assert torch.allclose(ensemble.log_probabilities(image).exp().sum(dim=1), torch.ones(5), atol=1e-6)
        losses = torch.nn.functional.cross_entropy(
            ensemble(image).flatten(0, 1), label.repeat(2), reduction="none"
        )
        assert torch.allclose(
            ensemble.cross_entropy(image, label), losses.reshape(2, 5).mean(dim=0), atol=1e-6
        )


def test_accuracy_and_cross_entropy_in_bits_of_a_known_classifier():
    """Probabilities (1/2, 1/4, 1/4): 1 bit for label 0, 2 bits for the others."""
    law = torch.tensor([0.5, 0.25, 0.25]).log()
    labels = torch.tensor([0, 0, 1, 2])
    found = classification(lambda images: law.expand(len(images), 3), torch.zeros(4, 1, 2, 2), labels, 3)
    assert found == pytest.approx((0.5, 1.5))
