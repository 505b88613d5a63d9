"""The letters' networks: closed forms against direct computation, the first code's rate, the marginal."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.info import conditional_entropy, entropy  # noqa: E402
from mecbopt.neural.discrete import schemes  # noqa: E402
from mecbopt.neural.discrete.letters import (  # noqa: E402
    DiscreteTask,
    LetterDecoder,
    LetterEncoder,
    LetterReconstructor,
    symbol_rate,
)
from mecbopt.neural.discrete.schemes import discrete_config  # noqa: E402
from mecbopt.neural.model.density import LogisticMixture  # noqa: E402
from mecbopt.neural.training.calibration import fit_density, set_rate  # noqa: E402
from mecbopt.neural.training.trainer import Trainer  # noqa: E402
from mecbopt.problem import Problem  # noqa: E402

P_X, P_Y = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])


def test_the_symbol_rate_is_the_mean_entropy_of_the_partitions():
    symbols = np.random.default_rng(0).integers(0, 3, size=(50, 3, 2))
    expected = []
    for row in symbols:
        masses = {}
        for letter, symbol in enumerate(map(tuple, row)):
            masses[symbol] = masses.get(symbol, 0.0) + P_X[letter]
        expected.append(entropy(np.array(list(masses.values()))))
    assert symbol_rate(symbols, P_X) == pytest.approx(np.mean(expected), abs=1e-12)


@pytest.mark.parametrize(("latents", "rate"), [(1, 0.3), (1, 1.2), (2, 0.8)])
def test_the_first_code_has_the_target_rate(latents, rate):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        encoder = LetterEncoder(P_X, latents, rate)
        dither = torch.rand(20_000, latents) - 0.5
    symbols = [torch.floor(place - dither + 0.5) for place in encoder(torch.eye(3)).detach()]
    assert symbol_rate(torch.stack(symbols, dim=1).numpy(), P_X) == pytest.approx(rate, abs=0.05)


def test_a_rate_above_the_sources_entropy_starts_near_that_entropy():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert torch.isfinite(LetterEncoder(P_X, 1, 5.0).table.weight).all()


def test_the_reconstructors_bound_is_the_conditional_entropy_of_the_counts():
    """After many equal batches -E log2 q(x|y) = H(X|Y) of their joint counts."""
    generator = np.random.default_rng(1)
    x, y = generator.integers(0, 3, 400), generator.integers(0, 2, 400)
    source, output = torch.eye(3)[x], torch.eye(2)[y]
    reconstructor = LetterReconstructor(2, 3)
    for _ in range(200):
        value = reconstructor.log_likelihood(source, output)
    joint = np.zeros((3, 2))
    np.add.at(joint, (x, y), 1 / 400)
    assert -float(value.mean()) / np.log(2) == pytest.approx(conditional_entropy(joint), abs=1e-3)


def test_a_shift_of_the_logits_survives_any_sharpness():
    decoder = LetterDecoder(1, 3, 8)
    latents = torch.linspace(-1, 1, 5)[:, None]
    for sharpness in (1.0, 4.0):
        decoder.sharpness.fill_(sharpness)
        before = decoder.logits(latents)
        decoder.shift(torch.tensor([1.0, -2.0, 0.5]))
        difference = (decoder.logits(latents) - before).detach()
        assert difference.numpy() == pytest.approx(np.tile([1.0, -2.0, 0.5], (5, 1)), abs=1e-4)


@pytest.mark.parametrize("sharpness", [1.0, 64.0])
def test_calibration_gives_y_its_law_and_the_code_its_rate(sharpness):
    """Even of a model of which nothing but the density was trained."""
    source = Problem(P_X, P_Y)
    config = discrete_config(0.8, dither_levels=64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        task = DiscreteTask(config, source)
        model = task.model()
    # The rate of a density that knows the code; a broad one is out of reach of any gain.
    fit_density(model, task.calibration_sources()[0], steps=300, learning_rate=0.05, seed=0)

    def rate():
        return schemes._estimated_rate(model, source)

    assert abs(rate() - 0.9) > 0.03
    assert set_rate(model, 0.9, rate) == pytest.approx(0.9, abs=0.02)
    schemes._set_marginal(model, source, sharpness)
    scheme = schemes._evaluated(model, source, config.objective)
    assert scheme.coupling.sum(axis=0) == pytest.approx(P_Y, abs=0.005)
    assert scheme.coupling.sum(axis=1) == pytest.approx(P_X, abs=1e-12)


def test_atoms_sharpen_over_the_middle_half_of_the_training():
    density = LogisticMixture(1).train()
    scales = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        density.sharpen(share)
        scales.append(float(density._least_training))
    assert scales == pytest.approx([0.1, 0.1, 0.1 * 0.2**0.5, 0.02, 0.02], rel=1e-6)


def test_the_trainer_tells_the_density_how_far_it_is():
    config = discrete_config(0.8, dither_levels=64).updated(
        ["optimisation.steps=4", "optimisation.prefit_steps=0", "optimisation.batch_size=64"]
    )
    trainer = Trainer(DiscreteTask(config, Problem(P_X, P_Y)))
    scales = []
    for step in range(1, 5):
        trainer.run(until=step)
        scales.append(float(trainer.model.density._least_training))
    assert scales == pytest.approx([0.1, 0.1, 0.1 * 0.2**0.5, 0.02], rel=1e-6)


def test_equal_letters_of_a_batch_stand_together_in_their_shares():
    config = discrete_config(0.8)
    task = DiscreteTask(config, Problem(P_X, P_Y))
    pool = task.pool(config, task.model(), torch.device("cpu"), True, False)
    rows = slice(0, config.optimisation.batch_size)
    drawn = pool.draws(torch.Generator().manual_seed(4), 1, 1, config.optimisation.batch_size)
    draw = {name: value[0, 0] for name, value in drawn.items()}
    batch, clean = pool.batch(draw, rows), pool.clean(draw, rows, None)
    letters = batch.source.argmax(dim=1)
    assert bool((letters.diff() >= 0).all())
    assert batch.source.mean(dim=0).tolist() == pytest.approx(P_X.tolist(), abs=1e-3)
    assert clean.mean(dim=0).tolist() == pytest.approx(P_Y.tolist(), abs=1e-3)
